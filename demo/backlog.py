"""The demo's backlog matters under supervision (挂牌督办的积案): two communities of last year, settled, and two of this year, on
their way. One is led by the district's own centre. All of it is made up, and written down act by act."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from demo.people import COMMUNITY, DISTRICT, NEIGHBOUR, STREET
from demo.scenes import picture
from demo.world import Calendar, Story, World, in_office
from governance.appointments import appoint
from governance.models import Unit, User
from mediation.flow import BACKLOGS
from mediation.models import Backlog
from mediation.services.backlog import open_backlog

#: How far it has come: each takes in what stands before it.
ASSIGNED, HANDLING, SETTLED, VERIFIED, CLOSED = range(5)
SUPERVISOR = "市级督办单位（演示）"
#: The unit as which the district's centre leads; its people hold a post of it besides their own.
CENTRE = "maodiao"


@dataclass(frozen=True)
class Plan:
    """One matter: its words, whether last year's, the place among the year's two communities, how many days back it began and
    how many it may take, the lead unit, how far it has come, and whether the district sent it back once."""

    title: str
    description: str
    measures: str
    progress: tuple[str, ...]
    helped: str
    result: str
    back: int
    days: int
    unit: str
    reached: int
    last_year: bool = False
    place: int = 0
    sent_back: bool = False


PLANS = (
    Plan(
        "老旧管网常年返水", "小区建成三十年，雨污合流，一到汛期底层就返水，换过两家物业都没有解决。",
        "列入管网改造计划，分两段施工，先通后补。", ("施工图已审定，入户说明会开了两场。", "北段管网已换完，雨后没有返水。"),
        "街道和社区协调临时停车，逐户通知停水时间。", "雨污分流改造完工，汛期未再返水。", 389, 200, "shuiwu", CLOSED,
        last_year=True, place=0, sent_back=True,
    ),
    Plan(
        "回迁安置房办不了产权证", "原开发企业注销，二十多户回迁房没有办成产权证。", "由住建部门牵头，会同有关部门梳理历史材料，分类办理。",
        ("材料齐的 18 户已受理。", "缺材料的 5 户已补正。"), "社区帮助住户查找拆迁协议。", "具备条件的住户都已领证。", 385, 330, "zhujian",
        VERIFIED, last_year=True, place=1,
    ),
    Plan(
        "临街餐饮油烟扰民", "底商餐饮的烟道直排楼后，楼上住户反映了六年，多次整改后又反弹。", "一店一策改造烟道，装在线监测，每周夜查。",
        ("七家店里五家已改造烟道。",), "街道组织商户和住户开了两次议事会，劝一家店改营早点。", "七家店都已改造，监测连续达标。", 96, 112, "chengguan",
        HANDLING, place=0,
    ),
    Plan(
        "物业更替遗留的电梯停运", "前后两家物业交接不清，两部电梯停了两年，老人上下楼困难。", "先垫资修复一部，再议维修资金和物业合同。",
        ("一部电梯已恢复运行。", "业主大会已选出新物业。"), "街道召集新老物业交接账目和资料。", "两部电梯都已恢复运行，新物业已进场。", 120, 118,
        "zhujian", SETTLED, place=1,
    ),
    Plan(
        "底商与住户共用院落的争议", "院落使用没有书面约定，停车、堆货的矛盾前后十年，调解过多次又反复。",
        "由区矛调中心牵头，请规划、消防一起到场议定使用办法。", (), "", "", 2, 90, CENTRE, ASSIGNED, place=0,
    ),
)  # fmt: skip


def plan_backlogs(world: World, calendar: Calendar) -> None:
    """Put the backlog matters into the calendar."""
    _found_centre_unit(world)
    others = [
        c
        for c in world.communities
        if c not in (COMMUNITY, NEIGHBOUR) and world.staff["community_secretary", c]
    ]
    far = [c for c in others if not c.startswith(STREET)] or others
    places = {False: (COMMUNITY, far[0]), True: (NEIGHBOUR, far[-1])}
    for serial, plan in enumerate(PLANS):
        begun = in_office(world.at(world.day(-plan.back), 9, 10 + serial))
        calendar.begin(begun, _backlog(world, plan, places[plan.last_year][plan.place]))


def _found_centre_unit(world: World) -> None:
    unit = Unit.objects.create(grid_id=DISTRICT, code=CENTRE, name="区矛调中心", kind=Unit.Kind.DEPARTMENT)
    world.units[CENTRE] = unit
    for person in (world.staff["mediation_director", DISTRICT][0], world.staff["mediator", DISTRICT][0]):
        appoint(person, "department_officer", DISTRICT, by=world.people["security"], unit=unit)
        person.__dict__.pop("posts_in_force", None)
        world.officers[CENTRE].append(person)


def _backlog(world: World, plan: Plan, community: str) -> Story:
    district, officer = world.people["supervisor"], world.officers[plan.unit][0]
    if plan.unit == "chengguan":
        officer = world.people["department"]
    backlog = open_backlog(
        by=district,
        grid=world.grids[community],
        title=plan.title,
        description=plan.description,
        year=timezone.localdate(world.now).year - plan.last_year,
        supervisor=SUPERVISOR,
        unit=world.units[plan.unit],
        due_on=timezone.localdate() + timedelta(days=plan.days),
    )

    def act(name: str, by: User, note: str = "", **data) -> Backlog:
        return BACKLOGS.run(backlog.pk, name, by=by, note=note, **data)

    if plan.reached < HANDLING:
        return
    yield in_office(timezone.now() + timedelta(days=2))
    act("receive", officer, plan.measures)
    gap = timedelta(days=plan.days * 0.6 / (len(plan.progress) + 1))
    for words in plan.progress:
        yield in_office(timezone.now() + gap)
        act("progress", officer, words)
    yield in_office(timezone.now() + timedelta(days=3))
    helping = (
        world.people["officer"]
        if community.startswith(STREET)
        else world.staff["street_officer", community[:9]][0]
    )
    act("assist", helping, plan.helped)
    if plan.reached < SETTLED:
        return
    yield in_office(timezone.now() + gap)
    if plan.sent_back:
        act("settle", officer, "北段已换完，南段安排在下一批。")
        yield in_office(timezone.now() + timedelta(days=2))
        act("send_back", district, "南段还会返水，没有全部解决。")
        yield in_office(timezone.now() + timedelta(days=1))
        later = timezone.localdate() + timedelta(days=plan.days)
        act("extend", district, "南段施工要避开供热期。", due_on=later)
        yield in_office(timezone.now() + gap)
    act("settle", officer, plan.result, photos=[picture("0203", community, after=True)])
    if plan.reached < VERIFIED:
        return
    yield in_office(timezone.now() + timedelta(days=4))
    act("verify_pass", district)
    if plan.reached < CLOSED:
        return
    yield in_office(timezone.now() + timedelta(days=12))
    act("close", district, "市级督办单位已同意挂销（演示）。")
