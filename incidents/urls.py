"""The addresses of incidents."""

from django.urls import include, path, re_path

from governance import addresses  # noqa: F401  registers the converters
from incidents.views import figures, incidents, report, work

urlpatterns = [
    path("open311/", include("incidents.open311.urls")),
    path("incidents/new/", report.Snapshot.as_view(), name="snapshot"),
    path("incidents/new/look/", report.look, name="snapshot_look"),
    path("incidents/new/sent/", report.sent, name="snapshot_sent"),
    path("incidents/work/", work.MyWork.as_view(), name="my_work"),
    path("incidents/<matter:number>/", incidents.IncidentPage.as_view(), name="incident"),
    path(
        "incidents/<matter:number>/<name:action>/",
        incidents.IncidentActionView.as_view(),
        name="incident_action",
    ),
    path("figures/", figures.figures, name="figures"),
    re_path(r"^figures/(?P<code>[0-9]{6}|[0-9]{9}|[0-9]{12})/$", figures.figures, name="figures_of"),
]
