"""The results of an evaluation at the desk: each figure with the very rows it counts, and what a department finds of its own."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html

from governance.admin.base import Named, ReadOnlyAdmin
from governance.admin.exporting import Exported
from governance.admin.filters import ChoiceFilter, PlaceFilter
from governance.admin.matters import link_to
from governance.admin.verbs import verb_page
from governance.permissions import permitted_actions
from governance.slices import page_of
from governance.templatetags import ui
from incidents.admin.whistles import SLIP_TONES, DepartmentFilter
from incidents.flow import scoring
from incidents.forms.evaluation import AnswerScoreForm
from incidents.models import (
    AnswerLine,
    Band,
    Callback,
    CommunityScore,
    Deduction,
    Evaluation,
    EvaluationScore,
    WhistleSlip,
)
from incidents.models.incidents import SATISFIED
from incidents.services.evaluation import answer_score

BAND_TONES = {Band.EXCELLENT: "good", Band.GOOD: "info", Band.FAIR: "caution"}
#: The figures that open their rows, with the words above these.
PARTS = {
    "due": "考评期内到期的哨单",
    "done": "按时报到、按时反馈并获认可的哨单",
    "answered": "纳入考核的回访和评价",
    "satisfied": "满意和基本满意的回访和评价",
    "felt": "各社区打分",
}


def number(value: Fraction | Decimal | None) -> str:
    """Return a figure as it is read: 87.5, 90, or a dash."""
    return "—" if value is None else f"{scoring.rounded(value):f}".removesuffix(".0")


class BandFilter(ChoiceFilter):
    title, parameter_name = "等次", "band"

    def lookups(self, request, model_admin):
        return Band.choices

    def queryset(self, request, queryset):
        chosen = self.checked()
        return queryset.filter(band=chosen) if chosen else queryset


class EvaluationFilter(ChoiceFilter):
    """One evaluation of those in whose results the person finds something."""

    title, parameter_name = "考评", "evaluation"

    def lookups(self, request, model_admin):
        reached = EvaluationScore.objects.restrict(request.user).order_by().values("evaluation")
        rows = Evaluation.objects.filter(pk__in=reached).select_related("grid").defer("grid__boundary")
        return [
            (str(row.pk), f"{row.grid} {row.period}") for row in rows.order_by("-period_until", "grid")[:100]
        ]

    def queryset(self, request, queryset):
        chosen = self.checked()
        return queryset.filter(evaluation=chosen) if chosen else queryset


@admin.register(EvaluationScore)
class EvaluationScoreAdmin(Exported, ReadOnlyAdmin):
    """One department's result, for its own people once it is out, for the street and the district all along."""

    list_display = (
        "heading",
        "period",
        "done",
        "content",
        "felt",
        "off",
        "total_text",
        "band_chip",
    )
    list_display_links = ("heading",)
    list_filter = (EvaluationFilter, BandFilter, DepartmentFilter, PlaceFilter)
    ordering = ("-evaluation__period_until", "grid", "unit__code")
    export_columns = [
        ("街道", 14, lambda row: str(row.grid)),
        ("部门", 18, lambda row: row.unit),
        ("考评期起", 12, lambda row: row.evaluation.period_from),
        ("考评期止", 12, lambda row: row.evaluation.period_until),
        ("按时办结", 10, lambda row: row.completion_done),
        ("到期哨单", 10, lambda row: row.completion_total),
        ("办结率", 10, lambda row: _cell(scoring.completion(row))),
        ("满意", 8, lambda row: row.satisfaction_satisfied),
        ("回访和评价", 10, lambda row: row.satisfaction_answered),
        ("满意度", 10, lambda row: _cell(scoring.satisfaction(row))),
        ("满意度调整理由", 24, lambda row: row.satisfaction_reason),
        ("打分合计", 10, lambda row: row.felt_sum),
        ("打分社区", 10, lambda row: row.felt_count),
        ("服务感受", 10, lambda row: _cell(scoring.felt(row))),
        ("扣分", 8, lambda row: row.deducted),
        ("扣分理由", 40, lambda row: "；".join(str(each) for each in row.deductions.all())),
        ("总分", 8, lambda row: _cell(row.total)),
        ("等次", 8, lambda row: row.get_band_display()),
        ("公布时间", 18, lambda row: row.published_at),
    ]

    # --- list -------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest):
        rows = super().get_queryset(request).select_related("unit", "grid", "evaluation", "evaluation__grid")
        return rows.defer("grid__boundary", "evaluation__grid__boundary").prefetch_related("deductions")

    @admin.display(description="部门 / 街道", ordering="unit")
    def heading(self, score: EvaluationScore) -> str:
        return format_html('<span class="dk-heading">{}<small>{}</small></span>', score.unit, score.grid)

    @admin.display(description="考评期")
    def period(self, score: EvaluationScore) -> str:
        return score.evaluation.period

    @admin.display(description="办结率")
    def done(self, score: EvaluationScore) -> str:
        return number(scoring.completion(score))

    @admin.display(description="满意度")
    def content(self, score: EvaluationScore) -> str:
        return number(scoring.satisfaction(score))

    @admin.display(description="服务感受")
    def felt(self, score: EvaluationScore) -> str:
        return number(scoring.felt(score))

    @admin.display(description="扣分")
    def off(self, score: EvaluationScore) -> str:
        return str(score.deducted or "")

    @admin.display(description="总分", ordering="total")
    def total_text(self, score: EvaluationScore) -> str:
        return number(score.total)

    @admin.display(description="等次", ordering="band")
    def band_chip(self, score: EvaluationScore) -> str:
        return band_chip(score)

    # --- addresses --------------------------------------------------------------------------------------------------
    def get_urls(self) -> list:
        view = self.admin_site.admin_view
        return [
            path("<int:key>/answer/", view(self.answer_view), name="incidents_evaluationscore_answer"),
            path("<int:key>/rows/<slug:part>/", view(self.rows_view), name="incidents_evaluationscore_rows"),
            *super().get_urls(),
        ]

    # --- page -------------------------------------------------------------------------------------------------------
    def changeform_view(
        self, request: HttpRequest, object_id=None, form_url: str = "", extra_context=None
    ) -> HttpResponse:
        """Show one result: how it came about, and what the department answers."""
        if object_id is None:
            raise Http404
        score = self.reach(request, object_id)
        allowed = permitted_actions(request.user, score, {"answer"})
        evaluation = score.evaluation
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": self.row_title(score),
            "opts": self.model._meta,
            "original": Named(score, self.row_title(score)),
            "score": score,
            "evaluation": evaluation,
            "line": score_line(score),
            "rate": rate_text(evaluation) if request.user.may("view", evaluation) else "",
            "deductions": list(Deduction.objects.restrict(request.user).filter(score=score).order_by("pk")),
            "answers": list(
                AnswerLine.objects.restrict(request.user)
                .filter(score=score)
                .select_related("by")
                .order_by("pk")
            ),
            "answer_url": self.link(score, "answer") if "answer" in allowed and score.is_published else "",
            "back": self.link(None, "changelist"),
            "whole": reverse("admin:incidents_evaluation_change", args=[evaluation.pk])
            if request.user.may("view", evaluation)
            else "",
        }
        return TemplateResponse(request, "incidents/desk_score.html", context)

    def row_title(self, score: EvaluationScore) -> str:
        return f"{score.unit} · {score.grid}考评"

    def answer_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """Answer to a published result, as the department."""
        score = self.reach(request, str(key))
        if not score.is_published or not request.user.may("answer", score):
            raise Http404
        return verb_page(
            self,
            request,
            title="答复考评结果",
            form=AnswerScoreForm(request.POST or None),
            run=lambda given: answer_score(score, by=request.user, words=given["words"]) and None,
            done="已答复，街道会看到。",
            back=self.link(score),
            obj=score,
        )

    def rows_view(self, request: HttpRequest, key: int, part: str) -> HttpResponse:
        """Show the very rows that a figure counts, as far as the person may see them."""
        score = self.reach(request, str(key))
        if part not in PARTS:
            raise Http404
        rows, line = rows_of(score, part, request.user)
        page = page_of(rows, request.GET.get("page"), 50)
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": PARTS[part],
            "subtitle": self.row_title(score),
            "opts": self.model._meta,
            "original": Named(score, self.row_title(score)),
            "score": score,
            "counted": {
                "due": score.completion_total,
                "done": score.completion_done,
                "answered": score.satisfaction_answered,
                "satisfied": score.satisfaction_satisfied,
                "felt": score.felt_count,
            }[part],
            "page": page,
            "lines": [line(row) for row in page.object_list],
            "part": part,
            "back": self.link(score),
        }
        return TemplateResponse(request, "incidents/desk_score_rows.html", context)


