"""Every address of the portal, by room."""

from django.contrib import admin
from django.urls import include, path

from governance import addresses, offline, pages  # noqa: F401  addresses registers the converters
from governance.health import healthz
from governance.views import pages as views
from governance.views.uploads import photo_upload

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("", include("governance.accounts.urls")),
    path("frame/care/", pages.care_mode, name="care_mode"),
    path("frame/theme/", pages.theme, name="theme"),
    path("accessibility/", pages.accessibility, name="accessibility"),
    path("styleguide/", pages.styleguide, name="styleguide"),
    path("", views.front, name="home"),
    path("matters/", views.MyMatters.as_view(), name="my_matters"),
    path("notices/", views.Notices.as_view(), name="notices"),
    path("notices/read/", views.NoticesRead.as_view(), name="notices_read"),
    path("notices/<int:pk>/", views.NoticeOpen.as_view(), name="notice_open"),
    # At the root, because a service worker answers only for what lies below it.
    path("sw.js", offline.service_worker, name="service_worker"),
    path("offline/", offline.offline, name="offline"),
    path("outbox/", views.whose, name="outbox"),
    path("outbox/photos/<upload:token>/", photo_upload, name="photo_upload"),
    path("channels/", views.Channels.as_view(), name="channels"),
    path("reveal/<name:app>/<name:model>/<int:pk>/<name:field>/", views.Reveal.as_view(), name="reveal"),
    path("files/<name:app>/<name:model>/<photo:token>/<name:size>/", views.photo, name="photo"),
    path("", include("grids.urls")),
    path("", include("incidents.urls")),
    path("", include("mediation.urls")),
    path("", include("parties.urls")),
    path("", include("volunteers.urls")),
    path("api/v1/", include("governance.api.urls")),
    path("api/v1/", include("grids.api")),
    path("api/v1/", include("incidents.api.urls")),
    path("api/v1/", include("volunteers.api.urls")),
    path("api/", include("governance.api.nowhere")),
    path("admin/", admin.site.urls),
]
