"""Sealed files at the desk: whether the seal is whole, taking one along, holding its erasure off, asking for it and approving it."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from governance.admin.base import Named, ReadOnlyAdmin
from governance.admin.desk import Card
from governance.admin.filters import ChoiceFilter
from governance.admin.verbs import ReasonForm, verb_page
from governance.exports import as_file
from governance.flow import NotYours
from governance.permissions import permitted_actions
from governance.templatetags import ui
from mediation.models import Archive
from mediation.papers import verify_seal
from mediation.services import archiving


class StandFilter(ChoiceFilter):
    """How it stands with a sealed file."""

    title, parameter_name = "档案情况", "stand"

    def lookups(self, request, model_admin):
        return [("expired", "保管期满"), ("asked", "待批准销毁"), ("held", "暂停销毁"), ("erased", "已销毁")]

    def queryset(self, request, queryset):
        chosen = self.checked()
        if chosen == "expired":
            return queryset.filter(keep_until__lt=timezone.localdate(), erased_on=None)
        if chosen == "asked":
            return queryset.erasing()
        if chosen == "held":
            return queryset.exclude(hold_reason="")
        return queryset.exclude(erased_on=None) if chosen == "erased" else queryset


@admin.register(Archive)
class ArchiveAdmin(ReadOnlyAdmin):
    list_display = ("name", "kind", "sealed", "retention", "until", "stand")
    list_display_links = ("name",)
    list_filter = (StandFilter,)
    search_fields = ("dispute__case_number", "dispute__number")
    search_help_text = "搜卷号、编号"
    ordering = ("-sealed_at", "-pk")

    # --- which rows -------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Return the sealed files that the person may view, and those whose erasure waits for her."""
        rows = Archive.objects.filter(
            Q(pk__in=Archive.objects.restrict(request.user).values("pk"))
            | Q(pk__in=Archive.objects.restrict(request.user, "erase").erasing().values("pk"))
        )
        return rows.select_related("dispute").order_by(*self.ordering)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:
            return request.user.may("view", Archive) or request.user.may("erase", Archive)
        return self.get_queryset(request).filter(pk=obj.pk).exists()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    # --- list -------------------------------------------------------------------------------------------------------
    @admin.display(description="卷号", ordering="dispute__case_number")
    def name(self, archive: Archive) -> str:
        return str(archive)

    @admin.display(description="类别", ordering="dispute__category")
    def kind(self, archive: Archive) -> str:
        return archive.dispute.get_category_display()

    @admin.display(description="归档", ordering="sealed_at")
    def sealed(self, archive: Archive) -> str:
        return ui.cn_short(archive.sealed_at)

    @admin.display(description="保管至", ordering="keep_until")
    def until(self, archive: Archive) -> str:
        return ui.cn_date(archive.keep_until)

    @admin.display(description="情况")
    def stand(self, archive: Archive) -> str:
        if archive.erased_on:
            return ui.chip("已销毁", "quiet")
        if archive.hold_reason:
            return ui.chip("暂停销毁", "caution")
        if archive.erase_asked_at:
            return ui.chip("待批准销毁", "brand")
        return ui.chip("保管期满", "caution") if archive.is_expired else ui.chip("保管中", "good")

    # --- page -------------------------------------------------------------------------------------------------------
    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.do_view)
        return [
            path("<int:object_id>/do/<slug:action>/", view, name="mediation_archive_do"),
            *super().get_urls(),
        ]

    def changeform_view(
        self, request: HttpRequest, object_id=None, form_url: str = "", extra_context=None
    ) -> HttpResponse:
        """Show a sealed file, and whether anything of it was changed since; that is looked at anew each time."""
        if object_id is None:
            raise Http404
        archive = self.reach(request, object_id)
        allowed = permitted_actions(request.user, archive, {"view", "export", "change", "erase"})
        verdict = verify_seal(archive.dispute) if "view" in allowed else None
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": f"卷宗档案 {archive}",
            "opts": self.model._meta,
            "original": Named(archive, str(archive)),
            "archive": archive,
            "verdict": verdict,
            "facts": [(label, value) for label, value in self.facts(archive) if value not in ("", None)],
            "contents": archive.manifest.get("contents", []) if verdict else [],
            "actions": [
                {"label": label, "url": self.link(archive, "do", name), "danger": danger}
                for name, (label, needs, fits, danger, _) in VERBS.items()
                if needs in allowed and fits(archive, request.user)
            ],
            "file_url": archive.dispute.get_desk_url() if verdict else "",
            "back": self.link(None, "changelist"),
            "has_permission": True,
        }
        return TemplateResponse(request, "mediation/desk_archive.html", context)

    def facts(self, archive: Archive) -> list[tuple[str, Any]]:
        """Return what the page says of a sealed file; nothing of what is in it."""
        dispute = archive.dispute
        asked = archive.erase_asked_by and (
            f"{archive.erase_asked_by}，{ui.cn_short(archive.erase_asked_at)}：{archive.erase_reason}"
        )
        held = (
            archive.hold_reason
            and f"{archive.held_by}，{ui.cn_short(archive.held_at)}：{archive.hold_reason}"
        )
        return [
            ("编号", dispute.number),
            ("类别", dispute.get_category_display()),
            ("结果", dispute.get_outcome_display()),
            ("归档", f"{ui.cn_datetime(archive.sealed_at)}　{archive.sealed_by}"),
            ("页数", archive.pages),
            ("保管期限", f"{archive.get_retention_display()}，至 {ui.cn_date(archive.keep_until)}"),
            ("封存摘要", archive.sha256),
            ("暂停销毁", held),
            ("申请销毁", asked),
            ("批准销毁", archive.erase_approved_by),
            ("销毁", ui.cn_date(archive.erased_on) if archive.erased_on else ""),
        ]

    def do_view(self, request: HttpRequest, object_id: int, action: str) -> HttpResponse:
        """Ask for what a verb needs and carry it out."""
        archive = self.reach(request, str(object_id))
        if action not in VERBS:
            raise Http404
        label, needs, fits, danger, verb = VERBS[action]
        if not request.user.may(needs, archive) or not fits(archive, request.user):
            raise Http404

        def run(given: dict[str, Any]) -> HttpResponse | None:
            try:
                return verb(archive, request, given["reason"])
            except NotYours:
                raise Http404 from None

        there = self.get_queryset(request).filter(pk=archive.pk).exists
        return verb_page(
            self,
            request,
            title=label,
            form=ReasonForm(request.POST or None),
            run=lambda given: run(given) or self.link(*((archive,) if there() else (None, "changelist"))),
            done=f"已办理：{label}。",
            back=self.link(archive),
            obj=archive,
            hint=HINTS.get(action, ""),
            danger=danger,
        )

    # --- the desk ---------------------------------------------------------------------------------------------------
    def cards(self, request: HttpRequest) -> list[Card]:
        """Return how many erasures wait for the person's approval."""
        if not request.user.may("erase", Archive):
            return []
        rows = Archive.objects.restrict(request.user, "erase").erasing()
        url = f"{self.link(None, 'changelist')}?stand=asked"
        return [Card("待批准销毁的卷宗", url, rows, tone="brand", icon="delete_history", order=45)]