# --- lines -------------------------------------------------------------------------------------------------------------
def _cell(value: Fraction | Decimal | None) -> Any:
    return "" if value is None else float(scoring.rounded(value))


def band_chip(score: EvaluationScore) -> str:
    """Return the band as a chip; nothing while there is no total."""
    return ui.chip(score.get_band_display(), BAND_TONES.get(score.band, "quiet"))


def rate_text(evaluation: Evaluation) -> str:
    """Return how often the street blew, beside the district."""
    if not evaluation.incidents:
        return f"考评期内本街道吹哨 {evaluation.whistles} 次，没有事件。"
    here = scoring.per_thousand(evaluation.whistles, evaluation.incidents)
    there = scoring.per_thousand(evaluation.district_whistles, evaluation.district_incidents)
    return (
        f"每千件事件吹哨 {number(here)} 次（{evaluation.whistles}/{evaluation.incidents}），"
        f"全区 {number(there)} 次（{evaluation.district_whistles}/{evaluation.district_incidents}）。"
        "吹得过多说明本街道自己能办的没有办。"
    )


def figure(score: EvaluationScore, part: str, text: Any) -> str:
    """Return a figure that opens its rows."""
    url = reverse("admin:incidents_evaluationscore_rows", args=[score.pk, part])
    return format_html('<a class="cg-link" href="{}" title="{}">{}</a>', url, PARTS[part], text)


