"""An election from opening to the new term: each step and who may take it, and the checks at their fields."""

from datetime import date

import pytest
from django.contrib import admin
from django.db import IntegrityError, transaction
from django.urls import reverse

from governance.flow import NotYours, Refused
from governance.models import Post, User
from parties.flow import ELECTIONS
from parties.models import Election, LeftOut
from parties.reports.elections import entitled_on, of_election
from parties.services.elections import open_election
from parties.services.organisations import dissolve, move, set_up
from parties.terms import term_end
from tests import factories, party
from tests.cast import Cast
from tests.parties.voting import DAY, TODAY, committee_of_three, electorate, ready
from tests.standing import standing

pytestmark = pytest.mark.django_db


@standing
def here(territory):
    return electorate()


def offered(election: Election, user: User) -> set[str]:
    election = Election.objects.get(pk=election.pk)
    return {action.name for action in ELECTIONS.available(election, User.objects.get(pk=user.pk))}


def enter(user):
    return Cast(people={"she": user}).client("she")


def refused(call, field=None, match=None):
    with pytest.raises(Refused, match=match) as refusal:
        call()
    assert refusal.value.field == field
    return str(refusal.value)


# --- the round ---------------------------------------------------------------------------------------------------------
def test_the_round_of_a_branch_without_a_committee(here):
    election = party.make_election(here.branch, by=here.own)
    assert election.number.startswith("HJ-") and election.status == "preparing"
    assert {"request", "amend", "ask_shift", "withdraw"} == offered(election, here.own)
    assert here.superior.notices.filter(number=election.number).exists()
    party.take(election, "request", here.own, note="拟于届满前换届")
    assert offered(election, here.own) == {"ask_shift", "withdraw"}
    assert {"approve_request", "return_request"} <= offered(election, here.superior)
    party.take(election, "approve_request", here.superior, document="和党发〔2026〕8 号")
    step = election.steps.get(action="approve_request")
    assert "和党发〔2026〕8 号" in step.note
    for member in (here.head, here.members[0]):
        party.take(election, "nominate", here.own, member=member, duty="secretary", note="办事公道")
    party.take(election, "propose", here.own)
    party.take(election, "approve_candidates", here.superior)
    election = party.ballot(election, here.own, [1, 4])
    assert election.status == "counted"
    party.take(election, "report", here.own, note="选举顺利")
    since = TODAY()
    election = party.take(
        election, "approve_result", here.superior, since=since, document="和党发〔2026〕9 号"
    )
    here.branch.refresh_from_db()
    assert election.status == "closed" and election.closed_at is not None
    assert here.branch.term_from == since and here.branch.term_until == term_end(here.branch, since)
    new = here.branch.officers.in_office().get()
    assert (new.member, new.duty, new.until) == (here.members[0], "secretary", here.branch.term_until)
    old = here.head.duties.get()
    assert old.until == since - DAY
    assert not Post.objects.in_force().filter(unit=here.branch.unit_id).exists(), (
        "she leaves her post with her duty"
    )
    line = here.branch.changes.get(kind="elected")
    assert line.document == "和党发〔2026〕9 号" and "1 人" in line.words


def test_whoever_is_elected_again_keeps_her_post_and_what_she_is_besides(here):
    here.head.duties.update(committee_duty="director")
    election = party.ballot(ready(here), here.own, [4, 1])
    party.take(election, "report", here.own)
    party.take(election, "approve_result", here.superior, since=TODAY())
    again = here.branch.officers.in_office().get()
    assert again.member == here.head and again.committee_duty == "director" and again.post is not None
    assert User.objects.get(pk=here.own.pk).may("hold", Election.objects.get(pk=election.pk))


def test_closing_twice_closes_once(here):
    election = party.ballot(ready(here), here.own, [1, 4])
    election = party.take(election, "report", here.own)
    for _ in range(2):
        party.take(election, "approve_result", here.superior, since=TODAY(), version=election.version)
    assert here.branch.officers.count() == 2 and election.steps.filter(action="approve_result").count() == 1
    refused(lambda: party.take(election, "approve_result", here.superior, since=TODAY()))


