"""The elections at the desk: the list, the file of one with its steps and candidates, opening one, and the report of its result."""

from types import SimpleNamespace
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.http import urlencode

from governance.admin.choices import could_be_key
from governance.admin.desk import Card
from governance.admin.filters import ChoiceFilter, DayFilter, LightFilter, PlaceFilter, StatusFilter
from governance.admin.matters import MatterAdmin
from governance.admin.verbs import verb_page
from governance.models import Matter, User
from governance.templatetags import ui
from parties import electing, hints
from parties.admin import choosing
from parties.admin.filters import OrganisationFilter
from parties.forms.elections import ELECTION_FORMS, OpenForm
from parties.models import WITH_SUPERIOR, Election, ElectionStatus, ElectionStep, LeftOut, Organisation
from parties.models.elections import RUNNING
from parties.reports.elections import NEXT, STEPS, entitled_on, file_of, of_election, past
from parties.services.elections import may_hold, open_election
from parties.terms import WITH_TERM

S = ElectionStatus


class TurnFilter(ChoiceFilter):
    """Whose turn it is."""

    title, parameter_name = "等谁办理", "turn"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("superior", "等上级批复"), ("own", "等本组织办理")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        if chosen is None:
            return queryset
        rows = queryset.ongoing()
        return (
            rows.filter(with_superior()) if chosen == "superior" else rows.exclude(status__in=WITH_SUPERIOR)
        )


def with_superior() -> Q:
    """Return the condition under which the superior has something to say."""
    return Q(status__in=WITH_SUPERIOR) | Q(asked_day__isnull=False)


