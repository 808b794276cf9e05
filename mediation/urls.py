"""The addresses of mediation."""

from django.urls import path, re_path

from governance import addresses  # noqa: F401  registers the converters
from mediation.views import centres, disputes, papers

urlpatterns = [
    path("mediation/", centres.centres, name="centres"),
    path("mediation/about/", centres.about, name="mediation_about"),
    re_path(r"^mediation/centres/(?P<code>[0-9]{6}|[0-9]{9}|[0-9]{12})/$", centres.centre, name="centre"),
    path("mediation/<matter:number>/", disputes.DisputePage.as_view(), name="dispute"),
    path("mediation/<matter:number>/papers/scan/", papers.ScanView.as_view(), name="dispute_scan"),
    path("mediation/<matter:number>/papers/<name:kind>/", papers.PaperView.as_view(), name="dispute_paper"),
]