def test_nothing_is_changed_where_the_closing_is_refused(here):
    election = party.ballot(ready(here), here.own, [1, 4])
    party.take(election, "report", here.own)
    here.members[0].left_on, here.members[0].leaving = TODAY(), "died"
    here.members[0].save()
    refused(lambda: party.take(election, "approve_result", here.superior, since=TODAY()), "member")
    assert here.branch.officers.in_office().get().member == here.head
    assert Election.objects.get(pk=election.pk).status == "reported"
    for since in (TODAY() - DAY, TODAY() + DAY, None, "x"):
        refused(lambda day=since: party.take(election, "approve_result", here.superior, since=day), "since")
    for until in (TODAY(), TODAY() + 9000 * DAY):
        refused(
            lambda day=until: party.take(election, "approve_result", here.superior, since=TODAY(), until=day),
            "until",
        )


def test_a_committee_elects_its_secretary(here):
    election = party.ballot(committee_of_three(here), here.own, [5, 4, 4, 1])
    assert election.status == "elected" and offered(election, here.own) == {"divide", "recount", "withdraw"}
    keys = list(election.candidates.filter(elected=True).order_by("pk").values_list("pk", flat=True))
    offices = dict(zip(keys, ("organisation", "secretary", "publicity"), strict=True))
    numbers = {"committee_attended": 3, "secretary_votes": 2}

    def divide(**data):
        return lambda: party.take(election, "divide", here.own, **{"offices": offices, **numbers, **data})

    refused(divide(offices=dict.fromkeys(keys, "member")), f"office_{keys[-1]}", "书记要有一名")
    refused(divide(offices={}), f"office_{keys[0]}")
    refused(divide(committee_attended=2), "committee_attended", "五分之四")
    refused(divide(committee_attended=4), "committee_attended")
    refused(divide(secretary_votes=1), "secretary_votes", "一半")
    refused(divide(secretary_votes=4), "secretary_votes")
    assert divide()().status == "counted"
    party.take(election, "report", here.own)
    party.take(election, "approve_result", here.superior, since=TODAY())
    duties = set(here.branch.officers.in_office().values_list("member", "duty"))
    assert duties == {
        (here.head.pk, "organisation"), (here.members[0].pk, "secretary"), (here.members[1].pk, "publicity"),
    }  # fmt: skip


def test_too_few_elected_means_another_ballot_or_fewer_seats(here):
    election = party.ballot(committee_of_three(here), here.own, [5, 4, 2, 2])
    assert election.status == "short"
    refused(lambda: party.take(election, "fewer", here.own, note="举手表决"), "consent", "半数以上")
    election = party.ballot(election, here.own, [2, 1], name="repeat")
    assert election.status == "short" and election.ballots.count() == 2
    election = party.take(election, "fewer", here.own, note="举手表决，5 人都同意", consent=True)
    assert election.status == "elected" and election.seats == 2 and "5 人都同意" in election.consent


def test_a_secretary_s_seat_is_not_left_empty(here):
    election = party.ballot(ready(here), here.own, [2, 2])
    assert election.status == "short"
    refused(
        lambda: party.take(election, "fewer", here.own, note="同意", consent=True), match="书记还没有选出"
    )
    party.take(election, "write_in", here.own, member=here.members[1], duty="secretary")
    election = party.ballot(election, here.own, [0, 1, 4], name="repeat")
    won = election.candidates.get(elected=True)
    assert won.member == here.members[1] and won.written_in and election.status == "counted"


def test_what_was_mistyped_is_written_anew_and_the_old_numbers_stay_in_the_record(here):
    election = party.ballot(ready(here), here.own, [4, 1])
    election = party.take(election, "recount", here.own, note="得票写反了")
    assert election.status == "ready" and not election.ballots.exists()
    assert not election.candidates.filter(elected=True).exists()
    kept = election.steps.get(action="recount").data["ballots"]
    assert sorted(kept[0]["votes"].values()) == [1, 4]
    assert party.ballot(election, here.own, [1, 4]).status == "counted"


# --- checks ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("numbers", "field"),
    [
        ({"attended": 6}, "attended"),
        ({"attended": 3, "given": 3, "returned": 3, "valid": 3}, "attended"),
        ({"given": 6}, "given"),
        ({"given": 4}, "returned"),
        ({"returned": 4}, "valid"),
        ({"valid": None}, "valid"),
        ({"held_on": "morgen"}, "held_on"),
        ({"held_on": date(2100, 1, 1)}, "held_on"),
    ],
)
def test_numbers_that_cannot_be_are_refused_at_their_field(here, numbers, field):
    election = ready(here)
    refused(lambda: party.ballot(election, here.own, [1, 4], **numbers), field)
    assert not election.ballots.exists()


