"""The addresses of voluntary service."""

from django.urls import path

from governance import addresses  # noqa: F401  registers the converters
from volunteers.views import hall, orders, registration, showcases, teams

urlpatterns = [
    path("orders/new/", orders.order_new, name="order_new"),
    path("orders/hall/", hall.Hall.as_view(), name="order_hall"),
    path("orders/mine/", hall.MyClaims.as_view(), name="my_claims"),
    path("orders/team/", teams.TeamOrders.as_view(), name="team_orders"),
    path("orders/<matter:number>/", orders.OrderPage.as_view(), name="order"),
    path("orders/<matter:number>/showcase/", showcases.ShowcaseNew.as_view(), name="showcase_new"),
    path("orders/<matter:number>/<name:action>/", orders.OrderActionView.as_view(), name="order_action"),
    path("volunteer/", registration.Me.as_view(), name="volunteer_me"),
    path("volunteer/register/", registration.Register.as_view(), name="volunteer_register"),
    path("volunteer/preferences/", registration.Preferences.as_view(), name="volunteer_preferences"),
    path("volunteer/guardian/", registration.Guardian.as_view(), name="volunteer_guardian"),
    path("volunteer/showcases/", showcases.MyShowcases.as_view(), name="my_showcases"),
    path(
        "volunteer/<matter:number>/<name:action>/",
        registration.VolunteerActionView.as_view(),
        name="volunteer_action",
    ),
    path("wall/", showcases.Wall.as_view(), name="wall"),
    path("wall/<matter:number>/", showcases.ShowcasePage.as_view(), name="showcase"),
    path(
        "wall/<matter:number>/<name:action>/", showcases.ShowcaseActionView.as_view(), name="showcase_action"
    ),
]
