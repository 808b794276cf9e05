"""The teams of the demo's grids: a line for everyone who holds a grid worker's post, leaders and part-time workers everywhere, the whole
1+3+4+N in the communities that are drawn in full; and two grid workers who leave."""

from datetime import timedelta

from django.utils import timezone
from simple_history.utils import bulk_create_with_history

from demo.names import Names
from demo.people import COMMUNITY, GRID
from demo.scenes import picture
from demo.territory import DENSE, MADE_UP, short, streets_in_play
from demo.world import Calendar, Story, World, in_office, work_ago
from governance.models import Post, User
from grids.models import TeamMember
from grids.models.team import ROLE
from grids.services import end_service, enrol, enrol_holders, remark_items
from incidents.flow import INCIDENTS
from incidents.services.reporting import report_incident
from volunteers.services.orders import place_order

K = TeamMember.Kind
BATCH = 1000
#: Of the holders of posts so many are full-time; so many grids have a leader, and a part-time worker besides.
FULL_TIME, LED, BESIDES = 0.9, 0.95, 0.5
RESIDENT_STAFF = (("派出所", "驻格民警"), ("街道办事处", "驻格干部"), ("区级机关", "下沉党员"))
VOLUNTEERS = 4
#: Her number lies below those that are handed out.
COLLEAGUE = ("g9001", "19900000099")
#: What the colleague has in hand: minor class, where, what was reported, and what she says of it.
IN_HAND = (
    (
        "0504",
        "3号楼2门楼道",
        "楼道里堆了旧家具，消防通道走不开。",
        "家具是二楼一户的，答应周末搬走，周一再去看一眼。",
    ),
    ("0104", "小花园宣传栏", "宣传栏上贴了好几张小广告。", "已和物业说好，周三来铲。"),
)


def load_teams(world: World) -> None:
    """Enter the teams in bulk, as a district would that has kept them on paper."""
    chance = world.chance("teams")
    names = Names(world.chance("team names"))
    posts = (
        Post.objects.filter(role=ROLE).select_related("user").order_by("grid", "valid_from", "user__username")
    )
    enrol_holders(
        posts, by=None, kind=lambda post: K.FULL_TIME if chance.random() < FULL_TIME else K.PART_TIME
    )
    streets = streets_in_play(world)
    made: list[TeamMember] = []
    doors: list[tuple[TeamMember, object]] = []

    def add(code: str, kind: str, **fields) -> TeamMember:
        since = world.day(-300 - chance.randrange(500))
        made.append(TeamMember(grid_id=code, kind=kind, name=names.name(), since=since, **fields))
        return made[-1]

    def phone() -> str:
        # No telephone number in China begins with 0000.
        return f"022-0002{len(made):04d}" if len(made) < 10_000 else ""

    for code in world.communities:
        secretaries = world.staff["community_secretary", code] if code[:9] in streets else []
        for user in secretaries[:1]:
            since = world.day(-430)
            made.append(
                TeamMember(
                    grid_id=code, kind=K.LEADER, name=user.name, duty="社区书记", user=user, since=since
                )
            )
    for code in [code for code in world.grids if len(code) == 15 and code[:9] in streets]:
        home = short(world.grids[code[:12]].name)
        if code == GRID or chance.random() < LED:
            add(code, K.LEADER, employer=f"{home}社区居委会", phone=phone())
        if chance.random() < BESIDES:
            add(code, K.PART_TIME, employer=f"{home}社区居委会")
        if code[:12] not in DENSE:
            continue
        for employer, duty in RESIDENT_STAFF:
            add(code, K.RESIDENT, employer=employer, duty=duty, phone=phone())
        for _ in range(VOLUNTEERS):
            add(code, K.VOLUNTEER, consented_on=world.day(-200) if chance.random() < 0.5 else None)
        for door in world.doors[code]:
            member = add(
                code, K.MICRO, duty="楼门长", phone=phone(), consented_on=world.day(-200) if chance.random() < 0.8 else None
            )  # fmt: skip
            doors.append((member, door))
    bulk_create_with_history(made, TeamMember, batch_size=BATCH, default_change_reason=MADE_UP)
    link = TeamMember.entrances.through
    link.objects.bulk_create(
        [link(teammember_id=member.pk, entrance_id=door.pk) for member, door in doors], batch_size=BATCH
    )


