"""What one process measures of the pages of the party organisation."""

from django.urls import reverse

from benchmarks import cast, pages
from parties.models import Organisation

MARK = b"dk-link"


def address_of(key: str, page: str) -> str:
    """Return the address of a page by its name here, for a member of the cast."""
    user = cast.person(key)
    if page in ("tree", "map", "rates"):
        return reverse(f"admin:parties_organisation_{page}")
    if page == "tree, opened":
        deepest = Organisation.objects.restrict(user).filter(kind=4).order_by("pk").first()
        return f"{reverse('admin:parties_organisation_tree')}?at={deepest.pk}"
    if page == "organisation":
        top = Organisation.objects.restrict(user).order_by("kind", "pk").first()
        return reverse("admin:parties_organisation_change", args=[top.pk])
    if page == "desk":
        return reverse("admin:index")
    return reverse(f"admin:parties_{page}_changelist")


_addresses: dict[tuple[str, str], str] = {}


def fetch(key: str, page: str) -> tuple[float, int, int]:
    """Fetch a page as a member of the cast. Returns milliseconds, its size in bytes, and how often a link stands in it."""
    if (key, page) not in _addresses:
        _addresses[key, page] = address_of(key, page)
    return pages.visit(key, _addresses[key, page], MARK)


def queries(key: str, page: str) -> tuple[int, float]:
    """Return how many statements a page sends, and how many milliseconds the slowest one took."""
    sent = pages.statements(key, address_of(key, page))
    return len(sent), sent[0][0] if sent else 0.0


def slowest(key: str, page: str, count: int = 5) -> list[tuple[float, str]]:
    """Return the slowest statements of a page, for finding out why."""
    return pages.statements(key, address_of(key, page))[:count]
