"""Every address of the portal, by room."""

from django.contrib import admin
from django.urls import include, path

from governance.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("", include("governance.accounts.urls")),
    path("admin/", admin.site.urls),
]