def plan_handovers(world: World, calendar: Calendar) -> None:
    """Let a colleague of the demo's grid worker leave with things in hand, and another worker of the community leave for nobody yet."""
    calendar.begin(in_office(world.at(world.day(-60), 10)), _colleague_leaves(world))
    others = [code for code in world.bases(COMMUNITY) if code != GRID and world.staff[ROLE, code]]
    if others:
        calendar.begin(work_ago(world.now, 5), _worker_leaves(world, others[0]))


def _colleague_leaves(world: World) -> Story:
    secretary, worker = world.people["secretary"], world.people["grid_worker"]
    login, number = COLLEAGUE
    user = User.objects.create_user(
        login, name=Names(world.chance("colleague")).name(), phone=number, phone_verified=True, is_staff=True
    )
    grid = world.grids[GRID]
    home = short(world.grids[COMMUNITY].name)
    member = enrol(
        TeamMember(grid=grid, kind=K.PART_TIME, name=user.name, employer=f"{home}社区居委会", since=timezone.localdate()),
        by=secretary, account=login,
    )  # fmt: skip
    remarks = []
    others = _neighbours(world)
    yield work_ago(world.now, 9)
    for serial, (minor, spot, words, said) in enumerate(IN_HAND):
        _give(world, GRID, user, f"handover-{serial}", others[-1 - serial], minor, spot, words)
        remarks.append(said)
    yield work_ago(world.now, 7)
    start = world.at(world.day(4), 9)
    elder = Names(world.chance("elder")).name(old=True)
    place_order(
        by=User.objects.get(pk=user.pk), source_id="handover-order", item=world.items["home-shopping"], grid=grid,
        entrance=world.doors[GRID][0], address="402室", applicant_name=elder, applicant_phone="19900000098",
        beneficiary_name=elder, beneficiary_phone="19900000098", wanted_from=start, wanted_until=start + timedelta(hours=1),
        channel="worker", description="每周三代买菜，老人腿脚不便。",
    )  # fmt: skip
    yield work_ago(world.now, 4)
    taking = TeamMember.objects.get(grid=GRID, user=worker)
    handover = end_service(
        TeamMember.objects.get(pk=member.pk),
        by=secretary,
        day=world.day(3),
        reason="调到社区服务大厅",
        taking=taking,
    )
    items = handover.items.filter(kind="incident").order_by("object_pk")
    remark_items(handover, {item.pk: said for item, said in zip(items, remarks, strict=False)}, by=secretary)


def _neighbours(world: World) -> list[User]:
    """Return the residents of the community, the demo's own left out."""
    people = [each for base in world.bases(COMMUNITY) for each in world.residents[base]]
    return [each for each in people if each != world.people["resident"]]


def _give(
    world: World, code: str, worker: User, source: str, resident: User, minor: str, spot: str, words: str
) -> None:
    """Let a resident report something and the secretary give it to a grid worker."""
    incident, _ = report_incident(
        by=resident, applicant=resident, source_id=source, minor_class=world.minors[minor], description=words, spot=spot,
        grid=world.grids[code], channel="resident", photos=[picture(minor, spot)],
    )  # fmt: skip
    INCIDENTS.run(incident.pk, "dispatch", by=world.people["secretary"], worker=worker)


def _worker_leaves(world: World, code: str) -> Story:
    user, resident = world.staff[ROLE, code][0], _neighbours(world)[0]
    _give(
        world, code, user, "handover-other", resident, "0104", "5号楼单元门", "单元门上又贴了开锁的小广告。"
    )
    yield work_ago(world.now, 2)
    member = TeamMember.objects.get(grid=code, user=user, post__isnull=False)
    end_service(member, by=world.people["secretary"], day=world.day(6), reason="本人申请调整网格")
