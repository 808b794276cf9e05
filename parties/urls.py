"""The addresses of the party organisation outside the desk: what it discloses."""

from django.urls import path

from governance import addresses  # noqa: F401  registers the converters
from parties.views import disclosures

urlpatterns = [
    path("disclosures/", disclosures.Disclosures.as_view(), name="disclosures"),
    path("disclosures/<matter:number>/", disclosures.DisclosurePage.as_view(), name="disclosure"),
]
