"""Placing an order, its page, and its actions."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views import View
from django.views.decorators.http import require_safe

from governance import drafts, masks, worktime
from governance.flow import NotYours
from governance.forms import check_photos, tell
from governance.models import User
from governance.permissions import permitted_actions, rule_of
from governance.views import FlowActionView, RestrictedDetail, SignedIn, buttons, told
from grids.models import Grid
from grids.needs import LOOK_IN, Found, found_in
from grids.places import Place, detour, noted, place_of, recalled
from volunteers.flow import ORDERS
from volunteers.forms.actions import ORDER_FORMS, scanned_door
from volunteers.forms.orders import OrderForm
from volunteers.models import Claim, Order, ServiceItem
from volunteers.models.orders import ASKED, RUNNING, ClaimStatus, OrderStatus
from volunteers.services.contacts import known_volunteers
from volunteers.services.orders import place_order
from volunteers.views.hall import find_clashes, volunteer_of

#: Chips: status -> tone.
TONES = {
    OrderStatus.PLACED: "info",
    OrderStatus.RETURNED: "caution",
    OrderStatus.OPEN: "info",
    OrderStatus.ASSIGNED: "info",
    OrderStatus.CLAIMED: "brand",
    OrderStatus.SERVING: "brand",
    OrderStatus.SERVED: "caution",
    OrderStatus.CONFIRMED: "good",
    OrderStatus.RATED: "good",
    OrderStatus.REJECTED: "danger",
}

#: The action that stands at the bottom of the page, if it is offered: the first of these.
MAIN = (
    "agree", "check_out", "check_in", "confirm", "rate", "muster", "claim", "wait", "answer_complaint", "open_claims",
    "amend",
)  # fmt: skip


# --- placing ---------------------------------------------------------------------------------------------------------
@require_safe
def menu(request: HttpRequest, for_someone: bool) -> HttpResponse:
    """The service menu, by category."""
    items = ServiceItem.objects.restrict(request.user).filter(is_active=True)
    groups: dict[str, list[ServiceItem]] = {}
    for item in items.order_by("category", "order", "code"):
        groups.setdefault(item.category, []).append(item)
    categories = [(label, groups[key]) for key, label in ServiceItem.Category.choices if key in groups]
    return render(
        request,
        "volunteers/menu.html",
        {
            "categories": categories,
            "for_someone": for_someone,
            "look": request.GET.get(LOOK_IN, "") if for_someone else "",
        },
    )


def order_new(request: HttpRequest) -> HttpResponse:
    """The menu, or, once an item is chosen, the form. ``for=1`` is a grid worker's order for a resident."""
    for_someone = request.GET.get("for") == "1"
    if for_someone and request.user.is_authenticated and not request.user.has_perm("volunteers.place_order"):
        raise Http404
    code = request.GET.get("item", "")
    if not code:
        return menu(request, for_someone)
    items = ServiceItem.objects.restrict(request.user).filter(is_active=True)
    item = items.filter(code=code).first() if code.replace("-", "").replace("_", "").isalnum() else None
    if item is None:
        messages.warning(request, "这项服务已经下架，请选择别的项目。")
        return redirect("order_new")
    return NewOrder.as_view(item=item, for_someone=for_someone)(request)


