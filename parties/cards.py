"""What the home page shows of disclosures: a line with the newest, where there is one."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from governance.territory import GridLevel
from grids.places import place_of
from parties.models import Disclosure


def shown_to(user: Any) -> Any:
    """Return what is out and may be read by a person, with what its pages name. What somebody only works with is not among it
    until it is out."""
    rows = Disclosure.objects.restrict(user).out().select_related("organisation")
    unread = ("search_terms", "organisation__units")
    return rows.defer(*unread)


def newest(request: HttpRequest) -> tuple[str, dict[str, Any]] | None:
    """The card of the visitor's street, or of the district where it is not known: what was disclosed to society last."""
    place = place_of(request)
    rows = shown_to(AnonymousUser())
    street = place.grid.code[: GridLevel.STREET] if place and len(place.grid.code) >= GridLevel.STREET else ""
    if street:
        rows = rows.filter(street_code=street)
    found = rows.order_by("-public_from", "-pk").first()
    if found is None:
        return None
    query = f"?{urlencode({'in': street})}" if street else ""
    return "parties/card_disclosures.html", {"newest": found, "url": reverse("disclosures") + query}
