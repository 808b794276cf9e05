"""Keeping the grid's register (底册): households, residents, their care needs, premises, facilities.

Each function is one transaction. ``by`` must be allowed to do it by the rule of the row; a row that would leave her reach is not
saved.
"""

from datetime import date, datetime
from typing import Any

from dateutil.relativedelta import relativedelta
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.formats import date_format

from governance import parameters
from governance.constraints import sentence
from governance.flow import NotYours, Refused, on_tick
from governance.masks import IDENTITY_NUMBER
from governance.models import User
from governance.permissions import look_again
from governance.territory import GridLevel
from grids.models import (
    Building,
    CareNeed,
    CarePlan,
    Entrance,
    Facility,
    Grid,
    Household,
    Premises,
    Resident,
    ResidentRow,
)
from grids.services.care.plans import end_plans_of

#: Rows that one run of the ticker forgets.
FORGOTTEN_AT_ONCE = 500
SHORTEST_REASON = 2
#: The name of whoever has been forgotten.
FORGOTTEN = "（已删除）"
NO_IDENTITY = "备注里像有身份证号。这里不登记身份证号，请去掉。"


def _save(row: models.Model, by: User, new: bool, clash: str) -> None:
    """Save a row that was checked, at the field ``clash`` where another is in its way; look whether it is still within reach."""
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Refused(sentence(error) or "与已登记的冲突，请检查。", clash) from error
    look_again(by, row, "add" if new else "change")


def behind_the_door(row: Household | Premises) -> str:
    """Return what a matter says of a place besides its entrance: the room, or the shop and its address."""
    if isinstance(row, Household):
        return row.room
    return " ".join(part for part in (row.name, row.address) if part)[:100]


def _check(row: models.Model, *relations: str) -> None:
    if IDENTITY_NUMBER.search(row.note):
        raise Refused(NO_IDENTITY, "note")
    row.full_clean(exclude=["grid", *relations], validate_constraints=False)


def _in_force(grid: Any) -> None:
    if grid.is_retired:
        raise Refused("这个网格已经停用，请另选。", "grid")


# --- doors --------------------------------------------------------------------------------------------------------------
@transaction.atomic
def ensure_door(code: str, compound: str, building: str, door: str, *, by: User) -> Entrance:
    """Return the door of a building in a base grid, made now where it is not there. Raises Refused and OutOfReach."""
    grid = Grid.objects.current().filter(code=code).defer("boundary").first()
    if grid is None or grid.grid_level is not GridLevel.BASE:
        raise Refused("请选择在用的基础网格。", "grid")
    house = Building.objects.filter(grid=grid, compound=compound, name=building).first()
    if house is None:
        house = Building(grid=grid, compound=compound, name=building)
        house.full_clean(exclude=["grid"], validate_constraints=False)
        _save(house, by, True, "building")
    there = Entrance.objects.filter(building=house, name=door).first()
    if there is not None:
        return there
    there = Entrance(grid=grid, building=house, name=door)
    there.full_clean(exclude=["grid", "building"], validate_constraints=False)
    _save(there, by, True, "door")
    return there


# --- households ---------------------------------------------------------------------------------------------------------
@transaction.atomic
def keep_household(household: Household, *, by: User) -> Household:
    """Save a household, new or mended; it lies where its door lies. Raises Refused at the field, OutOfReach or ValidationError."""
    new = household.pk is None
    if not household.is_current:
        raise Refused("这户已经注销，不能再修改。")
    household.grid_id = household.entrance.grid_id
    household.room = household.room.strip()
    _check(household, "entrance")
    _save(household, by, new, "room")
    if not new:
        Resident.objects.filter(household=household).exclude(grid=household.grid_id).update(
            grid=household.grid_id
        )
    return household


@transaction.atomic
def close_household(household: Household, *, by: User, reason: str) -> Household:
    """Take a household out of the register; who lives there leaves it too. Raises Refused and NotYours."""
    household = Household.objects.select_for_update(of=("self",)).get(pk=household.pk)
    if not by.may("change", household):
        raise NotYours
    if not household.is_current:
        raise Refused("这户已经注销。")
    _close(household, reason)
    for resident in household.residents.current():
        leave(resident, by=by, leaving=Resident.Leaving.MOVED)
    return household


