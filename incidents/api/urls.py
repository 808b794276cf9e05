"""The routes of incidents in the API."""

from django.urls import re_path
from rest_framework.routers import SimpleRouter

from incidents.api import catalogue, incidents, sources

router = SimpleRouter()
router.register("categories", catalogue.MajorClassViewSet, "api-category")
router.register("classes", catalogue.MinorClassViewSet, "api-class")
router.register("incidents", incidents.IncidentViewSet, "api-incident")

urlpatterns = [
    # Programs are written by hand against these two; with and without the last stroke they are one address.
    re_path(r"^sources/incidents/?$", sources.SourceIncidentsView.as_view(), name="api-source-incident"),
    re_path(
        r"^sources/incidents/(?P<source_id>[^\s/\\?#%\x00-\x1f\x7f]{1,100})/?$",
        sources.SourceIncidentView.as_view(),
        name="api-source-incident-detail",
    ),
    *router.urls,
]
