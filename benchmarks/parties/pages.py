"""What one process measures of the pages of the party organisation."""

from django.urls import reverse

from benchmarks import cast
from benchmarks.pages import Pages
from parties.models import Organisation

MARK = b"dk-link"


def address_of(key: str, page: str) -> str:
    """Return the address of a page by its name here, for a member of the cast."""
    user = cast.person(key)
    if page in ("tree", "map", "rates"):
        return reverse(f"admin:parties_organisation_{page}")
    if page == "board":
        return reverse("admin:parties_meeting_board")
    if page == "tree, opened":
        deepest = Organisation.objects.restrict(user).filter(kind=4).order_by("pk").first()
        return f"{reverse('admin:parties_organisation_tree')}?at={deepest.pk}"
    if page == "organisation":
        top = Organisation.objects.restrict(user).order_by("kind", "pk").first()
        return reverse("admin:parties_organisation_change", args=[top.pk])
    if page == "desk":
        return reverse("admin:index")
    return reverse(f"admin:parties_{page}_changelist")


_PAGES = Pages(address_of, MARK)
fetch, queries, slowest = _PAGES.fetch, _PAGES.queries, _PAGES.slowest
