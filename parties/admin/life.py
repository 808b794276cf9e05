"""The pages of the meetings that show more than one: an organisation's month, the board of who is behind, the calendar file. A mixin of
the meetings' admin."""

from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode

from governance import audit, exports
from governance.admin.base import Named
from governance.admin.choices import could_be_key
from governance.admin.verbs import verb_page
from governance.models import AccessEvent
from governance.territory import GridLevel, asked_node
from grids.models import Grid
from grids.reach import top_of
from parties import frequency
from parties.forms.meetings import MonthForm
from parties.models import Meeting, Organisation, PartyOrgType, keeps_life, kept_by
from parties.reports import life
from parties.reports.calendar import calendar_file, meetings_for
from parties.services.meetings import month_of, plan_month, proposals

#: Organisations that the page of the months lists.
MOST_LISTED = 200
ICS = "text/calendar; charset=utf-8"


class LifePages:
    """Months, board and calendar."""

    def get_urls(self) -> list:
        view, name = self.admin_site.admin_view, "parties_meeting"
        return [
            path("months/", view(self.months_view), name=f"{name}_months"),
            path("board/", view(self.board_view), name=f"{name}_board"),
            path("month/<int:object_id>/", view(self.month_view), name=f"{name}_month"),
            path("calendar/<int:object_id>/", view(self.calendar_view), name=f"{name}_calendar"),
            *super().get_urls(),
        ]

    def organisations_url(self) -> str:
        return reverse("admin:parties_organisation_changelist")

    def organisation(self, request: HttpRequest, key: int) -> Organisation:
        """Return an organisation within reach of who may see its meetings. Raises Http404."""
        rows = (
            Organisation.objects.restrict(request.user)
            .select_related("grid", "parent")
            .defer("grid__boundary")
        )
        found = rows.filter(pk=key).first() if request.user.may("view", Meeting) and key < 2**63 else None
        if found is None:
            raise Http404
        return found

    def page(self, request: HttpRequest, template: str, **context: Any) -> HttpResponse:
        request.current_app = self.admin_site.name
        frame = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "back": self.link(None, "changelist"),
            "has_permission": True,
        }
        return TemplateResponse(request, template, frame | context)

    # --- the month --------------------------------------------------------------------------------------------------
    def months_view(self, request: HttpRequest) -> HttpResponse:
        """Lead to the month of the one organisation that the person keeps, or list those that she keeps."""
        if not self.has_module_permission(request):
            raise Http404
        rows = kept_by(request.user).order_by("kind", "grid", "pk")
        found = list(rows.filter(kind__gt=PartyOrgType.STREET_COMMITTEE)[: MOST_LISTED + 1])
        kept = {each.unit_id for each in found}
        # A branch's page shows its groups too.
        tops = [
            each for each in found if not (each.kind == PartyOrgType.GROUP and kept & set(each.units[:-1]))
        ]
        if len(tops) == 1:
            return HttpResponseRedirect(self.link(None, "month", tops[0].pk))
        lines = [
            (each.name, each.get_kind_display(), self.link(None, "month", each.pk))
            for each in tops[:MOST_LISTED]
        ]
        return self.page(
            request,
            "parties/desk_months.html",
            title="本月安排",
            lines=lines,
            board_url=self.link(None, "board"),
        )

    def month_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show what an organisation (a branch with its groups) owes in a month, what is planned and what was held; whoever keeps it
        plans the usual meetings there."""
        organisation = self.organisation(request, object_id)
        day = asked_month(request.GET.get("month", ""))
        shown = [organisation]
        if organisation.kind == PartyOrgType.BRANCH:
            groups = Organisation.objects.restrict(request.user).in_force()
            shown += groups.filter(parent=organisation, kind=PartyOrgType.GROUP).order_by("pk")
        month, found = month_of(shown, day)
        keeps = not organisation.is_ended and keeps_life(request.user, organisation)
        meetings = frequency.meetings_of(shown, month.first, month.last)
        names = {each.pk: each.name for each in shown}
        offered = proposals(found, month, organisation) if keeps else []
        form = MonthForm(request.POST or None, proposals=offered)

        def run(given: dict[str, Any]) -> str:
            made = plan_month(by=request.user, chosen=form.chosen())
            self.message_user(request, f"已安排 {len(made)} 个会。")
            return request.get_full_path()

        here = self.link(None, "month", organisation.pk)
        months = {"before": month.before().first, "after": frequency.next_span(month).first}
        context = {
            "organisation": organisation,
            "original": Named(organisation, organisation.name),
            "month": month,
            "urls": {name: f"{here}?{urlencode({'month': f'{day:%Y-%m}'})}" for name, day in months.items()},
            "duties": [self.duty_line(each, organisation) for each in found],
            "meetings": [
                {"row": each, "of": "" if each.organisation_id == organisation.pk else names[each.organisation_id],
                 "url": self.link(each), "record_url": self.record_url(request, each, keeps)}
                for each in meetings
            ],
            "late": self.late_count(request, organisation),
            "late_url": f"{self.link(None, 'changelist')}?{urlencode({'when': 'unrecorded', 'org': organisation.pk})}",
            "keeps": keeps,
            "add_url": f"{self.link(None, 'add')}?{urlencode({'organisation': organisation.pk})}",
            "board_url": f"{self.link(None, 'board')}?{urlencode({'org': organisation.pk})}",
            "ics_url": self.link(None, "calendar", organisation.pk),
            "organisation_url": reverse("admin:parties_organisation_change", args=[organisation.pk]),
            "no_theme_day": keeps and organisation.theme_day is None and organisation.kind == PartyOrgType.BRANCH,
            "keep_url": reverse("admin:parties_organisation_keep", args=[organisation.pk]),
        }  # fmt: skip
        if request.method == "POST" and not offered:
            # Sent a second time: everything is planned already.
            return HttpResponseRedirect(request.get_full_path())
        return verb_page(
            self,
            request,
            title=f"{organisation.name} {month}",
            form=form,
            run=run,
            done="",
            back=self.link(None, "changelist"),
            template="parties/desk_month.html",
            extra=context,
        )

    def duty_line(self, duty: frequency.Duty, organisation: Organisation) -> dict[str, Any]:
        """Return what is due as a line of the page."""
        if duty.held:
            state, tone = "已开", "good"
        elif duty.planned and duty.planned[0].is_past:
            state, tone = "待记录", "caution"
        elif duty.planned:
            state, tone = "已安排", "brand"
        else:
            late = duty.pressing or duty.span.last < timezone.localdate()
            state, tone = (
                ("没开", "danger") if duty.span.last < timezone.localdate() else ("还没安排", "caution")
            )
            tone = tone if late else "quiet"
        return {
            "words": duty.kind.label,
            "of": "" if duty.organisation.pk == organisation.pk else duty.organisation.name,
            "span": duty.span,
            "state": state,
            "tone": tone,
            "meetings": [(self.link(each), each.starts_at) for each in duty.held or duty.planned],
        }

    def record_url(self, request: HttpRequest, meeting: Meeting, keeps: bool) -> str:
        """Return where a meeting is recorded, empty where that is not hers to do or not yet to be done."""
        today = timezone.localdate()
        due = meeting.is_open and timezone.localdate(meeting.starts_at) <= today
        return self.link(meeting, "do", "record") if keeps and due else ""

    def late_count(self, request: HttpRequest, organisation: Organisation) -> int:
        rows = Meeting.objects.restrict(request.user).unrecorded()
        return rows.filter(units__contains=[organisation.unit_id]).count()

    # --- the calendar -----------------------------------------------------------------------------------------------
    def calendar_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Hand out the planned meetings of an organisation and all below it as a calendar file, as far as the person sees them."""
        organisation = self.organisation(request, object_id)
        rows = Meeting.objects.restrict(request.user).filter(units__contains=[organisation.unit_id])
        data = calendar_file(meetings_for(rows, timezone.now()), f"{organisation.name}组织生活")
        return exports.as_file(f"{organisation.name}组织生活.ics", data, ICS)

    # --- the board --------------------------------------------------------------------------------------------------
    def board_view(self, request: HttpRequest) -> HttpResponse:
        """Show who is behind with what (GET), or hand the table out (POST)."""
        user = request.user
        if not self.has_module_permission(request):
            raise Http404
        kinds, top = frequency.asked_kinds(), top_of(user, "parties.view_organisation")
        node = asked_node(request.GET.get("in", ""), top) if top else ""
        if not node or len(node) > GridLevel.COMMUNITY or not Grid.objects.filter(pk=node).exists():
            node = top
        if not node:
            raise Http404
        asked = request.GET.get("org", "")
        organisation = None
        if could_be_key(asked):
            organisation = Organisation.objects.restrict(user).in_force().filter(pk=asked).first()
        if organisation is not None:
            total, lines = life.by_organisation(user, kinds, top=organisation)
            node = asked_node(organisation.grid_id[: GridLevel.COMMUNITY], top)
        elif len(node) == GridLevel.COMMUNITY:
            total, lines = life.by_organisation(user, kinds, node=node)
        else:
            total, lines = life.by_place(user, node, kinds)
        places = [(f"?{urlencode({'in': code})}", name) for code, name in Grid.objects.way_down(top, node)]
        if organisation is not None:
            places.append((f"?{urlencode({'org': organisation.pk})}", organisation.name))
        if request.method == "POST":
            if not request.user.may("export", Meeting):
                raise Http404
            return self.hand_out(request, kinds, [total, *lines], places[-1][1] if places else "")
        today = timezone.localdate()
        return self.page(
            request,
            "parties/desk_board.html",
            title="组织生活看板",
            places=places,
            kinds=[(kind.label, *period_words(kind), frequency.now_of(kind, today)) for kind in kinds],
            rows=[self.board_line(line, kinds, line is total) for line in (total, *lines)],
            here=places[-1][0] if places else "",
            takes=user.may("export", Meeting),
        )

    def board_line(self, line: life.Line, kinds: list[Any], is_total: bool) -> dict[str, Any]:
        """Return a line of the board: where it opens, and of each kind its numbers with the lists behind them."""
        opens, month = "", ""
        if not is_total:
            if line.opens:
                opens = f"?{urlencode({'in': line.code} if line.code else {'org': line.list_of['org']})}"
            elif line.key:
                month = self.link(None, "month", line.key)
        cells = []
        for kind in kinds:
            parts = []
            for part, of in (("now", "owing"), ("last", "owed")):
                query = urlencode({"life": f"{kind}.{part}", **line.list_of})
                number = line.number(kind, part)
                parts.append(
                    {
                        "number": number,
                        "of": line.number(kind, of),
                        "url": f"{self.organisations_url()}?{query}" if number and line.list_of else "",
                    }
                )
            cells.append(parts)
        return {"line": line, "opens": opens, "month": month, "cells": cells}

    def hand_out(
        self, request: HttpRequest, kinds: list[Any], lines: list[life.Line], place: str
    ) -> HttpResponse:
        """Return the table as an Excel file; nothing in it is personal. It is logged."""
        columns: list[exports.Column] = [("地区、党组织", 32, lambda line: line.name)]
        for kind in kinds:
            for part, words in (
                ("owing", "应开"),
                ("now", "本期没开"),
                ("owed", "上期应开"),
                ("last", "上期没开"),
            ):
                columns.append((f"{kind.label}{words}", 16, lambda line, k=kind, p=part: line.number(k, p)))
        title = f"组织生活看板 {place}"
        data = exports.workbook("组织生活看板", columns, lines)
        audit.record(AccessEvent.Kind.EXPORT, request.user, f"导出{title}（不含个人信息）", request=request)
        return exports.as_file(f"{title} {timezone.localdate():%Y%m%d}.xlsx", data)


def period_words(kind: str) -> tuple[str, str]:
    """Return what a kind's present and last period are called."""
    return {1: ("本月", "上月"), 3: ("本季", "上季"), 12: ("今年", "去年")}.get(
        frequency.months_of(kind), ("本期", "上期")
    )


def asked_month(text: str) -> date:
    """Return the first day of the month that an address asks for, of the present one for what is none."""
    today = timezone.localdate().replace(day=1)
    year, dash, month = text.partition("-")
    if not (dash and len(text) == 7 and text.isascii() and year.isdigit() and month.isdigit()):
        return today
    if not (2000 <= int(year) <= today.year + 2 and 1 <= int(month) <= 12):
        return today
    return date(int(year), int(month), 1)
