"""Placing an order, by the front door; what happens to it afterwards is its flow's table."""

import secrets
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from governance import files, intake, parameters
from governance.flow import NotYours, Refused
from governance.models import Intake, Matter, User
from governance.territory import GridLevel
from governance.worktime import next_workday
from grids.models import Entrance, Grid
from volunteers.flow.dispatch import account_with, check_window
from volunteers.flow.orders import ACCEPT_CLOCK, ORDERS
from volunteers.models import Order, OrderPhoto, ServiceItem


@transaction.atomic
def place_order(
    *,
    by: User,
    source_id: str,
    item: ServiceItem,
    grid: Grid,
    wanted_from: datetime,
    wanted_until: datetime,
    beneficiary_name: str,
    beneficiary_phone: str,
    entrance: Entrance | None = None,
    address: str = "",
    description: str = "",
    places: int = 1,
    applicant: User | None = None,
    applicant_name: str = "",
    applicant_phone: str = "",
    channel: str = "resident",
    source: str = "portal",
    photos: Iterable[UploadedFile] = (),
) -> tuple[Order, bool]:
    """Place a service order (点单). Returns the order, and False when this very request had been taken in before.

    ``by`` fills it in; when that is not the applicant (代点单), she needs the permission to place orders at the grid.
    ``source_id`` names the request within its source and person. The order and its ``photos`` are kept together or not at
    all. Raises Refused at the field it concerns, NotYours, or ValidationError.
    """
    for_someone = applicant is None or applicant.pk != by.pk
    order_for = applicant if applicant is not None else None
    order, new = intake.receive(
        "order",
        by=by,
        source=source,
        source_id=f"{by.pk}:{source_id}",
        channel=channel,
        grid_id=entrance.grid_id if entrance is not None else grid.code,
        applicant=order_for,
        applicant_name=applicant_name or (applicant.name if applicant else "") or beneficiary_name,
        applicant_phone=applicant_phone
        or (applicant.phone if applicant and applicant.phone else "")
        or beneficiary_phone,
        item=item,
        entrance=entrance,
        address=address,
        wanted_from=wanted_from,
        wanted_until=wanted_until,
        beneficiary_name=beneficiary_name,
        beneficiary_phone=beneficiary_phone,
        description=description,
        places=places,
        for_someone=for_someone,
    )
    if new:
        files.attach(OrderPhoto, photos, by=by, order=order)
    return order, new


def take_in(came: Intake, payload: dict[str, Any]) -> Matter:
    """Make an order of what came in by the front door (the handler of the kind "order")."""
    by: User = payload["by"]
    if came.referred_from:
        payload = {**_of_referral(came, payload["choice"], payload.get("spot", "")), **payload}
    item: ServiceItem = payload["item"]
    if not item.is_active:
        raise Refused("这项服务已经下架，请选择别的项目。", "item")
    if came.grid.is_retired:
        raise Refused("这个网格已停用，请重新选择地址。", "grid")
    if came.grid.grid_level < GridLevel.COMMUNITY:
        raise Refused("请选择到社区或基础网格，街道和区里不直接受理点单。", "grid")
    if came.applicant_id is not None and came.applicant_id == by.pk:
        unfinished = Order.objects.ongoing().filter(applicant=by).count()
        if unfinished >= parameters.value("orders.open_limit"):
            raise Refused(f"您已有 {unfinished} 单未完成，请等前面的完成后再点单，或联系社区。")
    order = Order(
        grid=came.grid,
        title=payload.get("title") or item.name,
        description=payload["description"],
        applicant=came.applicant,
        applicant_name=came.applicant_name,
        applicant_phone=came.applicant_phone,
        placed_by=came.placed_by,
        channel=came.channel,
        item=item,
        entrance=payload["entrance"],
        address=payload["address"],
        wanted_from=payload["wanted_from"],
        wanted_until=payload["wanted_until"],
        beneficiary_name=payload["beneficiary_name"],
        beneficiary_phone=payload["beneficiary_phone"],
        beneficiary=account_with(payload["beneficiary_phone"]),
        places=max(payload["places"], 2 if item.two_volunteers else 1),
        code=f"{secrets.randbelow(1_000_000):06d}",
    )
    check_window(order, timezone.now())

    def within_reach(saved: Matter) -> None:
        # What is referred was decided by whoever runs the other desk of the same place.
        if saved.placed_by_id is not None and not came.referred_from and not by.may("place", saved):
            raise NotYours

    offered = "helper" in payload
    ORDERS.open_matter(
        order,
        # Who found somebody for it, and by which post, is told where it comes from.
        by=User.objects.system() if offered else by,
        label="转为志愿服务" if offered else "点单" if order.placed_by_id is None else "代点单",
        tell=() if offered else ("dispatchers", "applicant"),
        clock=ACCEPT_CLOCK,
        check=within_reach,
    )
    if not offered:
        return order
    # Somebody was found for it where it comes from: nobody needs to dispatch it.
    return ORDERS.run(order, "entrust", by=User.objects.system(), helper=payload["helper"])


def call_off(order: Matter, reason: str) -> None:
    """Take back an order that was referred (the front door's ``recall``). Raises Refused once the service has begun."""
    ORDERS.run(order, "call_off", by=User.objects.system(), note=reason)


def referred_to() -> list[tuple[str, str]]:
    """Return the dishes of the menu that another app's matter can be referred to."""
    dishes = ServiceItem.objects.filter(is_active=True).order_by("category", "order", "code")
    return [(item.code, f"{item.get_category_display()} · {item.name}") for item in dishes]


def _of_referral(came: Intake, code: str, spot: str) -> dict[str, Any]:
    """Return what an order needs and a referred matter does not say: the dish that was chosen, for whoever asked, where it was
    found (``spot``), in the morning of the next working day; the desk agrees on another time with her.

    Raises Refused where there is nobody to serve or no such dish.
    """
    item = ServiceItem.objects.filter(code=code, is_active=True).first()
    if item is None:
        raise Refused("请选择转到哪里。", "to")
    if not came.applicant_phone:
        raise Refused("没有留下姓名和电话，不能转为志愿服务。", "to")
    start = datetime.combine(next_workday(), time(9), timezone.get_default_timezone())
    return {
        "item": item,
        "address": spot,
        "places": 1,
        "wanted_from": start,
        "wanted_until": start + timedelta(minutes=item.usual_minutes),
        "beneficiary_name": came.applicant_name or "报告人",
        "beneficiary_phone": came.applicant_phone,
    }


def open_orders_for(user: User):
    """Return the orders of the hall that the person may claim now, soonest first."""
    return (
        Order.objects.restrict(user, "claim")
        .open_to_claims()
        .filter(wanted_until__gt=timezone.now())
        .for_page()
        .order_by("wanted_from", "pk")
    )
