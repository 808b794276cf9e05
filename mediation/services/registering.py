"""Registering a dispute, by the front door; what happens to it afterwards is its flow's table."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from governance import files, intake, notices, parameters
from governance.flow import NotYours, Refused
from governance.models import Intake, Matter, User
from governance.models.matters import Channel
from governance.territory import GridLevel, lineage
from grids.models import Entrance, Grid
from mediation.flow import DISPUTES
from mediation.flow.calling import free_centre_above, must_stand_back
from mediation.flow.handling import ACCEPT, MOST_DISPUTANTS
from mediation.models import (
    Category,
    Centre,
    Disputant,
    Dispute,
    DisputePhoto,
    DisputeStatus,
    Origin,
    ScreeningReport,
)

#: So many unfinished disputes a resident may have applied for by herself.
MOST_OPEN = 5
#: Who lives here and how old the trouble may be.
OLDEST = timedelta(days=365 * 20)


@dataclass
class PartyData:
    """A party as she is registered; ``user`` where she has an account, else found by her verified phone."""

    side: str
    name: str
    phone: str = ""
    user: User | None = None
    more: dict[str, Any] = field(default_factory=dict)


@transaction.atomic
def register_dispute(
    *,
    by: User,
    source_id: str,
    category: str,
    description: str,
    applicant: PartyData,
    others: list[PartyData],
    grid: Grid | None = None,
    entrance: Entrance | None = None,
    centre: Centre | None = None,
    requests: str = "",
    origin: str = Origin.APPLIED,
    origin_number: str = "",
    grade: str = "C",
    occurred_on: date | None = None,
    amount: Decimal | None = None,
    people_count: int | None = None,
    is_public: bool = False,
    found_in: ScreeningReport | None = None,
    channel: str = "resident",
    source: str = "portal",
    photos: Iterable[UploadedFile] = (),
) -> tuple[Dispute, bool]:
    """Register a dispute (登记). Returns it, and False when this very registration had been taken in before.

    ``by`` is the applicant herself, or whoever takes it down for her at her own place. Whoever applies has thereby agreed
    to be mediated; the other parties are asked. ``found_in``: the report of the screening by which it was found. The dispute
    and its ``photos``, the evidence, are kept together or not at all. Raises Refused at the field it concerns, NotYours, or ValidationError.
    """
    if entrance is None and grid is None:
        raise Refused("请选择纠纷发生在哪里。", "grid")
    if not others:
        raise Refused("请写对方是谁。", "others")
    if 1 + len(others) > MOST_DISPUTANTS:
        raise Refused(f"当事人最多登记 {MOST_DISPUTANTS} 名。", "others")
    phones = [party.phone for party in (applicant, *others) if party.phone]
    if len(set(phones)) < len(phones):
        raise Refused("同一个手机号填了两次，一位当事人填一个。", "others")
    dispute, new = intake.receive(
        "dispute",
        by=by,
        source=source,
        source_id=f"{by.pk}:{source_id}" if source == "portal" else source_id,
        channel=channel,
        grid_id=entrance.grid_id if entrance is not None else grid.code,
        applicant=applicant.user,
        applicant_name=applicant.name,
        applicant_phone=applicant.phone,
        category=category,
        description=description,
        requests=requests,
        parties=[applicant, *others],
        origin=origin,
        origin_number=origin_number,
        grade=grade,
        occurred_on=occurred_on,
        amount=amount,
        people_count=people_count,
        is_public=is_public,
        found_in=found_in,
        entrance=entrance,
        centre=centre,
    )
    if new:
        files.attach(DisputePhoto, photos, by=by, dispute=dispute, kind=DisputePhoto.Kind.EVIDENCE)
    return dispute, new


def take_in(came: Intake, payload: dict[str, Any]) -> Matter:
    """Make a dispute of what came in by the front door (the handler of the kind "dispute")."""
    by: User = payload["by"]
    if came.grid.is_retired:
        raise Refused("这个网格已停用，请重新选择地址。", "grid")
    if came.grid.grid_level < GridLevel.STREET:
        raise Refused("请把地址选到街道、社区或基础网格。", "grid")
    category = payload.get("category") or payload.get("choice")
    if category not in Category.values:
        raise Refused("请选择纠纷类别。", "category")
    day = payload.get("occurred_on")
    today = timezone.localdate()
    if day is not None and not today - OLDEST <= day <= today:
        raise Refused("发生日期要在今天以前。", "occurred_on")
    centre = payload.get("centre") or competent_centre(came.grid_id)
    if centre is None:
        raise Refused("这里还没有矛调中心，请联系社区。", "grid")
    if not centre.is_active or centre.grid_id not in lineage(came.grid_id):
        raise Refused("请选择管辖这个地方的矛调中心。", "centre")
    found_in: ScreeningReport | None = payload.get("found_in")
    if found_in is not None:
        if not by.may("view", found_in):
            raise Refused("请选择您管辖范围内的排查记录。", "found_in")
        if found_in.community_code != came.grid_id[: GridLevel.COMMUNITY]:
            raise Refused("这条排查记录在别的社区，请选择本社区的，或者不选。", "found_in")
    parties: list[PartyData] = payload.get("parties") or (
        [PartyData("applicant", came.applicant_name, came.applicant_phone, came.applicant)]
        if came.applicant_name
        else []
    )
    users = {user.pk for party in parties if (user := party.user or user_of_phone(party.phone))}
    if must_stand_back(centre.grid_id, users):
        # Whose own affair it is does not keep the file; without anybody above it waits for another director.
        centre = free_centre_above(centre.grid_id, users) or centre
    if came.channel == Channel.RESIDENT and came.applicant is not None:
        open_ones = Dispute.objects.ongoing().filter(applicant=came.applicant, channel=Channel.RESIDENT)
        if open_ones.count() >= MOST_OPEN:
            raise Refused(f"您已有 {MOST_OPEN} 件没有结束的纠纷，再申请请到矛调中心或打社区电话。")
    dispute = Dispute(
        grid=came.grid,
        title=f"{Category(category).label}纠纷",
        description=payload["description"],
        requests=payload.get("requests", ""),
        applicant=came.applicant,
        applicant_name=came.applicant_name,
        applicant_phone=came.applicant_phone,
        placed_by=came.placed_by,
        channel=came.channel,
        entrance=payload.get("entrance"),
        category=category,
        grade=payload.get("grade") or "C",
        origin=payload.get("origin") or (Origin.INCIDENT if came.referred_from else Origin.APPLIED),
        origin_number=payload.get("origin_number") or came.referred_from,
        occurred_on=day,
        amount=payload.get("amount"),
        people_count=payload.get("people_count") or max(2, len(parties)),
        has_minor=any(party.more.get("is_minor") for party in parties),
        is_public=bool(payload.get("is_public")),
        found_in=found_in,
        centre=centre,
        seat_id=centre.grid_id,
    )

    def kept_together(saved: Matter) -> None:
        for party in parties:
            _add_party(saved, party, agrees=_applies(party, dispute))
        # Whoever registers for others by a post does so at her own place; residents apply where they live.
        # What is referred here was another app's to refer.
        if (
            by.is_staff
            and came.applicant_id != by.pk
            and not came.referred_from
            and not by.may("register", saved)
        ):
            raise NotYours
        saved.search_terms = saved.index()
        saved.save(update_fields=["search_terms"])
        _ask(saved)

    return DISPUTES.open_matter(
        dispute, by=by, label="登记", tell=("directors",), clock=ACCEPT, check=kept_together
    )


def _ask(dispute: Dispute) -> None:
    """Tell every party whose word is waited for that she is asked: on the portal, or by text where she has no account yet."""
    phone = parameters.value("portal.phone")
    for party in dispute.disputants.filter(consent=Disputant.Consent.ASKED).select_related("user"):
        if party.user is not None:
            notices.tell_of(dispute, [party.user], f"{dispute.title}：请您答复是否同意调解")
        elif party.phone:
            call = f"，或者打 {phone}" if phone else ""
            notices.text(
                party.phone,
                f"{dispute.centre}邀请您就一件纠纷参加人民调解，自愿、免费。用本机号码登录本平台可以查看和答复{call}。"
                f"编号 {dispute.number}。",
            )


def _applies(party: PartyData, dispute: Dispute) -> bool:
    return party.side == Disputant.Side.APPLICANT and dispute.origin == Origin.APPLIED


def _add_party(dispute: Dispute, given: PartyData, *, agrees: bool) -> Disputant:
    user = given.user or user_of_phone(given.phone)
    party = Disputant(
        dispute=dispute, side=given.side, user=user, name=given.name, phone=given.phone, **given.more
    )
    if agrees:
        party.consent, party.consent_at = Disputant.Consent.AGREED, dispute.opened_at
        party.consent_means = (
            Disputant.Means.PHONE_PAGE if dispute.placed_by_id is None else Disputant.Means.FACE
        )
    party.full_clean(exclude=["dispute", "user"])
    party.save()
    return party


def user_of_phone(phone: str) -> User | None:
    """Return the account whose verified phone this is, None where there is none."""
    return User.objects.filter(phone=phone, phone_verified=True, is_active=True).first() if phone else None


def adopt(user: User) -> int:
    """Give a newly verified phone's owner the disputes in which somebody named that phone as a party's. Returns how many."""
    if not (user.phone and user.phone_verified):
        return 0
    # A sealed file stays as it was.
    mine = (
        Disputant.objects.filter(user=None, phone=user.phone)
        .exclude(dispute__disputants__user=user)
        .exclude(dispute__status=DisputeStatus.ARCHIVED)
    )
    # One person is one party, however often somebody wrote her phone.
    first = mine.order_by("dispute_id", "pk").distinct("dispute_id").values_list("pk", flat=True)
    return Disputant.objects.filter(pk__in=list(first), user=None).update(user=user)


def competent_centre(code: str) -> Centre | None:
    """Return the nearest centre in use for a place: the community's before the street's before the district's."""
    found = Centre.objects.filter(is_active=True, grid__in=lineage(code))
    return max(found, key=lambda centre: len(centre.grid_id), default=None)


def likely_repeats(
    user: User, *, phones: list[str], code: str, category: str, action: str = "view"
) -> list[Dispute]:
    """Return disputes that this one may repeat, of those that ``user`` may ``action``: of the same people, of the same kind and
    community within half a year, newest first."""
    phones = [phone for phone in phones if phone]
    people = Q(disputants__phone__in=phones) if phones else Q(pk=None)
    since = timezone.now() - timedelta(days=183)
    near = (
        Q(community_code=code[:12], category=category, opened_at__gte=since)
        if len(code) >= 12
        else Q(pk=None)
    )
    rows = (
        Dispute.objects.restrict(user, action).filter(people | near).order_by("-opened_at", "-pk").distinct()
    )
    return list(rows.for_page()[:5])
