"""What an election's file says: who is entitled on a day, who stands and what they got, what is to be looked at. Counts rows, decides
nothing."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from governance.models import User
from governance.templatetags.ui import cn_date
from governance.territory import COLUMN, level_of
from parties import electing, hints
from parties.hints import Hint
from parties.models import Ballot, Election, ElectionStatus, Member, Officer, Organisation, PartyOrgType, Vote

S = ElectionStatus
#: The steps in their order, each with the states in which it is the present one.
STEPS = (
    ("准备", (S.PREPARING,)),
    ("请示", (S.REQUESTED,)),
    ("推荐候选人", (S.NOMINATING,)),
    ("候选人审批", (S.PROPOSED,)),
    ("选举", (S.READY, S.SHORT, S.ELECTED)),
    ("报结果", (S.COUNTED,)),
    ("结果审批", (S.REPORTED,)),
    ("换届完成", (S.CLOSED,)),
)
#: What comes next, by state.
NEXT = {
    S.PREPARING: "写好换届请示，报上级党组织。",
    S.REQUESTED: "等上级党组织批复换届请示。",
    S.NOMINATING: "推荐候选人，登记不计入应到会的党员，再把候选人报上级审查。",
    S.PROPOSED: "等上级党组织审查候选人。",
    S.READY: "召开会议选举，会后登记到会人数、选票和得票。",
    S.SHORT: "名额没有选满：对不足的名额再次投票，或者经到会多数人同意减少名额。",
    S.ELECTED: "委员会开会选举书记、副书记，分工以后登记。",
    S.COUNTED: "把选举结果报上级党组织。",
    S.REPORTED: "等上级党组织批复选举结果，批复以后新班子到任。",
}


def roll_on(organisation: Organisation, day: date) -> QuerySet:
    """Return the full members on the roll of an organisation, and of what is below it, on a day."""
    column = COLUMN.get(level_of(organisation.grid_id), "grid")
    rows = Member.objects.filter(**{column: organisation.grid_id}, units__contains=[organisation.unit_id])
    return rows.filter(Q(left_on=None) | Q(left_on__gt=day), stage=Member.Stage.FULL, since__lte=day).exclude(
        full_on__gt=day
    )


@dataclass(frozen=True)
class Entitled:
    """How many full members are on the roll, how many of them are left out of the count, and how many are entitled."""

    on_roll: int
    left_out: int

    @property
    def number(self) -> int:
        return self.on_roll - self.left_out


def entitled_on(election: Election, day: date) -> Entitled:
    """Return who counts for a members' meeting on a day."""
    rows = roll_on(election.organisation, day)
    out = rows.filter(pk__in=election.left_out.values("member")).count()
    return Entitled(rows.count(), out)


@dataclass
class Line:
    """Somebody who stands: by name, for what, in whose words, with her votes ballot by ballot (None where she did not stand)."""

    pk: int
    name: str
    duty: str
    words: str
    written_in: bool
    elected: bool
    office: str
    votes: list[int | None] = field(default_factory=list)


@dataclass
class File:
    """The candidates with their votes, and the ballots."""

    ballots: list[Ballot]
    lines: list[Line]


def file_of(election: Election) -> File:
    """Return the candidates of an election and what they got. Three statements."""
    ballots = list(election.ballots.order_by("number"))
    got: dict[tuple[int, int], int] = {
        (vote.candidate_id, vote.ballot_id): vote.number
        for vote in Vote.objects.filter(ballot__election=election)
    }
    order = list(Officer.Duty.values)
    rows = sorted(
        election.candidates.select_related("member"),
        key=lambda row: (order.index(row.office or row.duty), row.pk),
    )
    lines = [
        Line(
            row.pk, row.member.name, row.get_duty_display(), row.words, row.written_in, row.elected,
            row.get_office_display() if row.office else "",
            [got.get((row.pk, ballot.pk)) for ballot in ballots],
        )
        for row in rows
    ]  # fmt: skip
    return File(ballots, lines)


def standing(election: Election) -> dict[str, int]:
    """Return how many stand for each duty that is voted on."""
    found = dict(election.candidates.order_by().values_list("duty").annotate(n=Count("pk")))
    return {duty: found.get(duty, 0) for duty in election.contests}


def open_seats(election: Election) -> dict[str, int]:
    """Return how many seats of each duty nobody has been elected to."""
    rows = election.candidates.filter(elected=True).order_by().values_list("duty").annotate(n=Count("pk"))
    filled = dict(rows)
    return {duty: seats - filled.get(duty, 0) for duty, seats in election.contests.items()}


def few_candidates(election: Election) -> list[str]:
    """Return, for each duty with fewer than 20 % more candidates than seats, the sentence that says so."""
    found = standing(election)
    return [
        f"{Officer.Duty(duty).label}应选 {seats} 名，候选人 {found[duty]} 名，差额 20% 要有 "
        f"{electing.least_candidates(seats)} 名。"
        for duty, seats in election.contests.items()
        if found[duty] < electing.least_candidates(seats)
    ]


def of_election(election: Election, today: date | None = None) -> list[Hint]:
    """Return what is to be looked at in an election under way; nothing once it is closed."""
    if not election.is_open:
        return []
    today = today or timezone.localdate()
    organisation, found = election.organisation, []
    ends = organisation.term_until
    voted = election.status in (S.SHORT, S.ELECTED, S.COUNTED, S.REPORTED)
    if ends is not None and not voted:
        if election.planned_on > ends:
            words = f"计划 {cn_date(election.planned_on)} 选举，在本届 {cn_date(ends)} 届满之后，要报上级批准延期。"
            found.append(Hint(words, electing.SHIFT, late=ends < today))
        elif election.planned_on < ends - hints.SOON and not election.shifted:
            words = f"计划 {cn_date(election.planned_on)} 选举，比届满早半年以上，要报上级批准提前。"
            found.append(Hint(words, electing.SHIFT))
        if election.status == S.PREPARING and ends - today <= timedelta(days=31):
            found.append(Hint(f"本届 {cn_date(ends)} 届满，换届请示要抓紧报送。", electing.ADVANCE))
    if not voted:
        number = entitled_on(election, today).on_roll
        if number >= electing.CONGRESS_FROM and not election.by_congress:
            found.append(Hint(f"正式党员 {number} 人，可以召开党员代表大会。", electing.CONGRESS))
        found += of_committee(election, number)
    if election.status in (S.NOMINATING, S.PROPOSED):
        found += [Hint(words, electing.CANDIDATES) for words in few_candidates(election)]
    return found


def of_committee(election: Election, full: int) -> list[Hint]:
    """Return what is to be said of a branch's committee, for so many full members."""
    if election.organisation.kind != PartyOrgType.BRANCH:
        return []
    if full >= hints.SEATS_FROM and not election.has_committee:
        return [Hint(f"正式党员 {full} 人，一般设支部委员会。", hints.COUNCIL)]
    if full < hints.SEATS_FROM and election.has_committee:
        return [Hint(f"正式党员 {full} 人，不足 7 人的一般不设支部委员会，直接选书记。", hints.COUNCIL)]
    if election.has_committee and not hints.SEATS_LEAST <= election.seats <= hints.SEATS_MOST:
        return [Hint(f"委员名额 {election.seats} 名。", hints.COUNCIL)]
    return []


def past(user: User, organisation: Organisation, most: int = 10) -> QuerySet:
    """Return the elections of an organisation that a person may see, newest first, at most so many."""
    rows = Election.objects.restrict(user).filter(organisation=organisation)
    return rows.only("pk", "number", "status", "title", "opened_at", "closed_at").order_by("-opened_at")[
        :most
    ]
