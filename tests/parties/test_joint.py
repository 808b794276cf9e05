"""Joint committees, part-time members and conferences: who keeps and sees them, what is said of their size, what is masked, the figures."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from governance import parameters
from governance.flow import NotYours, Refused
from governance.models import AccessEvent
from governance.permissions import OutOfReach
from parties import hints
from parties.models import Conference, JointCommittee, PartTimeMember, Task
from parties.reports import joint as figures
from parties.services.conferences import cancel_conference, keep_conference, record_conference
from parties.services.joint import end_committee, keep_part_time
from tests import factories, joint, party
from tests.cast import Cast
from tests.pictures import upload
from tests.standing import standing

pytestmark = pytest.mark.django_db
DISTRICT, STREET, COMMUNITY = factories.DISTRICT, factories.STREET, factories.COMMUNITY


def signed_in(user):
    return Cast(people={"she": user}).client("she")


def url(model: str, page: str, *args) -> str:
    return reverse(f"admin:parties_{model}_{page}", args=args)


@standing
def committee(territory):
    return joint.make_joint()


@standing
def secretary(committee):
    return factories.make_staff("community_secretary", COMMUNITY)


# --- committees and their members ---------------------------------------------------------------------------------------
def test_a_street_and_a_community_have_one_each(committee, secretary):
    with pytest.raises(Refused, match="已经有大工委"):
        joint.make_joint(committee.organisation)
    street = joint.make_joint(committee.organisation.parent)
    assert (str(committee)[-3:], str(street)[-3:]) == ("大党委", "大工委")
    branch = party.make_branch(parent=committee.organisation)
    with pytest.raises(Refused) as refusal:
        joint.make_joint(branch)
    assert refusal.value.field == "organisation"
    member = joint.make_part_time(committee, by=secretary)
    with pytest.raises(Refused, match="已经登记过"):
        joint.make_part_time(committee, by=secretary, name=member.name)
    with pytest.raises(OutOfReach):
        joint.make_part_time(street, by=secretary)
    ended = end_committee(committee, by=secretary, day=timezone.localdate(), reason="并入街道")
    assert ended.is_ended and end_committee(ended, by=secretary, day=timezone.localdate(), reason="x").pk
    member.refresh_from_db()
    assert member.until == timezone.localdate()
    with pytest.raises(Refused, match="已经撤销"):
        joint.make_part_time(ended, by=secretary)
    assert joint.make_joint(committee.organisation).pk != committee.pk, "another one may follow"


def test_the_way_to_a_seat_has_its_order(committee, secretary):
    today = timezone.localdate()
    member = joint.make_part_time(committee, by=secretary, recommended_on=today - timedelta(days=9))
    for column, day in (
        ("agreed_on", today - timedelta(days=10)),
        ("filed_on", today + timedelta(days=1)),
        ("until", member.since - timedelta(days=1)),
    ):
        before = getattr(member, column)
        setattr(member, column, day)
        with pytest.raises(Refused) as refusal:
            keep_part_time(member, by=secretary)
        assert refusal.value.field == column
        setattr(member, column, before)
    member.agreed_on = member.approved_on = today - timedelta(days=3)
    member.filed_on = today
    keep_part_time(member, by=secretary)
    assert member.history.count() == 2


def test_sizes_are_hints_with_their_source():
    def said(*args):
        return [hint.text for hint in hints.of_joint(*args)]

    assert said(2, 3, 0, 0) == [] and said(4, 2, 0, 0) == []
    assert "少于 3 名" in said(2, 2, 0, 0)[0] and "多于通常的 5 名" in said(1, 6, 0, 0)[0]
    assert "多于 11 名" in said(2, 12, 0, 0)[0] and "双数" in said(2, 4, 6, 0)[0]
    assert "没有填齐" in said(2, 3, 0, 2)[0]
    assert all(hint.article for hint in hints.of_joint(2, 2, 2, 1))


def test_only_party_posts_of_the_place_see_the_members(committee, secretary):
    member = joint.make_part_time(committee, by=secretary, phone="19912340000")
    others = [
        factories.make_staff("community_secretary", factories.NEIGHBOUR),
        party.make_officer(factories.OTHER_STREET),
        factories.make_staff("street_officer", STREET),
        factories.make_staff("department_officer", DISTRICT, unit=factories.make_unit()),
        party.make_secretary(party.make_branch(parent=committee.organisation)),
    ]
    pages = [url("jointcommittee", "change", committee.pk), url("parttimemember", "change", member.pk)]
    for person in others:
        client = signed_in(person)
        assert [client.get(page).status_code for page in pages] == [404, 404], person
    client = signed_in(secretary)
    assert "19912340000" in client.get(pages[1]).content.decode()
    officer = signed_in(party.make_officer(STREET))
    for page in (*pages, url("parttimemember", "changelist"), url("parttimemember", "history", member.pk)):
        html = officer.get(page).content.decode()
        assert "19912340000" not in html, page
    found = url("parttimemember", "changelist") + "?q=19912340000"
    assert pages[1] in client.get(found).content.decode()
    assert pages[1] not in officer.get(found).content.decode(), "a search over masked numbers would tell them"
    answer = officer.post(url("parttimemember", "reveal", member.pk, "phone"), {"reason": "通知开会"})
    assert "19912340000" in answer.content.decode() and AccessEvent.objects.filter(kind="reveal").count() == 1
    # Whoever may not read the phone mends the rest and leaves it alone.
    given = {"name": member.name, "employer": "和苑中学", "since": member.since.isoformat()}
    assert officer.post(url("parttimemember", "mend", member.pk), given).status_code == 302
    member.refresh_from_db()
    assert (member.employer, member.phone) == ("和苑中学", "19912340000")


def test_the_desk_keeps_what_was_typed(committee, secretary):
    client = signed_in(secretary)
    seat = url("jointcommittee", "seat", committee.pk)
    given = {"name": "赵某", "employer": "", "phone": "12", "since": "2026-13-01", "duty": "<b>站长</b>"}
    html = client.post(seat, given).content.decode()
    assert "请填写所在单位" in html and "11 位手机号码" in html and "赵某" in html and "<b>站长" not in html
    given = {"name": "赵某", "employer": "和苑小学", "since": timezone.localdate().isoformat()}
    for _ in range(2):
        answer = client.post(seat, given)
    assert "已经登记过" in answer.content.decode() and committee.members.count() == 1
    html = client.get(url("jointcommittee", "change", committee.pk)).content.decode()
    assert "少于 3 名" in html and "通行做法" in html and "赵某" in html
    html = client.get(url("jointcommittee", "add")).content.decode()
    assert committee.organisation.name not in html, "it has one"
    assert client.get(url("jointcommittee", "change", 10**9)).status_code == 404


def test_the_counts_by_place_are_the_rows_behind_them(committee):
    street = joint.make_joint(committee.organisation.parent)
    party.make_committee(factories.FAR)
    for each, number in ((committee, 3), (street, 2)):
        for _ in range(number):
            joint.make_part_time(each)
    joint.make_part_time(
        committee,
        until=timezone.localdate() - timedelta(days=1),
        since=timezone.localdate() - timedelta(days=9),
    )
    officer = party.make_officer()
    total, *lines = figures.table(officer, DISTRICT)
    assert total.values == {
        "street": 1, "street_members": 2, "community": 1, "community_members": 3, "without": 2,
    }  # fmt: skip
    assert {line.code: line.values["without"] for line in lines} == {STREET: 0, factories.OTHER_STREET: 2}
    inside = {line.name: line.values for line in figures.table(officer, STREET)[1:]}
    assert inside["本级"]["street_members"] == 2
    client = signed_in(officer)
    page = client.get(url("jointcommittee", "figures"))
    for row in page.context["rows"]:
        for cell in row["cells"]:
            if cell["url"]:
                assert client.get(cell["url"]).context["cl"].result_count == cell["value"], (
                    row["name"],
                    cell,
                )
    sheet = load_workbook(BytesIO(client.post(url("jointcommittee", "figures")).content)).active
    assert [cell.value for cell in sheet[2]][1:] == [1, 2, 1, 3, 2]
    for model in ("jointcommittee", "parttimemember", "conference"):
        answer = client.post(url(model, "export"), {"reason": "年度汇总"})
        assert answer.status_code == 200, model


# --- conferences --------------------------------------------------------------------------------------------------------
def test_a_conference_from_the_call_to_the_minutes(committee, secretary):
    member, unit = joint.make_part_time(committee), factories.make_unit()
    officer = factories.make_staff("department_officer", DISTRICT, unit=unit)
    conference = joint.make_conference(
        by=secretary, units=[unit], members=[member], held_at=timezone.now() + timedelta(days=2)
    )
    assert conference.state == "planned" and officer.notices.filter(title__startswith="请参加").count() == 1
    with pytest.raises(Refused, match="还没有开"):
        record_conference(conference, by=secretary, minutes="x", present=[])
    conference.held_at = timezone.now() - timedelta(hours=1)
    keep_conference(conference, by=secretary, units=[unit], members=[member])
    assert conference.state == "held" and officer.notices.filter(title__startswith="请参加").count() == 1
    came = conference.invitations.get(member=member)
    conference = record_conference(
        conference, by=secretary, minutes="同意装路灯", present=[came], photos=[upload("a.jpg")]
    )
    assert conference.state == "recorded" and conference.photos.count() == 1
    assert dict(conference.invitations.values_list("unit", "present")) == {None: True, unit.pk: False}
    with pytest.raises(Refused, match="不能取消"):
        cancel_conference(conference, by=secretary, reason="不开了")
    conference.held_at = timezone.now() + timedelta(days=1)
    with pytest.raises(Refused) as refusal:
        keep_conference(conference, by=secretary, units=[], members=[])
    assert refusal.value.field == "held_at"


def test_a_conference_is_seen_by_its_place_and_the_units_asked(committee, secretary):
    unit, other = factories.make_unit(), factories.make_unit()
    conference = joint.make_conference(by=secretary, units=[unit])
    make = factories.make_staff
    for person, seen, changes in (
        (secretary, True, True),
        (party.make_officer(STREET), True, True),
        (make("street_head", STREET), True, False),
        (make("district_head", DISTRICT), True, False),
        (make("department_officer", DISTRICT, unit=unit), True, False),
        (make("department_officer", DISTRICT, unit=other), False, False),
        (make("street_officer", factories.OTHER_STREET), False, False),
        (make("community_secretary", factories.NEIGHBOUR), False, False),
        (factories.make_user(), False, False),
    ):
        assert Conference.objects.restrict(person).exists() == seen, person.posts_in_force
        assert person.may("change", conference) == changes
        if person.is_staff:
            client = signed_in(person)
            assert client.get(url("conference", "change", conference.pk)).status_code == (
                200 if seen else 404
            )
            assert client.get(url("conference", "record", conference.pk)).status_code == (
                200 if changes else 404
            )
            assert (client.get(url("conference", "add")).status_code == 200) == person.may("add", Conference)
    photo_of = record_conference(
        conference, by=secretary, minutes="议了", present=[], photos=[upload("a.jpg")]
    ).photos
    assert (
        signed_in(make("department_officer", DISTRICT, unit=other)).get(photo_of.get().url).status_code == 404
    )
    with pytest.raises(NotYours):
        record_conference(conference, by=make("street_head", STREET), minutes="改", present=[])


def test_a_conference_at_the_desk(committee, secretary):
    member, unit = joint.make_part_time(committee), factories.make_unit()
    client = signed_in(secretary)
    given = {
        "title": "三季度联席会议", "held_at": "2026-03-01T09:30", "venue": "会议室", "chair": "", "agenda": "停车\n\n照明",
        "units": [unit.pk, "x"], "members": [member.pk],
    }  # fmt: skip
    html = client.post(url("conference", "add"), given).content.decode()
    assert "请填写主持人" in html and "请重新选择参会的单位" in html and "三季度联席会议" in html
    given |= {"chair": "王书记", "units": [unit.pk]}
    assert client.post(url("conference", "add"), given).status_code == 302
    assert "已经登记过" in client.post(url("conference", "add"), given).content.decode()
    conference = Conference.objects.get()
    assert conference.agenda == ["停车", "照明"] and conference.invitations.count() == 2
    far = {**given, "held_at": "0001-01-01T00:00"}
    for moment in ("0001-01-01T00:00", "9999-12-31T23:59", "x"):
        answer = client.post(url("conference", "mend", conference.pk), far | {"held_at": moment})
        assert answer.status_code == 200 and answer.context["form"].errors["held_at"]
    long = {**given, "agenda": "长" * 121}
    assert "不超过 120 字" in client.post(url("conference", "mend", conference.pk), long).content.decode()
    came = [str(row.pk) for row in conference.invitations.all()]
    given = {"minutes": "<script>同意</script>", "present": came, "photos": upload("a.jpg")}
    assert client.post(url("conference", "record", conference.pk), given).status_code == 302
    html = client.get(url("conference", "change", conference.pk)).content.decode()
    assert "&lt;script&gt;同意" in html and "到会" in html and "登记议定事项" in html
    assert client.get(url("conference", "cancel", conference.pk)).status_code == 404
    there = f"{url('task', 'add')}?conference={conference.pk}"
    given = {
        "title": "装好路灯", "unit": unit.pk, "due_on": (timezone.localdate() + timedelta(days=9)).isoformat(),
        "helpers": [], "owner": "", "description": "",
    }  # fmt: skip
    assert client.post(there, given).status_code == 302
    assert "已有同样的议定事项" in client.post(there, given).content.decode()
    task = Task.objects.get()
    assert (task.conference, task.kind, task.year, task.serial) == (conference, "resolution", 2026, None)
    assert "装好路灯" in client.get(url("conference", "change", conference.pk)).content.decode()
    for wrong in ("x", "99999999999", "٣"):
        assert client.get(f"{url('task', 'add')}?conference={wrong}").status_code == 404


def test_a_unit_that_was_asked_reads_no_names_and_counts_its_own_tasks(committee, secretary):
    member, unit, other = (
        joint.make_part_time(committee, name="白云升"),
        factories.make_unit(),
        factories.make_unit(),
    )
    conference = joint.make_conference(by=secretary, units=[unit, other], members=[member])
    joint.make_resolution(conference, by=secretary, unit=other)
    guest = signed_in(factories.make_staff("department_officer", DISTRICT, unit=unit))
    for client, named, tasks in ((signed_in(secretary), True, 1), (guest, False, 0)):
        page = client.get(url("conference", "change", conference.pk)).content.decode()
        assert ("白云升" in page, member.employer in page) == (named, named)
        assert ("兼职委员 1 名" in page) != named
        row = client.get(url("conference", "changelist")).context["cl"].queryset.get()
        assert (row.asked_count, row.came_count, row.tasks_count) == (3, 0, tasks)


def test_what_cannot_be_is_said_at_its_field(committee, secretary):
    with pytest.raises(OutOfReach):
        joint.make_conference(factories.NEIGHBOUR, by=secretary)
    with pytest.raises(Refused) as refusal:
        joint.make_conference(factories.BASE, by=secretary)
    assert refusal.value.field == "grid"
    with pytest.raises(ValidationError) as wrong:
        joint.make_conference(by=secretary, agenda=[])
    assert "agenda" in wrong.value.message_dict
    assert not Conference.objects.exists()
    gone = joint.make_conference(by=secretary)
    assert cancel_conference(gone, by=secretary, reason="改期").state == "cancelled"
    with pytest.raises(Refused, match="已经取消"):
        record_conference(gone, by=secretary, minutes="x", present=[])


def test_the_pages_ask_as_often_for_many_as_for_one(committee, secretary):
    client, unit = signed_in(secretary), factories.make_unit()
    costs: dict[str, set[int]] = {}
    conference = joint.make_conference(by=secretary, units=[unit])
    for number in (1, 6):
        for _ in range(number):
            member = joint.make_part_time(committee)
            keep_conference(conference, by=secretary, units=[unit], members=[*PartTimeMember.objects.all()])
            joint.make_conference(by=secretary, units=[unit], members=[member])
            joint.make_resolution(conference, by=secretary, unit=unit)
        for page in (
            url("jointcommittee", "changelist"), url("jointcommittee", "change", committee.pk),
            url("parttimemember", "changelist"), url("conference", "changelist"),
            url("conference", "change", conference.pk), url("jointcommittee", "figures"), reverse("admin:index"),
        ):  # fmt: skip
            parameters.forget()
            client.get(page)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(page).status_code == 200
            costs.setdefault(page, set()).add(len(queries))
    assert all(len(counts) == 1 for counts in costs.values()), costs
    assert JointCommittee.objects.count() == 1