def score_line(score: EvaluationScore) -> dict[str, Any]:
    """Return a score as a line of the table: each part by its points and by what they are made of."""
    adjusted = score.satisfaction_adjusted is not None
    return {
        "unit": link_to(reverse("admin:incidents_evaluationscore_change", args=[score.pk]), score.unit.name),
        "done": number(scoring.completion(score)),
        "done_of": _of(score, "done", score.completion_done, "due", score.completion_total),
        "done_small": scoring.is_small(score.completion_total),
        "content": number(scoring.satisfaction(score)),
        "content_of": _of(
            score, "satisfied", score.satisfaction_satisfied, "answered", score.satisfaction_answered
        ),
        "content_small": not adjusted and scoring.is_small(score.satisfaction_answered),
        "adjusted": score.satisfaction_reason if adjusted else "",
        "felt": number(scoring.felt(score)),
        "felt_of": figure(score, "felt", f"{score.felt_count} 个社区") if score.felt_count else "无数据",
        "felt_small": scoring.is_small(score.felt_count),
        "deducted": score.deducted,
        "total": number(score.total),
        "band": band_chip(score),
    }


def _of(score: EvaluationScore, part: str, some: int, whole: str, number_of_all: int) -> str:
    if not number_of_all:
        return "无数据"
    return format_html("{}/{}", figure(score, part, some), figure(score, whole, number_of_all))


def rows_of(score: EvaluationScore, part: str, user: Any) -> tuple[QuerySet, Any]:
    """Return the rows behind a figure within the person's reach, and how one is shown."""
    if part in ("due", "done"):
        keys = score.slip_keys if part == "due" else score.done_keys
        rows = WhistleSlip.objects.restrict(user).filter(pk__in=keys).for_page().order_by("settle_by", "pk")
        return rows, _slip_row
    if part == "felt":
        given = CommunityScore.objects.restrict(user).filter(
            evaluation=score.evaluation_id, unit=score.unit_id
        )
        return given.select_related("grid", "by").defer("grid__boundary").order_by("grid", "pk"), _given_row
    start, end = scoring.span(score.evaluation)
    rows = Callback.objects.restrict(user).filter(
        street_code=score.grid_id, unit=score.unit_id, at__gte=start, at__lt=end, reached=True, counted=True
    )
    if part == "satisfied":
        rows = rows.filter(satisfaction__gte=SATISFIED)
    rows = rows.select_related("incident", "minor_class").defer("incident__search_terms").order_by("at", "pk")
    return rows, _answer_row


def _slip_row(slip: WhistleSlip) -> list[Any]:
    how = []
    if slip.arrived_at is None or slip.arrived_at > slip.report_by:
        how.append("报到超时" if slip.arrived_at else "未报到")
    if slip.fed_back_at is None or slip.fed_back_at > slip.settle_by:
        how.append("反馈超时" if slip.fed_back_at else "未反馈")
    return [
        link_to(reverse("admin:incidents_whistleslip_change", args=[slip.pk]), slip.title),
        ui.chip(slip.get_status_display(), SLIP_TONES.get(slip.status, "quiet")),
        f"办结时限 {ui.cn_short(slip.settle_by)}",
        "、".join(how) or "按时",
        slip.number,
    ]


def _answer_row(row: Callback) -> list[Any]:
    return [
        link_to(reverse("admin:incidents_incident_change", args=[row.incident_id]), row.minor_class.name),
        ui.chip(row.get_satisfaction_display(), "good" if row.satisfaction >= SATISFIED else "caution"),
        ui.cn_short(row.at),
        "已解决" if row.solved else "没有解决",
        row.incident.number,
    ]


def _given_row(row: CommunityScore) -> list[Any]:
    return [str(row.grid), f"{row.points} 分", ui.cn_short(row.at), row.words, str(row.by)]
