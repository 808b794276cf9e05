"""Part-time members of joint committees at the desk: the list, one's page with the way by which she got the seat, mending it."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.db.models.functions import Length
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html

from governance import masks
from governance.admin.base import Named, ReadOnlyAdmin, cleaned
from governance.admin.choices import could_be_key
from governance.admin.exporting import Exported
from governance.admin.filters import ChoiceFilter, PlaceFilter
from governance.admin.verbs import reveal_page, verb_page
from governance.templatetags import ui
from governance.territory import GridLevel
from parties.forms.joint import PartTimeForm, values_of
from parties.models import JointCommittee, PartTimeMember
from parties.models.joint import WAY
from parties.services.joint import keep_part_time

LEVELS = {"street": GridLevel.STREET, "community": GridLevel.COMMUNITY}


class LevelFilter(ChoiceFilter):
    title, parameter_name = "类别", "level"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("street", "大工委"), ("community", "大党委")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        if chosen is None:
            return queryset
        return queryset.annotate(long=Length("grid")).filter(long=int(LEVELS[chosen]))


class SeatFilter(ChoiceFilter):
    """Those in office, unless others are asked for."""

    title, parameter_name, usual = "任期", "term", "在任"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("unfiled", "程序没填齐的"), ("past", "已卸任"), ("all", "全部")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        if chosen == "all":
            return queryset
        if chosen == "past":
            return queryset.filter(until__lt=timezone.localdate())
        rows = queryset.in_office()
        return rows.filter(UNFILED) if chosen == "unfiled" else rows


#: Part-time members of whom a day of their way is not entered.
UNFILED = Q(recommended_on=None) | Q(agreed_on=None) | Q(approved_on=None) | Q(filed_on=None)


class CommitteeFilter(ChoiceFilter):
    """The members of one committee. It stands on the list only when an address names one."""

    title, parameter_name = "所属", "committee"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        named = self.named
        if not could_be_key(named):
            return []
        found = JointCommittee.objects.restrict(request.user).filter(pk=named).select_related("grid").first()
        return [(named, str(found))] if found is not None else []

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(committee=chosen) if chosen else queryset


@admin.register(PartTimeMember)
class PartTimeMemberAdmin(Exported, ReadOnlyAdmin):
    list_display = ("heading", "committee_name", "duty_shown", "phone_shown", "since", "until", "way")
    list_display_links = ("heading",)
    list_filter = (LevelFilter, SeatFilter, PlaceFilter, CommitteeFilter)
    search_fields = ("name",)
    search_help_text = "搜姓名、单位或手机号"
    ordering = ("grid", "committee", "pk")
    export_columns = [
        ("大工委（大党委）", 24, lambda row: str(row.committee)),
        ("姓名", 12, lambda row: row.name),
        ("所在单位", 30, lambda row: row.employer),
        ("单位职务", 18, lambda row: row.duty),
        ("手机号", 16, lambda row: masks.phone(row.phone)),
        ("任职起", 14, lambda row: row.since),
        ("任职至", 14, lambda row: row.until),
        *((f"{words}日期", 14, lambda row, column=column: getattr(row, column)) for column, words in WAY.items()),
        ("批准文号", 24, lambda row: row.document),
    ]  # fmt: skip

    # --- list -------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request).select_related("committee__grid")
        rows = rows.defer("committee__grid__boundary", "committee__units", "units")
        return rows.with_clear(request.user)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> Any:
        """Search by name and unit; by phone where it is open: a search over masked numbers would tell them."""
        text = cleaned(search_term).strip()
        if not text:
            return queryset, False
        found = Q(name__icontains=text) | Q(employer__icontains=text) | Q(phone=text, clear=True)
        return queryset.filter(found), False

    @admin.display(description="姓名 / 单位", ordering="name")
    def heading(self, member: PartTimeMember) -> str:
        return format_html(
            '<span class="dk-heading">{}<small>{}</small></span>', member.name, member.employer
        )

    @admin.display(description="所属", ordering="committee")
    def committee_name(self, member: PartTimeMember) -> str:
        return str(member.committee)

    @admin.display(description="单位职务")
    def duty_shown(self, member: PartTimeMember) -> str:
        return member.duty

    @admin.display(description="手机号")
    def phone_shown(self, member: PartTimeMember) -> str:
        return masks.shown(member, "phone", clear=member.clear)

    @admin.display(description="程序")
    def way(self, member: PartTimeMember) -> str:
        lacking = [words for column, words in WAY.items() if getattr(member, column) is None]
        return ui.chip(f"缺{'、'.join(lacking)}", "caution") if lacking else ui.chip("齐全", "good")

    # --- addresses --------------------------------------------------------------------------------------------------
    def get_urls(self) -> list:
        view, name = self.admin_site.admin_view, "parties_parttimemember"
        return [
            path("<int:object_id>/mend/", view(self.mend_view), name=f"{name}_mend"),
            path("<int:object_id>/reveal/<slug:field>/", view(self.reveal_view), name=f"{name}_reveal"),
            *super().get_urls(),
        ]

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show a part-time member and by which way she got the seat."""
        if object_id is None:
            raise Http404
        member, user = self.reach(request, object_id), request.user
        buttons = []
        if user.may("change", member):
            buttons.append({"words": "修改", "url": self.link(member, "mend")})
        if member.phone and not member.clear and user.may("reveal", member):
            buttons.append({"words": "查看手机号", "url": self.link(member, "reveal", "phone")})
        until = ui.cn_date(member.until) if member.until else "未定"
        facts = [
            ("所在单位", member.employer),
            ("单位职务", member.duty),
            ("手机号", self.phone_shown(member)),
            ("任期", f"{ui.cn_date(member.since)} 至 {until}"),
            *((words, ui.cn_date(day) if (day := getattr(member, column)) else "没有填") for column, words in WAY.items()),
            ("批准文号", member.document),
        ]  # fmt: skip
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": member.name,
            "opts": self.model._meta,
            "original": Named(member, member.name),
            "member": member,
            "committee_url": reverse("admin:parties_jointcommittee_change", args=[member.committee_id]),
            "facts": [(label, value) for label, value in facts if value],
            "buttons": buttons,
            "back": self.link(None, "changelist"),
            "history": self.link(member, "history"),
            "has_permission": True,
        }
        return TemplateResponse(request, "parties/desk_part_time.html", context)

    def mend_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        member = self.reach(request, str(object_id))
        if not request.user.may("change", member):
            raise Http404
        closed = bool(member.phone) and not member.clear
        form = PartTimeForm(request.POST or None, initial=values_of(member, PartTimeForm), closed=closed)

        def run(given: dict[str, Any]) -> None:
            for name, value in given.items():
                setattr(member, name, value)
            keep_part_time(member, by=request.user)

        return verb_page(
            self, request, title="修改兼职委员", form=form, run=run, done="已保存。", back=self.link(member),
            obj=member, button="保存", template="parties/desk_setup.html", hint="不再担任的，填任职至。",
        )  # fmt: skip

    def row_title(self, member: PartTimeMember) -> str:
        return member.name

    def reveal_view(self, request: HttpRequest, object_id: int, field: str) -> HttpResponse:
        """Show one masked column in clear, once, for a reason that the access log keeps."""
        return reveal_page(self, request, self.reach(request, str(object_id)), field)