def _export(archive: Archive, request: HttpRequest, reason: str) -> HttpResponse:
    name, content = archiving.export_zip(archive, by=request.user, reason=reason, request=request)
    return as_file(name, content, "application/zip")


def _plain(service: Callable) -> Callable:
    def verb(archive: Archive, request: HttpRequest, reason: str) -> None:
        service(archive, by=request.user, reason=reason)

    return verb


def _kept(archive: Archive, user: Any) -> bool:
    return archive.erased_on is None


#: name: (label, the rule's action, when it is offered, whether it is dangerous, what it does).
VERBS: dict[str, tuple[str, str, Callable, bool, Callable]] = {
    "export": ("导出整卷", "export", _kept, False, _export),
    "hold": ("暂停销毁", "change", lambda a, u: _kept(a, u) and not a.hold_reason, False, _plain(archiving.hold)),
    "release": (
        "解除暂停销毁", "change", lambda a, u: _kept(a, u) and bool(a.hold_reason), False, _plain(archiving.release),
    ),
    "ask": (
        "申请销毁",
        "change",
        lambda a, u: _kept(a, u) and a.is_expired and not a.hold_reason and a.erase_asked_at is None,
        True,
        _plain(archiving.ask_erasure),
    ),
    "approve": (
        "批准销毁",
        "erase",
        lambda a, u: _kept(a, u) and a.erase_asked_at is not None and a.erase_asked_by_id != u.pk,
        True,
        _plain(archiving.approve_erasure),
    ),
    "refuse": (
        "不批准销毁",
        "erase",
        lambda a, u: _kept(a, u) and a.erase_asked_at is not None,
        False,
        _plain(archiving.refuse_erasure),
    ),
}  # fmt: skip
HINTS = {
    "export": "打包成一个 ZIP：全部文书（Word）、照片、目录和摘要清单。内容未脱敏，导出理由会记入访问日志。",
    "hold": "有诉讼、信访、审计等需要的，暂停销毁；已有的销毁申请作废。",
    "ask": "保管期满才能申请，由另一人批准。",
    "approve": "批准后立即销毁，不能恢复；只留下统计用的一行。",
}
