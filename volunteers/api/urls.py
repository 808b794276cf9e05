"""The routes of voluntary service in the API."""

from rest_framework.routers import SimpleRouter

from volunteers.api import claims, menu, orders, registration, showcases

router = SimpleRouter()
router.register("items", menu.ItemViewSet, "api-item")
router.register("skills", menu.SkillViewSet, "api-skill")
router.register("stations", menu.StationViewSet, "api-station")
router.register("teams", menu.TeamViewSet, "api-team")
router.register("orders", orders.OrderViewSet, "api-order")
router.register("hall", orders.HallViewSet, "api-hall")
router.register("claims", claims.ClaimViewSet, "api-claim")
router.register("hours", claims.HoursViewSet, "api-hours")
router.register("volunteers", registration.VolunteerViewSet, "api-volunteer")
router.register("showcases", showcases.ShowcaseViewSet, "api-showcase")
urlpatterns = router.urls