def _close(row: Household | Premises, reason: str) -> None:
    if len(reason.strip()) < SHORTEST_REASON:
        raise Refused("请写明注销原因，例如“房屋拆除”。", "reason")
    row.closed_on, row.closing = timezone.localdate(), reason.strip()
    row.save(update_fields=["closed_on", "closing"])


# --- residents ----------------------------------------------------------------------------------------------------------
@transaction.atomic
def keep_resident(resident: Resident, *, by: User) -> Resident:
    """Save a resident, new or mended. Raises Refused at the field it concerns, OutOfReach or ValidationError."""
    new = resident.pk is None
    if not resident.is_current:
        raise Refused("这名居民已经离开，不能再修改。")
    if new and not resident.household.is_current:
        raise Refused("这户已经注销，请另选。", "household")
    check_resident(resident)
    resident.grid_id = resident.household.grid_id
    _save(resident, by, new, "name")
    return resident


def check_resident(resident: Resident) -> None:
    """Raise Refused or ValidationError, at the field it concerns, for what cannot be said of a resident. Asks the database nothing."""
    today = timezone.localdate()
    if resident.born_on and not today - relativedelta(years=130) <= resident.born_on <= today:
        raise Refused("出生日期应在 130 年以内，不能晚于今天。", "born_on")
    if resident.informed_on > today:
        raise Refused("告知日期不能晚于今天。", "informed_on")
    if (
        resident.ground == Resident.Ground.CONSENT
        and resident.born_on
        and resident.born_on > today - relativedelta(years=14)
    ):
        # Article 31 of the law on personal information: below 14 the guardian consents.
        raise Refused("不满 14 周岁的，登记依据要选监护人同意。", "ground")
    resident.full_clean(exclude=["grid", "household"], validate_unique=False, validate_constraints=False)


@transaction.atomic
def leave(resident: Resident, *, by: User, leaving: str) -> Resident:
    """Note that a resident has left; her care needs end, their words are deleted. Raises Refused and NotYours."""
    resident = Resident.objects.select_for_update(of=("self",)).get(pk=resident.pk)
    if not by.may("change", resident):
        raise NotYours
    if not resident.is_current:
        raise Refused("这名居民已经离开。")
    if leaving not in Resident.Leaving.values:
        raise Refused("请选择离开原因。", "leaving")
    resident.left_on, resident.leaving = timezone.localdate(), leaving
    resident.save(update_fields=["left_on", "leaving"])
    for need in resident.care_needs.filter(ended_on=None):
        _end(need)
    end_plans_of(resident, by=by)
    return resident


# --- care needs ---------------------------------------------------------------------------------------------------------
@transaction.atomic
def keep_care_need(need: CareNeed, *, by: User) -> CareNeed:
    """Save a care need that was agreed to, new or mended. Raises Refused at the field it concerns, OutOfReach or ValidationError."""
    new, today = need.pk is None, timezone.localdate()
    # Nobody writes down what is sensitive for somebody whom she could not read it of.
    if not by.may("care", need.resident):
        raise NotYours
    if need.ended_on is not None or not need.resident.is_current:
        raise Refused("已经结束，不能再修改。")
    if need.consent_on > today:
        raise Refused("同意日期不能晚于今天。", "consent_on")
    longest = today + relativedelta(months=parameters.value("register.care_months"))
    if not today <= need.until <= longest:
        raise Refused(f"到期日期应从今天到 {date_format(longest)}，还需要的到期前再征得同意。", "until")
    need.purpose = need.purpose.strip()
    if len(need.purpose) < SHORTEST_REASON:
        raise Refused("请写明登记用途，例如“每周上门看望”。", "purpose")
    if need.consent == CareNeed.Consent.GUARDIAN and not need.consent_by.strip():
        raise Refused("监护人同意的，请写监护人姓名。", "consent_by")
    if new:
        need.by = by
    need.full_clean(exclude=["resident", "by"], validate_constraints=False)
    _save(need, by, new, "kind")
    return need


