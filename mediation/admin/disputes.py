"""The disputes at the desk: the list, a file with everything in it, registering, and being shown one file from above."""

import uuid
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join

from governance import audit, masks
from governance.admin.choices import could_be_key
from governance.admin.desk import Card
from governance.admin.filters import DayFilter, LightFilter, PlaceFilter, StatusFilter
from governance.admin.matters import MatterAdmin
from governance.admin.verbs import verb_page
from governance.flow import NotYours
from governance.models import User
from governance.permissions import permitted_actions
from governance.templatetags import ui
from grids.models import Grid
from mediation.admin.figures import FigureFilter, figures_view
from mediation.admin.filters import CategoryFilter, DutyFilter, FoundFilter, GradeFilter
from mediation.admin.panels import (
    agreements_of,
    follow_ups_of,
    guests_of,
    inquiries_of,
    mediators_of,
    sessions_of,
)
from mediation.admin.rhythm import PAGES, SectionFilter, rhythm_view
from mediation.cards import TONES, next_actions
from mediation.flow.agreeing import is_confirmed, is_performed, newest
from mediation.forms.actions import DISPUTE_FORMS
from mediation.forms.registering import RegisterForm
from mediation.models import (
    Disputant,
    Dispute,
    Grade,
    Origin,
    ScreeningReport,
    Session,
)
from mediation.models.disputes import DisputeStatus as S
from mediation.services.inspecting import inspect
from mediation.services.papers import papers_panel
from mediation.services.registering import likely_repeats, register_dispute
from mediation.services.screening import recent_reports

CONSENT_TONES = {"asked": "caution", "agreed": "good", "refused": "danger"}
GRADE_TONES = {Grade.A: "danger", Grade.B: "caution", Grade.C: "quiet"}


class InspectForm(forms.Form):
    """Which file, and why."""

    number = forms.CharField(
        label="编号或卷号", max_length=60, error_messages={"required": "请填写编号或卷号。"}
    )
    reason = forms.CharField(
        label="调阅理由",
        max_length=200,
        widget=forms.Textarea({"rows": 3, "maxlength": 200}),
        help_text="会记入访问日志，并告知矛调中心主任。",
        error_messages={"required": "请写明调阅理由。"},
    )


