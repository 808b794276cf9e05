"""Meetings: who plans and records what where, the way from the plan to the record, its corrections, the months, the calendar."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from governance import parameters
from governance.flow import NotYours, Refused, tick
from governance.models import User
from parties import frequency
from parties.flow import MEETINGS
from parties.frequency import Span, fitting, of_quorum, span_of
from parties.models import Meeting, Organisation, keeps_life, kept_by
from parties.services.meetings import month_of, plan_meeting, plan_month, proposals
from parties.services.organisations import dissolve, move
from tests import factories, party
from tests.pictures import upload
from tests.standing import standing

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")


class World:
    """A branch with secretary, committee, group and its leader; another branch in the same grid; those around."""

    def __init__(self) -> None:
        self.committee = party.make_committee()
        self.branch, self.other = (
            party.make_branch(parent=self.committee),
            party.make_branch(parent=self.committee),
        )
        self.secretary, self.other_secretary = (party.make_secretary(b) for b in (self.branch, self.other))
        self.group = party.make_group(self.branch)
        self.leader = party.make_leader(self.group)
        self.community = factories.make_staff("community_secretary", factories.COMMUNITY)
        self.far = factories.make_staff("community_secretary", factories.FAR)
        self.worker = factories.make_staff("community_worker", factories.COMMUNITY)
        self.officer = party.make_officer(factories.STREET)


@standing
def world(territory):
    return World()


def offered(meeting: Meeting, user: User) -> set[str]:
    return {action.name for action in MEETINGS.available(Meeting.objects.get(pk=meeting.pk), user)}


def test_from_the_plan_to_the_record_and_what_is_added_and_mended(world):
    members = [party.make_member(world.branch) for _ in range(2)]
    meeting = party.make_meeting(
        world.branch,
        by=world.secretary,
        kinds=["lecture", "theme_day"],
        days=3,
        title="学党史",
        place="活动室",
    )
    assert meeting.number.startswith(f"HY-{factories.COMMUNITY}-") and meeting.status == "planned"
    assert meeting.kinds == ["lecture", "theme_day"] and meeting.light == "green"
    assert meeting.units == world.branch.units and meeting.grid_id == world.branch.grid_id
    with pytest.raises(Refused, match="还没有开") as refusal:
        party.hold(meeting, by=world.secretary)
    assert refusal.value.field == "starts_at"
    assert offered(meeting, world.secretary) == {"arrange", "reschedule", "cancel"}
    earlier = timezone.now() - timedelta(hours=3)
    meeting = MEETINGS.run(meeting.pk, "reschedule", by=world.secretary, note="场地被占", starts_at=earlier)
    assert offered(meeting, world.secretary) == {"record", "arrange", "reschedule", "cancel"}
    meeting = MEETINGS.run(meeting.pk, "arrange", by=world.secretary, title="学党章", host="张书记")
    assert (meeting.title, meeting.host, meeting.place) == ("学党章", "张书记", "活动室")
    everyone = frequency.roll_of(world.branch, meeting.kinds, timezone.localdate(earlier))
    given = {member.pk: ("present", "") for member in everyone}
    given |= {members[0].pk: ("leave", "住院"), members[1].pk: ("absent", "不留的理由")}
    meeting = party.hold(meeting, by=world.secretary, attendance=given, photos=[upload("a.jpg")], others=4)
    assert (meeting.status, meeting.expected, meeting.present) == ("held", 4, 2)
    assert (
        meeting.closed_at and meeting.due_at is None and meeting.photos.count() == 1 and meeting.others == 4
    )
    assert meeting.attendances.get(member=members[0]).reason == "住院"
    assert meeting.attendances.get(member=members[1]).reason == ""
    assert offered(meeting, world.secretary) == {"supplement", "correct"}
    meeting = MEETINGS.run(
        meeting.pk, "supplement", by=world.secretary, note="补签到表", photos=[upload("b.jpg")]
    )
    assert meeting.photos.count() == 2 and meeting.minutes
    with pytest.raises(Refused) as refusal:
        MEETINGS.run(meeting.pk, "correct", by=world.secretary, minutes="更正", attendance=given)
    assert refusal.value.field == "note"
    given[members[1].pk] = ("present", "")
    meeting = MEETINGS.run(
        meeting.pk, "correct", by=world.secretary, note="她后来到了", minutes="更正后的记录", attendance=given
    )
    assert meeting.present == 3 and meeting.minutes == "更正后的记录"
    step = meeting.steps.get(action="correct")
    assert (
        step.data["attendance"] == {str(members[1].pk): ["absent", "present"]} and step.note == "她后来到了"
    )
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        meeting.steps.all().delete()


def test_cancelled_with_a_reason_and_sent_twice(world):
    meeting = party.make_meeting(world.branch, by=world.secretary)
    with pytest.raises(Refused):
        MEETINGS.run(meeting.pk, "cancel", by=world.secretary)
    for _ in range(2):
        done = MEETINGS.run(meeting.pk, "cancel", by=world.secretary, version=1, note="与街道会议冲突")
    assert done.status == "cancelled" and done.steps.count() == 2
    again = party.make_meeting(world.branch, by=world.secretary, starts_at=meeting.starts_at)
    assert again.pk != meeting.pk, "a cancelled one may be planned anew"
    twice = party.make_meeting(world.branch, by=world.secretary, starts_at=meeting.starts_at)
    assert twice.pk == again.pk


def test_who_plans_and_records_where(world):
    keeps = {
        (world.secretary, world.branch): True, (world.secretary, world.group): True,
        (world.secretary, world.other): False, (world.secretary, world.committee): False,
        (world.leader, world.group): True, (world.leader, world.branch): False,
        (world.other_secretary, world.branch): False, (world.other_secretary, world.group): False,
        (world.community, world.committee): True, (world.community, world.branch): False,
        (world.far, world.committee): False, (world.worker, world.committee): False,
        (world.officer, world.committee.parent): True, (world.officer, world.committee): False,
    }  # fmt: skip
    for (user, organisation), expected in keeps.items():
        assert keeps_life(user, organisation) is expected, (user, organisation)
        assert (organisation in kept_by(user)) is expected, (user, organisation)
        if not expected:
            with pytest.raises(NotYours):
                party.make_meeting(organisation, by=user)


def test_who_sees_a_meeting_and_who_acts_on_it(world):
    of_branch = party.make_meeting(world.branch, by=world.secretary, days=-1)
    of_group = party.make_meeting(world.group, by=world.leader, kinds=["group"], days=-1)
    assert set(Meeting.objects.restrict(world.secretary)) == {of_branch, of_group}
    assert set(Meeting.objects.restrict(world.community)) == {of_branch, of_group}
    assert set(Meeting.objects.restrict(world.officer)) == {of_branch, of_group}
    assert set(Meeting.objects.restrict(world.leader)) == {of_group}
    for outsider in (world.other_secretary, world.far, world.worker):
        assert not Meeting.objects.restrict(outsider).exists()
        with pytest.raises(NotYours):
            party.hold(of_branch, by=outsider)
    assert offered(of_branch, world.community) == offered(of_branch, world.officer) == set()
    with pytest.raises(Refused, match="书记（组长）"):
        party.hold(of_branch, by=world.community)
    assert "record" in offered(of_group, world.secretary) and "record" in offered(of_group, world.leader)
    party.hold(of_group, by=world.secretary)


def test_the_kind_fits_the_organisation(world):
    with pytest.raises(Refused, match="班子不足 3 人"):
        party.make_meeting(world.branch, by=world.secretary, kinds=["council"])
    party.make_council(world.branch)
    council = party.make_meeting(world.branch, by=world.secretary, kinds=["council"], days=-1)
    world.branch.officers.filter(duty="publicity").update(until=timezone.localdate() - timedelta(days=1))
    council = party.hold(council, by=world.secretary, kinds=["council"])
    assert council.expected == 3, "whoever sat on that day, though there are fewer now"
    for organisation, kinds, user in (
        (world.branch, ["group"], world.secretary), (world.group, ["assembly"], world.secretary),
        (world.group, ["council"], world.leader), (world.branch, ["council", "assembly"], world.secretary),
        (world.branch, [], world.secretary), (world.branch, ["nothing"], world.secretary),
        (world.committee.parent, ["assembly"], world.officer),
    ):  # fmt: skip
        with pytest.raises(Refused) as refusal:
            party.make_meeting(organisation, by=user, kinds=kinds)
        assert refusal.value.field == "kinds", kinds
    assert "council" not in fitting(world.branch) and "council" not in fitting(world.other)


def test_attendance_is_of_those_expected(world):
    meeting = party.make_meeting(world.branch, by=world.secretary, kinds=["assembly"], days=-1)
    stranger = party.make_member(world.other)
    member = party.make_member(world.branch)
    later = party.make_member(world.branch, since=timezone.localdate())
    roll = {
        each.pk: ("present", "")
        for each in frequency.roll_of(world.branch, ["assembly"], timezone.localdate())
    }
    for wrong, words in (
        ({**roll, member.pk: ("leave", " ")}, "事由"),
        ({**roll, member.pk: ("asleep", "")}, "请选择到会"),
        ({}, "没有登记到会情况"),
    ):
        with pytest.raises(Refused, match=words) as refusal:
            party.hold(meeting, by=world.secretary, attendance=wrong)
        assert refusal.value.field == "attendance"
    meeting = party.hold(meeting, by=world.secretary, attendance={**roll, stranger.pk: ("present", "")})
    expected = set(meeting.attendances.values_list("member", flat=True))
    assert expected == set(roll) - {later.pk}, "neither a stranger nor who came to the roll later"
    with pytest.raises(IntegrityError), transaction.atomic():
        Meeting.objects.filter(pk=meeting.pk).update(present=99)


def test_a_quorum_is_a_hint_with_its_source(world):
    members = [party.make_member(world.branch) for _ in range(3)]
    members.append(party.make_member(world.branch, stage="probationary"))
    meeting = party.make_meeting(world.branch, by=world.secretary, kinds=["assembly"], days=-1)
    roll = list(frequency.roll_of(world.branch, ["assembly"], timezone.localdate()))
    came = {each.pk: ("absent", "") for each in roll}

    def told(*present) -> list[str]:
        given = came | {each.pk: ("present", "") for each in present}
        action, note = ("record", "") if meeting.is_open else ("correct", "改")
        done = MEETINGS.run(meeting.pk, action, by=world.secretary, note=note, minutes="记", attendance=given)
        meeting.refresh_from_db()
        return [hint.text for hint in of_quorum(done.kinds, list(done.attendances.all()))]

    # Of five full members (the secretary, the group's leader, three) half are three; a probationary one has no vote.
    assert told(members[0], members[3])[0].startswith("有表决权的党员 5 人，到会 1 人")
    assert told(*members) == []
    party.make_council(world.branch)
    council = party.make_meeting(world.branch, by=world.secretary, kinds=["council"], days=-1)
    given = {m.pk: ("absent", "") for m in frequency.roll_of(world.branch, ["council"], timezone.localdate())}
    council = party.hold(council, by=world.secretary, attendance=given)
    assert "应到委员 3 人，实到 0 人" in of_quorum(council.kinds, list(council.attendances.all()))[0].text


@pytest.mark.parametrize(
    ("day", "months", "first", "last"),
    [
        (date(2026, 1, 1), 1, date(2026, 1, 1), date(2026, 1, 31)),
        (date(2028, 2, 29), 1, date(2028, 2, 1), date(2028, 2, 29)),
        (date(2026, 3, 31), 3, date(2026, 1, 1), date(2026, 3, 31)),
        (date(2026, 4, 1), 3, date(2026, 4, 1), date(2026, 6, 30)),
        (date(2026, 12, 31), 3, date(2026, 10, 1), date(2026, 12, 31)),
        (date(2026, 12, 31), 12, date(2026, 1, 1), date(2026, 12, 31)),
        (date(2026, 6, 30), 6, date(2026, 1, 1), date(2026, 6, 30)),
        (date(2026, 8, 15), 4, date(2026, 5, 1), date(2026, 8, 31)),
    ],
)
def test_periods_are_whole_months_of_the_year(day, months, first, last):
    span = span_of(day, months)
    assert span == Span(first, last)
    assert span.before().last == first - timedelta(days=1)
    assert span_of(span.before().first, months) == span.before()


def test_a_period_counts_its_first_and_last_moment(world):
    span = span_of(timezone.localdate() - timedelta(days=100), 3)
    before, first = span.start - timedelta(minutes=1), span.start
    last, after = span.end - timedelta(minutes=1), span.end
    Organisation.objects.update(established_on=span.first)
    for moment, counts in ((before, False), (after, False), (first, True), (last, True)):
        with transaction.atomic():
            meeting = party.make_meeting(
                world.branch, by=world.secretary, kinds=["assembly"], starts_at=moment
            )
            asked = Organisation.objects.filter(frequency.behind("assembly", span), pk=world.branch.pk)
            assert asked.exists(), "planned is not held"
            party.hold(meeting, by=world.secretary)
            assert asked.exists() is not counts
            transaction.set_rollback(True)


def test_who_was_set_up_meanwhile_begins_with_the_next_period(world):
    span = span_of(timezone.localdate(), 3)
    rows = Organisation.objects.filter(pk=world.branch.pk)
    for day, owes in ((span.first, True), (span.first + timedelta(days=1), False)):
        rows.update(established_on=day)
        assert rows.filter(frequency.owing("assembly", span)).exists() is owes
        assert rows.filter(frequency.behind("assembly", span)).exists() is owes
        world.branch.refresh_from_db()
        found = {duty.kind for duty in month_of([world.branch], timezone.localdate())[1]}
        assert ("assembly" in found) is owes


def test_frequencies_are_parameters(world):
    with pytest.raises(ValidationError, match="把一年分完"):
        parameters.change("life.assembly_months", 5)
    assert frequency.months_of("assembly") == 3
    parameters.change("life.assembly_months", 0)
    assert "assembly" not in frequency.asked_kinds()
    assert "assembly" not in {d.kind for d in month_of([world.branch], timezone.localdate())[1]}


def test_the_usual_meetings_of_a_month_are_planned_at_once_and_once(world):
    party.make_council(world.branch)
    Organisation.objects.filter(pk=world.branch.pk).update(theme_day=15, address="党群服务中心")
    world.branch.refresh_from_db()
    day = (timezone.localdate().replace(day=1) + timedelta(days=40)).replace(day=1)
    parameters.change("life.record_days", 5)
    month, found = month_of([world.branch, world.group], day)
    offered = proposals(found, month, world.branch)
    by_kind = {each.duty.kind: each for each in offered}
    assert {"theme_day", "council", "group"} <= set(by_kind)
    theme = by_kind["theme_day"]
    assert timezone.localtime(theme.starts_at) == datetime(day.year, day.month, 15, 9, 30, tzinfo=SHANGHAI)
    assert theme.place == "党群服务中心" and by_kind["group"].duty.organisation == world.group
    chosen = [(by_kind[k], by_kind[k].starts_at, "", "活动室") for k in ("theme_day", "council", "group")]
    first = plan_month(by=world.secretary, chosen=chosen)
    assert [m.title for m in first] == ["主题党日", "支委会", "党小组会"]
    assert plan_month(by=world.secretary, chosen=chosen) == first and Meeting.objects.count() == 3
    assert (timezone.localtime(first[0].due_at) - timezone.localtime(first[0].starts_at)).days == 5
    assert {"theme_day", "council", "group"}.isdisjoint(
        {
            each.duty.kind
            for each in proposals(month_of([world.branch, world.group], day)[1], month, world.branch)
        }
    )
    with pytest.raises(NotYours):
        plan_month(by=world.leader, chosen=chosen[:1])


def test_no_proposal_lies_in_the_past(world):
    today = timezone.localdate()
    month, found = month_of([world.branch, world.group], today)
    for each in proposals(found, month, world.branch):
        assert today <= timezone.localdate(each.starts_at) <= month.last
    past = month.before()
    assert proposals(month_of([world.branch], past.first)[1], past, world.branch) == []


def test_who_keeps_is_reminded_once_of_what_is_not_recorded(world):
    meeting = party.make_meeting(world.group, by=world.secretary, kinds=["group"], days=1)
    # Entered late: the deadline never lies before the moment at which it was planned.
    late = party.make_meeting(world.group, by=world.secretary, kinds=["theme_day"], days=-30)
    assert late.due_at >= late.opened_at
    for _ in range(2):
        tick(meeting.due_at + timedelta(minutes=1))
    titles = list(world.leader.notices.filter(number=meeting.number).values_list("title", flat=True))
    assert len([t for t in titles if "还没有记录" in t]) == 1
    assert not world.community.notices.filter(number=meeting.number).exists()


def test_an_organisation_that_ends_cancels_what_it_had_planned_and_one_that_moves_takes_it_along(world):
    officer = party.make_officer()
    empty = party.make_branch(parent=world.committee)
    secretary = party.make_secretary(empty)
    held = party.hold(party.make_meeting(empty, by=secretary, days=-1), by=secretary)
    planned = party.make_meeting(empty, by=secretary, days=5)
    moved = party.make_meeting(world.branch, by=world.secretary)
    general = Organisation.objects.get(pk=world.other.pk)
    move(world.branch, by=officer, parent=world.committee.parent, day=timezone.localdate())
    moved.refresh_from_db()
    world.branch.refresh_from_db()
    assert moved.units == world.branch.units and world.committee.unit_id not in moved.units
    assert general.pk
    for member in empty.members.all():
        member.duties.update(until=timezone.localdate() - timedelta(days=1))
        member.left_on, member.leaving = timezone.localdate(), "died"
        member.save()
    dissolve(empty, by=officer, day=timezone.localdate(), reason="党员都已转出")
    planned.refresh_from_db()
    held.refresh_from_db()
    assert (planned.status, held.status) == ("cancelled", "held")
    assert planned.steps.get(action="lapse").actor == User.objects.system()


def test_what_cannot_be_planned_is_said_at_its_field(world):
    for starts_at in (timezone.now() + timedelta(days=500), timezone.now() - timedelta(days=900)):
        with pytest.raises(Refused) as refusal:
            party.make_meeting(world.branch, by=world.secretary, starts_at=starts_at)
        assert refusal.value.field == "starts_at"
    with pytest.raises(ValidationError) as refusal:
        plan_meeting(
            by=world.secretary, organisation=world.branch, kinds=["theme_day"], starts_at=timezone.now(), title="题" * 81
        )  # fmt: skip
    assert "title" in refusal.value.error_dict
