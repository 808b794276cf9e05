"""What the actions of an election do to its file: who stands, who is left out of the count, the ballots and what came of them."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from governance.flow import Change, Refused
from governance.models import User
from parties import electing
from parties.models import Ballot, Candidate, Election, ElectionStatus, LeftOut, Member, Officer, Vote
from parties.reports.elections import entitled_on, few_candidates, open_seats, roll_on, standing

S, D = ElectionStatus, Officer.Duty
#: What one file may hold, so that every page of it stays a page.
MOST_CANDIDATES = 60
MOST_BALLOTS = 5
MOST_SEATS = 30
#: A meeting is registered within a year.
LOOK_BACK = timedelta(days=366)
NUMBERS = ("attended", "given", "returned", "valid")


# --- the plan ----------------------------------------------------------------------------------------------------------
def check_plan(election: Election) -> None:
    """Raise Refused, at the field it concerns, for seats or a day that cannot be."""
    today = timezone.localdate()
    if election.has_committee:
        election.deputies = 0
        if not 1 <= election.seats <= MOST_SEATS:
            raise Refused(f"委员名额请填 1 到 {MOST_SEATS}。", "seats")
    else:
        election.seats = 1
        if not 0 <= election.deputies <= 2:
            raise Refused("副书记名额请填 0 到 2。", "deputies")
    if not today - LOOK_BACK <= election.planned_on <= today + 2 * LOOK_BACK:
        raise Refused(
            f"请填写 {today - LOOK_BACK:%Y-%m-%d}（补登记已经开过的会）到 {today + 2 * LOOK_BACK:%Y-%m-%d} 之间的日期。",
            "planned_on",
        )


def amend(change: Change) -> None:
    """Change the plan before it is reported."""
    election: Election = change.matter
    for name in ("meeting", "has_committee", "seats", "deputies", "planned_on"):
        if name in change.data:
            setattr(election, name, change.data[name])
    check_plan(election)


def check_shift(election: Election, day: Any) -> date:
    """Return a day to which an election may be put, at most a year from the end of its term. Raises Refused at ``asked_day``."""
    if election.asked_day is not None:
        raise Refused("已有一个申请等上级答复。")
    if election.term_ends is None:
        raise Refused("没有填本届的届满日期，不需要申请延期或提前。")
    if not isinstance(day, date) or abs((day - election.term_ends).days) > electing.SHIFT_MOST:
        raise Refused(
            f"只能改到本届届满（{election.term_ends:%Y-%m-%d}）前后一年以内。（{electing.SHIFT}）",
            "asked_day",
        )
    if day < timezone.localdate():
        raise Refused("请填写今天或以后的日期。", "asked_day")
    if day == election.planned_on:
        raise Refused("和计划的日期一样。", "asked_day")
    return day


def shift(election: Election) -> None:
    """Put the election on the day that was asked for; where it lies after the end of the term, the term of the organisation and of
    those whose duty was to end with it is prolonged to it."""
    organisation, day = election.organisation, election.asked_day
    ends = organisation.term_until
    if ends is not None and day > ends:
        for officer in organisation.officers.filter(until=ends):
            officer.until = day
            officer.save(update_fields=["until"])
        organisation.term_until = day
        organisation.save(update_fields=["term_until"])
    election.planned_on, election.asked_day, election.asked_by, election.shifted = day, None, None, True


# --- who stands --------------------------------------------------------------------------------------------------------
def check_member(election: Election, member: Any) -> Member:
    """Return a full member on the roll of the organisation. Raises Refused at ``member``."""
    if not isinstance(member, Member):
        raise Refused("请选择党员。", "member")
    if not roll_on(election.organisation, timezone.localdate()).filter(pk=member.pk).exists():
        raise Refused(f"请选择本党组织名册上的正式党员。（{electing.OWN_VOTE}）", "member")
    return member


def _stand(change: Change, *, written_in: bool) -> None:
    election: Election = change.matter
    member = check_member(election, change.data.get("member"))
    if not change.actor.may("contact", member):
        raise Refused("您看不到这名党员的姓名，请由本组织或社区的同志登记。", "member")
    duty = change.data.get("duty") or next(iter(election.contests))
    if duty not in election.contests:
        raise Refused("请选择这次要选的职务。", "duty")
    if election.candidates.filter(member=member).exists():
        raise Refused("这名党员已是候选人。", "member")
    if election.candidates.count() >= MOST_CANDIDATES:
        raise Refused(f"一次选举最多登记 {MOST_CANDIDATES} 名候选人。")
    Candidate.objects.create(
        election=election, member=member, duty=duty, words=change.note[:200], written_in=written_in
    )
    change.note = "：".join(filter(None, (f"{member.name}（{D(duty).label}）", change.note)))[:1000]


def nominate(change: Change) -> None:
    """Put a full member of the roll forward, in somebody's words."""
    _stand(change, written_in=False)


def write_in(change: Change) -> None:
    """Note somebody whom voters wrote on their papers besides the candidates."""
    _stand(change, written_in=True)


