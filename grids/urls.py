"""Addresses of the territory. The two scanned ones are short, so that their QR codes stay coarse and easy to read."""

from django.urls import path, re_path

from grids.views import care, patrols, selfchecks, sweeps, territory, visits, work

_CODE = "(?P<code>[0-9]{6}|[0-9]{9}|[0-9]{12}|[0-9]{15})"
_NUMBER = "(?P<number>[A-Z]{2}-[0-9-]{1,36})"
_BASE = "(?P<code>[0-9]{15})"
_OUTCOME = "(?P<outcome>met|absent|declined)"

urlpatterns = [
    re_path(r"^d/(?P<token>[A-Za-z0-9_-]{1,32})/$", territory.entrance_scan, name="entrance_scan"),
    re_path(rf"^g/{_CODE}/$", territory.in_grid, name="in_grid"),
    path("place/", territory.choose_place, name="choose_place"),
    path("place/worker/", territory.my_worker, name="my_worker"),
    path("my/grid/", work.my_grid, name="my_grid"),
    path("my/handover/", work.my_handovers, name="my_handovers"),
    path("my/handover/<int:pk>/", work.handover_items, name="handover_items"),
    re_path(rf"^grids/{_CODE}/sheet/$", territory.grid_notice, name="grid_notice"),
    re_path(rf"^grids/{_CODE}/outlines/$", territory.grid_outlines, name="grid_outlines"),
    path("grids/entrances/<int:pk>/qr/", territory.entrance_qr, name="entrance_qr"),
    path("grids/entrances/<int:pk>/renew/", territory.renew_entrance, name="renew_entrance"),
    path("visits/", visits.Visits.as_view(), name="visits"),
    re_path(r"^visits/doors/(?P<door>[0-9]{1,15})/$", visits.VisitPlace.as_view(), name="visit_door"),
    re_path(
        rf"^visits/doors/(?P<door>[0-9]{{1,15}})/{_OUTCOME}/$",
        visits.VisitPlace.as_view(),
        name="visit_door_done",
    ),
    re_path(r"^visits/premises/(?P<code>[0-9]{15})/$", visits.VisitPlace.as_view(), name="visit_loose"),
    re_path(
        rf"^visits/premises/(?P<code>[0-9]{{15}})/{_OUTCOME}/$",
        visits.VisitPlace.as_view(),
        name="visit_loose_done",
    ),
    path("my/care/", care.MyCare.as_view(), name="my_care"),
    path("my/care/<int:pk>/", care.CarePlanPage.as_view(), name="care_plan"),
    path("my/patrol/", patrols.MyPatrol.as_view(), name="my_patrol"),
    path("my/patrol/finding/", patrols.Finding.as_view(), name="patrol_finding"),
    path("my/patrol/end/", patrols.End.as_view(), name="patrol_end"),
    path("my/patrol/<int:pk>/tick/", patrols.Tick.as_view(), name="patrol_tick"),
    path("my/selfchecks/", selfchecks.MySelfChecks.as_view(), name="my_selfchecks"),
    path("my/selfchecks/<int:pk>/", selfchecks.WorkersCheck.as_view(), name="workers_check"),
    path("my/hazards/<int:pk>/", selfchecks.HazardLook.as_view(), name="hazard_look"),
    re_path(r"^p/(?P<token>[A-Za-z0-9_-]{1,32})/$", selfchecks.OwnCheck.as_view(), name="selfcheck"),
    re_path(r"^p/(?P<token>[A-Za-z0-9_-]{1,32})/sent/$", selfchecks.sent, name="selfcheck_sent"),
    path("grids/premises/<int:pk>/qr/", selfchecks.premises_qr, name="premises_qr"),
    path("grids/premises/<int:pk>/renew/", selfchecks.renew_premises, name="renew_premises"),
    path("my/sweeps/", sweeps.my_sweeps, name="my_sweeps"),
    re_path(rf"^my/sweeps/{_NUMBER}/{_BASE}/$", sweeps.SweepGrid.as_view(), name="sweep_grid"),
    re_path(rf"^my/sweeps/{_NUMBER}/{_BASE}/take/$", sweeps.SweepTake.as_view(), name="sweep_take"),
]
