"""The addresses of the interface, below /open311/. What does not look right matches none of them, and is answered in the
interface's own form."""

from django.urls import re_path

from incidents.open311 import views

FORM = r"\.(?P<form>xml|json)$"

urlpatterns = [
    re_path(rf"^discovery{FORM}", views.Discovery.as_view(), name="open311_root_discovery"),
    re_path(rf"^v2/discovery{FORM}", views.Discovery.as_view(), name="open311_discovery"),
    re_path(rf"^v2/services{FORM}", views.Services.as_view(), name="open311_services"),
    re_path(
        rf"^v2/services/(?P<code>[A-Za-z0-9_-]{{1,8}}){FORM}",
        views.Definition.as_view(),
        name="open311_service",
    ),
    re_path(rf"^v2/requests{FORM}", views.Requests.as_view(), name="open311_requests"),
    re_path(
        rf"^v2/requests/(?P<number>[A-Za-z0-9_-]{{1,40}}){FORM}",
        views.Request.as_view(),
        name="open311_request",
    ),
    re_path(
        rf"^v2/tokens/(?P<token>[A-Za-z0-9_-]{{1,64}}){FORM}", views.Token.as_view(), name="open311_token"
    ),
    re_path(r"^.*$", views.Nowhere.as_view()),
]
