"""The demo's meetings of party organisations: four months of them and what is planned, written in bulk as an import would write them.

A few are missing, as in life, so that the board has something to say; some of the last days wait for their record. All of it is made up.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone

from demo.people import COMMUNITY, NEIGHBOUR
from demo.world import World
from governance import worktime
from governance.models import NumberSeries, Post, User
from governance.models.matters import Channel
from parties.frequency import COUNCIL_LEAST, span_of
from parties.models import (
    Attendance,
    Meeting,
    MeetingKind,
    MeetingStep,
    Member,
    Officer,
    Organisation,
    PartyOrgType,
)
from parties.services.meetings import THEME_DAY, USUAL

K, T = MeetingKind, PartyOrgType
MONTHS = 4
BATCH = 1000
#: Who was there is written down one by one in these communities; elsewhere the numbers alone.
IN_DETAIL = (COMMUNITY, NEIGHBOUR)
#: How many of a hundred hold what is due.
HELD = {K.THEME_DAY: 92, K.COUNCIL: 86, K.GROUP: 82, K.ASSEMBLY: 90, K.LECTURE: 76, K.LIFE: 88, K.REVIEW: 88}
TOPICS = {
    K.THEME_DAY: ("学习党的二十大精神", "入户走访困难党员", "清理楼道，美化家园", "参观社区党群服务中心", "政策宣讲进楼门", "重温入党誓词"),
    K.COUNCIL: ("研究本月工作安排", "研究党员发展对象", "讨论网格微心愿认领", "研究困难党员帮扶"),
    K.GROUP: ("学习文件，交流体会", "商量楼门环境整治", "通报支部工作，征求意见"),
    K.ASSEMBLY: ("通报季度工作，讨论下季度安排", "讨论接收预备党员", "听取支委会工作报告"),
    K.LECTURE: ("书记讲党课：从身边事说起", "学党章、守党规", "社区治理里的党员作用"),
    K.LIFE: ("年度组织生活会",),
    K.REVIEW: ("年度民主评议党员",),
}  # fmt: skip
MINUTES = (
    "到会党员围绕主题逐一发言，形成一致意见。",
    "先学习文件，再结合网格里的事讨论，明确了分工和完成时间。",
    "通报了上次会议事项的办理情况，听取意见三条，会后逐条落实。",
)
PLACES = ("党群服务中心", "社区活动室", "楼门议事厅", "")
REASONS = ("外出探亲", "上班", "住院", "照看孙辈")


@dataclass
class Plan:
    """One meeting to write."""

    organisation: Organisation
    kinds: list[str]
    starts_at: datetime
    held: bool


def load_life(world: World, organisations: Iterable[Organisation]) -> int:
    """Write the meetings of these organisations, of the last months before ``world.now`` and of the present one. Returns how many."""
    chance = world.chance("party-life")
    rows = [each for each in organisations if each.kind in (T.BRANCH, T.GROUP)]
    keys = [each.pk for each in rows]
    seats = Counter(
        Officer.objects.in_office().filter(organisation__in=keys).values_list("organisation", flat=True)
    )
    plans = [
        plan for each in rows for plan in _plans(each, seats[each.pk] >= COUNCIL_LEAST, world.now, chance)
    ]
    return _write(sorted(plans, key=lambda plan: (plan.starts_at, plan.organisation.pk)), world.now, chance)


def _plans(organisation: Organisation, council: bool, now: datetime, chance: random.Random) -> list[Plan]:
    today = timezone.localdate(now)
    months, plans = [span_of(today, 1)], []
    for _ in range(MONTHS):
        months.append(months[-1].before())
    for month in months:
        kinds = (
            [K.GROUP] if organisation.kind == T.GROUP else [K.THEME_DAY, *([K.COUNCIL] if council else [])]
        )
        if organisation.kind == T.BRANCH and month.first.month % 3 == 2:
            kinds += [K.ASSEMBLY, K.LECTURE]
        for kind in kinds:
            if organisation.established_on <= month.first and chance.randrange(100) < HELD[kind]:
                plans.append(_plan(organisation, [kind], month.first, now, chance))
    year = span_of(today, 12)
    if (
        organisation.kind == T.BRANCH
        and organisation.established_on <= year.first
        and chance.randrange(100) < HELD[K.LIFE]
    ):
        plans.append(_plan(organisation, [K.LIFE, K.REVIEW], year.first, now, chance))
    return plans


def _plan(
    organisation: Organisation, kinds: list[str], first: date, now: datetime, chance: random.Random
) -> Plan:
    clock, day = USUAL[kinds[0]]
    wanted = first.replace(day=day or organisation.theme_day or THEME_DAY)
    if day is not None and not worktime.is_workday(wanted):
        wanted = worktime.next_workday(wanted)
    starts_at = datetime.combine(wanted, clock, timezone.get_default_timezone())
    # Of the last days one in four waits for its record.
    waits = starts_at > now - timedelta(days=9) and chance.randrange(4) == 0
    return Plan(organisation, [str(kind) for kind in kinds], starts_at, starts_at < now and not waits)


def _write(plans: list[Plan], now: datetime, chance: random.Random) -> int:
    keepers = _keepers()
    rolls = _rolls({plan.organisation.pk for plan in plans})
    councils = defaultdict(list)
    for officer in Officer.objects.in_office().select_related("member"):
        councils[officer.organisation_id].append(officer.member)
    series = dict(NumberSeries.objects.filter(series__startswith="HY-").values_list("series", "last"))
    meetings, lines = [], []
    for plan in plans:
        opened = min(plan.starts_at - timedelta(days=6), now - timedelta(hours=2))
        name = f"HY-{plan.organisation.grid_id[:12]}-{timezone.localtime(opened):%Y%m%d}"
        series[name] = series.get(name, 0) + 1
        people = (councils if K.COUNCIL in plan.kinds else rolls)[plan.organisation.pk]
        meeting = _meeting(plan, f"{name}-{series[name]:04d}", opened, keepers, chance)
        if plan.held:
            states = [_state(chance) for _ in people]
            meeting.status, meeting.version = "held", 2
            meeting.closed_at = min(plan.starts_at + timedelta(days=1, hours=2), now)
            meeting.minutes = chance.choice(MINUTES)
            meeting.expected, meeting.present = len(people), states.count("present")
            lines.append((meeting, people, states))
        meeting.search_terms = meeting.index()
        meetings.append(meeting)
    Meeting.objects.bulk_create(meetings, batch_size=BATCH)
    MeetingStep.objects.bulk_create((step for m in meetings for step in _steps(m, keepers)), batch_size=BATCH)
    Attendance.objects.bulk_create(
        (
            Attendance(
                meeting=meeting, member=member, state=state, votes=member.stage == Member.Stage.FULL,
                reason=chance.choice(REASONS) if state == "leave" else "",
            )
            for meeting, people, states in lines
            if meeting.grid_id.startswith(IN_DETAIL)
            for member, state in zip(people, states, strict=True)
        ),
        batch_size=BATCH,
    )  # fmt: skip
    NumberSeries.objects.bulk_create(
        [NumberSeries(series=name, last=last) for name, last in series.items()],
        update_conflicts=True, unique_fields=["series"], update_fields=["last"], batch_size=BATCH,
    )  # fmt: skip
    return len(meetings)


def _meeting(
    plan: Plan, number: str, opened: datetime, keepers: dict[int, User], chance: random.Random
) -> Meeting:
    due = plan.starts_at + timedelta(days=7)
    meeting = Meeting(
        organisation=plan.organisation,
        number=number,
        kinds=plan.kinds,
        title=chance.choice(TOPICS[K(plan.kinds[0])]),
        starts_at=plan.starts_at,
        place=plan.organisation.address[:80] or chance.choice(PLACES),
        status="planned",
        version=1,
        opened_at=opened,
        channel=Channel.DESK,
        placed_by=_keeper(plan.organisation, keepers),
        clock_from=None if plan.held else opened,
        due_at=None if plan.held else due,
        yellow_at=None if plan.held else min(max(plan.starts_at, opened), due),
    )
    meeting.stand()
    return meeting


def _steps(meeting: Meeting, keepers: dict[int, User]) -> list[MeetingStep]:
    actor = _keeper(meeting.organisation, keepers)
    steps = [
        MeetingStep(
            matter=meeting, seq=1, action="open", label="安排", actor=actor, at=meeting.opened_at, to_status="planned",
            due_at=meeting.due_at,
        )
    ]  # fmt: skip
    if meeting.status == "held":
        steps.append(
            MeetingStep(
                matter=meeting, seq=2, action="record", label="记录", actor=actor, at=meeting.closed_at,
                from_status="planned", to_status="held", data={"expected": meeting.expected, "present": meeting.present},
            )
        )  # fmt: skip
    return steps


def _keepers() -> dict[int, User]:
    """Return who holds a post of each party organisation's unit."""
    posts = (
        Post.objects.in_force()
        .exclude(unit=None)
        .filter(role__key__startswith="party_")
        .select_related("user")
    )
    return {post.unit_id: post.user for post in posts}


def _keeper(organisation: Organisation, keepers: dict[int, User]) -> User:
    for unit in reversed(organisation.units[-2:]):
        if unit in keepers:
            return keepers[unit]
    if 0 not in keepers:
        keepers[0] = User.objects.system()
    return keepers[0]


def _rolls(keys: set[int]) -> dict[int, list[Member]]:
    """Return the members whom each organisation's meetings expect."""
    rolls = defaultdict(list)
    for member in Member.objects.on_roll().only("pk", "organisation", "group", "stage").order_by("pk"):
        for key in {member.organisation_id, member.group_id} & keys:
            rolls[key].append(member)
    return rolls


def _state(chance: random.Random) -> str:
    number = chance.randrange(100)
    return "present" if number < 84 else "leave" if number < 95 else "absent"
