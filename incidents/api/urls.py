"""The routes of incidents in the API."""

from rest_framework.routers import SimpleRouter

from incidents.api import catalogue, incidents

router = SimpleRouter()
router.register("categories", catalogue.MajorClassViewSet, "api-category")
router.register("classes", catalogue.MinorClassViewSet, "api-class")
router.register("incidents", incidents.IncidentViewSet, "api-incident")
urlpatterns = router.urls
