"""The addresses of mediation."""

from django.urls import path

from governance import addresses  # noqa: F401  registers the converters
from mediation.views import disputes

urlpatterns = [
    path("mediation/<matter:number>/", disputes.DisputePage.as_view(), name="dispute"),
]
