"""The rhythm of the work at the desk: what is talked over today, this week and of the month, its records, and the bulletins."""

from datetime import date, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode

from governance import audit
from governance.admin.base import Named, ReadOnlyAdmin, TerritorialAdmin
from governance.admin.filters import ChoiceFilter, PlaceFilter
from governance.admin.verbs import ReasonForm, verb_page
from governance.exports import as_file
from governance.flow import NotYours
from governance.models import AccessEvent
from governance.periods import EARLIEST, Period
from governance.sheets import DOCX
from governance.templatetags import ui
from governance.territory import GridLevel, asked_node
from grids.models import Grid
from mediation.admin.scope import top_of_counts
from mediation.cards import TONES
from mediation.forms.rhythm import BulletinForm, ReviewForm
from mediation.models import Bulletin, Dispute, Review, Rhythm
from mediation.models.rhythm import month_of
from mediation.papers.rhythm import bulletin_paper, review_paper
from mediation.reports.rhythm import (
    SECTIONS,
    Figures,
    figures,
    labels,
    months,
    sections,
    talked_over,
)
from mediation.services.rhythm import hold_review, issue, opening, own_centres, withdraw

MONTH = "month"
#: key -> (the word on the switch, the page's title).
PAGES = {
    Rhythm.DAY.value: ("日研判", "日研判"),
    Rhythm.WEEK.value: ("周调度", "周调度"),
    MONTH: ("月通报", "月通报"),
}


