"""SOS buttons (求助设备): how one is bound to a plan and known by its key, and what a press of it sets going: an urgent incident by the
front door, and calls to those who look in. A device tells nothing else, and nothing of what it tells is a datum of health."""

import secrets
from datetime import date, timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from governance import audit, intake, masks, notices, parameters
from governance.flow import NotYours, Refused
from governance.models import AccessEvent, Matter, User
from governance.models.matters import Channel
from governance.permissions import nearest_holders
from grids.models import CareAlarm, CareContact, CareDevice, CarePlan, CareStep
from grids.services.care import plans

_SALT = "grids.caredevice"
#: Under which name the front door knows these devices.
SOURCE = "care"
#: New presses of one button that are taken in: in a minute, and in a day.
MOST_A_MINUTE, MOST_A_DAY = 6, 60
#: Buttons of one plan.
MOST_DEVICES = 5
WORDS = "求助按钮被按下，请立即打电话或上门查看。"


class TooOften(Exception):
    """The button was pressed more often than is taken in."""


class SwitchedOff(Exception):
    """The button is not in use any more."""


def digest_of(key: str) -> str:
    """Return what the database keeps of a key."""
    return salted_hmac(_SALT, key, algorithm="sha256").hexdigest()


def find(key: str) -> CareDevice | None:
    """Return the device whose key this is, in use or not."""
    return CareDevice.objects.filter(key_digest=digest_of(key)).first() if key else None


# --- binding ----------------------------------------------------------------------------------------------------------
@transaction.atomic
def bind_device(
    plan: CarePlan, *, by: User, serial: str, spot: str, consent: str, consent_on: date, request: Any = None
) -> tuple[CareDevice, str]:
    """Bind a button to a plan, with the consent to it. Returns it, and its key in clear, this once.

    Needs ``change`` on the plan. Raises NotYours, Refused at the field it concerns, or ValidationError.
    """
    plan = plans.changing(plan, by)
    if consent_on > timezone.localdate():
        raise Refused("同意日期不能晚于今天。", "consent_on")
    if plan.devices.filter(unbound_on=None).count() >= MOST_DEVICES:
        raise Refused(f"一个计划最多 {MOST_DEVICES} 个设备。", "serial")
    key = secrets.token_urlsafe(32)
    device = CareDevice(
        plan=plan, serial=serial.strip(), spot=spot.strip(), consent=consent, consent_on=consent_on,
        key_digest=digest_of(key), by=by,
    )  # fmt: skip
    device.full_clean(exclude=["plan", "by"], validate_constraints=False)
    plans.saved(device, "serial")
    _log(device, by, "启用求助设备", request)
    plans.note(plan, CareStep.Kind.DEVICE, by, f"启用 {device.serial}")
    return device, key


@transaction.atomic
def renew_key(device: CareDevice, *, by: User, request: Any = None) -> str:
    """Give a button in use a new key and return it in clear, this once. The old one opens nothing from now on.

    Needs ``change`` on the plan. Raises NotYours or Refused.
    """
    device = _changing(device, by)
    key = secrets.token_urlsafe(32)
    device.key_digest = digest_of(key)
    device.save(update_fields=["key_digest"])
    _log(device, by, "换求助设备密钥", request)
    plans.note(device.plan, CareStep.Kind.DEVICE, by, f"换密钥 {device.serial}")
    return key


@transaction.atomic
def unbind_device(device: CareDevice, *, by: User, request: Any = None) -> None:
    """Take a button out of use; repeating it changes nothing. Needs ``change`` on the plan. Raises NotYours."""
    plan = plans.locked(device.plan)
    if not by.may("change", plan):
        raise NotYours
    if CareDevice.objects.filter(pk=device.pk, unbound_on=None).update(unbound_on=timezone.localdate()):
        _log(device, by, "停用求助设备", request)
        plans.note(plan, CareStep.Kind.DEVICE, by, f"停用 {device.serial}")


def _changing(device: CareDevice, by: User) -> CareDevice:
    plan = plans.changing(device.plan, by)
    device = CareDevice.objects.select_for_update(of=("self",)).get(pk=device.pk)
    if not device.is_bound:
        raise Refused("这个设备已经停用。")
    device.plan = plan
    return device


def _log(device: CareDevice, by: User, words: str, request: Any) -> None:
    audit.record(AccessEvent.Kind.CONFIGURE, by, f"{words}：{device.serial}", obj=device, request=request)


