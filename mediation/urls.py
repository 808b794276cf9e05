"""The addresses of mediation."""

from django.urls import path

from governance import addresses  # noqa: F401  registers the converters
from mediation.views import disputes, papers

urlpatterns = [
    path("mediation/<matter:number>/", disputes.DisputePage.as_view(), name="dispute"),
    path("mediation/<matter:number>/papers/scan/", papers.ScanView.as_view(), name="dispute_scan"),
    path("mediation/<matter:number>/papers/<name:kind>/", papers.PaperView.as_view(), name="dispute_paper"),
]