@admin.register(Election)
class ElectionAdmin(MatterAdmin):
    add_action = "hold"
    action_forms = ELECTION_FORMS
    main_actions = (
        "request", "approve_request", "propose", "approve_candidates", "hold", "repeat", "divide", "report",
        "approve_result", "approve_shift",
    )  # fmt: skip
    also_shown = ("organisation__parent", "placed_by")
    lines_clear = False
    list_display = ("heading", "status_chip", "light_badge", "organisation_name", "planned", "ends", "opened")
    list_filter = (StatusFilter, TurnFilter, LightFilter, PlaceFilter, DayFilter, OrganisationFilter)
    search_help_text = "搜编号或党组织名称"
    tones = {
        S.PREPARING: "info",
        S.REQUESTED: "caution",
        S.NOMINATING: "info",
        S.PROPOSED: "caution",
        S.READY: "brand",
        S.SHORT: "danger",
        S.ELECTED: "brand",
        S.COUNTED: "brand",
        S.REPORTED: "caution",
        S.CLOSED: "good",
    }
    export_columns = [
        ("编号", 32, lambda row: row.number),
        ("党组织", 30, lambda row: row.organisation.name),
        ("上级党组织", 30, lambda row: row.organisation.parent.name if row.organisation.parent_id else ""),
        ("状态", 14, lambda row: row.get_status_display()),
        ("会议", 16, lambda row: row.get_meeting_display()),
        ("委员（书记）名额", 16, lambda row: row.seats),
        ("副书记名额", 12, lambda row: row.deputies),
        ("上届届满", 14, lambda row: row.term_ends),
        ("计划选举", 14, lambda row: row.planned_on),
        ("延期或提前", 12, lambda row: "已批准" if row.shifted else ""),
        ("批复文号", 22, lambda row: row.document),
        ("开始时间", 18, lambda row: row.opened_at),
        ("办结时间", 18, lambda row: row.closed_at),
    ]  # fmt: skip

    # --- list -------------------------------------------------------------------------------------------------------
    @admin.display(description="党组织", ordering="organisation")
    def organisation_name(self, election: Election) -> str:
        return election.organisation.name

    @admin.display(description="计划选举", ordering="planned_on")
    def planned(self, election: Election) -> str:
        return f"{election.planned_on:%Y-%m-%d}"

    @admin.display(description="上届届满", ordering="term_ends")
    def ends(self, election: Election) -> str:
        return f"{election.term_ends:%Y-%m-%d}" if election.term_ends else ""

    # --- page -------------------------------------------------------------------------------------------------------
    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.report_view)
        return [path("<int:object_id>/report/", view, name="parties_election_report"), *super().get_urls()]

    def facts(self, request: HttpRequest, election: Election) -> list[tuple[str, Any]]:
        """Return what the file says of the plan and the decisions."""
        row = election
        seats = f"委员 {row.seats} 名，委员会选举书记、副书记" if row.has_committee else "直接选举书记 1 名"
        if row.deputies:
            seats += f"、副书记 {row.deputies} 名"
        return [
            ("编号", row.number),
            ("党组织", row.organisation.name),
            ("上级党组织", row.organisation.parent.name if row.organisation.parent_id else ""),
            ("会议", row.get_meeting_display()),
            ("选举办法", seats),
            ("计划选举日期", ui.cn_date(row.planned_on)),
            ("申请改到", ui.cn_date(row.asked_day) if row.asked_day else ""),
            ("延期或提前", "上级已批准" if row.shifted else ""),
            ("上届届满日期", ui.cn_date(row.term_ends) if row.term_ends else ""),
            ("应到会", self.entitled_words(row)),
            ("差额不足的说明", row.explanation),
            ("减少名额", row.consent),
            ("委员会选举", f"到会 {row.committee_attended} 名，书记得 {row.secretary_votes} 票"
             if row.secretary_votes is not None else ""),
            ("批复文号", row.document),
            ("说明", row.description),
            ("发起人", row.placed_by),
            ("开始时间", ui.cn_datetime(row.opened_at)),
            ("办结时间", ui.cn_datetime(row.closed_at)),
        ]  # fmt: skip

    def entitled_words(self, election: Election) -> str:
        """Return who counts for the meeting, as the roll stands; nothing for a congress and after the meeting."""
        if election.by_congress or election.status not in (
            S.PREPARING,
            S.REQUESTED,
            S.NOMINATING,
            S.PROPOSED,
            S.READY,
        ):
            return ""
        counted = entitled_on(election, timezone.localdate())
        reasons = dict(LeftOut.Reason.choices)
        found: dict[str, int] = {}
        for reason in election.left_out.values_list("reason", flat=True):
            found[reasons[reason]] = found.get(reasons[reason], 0) + 1
        out = "，".join(f"{reason} {number} 人" for reason, number in found.items())
        words = f"今天名册上正式党员 {counted.on_roll} 人"
        return f"{words}，应到会 {counted.number} 人（不计入：{out}）" if out else f"{words}，都计入应到会"

    def panels(self, request: HttpRequest, election: Election, clear: bool) -> list[dict[str, Any]]:
        """Return the candidates with their votes, ballot by ballot."""
        found = file_of(election)
        return [
            {
                "title": "候选人和得票" if found.ballots else "候选人",
                "template": "parties/desk_candidates.html",
                "file": found,
                "rules": (electing.MAJORITY, electing.TIED),
            }
        ]

    def matter_page(
        self, request: HttpRequest, matter: Matter, revealed: dict[str, str] | None = None
    ) -> HttpResponse:
        """Show the file with its steps in a line, what comes next and what is to be looked at."""
        page = super().matter_page(request, matter, revealed)
        page.template_name = "parties/desk_election.html"
        page.context_data |= {
            "steps_line": steps_line(matter),
            "coming": NEXT.get(matter.status, ""),
            "asked_day": matter.asked_day if matter.is_open else None,
            "hints": of_election(matter),
            "report_url": self.link(matter, "report") if matter.ballots.exists() else "",
            "organisation_url": self.admin_site.get_model_admin(Organisation).link(matter.organisation),
        }
        return page

    def report_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show the report of the result as a sheet to print and sign."""
        election = self.reach(request, str(object_id))
        found = file_of(election)
        if not found.ballots:
            raise Http404
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": f"{election.organisation}选举结果报告",
            "opts": self.model._meta,
            "election": election,
            "file": found,
            "elected": [line for line in found.lines if line.elected],
            "above": election.organisation.parent,
            "today": timezone.localdate(),
            "sources": (electing.QUORUM, electing.MAJORITY, electing.PAPERS),
            "back": self.link(election),
        }
        return TemplateResponse(request, "parties/desk_election_report.html", context)

    # --- opening one ------------------------------------------------------------------------------------------------
    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.may("hold", Election)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Open an organisation's election."""
        if not self.has_add_permission(request):
            raise Http404
        given = request.GET.get("organisation", "")
        organisations = Organisation.objects.restrict(request.user).in_force().filter(kind__in=WITH_TERM)
        chosen = organisations.filter(pk=given).first() if could_be_key(given) else None
        form = OpenForm(request.POST or None, organisations=organisations, initial=first_plan(chosen))
        field = form.fields["organisation"]
        field.widget = choosing.box(Election, "organisation")
        field.widget.choices = field.choices

        def run(asked: dict[str, Any]) -> str:
            return self.link(open_election(by=request.user, **asked))

        return verb_page(
            self, request, title="开始换届", form=form, run=run, button="开始换届",
            done="已开始。下一步：写好换届请示，报上级党组织。",
            back=self.admin_site.get_model_admin(Organisation).link(chosen) if chosen else self.link(None, "changelist"),
            hint=f"由本组织或者上级党组织开始。{electing.ADVANCE}。",
        )  # fmt: skip

    # --- desk -------------------------------------------------------------------------------------------------------
    def waiting(self, user: User) -> QuerySet:
        """Return what waits for this person's decision: of organisations right below one of hers, not reported by herself."""
        above = Organisation.objects.restrict(user, "change").filter(pk=OuterRef("organisation__parent"))
        reported = Q(status__in=WITH_SUPERIOR) & ~Q(reported_by=user)
        asked = Q(asked_day__isnull=False) & ~Q(asked_by=user)
        rows = Election.objects.restrict(user, "decide").ongoing().filter(reported | asked, Exists(above))
        ran = ElectionStep.objects.filter(matter=OuterRef("pk"), actor=user, action__in=RUNNING)
        return rows.exclude(Exists(ran))

    def own(self, user: User) -> QuerySet:
        """Return what is this person's to go on with."""
        return Election.objects.restrict(user, "hold").ongoing().exclude(status__in=WITH_SUPERIOR)

    def urgent_rows(self, request: HttpRequest) -> QuerySet:
        mine = (self.waiting(request.user).values("pk"), self.own(request.user).values("pk"))
        return super().urgent_rows(request).filter(Q(pk__in=mine[0]) | Q(pk__in=mine[1]))

    def cards(self, request: HttpRequest) -> list[Card]:
        user, found = request.user, []
        if user.may("decide", Election):
            found.append(
                self.card(
                    request,
                    "换届待批",
                    "turn=superior",
                    self.waiting(user),
                    tone="caution",
                    icon="approval",
                    order=8,
                )
            )
        if user.may("hold", Election):
            found.append(
                self.card(
                    request, "换届待办", "turn=own", self.own(user), tone="brand", icon="how_to_vote", order=9
                )
            )
        return found


