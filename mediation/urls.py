"""The addresses of mediation."""

from django.urls import path, re_path

from governance import addresses  # noqa: F401  registers the converters
from mediation.views import apply, centres, disputes, papers, screening, work

urlpatterns = [
    path("mediation/", centres.centres, name="centres"),
    path("mediation/about/", centres.about, name="mediation_about"),
    re_path(r"^mediation/centres/(?P<code>[0-9]{6}|[0-9]{9}|[0-9]{12})/$", centres.centre, name="centre"),
    path("mediation/new/", apply.Apply.as_view(), name="dispute_new"),
    path("mediation/work/", work.MyMediation.as_view(), name="my_mediation"),
    path("mediation/screening/new/", screening.NewReport.as_view(), name="screening_new"),
    path("mediation/<matter:number>/", disputes.DisputePage.as_view(), name="dispute"),
    path("mediation/<matter:number>/papers/scan/", papers.ScanView.as_view(), name="dispute_scan"),
    path("mediation/<matter:number>/papers/<name:kind>/", papers.PaperView.as_view(), name="dispute_paper"),
    path(
        "mediation/<matter:number>/<name:action>/",
        disputes.DisputeActionView.as_view(),
        name="dispute_action",
    ),
]
