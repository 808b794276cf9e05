"""A worker's day: what was given to her, what waits for her eyes, and what was reported in her grid."""

from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse

from governance.permissions import any_of, rule_of
from governance.views import RestrictedList, SignedIn
from incidents.cards import TONES
from incidents.models import Incident
from incidents.models.incidents import AT_DESK, IN_HAND
from incidents.models.incidents import IncidentStatus as S

#: The tabs: key, word.
TABS = (("hand", "要处置"), ("verify", "要核查"), ("new", "新上报"), ("sent", "我上报的"))


class MyWork(SignedIn, RestrictedList):
    """The incidents that wait for this person, by light; the phone itself may sort a page by distance."""

    model = Incident
    template_name = "incidents/work.html"
    size = 30

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm("incidents.view_incident"):
            raise Http404
        asked = request.GET.get("tab", "hand")
        self.tab = asked if asked in dict(TABS) else "hand"
        return super().get(request, *args, **kwargs)

    def rows(self, tab: str) -> Any:
        """Return the rows of a tab, unsorted."""
        user = self.request.user
        if tab == "sent":
            return Incident.objects.restrict(user).filter(placed_by=user)
        if tab == "hand":
            units = sorted({post.unit_id for post in user.posts_in_force if post.unit_id is not None})
            mine = Q(worker=user) | Q(unit__in=units) if units else Q(worker=user)
            return Incident.objects.restrict(user).ongoing().filter(mine, status__in=IN_HAND)
        place = rule_of(Incident).jurisdiction(Incident, user, "verify")
        here = Incident.objects.restrict(user).ongoing().filter(any_of([place]))
        return here.filter(status=S.HANDLED) if tab == "verify" else here.filter(status__in=AT_DESK)

    def get_queryset(self) -> Any:
        rows = self.rows(self.tab).for_page()
        return rows.order_by("-opened_at", "-pk") if self.tab == "sent" else rows.order_by("due_at", "pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        counts = {key: self.rows(key).order_by()[:100].count() for key, _ in TABS if key != "sent"}
        tabs = [
            {"key": key, "word": word, "count": counts.get(key, 0), "here": key == self.tab}
            for key, word in TABS
        ]
        context = super().get_context_data(tabs=tabs, tab=self.tab, **kwargs)
        for incident in context["rows"]:
            incident.tone = TONES.get(incident.status, "quiet")
        return context
