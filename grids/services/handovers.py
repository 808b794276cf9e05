"""Handing over what a grid worker leaves: the list is made as her service ends, remarked by her and ticked off by who takes over."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from governance import notices
from governance.flow import NotYours, Refused, on_tick
from governance.models import User
from governance.permissions import permitted_actions
from grids import handover as registry
from grids.models import Handover, HandoverItem, TeamMember
from grids.services.care.plans import pass_on_plans


def open_handover(
    leaving: TeamMember, *, by: User | None, day: date, note: str = "", taking: TeamMember | None = None
) -> Handover:
    """Make the hand-over of a service that ends with ``day``, with what is open now. Asks no permission."""
    today = timezone.localdate()
    made = Handover.objects.create(
        grid_id=leaving.grid_id,
        leaving=leaving,
        taking=taking,
        day=day,
        note=note[:200],
        by=by,
        relist_on=day + timedelta(days=1) if day >= today else None,
    )
    _list(made)
    _give(made)
    if day >= today:
        _tell(leaving.user, "请给移交清单写说明", made)
    return made


def _list(handover: Handover) -> int:
    """Add to the list what is open and not on it; return how many."""
    user = handover.leaving.user
    if user is None:
        return 0
    known = set(handover.items.values_list("content_type", "object_pk"))
    found = [
        item
        for item in registry.open_things(user, [handover.grid_id])
        if (item.content_type.pk, item.object_pk) not in known
    ]
    for item in found:
        item.handover = handover
    HandoverItem.objects.bulk_create(found)
    return len(found)


def _tell(person: User | None, title: str, handover: Handover) -> None:
    notices.tell([person], title, body=f"{handover.grid}", url=reverse("my_handovers"))


def _give(handover: Handover) -> None:
    """Tell who takes over, once that is known, and give her the care plans for which nobody answers any more."""
    if handover.taking is None:
        return
    if handover.leaving.user is not None and handover.taking.user is not None:
        pass_on_plans(handover.leaving.user, handover.taking.user, handover.grid_id)
    if handover.items.filter(taken_at=None).exists():
        _tell(handover.taking.user, "有工作移交等您接手", handover)


def _locked(handover: Handover) -> Handover:
    rows = Handover.objects.select_related("grid", "leaving__user", "taking__user")
    return rows.select_for_update(of=("self",)).get(pk=handover.pk)


def _allowed(handover: Handover, by: User, *actions: str) -> set[str]:
    allowed = permitted_actions(by, handover, set(actions))
    if not allowed:
        raise NotYours
    return allowed


@transaction.atomic
def take_items(handover: Handover, keys: Iterable[int], *, by: User) -> int:
    """Tick items off as taken over; those that are so already stay as they are. Returns how many were ticked.

    Who takes over ticks what she may see, the desk anything; what was with the one who leaves is with her from then on. Raises
    NotYours, or Refused where she is not there yet or nobody was named who could go on with it.
    """
    handover = _locked(handover)
    allowed = _allowed(handover, by, "take", "change")
    items = list(handover.items.filter(pk__in=list(keys), taken_at=None))
    if "change" not in allowed:
        items = [line.item for line in registry.lines(items, by) if line.matter is not None]
    if handover.leaving.user is not None:
        registry.go_on(items, handover.leaving.user, handover.taking and handover.taking.user, by)
    now = timezone.now()
    for item in items:
        item.taken_at, item.taken_by = now, by
    HandoverItem.objects.bulk_update(items, ["taken_at", "taken_by"])
    if items and handover.by_id != by.pk and not handover.items.filter(taken_at=None).exists():
        url = reverse("admin:grids_handover_change", args=[handover.pk])
        notices.tell([handover.by], "工作移交已全部接手", body=f"{handover.grid}", url=url)
    return len(items)


@transaction.atomic
def remark_items(handover: Handover, remarks: Mapping[int, str], *, by: User) -> int:
    """Write what is to be known of items that nobody has taken over yet. Returns how many changed.

    For who leaves, as long as she is there, and for the desk. Raises NotYours.
    """
    handover = _locked(handover)
    _allowed(handover, by, "remark", "change")
    changed = []
    for item in handover.items.filter(pk__in=list(remarks), taken_at=None):
        text = remarks[item.pk].strip()[:300]
        if text != item.remark:
            item.remark = text
            changed.append(item)
    HandoverItem.objects.bulk_update(changed, ["remark"])
    return len(changed)


@transaction.atomic
def assign_handover(handover: Handover, *, by: User, taking: TeamMember) -> Handover:
    """Say who takes over: another grid worker of the same grid who is there or is to come. Raises NotYours or Refused."""
    handover = _locked(handover)
    _allowed(handover, by, "change")
    check_taker(handover.leaving, taking)
    if handover.taking_id != taking.pk:
        handover.taking = taking
        handover.save(update_fields=["taking"])
        _give(handover)
    return handover


@transaction.atomic
def relist(handover: Handover, *, by: User) -> int:
    """Look again for what is open and add it to the list; return how much was added. Raises NotYours."""
    handover = _locked(handover)
    _allowed(handover, by, "change")
    return _list(handover)


def check_taker(leaving: TeamMember, taking: TeamMember) -> None:
    """Raise Refused at ``taking`` for somebody who cannot take a grid worker's things over."""
    if taking.pk == leaving.pk or (leaving.user_id is not None and taking.user_id == leaving.user_id):
        raise Refused("接手人不能是移交人自己。", "taking")
    over = taking.until is not None and taking.until < timezone.localdate()
    if taking.grid_id != leaving.grid_id or not taking.is_worker or over:
        raise Refused("请选择这个网格在任的专职或兼职网格员。", "taking")


def pass_on(leaving: TeamMember, taking: TeamMember | None) -> None:
    """Give what a leaving worker had still to take over to who comes after her. Asks no permission."""
    for each in _of_nobody(Handover.objects.unfinished().filter(taking=leaving)):
        each.taking = taking
        each.save(update_fields=["taking"])
        _give(each)


def give_waiting(member: TeamMember) -> None:
    """Give a new worker the unfinished hand-overs of her grid that are for nobody yet. Asks no permission."""
    waiting = Handover.objects.unfinished().filter(grid=member.grid_id, taking=None).exclude(leaving=member)
    for each in _of_nobody(waiting):
        if each.leaving.user_id is None or each.leaving.user_id != member.user_id:
            each.taking = member
            each.save(update_fields=["taking"])
            _give(each)


def _of_nobody(rows):
    rows = rows.select_related("grid", "leaving", "taking__user").select_for_update(of=("self",))
    return rows.order_by("pk")


@on_tick
def list_again(now: datetime) -> int:
    """Add what has come since a service was known to end, once its last day is over; what she had still to take over goes to who comes
    after her."""
    today, added = timezone.localdate(now), 0
    for key in list(Handover.objects.filter(relist_on__lte=today).values_list("pk", flat=True)[:200]):
        with transaction.atomic():
            handover = _locked(Handover(pk=key))
            if handover.relist_on is None:
                continue
            fresh = _list(handover)
            pass_on(handover.leaving, handover.taking)
            handover.relist_on = None
            handover.save(update_fields=["relist_on"])
            if fresh:
                _give(handover)
            added += fresh
    return added