def drop(change: Change) -> None:
    """Take a candidate off again, before the superior is asked; later only somebody who was written in by mistake."""
    found = droppable(change.matter).filter(pk=getattr(change.data.get("candidate"), "pk", None)).first()
    if found is None:
        raise Refused("请选择一名候选人。", "candidate")
    change.note = f"{found.member.name}（{found.get_duty_display()}）：{change.note}"[:1000]
    found.delete()


def droppable(election: Election) -> QuerySet:
    """Return the candidates who may be taken off now."""
    return (
        election.candidates.all()
        if election.status == S.NOMINATING
        else election.candidates.filter(written_in=True)
    )


def anybody_to_drop(election: Election, user: User) -> bool:
    return droppable(election).exists()


def anybody_stands(election: Election, user: User) -> bool:
    return election.candidates.exists()


def propose(change: Change) -> None:
    """Report the candidates; fewer than 20 % more than the seats need a word of explanation."""
    election: Election = change.matter
    found = standing(election)
    for duty, seats in election.contests.items():
        if found[duty] < seats:
            raise Refused(f"{D(duty).label}应选 {seats} 名，候选人只有 {found[duty]} 名，请先推荐。")
    few = few_candidates(election)
    election.explanation = str(change.data.get("explanation") or "").strip()[:300]
    if few and not election.explanation:
        raise Refused(f"{''.join(few)}不足的请说明原因。（{electing.CANDIDATES}）", "explanation")
    if not few:
        election.explanation = ""
    change.note = "　".join(filter(None, (change.note, election.explanation)))[:1000]
    election.reported_by = change.actor


# --- who counts --------------------------------------------------------------------------------------------------------
def counts_roll(election: Election, user: User) -> bool:
    """Say whether those entitled are counted from the roll: not for a congress of delegates."""
    return not election.by_congress


def anybody_left_out(election: Election, user: User) -> bool:
    return not election.by_congress and election.left_out.exists()


def leave_out(change: Change) -> None:
    """Leave a member out of the count, for a reason of the list."""
    election: Election = change.matter
    if election.by_congress:
        raise Refused("党员代表大会按代表人数计算，不用登记。")
    member = check_member(election, change.data.get("member"))
    if change.data.get("reason") not in LeftOut.Reason.values:
        raise Refused("请选择原因。", "reason")
    LeftOut.objects.update_or_create(
        election=election, member=member, defaults={"reason": change.data["reason"]}
    )


def count_in(change: Change) -> None:
    """Count a member again."""
    found = change.matter.left_out.filter(pk=getattr(change.data.get("left_out"), "pk", None)).first()
    if found is None:
        raise Refused("请选择一名党员。", "left_out")
    found.delete()


# --- the meeting -------------------------------------------------------------------------------------------------------
def anybody_left(election: Election, user: User) -> bool:
    return election.candidates.filter(elected=False).exists()


def hold(change: Change) -> None:
    """Write down a ballot of the meeting and who is elected by it. Raises Refused, at the field it concerns, for numbers that cannot
    be and for a meeting that does not count."""
    election: Election = change.matter
    number = election.ballots.count() + 1
    if number > MOST_BALLOTS:
        raise Refused(f"最多登记 {MOST_BALLOTS} 次投票，其余的请减少名额，或者撤回以后重新换届。")
    day, today = change.data.get("held_on"), timezone.localdate()
    if not isinstance(day, date) or not today - LOOK_BACK <= day <= today:
        raise Refused(f"请填写 {today - LOOK_BACK:%Y-%m-%d} 到今天之间的日期。", "held_on")
    ballot = Ballot(election=election, number=number, held_on=day)
    if election.by_congress:
        ballot.entitled = whole(change.data, "entitled")
    else:
        counted = entitled_on(election, day)
        ballot.entitled, ballot.left_out = counted.number, counted.left_out
    for name in NUMBERS:
        setattr(ballot, name, whole(change.data, name))
    if ballot.entitled < 1:
        raise Refused("应到会人数是 0，请先核对名册。", "entitled" if election.by_congress else "held_on")
    electing.check_papers({"entitled": ballot.entitled} | {name: getattr(ballot, name) for name in NUMBERS})
    votes: Mapping[int, Any] = change.data.get("votes") or {}
    missing = open_seats(election)
    standing_now = list(
        election.candidates.filter(elected=False, duty__in=[d for d, n in missing.items() if n > 0])
    )
    got = {each.pk: whole(votes, each.pk, f"votes_{each.pk}") for each in standing_now}
    if not got:
        raise Refused("没有候选人，请先登记另选人。")
    elected: set[int] = set()
    for duty, seats in missing.items():
        those = {each.pk: got[each.pk] for each in standing_now if each.duty == duty}
        electing.check_votes(seats, ballot.valid, those, {key: f"votes_{key}" for key in those})
        elected |= electing.elect(seats, ballot.entitled, those)
    ballot.save()
    Vote.objects.bulk_create(Vote(ballot=ballot, candidate_id=key, number=n) for key, n in got.items())
    for each in standing_now:
        if each.pk in elected:
            each.elected = True
            each.office = "" if election.has_committee else each.duty
            each.save(update_fields=["elected", "office"])
    change.kept |= {"ballot": number, "entitled": ballot.entitled, "left_out": ballot.left_out}
    change.kept |= {name: getattr(ballot, name) for name in NUMBERS}
    words = (
        f"{day:%Y-%m-%d} 第 {number} 次投票：应到 {ballot.entitled}，实到 {ballot.attended}，发出 {ballot.given}，"
        f"收回 {ballot.returned}，有效 {ballot.valid}，当选 {len(elected)} 名。"
    )
    change.note = f"{words}{change.note}"[:1000]
    change.status = after_meeting(election)