def first_plan(organisation: Organisation | None) -> dict[str, Any]:
    """Return what the plan holds at first: a month before the end of the term, the form by the number of full members."""
    today = timezone.localdate()
    plan: dict[str, Any] = {"meeting": Election.Meeting.MEMBERS, "planned_on": today}
    if organisation is None:
        return plan
    size = hints.size_of(hints.with_sizes(Organisation.objects.filter(pk=organisation.pk)).get())
    committee = size.full >= hints.SEATS_FROM or organisation.kind < 4
    return plan | {
        "organisation": organisation,
        "planned_on": max(today, organisation.term_until or today),
        "has_committee": "1" if committee else "0",
        "seats": max(size.seats, hints.SEATS_LEAST) if committee else None,
        "deputies": None if committee else 0,
    }


def steps_line(election: Election) -> list[SimpleNamespace]:
    """Return the steps with where the election stands: ``done``, ``now`` or ``later``."""
    at = next((number for number, (_, states) in enumerate(STEPS) if election.status in states), -1)
    if election.status == S.CLOSED:
        at = len(STEPS)
    return [
        SimpleNamespace(words=words, state="done" if number < at else "now" if number == at else "later")
        for number, (words, _) in enumerate(STEPS)
    ]


def of_organisation(request: HttpRequest, organisation: Organisation) -> dict[str, Any]:
    """Return what an organisation's page says of its elections: ``lines`` (address, words, when), ``open_url`` where one may be
    opened now because the term ends within half a year or is over, ``now_url`` of the one under way."""
    user, here = request.user, admin.site.get_model_admin(Election)
    if not user.may("view", Election):
        return {}
    rows = list(past(user, organisation))
    under_way = next((row for row in rows if row.closed_at is None), None)
    late = (
        organisation.kind in WITH_TERM
        and organisation.ended_on is None
        and organisation.term_until is not None
        and organisation.term_until <= timezone.localdate() + hints.SOON
    )
    opens = late and under_way is None and may_hold(user, organisation)
    return {
        "lines": [(here.link(row), row.get_status_display(), row.closed_at or row.opened_at) for row in rows],
        "now_url": here.link(under_way) if under_way is not None else "",
        "open_url": f"{here.link(None, 'add')}?{urlencode({'organisation': organisation.pk})}"
        if opens
        else "",
    }
