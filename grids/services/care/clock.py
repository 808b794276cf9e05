"""What time does with care plans, on the ticker: it ends what is over, keeps due days right, tells missed look-ins upward, and deletes
what has been kept long enough. Run late or twice it ends in the same rows and the same notices."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import DateField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest, Least
from django.urls import reverse
from django.utils import timezone

from governance import notices, parameters, worktime
from governance.flow import on_tick
from governance.models import Post, User
from governance.permissions import nearest_holders
from grids.models import CareCarer, CareColour, CareContact, CarePlan, CareVisit, Grid, Handover
from grids.models.care import days_of
from grids.services.care import plans

#: Plans that one transaction looks at.
BATCH = 200
#: How far being overdue is told: told to whom.
CARERS, COMMUNITY, STREET = 1, 2, 3


@on_tick
def follow_households(now: datetime) -> int:
    """Move open plans to where their households lie now."""
    moved = (
        CarePlan.objects.open()
        .exclude(grid=F("resident__household__grid"))
        .values_list("pk", "resident__household__grid")
    )
    return sum(CarePlan.objects.filter(pk=pk).update(grid=code) for pk, code in list(moved[:5000]))


@on_tick
def end_what_is_over(now: datetime) -> int:
    """End the plans whose consent has run out, and those of residents who have left."""
    today = timezone.localdate(now)

    def end(plan: CarePlan) -> None:
        if plan.resident.left_on is not None:
            plans.close(
                plan, User.objects.system(), "居民已不在这里居住", on=min(plan.resident.left_on, today)
            )
        else:
            plans.close(plan, User.objects.system(), "同意到期，没有续期", on=plan.until)

    over = CarePlan.objects.open().filter(Q(until__lt=today) | Q(resident__left_on__isnull=False))
    return _each(over, end)


@on_tick
def count_anew(now: datetime) -> int:
    """Count the due days of open plans anew where the district has changed how many days a colour means (as ``CarePlan.next_due``)."""
    today, changed = timezone.localdate(now), 0
    for colour in CareColour.values:
        days = days_of(colour)
        base = ExpressionWrapper(Coalesce("looked_in_on", "since") + timedelta(days=days), DateField())
        due = Greatest(base, Least(F("due_on"), today), output_field=DateField())
        rows = CarePlan.objects.open().filter(colour=colour).exclude(every=days)
        changed += rows.annotate(new=due).filter(new=F("due_on")).update(every=days)
        changed += rows.update(every=days, due_on=due, told=0)
    return changed


@on_tick
def drop_carers(now: datetime) -> int:
    """End the part of responsible people who have no post any more by which they could look in there. Who takes over the grid's work from
    one of them goes on with her plans."""
    today = timezone.localdate(now)
    posts = (
        Post.objects.in_force(today)
        .filter(
            user=OuterRef("user"),
            user__is_active=True,
            unit=None,
            role__permissions__codename="look_careplan",
            role__permissions__content_type__app_label="grids",
        )
        .filter(
            Q(grid=OuterRef("plan__grid"))
            | Q(grid=OuterRef("plan__community_code"))
            | Q(grid=OuterRef("plan__street_code"))
            | Q(grid=OuterRef("plan__district_code"))
        )
    )
    rows = CareCarer.objects.filter(until=None, plan__ended_on=None).exclude(Exists(posts))
    gone = set(rows.values_list("user", "plan__grid"))
    ended = rows.update(until=today)
    for user, code in sorted(gone):
        taken = Handover.objects.filter(grid=code, leaving__user=user).exclude(taking__user=None)
        if (
            handover := taken.select_related("leaving__user", "taking__user").order_by("-pk").first()
        ) is not None:
            plans.pass_on_plans(handover.leaving.user, handover.taking.user, code)
    return ended


@on_tick
def tell_missed(now: datetime) -> int:
    """Tell upward what was missed: a day after the due day the responsible people, so many working days after it the community, and
    later the street, which learns a number and no door. Each plan is told once for each due day and level."""
    today = timezone.localdate(now)
    reached = {
        CARERS: today - timedelta(days=1),
        COMMUNITY: last_day(now, parameters.value("care.community_after")),
        STREET: last_day(now, parameters.value("care.street_after")),
    }
    untold = Q()
    for level, day in reached.items():
        untold |= Q(told__lt=level, due_on__lte=day)
    rows, streets = CarePlan.objects.overdue(today).filter(untold), Counter()
    desks: dict[str, list[User]] = {}

    def tell(plan: CarePlan) -> None:
        level = max(each for each, day in reached.items() if plan.due_on <= day)
        words = f"{plan.due_on:%m月%d日}到期，{plan.door}"
        if plan.told < CARERS:
            plans.tell(plan, plans.carers_of(plan), "有一户到期没有探视", words)
        if plan.told < COMMUNITY <= level:
            code = plan.community_code
            if code not in desks:
                desks[code] = list(nearest_holders("grids.change_careplan", code))
            url = reverse("admin:grids_careplan_change", args=[plan.pk])
            plans.tell(plan, desks[code], "探视逾期未做，请过问", words, url=url)
        if plan.told < STREET <= level:
            streets[plan.community_code] += 1
        plan.told = level
        plan.save(update_fields=["told"])

    return _each(rows, tell, after=lambda: _tell_streets(streets))


def _tell_streets(found: Counter) -> None:
    names = dict(Grid.objects.filter(code__in=found).values_list("code", "name"))
    for code, number in sorted(found.items()):
        url = f"{reverse('admin:grids_careplan_figures')}?in={code[:9]}"
        people = nearest_holders("grids.count_careplan", code[:9])
        notices.tell(people, "探视逾期上报", body=f"{names.get(code, code)}有 {number} 户逾期未探视", url=url)
    found.clear()


@on_tick
def forget(now: datetime) -> int:
    """Delete the contacts of plans that ended long enough ago (a parameter), and empty what was written at their look-ins."""
    last = timezone.localdate(now) - timedelta(days=parameters.value("care.keep_days"))

    def erase(plan: CarePlan) -> None:
        plan.contacts.all().delete()
        CareVisit.objects.filter(plan=plan).exclude(note="", items=[]).update(note="", items=[])
        plan.purpose, plan.items, plan.consent_by, plan.erased_on = "", [], "", timezone.localdate(now)
        plan.save(update_fields=["purpose", "items", "consent_by", "erased_on"])

    return _each(CarePlan.objects.filter(ended_on__lte=last, erased_on=None), erase)


def last_day(now: datetime, days: int) -> date:
    """Return the latest due day from whose end so many working days have passed at a moment."""
    day = timezone.localdate(now) - timedelta(days=1)
    zone = timezone.get_default_timezone()
    while worktime.add_days(datetime(day.year, day.month, day.day, 12, tzinfo=zone), days) > now:
        day -= timedelta(days=1)
    return day


def _each(rows: QuerySet, work: Any, after: Any = None) -> int:
    """Do something with each plan, locked, in transactions of so many; ``after`` ends each of them. ``work`` must take the plan out of
    the rows. Returns how many there were; what somebody else has locked waits for the next tick."""
    done = 0
    while True:
        with transaction.atomic():
            batch = list(
                CarePlan.objects.with_door()
                .filter(pk__in=rows.order_by().values("pk"))
                .select_for_update(of=("self",), skip_locked=True)
                .order_by("pk")[:BATCH]
            )
            for plan in batch:
                work(plan)
            if after is not None:
                after()
        done += len(batch)
        if len(batch) < BATCH:
            return done


def adopt(user: User) -> int:
    """Give a newly verified phone's owner the running plans in which she is entered as a neighbour; repeating it adds nothing."""
    rows = CareContact.objects.filter(kind=CareContact.Kind.NEIGHBOUR, phone=user.phone, user=None)
    return rows.filter(plan__ended_on=None).update(user=user)
