"""Keeping joint committees and their part-time members."""

from datetime import date

from django.db import IntegrityError, transaction
from django.utils import timezone

from governance.constraints import sentence
from governance.flow import NotYours, Refused
from governance.models import User
from governance.permissions import look_again
from parties.days import check_past
from parties.models import JointCommittee, Organisation, PartTimeMember
from parties.models.joint import WAY, may_have_one


def founders():
    """Return the organisations that may have a joint committee: the streets' and the communities' own."""
    return Organisation.objects.in_force().filter(may_have_one())


@transaction.atomic
def keep_committee(committee: JointCommittee, *, by: User) -> JointCommittee:
    """Save a joint committee, new or mended. Raises Refused at the field it concerns, OutOfReach or ValidationError."""
    new = committee.pk is None
    if new and not founders().filter(pk=committee.organisation_id).exists():
        raise Refused("请选择在用的街道党工委，或者社区的党委（党总支、党支部）。", "organisation")
    check_past(committee.established_on, "established_on")
    committee.stand()
    _save(committee, "organisation")
    look_again(by, committee, "add" if new else "change")
    return committee


@transaction.atomic
def end_committee(committee: JointCommittee, *, by: User, day: date, reason: str) -> JointCommittee:
    """End a joint committee; its members' time ends with it. Repeating it changes nothing. Raises NotYours, or Refused at ``day``."""
    committee = JointCommittee.objects.select_for_update(of=("self",)).get(pk=committee.pk)
    if not by.may("change", committee):
        raise NotYours
    if committee.ended_on is not None:
        return committee
    check_past(day, "day", since=committee.established_on, what="成立日期")
    for member in committee.members.in_office():
        member.until = max(day, member.since)
        member.save()
    committee.ended_on = day
    committee._change_reason = reason.strip()[:100]
    committee.save()
    return committee


@transaction.atomic
def keep_part_time(member: PartTimeMember, *, by: User) -> PartTimeMember:
    """Save a part-time member, new or mended. Raises Refused at the field it concerns, OutOfReach or ValidationError."""
    new = member.pk is None
    if new and member.committee.is_ended:
        raise Refused("这个大工委（大党委）已经撤销，请另选。", "committee")
    today, before = timezone.localdate(), None
    if member.since > date(today.year + 1, 12, 31):
        raise Refused("请填写明年底以前的日期。", "since")
    check_past(min(member.since, today), "since")
    if member.until is not None and member.until < member.since:
        raise Refused("任职至不能早于任职起。", "until")
    for column in WAY:
        day = getattr(member, column)
        if day is None:
            continue
        check_past(day, column)
        if before is not None and day < before[1]:
            raise Refused(f"不能早于{WAY[before[0]]}的日期。", column)
        before = (column, day)
    member.stand()
    _save(member, "name")
    look_again(by, member, "add" if new else "change")
    return member


def _save(row: JointCommittee | PartTimeMember, name: str) -> None:
    """Check and save; what the database refuses is said at the field ``name``."""
    row.clean_fields(exclude=["grid", "units", "organisation", "committee"])
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Refused(sentence(error) or "与已登记的冲突，请检查。", name) from error
