"""What one process measures of the pages of disputes."""

from django.db.models import Count
from django.urls import reverse

from benchmarks import cast
from benchmarks.mediation import lists, texts
from benchmarks.pages import Pages
from mediation.models import Dispute

MARK = b"JF-"
#: Of the desk's list: name here -> what the address asks for.
LISTS = {
    "list": "", "list, unfinished": "status=ongoing", "list, registered": "status=registered", "list, red": "light=red",
    "list, waiting for consent": "wait=consent", "list, to follow up": "wait=follow_up", "list, mine": "wait=mine",
    "list, common word": f"q={texts.COMMON}", "list, rare word": f"q={texts.RARE}",
}  # fmt: skip
TABS = {"phone: day": "day", "phone: centre": "centre", "phone: cases": "cases", "phone: ended": "ended"}
FIGURES = {
    "figures, month": "period=last_month",
    "figures, year": "period=year",
    "figures, by place": "period=year&by=place",
}


def address_of(key: str, page: str) -> str:
    """Return the address of a page by its name here, for a member of the cast."""
    desk = reverse("admin:mediation_dispute_changelist")
    if page in LISTS:
        return f"{desk}?{LISTS[page]}"
    if page in TABS:
        return f"{reverse('my_mediation')}?tab={TABS[page]}"
    if page in FIGURES:
        return f"{reverse('admin:mediation_figures')}?{FIGURES[page]}"
    if page == "list, a number":
        return f"{desk}?q={lists.number_within(cast.person(key))}"
    if page.startswith("file"):
        dispute = newest_closed(key)
        return dispute.get_absolute_url() if page == "file, phone" else dispute.get_desk_url()
    return reverse("admin:index")


def newest_closed(key: str) -> Dispute:
    """Return the newest closed file that the person may view: the same in kind in either world."""
    parts = {part: Count(part, distinct=True) for part in ("disputants", "sessions", "agreements")}
    rows = Dispute.objects.restrict(cast.person(key)).filter(
        status="closed", outcome="written", entrance__isnull=False
    )
    alike = rows.annotate(**{f"many_{part}": count for part, count in parts.items()})
    alike = alike.filter(many_disputants=2, many_sessions=1, many_agreements=1)
    return alike.order_by("-opened_at", "-pk").first()


_PAGES = Pages(address_of, MARK)
fetch, queries, slowest = _PAGES.fetch, _PAGES.queries, _PAGES.slowest
