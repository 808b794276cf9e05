"""The transfers at the desk. One is asked for on a member's page."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from governance.admin.desk import Card
from governance.admin.filters import DayFilter, LightFilter, PlaceFilter, StatusFilter
from governance.admin.matters import MatterAdmin
from governance.permissions import rule_of
from governance.templatetags import ui
from parties.models import WITH_MEMBERS, Organisation, Transfer, TransferStatus, TransferStep
from parties.models.transfers import CONSENTS

S = TransferStatus


@admin.register(Transfer)
class TransferAdmin(MatterAdmin):
    main_actions = ("accept", "release")
    also_shown = ("member", "origin", "target")
    lines_clear = False
    list_display = ("heading", "status_chip", "light_badge", "from_to", "agreed", "opened")
    list_filter = (StatusFilter, LightFilter, PlaceFilter, DayFilter)
    search_help_text = "搜编号或党组织名称"
    tones = {S.ASKED: "brand", S.DONE: "good", S.REFUSED: "danger"}
    export_columns = [
        ("编号", 32, lambda row: row.number),
        ("党员", 10, lambda row: row.subject),
        ("转出党组织", 30, lambda row: row.origin.name),
        ("转入党组织", 30, lambda row: row.target.name),
        ("状态", 12, lambda row: row.get_status_display()),
        ("提出时间", 18, lambda row: row.opened_at),
        ("转出同意", 18, lambda row: row.released_at),
        ("转入同意", 18, lambda row: row.accepted_at),
        ("办结时间", 18, lambda row: row.closed_at),
    ]

    @admin.display(description="从 / 到")
    def from_to(self, transfer: Transfer) -> str:
        return f"{transfer.origin.name} → {transfer.target.name}"

    @admin.display(description="双方同意")
    def agreed(self, transfer: Transfer) -> str:
        sides = (("转出", transfer.released_at), ("转入", transfer.accepted_at))
        return "、".join(f"{words}{'已同意' if at else '未答复'}" for words, at in sides)

    def facts(self, request: HttpRequest, transfer: Transfer) -> list[tuple[str, Any]]:
        """Return what the transfer is about. Whoever is asked to agree must know about whom, until it is decided; everyone else reads
        her masked name, whoever asked for it included."""
        user = request.user
        asked = transfer.placed_by_id != user.pk and transfer.is_open
        named = user.may("contact", transfer.member) or (
            asked and (transfer.is_of_origin(user) or transfer.is_of_target(user))
        )
        return [
            ("编号", transfer.number),
            ("党员", transfer.member.name if named else transfer.subject),
            ("党员类别", transfer.member.get_stage_display()),
            ("转出党组织", transfer.origin.name),
            ("转入党组织", transfer.target.name),
            ("说明", transfer.description),
            ("提出时间", ui.cn_datetime(transfer.opened_at)),
            ("提出人", transfer.placed_by),
            ("转出方同意", ui.cn_datetime(transfer.released_at) if transfer.released_at else "还没有答复"),
            ("转入方同意", ui.cn_datetime(transfer.accepted_at) if transfer.accepted_at else "还没有答复"),
            ("办结时间", ui.cn_datetime(transfer.closed_at)),
        ]

    def related_choices(self, db_field: Any, request: HttpRequest) -> QuerySet | None:
        """Return what a form may choose; for the other side, every organisation of the district that keeps members."""
        if db_field.name == "target":
            rows = Organisation.objects.restrict(request.user, "choose")
            return rows.filter(kind__in=WITH_MEMBERS)
        return super().related_choices(db_field, request)

    # --- desk -------------------------------------------------------------------------------------------------------
    def waiting(self, user: Any) -> QuerySet:
        """Return the transfers to which the person's own side has still to say something."""
        origin, target = (place.jurisdiction(Transfer, user, "decide") for place in rule_of(Transfer).places)
        mine = Q(pk__in=())
        if not user.is_superuser:
            mine = (origin & Q(released_at=None)) | (target & Q(accepted_at=None))
        agreed = TransferStep.objects.filter(actor=user, action__in=CONSENTS).values("matter")
        return Transfer.objects.restrict(user).ongoing().filter(mine).exclude(pk__in=agreed)

    def urgent_rows(self, request: HttpRequest) -> QuerySet:
        return super().urgent_rows(request).filter(pk__in=self.waiting(request.user).values("pk"))

    def cards(self, request: HttpRequest) -> list[Card]:
        if not request.user.may("decide", Transfer):
            return []
        rows = self.waiting(request.user)
        return [self.card(request, "待答复的组织关系转接", "status=asked", rows, tone="brand", icon="swap_horiz", order=5)]  # fmt: skip
