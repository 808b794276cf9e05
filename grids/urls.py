"""Addresses of the territory. The two scanned ones are short, so that their QR codes stay coarse and easy to read."""

from django.urls import path, re_path

from grids import sweep_views, views

_CODE = "(?P<code>[0-9]{6}|[0-9]{9}|[0-9]{12}|[0-9]{15})"
_NUMBER = "(?P<number>[A-Z]{2}-[0-9-]{1,36})"
_BASE = "(?P<code>[0-9]{15})"

urlpatterns = [
    re_path(r"^d/(?P<token>[A-Za-z0-9_-]{1,32})/$", views.entrance_scan, name="entrance_scan"),
    re_path(rf"^g/{_CODE}/$", views.in_grid, name="in_grid"),
    path("place/", views.choose_place, name="choose_place"),
    path("place/worker/", views.my_worker, name="my_worker"),
    re_path(rf"^grids/{_CODE}/sheet/$", views.grid_notice, name="grid_notice"),
    re_path(rf"^grids/{_CODE}/outlines/$", views.grid_outlines, name="grid_outlines"),
    path("grids/entrances/<int:pk>/qr/", views.entrance_qr, name="entrance_qr"),
    path("grids/entrances/<int:pk>/renew/", views.renew_entrance, name="renew_entrance"),
    path("my/sweeps/", sweep_views.my_sweeps, name="my_sweeps"),
    re_path(rf"^my/sweeps/{_NUMBER}/{_BASE}/$", sweep_views.SweepGrid.as_view(), name="sweep_grid"),
    re_path(rf"^my/sweeps/{_NUMBER}/{_BASE}/take/$", sweep_views.SweepTake.as_view(), name="sweep_take"),
]