def whole(numbers: Mapping, key: Any, name: str = "") -> int:
    """Return a number that was typed. Raises Refused at its field."""
    value = numbers.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100_000:
        raise Refused("请填写整数，没有的填 0。", name or str(key))
    return value


def after_meeting(election: Election) -> str:
    """Return the state after a ballot: too few elected, or on to the committee, or done."""
    if any(number > 0 for number in open_seats(election).values()):
        return S.SHORT
    return S.ELECTED if election.has_committee else S.COUNTED


def fewer(change: Change) -> None:
    """Leave the seats that nobody was elected to empty, by the meeting's consent. Somebody must lead all the same."""
    election: Election = change.matter
    if change.data.get("consent") is not True:
        raise Refused(f"请确认经到会选举人半数以上同意。（{electing.TOO_FEW}）", "consent")
    missing = open_seats(election)
    change.kept |= {"seats": election.seats, "deputies": election.deputies}
    if election.has_committee:
        if missing[D.MEMBER] >= election.seats:
            raise Refused("还没有人当选，不能减少名额，请再次投票。")
        election.seats -= missing[D.MEMBER]
    else:
        if missing[D.SECRETARY] > 0:
            raise Refused("书记还没有选出，不能减少名额，请再次投票。")
        election.deputies -= missing.get(D.DEPUTY, 0)
    election.consent = change.note[:300]
    change.status = after_meeting(election)


def divide(change: Change) -> None:
    """Write down whom the committee elected secretary, and who has which duty in it."""
    election: Election = change.matter
    elected = list(election.candidates.filter(elected=True))
    offices: Mapping[int, str] = change.data.get("offices") or {}
    allowed = {D.SECRETARY, D.DEPUTY, D.ORGANISATION, D.PUBLICITY, D.DISCIPLINE, D.MEMBER}
    for each in elected:
        if offices.get(each.pk) not in allowed:
            raise Refused("请选择职务。", f"office_{each.pk}")
    heads = [each for each in elected if offices[each.pk] == D.SECRETARY]
    if len(heads) != 1:
        raise Refused(
            f"书记要有一名，现在选了 {len(heads)} 名。（{electing.SECRETARY}）",
            f"office_{(heads or elected)[-1].pk}",
        )
    entitled = len(elected)
    attended = whole(change.data, "committee_attended")
    votes = whole(change.data, "secretary_votes")
    if attended > entitled:
        raise Refused(f"到会委员（{attended}）不能多于当选委员（{entitled}）。", "committee_attended")
    if not electing.is_quorate(attended, entitled):
        raise Refused(
            f"委员 {entitled} 人，到会 {attended} 人，不足五分之四，会议无效。（{electing.QUORUM}）",
            "committee_attended",
        )
    if votes > attended:
        raise Refused(f"得票（{votes}）不能多于到会委员（{attended}）。", "secretary_votes")
    if not electing.has_majority(votes, entitled):
        raise Refused(
            f"书记得 {votes} 票，没有超过委员 {entitled} 人的一半，不能当选。（{electing.MAJORITY}）",
            "secretary_votes",
        )
    for each in elected:
        each.office = offices[each.pk]
        each.save(update_fields=["office"])
    election.committee_attended, election.secretary_votes = attended, votes


def recount(change: Change) -> None:
    """Take back what was written down of the meeting, to write it anew. The step keeps the numbers."""
    election: Election = change.matter
    change.kept["ballots"] = [
        {name: getattr(ballot, name) for name in ("number", "entitled", *NUMBERS)}
        | {"votes": {str(vote.candidate_id): vote.number for vote in ballot.votes.all()}}
        for ballot in election.ballots.prefetch_related("votes")
    ]
    Vote.objects.filter(ballot__election=election).delete()
    election.ballots.all().delete()
    for each in election.candidates.filter(elected=True):
        each.elected, each.office = False, ""
        each.save(update_fields=["elected", "office"])
    election.committee_attended = election.secretary_votes = None
    if election.consent:
        before = election.steps.filter(action="fewer").latest("seq").data
        election.seats, election.deputies, election.consent = before["seats"], before["deputies"], ""