@transaction.atomic
def end_care_need(need: CareNeed, *, by: User) -> CareNeed:
    """End a care need, as when the consent is taken back; its words are deleted. Raises Refused and NotYours."""
    need = CareNeed.objects.select_for_update(of=("self",)).select_related("resident").get(pk=need.pk)
    if not by.may("care", need.resident):
        raise NotYours
    if need.ended_on is not None:
        raise Refused("已经结束。")
    _end(need)
    return need


def _end(need: CareNeed) -> None:
    need.ended_on, need.words = timezone.localdate(), ""
    need.save(update_fields=["ended_on", "words"])


# --- premises and facilities --------------------------------------------------------------------------------------------
@transaction.atomic
def keep_premises(premises: Premises, *, by: User) -> Premises:
    """Save premises, new or mended. Raises Refused at the field it concerns, OutOfReach or ValidationError."""
    new = premises.pk is None
    if not premises.is_current:
        raise Refused("这个场所已经注销，不能再修改。")
    if premises.entrance_id:
        premises.grid_id = premises.entrance.grid_id
    if not premises.grid_id:
        raise Refused("请选择所在网格或楼门。", "grid")
    _in_force(premises.grid)
    premises.name, premises.address = premises.name.strip(), premises.address.strip()
    _check(premises, "entrance")
    _save(premises, by, new, "name")
    return premises


@transaction.atomic
def close_premises(premises: Premises, *, by: User, reason: str) -> Premises:
    """Take premises out of the register. Raises Refused and NotYours."""
    premises = Premises.objects.select_for_update(of=("self",)).get(pk=premises.pk)
    if not by.may("change", premises):
        raise NotYours
    if not premises.is_current:
        raise Refused("这个场所已经注销。")
    _close(premises, reason)
    return premises


@transaction.atomic
def keep_facility(facility: Facility, *, by: User) -> Facility:
    """Save a facility, new or mended. Raises Refused at the field it concerns, OutOfReach or ValidationError."""
    new = facility.pk is None
    _in_force(facility.grid)
    if facility.closed_on and facility.closed_on > timezone.localdate():
        raise Refused("撤除日期不能晚于今天。", "closed_on")
    _check(facility)
    _save(facility, by, new, "name")
    return facility


# --- what is forgotten --------------------------------------------------------------------------------------------------
@on_tick
def forget_expired_needs(now: datetime) -> int:
    """Delete the words of care needs whose consent has run out. Returns how many; late or twice it ends in the same rows."""
    with transaction.atomic():
        rows = CareNeed.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            ended_on=None, until__lt=timezone.localdate(now)
        )
        expired = list(rows.order_by("pk")[:FORGOTTEN_AT_ONCE])
        for need in expired:
            need.ended_on, need.words = need.until, ""
        CareNeed.objects.bulk_update(expired, ["ended_on", "words"])
        return len(expired)


@on_tick
def forget_departed(now: datetime) -> int:
    """Delete residents who left so long ago that nothing needs them any more, with their history. Of one who was looked in on, the
    row stays without anything of hers: the figures count her plan. Returns how many."""
    before: date = timezone.localdate(now) - relativedelta(months=parameters.value("register.keep_months"))
    with transaction.atomic():
        rows = Resident.objects.select_for_update(skip_locked=True, of=("self",)).filter(left_on__lt=before)
        rows = rows.exclude(name=FORGOTTEN)
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])
        if keys:
            planned = set(CarePlan.objects.filter(resident__in=keys).values_list("resident", flat=True))
            CareNeed.objects.filter(resident__in=planned).delete()
            ResidentRow.objects.filter(resident__in=planned).delete()
            Resident.objects.filter(pk__in=planned).update(
                name=FORGOTTEN, phone="", born_on=None, standing="", since=None
            )
            Resident.objects.filter(pk__in=set(keys) - planned).delete()
            # What deleting wrote down goes with what was there.
            Resident.history.filter(id__in=keys).delete()
        return len(keys)
