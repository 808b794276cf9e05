"""The addresses of mediation."""

from django.urls import path

from governance import addresses  # noqa: F401  registers the converters
from mediation.views import apply, disputes, work

urlpatterns = [
    path("mediation/new/", apply.Apply.as_view(), name="dispute_new"),
    path("mediation/work/", work.MyMediation.as_view(), name="my_mediation"),
    path("mediation/<matter:number>/", disputes.DisputePage.as_view(), name="dispute"),
    path(
        "mediation/<matter:number>/<name:action>/",
        disputes.DisputeActionView.as_view(),
        name="dispute_action",
    ),
]
