"""The organisations at the desk: the list, the page of one with who leads it and what is below it, and its changes."""

from types import SimpleNamespace
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode

from governance.admin.base import Named, ReadOnlyAdmin
from governance.admin.choices import could_be_key
from governance.admin.desk import Card
from governance.admin.exporting import Exported
from governance.admin.filters import PlaceFilter
from governance.admin.verbs import verb_page
from governance.templatetags import ui
from parties import hints
from parties.admin import choosing, elections
from parties.admin.changes import Changes
from parties.admin.filters import (
    FormFilter,
    InForceFilter,
    KindFilter,
    LackingFilter,
    LifeFilter,
    OrganisationFilter,
)
from parties.admin.tree import TreePages
from parties.forms.organisations import SetUpForm
from parties.models import CoveredUnit, HubHousehold, Meeting, Member, Officer, Organisation, PartyOrgType
from parties.reports.tree import children_of
from parties.services.organisations import set_up

T = PartyOrgType
#: Lines of each part of an organisation's page; the rest is behind the link to the list.
MOST_LINES = 50


@admin.register(Organisation)
class OrganisationAdmin(Exported, TreePages, Changes, ReadOnlyAdmin):
    change_list_template = "parties/desk_organisations.html"
    list_display = (
        "heading",
        "kind_chip",
        "form",
        "parent_name",
        "place",
        "members_number",
        "hints_chip",
        "term",
    )
    list_display_links = ("heading",)
    list_filter = (
        KindFilter,
        FormFilter,
        LackingFilter,
        LifeFilter,
        InForceFilter,
        PlaceFilter,
        OrganisationFilter,
    )
    search_fields = ("name",)
    search_help_text = "搜名称里的字"
    ordering = ("grid", "kind", "pk")
    export_columns = [
        ("名称", 32, lambda row: row.name),
        ("类别", 12, lambda row: row.get_kind_display()),
        ("支部类型", 18, lambda row: row.get_form_display()),
        ("上级党组织", 28, lambda row: row.parent.name if row.parent_id else ""),
        ("所在网格", 22, lambda row: str(row.grid)),
        ("网格编码", 18, lambda row: row.grid_id),
        ("党员", 8, lambda row: row.members_count),
        ("正式党员", 10, lambda row: row.full_count),
        ("成立日期", 14, lambda row: row.established_on),
        ("本届起", 14, lambda row: row.term_from),
        ("本届至", 14, lambda row: row.term_until),
        ("主题党日", 10, lambda row: row.theme_day or ""),
        ("活动场所", 28, lambda row: row.address),
        ("联系电话", 16, lambda row: row.phone),
        ("撤销日期", 14, lambda row: row.ended_on),
    ]  # fmt: skip

    # --- list -------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Return what the person sees; for the other side of a transfer, what she may choose."""
        match = request.resolver_match
        if (
            match is not None
            and match.url_name == "autocomplete"
            and request.GET.get("field_name") == "target"
        ):
            return Organisation.objects.restrict(request.user, "choose").order_by(*self.ordering)
        return hints.with_sizes(super().get_queryset(request).with_place())

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> Any:
        found, distinct = super().get_search_results(request, queryset, search_term)
        match = request.resolver_match
        if match is not None and match.url_name == "autocomplete":
            found = found.in_force()
            if request.GET.get("field_name") == "group":
                found = found.filter(kind=T.GROUP)
            elif request.GET.get("model_name") == "disclosure":
                found = found.exclude(kind=T.GROUP)
            elif request.GET.get("field_name") in ("organisation", "target"):
                found = found.filter(kind__in=(T.COMMITTEE, T.GENERAL_BRANCH, T.BRANCH))
        return found, distinct

    def choice_title(self, organisation: Organisation) -> str:
        return organisation.name

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {
            "tree_url": self.link(None, "tree"),
            "rates_url": self.link(None, "rates"),
            "map_url": self.link(None, "map"),
            "add_url": self.link(None, "add") if self.has_add_permission(request) else "",
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    @admin.display(description="名称", ordering="name")
    def heading(self, organisation: Organisation) -> str:
        return format_html('<span class="dk-heading">{}</span>', organisation.name)

    @admin.display(description="类别", ordering="kind")
    def kind_chip(self, organisation: Organisation) -> str:
        return kind_chip(organisation)

    @admin.display(description="上级", ordering="parent_id")
    def parent_name(self, organisation: Organisation) -> str:
        return organisation.parent.name if organisation.parent_id else ""

    @admin.display(description="所在网格", ordering="grid")
    def place(self, organisation: Organisation) -> str:
        return str(organisation.entrance or organisation.grid)

    @admin.display(description="党员")
    def members_number(self, organisation: Organisation) -> str:
        return f"{organisation.members_count} 人"

    @admin.display(description="提示")
    def hints_chip(self, organisation: Organisation) -> str:
        if organisation.ended_on is not None:
            return ui.chip("已撤销")
        number = len(hints.of_organisation(organisation))
        return ui.chip(f"{number} 项提示", "caution") if number else ui.chip("齐全", "good")

    @admin.display(description="本届至", ordering="term_until")
    def term(self, organisation: Organisation) -> str:
        return f"{organisation.term_until:%Y-%m-%d}" if organisation.term_until else ""

    # --- addresses --------------------------------------------------------------------------------------------------
    def get_urls(self) -> list:
        view, name = self.admin_site.admin_view, "parties_organisation"
        return [
            *self.tree_urls(view, name),
            *self.change_urls(view, name),
            *super().get_urls(),
        ]

    # --- the page ---------------------------------------------------------------------------------------------------
    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show an organisation. There is no form of its columns: what changes it are its changes."""
        if object_id is None:
            raise Http404
        organisation, user = self.reach(request, object_id), request.user
        decides = organisation.ended_on is None and organisation.is_decided_by(user)
        voting = elections.of_organisation(request, organisation)
        buttons = self.buttons(request, organisation, decides)
        if voting.get("open_url"):
            buttons.insert(0, {"words": "开始换届", "url": voting["open_url"]})
        elif voting.get("now_url"):
            buttons.insert(0, {"words": "正在换届", "url": voting["now_url"]})
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": organisation.name,
            "opts": self.model._meta,
            "original": Named(organisation, organisation.name),
            "organisation": organisation,
            "kind": kind_chip(organisation),
            "trail": self.trail(request, organisation),
            "facts": [(label, value) for label, value in self.facts(organisation) if value not in ("", None)],
            "hints": hints.of_organisation(organisation),
            "buttons": buttons,
            "elections": voting,
            "officers": self.officers(request, organisation, decides),
            "duty_url": self.link(organisation, "duty") if decides else "",
            "children": children_of(user, organisation),
            "changes": organisation.changes.restrict(user).select_related("by")[:MOST_LINES],
            "lists": self.lists(request, organisation),
            "tree_url": f"{self.link(None, 'tree')}?{urlencode({'at': organisation.pk})}",
            "picture_url": self.link(organisation, "picture"),
            "history": self.link(organisation, "history"),
            "back": self.link(None, "changelist"),
            "has_permission": True,
        }
        return TemplateResponse(request, "parties/desk_organisation.html", context)

    def trail(self, request: HttpRequest, organisation: Organisation) -> list[tuple[str, str]]:
        """Return the way down from the highest superior that the person sees: (address, name)."""
        above = Organisation.objects.restrict(request.user).filter(unit__in=organisation.units)
        return [
            (self.link(each), each.name)
            for each in above.exclude(pk=organisation.pk).order_by("kind").only("pk", "name")
        ]

    def facts(self, organisation: Organisation) -> list[tuple[str, Any]]:
        """Return what the page says of an organisation."""
        row = organisation
        term = f"{ui.cn_date(row.term_from)} 至 {ui.cn_date(row.term_until)}" if row.term_until else ""
        return [
            ("类别", row.get_form_display() or row.get_kind_display()),
            ("上级", row.parent.name if row.parent_id else ""),
            ("所在网格", f"{row.grid}（{row.grid_id}）"),
            ("楼门", str(row.entrance) if row.entrance_id else ""),
            ("党员", f"{row.members_count} 人，其中正式 {row.full_count} 人" if row.has_members
             else f"{row.members_count} 人" if row.kind == T.GROUP else ""),
            ("本届任期", term),
            ("主题党日", f"每月 {row.theme_day} 日" if row.theme_day else ""),
            ("活动场所", row.address),
            ("联系电话", row.phone),
            ("成立日期", ui.cn_date(row.established_on)),
            ("撤销日期", ui.cn_date(row.ended_on) if row.ended_on else ""),
            ("并入", row.merged_into.name if row.merged_into_id else ""),
        ]  # fmt: skip

    def officers(
        self, request: HttpRequest, organisation: Organisation, decides: bool
    ) -> list[SimpleNamespace]:
        """Return who holds which duty now, in the order of the duties. Who leads is named, as she is everywhere else."""
        order = list(Officer.Duty.values)
        rows = (
            Officer.objects.restrict(request.user)
            .in_office()
            .filter(organisation=organisation)
            .select_related("member", "post")
        )
        return [
            SimpleNamespace(
                name=each.member.name,
                duty=each.get_duty_display(),
                besides=each.get_committee_duty_display() if each.committee_duty else "",
                since=each.since,
                until=each.until,
                signs_in=each.post_id is not None,
                end_url=self.link(organisation, "end_duty", each.pk) if decides else "",
            )
            for each in sorted(rows[:MOST_LINES], key=lambda each: order.index(each.duty))
        ]

    def lists(self, request: HttpRequest, organisation: Organisation) -> list[tuple[str, str, int]]:
        """Return the lists of what belongs to an organisation: (words, address, number)."""
        user, found = request.user, []
        for model, words, rows in (
            (Member, "党员名册", lambda: Member.objects.restrict(user).on_roll()),
            (HubHousehold, "党员中心户", lambda: HubHousehold.objects.restrict(user).filter(until=None)),
            (CoveredUnit, "兜底单位", lambda: CoveredUnit.objects.restrict(user).current()),
            (Meeting, "组织生活", lambda: Meeting.objects.restrict(user).standing()),
        ):
            if user.may("view", model):
                url = reverse(f"admin:parties_{model._meta.model_name}_changelist")
                number = rows().filter(units__contains=[organisation.unit_id]).count()
                found.append((words, f"{url}?{urlencode({'org': organisation.pk})}", number))
        return found

    # --- setting up -------------------------------------------------------------------------------------------------
    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.may("add", Organisation)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Set up an organisation below one that the person decides about."""
        if not self.has_add_permission(request):
            raise Http404
        from grids.models import Entrance

        given = request.GET.get("parent", "")
        parents = choosing.superiors(request)
        parent = parents.filter(pk=given).first() if could_be_key(given) else None
        form = SetUpForm(
            request.POST or None,
            parents=parents,
            grids=choosing.places_to_found(request),
            entrances=Entrance.objects.restrict(request.user),
            initial={"parent": parent, "grid": parent.grid_id if parent is not None else None},
        )
        for name in ("parent", "grid", "entrance"):
            form.fields[name].widget = choosing.box(Organisation, name)
            form.fields[name].widget.choices = form.fields[name].choices

        def run(asked: dict[str, Any]) -> str:
            return self.link(set_up(by=request.user, **asked))

        return verb_page(
            self,
            request,
            title="设立党组织",
            form=form,
            run=run,
            button="设立",
            done="已设立。下一步：登记党员，选出书记（组长）。",
            back=self.link(parent) if parent is not None else self.link(None, "changelist"),
            hint="由上级党组织设立，要在上级的网格范围里。",
            template="parties/desk_setup.html",
        )

    # --- desk -------------------------------------------------------------------------------------------------------
    def cards(self, request: HttpRequest) -> list[Card]:
        """Return what is to be looked at in the tree, for those who decide about organisations."""
        if not request.user.may("change", Organisation):
            return []
        rows = hints.with_sizes(Organisation.objects.restrict(request.user, "change").in_force())
        today, here = timezone.localdate(), self.link(None, "changelist")
        late = rows.filter(term_until__lt=today)
        soon = rows.filter(term_until__gte=today, term_until__lte=today + hints.SOON)
        headless = rows.filter(headed=False).exclude(kind=T.STREET_COMMITTEE)
        return [
            Card("届满没换届", f"{here}?hint=over", late, tone="danger", icon="event_busy", order=10),
            Card("半年内届满", f"{here}?hint=soon", soon, tone="caution", icon="event", order=11),
            Card("没有书记（组长）", f"{here}?hint=headless", headless, tone="caution", icon="person_off", order=12),
        ]  # fmt: skip


def kind_chip(organisation: Organisation) -> str:
    """Return an organisation's kind as a chip."""
    tones = {
        T.STREET_COMMITTEE: "danger",
        T.COMMITTEE: "danger",
        T.GENERAL_BRANCH: "caution",
        T.BRANCH: "brand",
    }
    return ui.chip(organisation.get_kind_display(), tones.get(organisation.kind, "info"))