@admin.register(Dispute)
class DisputeAdmin(MatterAdmin):
    add_action = "register"
    action_forms = DISPUTE_FORMS
    also_shown = ("centre",)
    # Parties are masked in the list, whoever looks. Who mediates has hundreds of files; their keys would stand in every statement.
    lines_clear = False
    read_in_line = (("grade",), {"centre": ("id",)})
    list_display = (
        "heading", "status_chip", "light_badge", "grade_chip", "people", "place", "due", "opened",
    )  # fmt: skip
    list_filter = (
        FigureFilter,
        SectionFilter,
        FoundFilter,
        StatusFilter,
        LightFilter,
        DutyFilter,
        CategoryFilter,
        GradeFilter,
        PlaceFilter,
        DayFilter,
    )
    search_help_text = "搜编号、卷号、姓名、词语或电话后四位"
    tones = TONES
    export_columns = [
        ("编号", 32, lambda row: row.number),
        ("卷号", 26, lambda row: row.case_number),
        ("类别", 12, lambda row: row.get_category_display()),
        ("等级", 10, lambda row: row.get_grade_display()),
        ("状态", 12, lambda row: row.get_status_display()),
        ("结果", 16, lambda row: row.get_outcome_display()),
        ("来源方式", 12, lambda row: row.get_origin_display()),
        ("地点", 24, lambda row: str(row.grid)),
        ("矛调中心", 24, lambda row: row.centre.name),
        ("涉及人数", 8, lambda row: row.people_count),
        ("涉及金额", 12, lambda row: row.amount),
        ("登记时间", 18, lambda row: row.opened_at),
        ("受理时间", 18, lambda row: row.accepted_at),
        ("调解结束", 18, lambda row: row.ended_at),
        ("办结时间", 18, lambda row: row.closed_at),
    ]

    # --- list -------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest):
        parties = Prefetch("disputants", Disputant.objects.only("dispute", "side", "name").order_by("pk"))
        return super().get_queryset(request).prefetch_related(parties)

    @admin.display(description="等级", ordering="grade")
    def grade_chip(self, dispute: Dispute) -> str:
        return ui.chip(dispute.grade, GRADE_TONES[Grade(dispute.grade)])

    @admin.display(description="当事人")
    def people(self, dispute: Dispute) -> str:
        names = [masks.name(party.name) for party in dispute.disputants.all()]
        told = format_html_join("、", '<span class="dk-nowrap">{}</span>', ((name,) for name in names[:3]))
        return format_html("{} 等 {} 方", told, len(names)) if len(names) > 3 else told

    def changelist_view(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        # Who has figures alone is told where a file can be asked for.
        inspects = request.user.may("inspect", Dispute)
        url = reverse("admin:mediation_dispute_inspect") if inspects else ""
        return super().changelist_view(request, {"inspect_url": url, **(extra_context or {})})

    # --- registering ------------------------------------------------------------------------------------------------
    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.may("register", Dispute)

    def get_urls(self) -> list:
        view = self.admin_site.admin_view
        return [
            path("inspect/", view(self.inspect_view), name="mediation_dispute_inspect"),
            path("figures/", view(self.figures_view), name="mediation_figures"),
            path("rhythm/", view(self.rhythm_view), name="mediation_rhythm"),
            *super().get_urls(),
        ]

    def figures_view(self, request: HttpRequest) -> HttpResponse:
        return figures_view(self, request)

    def rhythm_view(self, request: HttpRequest) -> HttpResponse:
        return rhythm_view(self, request)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context=None) -> HttpResponse:
        """Take a dispute down. What it may repeat is shown before it is kept."""
        if not self.has_add_permission(request):
            raise Http404
        places = self.places(request, Grid).filter(level__gte=9).defer("boundary").order_by("code")
        asked = request.GET.get("found_in", "") or request.POST.get("found_in", "")
        also = int(asked) if could_be_key(asked) else None
        sees = request.user.may("view", ScreeningReport)
        reports = recent_reports(request.user, also) if sees else None
        form = RegisterForm(
            request.POST or None, places=places, reports=reports, initial=self.found_by(reports, also)
        )
        token = request.POST.get("token", "")[:40].replace("\0", "") or uuid.uuid4().hex
        shown: dict[str, Any] = {"token": token, "lines": []}

        def run(given: dict[str, Any]) -> str | HttpResponse:
            people = form.parties()
            found = likely_repeats(
                request.user,
                phones=[party.phone for party in people],
                code=given["grid"].code,
                category=given["category"],
            )
            seen = set(request.POST.getlist("seen"))
            if any(str(row.pk) not in seen for row in found):
                shown.update(lines=[self.line(row) for row in found], button="仍要登记")
                raise ValidationError(
                    "可能已经登记过，还没有提交。请看下面相似的纠纷，不是同一件再点“仍要登记”。"
                )
            try:
                dispute, _ = register_dispute(
                    by=request.user,
                    source_id=token,
                    applicant=people[0],
                    others=people[1:],
                    channel="desk",
                    found_in=given.get("found_in"),
                    **{name: given[name] for name in REGISTERED},
                )
            except NotYours:
                raise ValidationError({"grid": "这个地点不在您的管辖范围内，请重新选择。"}) from None
            if request.user.may("view", dispute):
                return self.link(dispute)
            return HttpResponseRedirect(reverse("admin:index"))

        return verb_page(
            self,
            request,
            title="登记纠纷",
            form=form,
            run=run,
            done="已登记，请问各方当事人是否同意调解。",
            back=self.link(None, "changelist"),
            hint="调解自愿、免费；任何一方明确拒绝的，不得调解。",
            button="登记",
            template="mediation/desk_register.html",
            extra=shown,
        )

    def found_by(self, reports: Any, key: int | None) -> dict[str, Any]:
        """Return what the form holds when somebody comes to it from the page of a report."""
        report = reports.filter(pk=key).first() if reports is not None and key is not None else None
        if report is None:
            return {}
        return {"grid": report.grid_id, "found_in": report.pk, "origin": Origin.INITIATIVE}

    def line(self, row: Dispute) -> dict[str, Any]:
        """Return one line of the disputes that are alike."""
        return {
            "pk": row.pk,
            "url": self.link(row),
            "words": f"{row.title}　{row.number}",
            "chip": ui.chip(row.get_status_display(), TONES.get(row.status, "quiet")),
            "at": ui.cn_short(row.opened_at),
        }

    # --- being shown one from above ---------------------------------------------------------------------------------
    def inspect_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for one file, with a reason."""
        if not request.user.may("inspect", Dispute):
            raise Http404

        def run(given: dict[str, Any]) -> str:
            return self.link(
                inspect(given["number"], by=request.user, reason=given["reason"], request=request)
            )

        return verb_page(
            self,
            request,
            title="调阅卷宗",
            form=InspectForm(request.POST or None),
            run=run,
            done="已登记调阅，并告知矛调中心主任。",
            back=reverse("admin:index"),
            hint="卷宗只有承办的调解员、矛调中心主任和受邀人能看。上级只看数字；确需看某一件的，写明理由，限时打开。",
            button="调阅",
            template="mediation/desk_inspect.html",
            extra={"open": self.open_to(request.user)},
        )

    def open_to(self, user: User) -> list[dict[str, Any]]:
        """Return the lines of the files that are open for some hours to somebody who has no list of files."""
        if user.may("view", Dispute):
            return []
        return [self.line(row) for row in Dispute.objects.restrict(user).for_page().order_by("-pk")[:20]]

    def way_back(self, request: HttpRequest) -> tuple[str, str]:
        """Whoever was shown one file has no list; she goes back to where she asked for it."""
        if not self.has_module_permission(request) and request.user.may("inspect", Dispute):
            return reverse("admin:mediation_dispute_inspect"), "返回调阅卷宗"
        return super().way_back(request)

    # --- page -------------------------------------------------------------------------------------------------------
    def goes_on_at(self, request: HttpRequest, action: str) -> str:
        # The day's files are gone through one after the other.
        begun = action == "deliberate" and request.GET.get("from") in PAGES
        return f"{reverse('admin:mediation_rhythm')}?by={request.GET['from']}" if begun else ""

    def main_actions_of(self, matter: Dispute, user: User) -> tuple[str, ...]:
        parties = list(matter.disputants.only("dispute", "consent"))
        last = newest(matter)
        return next_actions(
            waits=any(party.consent == Disputant.Consent.ASKED for party in parties),
            confirmed=last is not None and is_confirmed(last, parties),
            performed=last is not None and is_performed(last),
            visited=matter.follow_ups.exists(),
            ready=matter.sessions.filter(state=Session.State.PLANNED).exists(),
            assigned=matter.mediations.filter(until=None).exists(),
        )

    def row_title(self, matter: Dispute) -> str:
        return matter.title

    def facts(self, request: HttpRequest, dispute: Dispute) -> list[tuple[str, Any]]:
        """Return what the file says of itself."""
        marks = [
            word
            for word, on in (
                ("涉及未成年人", dispute.has_minor),
                ("公开调解", dispute.is_public),
                (f"延期 {dispute.extensions} 次", dispute.extensions),
            )
            if on
        ]
        return [
            ("编号", dispute.number),
            ("卷号", dispute.case_number),
            ("类别", f"{dispute.get_category_display()}　{dispute.get_grade_display()}"),
            ("地点", self.place(dispute)),
            ("矛调中心", dispute.centre),
            ("上送单位", dispute.sent_from if dispute.status == S.SENT else ""),
            ("来源", f"{dispute.get_origin_display()}　{dispute.origin_number}"),
            ("排查发现", found_words(dispute.found_in) if dispute.found_in_id else ""),
            ("简要情况", dispute.description),
            ("请求事项", dispute.requests),
            ("发生日期", ui.cn_date(dispute.occurred_on) if dispute.occurred_on else ""),
            ("涉及", f"{dispute.people_count} 人" + (f"，{dispute.amount} 元" if dispute.amount else "")),
            ("调解方式", dispute.get_consultation_display()),
            ("标记", "、".join(marks)),
            ("登记时间", ui.cn_datetime(dispute.opened_at)),
            ("受理时间", ui.cn_datetime(dispute.accepted_at)),
            ("权利义务告知", ui.cn_datetime(dispute.informed_at)),
            ("结果", dispute.get_outcome_display()),
            ("回访日期", ui.cn_date(dispute.follow_up_on) if dispute.follow_up_on else ""),
            ("办结时间", ui.cn_datetime(dispute.closed_at)),
        ]

    def contacts(
        self, matter: Dispute, clear: bool, may_reveal: bool, revealed: dict[str, str]
    ) -> list[dict]:
        # The applicant is one of the parties, who have a panel of their own.
        return []

    def panels(self, request: HttpRequest, dispute: Dispute, clear: bool) -> list[dict[str, Any]]:
        """Return the parties, the mediators, and what the file holds in the order in which it came about."""
        user = request.user
        allowed = permitted_actions(user, dispute, {"record", "reveal"})
        asked = [
            (
                "当事人",
                "mediation/desk_parties.html",
                self.parties(dispute, clear, allowed, getattr(request, "revealed", {})),
            ),
            ("调解员", "mediation/desk_mediators.html", mediators_of(dispute, user)),
            ("调解", "mediation/desk_sessions.html", sessions_of(dispute, user)),
            ("调查", "mediation/desk_inquiries.html", inquiries_of(dispute, user, clear)),
            ("协议", "mediation/desk_agreements.html", agreements_of(dispute, user)),
            ("回访", "mediation/desk_follow_ups.html", follow_ups_of(dispute, user)),
            ("谁还能看这份卷宗", "mediation/desk_guests.html", guests_of(dispute, user)),
        ]
        panels = [
            {"title": title, "template": template, "lines": lines}
            for title, template, lines in asked
            if lines
        ]
        return [*panels, papers_panel(dispute, user)]

    def reveal_view(self, request: HttpRequest, object_id: int, field: str) -> HttpResponse:
        """Show one masked column of one party in clear, once, for a reason that the access log keeps. ``field``: name-key."""
        dispute = self.reach(request, str(object_id))
        name, _, key = field.rpartition("-")
        party = dispute.disputants.filter(pk=int(key)).first() if key.isdigit() and len(key) < 12 else None
        if party is None or name not in party.masked:
            raise Http404
        if request.method != "POST":
            return HttpResponseRedirect(self.link(dispute))
        try:
            value = audit.reveal(
                party, name, by=request.user, reason=request.POST.get("reason", ""), request=request
            )
        except PermissionDenied as refusal:
            raise Http404 from refusal
        except ValidationError as refusal:
            self.message_user(request, "".join(refusal.messages), level="error")
            return self.matter_page(request, dispute)
        self.message_user(request, "已记入访问日志。")
        request.revealed = {field: value}
        return self.matter_page(request, dispute)

    def cell(
        self,
        dispute: Dispute,
        party: Disputant,
        name: str,
        *,
        clear: bool,
        reveals: bool,
        shown: dict[str, str],
    ) -> dict[str, Any]:
        """Return one masked column of a party as it may be shown, with the way to look at it."""
        field = f"{name}-{party.pk}"
        open_now = clear or field in shown
        text = masks.shown(party, name, clear=open_now)
        return {
            "label": party._meta.get_field(name).verbose_name,
            "text": text,
            "whole": name == "phone",
            "is_phone": name == "phone" and open_now and bool(text),
            "url": self.link(dispute, "reveal", field) if text and reveals and not open_now else "",
        }

    def parties(
        self, dispute: Dispute, clear: bool, allowed: set[str], revealed: dict[str, str]
    ) -> list[dict[str, Any]]:
        """Return the parties' lines, masked unless the person may call them."""
        amends = "record" in allowed and dispute.status in (S.REGISTERED, S.ACCEPTED, S.MEDIATING)
        return [
            {
                "side": party.get_side_display(),
                "cells": [
                    self.cell(dispute, party, name, clear=clear, reveals="reveal" in allowed, shown=revealed)
                    for name in party.masked
                ],
                "marks": [
                    word
                    for word, on in (
                        ("单位", party.is_body),
                        ("未成年人", party.is_minor),
                        ("有代理人", party.agent),
                    )
                    if on
                ],
                "consent": ui.chip(party.get_consent_display(), CONSENT_TONES[party.consent]),
                "how": f"{party.get_consent_means_display()} {ui.cn_short(party.consent_at)}"
                if party.consent_at
                else "",
                "rated": party.satisfaction,
                "amend": f"{self.link(dispute, 'do', 'amend_party')}?party={party.pk}" if amends else "",
            }
            for party in dispute.disputants.order_by("pk")
        ]

    # --- desk -------------------------------------------------------------------------------------------------------
    def cards(self, request: HttpRequest) -> list[Card]:
        """Return what waits for a director or a mediator."""
        user = request.user
        if not user.may("view", Dispute):
            return []
        rows = Dispute.objects.restrict(user)
        asked = [
            ("纠纷将到期", "light=yellow", rows.yellow(), "caution", "warning", 34),
            ("纠纷超期", "light=red", rows.red(), "danger", "error", 22),
            ("到期回访", "wait=follow_up", rows.to_follow_up(), "info", "home_pin", 35),
        ]
        if user.may("direct", Dispute):
            asked += [
                (
                    "纠纷待受理",
                    "status=registered",
                    rows.ongoing().filter(status=S.REGISTERED),
                    "brand",
                    "balance",
                    9,
                ),
                (
                    "待指定调解员",
                    "status=accepted",
                    rows.ongoing().filter(status=S.ACCEPTED),
                    "brand",
                    "person_add",
                    10,
                ),
                ("待接收的纠纷", "status=sent", rows.ongoing().filter(status=S.SENT), "brand", "move_up", 10),
            ]
        else:
            asked.append(("我调解的", "wait=mine", rows.ongoing().mediated_by(user), "brand", "balance", 9))
        return [
            self.card(request, label, query, found, tone=tone, icon=icon, order=order)
            for label, query, found, tone, icon, order in asked
        ]


def found_words(report: ScreeningReport) -> str:
    """Say by which screening a dispute was found."""
    return f"{report}　{report.screening}" if report.screening_id else str(report)


#: What of the desk's form goes into the registration as it is.
REGISTERED = (
    "grid", "category", "grade", "origin", "origin_number", "description", "requests", "occurred_on", "amount",
)  # fmt: skip
