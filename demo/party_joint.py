"""The demo's joint committees with as many part-time members as the district reports, a dozen joint conferences, and the key tasks
of the year. Every person, meeting and task is made up."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from demo.people import COMMUNITY, DISTRICT, STREET
from demo.scenes import picture
from demo.world import Calendar, Story, World, in_office
from governance.models import Unit, User
from parties.flow import TASKS
from parties.models import Conference, JointCommittee, Organisation, PartTimeMember, PartyOrgType, Task
from parties.services.conferences import keep_conference, members_at, record_conference, units_near
from parties.services.tasks import set_task

BATCH = 1000
#: What the district reports: part-time members at streets and at communities, and key tasks of a year.
AT_STREETS, AT_COMMUNITIES, KEY_TASKS = 55, 365, 361
CONFERENCES = 12
#: How far a task has come: each takes in what stands before it.
SET, HANDLING, REPORTED, DONE = range(4)
EMPLOYERS = (
    "小学",
    "社区卫生服务中心",
    "派出所",
    "物业公司",
    "供热公司",
    "银行支行",
    "商业公司",
    "养老院",
    "律师事务所",
    "邮政支局",
)
DUTIES = ("党支部书记", "党总支书记", "副校长", "副所长", "经理", "主任")
#: Fields of work, each with what is done and to what; a title is one of each.
AREAS = {
    "党的建设": (("规范", "提升", "推进"), ("网格党支部活动", "楼门党小组建设", "社区党群服务中心", "在职党员报到", "新就业群体党建")),
    "民生服务": (("完成", "改善", "扩大"), ("老旧楼道照明改造", "老人助餐点", "社区托幼服务", "便民早市", "无障碍坡道", "独居老人探访")),
    "平安建设": (("排查", "整治", "加强"), ("楼道堆物", "电动自行车充电", "高层消防通道", "校园周边秩序", "出租房屋登记")),
    "城市管理": (("治理", "更新", "清理"), ("背街小巷", "老旧管网", "占道停车", "垃圾分类点位", "绿地裸土", "小区围墙")),
    "矛盾化解": (("化解", "减少", "预防"), ("物业纠纷", "邻里纠纷", "历史遗留问题", "施工扰民投诉")),
    "基层减负": (("精简", "合并", "规范"), ("社区填报表格", "社区挂牌", "社区证明事项", "工作群组")),
}  # fmt: skip
MEASURES = ("列出点位清单，分批实施，每月通报。", "定专人负责，两周一调度。", "先试点两处，总结后推开。")
PROGRESS = ("已完成一半点位。", "方案已定，开始施工。", "清单已核对，三处已办结。", "资金已落实。")
RESULTS = ("清单内的都已完成，群众满意。", "全部点位完工并移交养护。", "已建章立制，转入日常。")
AGENDA = (
    "楼道照明和应急通道",
    "小区停车资源共享",
    "困难家庭结对帮扶",
    "暑期青少年活动场地",
    "养老助餐合作",
    "扬尘和噪声扰民",
)


def load_party_joint(world: World) -> None:
    """Set up a joint committee at each street and community and seat its part-time members. The party tree stands."""
    chance = world.chance("party joint")
    rows = [row for several in world.party.values() for row in several]
    made: list[tuple[JointCommittee, int]] = []
    for kind, number in (
        (PartyOrgType.STREET_COMMITTEE, AT_STREETS),
        (PartyOrgType.COMMITTEE, AT_COMMUNITIES),
    ):
        of_kind = [row for row in rows if row.kind == kind]
        whole = 9 if kind == PartyOrgType.STREET_COMMITTEE else 104
        total = number if not world.small else round(number * len(of_kind) / whole)
        made += zip(map(_committee, of_kind), shares(total, len(of_kind)), strict=True)
    for committee, _ in made:
        committee.stand()
    JointCommittee.objects.bulk_create([committee for committee, _ in made], batch_size=BATCH)
    members = [
        _member(world, chance, committee) for committee, number in made for _ in range(number)
    ]  # fmt: skip
    for member in members:
        member.stand()
    PartTimeMember.objects.bulk_create(members, batch_size=BATCH)


def shares(total: int, parts: int) -> list[int]:
    """Return how a number is spread over so many parts, as evenly as it goes."""
    return [total // parts + (index < total % parts) for index in range(parts)] if parts else []


def _committee(organisation: Organisation) -> JointCommittee:
    return JointCommittee(
        organisation=organisation, established_on=organisation.established_on + timedelta(days=90)
    )


def _member(world: World, chance: random.Random, committee: JointCommittee) -> PartTimeMember:
    since = world.day(-chance.randrange(120, 700))
    filed = since + timedelta(days=12) if chance.random() < 0.9 else None
    return PartTimeMember(
        committee=committee,
        name=world.names.name(old=False),
        employer=f"{committee.organisation.grid.name.removesuffix('社区')}{chance.choice(EMPLOYERS)}（演示）",
        duty=chance.choice(DUTIES),
        phone=world.names.phone() if committee.grid_id in (STREET, COMMUNITY) else "",
        since=since,
        recommended_on=since - timedelta(days=25),
        agreed_on=since - timedelta(days=14),
        approved_on=since - timedelta(days=5),
        filed_on=filed,
    )


# --- conferences --------------------------------------------------------------------------------------------------------
def plan_joint(world: World, calendar: Calendar) -> None:
    """Put the conferences and the year's key tasks into the calendar. Staff, units and departments' officers are there."""
    chance = world.chance("party conferences")
    seats = [
        (code, officer)
        for code in (DISTRICT, *sorted(c for c in world.grids if len(c) == 9), COMMUNITY)
        if (officer := caller(world, code)) is not None
    ]
    for index in range(CONFERENCES if seats else 0):
        code, officer = seats[-1 - index % len(seats)]
        at = world.now - timedelta(days=150 - 13 * index)
        calendar.begin(in_office(at), _conference(world, chance, code, officer, index))
    if COMMUNITY in dict(seats):
        calendar.begin(in_office(world.now - timedelta(days=2)), _call(world, COMMUNITY))
    number = KEY_TASKS if not world.small else KEY_TASKS // 9
    officer = caller(world, DISTRICT)
    plans = list(_plans(world, chance, number)) if officer is not None else []
    for plan in plans:
        calendar.begin(in_office(plan.begin), _task(world, plan, officer))


def caller(world: World, code: str) -> User | None:
    """Return who calls the conferences of a place."""
    role = "community_secretary" if len(code) == 12 else "party_officer"
    return next(iter(world.staff[role, code]), None)


def _conference(world: World, chance: random.Random, code: str, officer: User, index: int) -> Story:
    grid, now = world.grids[code], timezone.now()
    units = list(units_near(code)[:6])
    conference = Conference(
        grid=grid, title=f"{grid.name}第 {index + 1} 次党建联席会议（演示）", held_at=now + timedelta(days=4), venue="党群服务中心",
        chair=officer.name, agenda=chance.sample(AGENDA, 3),
    )  # fmt: skip
    conference = keep_conference(conference, by=officer, units=units, members=list(members_at(code)))
    yield in_office(now + timedelta(days=5))
    asked = list(conference.invitations.all())
    came = [row for row in asked if chance.random() < 0.85]
    minutes = "".join(
        f"{serial}、{item}：同意，由牵头单位办理。\n" for serial, item in enumerate(conference.agenda, 1)
    )
    record_conference(
        conference, by=officer, minutes=minutes, present=came, photos=[picture("0203", code, after=True)]
    )
    for item in conference.agenda[:2]:
        lead = chance.choice(units)
        task = set_task(
            by=officer, conference=conference, unit=lead, title=f"落实{item}",
            due_on=timezone.localdate() + timedelta(days=60),
        )  # fmt: skip
        worker = worker_of(world, lead)
        if worker is None:
            continue
        yield in_office(timezone.now() + timedelta(days=1))
        TASKS.run(task.pk, "receive", by=worker, note=chance.choice(MEASURES))
        yield in_office(timezone.now() + timedelta(days=20))
        TASKS.run(task.pk, "progress", by=worker, note=chance.choice(PROGRESS))


def _call(world: World, code: str) -> Story:
    """Call one that is still to be held."""
    conference = Conference(
        grid=world.grids[code], title="本季度党建联席会议（演示）", held_at=timezone.now() + timedelta(days=6), venue="党群服务中心",
        chair=world.staff["community_secretary", code][0].name, agenda=["楼道照明和应急通道", "养老助餐合作"],
    )  # fmt: skip
    units, members = list(units_near(code)[:4]), list(members_at(code))
    keep_conference(conference, by=world.staff["community_secretary", code][0], units=units, members=members)
    return
    yield


# --- key tasks ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Plan:
    """One key task: number, words, who answers for it, when it was set and is due, how far it comes, and whether late."""

    serial: int
    area: str
    title: str
    unit: Unit
    worker: User
    begin: datetime
    days: int
    reached: int
    late: bool


def worker_of(world: World, unit: Unit) -> User | None:
    """Return who acts for a unit."""
    if unit.kind == Unit.Kind.DEPARTMENT:
        return next(iter(world.officers[unit.code]), None)
    role = "street_officer" if unit.kind == Unit.Kind.STREET_OFFICE else "community_worker"
    return next(iter(world.staff[role, unit.grid_id]), None)


def _plans(world: World, chance: random.Random, number: int) -> Iterator[Plan]:
    leads = [
        (unit, worker)
        for unit in sorted(world.units.values(), key=lambda unit: unit.code)
        if unit.kind in (Unit.Kind.DEPARTMENT, Unit.Kind.STREET_OFFICE)
        and (worker := worker_of(world, unit)) is not None
    ]
    areas = list(AREAS)
    for serial in range(1, (number if leads else 0) + 1):
        area = areas[serial % len(areas)]
        verbs, things = AREAS[area]
        unit, worker = chance.choice(leads)
        back, days = chance.randrange(20, 200), chance.choice((60, 90, 120, 180, 240))
        over = back > days
        reached = chance.choices((SET, HANDLING, REPORTED, DONE), (1, 3, 2, 94) if over else (4, 60, 6, 30))[
            0
        ]
        yield Plan(
            serial, area, f"{chance.choice(verbs)}{chance.choice(things)}（第 {serial} 项）", unit, worker,
            world.now - timedelta(days=back), days, reached, over and chance.random() < 0.06,
        )  # fmt: skip


def _task(world: World, plan: Plan, officer: User) -> Story:
    chance = world.chance(f"key task {plan.serial}")
    task = set_task(
        by=officer, setter=world.grids[DISTRICT], unit=plan.unit, title=plan.title, area=plan.area,
        year=timezone.localdate(world.now).year, serial=plan.serial,
        due_on=timezone.localdate() + timedelta(days=plan.days),
    )  # fmt: skip

    def act(name: str, by: User, note: str = "") -> Task:
        return TASKS.run(task.pk, name, by=by, note=note)

    if plan.reached < HANDLING:
        return
    yield in_office(timezone.now() + timedelta(days=chance.randrange(1, 6)))
    act("receive", plan.worker, chance.choice(MEASURES))
    yield in_office(timezone.now() + timedelta(days=plan.days * 0.4))
    act("progress", plan.worker, chance.choice(PROGRESS))
    if plan.reached < REPORTED:
        return
    yield in_office(timezone.now() + timedelta(days=plan.days * (0.65 if plan.late else 0.3)))
    act("report", plan.worker, chance.choice(RESULTS))
    if plan.reached < DONE:
        return
    yield in_office(timezone.now() + timedelta(days=2))
    act("verify_pass", officer)
