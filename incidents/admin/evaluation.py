"""The evaluation of departments at the desk: opening one, the communities' part, and the street's whole table of results."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from governance.admin.desk import Card
from governance.admin.filters import ChoiceFilter, PlaceFilter, StatusFilter
from governance.admin.matters import MatterAdmin
from governance.admin.verbs import verb_page
from governance.templatetags import ui
from governance.territory import GridLevel
from incidents.admin.scores import rate_text, score_line
from incidents.forms.evaluation import EVALUATION_FORMS, OpenForm
from incidents.forms.whistles import places_of
from incidents.models import (
    CommunityScore,
    Deduction,
    Evaluation,
    EvaluationScore,
    EvaluationStatus,
)
from incidents.models.whistles import departments_over
from incidents.services.evaluation import open_evaluation

S = EvaluationStatus


def to_be_given(rows: QuerySet, user: Any) -> QuerySet:
    """Return those of the evaluations for which the person's community is asked and has not given its scores."""
    codes = [post.code for post in user.posts_with("incidents.give_evaluation")]
    return rows.filter(status=S.SCORING).exclude(given__grid__in=codes)


class WaitFilter(ChoiceFilter):
    """What an evaluation waits for, as far as it concerns a community's own people."""

    title, parameter_name = "等什么", "wait"

    def lookups(self, request, model_admin):
        return [("give", "待本社区打分")] if request.user.may("give", Evaluation) else []

    def queryset(self, request, queryset):
        return to_be_given(queryset, request.user) if self.checked() else queryset


@admin.register(Evaluation)
class EvaluationAdmin(MatterAdmin):
    add_action = "score"
    action_forms = EVALUATION_FORMS
    main_actions = ("start", "give", "close_scoring", "publish")
    list_display = ("heading", "status_chip", "light_badge", "place", "period", "due", "opened")
    list_filter = (StatusFilter, WaitFilter, PlaceFilter)
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
            button="发起考评",
            done="已发起，点“启动打分”请各社区打分。",
            back=self.link(None, "changelist"),
            hint="办结率按哨单计算，满意度按回访和评价计算，服务感受由各社区书记打分；权重和等次线按现在的运行参数。",
        )

    # --- desk -------------------------------------------------------------------------------------------------------
    def cards(self, request: HttpRequest) -> list[Card]:
        """Return the evaluations that wait for this community's scores, or for the street."""
        cards = []
        if request.user.may("give", Evaluation):
            rows = to_be_given(Evaluation.objects.restrict(request.user, "give"), request.user)
            cards.append(
                self.card(request, "待给部门打分", "wait=give", rows, tone="brand", icon="grading", order=33)
            )
        if request.user.may("score", Evaluation):
            rows = Evaluation.objects.restrict(request.user, "score").filter(status=S.REVIEW)
            cards.append(
                self.card(
                    request, "考评待复核", "status=review", rows, tone="brand", icon="grading", order=34
                )
            )
        return cards