class NewOrder(SignedIn, View):
    """The form of a new order. A worker's may begin with what a look-in found (grids/needs.py)."""

    item: ServiceItem = None  # type: ignore[assignment]
    for_someone = False
    found: Found | None = None

    def get(self, request: HttpRequest) -> HttpResponse:
        draft = drafts.take(request, request.path)
        # What was typed before the detour comes back as it was, without complaints yet.
        typed = draft.dict() if draft is not None else None
        if draft is None and self.for_someone and (found := found_in(request)):
            self.found, typed = found, {"description": found.words, "address": found.room}
        return self.page(self.form(initial=typed))

    def where(self) -> Place | None:
        """Return where the visitor is: of what is sent, where she was when she wrote it."""
        if self.found is not None:
            return self.found.place
        return recalled(self.request, self.request.POST.get("where", "")) or place_of(self.request)

    def post(self, request: HttpRequest) -> HttpResponse:
        if away := detour(request):
            return away
        form, place = self.form(request.POST), self.where()
        valid = form.is_valid()
        if place is None or not place.can_order:
            form.add_error(None, "请先选择地址，再提交。")
        elif valid:
            order = self.place(form, place)
            if order is not None:
                return redirect(order)
        return self.page(form)

    def place(self, form: OrderForm, place: Place) -> Order | None:
        """Place the order; None with the reason in the form when it was refused."""
        user: User = self.request.user
        try:
            order, new = place_order(
                by=user, item=self.item, grid=place.grid, entrance=place.entrance, **form.place_data()
            )
        except NotYours:
            form.add_error(None, "这个地址不在您的网格内，不能代点单。请换成您负责的网格。")
            return None
        except ValidationError as error:
            tell(form, error)
            return None
        if name := form.cleaned_data.get("my_name"):
            User.objects.restrict(user).filter(pk=user.pk, name="").update(name=name)
        if not new:
            messages.success(self.request, "这一单刚才已经提交过了。")
        elif worktime.is_office_time(timezone.now()):
            messages.success(self.request, "点单成功，社区会尽快受理。")
        else:
            messages.success(self.request, "点单成功。现在不是上班时间，社区上班后受理；急用请打社区电话。")
        return order

    def form(self, data: QueryDict | None = None, initial: dict[str, Any] | None = None) -> OrderForm:
        files = self.request.FILES if data is not None else None
        return OrderForm(
            data, files, user=self.request.user, item=self.item, for_someone=self.for_someone, initial=initial
        )

    def page(self, form: OrderForm) -> HttpResponse:
        check_photos(form)
        where = self.where()
        context = {
            "form": form,
            "item": self.item,
            "for_someone": self.for_someone,
            "where": where,
            "noted": noted(where),
        }
        return render(self.request, "volunteers/order_new.html", context)