def test_votes_must_fit_the_papers(here):
    election = ready(here)
    first, second = election.candidates.order_by("pk").values_list("pk", flat=True)
    refused(lambda: party.ballot(election, here.own, [6, 0]), f"votes_{first}", "有效选票")
    refused(lambda: party.ballot(election, here.own, [3, 3]), f"votes_{second}", "合计 6")
    refused(lambda: party.ballot(election, here.own, [True, 1]), f"votes_{first}")


def test_a_meeting_that_does_not_count_is_refused_with_the_numbers(here):
    words = refused(
        lambda: party.ballot(ready(here), here.own, [1, 2], everybody=3),
        "attended",
        "应到会 5 人，实到会 3 人",
    )
    assert "选举条例" in words


def test_who_is_entitled_is_counted_from_the_roll_of_the_day(here):
    election = ready(here)
    party.make_member(here.branch, by=here.own, stage="probationary")
    party.make_member(here.branch, by=here.own, since=TODAY())
    late = party.make_member(here.branch, by=here.own, full_on=TODAY())
    assert entitled_on(election, TODAY()).number == 7
    assert entitled_on(election, TODAY() - DAY).number == 5, (
        "neither who came later nor who was no full member yet"
    )
    party.take(election, "leave_out", here.own, member=late, reason="away")
    refused(lambda: party.take(election, "leave_out", here.own, member=late, reason="处分"), "reason")
    counted = entitled_on(election, TODAY())
    assert (counted.on_roll, counted.left_out, counted.number) == (7, 1, 6)
    party.take(election, "count_in", here.own, left_out=LeftOut.objects.get())
    assert entitled_on(election, TODAY()).number == 7
    names = {field.name for field in LeftOut._meta.get_fields()}
    assert names == {"id", "election", "member", "reason"}, "nothing else is written down about anybody"


def test_a_congress_counts_its_delegates(here):
    election = ready(here, meeting="congress")
    refused(lambda: party.ballot(election, here.own, [1, 4]), "entitled")
    assert party.ballot(election, here.own, [10, 31], everybody=41, entitled=50).ballots.get().entitled == 50


def test_few_candidates_are_explained_and_fewer_than_seats_refused(here):
    election = party.make_election(here.branch, by=here.own)
    party.take(election, "request", here.own, note="请示")
    party.take(election, "approve_request", here.superior)
    party.take(election, "nominate", here.own, member=here.head, duty="secretary", note="公道")
    refused(lambda: party.take(election, "propose", here.own), "explanation", "要有 2 名")
    assert any("20%" in hint.article for hint in of_election(Election.objects.get(pk=election.pk)))
    done = party.take(election, "propose", here.own, explanation="无人愿意")
    assert done.explanation == "无人愿意"
    party.take(election, "return_candidates", here.superior, note="再动员")
    candidate = election.candidates.get()
    party.take(election, "drop", here.own, candidate=candidate, note="本人不愿意")
    assert not election.candidates.exists() and "propose" not in offered(election, here.own)
    refused(lambda: party.take(election, "propose", here.own), match="候选人只有 0 名")


def test_only_full_members_of_the_roll_stand_once(here):
    election = party.make_election(here.branch, by=here.own)
    party.take(election, "request", here.own, note="请示")
    party.take(election, "approve_request", here.superior)
    young = party.make_member(here.branch, by=here.own, stage="probationary")
    stranger = party.make_member(party.make_branch(parent=here.committee))
    for member in (young, stranger, None, "1"):
        refused(
            lambda who=member: party.take(election, "nominate", here.own, member=who, note="好"), "member"
        )
    refused(
        lambda: party.take(election, "nominate", here.own, member=here.head, duty="member", note="好"), "duty"
    )
    party.take(election, "nominate", here.own, member=here.head, duty="secretary", note="好")
    refused(
        lambda: party.take(election, "nominate", here.own, member=here.head, duty="secretary", note="好"),
        "member",
    )


