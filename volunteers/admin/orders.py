"""The order desk: the list with lights, dispatching, and placing an order for someone."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models.fields.related import RelatedField
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from governance import masks
from governance.admin.desk import Card
from governance.admin.filters import (
    ChannelFilter,
    ChoiceFilter,
    DayFilter,
    LightFilter,
    PlaceFilter,
    StatusFilter,
)
from governance.admin.matters import MatterAdmin, link_to
from governance.admin.verbs import verb_page
from governance.permissions import permitted_actions, rule_of
from governance.templatetags import ui
from grids.models import Entrance
from volunteers.admin.forms import DeskOrderForm
from volunteers.forms.actions import ORDER_FORMS
from volunteers.models import Claim, Order, ServiceItem, Volunteer
from volunteers.models.orders import ASKED, ClaimStatus
from volunteers.models.orders import OrderStatus as S
from volunteers.services.contacts import Known, known_volunteers
from volunteers.services.orders import place_order

CLAIM_TONES = {
    ClaimStatus.HELD: "good",
    ClaimStatus.SERVED: "good",
    ClaimStatus.INVITED: "info",
    ClaimStatus.OFFERED: "info",
    ClaimStatus.WAITING: "caution",
    ClaimStatus.ABSENT: "danger",
}


class ItemFilter(ChoiceFilter):
    title, parameter_name = "服务项目", "item"

    def lookups(self, request, model_admin):
        return [(str(key), name) for key, name in ServiceItem.objects.values_list("pk", "name")]

    def queryset(self, request, queryset):
        chosen = self.checked()
        return queryset.filter(item=chosen) if chosen else queryset


class ComplaintFilter(ChoiceFilter):
    title, parameter_name = "投诉", "complaint"

    def lookups(self, request, model_admin):
        return [("open", "有待答复的投诉")]

    def queryset(self, request, queryset):
        return queryset.filter(complaint_open=True) if self.checked() else queryset


def window_text(order: Order) -> str:
    """Return the wanted time in short: 11月23日 09:00-11:00."""
    return f"{ui.cn_short(order.wanted_from)}-{ui.cn_time(order.wanted_until)}"


@admin.register(Order)
class OrderAdmin(MatterAdmin):
    add_action = "place"
    action_forms = ORDER_FORMS
    bulk_actions = ("open_claims", "assign_team", "extend")
    list_display = (
        "heading", "status_chip", "light_badge", "place", "person", "wanted", "due", "opened",
    )  # fmt: skip
    list_filter = (
        StatusFilter,
        LightFilter,
        PlaceFilter,
        ItemFilter,
        ComplaintFilter,
        ChannelFilter,
        DayFilter,
    )
    tones = {
        S.PLACED: "brand",
        S.RETURNED: "caution",
        S.OPEN: "info",
        S.ASSIGNED: "info",
        S.CLAIMED: "good",
        S.SERVING: "good",
        S.SERVED: "caution",
        S.CONFIRMED: "quiet",
        S.CANCELLED: "quiet",
    }
    export_columns = [
        ("编号", 32, lambda order: order.number),
        ("服务项目", 16, lambda order: order.title),
        ("状态", 10, lambda order: order.get_status_display()),
        ("社区网格", 24, lambda order: str(order.grid)),
        ("楼门", 20, lambda order: str(order.entrance or "")),
        ("受助人", 10, lambda order: masks.shown(order, "beneficiary_name")),
        ("受助人电话", 16, lambda order: masks.shown(order, "beneficiary_phone")),
        ("希望开始", 18, lambda order: order.wanted_from),
        ("希望结束", 18, lambda order: order.wanted_until),
        ("需要人数", 10, lambda order: order.places),
        ("已接人数", 10, lambda order: order.taken),
        ("来源", 12, lambda order: order.get_channel_display()),
        ("提交时间", 18, lambda order: order.opened_at),
        ("办结时间", 18, lambda order: order.closed_at),
        ("评分", 8, lambda order: order.rating),
        ("说明", 40, lambda order: order.description),
    ]

    # --- list -------------------------------------------------------------------------------------------------------
    @admin.display(description="受助人")
    def person(self, order: Order) -> str:
        return masks.shown(order, "beneficiary_name", clear=order.clear)

    @admin.display(description="希望时间", ordering="wanted_from")
    def wanted(self, order: Order) -> str:
        return window_text(order)

    def related_choices(self, db_field: RelatedField, request: HttpRequest) -> models.QuerySet | None:
        """Return where an order may be placed: current nodes and doors within reach of the permission to place."""
        if db_field.name == "entrance":
            if request.user.is_superuser:
                return Entrance.objects.all()
            nodes = [(p.code, None) for p in request.user.posts_with("volunteers.place_order")]
            doors = (
                Entrance.objects.filter(rule_of(Entrance).nodes_q(nodes))
                if nodes
                else Entrance.objects.none()
            )
            return doors.filter(grid__valid_until=None)
        return super().related_choices(db_field, request)

    # --- page -------------------------------------------------------------------------------------------------------
    def facts(self, request: HttpRequest, order: Order) -> list[tuple[str, Any]]:
        """Return what the order is about."""
        rated = f"{order.rating} 星　{order.rating_words}" if order.rating else ""
        return [
            ("编号", order.number),
            ("服务项目", f"{order.item}（通常 {order.item.usual_minutes} 分钟）"),
            ("希望时间", f"{ui.cn_datetime(order.wanted_from)} 至 {ui.cn_time(order.wanted_until)}"),
            ("人数", order.places_text(order.claims.filter(status__in=ASKED).count())),
            ("地点", self.place(order)),
            ("承办单位", order.unit),
            ("来源", order.get_channel_display()),
            ("代办人", order.placed_by),
            ("提交时间", ui.cn_datetime(order.opened_at)),
            ("办结时间", ui.cn_datetime(order.closed_at)),
            ("具体情况", order.description),
            ("评价", rated),
            ("投诉", "有待答复的投诉" if order.complaint_open else ""),
        ]

    def claims_of(self, request: HttpRequest, order: Order) -> tuple[list[Claim], dict[int, Known]]:
        """Return the order's claims and what the person may know of their volunteers; asked once for each page."""
        asked = request.__dict__.setdefault("_claims_of", {})
        if order.pk not in asked:
            claims = list(
                Claim.objects.restrict(request.user)
                .filter(order=order)
                .select_related("volunteer__applicant")
            )
            allowed = permitted_actions(request.user, order, {"contact", "dispatch", "muster"})
            asked[order.pk] = claims, known_volunteers(request.user, order, claims, allowed)
        return asked[order.pk]

    def in_full(self, request: HttpRequest, order: Order) -> set[int]:
        """Return the volunteers whom the panel of the page names in full."""
        claims, known = self.claims_of(request, order)
        return {claim.volunteer.applicant_id for claim in claims if known[claim.pk].name}

    def panels(self, request: HttpRequest, order: Order, clear: bool) -> list[dict[str, Any]]:
        """Return the volunteers on the order, and the showcases that came of it."""
        claims, known = self.claims_of(request, order)
        reached = set(
            Volunteer.objects.restrict(request.user)
            .filter(pk__in={claim.volunteer_id for claim in claims})
            .values_list("pk", flat=True)
        )
        lines = []
        for claim in claims:
            volunteer = claim.volunteer
            words = masks.shown(volunteer, "applicant_name", clear=known[claim.pk].name)
            lines.append(
                {
                    "who": link_to(reverse("admin:volunteers_volunteer_change", args=[volunteer.pk]), words)
                    if volunteer.pk in reached
                    else words,
                    "phone": masks.shown(volunteer, "applicant_phone", clear=known[claim.pk].phone),
                    "chip": ui.chip(claim.get_status_display(), CLAIM_TONES.get(claim.status, "quiet")),
                    "in": ui.cn_short(claim.checked_in_at),
                    "out": ui.cn_short(claim.checked_out_at),
                    "hours": f"{claim.half_hours / 2:g} 小时" if claim.half_hours else "",
                    "later": claim.entered_later,
                }
            )
        return [{"title": "志愿者", "template": "volunteers/desk_claims.html", "lines": lines}]

    # --- placing ----------------------------------------------------------------------------------------------------
    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.may(self.add_action, Order)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context=None) -> HttpResponse:
        """Place an order for a resident, through the front door."""
        if not self.has_add_permission(request):
            raise Http404
        form = DeskOrderForm(request.POST or None, admin=self, request=request)

        def run(given: dict[str, Any]) -> str:
            order, _ = place_order(by=request.user, **form.place_data())
            return self.link(order)

        return verb_page(
            self,
            request,
            title="代居民点单",
            form=form,
            run=run,
            done="已点单，请继续派单。",
            back=self.link(None, "changelist"),
            hint="居民打电话或到社区来时，在这里替居民点单；派单、接单等进展会用短信告诉居民。",
        )

    # --- desk -------------------------------------------------------------------------------------------------------
    def cards(self, request: HttpRequest) -> list[Card]:
        """Return what waits, what turns yellow or red, what is new, and the complaints to answer."""
        if not request.user.may("view", Order):
            return []
        now = timezone.localtime()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        rows = Order.objects.restrict(request.user, "view")
        return [
            self.card(
                request,
                "待受理",
                "status=placed",
                rows.filter(status=S.PLACED),
                tone="brand",
                icon="inbox",
                order=10,
            ),
            self.card(
                request, "红·已超期", "light=red", rows.red(now), tone="danger", icon="error", order=20
            ),
            self.card(
                request,
                "黄·将到期",
                "light=yellow",
                rows.yellow(now),
                tone="caution",
                icon="warning",
                order=30,
            ),
            self.card(
                request,
                "今日新增",
                "opened=today",
                rows.filter(opened_at__gte=midnight, opened_at__lt=midnight + timedelta(days=1)),
                tone="info",
                icon="today",
                order=40,
            ),
            self.card(
                request,
                "投诉待答复",
                "complaint=open",
                rows.filter(complaint_open=True),
                tone="danger",
                icon="campaign",
                order=50,
            ),
        ]
