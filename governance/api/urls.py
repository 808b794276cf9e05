"""The kernel's own routes of the API."""

from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from governance import addresses  # noqa: F401  registers the converters
from governance.api import accounts, schema

router = SimpleRouter()
router.register("auth/tokens", accounts.ApiTokenViewSet, "api-token")
router.register("notices", accounts.NoticeViewSet, "api-notice")

urlpatterns = [
    path("", schema.index, name="api-index"),
    path("schema/", schema.SchemaView.as_view(), name="api-schema"),
    path("auth/code/", accounts.CodeView.as_view(), name="api-code"),
    path("auth/token/", accounts.TokenView.as_view(), name="api-sign-in"),
    path("me/", accounts.MeView.as_view(), name="api-me"),
    path("matters/", accounts.MyMattersView.as_view(), name="api-matters"),
    re_path(
        r"^photos/(?P<app>[a-z]{1,20})/(?P<model>[a-z]{1,40})/(?P<token>[A-Za-z0-9_-]{10,40})/(?P<size>large|thumb)/$",
        accounts.PhotoView.as_view(),
        name="api-photo",
    ),
    *router.urls,
]
