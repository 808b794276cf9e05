"""A mediator's day on her phone: sessions, visits, what is to be performed, deadlines, and her cases."""

from datetime import date, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from governance import masks
from governance.views import RestrictedList, SignedIn
from mediation.cards import TONES
from mediation.models import Dispute, ScreeningReport, Session, Term

#: How many days ahead the day looks: at sessions, at visits and performances.
AHEAD, SOON = 7, 3
#: For so many days her reports of screenings stand there, from where what was found is registered.
LATELY, FEW = timedelta(days=7), 3
#: So many lines of a kind.
MOST = 30


class MyMediation(SignedIn, RestrictedList):
    """What a mediator has to do, and the disputes that she has in hand."""

    model = Dispute
    template_name = "mediation/work.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.has_perm("mediation.view_dispute"):
            raise Http404
        self.tabs = [("day", "今天"), ("cases", "我的纠纷"), ("ended", "已结束")]
        if request.user.has_perm("mediation.direct_dispute"):
            self.tabs.insert(1, ("centre", "中心待办"))
        asked = request.GET.get("tab", "day")
        self.tab = asked if asked in dict(self.tabs) else "day"
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> Any:
        user, rows = self.request.user, super().get_queryset().for_page().prefetch_related("disputants")
        if self.tab == "centre":
            reached = Dispute.objects.restrict(user, "direct").for_page().prefetch_related("disputants")
            return reached.at_centre().order_by("due_at", "pk")
        mine = rows.mediated_by(user)
        if self.tab == "ended":
            return mine.exclude(closed_at=None).order_by("-closed_at", "-pk")
        return mine.ongoing().order_by("due_at", "pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(
            tabs=[{"key": key, "word": word, "here": key == self.tab} for key, word in self.tabs],
            tab=self.tab,
            today=timezone.localdate(),
            **kwargs,
        )
        if self.tab == "day":
            context |= self.day(context["today"])
            context["rows"] = [each for each in context["rows"] if each.light in ("red", "yellow")]
        for dispute in context["rows"]:
            dress(dispute)
        return context

    def day(self, today: date) -> dict[str, Any]:
        """Return what is to be done today and soon."""
        user, midnight = self.request.user, timezone.localtime().replace(hour=0, minute=0, second=0)
        planned = (
            Session.objects.restrict(user)
            .mediated_by(user)
            .planned()
            .filter(starts_at__lt=midnight + timedelta(days=1 + AHEAD))
            .select_related("dispute")
            .prefetch_related("invited")
        )
        sessions = list(planned[:MOST])
        for session in sessions:
            session.names = named(session.invited.all())
        visits = (
            Dispute.objects.restrict(user)
            .mediated_by(user)
            .to_follow_up(today + timedelta(days=SOON))
            .for_page()
            .prefetch_related("disputants")
            .order_by("follow_up_on", "pk")
        )
        terms = (
            Term.objects.restrict(user)
            .mediated_by(user)
            .unperformed(today + timedelta(days=SOON))
            .select_related("agreement__dispute")
        )
        tomorrow = midnight + timedelta(days=1)
        screens = user.may("add", ScreeningReport)
        reports = ScreeningReport.objects.restrict(user).filter(reported_by=user, day__gte=today - LATELY)
        return {
            "screens": screens,
            "reports": list(reports.for_page().newest()[:FEW]) if screens else [],
            "past": [each for each in sessions if each.starts_at < midnight],
            "now": [each for each in sessions if midnight <= each.starts_at < tomorrow],
            "next": [each for each in sessions if each.starts_at >= tomorrow],
            "visits": [dress(each) for each in visits[:MOST]],
            "terms": list(terms[:MOST]),
        }


def named(parties: Any) -> str:
    """Return the parties' names as a list shows them."""
    return "、".join(masks.shown(party, "name") for party in parties)


def dress(dispute: Dispute) -> Dispute:
    """Give a dispute what its line shows."""
    dispute.tone, dispute.names = TONES.get(dispute.status, "quiet"), named(dispute.disputants.all())
    return dispute
