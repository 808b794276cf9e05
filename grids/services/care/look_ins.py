"""Looking in on somebody (探视): written once, however often a phone sends it; the due day of the plan follows."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from governance.flow import NotYours, Refused
from governance.models import User
from grids.models import CarePlan, CareVisit
from grids.services.care import plans

#: What waited on a phone for the network may be so old; the phone itself throws away what is older.
OLDEST = timedelta(days=7)
#: How far a phone's clock may be ahead.
AHEAD = timedelta(minutes=10)


@transaction.atomic
def look_in(
    plan: CarePlan,
    *,
    by: User,
    token: str,
    way: str,
    outcome: str,
    items: Sequence[str] = (),
    note: str = "",
    captured_at: datetime | None = None,
) -> tuple[CareVisit, bool]:
    """Record a look-in. Returns it, and False when this very one had been recorded before (the same ``token``).

    ``by`` needs ``look`` on the plan. ``items`` are those of the plan that were looked at; where nobody was met, none was. When somebody was
    met, the next due day is counted from that day. Raises NotYours, Refused or ValidationError.
    """
    plan = plans.locked(plan)
    known = CareVisit.objects.filter(token=token).first()
    if known is not None:
        if (known.plan_id, known.by_id) != (plan.pk, by.pk):
            raise Refused("这条记录的标识已被用过，请重新打开页面。")
        return known, False
    if not by.may("look", plan):
        raise NotYours
    now = timezone.now()
    at = captured_at or now
    if not now - OLDEST <= at <= now + AHEAD:
        raise Refused("手机上的时间不对，请检查后重新填写。")
    at = min(at, now)
    day = timezone.localdate(at)
    if plan.ended_on is not None or plan.until < day:
        raise Refused("这个探视计划已经结束。")
    if outcome == CareVisit.Outcome.NEEDS and not note.strip():
        raise Refused("请写明需要什么。", "note")
    if len(note) > 500:
        raise Refused("说明不能超过 500 字。", "note")
    met = outcome != CareVisit.Outcome.ABSENT
    answers = met and (plan.looked_in_on is None or day > plan.looked_in_on)
    visit = CareVisit(
        plan=plan, by=by, way=way, outcome=outcome, items=[each for each in plan.items if met and each in set(items)],
        note=note.strip(), visited_at=at, recorded_at=now, due_on=plan.due_on if answers else None, token=token,
    )  # fmt: skip
    visit.full_clean(exclude=["plan", "by", "items"], validate_constraints=False, validate_unique=False)
    plans.saved(visit, "token")
    if answers:
        plan.looked_in_on, plan.due_on, plan.told = day, day + timedelta(days=plan.every), 0
        plan.save(update_fields=["looked_in_on", "due_on", "told"])
    if outcome == CareVisit.Outcome.NEEDS:
        plans.tell(plan, plans.carers_of(plan, but=by), "探视时发现有需要", plan.door)
    return visit, True
