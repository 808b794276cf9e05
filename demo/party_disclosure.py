"""What the demo's party organisations disclose: some of every scope and kind, in every state, most of them published. The demo's branch
has one for each person who has something to do with it. All of it is made up."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from demo.people import DISTRICT, GRID
from demo.world import Calendar, Story, World, in_office
from governance.models import User
from parties.flow import DISCLOSURES
from parties.models import BranchForm, Disclosure, Officer, Organisation, PartyOrgType
from parties.models.disclosures import Category as C
from parties.models.disclosures import Scope as O
from parties.services.disclosures import draft_disclosure

T = PartyOrgType
#: How far it has come: each takes in what stands before it.
DRAFT, PROPOSED, REVIEWED, APPROVED, PUBLISHED = range(5)
#: So many other organisations disclose something.
OTHERS = 60
ANSWERS = {"necessary": True, "accurate": True, "no_secret": True}


@dataclass(frozen=True)
class Words:
    """What is disclosed, how far it goes, and how many days it stays out (0 for ever)."""

    title: str
    body: str
    category: C = C.GOALS
    scope: O = O.SOCIETY
    days: int = 0


WORDS = (
    Words("上半年党费收缴、使用情况", "上半年党费按月足额收缴，按规定上缴。\n留存部分用于主题党日和购买学习资料，有票据可查。", C.BUILDING),
    Words("年度为民服务承诺和完成情况", "年初承诺五件事：楼道照明、垃圾分类、便民理发、助老代办、飞线整治。\n已完成四件，飞线整治正在进行，年底前完成。",
          C.CONDUCT),
    Words("党员先锋岗、责任区设置情况", "每个楼门一名党员联系人，负责收集居民意见，每周走访一次。\n联系方式贴在楼门口的公示牌上。", C.CONDUCT),
    Words("下季度三会一课安排", "党员大会一次，支部委员会每月一次，党小组会每月一次，党课一次。\n具体时间提前三天通知。", C.EDUCATION, O.AREA),
    Words("主题党日安排", "本月主题党日组织学习，并到社区参加环境清整。\n请全体党员按时参加，不能参加的提前向党小组长请假。", C.EDUCATION, O.AREA),
    Words("学习贯彻上级会议精神情况", "集中学习两次，分党小组讨论一次，结合网格工作提出落实措施三条。", C.DECISIONS, O.WHOLE_PARTY),
    Words("支部换届选举结果", "党员大会应到会党员过五分之四，会议有效，选举产生新一届支部委员会，已报上级批准。", C.BUILDING, O.WHOLE_PARTY),
    Words("本年度重点工作", "一是物业管理难题协商，二是一老一小服务，三是矛盾纠纷排查。\n每季度公布一次进展。", C.GOALS),
    Words("发展党员公示", "支部委员会研究，拟接收一名同志为预备党员，现予公示，公示期五个工作日。\n有意见的请向支部反映。", C.BUILDING, O.AREA, 7),
)  # fmt: skip


def plan_disclosures(world: World, calendar: Calendar) -> None:
    """Put the disclosures into the calendar. The organisations, their rolls, secretaries and the party officers are there."""
    chance = world.chance("disclosures")
    branches = [
        row
        for code, rows in world.party.items()
        for row in rows
        if row.kind == T.BRANCH and world.staff["party_branch_secretary", code]
    ]
    mine = next(row for row in branches if row.grid_id == GRID and row.form == BranchForm.GRID)
    others = [row for row in branches if row.pk != mine.pk]
    for serial, row in enumerate(chance.sample(others, min(OTHERS, len(others)))):
        begun = in_office(world.at(world.day(-8 - chance.randrange(140)), 9, serial % 50))
        calendar.begin(begun, _disclosure(world, row, chance.choice(WORDS)))
    for serial, (back, words, reached, more) in enumerate(
        (
            (90, WORDS[0], PUBLISHED, "correct"),
            (60, WORDS[1], PUBLISHED, ""),
            (45, WORDS[6], PUBLISHED, ""),
            (40, WORDS[8], PUBLISHED, ""),
            (30, WORDS[3], PUBLISHED, ""),
            (25, WORDS[7], PUBLISHED, "withdraw"),
            (20, WORDS[2], PUBLISHED, "send_back"),
            (9, WORDS[5], APPROVED, ""),
            (7, WORDS[7], REVIEWED, ""),
            (3, WORDS[4], PROPOSED, ""),
            (1, WORDS[2], DRAFT, ""),
        )
    ):
        begun = in_office(world.at(world.day(-back), 10, serial))
        calendar.begin(begun, _disclosure(world, mine, words, reached=reached, more=more))


def _secretary(row: Organisation) -> User | None:
    head = row.officers.filter(duty=Officer.Duty.SECRETARY).select_related("member__user").first()
    return head.member.user if head is not None else None


def _act(key: int, name: str, by: User, note: str = "", **data) -> Disclosure:
    return DISCLOSURES.run(key, name, by=by, note=note, **data)


def _disclosure(
    world: World, row: Organisation, words: Words, *, reached: int = PUBLISHED, more: str = ""
) -> Story:
    writer = _secretary(row)
    reviewers = world.staff["community_secretary", row.grid_id[:12]]
    deciders = world.staff["party_officer", row.grid_id[:9]] or world.staff["party_officer", DISTRICT]
    if writer is None or not reviewers or not deciders:
        return
    reviewer, decider = reviewers[0], deciders[0]
    item = draft_disclosure(
        by=writer, organisation=row, title=words.title, category=words.category,
        scope=words.scope, body=words.body,
    )  # fmt: skip
    yield from _four_steps(item.pk, writer, reviewer, decider, words, reached, sent_back=more == "send_back")
    if more == "withdraw":
        yield in_office(timezone.now() + timedelta(days=4))
        _act(item.pk, "withdraw", writer, "有一项数字要再核对，先撤下。")
    elif more == "correct":
        yield in_office(timezone.now() + timedelta(days=6))
        _act(item.pk, "correct", writer, "上缴的金额少写了一项，现予更正。")
        draft = Disclosure.objects.get(original=item)
        yield from _four_steps(draft.pk, writer, reviewer, decider, words, PUBLISHED)


def _four_steps(
    key: int,
    writer: User,
    reviewer: User,
    decider: User,
    words: Words,
    reached: int,
    *,
    sent_back: bool = False,
) -> Story:
    if reached < PROPOSED:
        return
    yield in_office(timezone.now() + timedelta(hours=2))
    _act(key, "propose", writer)
    if reached < REVIEWED:
        return
    yield in_office(timezone.now() + timedelta(days=1))
    if sent_back:
        _act(key, "send_back", reviewer, "写明每个责任区由哪个党小组负责，不写党员的手机号。")
        yield in_office(timezone.now() + timedelta(days=1))
        _act(key, "propose", writer)
        yield in_office(timezone.now() + timedelta(hours=5))
    _act(key, "review", reviewer, "内容属实，不涉密，可以公开。", **ANSWERS)
    if reached < APPROVED:
        return
    yield in_office(timezone.now() + timedelta(days=1))
    _act(key, "approve", decider, "同意公开。")
    if reached < PUBLISHED:
        return
    yield in_office(timezone.now() + timedelta(hours=3))
    until = timezone.localdate() + timedelta(days=words.days) if words.days else None
    _act(key, "publish", writer, until_day=until)
