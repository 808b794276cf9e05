"""A worker's day: what was given to her, what waits for her eyes, and what was reported in her grid."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from governance.views import RestrictedList, SignedIn
from incidents.cards import TONES, reports_for_others
from incidents.models import Incident
from incidents.worklists import WORKLISTS, worklist


class MyWork(SignedIn, RestrictedList):
    """The incidents that wait for this person, by light; the phone itself may sort a page by distance."""

    model = Incident
    template_name = "incidents/work.html"
    size = 30

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm("incidents.view_incident"):
            raise Http404
        asked = request.GET.get("tab", "hand")
        self.tab = asked if asked in dict(WORKLISTS) else "hand"
        return super().get(request, *args, **kwargs)

    def rows(self, tab: str) -> Any:
        """Return the rows of a tab, unsorted."""
        return worklist(Incident.objects.restrict(self.request.user), self.request.user, tab)

    def get_queryset(self) -> Any:
        rows = self.rows(self.tab).in_lines("description", "spot", "is_urgent", "longitude", "latitude")
        return rows.order_by("-opened_at", "-pk") if self.tab == "sent" else rows.order_by("due_at", "pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        counts = {key: self.rows(key).order_by()[:100].count() for key, _ in WORKLISTS if key != "sent"}
        tabs = [
            {"key": key, "word": word, "count": counts.get(key, 0), "here": key == self.tab}
            for key, word in WORKLISTS
        ]
        works = reports_for_others(self.request)
        context = super().get_context_data(tabs=tabs, tab=self.tab, works=works, **kwargs)
        for incident in context["rows"]:
            incident.tone = TONES.get(incident.status, "quiet")
        return context
