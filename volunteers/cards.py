"""What the home page shows of voluntary service: the dishes most asked for, the entries, and, to a volunteer who has just
scanned the door she is expected at, the way to check in."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from governance.home import Tile
from governance.mine import Kind
from grids.places import place_of
from volunteers.flow.claims import early
from volunteers.models import Claim, Order, ServiceItem, Showcase, Volunteer
from volunteers.models.orders import ClaimStatus

MOST_ITEMS, FEW_ITEMS = 6, 3


def at_the_door(request: HttpRequest) -> tuple[str, dict[str, Any]] | None:
    """The claims that the visitor holds at the door she has just scanned, to check in or out with one tap."""
    place = place_of(request)
    if place is None or not place.scanned or not request.user.is_authenticated:
        return None
    claims = (
        Claim.objects.restrict(request.user)
        .filter(volunteer__applicant=request.user, status=ClaimStatus.HELD, order__entrance=place.entrance)
        .filter(order__wanted_from__lte=timezone.now() + early())
        .select_related("order__item")
        .order_by("order__wanted_from")
    )
    found = list(claims[:3])
    return ("volunteers/card_door.html", {"claims": found}) if found else None


def asked(request: HttpRequest) -> tuple[str, dict[str, Any]] | None:
    """Orders that wait for the volunteer's word."""
    if not request.user.is_authenticated:
        return None
    waiting = Claim.objects.restrict(request.user).filter(
        volunteer__applicant=request.user, status__in=[ClaimStatus.INVITED, ClaimStatus.OFFERED]
    )
    found = list(waiting.select_related("order__item").order_by("window")[:3])
    return ("volunteers/card_asked.html", {"claims": found}) if found else None


def dishes(request: HttpRequest) -> tuple[str, dict[str, Any]] | None:
    """The first dishes of the menu, one tap from the form; fewer in care mode."""
    most = FEW_ITEMS if request.COOKIES.get("care") == "1" else MOST_ITEMS
    items = ServiceItem.objects.restrict(request.user).filter(is_active=True).order_by("order", "code")
    found = list(items[:most])
    return ("volunteers/card_dishes.html", {"items": found}) if found else None


def may(permission: str) -> Any:
    """The ``shows`` of a tile for people who hold a permission somewhere."""
    return lambda request: request.user.is_authenticated and request.user.has_perm(permission)


def leads_team(request: HttpRequest) -> bool:
    """The ``shows`` of the team's tile."""
    user = request.user
    return user.is_authenticated and any(post.unit_id for post in user.posts_with("volunteers.muster_order"))


TILES = (
    Tile(10, "order_new", "我要点单", "请志愿者帮忙", "hand-heart"),
    Tile(
        15,
        "order_new",
        "代点单",
        "替居民填写",
        "clipboard-list",
        "caution",
        "?for=1",
        may("volunteers.place_order"),
    ),
    Tile(30, "my_matters", "我的事项", "办到哪一步了", "list-checks", "info"),
    Tile(40, "wall", "晒单墙", "看看邻里的故事", "images", "caution"),
    Tile(
        50,
        "order_hall",
        "接单大厅",
        "看看谁需要帮忙",
        "heart-handshake",
        "",
        "",
        may("volunteers.seek_order"),
    ),
    Tile(
        55,
        "my_claims",
        "我的接单",
        "签到、签退",
        "square-check-big",
        "good",
        "",
        may("volunteers.seek_order"),
    ),
    Tile(60, "team_orders", "本队的单", "安排队员", "users", "info", "", leads_team),
    Tile(
        70,
        "volunteer_register",
        "当志愿者",
        "登记后可以接单",
        "heart-handshake",
        "good",
        shows=lambda request: (
            not may("volunteers.seek_order")(request) and not may("volunteers.view_order")(request)
        ),
    ),
)

MINE = (
    Kind(
        "order",
        "点单",
        lambda user: (
            Order.objects.restrict(user)
            .filter(Q(applicant=user) | Q(beneficiary=user) | Q(placed_by=user))
            .for_page()
        ),
    ),
    Kind("showcase", "晒单", lambda user: Showcase.objects.restrict(user).filter(applicant=user)),
    Kind("volunteer", "志愿者登记", lambda user: Volunteer.objects.restrict(user).filter(applicant=user)),
)
