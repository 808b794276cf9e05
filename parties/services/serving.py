"""Registering with a community (双报到), and pairing units with it (结对共建)."""

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Q

from governance.constraints import sentence
from governance.flow import NotYours, Refused
from governance.models import User
from governance.models.matters import Channel
from governance.permissions import look_again
from governance.territory import GridLevel
from grids.models import Entrance, Grid
from parties.flow.serving import ACCEPT_CLOCK, CHECKINS
from parties.models import DualRegistration, Pairing, RegistrationStatus

K = DualRegistration.Kind


@transaction.atomic
def register(
    *,
    by: User,
    grid: Grid,
    kind: str,
    name: str,
    phone: str,
    employer: str,
    affiliation: str,
    offers: str = "",
    entrance: Entrance | None = None,
) -> DualRegistration:
    """Register a member in service where she lives, or an organisation beside the community. Returns the registration.

    On a phone ``by`` registers herself, or the organisation for which she speaks; at the desk a community's people write it down for
    others (``record``). Raises Refused at the field it concerns, NotYours, or ValidationError.
    """
    if kind not in K.values:
        raise Refused("请选择报到类别。", "kind")
    if grid.is_retired or len(grid.code) < GridLevel.COMMUNITY:
        raise Refused("请选择到社区或基础网格。", "grid")
    herself = not by.is_staff and by.phone_verified and phone == by.phone
    applicant = by if herself else account_of(name, phone)
    row = DualRegistration(
        grid=grid,
        entrance=entrance if kind == K.MEMBER else None,
        kind=kind,
        title=f"{K(kind).label}报到" if kind == K.MEMBER else f"{employer.strip()[:60]}报到",
        applicant=applicant,
        applicant_name=name.strip(),
        applicant_phone=phone,
        employer=employer.strip(),
        affiliation=affiliation.strip(),
        offers=offers.strip(),
        placed_by=None if herself else by,
        channel=Channel.RESIDENT if herself else Channel.DESK,
    )

    def within_reach(saved: Any) -> None:
        if not herself and not by.may("record", saved):
            raise NotYours

    try:
        with transaction.atomic():
            return CHECKINS.open_matter(
                row, by=by, label="报到", tell=("receivers",), clock=ACCEPT_CLOCK, check=within_reach
            )
    except IntegrityError as error:
        raise Refused(sentence(error) or "已经报到过。") from error


def account_of(name: str, phone: str) -> User | None:
    """Return the account with this proven phone, if its owner has this name."""
    return User.objects.filter(phone=phone, phone_verified=True, is_active=True, name=name.strip()).first()


@dataclass(frozen=True)
class Counted:
    """One community: how many organisations and members in service have registered with it."""

    code: str
    name: str
    organisations: int
    members: int


def counted(user: User) -> list[Counted]:
    """Return the communities of a person's reach with those who have been accepted, two queries."""
    accepted = RegistrationStatus.ACCEPTED
    rows = (
        DualRegistration.objects.restrict(user)
        .filter(status=accepted)
        .order_by()
        .values("community_code")
        .annotate(
            organisations=Count("pk", filter=Q(kind=K.ORGANISATION)),
            members=Count("pk", filter=Q(kind=K.MEMBER)),
        )
        .order_by("community_code")
    )
    found = list(rows)
    names = dict(
        Grid.objects.filter(code__in=[row["community_code"] for row in found]).values_list("code", "name")
    )
    return [
        Counted(
            row["community_code"],
            names.get(row["community_code"], row["community_code"]),
            row["organisations"],
            row["members"],
        )
        for row in found
    ]


@transaction.atomic
def keep_pairing(pairing: Pairing, *, by: User) -> Pairing:
    """Save a pairing, new or mended. Returns it. Raises Refused at the field it concerns, OutOfReach, or ValidationError."""
    new = pairing.pk is None
    if len(pairing.grid_id) < GridLevel.COMMUNITY:
        raise Refused("请选择一个社区或基础网格。", "grid")
    organisation = pairing.organisation
    if organisation is not None and not organisation.grid_id.startswith(
        pairing.grid_id[: GridLevel.COMMUNITY]
    ):
        raise Refused("请选择本社区的党组织。", "organisation")
    if pairing.until < pairing.since:
        raise Refused("协议截止日期不能早于开始日期。", "until")
    if bool(pairing.ended_on) != bool(pairing.end_reason.strip()):
        raise Refused(
            "提前结束的，请一起填写日期和原因。", "ended_on" if pairing.end_reason else "end_reason"
        )
    if pairing.ended_on is not None and not pairing.since <= pairing.ended_on <= pairing.until:
        raise Refused("请填写协议期内的日期。", "ended_on")
    try:
        with transaction.atomic():
            pairing.save()
    except IntegrityError as error:
        raise Refused(sentence(error) or "与已有的结对冲突。", "name") from error
    look_again(by, pairing, "add" if new else "change")
    return pairing