def day_of(text: str) -> date | None:
    """Return the day that an address names, None for what is none that can be asked for."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if EARLIEST <= day <= timezone.localdate() else None


def period_of(by: str, on: date) -> Period:
    """Return the days that a page is about."""
    return month_of(on) if by == MONTH else Rhythm(by).period(on)


class SectionFilter(ChoiceFilter):
    """The files of one section of a page. It stands on a list only when an address names one."""

    title, parameter_name = "研判", "rhythm"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        named = self.used_parameters.get(self.parameter_name)
        if not named:
            return []
        try:
            key, since, until = named.split(".")
            self.section = SECTIONS[key]
            self.period = Period(date.fromisoformat(since), date.fromisoformat(until))
        except (ValueError, KeyError) as wrong:
            raise IncorrectLookupParameters from wrong
        if not EARLIEST <= self.period.since <= self.period.until <= EARLIEST.replace(year=2100):
            raise IncorrectLookupParameters
        return [(named, f"{self.section.title} · {self.period}")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset if self.checked() is None else queryset.filter(self.section.when(self.period))


def newest_to_issue(centres: QuerySet) -> date:
    """Return the newest month of which these centres have issued no bulletin, the newest of all where they have of each."""
    issued = set(Bulletin.objects.in_force().filter(centre__in=centres).values_list("month", flat=True))
    return next((each for each in months() if each not in issued), months()[0])


# --- the page ---------------------------------------------------------------------------------------------------------
def rhythm_view(admin: Any, request: HttpRequest) -> HttpResponse:
    """Show what is talked over on a day, in a week or of a month. 404 for whoever may count no disputes."""
    user = request.user
    if not user.may("count", Dispute):
        raise Http404
    given = request.GET
    by = given.get("by") if given.get("by") in PAGES else Rhythm.DAY.value
    on = day_of(given.get("on", "")) or timezone.localdate()
    period = period_of(by, on)
    top = top_of_counts(user)
    node = asked_node(given.get("in", ""), top)
    found = figures(user, period, node)
    opens = by != MONTH and user.may("view", Dispute)
    after = period.until + timedelta(days=1)

    def here(**changes: Any) -> str:
        return "?" + urlencode({"by": by, "on": on, "in": node} | changes)

    there = reverse("admin:mediation_dispute_changelist")
    request.current_app = admin.admin_site.name
    context = {
        **admin.admin_site.each_context(request),
        "title": PAGES[by][1],
        "by": by,
        "period": period,
        "pages": [(here(by=key), words, key == by) for key, (words, _) in PAGES.items()],
        "back_url": here(on=period.since - timedelta(days=1)) if period.since > EARLIEST else "",
        "next_url": here(on=after) if after <= timezone.localdate() else "",
        "places": [(here(**{"in": code}), name) for code, name in Grid.objects.way_down(top, node)],
        "columns": [words for _, words in labels()],
        "totals": compared(told(found)),
        "lines": [
            {
                "name": line.name,
                "url": here(**{"in": line.key})
                if line.key != node and len(line.key) < GridLevel.BASE
                else "",
                "cells": [line.values[key] for key, _ in labels()],
            }
            for line in found.places
        ],
        "categories": [
            {"name": line.name, "cells": [line.values[key] for key, _ in labels()]}
            for line in found.categories
        ],
        "opens": opens,
        "sections": [
            {
                "title": shown.section.title,
                "count": shown.count,
                "url": f"{there}?{urlencode({'rhythm': f'{shown.section.key}.{period.since}.{period.until}'})}",
                "rows": [
                    {
                        "url": admin.link(row),
                        "title": row.title,
                        "number": row.case_number or row.number,
                        "grade": row.grade,
                        "chip": ui.chip(row.get_status_display(), TONES.get(row.status, "quiet")),
                        "light": ui.light(row.light),
                        "due": ui.cn_short(row.due_at) if row.is_open and row.due_at else "",
                        "say": f"{admin.link(row, 'do', 'deliberate')}?from={by}",
                    }
                    for row in shown.rows
                ],
            }
            for shown in (sections(user, period) if opens else [])
        ],
        "said": [
            {
                "url": admin.link(step.matter),
                "number": step.matter.case_number or step.matter.number,
                "note": step.note,
                "who": step.actor,
                "at": ui.cn_short(step.at),
            }
            for step in (talked_over(user, period)[:50] if opens else [])
        ],
        "says": user.may("direct", Dispute),
        **records(request, by, period),
    }
    return TemplateResponse(request, "mediation/desk_rhythm.html", context)


def records(request: HttpRequest, by: str, period: Period) -> dict[str, Any]:
    """Return what was written down of this period and of the one before, and the way to write it."""
    user = request.user
    if by == MONTH:
        mine = own_centres(user, "add_bulletin").exists() if user.may("add", Bulletin) else False
        ended = period.since in months()
        rows = Bulletin.objects.restrict(user).in_force().filter(month=period.since).select_related("centre")
        return {
            "bulletins": [
                {"url": row.get_absolute_url(), "name": row, "at": ui.cn_short(row.issued_at)}
                for row in rows[:50]
            ],
            "write": f"{reverse('admin:mediation_bulletin_add')}?{urlencode({'month': period.since})}"
            if mine and ended
            else "",
            "write_words": "签发月通报",
            "write_later": "这个月结束以后才能签发通报；签发上个月的，点“上一期”。"
            if mine and not ended
            else "",
            "records_url": reverse("admin:mediation_bulletin_changelist"),
            "records_words": "历次通报",
        }
    reads = user.may("view", Review)
    rows = Review.objects.restrict(user).filter(rhythm=by) if reads else None
    latest = (
        list(rows.filter(since__lte=period.since).select_related("centre", "held_by")[:2]) if reads else []
    )
    now = next((row for row in latest if row.since == period.since), None)
    writes = now is None and user.may("add", Review) and own_centres(user, "add_review").exists()
    on = min(period.until, timezone.localdate())
    return {
        "review": now,
        "before": next((row for row in latest if row.since < period.since), None),
        "review_url": reverse("admin:mediation_review_change", args=[now.pk]) if now else "",
        "write": f"{reverse('admin:mediation_review_add')}?{urlencode({'rhythm': by, 'on': on})}"
        if writes
        else "",
        "write_words": f"记录{Rhythm(by).label}",
        "records_url": f"{reverse('admin:mediation_review_changelist')}?{urlencode({'rhythm__exact': by})}"
        if reads
        else "",
        "records_words": "历次记录",
    }


def told(found: Figures) -> dict[str, Any]:
    """Return the two lines of numbers of a page as a record holds them."""
    return {
        "total": {key: found.total.values[key] for key, _ in labels()},
        "before": {key: found.before.values[key] for key, _ in labels()},
    }


def compared(kept: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the numbers of a period beside those before, for the page: label, number, the number before."""
    return [
        {"label": words, "value": kept["total"][key], "before": kept["before"][key]}
        for key, words in labels()
    ]


