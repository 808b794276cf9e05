"""The evaluation of departments at the desk: the street's whole table, each figure with the very rows it counts, and what a
department finds of its own."""

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
from governance.admin.desk import Card
from governance.admin.filters import ChoiceFilter, PlaceFilter, StatusFilter
from governance.admin.matters import MatterAdmin, link_to
from governance.admin.verbs import verb_page
from governance.permissions import permitted_actions
from governance.slices import page_of
from governance.templatetags import ui
from governance.territory import GridLevel
from incidents.admin.whistles import SLIP_TONES, DepartmentFilter
from incidents.flow import scoring
from incidents.forms.evaluation import EVALUATION_FORMS, AnswerScoreForm, OpenForm
from incidents.forms.whistles import places_of
from incidents.models import (
    AnswerLine,
    Band,
    Callback,
    CommunityScore,
    Deduction,
    Evaluation,
    EvaluationScore,
    EvaluationStatus,
    WhistleSlip,
)
from incidents.models.incidents import SATISFIED
from incidents.models.whistles import departments_over
from incidents.services.evaluation import answer_score, open_evaluation

S = EvaluationStatus
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


@admin.register(Evaluation)
class EvaluationAdmin(MatterAdmin):
    add_action = "score"
    action_forms = EVALUATION_FORMS
    list_display = ("heading", "status_chip", "light_badge", "place", "period", "due", "opened")
    list_filter = (StatusFilter, PlaceFilter)
    search_help_text = "搜编号或街道"
    ordering = ("-period_until", "-pk")
    on_desk = False
    tones = {S.DRAFT: "brand", S.SCORING: "info", S.REVIEW: "caution", S.PUBLISHED: "good"}

    @admin.display(description="考评期", ordering="period_until")
    def period(self, evaluation: Evaluation) -> str:
        return evaluation.period

    # --- page -------------------------------------------------------------------------------------------------------
    def facts(self, request: HttpRequest, evaluation: Evaluation) -> list[tuple[str, Any]]:
        """Return what it is about, how it is computed, and how often the street blew."""
        outside = not request.user.may("view", EvaluationScore)
        weights = (
            f"办结率 {evaluation.weight_completion} %，居民满意度 {evaluation.weight_satisfaction} %，"
            f"社区服务感受 {evaluation.weight_felt} %"
        )
        bands = f"{evaluation.excellent_from} 分以上优秀，{evaluation.good_from} 分以上良好，其余一般"
        return [
            ("编号", evaluation.number),
            ("街道", evaluation.grid),
            ("考评期", evaluation.period),
            ("权重", weights),
            ("等次", bands),
            ("占年度考核", f"{evaluation.share} %"),
            ("吹哨率", "" if outside else rate_text(evaluation)),
            ("发起", f"{evaluation.placed_by}　{ui.cn_datetime(evaluation.opened_at)}"),
            (
                "公布",
                f"{evaluation.published_by}　{ui.cn_datetime(evaluation.published_at)}，不能再改"
                if evaluation.published_at
                else "",
            ),
        ]

    def panels(self, request: HttpRequest, evaluation: Evaluation, clear: bool) -> list[dict[str, Any]]:
        """Return the table of scores for who may see them, the deductions, and a community's own scores."""
        panels = []
        scores = list(
            EvaluationScore.objects.restrict(request.user)
            .filter(evaluation=evaluation)
            .select_related("unit")
            .order_by("unit__code")
        )
        if scores:
            panels.append(
                {
                    "title": "各部门得分",
                    "template": "incidents/desk_scores.html",
                    "lines": [score_line(score) for score in scores],
                    "export": f"{reverse('admin:incidents_evaluationscore_export')}?evaluation={evaluation.pk}"
                    if request.user.may("export", EvaluationScore)
                    else "",
                }
            )
        taken = Deduction.objects.restrict(request.user).filter(score__evaluation=evaluation)
        if lines := [
            {"unit": row.score.unit, "points": row.points, "reason": row.reason, "by": row.by, "at": row.at}
            for row in taken.select_related("score__unit", "by").order_by("pk")
        ]:
            panels.append({"title": "扣分", "template": "incidents/desk_deductions.html", "lines": lines})
        given = CommunityScore.objects.restrict(request.user).filter(evaluation=evaluation)
        if not scores and (lines := list(given.select_related("unit", "grid").order_by("unit__code"))):
            panels.append({"title": "本社区的打分", "template": "incidents/desk_given.html", "lines": lines})
        return panels

    # --- opening ----------------------------------------------------------------------------------------------------
    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.may(self.add_action, Evaluation)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context=None) -> HttpResponse:
        """Open an evaluation."""
        if not self.has_add_permission(request):
            raise Http404
        places = places_of(request.user, "incidents.score_evaluation").filter(level=GridLevel.STREET)
        first = places.first()
        form = OpenForm(
            request.POST or None,
            places=places,
            departments=departments_over(first.code if first is not None else ""),
        )

        def run(given: dict[str, Any]) -> str:
            evaluation = open_evaluation(
                by=request.user,
                street=given["grid"],
                period_from=given["period_from"],
                period_until=given["period_until"],
                units=given["units"] or None,
            )
            return self.link(evaluation)

        return verb_page(
            self,
            request,
            title="发起部门考评",
            form=form,
            run=run,
            done="已发起，点“启动打分”请各社区打分。",
            back=self.link(None, "changelist"),
            hint="办结率按哨单计算，满意度按回访和评价计算，服务感受由各社区书记打分；权重和等次线按现在的运行参数。",
        )

    # --- desk -------------------------------------------------------------------------------------------------------
    def cards(self, request: HttpRequest) -> list[Card]:
        """Return the evaluations that wait for this community's scores, or for the street; none where nothing waits."""
        asked = (
            ("give", "待给部门打分", S.SCORING, "grading", 33),
            ("score", "考评待复核", S.REVIEW, "grading", 34),
        )
        cards = []
        for action, label, status, icon, order in asked:
            if not request.user.may(action, Evaluation):
                continue
            rows = Evaluation.objects.restrict(request.user, action).filter(status=status)
            if action == "give":
                communities = [post.code for post in request.user.posts_in_force]
                rows = rows.exclude(given__grid__in=communities)
            card = self.card(request, label, f"status={status}", rows, tone="brand", icon=icon, order=order)
            if not card.is_calm:
                cards.append(card)
        return cards


@admin.register(EvaluationScore)
class EvaluationScoreAdmin(ReadOnlyAdmin):
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
    #: The same page that matters have, asking the same questions of this model.
    export_view = MatterAdmin.export_view

    # --- list -------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest):
        rows = super().get_queryset(request).select_related("unit", "grid", "evaluation", "evaluation__grid")
        return rows.defer("grid__boundary", "evaluation__grid__boundary").prefetch_related("deductions")

    def changelist_view(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        can = request.user.may("export", EvaluationScore)
        context = {"export_url": self.link(None, "export") if can else "", **(extra_context or {})}
        return super().changelist_view(request, context)

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
            path("export/", view(self.export_view), name="incidents_evaluationscore_export"),
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
