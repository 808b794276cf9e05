"""Disclosures at the desk: the ledger, an item with its four steps, drafting one, and how much each organisation disclosed in a month."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from governance import audit, exports
from governance.admin.desk import Card
from governance.admin.filters import ChoiceFilter, PlaceFilter, StatusFilter
from governance.admin.matters import MatterAdmin, link_to
from governance.admin.verbs import verb_page
from governance.models import AccessEvent
from governance.templatetags import ui
from parties import disclosure_hints
from parties.admin import choosing
from parties.admin.filters import OrganisationFilter
from parties.forms.disclosures import DISCLOSURE_FORMS, DraftForm, readable_members
from parties.models import Category, Disclosure, DisclosureStatus, Scope
from parties.models.disclosures import CLEARED
from parties.reports.disclosures import SHORT, WAS_OUT, ledger, month_of, months
from parties.services.disclosures import draft_disclosure, may_disclose

S = DisclosureStatus
#: Chips of the scopes, the widest first.
SCOPE_TONES = {
    Scope.SOCIETY: "good",
    Scope.WHOLE_PARTY: "brand",
    Scope.AREA: "info",
    Scope.CERTAIN: "caution",
}


class ScopeFilter(ChoiceFilter):
    title, parameter_name = "公开范围", "scope"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Scope.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(scope=chosen) if chosen else queryset


class CategoryFilter(ChoiceFilter):
    title, parameter_name = "公开内容", "category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Category.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        return queryset.filter(category=chosen) if chosen else queryset


@admin.register(Disclosure)
class DisclosureAdmin(MatterAdmin):
    add_action = "keep"
    action_forms = DISCLOSURE_FORMS
    change_list_template = "parties/desk_disclosures.html"
    main_actions = ("review", "approve", "publish", "propose", "correct")
    action_asides = dict.fromkeys(
        ("review", "send_back", "approve", "disapprove", "publish"), "parties/desk_disclosure_aside.html"
    )
    lines_clear = False
    # There are no deadlines.
    on_desk = False
    also_shown = ("organisation",)
    list_display = (
        "heading",
        "status_chip",
        "scope_chip",
        "category_name",
        "organisation_name",
        "out_since",
        "opened",
    )
    list_filter = (StatusFilter, ScopeFilter, CategoryFilter, PlaceFilter, OrganisationFilter)
    search_help_text = "搜编号、标题、正文或党组织名称里的词"
    tones = {
        S.PROPOSED: "brand", S.RETURNED: "danger", S.REVIEWED: "brand", S.APPROVED: "caution", S.SCHEDULED: "info",
        S.PUBLISHED: "good",
    }  # fmt: skip
    export_columns = [
        ("编号", 32, lambda row: row.number),
        ("党组织", 30, lambda row: row.organisation.name),
        ("标题", 36, lambda row: row.title),
        ("公开内容", 26, lambda row: row.get_category_display()),
        ("公开范围", 20, lambda row: row.get_scope_display()),
        ("状态", 10, lambda row: row.get_status_display()),
        ("版次", 6, lambda row: row.edition),
        ("更正说明", 24, lambda row: row.correction),
        ("提出人", 12, lambda row: str(row.proposed_by or "")),
        ("提出时间", 18, lambda row: row.proposed_at),
        ("审核人", 12, lambda row: str(row.reviewed_by or "")),
        ("审核时间", 18, lambda row: row.reviewed_at),
        ("审批人", 12, lambda row: str(row.approved_by or "")),
        ("审批时间", 18, lambda row: row.approved_at),
        ("公开起", 18, lambda row: row.public_from),
        ("公开至", 14, lambda row: row.last_day),
        ("正文", 60, lambda row: row.body),
    ]

    # --- which ------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Return what the person works with; what others disclosed to her she reads on her phone."""
        rows = super().get_queryset(request).restrict(request.user, "keep")
        people = ("proposed_by", "reviewed_by", "approved_by", "placed_by")
        return rows.select_related(*people).defer("organisation__units")

    def related_choices(self, db_field: Any, request: HttpRequest) -> QuerySet | None:
        if db_field.name == "organisation":
            return may_disclose(request.user)
        if db_field.name == "readers":
            return readable_members(request.user)
        return super().related_choices(db_field, request)

    # --- list -------------------------------------------------------------------------------------------------------
    @admin.display(description="公开范围", ordering="scope")
    def scope_chip(self, disclosure: Disclosure) -> str:
        return ui.chip(disclosure.get_scope_display(), SCOPE_TONES[Scope(disclosure.scope)])

    @admin.display(description="公开内容", ordering="category")
    def category_name(self, disclosure: Disclosure) -> str:
        return disclosure.get_category_display()

    @admin.display(description="党组织", ordering="organisation")
    def organisation_name(self, disclosure: Disclosure) -> str:
        return disclosure.organisation.name

    @admin.display(description="公开", ordering="public_from")
    def out_since(self, disclosure: Disclosure) -> str:
        return f"{timezone.localdate(disclosure.public_from):%Y-%m-%d}" if disclosure.public_from else ""

    def row_title(self, disclosure: Disclosure) -> str:
        more = f"（第 {disclosure.edition} 版）" if disclosure.edition > 1 else ""
        return f"{disclosure.title}{more}"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {"ledger_url": self.link(None, "ledger"), **(extra_context or {})}
        return super().changelist_view(request, context)

    # --- page -------------------------------------------------------------------------------------------------------
    def facts(self, request: HttpRequest, disclosure: Disclosure) -> list[tuple[str, Any]]:
        """Return what the page says of an item besides its words."""
        public = link_to(disclosure.get_absolute_url(), "看公开的页面") if disclosure.is_out else ""
        out = ui.cn_datetime(disclosure.public_from) if disclosure.public_from else ""
        return [
            ("编号", disclosure.number),
            ("党组织", disclosure.organisation.name),
            ("公开内容", disclosure.get_category_display()),
            ("公开范围", disclosure.get_scope_display()),
            ("特定人员", self.named(request, disclosure)),
            ("版次", f"第 {disclosure.edition} 版" if disclosure.edition > 1 else ""),
            ("更正说明", disclosure.correction),
            ("上一版", self.before(request, disclosure)),
            ("公开起", out),
            ("公开至", ui.cn_date(disclosure.last_day) if disclosure.last_day else ""),
            ("公开页面", public),
        ]

    def named(self, request: HttpRequest, disclosure: Disclosure) -> str:
        """Return the names of those to whom it is opened, as the person may read them."""
        if disclosure.scope != Scope.CERTAIN:
            return ""
        members = disclosure.readers.all()
        return "、".join(choosing.names_of(members, request.user))

    def before(self, request: HttpRequest, disclosure: Disclosure) -> Any:
        """Return a link to the edition before."""
        if not disclosure.original_id:
            return ""
        rows = self.get_queryset(request).filter(edition__lt=disclosure.edition).exclude(status=S.DROPPED)
        rows = rows.filter(Q(original=disclosure.original_id) | Q(pk=disclosure.original_id))
        found = rows.order_by("-edition").first()
        return link_to(self.link(found), f"第 {found.edition} 版 {found.number}") if found is not None else ""

    def panels(self, request: HttpRequest, disclosure: Disclosure, clear: bool) -> list[dict[str, Any]]:
        """Return the words as they are going to be read (``background`` has them)."""
        return [{"title": "正文", "template": "parties/desk_disclosure_body.html"}]

    def background(self, request: HttpRequest, disclosure: Disclosure, clear: bool = False) -> dict[str, Any]:
        """Return the facts, the record and the four steps; whoever reviews or approves has the words below her form."""
        return super().background(request, disclosure, clear) | {
            "lead": "parties/desk_disclosure_steps.html", "stages": stages(disclosure),
            "paragraphs": disclosure.paragraphs, "hints": disclosure_hints.of_disclosure(disclosure),
        }  # fmt: skip

    def continued(self, disclosure: Disclosure) -> Disclosure:
        """After a correction was begun, its draft."""
        first = disclosure.original or disclosure
        draft = first.editions.filter(status=S.DRAFT, edition__gt=disclosure.edition).first()
        return draft or disclosure

    # --- drafting one -----------------------------------------------------------------------------------------------
    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.may("keep", Disclosure)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Draft an item. Putting it forward is the next step, on its page."""
        if not self.has_add_permission(request):
            raise Http404
        form = DraftForm(request.POST or None, request.FILES or None, user=request.user)

        def run(given: dict[str, Any]) -> str:
            return self.link(draft_disclosure(by=request.user, **given))

        return verb_page(
            self, request, title="起草党务公开", form=form, run=run, button="保存草稿",
            done="已保存草稿。核对无误后，点“提出公开”交给另一个人审核。", back=self.link(None, "changelist"),
            hint="程序：提出、审核、审批、公开，提出、审核、审批由三个人分别办理。",
        )  # fmt: skip

    # --- the month's ledger -----------------------------------------------------------------------------------------
    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.ledger_view)
        return [path("ledger/", view, name="parties_disclosure_ledger"), *super().get_urls()]

    def ledger_view(self, request: HttpRequest) -> HttpResponse:
        """Show how much each organisation disclosed in a month (GET), or hand the table out (POST)."""
        if not self.has_module_permission(request):
            raise Http404
        today = timezone.localdate()
        month = month_of(request.GET.get("month", ""), today)
        lines = ledger(request.user, month)
        words = f"{month.year} 年 {month.month} 月"
        if request.method == "POST":
            if not request.user.may("export", Disclosure):
                raise Http404
            columns: list[exports.Column] = [("党组织", 36, lambda line: line.name)]
            columns += [(label, 12, lambda line, key=key: line.counts[key]) for key, label in SHORT.items()]
            columns.append(("合计", 8, lambda line: line.total))
            title = f"党务公开月台账 {words}"
            data = exports.workbook("党务公开月台账", columns, lines)
            audit.record(
                AccessEvent.Kind.EXPORT, request.user, f"导出{title}（不含个人信息）", request=request
            )
            return exports.as_file(f"{title}.xlsx", data)
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": "党务公开月台账",
            "opts": self.model._meta,
            "month": month,
            "words": words,
            "months": months(today),
            "columns": list(SHORT.values()),
            "rows": [(line, list(line.counts.values())) for line in lines],
            "sums": [sum(line.counts[key] for line in lines) for key in Category.values],
            "total": sum(line.total for line in lines),
            "may_export": request.user.may("export", Disclosure),
            "back": self.link(None, "changelist"),
            "has_permission": True,
        }
        return TemplateResponse(request, "parties/desk_disclosure_ledger.html", context)

    # --- desk -------------------------------------------------------------------------------------------------------
    def cards(self, request: HttpRequest) -> list[Card]:
        """Return what waits for this person: for her review, her approval, to be published, to be mended."""
        user = request.user
        if not user.may("keep", Disclosure):
            return []
        mine = Disclosure.objects.restrict(user, "keep")
        asked = [
            (
                "待我审核的党务公开",
                S.PROPOSED,
                mine.to_review_by(user),
                "brand",
                "fact_check",
                6,
            ),
            ("审批通过、待公开", S.APPROVED, mine.filter(status=S.APPROVED), "caution", "campaign", 8),
            ("退回的党务公开", S.RETURNED, mine.filter(status=S.RETURNED), "danger", "undo", 9),
        ]
        if user.may("approve", Disclosure):
            rows = mine.to_approve_by(user)
            asked.insert(1, ("待我审批的党务公开", S.REVIEWED, rows, "brand", "approval", 7))
        return [
            self.card(request, label, f"status={status}", rows, tone=tone, icon=icon, order=order)
            for label, status, rows, tone, icon, order in asked
        ]


def stages(disclosure: Disclosure) -> list[dict[str, Any]]:
    """Return the four steps: name, state (done, now, todo), who and when."""
    status = disclosure.status
    reached = {S.PROPOSED: 1, S.REVIEWED: 2, S.APPROVED: 3, S.SCHEDULED: 3}.get(S(status), 0)
    if status in WAS_OUT:
        reached = 4
    if status == S.DROPPED:
        reached = -1
    told = [
        ("提出", disclosure.proposed_by, disclosure.proposed_at),
        ("审核", disclosure.reviewed_by, disclosure.reviewed_at),
        ("审批", disclosure.approved_by, disclosure.approved_at),
        ("公开", None, disclosure.public_from if status in CLEARED else None),
    ]
    return [
        {
            "name": name,
            "state": "done" if number < reached else "now" if number == reached else "todo",
            "who": str(who) if who else "",
            "at": at if number < reached or status == S.DROPPED or number == 3 else None,
        }
        for number, (name, who, at) in enumerate(told)
    ]