# --- what was talked over -----------------------------------------------------------------------------------------------
@admin.register(Review)
class ReviewAdmin(TerritorialAdmin):
    list_display = ("name", "centre", "attendees", "held_by")
    list_filter = (("rhythm", admin.ChoicesFieldListFilter), PlaceFilter)
    list_select_related = ("centre", "held_by")
    search_fields = ("points", "attendees")
    search_help_text = "搜意见、参加人员"
    fields = ("name", "centre", "held_by", "numbers", "attendees", "points", "said", "word")
    readonly_fields = ("name", "centre", "held_by", "numbers", "said", "word")
    ordering = ("-since", "-pk")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.word_view)
        return [path("<int:object_id>/word/", view, name="mediation_review_word"), *super().get_urls()]

    def changeform_view(self, request: HttpRequest, object_id=None, form_url="", extra_context=None):
        if object_id is not None:
            return super().changeform_view(request, object_id, form_url, extra_context)
        if not self.has_add_permission(request):
            raise Http404
        asked = request.GET
        rhythm = asked.get("rhythm") if asked.get("rhythm") in Rhythm.values else Rhythm.DAY.value
        centres = own_centres(request.user, "add_review")
        form = ReviewForm(
            request.POST or None,
            centres=centres,
            initial={"rhythm": rhythm, "on": day_of(asked.get("on", "")) or timezone.localdate()},
        )

        def run(given: dict[str, Any]) -> str:
            try:
                return self.link(hold_review(by=request.user, **given))
            except NotYours as refusal:
                raise Http404 from refusal

        return verb_page(
            self,
            request,
            title="记录研判",
            form=form,
            run=run,
            done="已记录。",
            back=reverse("admin:mediation_rhythm"),
            hint="数字按现在的统计一并留存。",
            button="记录",
        )

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Review | None:
        """Return the record with ``reader``, who looks at it: what it says of single files depends on that."""
        review = super().get_object(request, object_id, from_field)
        if review is not None:
            review.reader = request.user
        return review

    @admin.display(description="研判")
    def name(self, review: Review) -> str:
        return str(review)

    @admin.display(description="数字")
    def numbers(self, review: Review) -> str:
        return "　".join(
            f"{line['label']} {line['value']}（上期 {line['before']}）" for line in compared(review.figures)
        )

    @admin.display(description="研判的纠纷")
    def said(self, review: Review) -> str:
        return "\n".join(f"{number}　{words}" for number, words in self.words_on(review)) or "没有"

    def words_on(self, review: Review) -> list[tuple[str, str]]:
        """Return what was said of single files in those days, as far as the person may open them."""
        rows = talked_over(review.reader, review.period).filter(matter__seat=review.grid_id)[:100]
        return [(step.matter.case_number or step.matter.number, step.note) for step in rows]

    @admin.display(description="Word 文书")
    def word(self, review: Review) -> str:
        return format_html(
            '<a class="text-primary-600 underline" href="{}">下载研判记录</a>', self.link(review, "word")
        )

    def word_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Hand out the record as a Word file; that is logged."""
        review = self.reach(request, object_id)
        data = review_paper(review, self.words_on(review))
        audit.record(AccessEvent.Kind.EXPORT, request.user, f"下载{review}记录", obj=review, request=request)
        return as_file(f"{review.centre.short_name}{review}记录.docx", data, DOCX)


# --- bulletins ----------------------------------------------------------------------------------------------------------
@admin.register(Bulletin)
class BulletinAdmin(ReadOnlyAdmin):
    list_display = ("name", "months", "centre", "issued", "state")
    list_display_links = ("name",)
    list_filter = (PlaceFilter,)
    list_select_related = ("centre",)
    search_fields = ("situation", "demands")
    search_help_text = "搜通报的内容"
    ordering = ("-month", "-issued_at", "-pk")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.may("add", Bulletin)

    @admin.display(description="通报")
    def name(self, bulletin: Bulletin) -> str:
        return str(bulletin)

    @admin.display(description="月份", ordering="month")
    def months(self, bulletin: Bulletin) -> str:
        return f"{bulletin.month.year}年{bulletin.month.month}月"

    @admin.display(description="签发", ordering="issued_at")
    def issued(self, bulletin: Bulletin) -> str:
        return ui.cn_short(bulletin.issued_at)

    @admin.display(description="情况")
    def state(self, bulletin: Bulletin) -> str:
        return ui.chip("已撤回", "danger") if bulletin.withdrawn_at else ui.chip("有效", "good")

    def get_urls(self) -> list:
        view = self.admin_site.admin_view
        return [
            path("<int:object_id>/word/", view(self.word_view), name="mediation_bulletin_word"),
            path("<int:object_id>/withdraw/", view(self.withdraw_view), name="mediation_bulletin_withdraw"),
            *super().get_urls(),
        ]

    def changeform_view(self, request: HttpRequest, object_id=None, form_url="", extra_context=None):
        """Show a bulletin, or the form by which one is issued."""
        if object_id is None:
            return self.issue_view(request)
        bulletin = self.reach(request, object_id)
        heads = [words for _, words in labels()]
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": str(bulletin),
            "opts": self.model._meta,
            "original": Named(bulletin, str(bulletin)),
            "bulletin": bulletin,
            "totals": compared(bulletin.figures),
            "columns": heads,
            "tables": [
                (
                    first,
                    [(name, [values[key] for key, _ in labels()]) for name, values in bulletin.figures[kind]],
                )
                for first, kind in (("类别", "categories"), ("地区", "places"))
            ],
            "word_url": self.link(bulletin, "word"),
            "withdraw_url": self.link(bulletin, "withdraw") if self.takes_back(request, bulletin) else "",
            "back": self.link(None, "changelist"),
        }
        return TemplateResponse(request, "mediation/desk_bulletin.html", context)

    def issue_view(self, request: HttpRequest) -> HttpResponse:
        """Issue a bulletin: the numbers of the month stand in its first sentences already."""
        if not self.has_add_permission(request):
            raise Http404
        centres = own_centres(request.user, "add_bulletin")
        first = day_of(request.GET.get("month", ""))
        month = first if first in months() else newest_to_issue(centres)
        initial = {"month": str(month)}
        if request.method == "GET" and (centre := centres.first()) is not None:
            initial["situation"] = opening(request.user, centre, month)
        form = BulletinForm(request.POST or None, centres=centres, initial=initial)

        def run(given: dict[str, Any]) -> str:
            try:
                return self.link(issue(by=request.user, **given))
            except NotYours as refusal:
                raise Http404 from refusal

        return verb_page(
            self,
            request,
            title="签发月通报",
            form=form,
            run=run,
            done="已签发，已告知下级。",
            back=self.link(None, "changelist"),
            hint="通报发给本中心辖区里的各级主任、书记和调解员；表格里的数字按现在的统计一并定下。",
            button="签发",
        )

    def takes_back(self, request: HttpRequest, bulletin: Bulletin) -> bool:
        """Say whether the person may take this bulletin back."""
        mine = own_centres(request.user, "add_bulletin")
        return bulletin.withdrawn_at is None and mine.filter(pk=bulletin.centre_id).exists()

    def withdraw_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Take a bulletin back, with a reason."""
        bulletin = self.reach(request, object_id)
        if not self.takes_back(request, bulletin):
            raise Http404
        return verb_page(
            self,
            request,
            title="撤回通报",
            form=ReasonForm(request.POST or None),
            run=lambda given: self.link(withdraw(bulletin, by=request.user, **given)),
            done="已撤回，已告知下级。可以重新签发这个月的通报。",
            back=self.link(bulletin),
            obj=bulletin,
            danger=True,
        )

    def word_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Hand out the bulletin as a Word file: it names nobody."""
        bulletin = self.reach(request, object_id)
        return as_file(f"{bulletin}月通报.docx", bulletin_paper(bulletin), DOCX)
