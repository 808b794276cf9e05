"""Making a small wish, by the front door; what happens to it afterwards is its flow's table."""

from typing import Any

from django.db import transaction

from governance import intake, parameters
from governance.flow import NotYours, Refused
from governance.models import Intake, Matter, User
from governance.territory import GridLevel
from grids.models import Entrance, Grid
from parties.flow.wishes import REVIEW_CLOCK, WISHES
from parties.models import MicroWish


@transaction.atomic
def place_wish(
    *,
    by: User,
    source_id: str,
    grid: Grid,
    title: str,
    description: str = "",
    entrance: Entrance | None = None,
    address: str = "",
    applicant: User | None = None,
    applicant_name: str,
    applicant_phone: str,
    channel: str = "resident",
) -> tuple[MicroWish, bool]:
    """Make a wish. Returns it, and False when this very request had been taken in before.

    ``by`` writes it down; when that is not the applicant she needs the permission to place wishes at the grid. Raises Refused at
    the field it concerns, NotYours, or ValidationError.
    """
    return intake.receive(
        "wish",
        by=by,
        source="portal",
        source_id=f"wish:{by.pk}:{source_id}",
        channel=channel,
        grid_id=entrance.grid_id if entrance is not None else grid.code,
        applicant=applicant,
        applicant_name=applicant_name,
        applicant_phone=applicant_phone,
        title=title,
        description=description,
        entrance=entrance,
        address=address,
    )


def take_wish(came: Intake, payload: dict[str, Any]) -> Matter:
    """Make a wish of what came in by the front door (the handler of the kind "wish")."""
    by: User = payload["by"]
    if came.grid.is_retired:
        raise Refused("这个网格已停用，请重新选择地址。")
    if came.grid.grid_level < GridLevel.COMMUNITY:
        raise Refused("请选择到社区或基础网格，街道和区里不直接受理微心愿。")
    most = parameters.value("wishes.open_limit")
    if came.applicant_id is not None:
        unfinished = MicroWish.objects.ongoing().filter(applicant=came.applicant_id).count()
        if unfinished >= most:
            raise Refused(f"已有 {unfinished} 个微心愿还没有实现，请等前面的实现以后再许，或者联系社区。")
    wish = MicroWish(
        grid=came.grid,
        title=payload["title"].strip(),
        description=payload["description"].strip(),
        applicant=came.applicant,
        applicant_name=came.applicant_name,
        applicant_phone=came.applicant_phone,
        placed_by=came.placed_by,
        channel=came.channel,
        entrance=payload["entrance"],
        address=payload["address"].strip(),
    )

    def within_reach(saved: Matter) -> None:
        if saved.placed_by_id is not None and not by.may("place", saved):
            raise NotYours

    return WISHES.open_matter(
        wish,
        by=by,
        label="许愿" if wish.placed_by_id is None else "代填心愿",
        tell=("reviewers", "applicant"),
        clock=REVIEW_CLOCK,
        check=within_reach,
    )


def open_wishes_for(user: User):
    """Return the wishes that a person may claim now, oldest first; her own are left out."""
    return (
        MicroWish.objects.restrict(user, "claim")
        .filter(status="published")
        .exclude(applicant=user)
        .with_place()
        .order_by("opened_at", "pk")
    )