# --- the page --------------------------------------------------------------------------------------------------------
class OrderPage(SignedIn, RestrictedDetail):
    """One order, as its applicant, its volunteers, its team's leader and the community see it on a phone."""

    model = Order
    template_name = "volunteers/order.html"

    def get_queryset(self) -> Any:
        return super().get_queryset().for_page()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        order, user = self.object, self.request.user
        asked = {"contact", "reveal", "code", "answer", "show", "dispatch", "muster"}
        allowed = permitted_actions(user, order, asked)
        contact = "contact" in allowed
        claims = list(
            Claim.objects.restrict(user)
            .filter(order=order)
            .exclude(status__in=[ClaimStatus.VOID, ClaimStatus.DECLINED, ClaimStatus.EXPIRED])
            .select_related("volunteer")
            .order_by("created_at", "pk")
        )
        mine = [claim for claim in claims if claim.volunteer.applicant_id == user.pk]
        insider = bool(allowed - {"show"}) or bool(mine) or self.by_post()
        shown = {
            name: masks.shown(order, name, clear=contact)
            for name in (
                "beneficiary_name",
                "beneficiary_phone",
                "applicant_name",
                "applicant_phone",
                "address",
            )
        }
        people = self.people(claims, allowed)
        known = {user.pk} | {row["claim"].volunteer.applicant_id for row in people if row["named"]}
        if contact:
            known |= {order.applicant_id, order.beneficiary_id, order.placed_by_id}
        offered = buttons(OrderActionView, order, user)
        order.clash = None
        if any(button.name == "claim" for button in offered):
            volunteer = volunteer_of(user)
            if volunteer is not None:
                find_clashes([order], volunteer)
        if order.clash is not None:
            offered = [button for button in offered if button.name != "claim"]
        main = next((b for name in MAIN for b in offered if b.name == name), None)
        if mine:
            waiting = mine[-1].status == ClaimStatus.HELD and mine[-1].checked_in_at is None
            mine[-1].late = waiting and order.wanted_from <= timezone.now()
        return super().get_context_data(
            **kwargs,
            order=order,
            tone=TONES.get(order.status, "quiet"),
            shown=shown,
            contact=contact,
            may_reveal=not contact and "reveal" in allowed,
            # From the first volunteer on: with several places, one may be there while others are still sought.
            show_code="code" in allowed and order.status in RUNNING and order.taken > 0,
            may_show="show" in allowed
            and not order.showcases.filter(applicant=user).exclude(status="withdrawn").exists(),
            claims=people if insider else [],
            people_needed=order.places_text(sum(claim.status in ASKED for claim in claims)),
            mine=mine[-1] if mine else None,
            insider=insider,
            steps=self.timeline(known) if insider else [],
            photos=list(order.photos.all()),
            first=main,
            others=[b for b in offered if b is not main],
            estimate=order.due_at is not None
            and worktime.is_estimate(timezone.localtime(order.due_at).date()),
            scanned=scanned_door(self.request, order),
            community=Grid.objects.filter(code=order.grid_id[:12]).only("name", "phone").first(),
        )

    def by_post(self) -> bool:
        """Whether a post of hers, not the hall, is why she sees the order."""
        order, user = self.object, self.request.user
        if not user.is_staff:
            return False
        posts = rule_of(Order).jurisdiction(Order, user, "view")
        return Order.objects.filter(posts, pk=order.pk).exists()

    def people(self, claims: list[Claim], allowed: set[str]) -> list[dict[str, Any]]:
        """The volunteers of the order, as far as the viewer may know them."""
        order, user, rows = self.object, self.request.user, []
        staff = {"dispatch", "muster"} & allowed
        known = known_volunteers(user, order, claims, allowed)
        for claim in claims:
            own = claim.volunteer.applicant_id == user.pk
            clear = known[claim.pk]
            if claim.status == ClaimStatus.RELEASED and not staff:
                continue
            rows.append(
                {
                    "claim": claim,
                    "own": own,
                    "name": masks.shown(claim.volunteer, "applicant_name", clear=clear.name),
                    "phone": masks.shown(claim.volunteer, "applicant_phone", clear=clear.phone),
                    "named": clear.name,
                    "clear": clear.phone and not own,
                }
            )
        return rows

    def timeline(self, known: set[int | None]) -> list[dict[str, Any]]:
        """What happened, newest first. People on duty are named, and so are those whom the viewer may call (``known``)."""
        user = self.request.user
        return told(
            ORDERS.timeline(self.object, user),
            user,
            lambda step: str(step.actor) if step.actor_id in known else None,
        )


class OrderActionView(FlowActionView):
    """One action on one order."""

    flow = ORDERS
    forms = ORDER_FORMS
    address = "order_action"
    fallback = "my_claims"
    templates = {
        "check_in": "volunteers/arrive.html",
        "check_out": "volunteers/arrive.html",
        "rate": "volunteers/rate.html",
        "muster": "volunteers/ask_people.html",
        "assign_people": "volunteers/ask_people.html",
    }
    done = {
        "claim": "接单成功。请按时前往，到达后签到。",
        "wait": "已排入候补，有人退出时会按顺序通知您。",
        "agree": "谢谢您！请按时前往，到达后签到。",
        "decline": "已谢绝，社区会另请他人。",
        "release": "已退出，名额会让给其他人。",
        "check_in": "签到成功，服务开始。",
        "check_out": "签退成功，辛苦了！等受助人确认后，会记入您的服务时长。",
        "confirm": "已确认，谢谢。请给志愿者评个分。",
        "rate": "谢谢您的评价。",
        "complain": "投诉已提交，社区会答复您。",
        "cancel": "已取消这一单。",
        "amend": "已提交，社区会重新受理。",
        "muster": "已请队员，等他们答复。",
    }
