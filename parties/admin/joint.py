"""Joint committees at the desk: the list, a committee's page with its part-time members, the figures by place."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode

from governance import audit, exports
from governance.admin.base import DeskList, Named, ReadOnlyAdmin
from governance.admin.exporting import Exported
from governance.admin.filters import PlaceFilter
from governance.admin.verbs import verb_page
from governance.models import AccessEvent
from governance.templatetags import ui
from governance.territory import GridLevel, asked_node
from grids.models import Grid
from grids.reach import top_of
from parties import hints
from parties.admin.filters import InForceFilter
from parties.admin.part_time import LevelFilter
from parties.forms.joint import CommitteeForm, EndForm, PartTimeForm, values_of
from parties.models import JointCommittee, Officer, Organisation, PartTimeMember
from parties.models.joint import WAY
from parties.reports import joint as figures
from parties.services.joint import end_committee, founders, keep_committee, keep_part_time

#: Members on a committee's page.
MOST_LINES = 60


class StandingFilter(InForceFilter):
    usual, ended = "现有的", "已撤销"


class CommitteeList(DeskList):
    """The list, which reads the seats of the organisations on the page in one statement, for the hints."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        give_seats(self.result_list, request.user)


@admin.register(JointCommittee)
class JointCommitteeAdmin(Exported, ReadOnlyAdmin):
    change_list_template = "governance/desk_counted.html"
    list_display = ("heading", "organisation_name", "number", "unfiled", "established_on", "hints_chip")
    list_display_links = ("heading",)
    list_filter = (LevelFilter, StandingFilter, PlaceFilter)
    search_fields = ("organisation__name", "grid__name")
    search_help_text = "搜地点或党组织名称"
    ordering = ("grid", "pk")
    export_columns = [
        ("名称", 26, str),
        ("党组织", 30, lambda row: row.organisation.name),
        ("兼职委员", 10, lambda row: row.number_now),
        ("程序没填齐的", 14, lambda row: row.unfiled_now),
        ("成立日期", 14, lambda row: row.established_on),
        ("成立文号", 24, lambda row: row.document),
        ("撤销日期", 14, lambda row: row.ended_on),
        ("备注", 30, lambda row: row.note),
    ]  # fmt: skip

    # --- list -------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Return the committees, each with ``number_now`` and ``unfiled_now`` of its members and ``seats_now`` of the organisation's."""
        today = timezone.localdate()
        now = Q(members__since__lte=today) & (Q(members__until=None) | Q(members__until__gte=today))
        lacking = Q()
        for column in WAY:
            lacking |= Q(**{f"members__{column}": None})
        rows = super().get_queryset(request).select_related("organisation", "grid")
        rows = rows.defer("grid__boundary", "organisation__units", "units")
        return rows.annotate(
            number_now=Count("members", filter=now), unfiled_now=Count("members", filter=now & lacking)
        )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[DeskList]:
        return CommitteeList

    def row_title(self, committee: JointCommittee) -> str:
        return str(committee)

    @admin.display(description="名称", ordering="grid")
    def heading(self, committee: JointCommittee) -> str:
        return format_html('<span class="dk-heading">{}</span>', committee)

    @admin.display(description="党组织", ordering="organisation")
    def organisation_name(self, committee: JointCommittee) -> str:
        return committee.organisation.name

    @admin.display(description="兼职委员", ordering="number_now")
    def number(self, committee: JointCommittee) -> str:
        return f"{committee.number_now} 名"

    @admin.display(description="程序没填齐", ordering="unfiled_now")
    def unfiled(self, committee: JointCommittee) -> str:
        return f"{committee.unfiled_now} 名" if committee.unfiled_now else ""

    @admin.display(description="提示")
    def hints_chip(self, committee: JointCommittee) -> str:
        if committee.is_ended:
            return ui.chip("已撤销")
        number = len(hints_of(committee))
        return ui.chip(f"{number} 项提示", "caution") if number else ui.chip("齐全", "good")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {
            "figures_url": self.link(None, "figures"),
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    # --- addresses --------------------------------------------------------------------------------------------------
    def get_urls(self) -> list:
        view, name = self.admin_site.admin_view, "parties_jointcommittee"
        return [
            path("figures/", view(self.figures_view), name=f"{name}_figures"),
            path("<int:object_id>/mend/", view(self.mend_view), name=f"{name}_mend"),
            path("<int:object_id>/end/", view(self.end_view), name=f"{name}_end"),
            path("<int:object_id>/seat/", view(self.seat_view), name=f"{name}_seat"),
            *super().get_urls(),
        ]

    # --- the page ---------------------------------------------------------------------------------------------------
    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show a committee with its members."""
        if object_id is None:
            raise Http404
        committee, user = self.reach(request, object_id), request.user
        give_seats([committee], user)
        changes = not committee.is_ended and user.may("change", committee)
        members = PartTimeMember.objects.restrict(user).in_office().filter(committee=committee)
        list_url = reverse("admin:parties_parttimemember_changelist")
        buttons = [
            {"words": "登记兼职委员", "url": self.link(committee, "seat")},
            {"words": "修改", "url": self.link(committee, "mend")},
            {"words": "撤销", "url": self.link(committee, "end"), "danger": True},
        ]
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": str(committee),
            "opts": self.model._meta,
            "original": Named(committee, str(committee)),
            "committee": committee,
            "hints": [] if committee.is_ended else hints_of(committee),
            "buttons": buttons if changes else [],
            "members": members.with_clear(user)[:MOST_LINES],
            "all_url": f"{list_url}?{urlencode({'committee': committee.pk, 'term': 'all'})}",
            "back": self.link(None, "changelist"),
            "history": self.link(committee, "history"),
            "has_permission": True,
        }
        return TemplateResponse(request, "parties/desk_committee.html", context)

    def changing(self, request: HttpRequest, object_id: int) -> JointCommittee:
        """Return a committee in force. Raises Http404 for one that the person may not change."""
        committee = self.reach(request, str(object_id))
        if committee.is_ended or not request.user.may("change", committee):
            raise Http404
        return committee

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.may("add", JointCommittee)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Set up a joint committee."""
        if not self.has_add_permission(request):
            raise Http404
        taken = JointCommittee.objects.in_force().values("organisation")
        mine = Organisation.objects.restrict(request.user, "change")
        rows = founders().filter(pk__in=mine.order_by().values("pk")).exclude(pk__in=taken)
        form = CommitteeForm(request.POST or None, organisations=rows.select_related("grid"))

        def run(given: dict[str, Any]) -> str:
            return self.link(keep_committee(JointCommittee(**given), by=request.user))

        return verb_page(
            self, request, title="设大工委、大党委", form=form, run=run, button="登记",
            done="已登记。下一步：登记兼职委员。", back=self.link(None, "changelist"),
        )  # fmt: skip

    def mend_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        committee = self.changing(request, object_id)
        form = CommitteeForm(request.POST or None, initial=values_of(committee, CommitteeForm))

        def run(given: dict[str, Any]) -> None:
            for name, value in given.items():
                setattr(committee, name, value)
            keep_committee(committee, by=request.user)

        return verb_page(
            self, request, title="修改", form=form, run=run, done="已保存。", back=self.link(committee),
            obj=committee, button="保存",
        )  # fmt: skip

    def end_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        committee = self.changing(request, object_id)

        def run(given: dict[str, Any]) -> None:
            end_committee(committee, by=request.user, **given)

        return verb_page(
            self, request, title=f"撤销{committee.kind}", form=EndForm(request.POST or None), run=run, done="已撤销。",
            back=self.link(committee), obj=committee, danger=True, button="撤销",
            hint="兼职委员的任期同时结束，记录保留。",
        )  # fmt: skip

    def seat_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Enter a part-time member."""
        committee = self.changing(request, object_id)

        def run(given: dict[str, Any]) -> None:
            keep_part_time(PartTimeMember(committee=committee, **given), by=request.user)

        return verb_page(
            self, request, title="登记兼职委员", form=PartTimeForm(request.POST or None), run=run, done="已登记。",
            back=self.link(committee), obj=committee, button="登记", template="parties/desk_setup.html",
            hint="兼职委员不占职数，不转组织关系。程序走到哪一步就填到哪一步，以后再补。",
        )  # fmt: skip

    # --- figures ----------------------------------------------------------------------------------------------------
    def figures_view(self, request: HttpRequest) -> HttpResponse:
        """Show how many there are by place (GET), or hand the table out (POST)."""
        top = top_of(request.user, "parties.view_jointcommittee")
        if not top or not self.has_module_permission(request):
            raise Http404
        node = asked_node(request.GET.get("in", ""), top)
        if len(node) > GridLevel.COMMUNITY or not Grid.objects.filter(pk=node).exists():
            node = top
        lines, places = figures.table(request.user, node), Grid.objects.way_down(top, node)
        if request.method == "POST":
            title = f"大工委大党委统计 {places[-1][1] if places else ''}"
            columns: list[exports.Column] = [("地区", 22, lambda line: line.name)]
            columns += [
                (words, 14, lambda line, key=key: line.values[key]) for key, words in figures.FIGURES.items()
            ]
            audit.record(
                AccessEvent.Kind.EXPORT, request.user, f"导出{title}（不含个人信息）", request=request
            )
            data = exports.workbook("大工委大党委统计", columns, lines)
            return exports.as_file(f"{title} {timezone.localdate():%Y%m%d}.xlsx", data)
        lists = {
            "street": self.link(None, "changelist"),
            "street_members": reverse("admin:parties_parttimemember_changelist"),
        }
        lists |= {"community": lists["street"], "community_members": lists["street_members"]}
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": "大工委和大党委统计",
            "opts": self.model._meta,
            "places": [(f"?{urlencode({'in': code})}", name) for code, name in places],
            "by": "地区",
            "columns": list(figures.FIGURES.values()),
            "rows": [
                {
                    "name": line.name,
                    "url": f"?{urlencode({'in': line.code})}" if node != line.code and len(line.code) < GridLevel.COMMUNITY else "",
                    "cells": [
                        {
                            "value": line.values[key],
                            "url": f"{lists[key]}?{urlencode({'place': line.code, 'level': key.removesuffix('_members')})}"
                            if key in lists and line.values[key]
                            else "",
                        }
                        for key in figures.FIGURES
                    ],
                }
                for line in lines
            ],
            "notes": ["只算现有的和在任的。还没有设的：街道党工委和社区党组织里没有大工委（大党委）的。"],
            "here": f"?{urlencode({'in': node})}",
            "back": self.link(None, "changelist"),
            "has_permission": True,
        }  # fmt: skip
        return TemplateResponse(request, "governance/desk_figures.html", context)


def give_seats(committees: list[JointCommittee], user: Any) -> None:
    """Give each committee ``seats_now``, how many of its organisation's own committee the person sees. One statement."""
    keys = [each.organisation_id for each in committees]
    seats = Officer.objects.restrict(user).in_office().filter(organisation__in=keys).order_by()
    counted = dict(seats.values_list("organisation").annotate(n=Count("pk")))
    for each in committees:
        each.seats_now = counted.get(each.organisation_id, 0)


def hints_of(committee: JointCommittee) -> list[hints.Hint]:
    """Return what is to be looked at in a committee of the list with ``seats_now``."""
    return hints.of_joint(
        committee.organisation.kind, committee.number_now, committee.seats_now, committee.unfiled_now,
        standing=not committee.organisation.is_ended,
    )  # fmt: skip
