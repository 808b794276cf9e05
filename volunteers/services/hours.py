"""Correcting the hours ledger: a line of its own, with a reason; what was written is never changed."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Sum

from governance.models import User
from governance.permissions import look_again
from volunteers.models import Claim, HoursEntry, Volunteer

#: Half hours that one correction moves at most: two hundred hours.
MOST = 400


@transaction.atomic
def adjust_hours(
    volunteer: Volunteer, half_hours: int, *, by: User, reason: str, claim: Claim | None = None
) -> HoursEntry:
    """Add (or, below zero, take) half hours in a volunteer's ledger. Returns the new line.

    The total cannot fall below zero. Raises ValidationError at the field it concerns, or OutOfReach when ``by`` may not
    write hours at the volunteer's place.
    """
    if not half_hours or not -MOST <= half_hours <= MOST:
        raise ValidationError(
            {"half_hours": f"更正的时长在 -{MOST / 2:g} 到 {MOST / 2:g} 小时之间，且不为 0。"}
        )
    if len(reason.strip()) < 4:
        raise ValidationError({"reason": "请写明更正理由（至少 4 个字）。"})
    if volunteer.applicant_id == by.pk:
        raise ValidationError({"volunteer": "不能更正本人的时长，请由他人办理。"})
    if claim is not None and claim.volunteer_id != volunteer.pk:
        raise ValidationError({"claim": "这次服务不是这位志愿者的。"})
    Volunteer.objects.select_for_update(of=("self",)).get(
        pk=volunteer.pk
    )  # two corrections at once see each other
    total = volunteer.hours.aggregate(total=Sum("half_hours"))["total"] or 0
    if total + half_hours < 0:
        raise ValidationError({"half_hours": f"这位志愿者现有 {total / 2:g} 小时，不能减这么多。"})
    entry = HoursEntry.objects.create(
        volunteer=volunteer,
        claim=claim,
        kind=HoursEntry.Kind.ADJUST,
        half_hours=half_hours,
        reason=reason.strip()[:200],
        entered_by=by,
        grid_id=volunteer.grid_id,
    )
    look_again(by, entry, "add")
    return entry
