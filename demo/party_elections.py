"""The demo's elections: one branch got its new term half a year ago, one waits for its superior's approval of the result, one has
reported its request. Each goes through the flow."""

from datetime import timedelta

from django.utils import timezone

from demo.people import GRID
from demo.world import Calendar, Story, World, in_office
from governance.models import User
from governance.territory import GridLevel
from parties.flow import ELECTIONS
from parties.models import BranchForm, Election, Member, Officer, Organisation, PartyOrgType
from parties.reports.elections import entitled_on, roll_on
from parties.services.elections import open_election

D = Officer.Duty
WORDS = ("办事公道，群众信得过。", "熟悉网格情况，肯吃苦。", "有组织协调能力。", "热心，邻里都认得。")


def plan_elections(world: World, calendar: Calendar) -> None:
    """Put three elections into the calendar: closed, waiting for the approval of its result, waiting for that of its request."""
    branches = [
        row
        for code, rows in sorted(world.party.items())
        for row in rows
        if row.kind == PartyOrgType.BRANCH
        and row.form == BranchForm.GRID
        and len(code) == GridLevel.BASE
        and code != GRID
        and world.staff["party_branch_secretary", code]
        and world.staff["community_secretary", code[: GridLevel.COMMUNITY]]
    ]
    for back, until in ((190, "closed"), (24, "reported"), (5, "requested")):
        # The one whose term ends about then, and began before.
        fitting = [row for row in branches if row.term_from and row.term_from < world.day(-back)]
        ends = world.day(60 - back)
        row = min(
            fitting, key=lambda row, ends=ends: (abs((row.term_until - ends).days), row.pk), default=None
        )
        if row is None:
            continue
        branches.remove(row)
        begun = in_office(world.at(world.day(-back), 9, 20))
        calendar.begin(begun, _election(world, row, until))


def _election(world: World, row: Organisation, until: str) -> Story:
    head = row.officers.in_office().filter(duty=D.SECRETARY).select_related("member__user").first()
    superior = world.staff["community_secretary", row.grid_id[: GridLevel.COMMUNITY]][0]
    if head is None or head.member.user is None:
        return
    own = head.member.user
    roll = list(roll_on(row, timezone.localdate()).order_by("pk")[:40])
    if len(roll) < 5 or head.member not in roll:
        return
    planned = timezone.localdate() + timedelta(days=14)
    election = open_election(
        by=own, organisation=row, planned_on=planned, has_committee=len(roll) >= 7, seats=3,
        description="本届将满，按期换届。",
    )  # fmt: skip
    yield in_office(timezone.now() + timedelta(days=1))
    _run(election, "request", own, note=f"拟于 {planned:%Y年%m月%d日} 召开党员大会换届。")
    if until == "requested":
        return
    yield in_office(timezone.now() + timedelta(days=2))
    _run(election, "approve_request", superior, document=f"社党发〔{planned.year}〕{planned.day} 号")
    yield in_office(timezone.now() + timedelta(days=3))
    _propose(election, own, head.member, roll)
    yield in_office(timezone.now() + timedelta(days=2))
    _run(election, "approve_candidates", superior)
    yield in_office(timezone.now() + timedelta(days=6))
    _hold(election, own)
    yield in_office(timezone.now() + timedelta(days=1))
    _run(election, "report", own, note="会议程序合规，选举顺利。")
    if until == "reported":
        return
    yield in_office(timezone.now() + timedelta(days=3))
    document = f"社党发〔{planned.year}〕{planned.day + 9} 号"
    _run(election, "approve_result", superior, since=timezone.localdate(), document=document)


def _run(election: Election, name: str, by: User, **data) -> None:
    # Posts may have changed since the story was begun.
    ELECTIONS.run(election.pk, name, by=User.objects.get(pk=by.pk), **data)


def _propose(election: Election, own: User, head: Member, roll: list[Member]) -> None:
    duty, seats = next(iter(election.contests.items()))
    standing = [head, *(member for member in roll if member.pk != head.pk)][: seats + 1]
    for member, words in zip(standing, WORDS, strict=False):
        _run(election, "nominate", own, member=member, duty=duty, note=words)
    _run(election, "propose", own)


def _hold(election: Election, own: User) -> None:
    """The meeting: nearly all come, the last of the candidates stays outside; the committee elects whoever led before."""
    day = timezone.localdate()
    entitled = entitled_on(election, day).number
    there = entitled - entitled // 10
    rows = list(election.candidates.order_by("pk"))
    most, least = there, max(0, there // 6)
    votes = {row.pk: most for row in rows[:-1]} | {rows[-1].pk: 0}
    votes[rows[0].pk] = most - least if (most - least) * 2 > entitled else most
    votes[rows[-1].pk] = most - votes[rows[0].pk]
    papers = dict.fromkeys(("attended", "given", "returned", "valid"), there)
    _run(election, "hold", own, held_on=day, votes=votes, **papers)
    if election.has_committee:
        elected = list(election.candidates.filter(elected=True).order_by("pk"))
        offices = {
            row.pk: duty
            for row, duty in zip(elected, (D.SECRETARY, D.ORGANISATION, D.PUBLICITY), strict=False)
        }
        _run(
            election,
            "divide",
            own,
            offices=offices,
            committee_attended=len(elected),
            secretary_votes=len(elected),
        )
