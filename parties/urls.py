"""The addresses of the party organisation outside the desk: what it discloses, small wishes, and registering with a community."""

from django.urls import path

from governance import addresses  # noqa: F401  registers the converters
from parties.views import checkins, disclosures, wishes

urlpatterns = [
    path("wishes/", wishes.Wall.as_view(), name="wish_wall"),
    path("wishes/new/", wishes.NewWish.as_view(), name="wish_new"),
    path("wishes/claimed/", wishes.Claimed.as_view(), name="my_wishes"),
    path("wishes/<matter:number>/", wishes.WishPage.as_view(), name="wish"),
    path("wishes/<matter:number>/<name:action>/", wishes.WishActionView.as_view(), name="wish_action"),
    path("checkin/", checkins.Checkin.as_view(), name="checkin"),
    path("checkin/<matter:number>/", checkins.CheckinPage.as_view(), name="checkin_page"),
    path(
        "checkin/<matter:number>/<name:action>/", checkins.CheckinActionView.as_view(), name="checkin_action"
    ),
    path("disclosures/", disclosures.Disclosures.as_view(), name="disclosures"),
    path("disclosures/<matter:number>/", disclosures.DisclosurePage.as_view(), name="disclosure"),
]