# --- pressing ---------------------------------------------------------------------------------------------------------
def press(device: CareDevice, event_id: str) -> tuple[CareAlarm, bool]:
    """Take in a press of a button. Returns it, and False when this event had come before.

    A press within a few minutes (a parameter) of one that rang belongs to that one: it opens and rings nothing more. Raises
    SwitchedOff for a button out of use, and TooOften beyond the rate; the latter is kept on the device.
    """
    known = _known(device, event_id)
    if known is not None:
        return known, False
    try:
        return _press(device, event_id)
    except TooOften:
        CareDevice.objects.filter(pk=device.pk).update(flooded_at=timezone.now())
        raise


def _known(device: CareDevice, event_id: str) -> CareAlarm | None:
    return CareAlarm.objects.filter(device=device, event_id=event_id).select_related("first").first()


@transaction.atomic
def _press(device: CareDevice, event_id: str) -> tuple[CareAlarm, bool]:
    # One press of a plan's buttons at a time: its row is what they wait for.
    plan = plans.locked(device.plan)
    device = CareDevice.objects.select_for_update(of=("self",)).get(pk=device.pk)
    known = _known(device, event_id)
    if known is not None:
        return known, False
    if not device.is_bound or plan.ended_on is not None:
        raise SwitchedOff
    now = timezone.now()
    lately = CareAlarm.objects.filter(device=device, at__gt=now - timedelta(days=1))
    if (
        lately.filter(at__gt=now - timedelta(minutes=1)).count() >= MOST_A_MINUTE
        or lately.count() >= MOST_A_DAY
    ):
        raise TooOften
    device.heard_at = now
    device.save(update_fields=["heard_at"])
    span = timedelta(minutes=parameters.value("care.sos_again_minutes"))
    first = CareAlarm.objects.filter(plan=plan, first=None, at__gt=now - span).order_by("-at", "-pk").first()
    if first is not None:
        return CareAlarm.objects.create(
            device=device, plan=plan, event_id=event_id, at=now, first=first
        ), True
    incident = _open_incident(device, plan, event_id)
    alarm = CareAlarm.objects.create(
        device=device, plan=plan, event_id=event_id, at=now, rung=_ring(plan, incident, now),
        content_type=ContentType.objects.get_for_model(incident) if incident else None,
        object_id=incident.pk if incident else None, number=incident.number if incident else "",
    )  # fmt: skip
    return alarm, True


def _open_incident(device: CareDevice, plan: CarePlan, event_id: str) -> Matter | None:
    """Open the incident at the household's door; None where the catalogue or the place refuses it, of which the community is told:
    people are rung in any case."""
    household = plan.resident.household
    try:
        if "incident" not in intake.kinds():
            raise Refused("没有部门接收事件。")
        with transaction.atomic():
            incident, _ = intake.receive(
                "incident",
                by=User.objects.system(),
                source=SOURCE,
                source_id=f"{device.pk}:{event_id}",
                channel=Channel.DEVICE,
                grid_id=plan.grid_id,
                applicant=None,
                applicant_name="",
                applicant_phone="",
                minor_class=parameters.value("care.sos_class"),
                entrance=household.entrance,
                spot=household.room,
                description=WORDS,
                is_urgent=True,
            )
            return incident
    except ValidationError:
        people = nearest_holders("grids.change_careplan", plan.community_code)
        plans.tell(plan, people, "求助没有开成事件，请手工上报", f"{plan.door}：{WORDS}")
        return None


def _ring(plan: CarePlan, incident: Matter | None, now: Any) -> int:
    """Ring everybody who looks in and the family, once each: a notice in the portal, a text message to the phone. Returns how many."""
    carers = plans.carers_of(plan)
    contacts = list(plan.contacts.select_related("user"))
    neighbours = [each.user for each in contacts if each.user is not None]
    number = incident.number if incident is not None else ""
    notices.tell(
        [*carers, *neighbours], f"求助：{plan.door}", body=WORDS, number=number, url=plans.plan_url(plan)
    )  # fmt: skip
    # A text message goes through other hands: no door, no name in full.
    who, at = masks.name(plan.resident.name), f"{timezone.localtime(now):%H:%M}"
    body = f"求助提醒：{who}的求助按钮在 {at} 被按下，请马上联系或上门查看。"
    ending = f"紧急情况请打 120。编号 {number}。" if number else "紧急情况请打 120。"
    phones = [user.phone for user in carers if user.phone and user.phone_verified]
    phones += [each.phone for each in sorted(contacts, key=lambda each: each.kind != CareContact.Kind.FAMILY)]
    reached = {user.phone or f"account {user.pk}" for user in carers} | {each.phone for each in contacts}
    for phone in dict.fromkeys(phones):
        notices.text(phone, body + ending)
    return len(reached)
