"""Making a care plan and changing it: each verb is one transaction, locks the plan's row, and writes what happened."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from governance import audit, masks, notices, parameters
from governance.constraints import sentence
from governance.flow import NotYours, Refused
from governance.models import AccessEvent, Notice, User
from governance.permissions import holders, look_again
from grids.models import CareCarer, CareColour, CareContact, CareDevice, CarePlan, CareStep, Resident
from grids.models.care import days_of

#: A plan has no more people and looks at no more than this.
MOST_CARERS, MOST_CONTACTS, MOST_ITEMS = 6, 8, 12


@dataclass(frozen=True)
class Agreement:
    """What was agreed to: by whom, on which day, until which day. ``guardian`` names the guardian who agreed, if one did."""

    until: date
    on: date
    guardian: str = ""

    def check(self) -> None:
        """Raise Refused, at its field, for an agreement that cannot be."""
        today = timezone.localdate()
        most = parameters.value("care.most_days")
        if self.on > today:
            raise Refused("同意日期不能晚于今天。", "consent_on")
        if self.on < today - timedelta(days=366):
            raise Refused("同意日期太早了，请重新征得同意。", "consent_on")
        if self.until <= today:
            raise Refused("到期日期要晚于今天。", "until")
        if self.until > today + timedelta(days=most):
            raise Refused(f"一次同意最长管 {most} 天，请填早一些的日期。", "until")

    @property
    def columns(self) -> dict[str, Any]:
        kind = CarePlan.Consent.GUARDIAN if self.guardian else CarePlan.Consent.PERSON
        return {"consent": kind, "consent_by": self.guardian, "consent_on": self.on, "until": self.until}


@dataclass(frozen=True)
class Contact:
    """A neighbour or somebody of the family, as typed."""

    kind: str
    name: str
    phone: str
    relation: str = ""


@transaction.atomic
def open_plan(
    resident: Resident,
    *,
    by: User,
    colour: str,
    purpose: str,
    agreement: Agreement,
    items: Sequence[str],
    carers: Iterable[User],
    contacts: Iterable[Contact] = (),
) -> CarePlan:
    """Make a plan for a resident (制定计划), at her household's grid. The first look-in is due after one span of the colour.

    ``by`` needs ``add`` there, and each of ``carers`` must be able to look in there by a post. Raises Refused at the field it
    concerns, OutOfReach or ValidationError.
    """
    resident = (
        Resident.objects.select_for_update(of=("self",)).select_related("household__grid").get(pk=resident.pk)
    )
    if not resident.is_current or not resident.household.is_current:
        raise Refused("这名居民已不在这里居住。", "resident")
    if resident.household.grid.is_retired:
        raise Refused("这户所在的网格已停用，请先调整住户。", "resident")
    agreement.check()
    today, days = timezone.localdate(), days_of(colour)
    plan = CarePlan(
        grid_id=resident.household.grid_id, resident=resident, colour=colour, every=days, purpose=purpose.strip(),
        items=checked_items(items), since=today, due_on=today + timedelta(days=days), by=by, **agreement.columns,
    )  # fmt: skip
    plan.full_clean(exclude=["grid", "resident", "by", "items"], validate_constraints=False)
    saved(plan, "resident")
    look_again(by, plan, "add")
    people = checked_carers(plan, carers)
    CareCarer.objects.bulk_create(CareCarer(plan=plan, user=user) for user in people)
    contacts = list(contacts)
    if len(contacts) > MOST_CONTACTS:
        raise Refused(f"邻居和家人最多登记 {MOST_CONTACTS} 位。")
    for contact in contacts:
        _enter(plan, contact)
    note(plan, CareStep.Kind.OPENED, by, f"{plan.get_colour_display()}，{plan.frequency}")
    tell(
        plan,
        [user for user in people if user.pk != by.pk],
        "请您负责一户探视",
        f"{plan.frequency}，{plan.door}",
    )
    return plan


@transaction.atomic
def mend_plan(plan: CarePlan, *, by: User, purpose: str, items: Sequence[str]) -> CarePlan:
    """Change what a plan is for and what is looked at. Needs ``change``. Raises NotYours, Refused or ValidationError."""
    plan = changing(plan, by)
    before = (plan.purpose, plan.items)
    plan.purpose, plan.items = purpose.strip(), checked_items(items)
    if before == (plan.purpose, plan.items):
        return plan
    plan.full_clean(exclude=["grid", "resident", "by", "items"], validate_constraints=False)
    plan.save(update_fields=["purpose", "items"])
    note(plan, CareStep.Kind.MENDED, by)
    return plan


@transaction.atomic
def recolour(plan: CarePlan, colour: str, *, by: User, reason: str) -> CarePlan:
    """Give a plan another colour (调整颜色), with the reason; the due day follows. Needs ``change``. Raises NotYours or Refused."""
    plan = changing(plan, by)
    if colour not in CareColour.values:
        raise Refused("请选择颜色。", "colour")
    if plan.colour == colour:
        raise Refused("已经是这个颜色。", "colour")
    before = plan.get_colour_display()
    set_frequency(plan, days_of(colour))
    plan.colour = colour
    plan.save(update_fields=["colour", "every", "due_on", "told"])
    words = f"{before} → {plan.get_colour_display()}，{plan.frequency}"
    note(plan, CareStep.Kind.RECOLOURED, by, words, needed(reason, "请写明调整的理由。"))
    tell(plan, carers_of(plan, but=by), "探视颜色已调整", words)
    return plan


@transaction.atomic
def renew(plan: CarePlan, agreement: Agreement, *, by: User) -> CarePlan:
    """Let a plan go on with a new consent (续期). Needs ``change``. Raises NotYours or Refused at the field it concerns."""
    plan = changing(plan, by)
    agreement.check()
    if agreement.on < plan.consent_on:
        raise Refused("同意日期不能早于上一次同意的日期。", "consent_on")
    if agreement.until <= plan.until:
        raise Refused("新的到期日期要晚于原来的。", "until")
    for name, value in agreement.columns.items():
        setattr(plan, name, value)
    plan.save(update_fields=list(agreement.columns))
    note(plan, CareStep.Kind.RENEWED, by, f"{plan.get_consent_display()}，到 {date_format(plan.until)}")
    return plan


@transaction.atomic
def set_carers(plan: CarePlan, users: Iterable[User], *, by: User) -> CarePlan:
    """Say who answers for a plan from now on; at least one. Needs ``change``. Raises NotYours or Refused."""
    plan = changing(plan, by)
    people = checked_carers(plan, users)
    now = {row.user_id: row for row in plan.carers.filter(until=None)}
    wanted = {user.pk for user in people}
    gone, fresh = now.keys() - wanted, [user for user in people if user.pk not in now]
    if not gone and not fresh:
        return plan
    plan.carers.filter(until=None, user__in=gone).update(until=timezone.localdate())
    CareCarer.objects.bulk_create(CareCarer(plan=plan, user=user) for user in fresh)
    note(plan, CareStep.Kind.PEOPLE, by, f"责任人：{'、'.join(masks.person(user) for user in people)}")
    tell(
        plan,
        [user for user in fresh if user.pk != by.pk],
        "请您负责一户探视",
        f"{plan.frequency}，{plan.door}",
    )
    return plan


@transaction.atomic
def pass_on_plans(leaving: User, taking: User, code: str) -> int:
    """Let who takes over a base grid's work from ``leaving`` answer for the plans for which nobody has answered since she left. Asks no
    permission; whoever could not look in there is given none. Returns how many."""
    rows = CarePlan.objects.open().uncared().filter(grid=code, carers__user=leaving).distinct()
    left = list(CarePlan.objects.select_for_update(of=("self",)).filter(pk__in=rows.values("pk")))
    if not left or not able_carers(code).filter(pk=taking.pk).exists():
        return 0
    CareCarer.objects.bulk_create(CareCarer(plan=plan, user=taking) for plan in left)
    for plan in left:
        note(plan, CareStep.Kind.PEOPLE, User.objects.system(), f"责任人：{masks.person(taking)}（接手）")
    notices.tell([taking], "探视由您接着负责", body=f"{len(left)} 户", url=reverse("my_care"))
    return len(left)


@transaction.atomic
def add_contact(plan: CarePlan, contact: Contact, *, by: User) -> CareContact:
    """Enter a neighbour or somebody of the family. A neighbour with an account of that verified phone sees the plan with it.
    Needs ``change``. Raises NotYours, Refused or ValidationError."""
    plan = changing(plan, by)
    if plan.contacts.count() >= MOST_CONTACTS:
        raise Refused(f"邻居和家人最多登记 {MOST_CONTACTS} 位。")
    row = _enter(plan, contact)
    note(plan, CareStep.Kind.PEOPLE, by, f"登记{row.get_kind_display()}")
    return row


@transaction.atomic
def drop_contact(contact: CareContact, *, by: User) -> None:
    """Take a contact away; her name and phone are deleted. Needs ``change`` on the plan. Raises NotYours or Refused."""
    plan = changing(contact.plan, by)
    _untell(plan, contact)
    if CareContact.objects.filter(pk=contact.pk).delete()[0]:
        note(plan, CareStep.Kind.PEOPLE, by, f"删除{contact.get_kind_display()}")


@transaction.atomic
def end_plan(plan: CarePlan, *, by: User, reason: str) -> CarePlan:
    """End a plan (结束), with its devices; repeating it changes nothing. Needs ``change``. Raises NotYours or Refused."""
    reason = needed(reason, "请写明结束的原因。")
    plan = locked(plan)
    if not by.may("change", plan):
        raise NotYours
    return close(plan, by, reason) if plan.ended_on is None else plan


@transaction.atomic
def end_plans_of(resident: Resident, *, by: User) -> int:
    """End the plan of somebody who has left; whoever writes down that she left calls it. Returns how many ended."""
    plans = CarePlan.objects.select_for_update(of=("self",)).with_door().open().filter(resident=resident)
    return len([close(plan, by, "居民已不在这里居住") for plan in plans])


def reveal(plan: CarePlan, field: str, *, by: User, reason: str, request: Any = None) -> str:
    """Return the resident's name or phone in clear and log the look. Needs ``reveal`` on the plan and a reason of at least 4 characters.

    Raises PermissionDenied, ValidationError, and KeyError for another column.
    """
    if field not in ("name", "phone"):
        raise KeyError(field)
    if not by.may("reveal", plan):
        raise PermissionDenied
    if len(reason.strip()) < 4:
        raise ValidationError({"reason": "请写明查看理由（至少 4 个字），理由会记入访问日志。"})
    label = Resident._meta.get_field(field).verbose_name
    audit.record(
        AccessEvent.Kind.REVEAL, by, f"查看居民{label}：探视计划 {plan.pk}", obj=plan, reason=reason, request=request
    )  # fmt: skip
    return getattr(plan.resident, field)


# --- what the verbs share ---------------------------------------------------------------------------------------------
def locked(plan: CarePlan) -> CarePlan:
    """Return the plan with its row locked."""
    return CarePlan.objects.with_door().select_for_update(of=("self",)).get(pk=plan.pk)


def changing(plan: CarePlan, by: User) -> CarePlan:
    """Return the plan, locked. Raises NotYours for whoever may not change it, and Refused for one that has ended."""
    plan = locked(plan)
    if not by.may("change", plan):
        raise NotYours
    if plan.ended_on is not None:
        raise Refused("这个探视计划已经结束，不能再修改。")
    return plan


def close(plan: CarePlan, by: User, reason: str, on: date | None = None) -> CarePlan:
    """End a locked plan as of a day (today when None), with its devices, and tell those who looked in."""
    people = carers_of(plan, but=by)
    _untell(plan, *plan.contacts.all())
    plan.ended_on, plan.ending = on or timezone.localdate(), reason[:100]
    plan.save(update_fields=["ended_on", "ending"])
    CareDevice.objects.filter(plan=plan, unbound_on=None).update(unbound_on=timezone.localdate())
    note(plan, CareStep.Kind.ENDED, by, reason=reason)
    tell(plan, people, "探视计划已结束", f"{plan.door}：{reason}", url="")
    return plan


def set_frequency(plan: CarePlan, days: int) -> None:
    """Count the due day of a plan with another number of days; another due day has been told to nobody yet."""
    due = plan.next_due(days)
    plan.told = plan.told if due == plan.due_on else 0
    plan.every, plan.due_on = days, due


def note(plan: CarePlan, kind: str, by: User, words: str = "", reason: str = "") -> None:
    """Write down what happened to a plan."""
    CareStep.objects.create(plan=plan, kind=kind, by=by, words=words[:120], reason=reason[:100])


def tell(plan: CarePlan, people: Iterable[User], title: str, body: str, url: str | None = None) -> None:
    """Tell people of a plan; without another address they are led to its page."""
    notices.tell(people, title, body=body, url=plan_url(plan) if url is None else url)


def _untell(plan: CarePlan, *contacts: CareContact) -> None:
    """Take away what neighbours were told of a plan in the portal: when their part is over, they read nothing of it."""
    people = [contact.user_id for contact in contacts if contact.user_id is not None]
    Notice.objects.filter(recipient__in=people, url=plan_url(plan)).delete()


def plan_url(plan: CarePlan) -> str:
    """Return the address of a plan's page on the phone of those who look in."""
    return reverse("care_plan", args=[plan.pk])