def test_the_database_holds_the_numbers_and_one_election_at_a_time(here):
    election = ready(here)
    good = {
        "number": 1,
        "held_on": TODAY(),
        "entitled": 5,
        "attended": 5,
        "given": 5,
        "returned": 5,
        "valid": 5,
    }
    for wrong in ({"attended": 3, "given": 3, "returned": 3, "valid": 3}, {"given": 6}, {"valid": 6}):
        with pytest.raises(IntegrityError), transaction.atomic():
            election.ballots.create(**good | wrong)
    refused(lambda: party.make_election(here.branch, by=here.own), "organisation", "正在换届")
    with pytest.raises(IntegrityError), transaction.atomic():
        Election(
            organisation=here.branch,
            seats=1,
            has_committee=False,
            planned_on=TODAY(),
            number="HJ-x",
            status="ready",
        ).save()
    refused(lambda: dissolve(here.branch, by=here.superior, day=TODAY(), reason="并"), match="正在换届")


# --- another day, giving up --------------------------------------------------------------------------------------------
def test_a_later_day_needs_the_superior_and_prolongs_the_term(here):
    here.branch.officers.update(until=here.branch.term_until)
    election = party.make_election(here.branch, by=here.own, planned_on=here.branch.term_until)
    ends = here.branch.term_until
    for day in (ends + 367 * DAY, TODAY() - DAY, ends, None):
        refused(
            lambda asked=day: party.take(election, "ask_shift", here.own, asked_day=asked, note="拆迁"),
            "asked_day",
        )
    later = ends + 60 * DAY
    party.take(election, "ask_shift", here.own, asked_day=later, note="拆迁没有结束")
    assert "approve_shift" not in offered(election, here.own)
    election = party.take(election, "approve_shift", here.superior, document="和党发〔2026〕10 号")
    here.branch.refresh_from_db()
    assert election.planned_on == here.branch.term_until == later and election.shifted
    assert here.branch.officers.get().until == later
    assert not any("延期" in hint.text for hint in of_election(election))


def test_asking_for_a_shift_makes_nobody_s_own_request_approvable_by_herself(here):
    election = party.make_election(here.branch, by=here.superior)
    party.take(election, "request", here.superior, note="代报")
    party.take(election, "ask_shift", here.own, asked_day=here.branch.term_until + DAY, note="忙")
    assert {"approve_shift", "refuse_shift"} & offered(election, here.superior)
    assert "approve_request" not in offered(election, here.superior)
    assert {"approve_request", "approve_shift"} <= offered(election, here.officer)


def test_a_year_is_counted_from_the_term_s_own_end_however_often_it_is_shifted(here):
    here.branch.term_until = ends = term_end(here.branch, here.branch.term_from)
    here.branch.save()
    for _ in range(2):
        election = party.make_election(here.branch, by=here.own)
        assert election.term_ends == ends
        refused(
            lambda row=election: party.take(
                row, "ask_shift", here.own, asked_day=ends + 400 * DAY, note="忙"
            ),
            "asked_day",
        )
        party.take(election, "ask_shift", here.own, asked_day=ends + 300 * DAY, note="忙")
        party.take(election, "approve_shift", here.superior)
        party.take(election, "withdraw", here.own, note="再议")
        here.branch.refresh_from_db()
        assert here.branch.term_until == ends + 300 * DAY


def test_correcting_brings_the_seats_back_and_who_was_written_in_by_mistake_goes(here):
    election = party.ballot(committee_of_three(here), here.own, [5, 4, 2, 2])
    party.take(election, "fewer", here.own, note="都同意", consent=True)
    election = party.take(election, "recount", here.own, note="得票登记错了")
    assert election.seats == 3 and not election.consent
    assert "drop" not in offered(election, here.own)
    party.take(election, "write_in", here.own, member=here.members[3])
    candidate = election.candidates.get(written_in=True)
    refused(
        lambda: party.take(election, "drop", here.own, candidate=election.candidates.first(), note="错"),
        "candidate",
    )
    party.take(election, "drop", here.own, candidate=candidate, note="看错了")
    assert election.candidates.count() == 4


