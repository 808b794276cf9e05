"""What one process measures of the pages of incidents."""

from django.urls import reverse

from benchmarks import cast
from benchmarks.incidents import lists, texts
from benchmarks.pages import Pages
from incidents.models import Incident

MARK = b"SJ-"


def address_of(key: str, page: str) -> str:
    """Return the address of a page by its name here, for a member of the cast."""
    desk = reverse("admin:incidents_incident_changelist")
    if page.startswith("detail"):
        incident = newest_closed(key)
        return incident.get_desk_url() if page == "detail" else incident.get_absolute_url()
    if page == "list, a number":
        return f"{desk}?q={lists.number_within(cast.person(key))}"
    return {
        "desk": lambda: reverse("admin:index"),
        "list": lambda: desk,
        "list, unfinished": lambda: f"{desk}?status=ongoing",
        "list, red": lambda: f"{desk}?light=red",
        "list, at the desk": lambda: f"{desk}?wait=desk",
        "list, this month": lambda: f"{desk}?opened=month",
        "list, common word": lambda: f"{desk}?q=垃圾",
        "list, rare word": lambda: f"{desk}?q={texts.RARE}",
        "tab: in hand": lambda: f"{reverse('my_work')}?tab=hand",
        "tab: to verify": lambda: f"{reverse('my_work')}?tab=verify",
        "tab: new": lambda: f"{reverse('my_work')}?tab=new",
        "tab: sent": lambda: f"{reverse('my_work')}?tab=sent",
        "my matters": lambda: reverse("my_matters"),
        "report": lambda: reverse("snapshot"),
    }[page]()


def newest_closed(key: str) -> Incident:
    """Return the newest closed incident that the person may view: the same in kind in either world."""
    rows = Incident.objects.restrict(cast.person(key)).filter(status="closed", version=6)
    return rows.order_by("-opened_at", "-pk").first()


_PAGES = Pages(address_of, MARK)
fetch, queries, slowest = _PAGES.fetch, _PAGES.queries, _PAGES.slowest