def carers_of(plan: CarePlan, but: User | None = None) -> list[User]:
    """Return who answers for a plan now."""
    rows = plan.carers.filter(until=None).select_related("user")
    return [row.user for row in rows if but is None or row.user_id != but.pk]


def checked_items(items: Sequence[str]) -> list[str]:
    """Return what is to be looked at, once each. Raises Refused for nothing, too much or too long."""
    found = list(dict.fromkeys(text for each in items if (text := each.strip())))
    if not found:
        raise Refused("请至少选一项要看的。", "items")
    if len(found) > MOST_ITEMS or any(len(each) > 20 for each in found):
        raise Refused(f"要看的最多 {MOST_ITEMS} 项，每项不超过 20 个字。", "items")
    return found


def checked_carers(plan: CarePlan, users: Iterable[User]) -> list[User]:
    """Return who is to answer for a plan. Raises Refused for nobody, too many, or somebody who has no post to look in there."""
    people = list({user.pk: user for user in users}.values())
    if not 1 <= len(people) <= MOST_CARERS:
        raise Refused(f"责任人要有 1 到 {MOST_CARERS} 位。", "carers")
    able = set(able_carers(plan.grid_id).values_list("pk", flat=True))
    if any(user.pk not in able for user in people):
        raise Refused("责任人要是这个网格的网格员或社区工作人员。", "carers")
    return people


def able_carers(code: str) -> Any:
    """Return who can answer for a plan at a grid: whoever may look in there by a post."""
    return holders("grids.look_careplan", code)


def needed(reason: str, words: str) -> str:
    """Return the reason. Raises Refused with ``words`` where there is none."""
    if len(reason.strip()) < 2:
        raise Refused(words, "reason")
    return reason.strip()


def _enter(plan: CarePlan, contact: Contact) -> CareContact:
    row = CareContact(
        plan=plan, kind=contact.kind, name=contact.name.strip(), phone=contact.phone, relation=contact.relation.strip()
    )  # fmt: skip
    row.full_clean(exclude=["plan", "user"], validate_constraints=False)
    if row.kind == CareContact.Kind.NEIGHBOUR:
        row.user = User.objects.filter(phone=row.phone, phone_verified=True, is_active=True).first()
    saved(row, "phone")
    return row


def saved(row: Any, field: str) -> None:
    """Save a new row. Raises Refused at ``field``, in the constraint's own words, where the database refuses it."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(sentence(error) or "与已有的登记冲突，请检查。", field) from error