def test_an_election_moves_with_its_branch(here):
    election = party.make_election(here.branch, by=here.own)
    general = set_up(
        by=here.officer, parent=here.committee, grid=here.committee.grid, name="社区党总支", kind=3,
        established_on=TODAY(),
    )  # fmt: skip
    move(here.branch, by=here.officer, parent=general, day=TODAY())
    election.refresh_from_db()
    assert general.unit_id in election.units and here.own.may("hold", election)


def test_a_shift_may_be_refused_and_an_election_withdrawn(here):
    election = party.make_election(here.branch, by=here.own)
    party.take(election, "ask_shift", here.own, asked_day=here.branch.term_until + DAY, note="忙")
    election = party.take(election, "refuse_shift", here.superior, note="不同意")
    assert election.asked_day is None and not election.shifted
    assert party.take(election, "withdraw", here.own, note="支部要合并").status == "withdrawn"
    assert party.make_election(here.branch, by=here.own).status == "preparing", "another may begin"


# --- who ---------------------------------------------------------------------------------------------------------------
def test_another_branch_of_the_same_grid_and_the_grid_worker_find_nothing(here):
    election = ready(here)
    worker = factories.make_staff("grid_worker", factories.BASE)
    clerk = factories.make_staff("community_worker", factories.COMMUNITY)
    for person in (here.neighbour, worker, clerk):
        assert not Election.objects.restrict(person).exists() and not offered(election, person)
        with pytest.raises(NotYours):
            party.take(election, "hold", person)
        with pytest.raises(NotYours):
            open_election(by=person, organisation=here.branch, planned_on=TODAY(), has_committee=False)
        assert enter(person).get(election.get_desk_url()).status_code in (403, 404)


def test_nobody_approves_what_she_reported_or_stands_in(here):
    election = party.make_election(here.branch, by=here.superior)
    party.take(election, "request", here.superior, note="代支部报请示")
    assert "approve_request" not in offered(election, here.superior)
    refused(lambda: party.take(election, "approve_request", here.superior), match="您自己报请")
    with pytest.raises(NotYours):
        party.take(election, "approve_request", here.own)
    party.take(election, "approve_request", here.officer)
    here.members[0].user = here.officer
    here.members[0].save()
    party.take(election, "nominate", here.own, member=here.members[0], duty="secretary", note="好")
    party.take(election, "propose", here.own, explanation="人少")
    assert "approve_candidates" not in offered(election, here.officer)
    refused(lambda: party.take(election, "approve_candidates", here.officer), match="候选人")
    assert party.take(election, "approve_candidates", here.superior).status == "ready"


def test_nobody_approves_the_votes_that_she_registered(here):
    election = party.ballot(ready(here), here.superior, [1, 4])
    election = party.take(election, "report", here.own)
    assert "approve_result" not in offered(election, here.superior)
    refused(lambda: party.take(election, "approve_result", here.superior), match="登记选举的人")
    desk = admin.site.get_model_admin(Election)
    assert election not in desk.waiting(here.superior) and election in desk.waiting(here.officer)
    assert party.take(election, "approve_result", here.officer, since=TODAY()).status == "closed"


def test_who_reads_no_names_puts_nobody_forward(here):
    election = party.make_election(here.committee, by=here.superior, has_committee=True, seats=3)
    party.take(election, "request", here.superior, note="请示")
    party.take(election, "approve_request", party.make_officer())
    given = {"member": here.members[0], "duty": "member", "note": "好"}
    refused(lambda: party.take(election, "nominate", here.officer, **given), "member", "看不到这名党员")
    url = reverse("admin:parties_election_do", args=[election.pk, "nominate"])
    choice = f'value="{here.members[0].pk}"'
    assert choice not in enter(here.officer).get(url).content.decode()
    assert choice in enter(here.superior).get(url).content.decode()


def test_a_community_s_committee_is_decided_about_by_the_street(here):
    election = party.make_election(here.committee, by=here.superior, has_committee=True, seats=3)
    party.take(election, "request", here.superior, note="请示")
    other = factories.make_staff("community_secretary", factories.COMMUNITY)
    assert "approve_request" not in offered(election, other)
    refused(lambda: party.take(election, "approve_request", other), match="上级党组织")
    assert party.take(election, "approve_request", here.officer).status == "nominating"
    refused(
        lambda: party.make_election(here.committee.parent, by=party.make_officer()),
        "organisation",
        "党工委和党小组",
    )
