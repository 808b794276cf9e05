"""The demo's service of party members: members with accounts by phone, small wishes in every state, double registrations, pairings and
secretaries' projects. Everyone and everything is made up; each step is taken by whoever takes it in life."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from django.utils import timezone

from demo.people import COMMUNITY, NEIGHBOUR
from demo.scenes import picture
from demo.world import Calendar, Helper, Story, World, awake, in_office
from governance import intake
from governance.models import User
from parties.flow import CHECKINS, PROJECTS, WISHES
from parties.models import Member, Organisation, Pairing, PartyOrgType, SecretaryProject
from parties.services.members import keep_member
from parties.services.projects import propose
from parties.services.serving import keep_pairing, register
from parties.services.wishes import place_wish
from volunteers.flow import ORDERS
from volunteers.models import Order

#: How far a wish has come: each takes in what stands before it.
ASKED, PUBLISHED, CLAIMED, FULFILLED, THANKED = range(5)
#: So many volunteers of each community are members with an account.
MEMBERS = 4


@dataclass(frozen=True)
class Plan:
    """One wish: whose words, what members read, days back, how far it came, whether it ended otherwise, and the thanks."""

    title: str
    words: str
    summary: str
    back: int
    reached: int
    ends: str = ""
    thanks: str = ""


PLANS = (
    Plan("想学用手机挂号", "眼睛花，儿女不在身边，最好是上午来。", "老人想学用手机挂号，上午方便。", 40, THANKED, thanks="教了两遍，很耐心，会用了。"),
    Plan("想有人陪着下盘棋", "腿脚不好下不了楼，下午有空。", "行动不便的老人想有人陪着下棋，下午方便。", 26, FULFILLED),
    Plan("想给孩子借几本课外书", "孩子上四年级，喜欢恐龙。", "四年级的孩子想看恐龙方面的课外书。", 17, THANKED, thanks="孩子高兴坏了，看完一定还。"),
    Plan("想把阳台的花架扶正", "花架歪了，自己搬不动。", "老人家阳台花架歪了，需要两把力气。", 9, CLAIMED),
    Plan("想拍一张全家福", "老两口金婚，想在家里拍一张。", "一对金婚老人想在家拍张合影，周末方便。", 6, PUBLISHED),
    Plan("想听一段评书", "收音机坏了，想请人帮着看看怎么听。", "老人想听评书，请教怎么用手机听。", 1, ASKED),
    Plan("想要一笔买药的钱", "这个月药费超了。", "", 20, ASKED, ends="refuse"),
    Plan("想换一块纱窗", "纱窗破了个洞。", "老人家纱窗破了，需要帮着换一块。", 30, PUBLISHED, ends="withdraw"),
)  # fmt: skip
UNITS = (
    ("区实验小学", "区实验小学党支部", "周末开放操场，组织学生参加垃圾分类宣传"),
    ("市第三医院", "内科党支部", "每季度义诊一次，健康讲座"),
    ("供热公司红桥服务站", "服务站党支部", "供热前上门查看老旧暖气"),
)


def load_serving(world: World, calendar: Calendar) -> None:
    """Put what members do for the communities into the calendar. The party tree and its rolls stand, the volunteers serve."""
    for community in (COMMUNITY, NEIGHBOUR):
        calendar.begin(in_office(world.at(world.day(-70), 9, 40)), _community(world, calendar, community))


def _community(world: World, calendar: Calendar, community: str) -> Story:
    secretary = world.staff["community_secretary", community][0]
    below = [row for base in world.bases(community) for row in world.party.get(base, ())]
    branches = [row for row in below if row.kind == PartyOrgType.BRANCH]
    known = set(Member.objects.on_roll().exclude(user=None).values_list("user", flat=True))
    free = (each for each in world.nearby[community] if not each.user.is_staff and each.user.pk not in known)
    helpers = list(islice(free, MEMBERS))
    homes = [user for base in world.bases(community) for user in world.residents.get(base, ())]
    if not branches or not helpers or not homes:
        return
    yield in_office(timezone.now())
    for index, helper in enumerate(helpers):
        _enrol(world, branches[index % len(branches)], helper, secretary)
    for name, affiliation, offers in UNITS:
        _unit(world, community, secretary, name, affiliation, offers)
    home = next((user for user in reversed(homes) if user not in {h.user for h in helpers}), None)
    if home is not None:
        calendar.begin(in_office(world.at(world.day(-35), 10)), _checkin(world, community, secretary, home))
    for serial, plan in enumerate(PLANS):
        begun = awake(world.at(world.day(-plan.back), 9 + serial % 8, 15))
        resident = homes[serial % len(homes)]
        calendar.begin(
            begun, _wish(world, plan, community, resident, helpers[serial % len(helpers)], secretary)
        )
    superior = world.staff["party_officer", community[:9]]
    committee = next((row for row in world.party[community] if row.kind == PartyOrgType.COMMITTEE), None)
    if committee is not None and superior:
        calendar.begin(
            in_office(world.at(world.day(-60), 14)), _project(world, committee, secretary, superior[0])
        )


def _enrol(world: World, branch: Organisation, helper: Helper, secretary: User) -> None:
    keep_member(
        Member(
            organisation=branch, name=helper.user.name, phone=helper.user.phone, user=helper.user,
            since=world.day(-400), employer="区属学校",
        ),
        by=secretary,
    )  # fmt: skip


def _unit(world: World, community: str, secretary: User, name: str, affiliation: str, offers: str) -> None:
    grid, contact = world.grids[community], world.names.name()
    row = register(
        by=secretary, grid=grid, kind="organisation", name=contact, phone=world.names.phone(), employer=name,
        affiliation=affiliation, offers=offers,
    )  # fmt: skip
    CHECKINS.run(row, "accept", by=secretary)
    keep_pairing(
        Pairing(
            grid=grid, name=name, contact_name=contact, contact_phone=row.applicant_phone, since=world.day(-70),
            until=world.day(295), needs="老人学用手机\n孩子课后看护", resources=offers, projects="每季度一次联合主题党日",
        ),
        by=secretary,
    )  # fmt: skip


def _checkin(world: World, community: str, secretary: User, user: User) -> Story:
    row = register(
        by=user, grid=world.grids[community], kind="member", name=user.name, phone=user.phone, employer="市设计院",
        affiliation="市设计院第二党支部", offers="周末能教老人用手机",
    )  # fmt: skip
    yield in_office(timezone.now() + timedelta(hours=20))
    CHECKINS.run(row, "accept", by=secretary)


def _wish(world: World, plan: Plan, community: str, resident: User, helper: Helper, secretary: User) -> Story:
    base = world.bases(community)[0]
    wish, _ = place_wish(
        by=resident, source_id=f"demo:{plan.title}", grid=world.grids[base], entrance=world.doors[base][0],
        address="201 室", title=plan.title, description=plan.words, applicant=resident, applicant_name=resident.name,
        applicant_phone=resident.phone,
    )  # fmt: skip
    if plan.ends == "refuse":
        yield in_office(timezone.now() + timedelta(hours=5))
        WISHES.run(
            wish, "refuse", by=secretary, note="微心愿不涉及现金，已请网格员上门告诉您怎样申请临时救助。"
        )
        return
    if plan.reached < PUBLISHED:
        return
    yield in_office(timezone.now() + timedelta(hours=5))
    item = next(iter(world.items.values()))
    wish = WISHES.run(
        wish, "publish", by=secretary, title=plan.title, summary=plan.summary, service=f"order:{item.code}"
    )
    if plan.ends == "withdraw":
        yield awake(timezone.now() + timedelta(days=2))
        WISHES.run(wish, "withdraw", by=resident)
        return
    if plan.reached < CLAIMED:
        return
    yield awake(timezone.now() + timedelta(hours=20))
    start = timezone.now() + timedelta(days=2)
    while not helper.free_at(start, start + timedelta(hours=1)):
        start += timedelta(hours=3)
    start = awake(start)
    helper.taken.append((start, start + timedelta(hours=1)))
    wish = WISHES.run(
        wish, "claim", by=helper.user, wanted_from=start, wanted_until=start + timedelta(hours=1)
    )
    if plan.reached < FULFILLED:
        return
    order: Order = next(row.matter for row in intake.referred_to(wish, resident))
    for name, at in (("check_in", start), ("check_out", start + timedelta(minutes=50))):
        yield at
        if not order.claims.filter(volunteer__applicant=helper.user, status="held").exists():
            return
        ORDERS.run(order, name, by=helper.user, code=order.code)
    yield awake(timezone.now() + timedelta(hours=2))
    ORDERS.run(order, "confirm", by=resident)
    if plan.reached < THANKED:
        return
    yield awake(timezone.now() + timedelta(hours=3))
    WISHES.run(wish, "thank", by=resident, note=plan.thanks)


def _project(world: World, committee: Organisation, secretary: User, superior: User) -> Story:
    today = timezone.localdate()
    project: SecretaryProject = propose(
        by=secretary, organisation=committee, title="楼道电动车治理", description="三个月内电动车不进楼，充电有地方。",
        year=today.year, until=today + timedelta(days=90),
        steps=[
            (today + timedelta(days=12), "入户了解，开议事会"), (today + timedelta(days=35), "建两处充电棚"),
            (today + timedelta(days=80), "逐楼巡查，清走存车"),
        ],
    )  # fmt: skip
    yield in_office(timezone.now() + timedelta(days=3))
    PROJECTS.run(project, "approve", by=superior)
    told = ("走访 420 户，议事会定了两处点位。", "两处充电棚建成，能停 46 辆。")
    for step, words in zip(project.milestones.all(), told, strict=False):
        yield in_office(world.at(step.due_on, 10))
        photos = [picture("0203", committee.grid_id, after=True)]
        PROJECTS.run(project, "tick_off", by=secretary, milestone=step, note=words, photos=photos)
