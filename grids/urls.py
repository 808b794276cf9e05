"""Addresses of the territory. The two scanned ones are short, so that their QR codes stay coarse and easy to read."""

from django.urls import path, re_path

from grids import patrol_views, selfcheck_views, views

_CODE = "(?P<code>[0-9]{6}|[0-9]{9}|[0-9]{12}|[0-9]{15})"

urlpatterns = [
    re_path(r"^d/(?P<token>[A-Za-z0-9_-]{1,32})/$", views.entrance_scan, name="entrance_scan"),
    re_path(rf"^g/{_CODE}/$", views.in_grid, name="in_grid"),
    path("place/", views.choose_place, name="choose_place"),
    path("place/worker/", views.my_worker, name="my_worker"),
    re_path(rf"^grids/{_CODE}/sheet/$", views.grid_notice, name="grid_notice"),
    re_path(rf"^grids/{_CODE}/outlines/$", views.grid_outlines, name="grid_outlines"),
    path("grids/entrances/<int:pk>/qr/", views.entrance_qr, name="entrance_qr"),
    path("grids/entrances/<int:pk>/renew/", views.renew_entrance, name="renew_entrance"),
    path("my/patrol/", patrol_views.MyPatrol.as_view(), name="my_patrol"),
    path("my/patrol/finding/", patrol_views.Finding.as_view(), name="patrol_finding"),
    path("my/patrol/end/", patrol_views.End.as_view(), name="patrol_end"),
    path("my/patrol/<int:pk>/tick/", patrol_views.Tick.as_view(), name="patrol_tick"),
    path("my/selfchecks/", selfcheck_views.MySelfChecks.as_view(), name="my_selfchecks"),
    path("my/selfchecks/<int:pk>/", selfcheck_views.WorkersCheck.as_view(), name="workers_check"),
    path("my/hazards/<int:pk>/", selfcheck_views.HazardLook.as_view(), name="hazard_look"),
    re_path(r"^p/(?P<token>[A-Za-z0-9_-]{1,32})/$", selfcheck_views.OwnCheck.as_view(), name="selfcheck"),
    re_path(r"^p/(?P<token>[A-Za-z0-9_-]{1,32})/sent/$", selfcheck_views.sent, name="selfcheck_sent"),
    path("grids/premises/<int:pk>/qr/", selfcheck_views.premises_qr, name="premises_qr"),
    path("grids/premises/<int:pk>/renew/", selfcheck_views.renew_premises, name="renew_premises"),
]
