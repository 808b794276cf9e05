"""The pages of the meetings: an organisation's month, recording, the board beside a naive count, lists behind its numbers, the calendar
file, who gets in, what they cost."""

from datetime import date, timedelta
from io import BytesIO

import icalendar
import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from governance.models import User
from parties import frequency
from parties.flow import MEETINGS
from parties.models import Meeting, Officer, Organisation, PartyOrgType
from parties.reports import life
from parties.reports.calendar import calendar_file, meetings_for
from tests import factories, party
from tests.cast import BACKEND
from tests.pictures import upload
from tests.standing import standing

pytestmark = pytest.mark.django_db
T = PartyOrgType


def url(page: str, *args) -> str:
    return reverse(f"admin:parties_meeting_{page}", args=args)


def enter(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def set_back(days: int = 800) -> None:
    """Let everything have been set up long ago, so that it owes whole periods."""
    Organisation.objects.update(established_on=timezone.localdate() - timedelta(days=days))


@standing
def branch(territory) -> Organisation:
    made = party.make_branch()
    set_back()
    return Organisation.objects.get(pk=made.pk)


# --- the month -------------------------------------------------------------------------------------------------------
def test_a_month_is_planned_with_one_press_and_recorded_with_another(branch):
    secretary = party.make_secretary(branch)
    party.make_council(branch)
    group = party.make_group(branch)
    set_back()
    client = enter(secretary)
    assert client.get(url("months")).url == url("month", branch.pk)
    day = (timezone.localdate().replace(day=1) + timedelta(days=40)).replace(day=1)
    page = f"{url('month', branch.pk)}?month={day:%Y-%m}"
    text = client.get(page).content.decode()
    for words in ("还要安排的会", "主题党日", "支委会", group.name):
        assert words in text
    form = client.get(page).context["form"]
    given = {name: form[name].value() or "" for name in form.fields if not name.startswith("take-")}
    given = {k: v.strftime("%Y-%m-%dT%H:%M") if hasattr(v, "strftime") else v for k, v in given.items()}
    given |= {f"take-{each.key}": "on" for each in form.proposals if each.duty.pressing}
    monthly = {"theme_day", "council", "group"}
    for _ in range(2):
        assert client.post(page, given).status_code == 302
        kinds = [kind for each in Meeting.objects.all() for kind in each.kinds]
        assert set(kinds) >= monthly and len(kinds) == len(set(kinds)), "sent twice, planned once"
    assert "已安排" in client.get(page).content.decode()
    meeting = Meeting.objects.filter(kinds=["theme_day"]).get()
    Meeting.objects.filter(pk=meeting.pk).update(starts_at=timezone.now() - timedelta(hours=2))
    record = url("do", meeting.pk, "record")
    shown = client.get(record)
    members = list(branch.members.all())
    names = shown.content.decode()
    assert all(member.name in names for member in members)
    sent = {
        "version": 1, "title": "学习党章", "minutes": "逐章学习。", "kinds": ["theme_day", "lecture"], "others": "3",
        "starts_at": timezone.localtime(timezone.now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"),
        "place": "活动室", "host": "书记",
        **{f"attendance-{m.pk}": "present" for m in members},
        f"attendance-{members[1].pk}": "leave", f"attendance-{members[1].pk}-why": "",
    }  # fmt: skip
    refused = client.post(record, sent)
    assert refused.status_code == 200 and f"{members[1].name}请假，请写明事由。" in refused.content.decode()
    assert "逐章学习。" in refused.content.decode(), "nothing typed is lost"
    sent[f"attendance-{members[1].pk}-why"] = "外出"
    assert client.post(record, sent | {"photos": upload("a.jpg")}).status_code == 302
    meeting.refresh_from_db()
    assert (meeting.status, meeting.expected, meeting.present) == ("held", 3, 2)
    assert meeting.kinds == ["lecture", "theme_day"] and meeting.photos.count() == 1
    assert client.post(record, sent).status_code == 302, "a second press answers as the first"
    assert meeting.steps.count() == 2
    page = client.get(url("change", meeting.pk)).content.decode()
    assert "外出" in page and members[1].name in page


def test_names_and_reasons_are_for_who_may_read_them(branch):
    secretary = party.make_secretary(branch)
    member = party.make_member(branch, name="欧阳春兰")
    meeting = party.make_meeting(branch, by=secretary, days=-1)
    everyone = {m.pk: ("present", "") for m in branch.members.all()} | {member.pk: ("leave", "住院复查")}
    party.hold(meeting, by=secretary, attendance=everyone)
    officer = party.make_officer(factories.STREET)
    client = enter(officer)
    sent = client.post(url("do", meeting.pk, "correct"), {"version": 2, f"attendance-{member.pk}": "leave"})
    assert "欧阳" not in sent.content.decode() and "住院" not in sent.content.decode()
    text = client.get(url("change", meeting.pk)).content.decode()
    assert "请假 1" in text and "欧阳春兰" not in text and "住院复查" not in text
    community = factories.make_staff("community_secretary", factories.COMMUNITY)
    text = enter(community).get(url("change", meeting.pk)).content.decode()
    assert "欧阳春兰" in text and "住院复查" in text and "/do/" not in text


def test_others_get_nowhere(branch):
    secretary, other = party.make_secretary(branch), party.make_branch(parent=branch.parent)
    stranger = party.make_secretary(other)
    meeting = party.make_meeting(branch, by=secretary, days=-1)
    pages = [
        url("change", meeting.pk), url("do", meeting.pk, "record"), url("month", branch.pk), url("calendar", branch.pk),
    ]  # fmt: skip
    far = factories.make_staff("community_secretary", factories.FAR)
    worker = factories.make_staff("community_worker", factories.COMMUNITY)
    for person in (stranger, far, worker):
        client = enter(person)
        for page in pages:
            assert client.get(page).status_code == 404, (person.posts_in_force, page)
            assert client.post(page, {"version": 1, "minutes": "x"}).status_code in (404, 405)
        listed = client.get(url("changelist"))
        assert listed.status_code in (302, 403, 404) or meeting.number not in listed.content.decode()
    client = enter(worker)
    for page in (url("months"), url("board"), url("add")):
        assert client.get(page).status_code == 404
    assert branch.name not in enter(stranger).get(url("board")).content.decode()
    community = enter(factories.make_staff("community_secretary", factories.COMMUNITY))
    assert [community.get(page).status_code for page in pages] == [200, 302, 200, 200], (
        "reads, does not record"
    )
    assert "还要安排的会" not in community.get(pages[2]).content.decode()
    assert meeting.steps.count() == 1


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("starts_at", "2999-01-01T10:00", "之间的日期"), ("starts_at", "昨天", "例如 2026-11-22"),
        ("starts_at", "", "请填写日期和时间"), ("kinds", "nothing", "请选择列出的类别"), ("kinds", [], "请选择类别"),
        ("kinds", ["council"], "班子不足 3 人"), ("kinds", ["group"], "党支部不开党小组会"),
        ("organisation", "999999999999999999999", "没有这个党组织"), ("lasts", "-5", "请填 10 到 600"),
        ("title", "题" * 200, "80"), ("place", "\x00", "空字符"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_at_its_field(branch, field, value, words):
    client = enter(party.make_secretary(branch))
    given = {
        "organisation": branch.pk, "kinds": ["theme_day"], "starts_at": "2026-12-05T09:30", "lasts": "90",
        "title": "<script>x</script>", "place": "活动室", "host": "", field: value,
    }  # fmt: skip
    given["starts_at"] = (
        value
        if field == "starts_at"
        else timezone.localtime(timezone.now() + timedelta(days=3)).strftime("%Y-%m-%dT09:30")
    )
    answer = client.post(url("add"), given)
    assert answer.status_code == 200 and not Meeting.objects.exists()
    text = answer.content.decode()
    assert words in text and "<script>x" not in text
    if field != "title":
        assert "&lt;script&gt;x" in text


def test_planning_by_the_form_and_again(branch):
    client = enter(party.make_secretary(branch))
    past = timezone.localtime(timezone.now() - timedelta(days=2)).strftime("%Y-%m-%dT09:30")
    given = {
        "organisation": branch.pk,
        "kinds": ["theme_day"],
        "starts_at": past,
        "lasts": "60",
        "title": "",
        "place": "",
    }
    first = client.post(url("add"), given)
    meeting = Meeting.objects.get()
    assert first.url == url("do", meeting.pk, "record"), "what was held is recorded next"
    client.post(url("add"), given)
    assert Meeting.objects.count() == 1 and meeting.title == "主题党日"


@pytest.mark.parametrize(
    "asked", ["", "?month=2026-13", "?month=x", "?month=0000-00", "?month=²⁰²⁶-1", "?month=2026-1"]
)
def test_a_month_that_is_none_is_the_present_one(branch, asked):
    client = enter(party.make_secretary(branch))
    month = client.get(url("month", branch.pk) + asked).context["month"]
    assert month.first == timezone.localdate().replace(day=1)
    assert client.get(url("month", 10**25)).status_code == 404


def test_the_desk_lists_what_is_mine_to_record(branch):
    secretary = party.make_secretary(branch)
    late = party.make_meeting(branch, by=secretary, days=-3)
    party.make_meeting(branch, by=secretary, days=3, kinds=["lecture"])
    desk = admin.site.get_model_admin(Meeting)
    for person, listed in ((secretary, [late]), (party.make_officer(), [])):
        request = RequestFactory().get("/")
        request.user = User.objects.get(pk=person.pk)
        assert [each.matter for each in desk.urgent(request)] == listed


def test_what_is_pasted_too_long_is_told_and_nothing_is_cut(branch):
    secretary = party.make_secretary(branch)
    client, meeting = enter(secretary), party.make_meeting(branch, by=secretary, days=-1)
    page = reverse("admin:parties_meeting_do", args=[meeting.pk, "record"])
    assert 'maxlength="4000"' not in client.get(page).content.decode()
    given = {
        "version": meeting.version, "starts_at": "2026-01-05T09:30", "title": "学习", "minutes": "长" * 4001,
        "kinds": ["theme_day"], "others": "0", "photos": upload("a.jpg"),
    }  # fmt: skip
    html = client.post(page, given).content.decode()
    assert "最多 4000 个字，现在是 4001 个" in html and "长" * 4001 in html
    assert "刚才选的文件没有保存" in html


# --- the board ---------------------------------------------------------------------------------------------------------
def build() -> list[Organisation]:
    """Make branches in three communities, some with a committee and groups, and meetings in this period and the last."""
    made = []
    for number, code in enumerate(
        (factories.BASE, factories.BASE, factories.NEIGHBOUR_BASE, factories.FAR_BASE)
    ):
        each = party.make_branch(code)
        secretary = party.make_secretary(each)
        if number % 2:
            party.make_council(each)
        group = party.make_group(each)
        made += [each, group]
        set_back()
        now = timezone.now()
        for back, kinds in ((0, ["theme_day"]), (35 * number, ["assembly"]), (100, ["lecture", "theme_day"])):
            if number != 3:
                meeting = party.make_meeting(
                    each, by=secretary, kinds=kinds, starts_at=now - timedelta(days=back, hours=1)
                )
                party.hold(meeting, by=secretary)
        if number == 1:
            party.hold(party.make_meeting(group, by=secretary, kinds=["group"], days=-1), by=secretary)
            party.make_meeting(each, by=secretary, kinds=["council"], days=1)
    return made


def naive(organisation: Organisation, kind: str, part: str, today: date) -> bool:
    """Say by hand whether an organisation counts in a number of the board."""
    span = frequency.now_of(kind, today)
    span = span.before() if part in ("owed", "last") else span
    group = organisation.kind == T.GROUP
    if (kind == "group") != group or organisation.kind not in (T.BRANCH, T.GROUP):
        return False
    if organisation.established_on > span.first:
        return False
    if kind == "council" and Officer.objects.filter(organisation=organisation).count() < 3:
        return False
    if part in ("owing", "owed"):
        return True
    held = Meeting.objects.filter(organisation=organisation, status="held")
    return not any(
        kind in m.kinds and span.first <= timezone.localdate(m.starts_at) <= span.last for m in held
    )


def test_the_board_says_what_a_naive_count_says_and_its_numbers_open_their_rows(territory):
    build()
    Organisation.objects.filter(kind=T.BRANCH).order_by("pk").first()
    young = party.make_branch(factories.NEIGHBOUR_BASE)
    Organisation.objects.filter(pk=young.pk).update(established_on=timezone.localdate())
    officer, today = party.make_officer(), timezone.localdate()
    kinds = frequency.asked_kinds()
    everything = list(Organisation.objects.all())
    client = enter(officer)

    def compare(line: life.Line, rows: list[Organisation]) -> None:
        for kind in kinds:
            for part in life.PARTS:
                assert line.number(kind, part) == sum(naive(o, kind, part, today) for o in rows), (
                    line.name,
                    kind,
                    part,
                )

    total, lines = life.by_place(officer, factories.DISTRICT, kinds)
    compare(total, everything)
    for line in lines:
        compare(line, [o for o in everything if o.grid_id.startswith(line.code)])
    assert total.number("theme_day", "now") >= 1 and total.number("assembly", "owing") == 4
    total, lines = life.by_place(officer, factories.STREET, kinds)
    for line in lines:
        compare(line, [o for o in everything if o.grid_id == line.code or o.grid_id.startswith(line.code)])
    total, lines = life.by_organisation(officer, kinds, node=factories.COMMUNITY)
    compare(total, [o for o in everything if o.grid_id.startswith(factories.COMMUNITY)])
    assert len(lines) == 2 and all(line.opens for line in lines)
    for line in lines:
        whole = Organisation.objects.get(pk=line.key)
        compare(line, [o for o in everything if whole.unit_id in o.units])
        inside, parts = life.by_organisation(officer, kinds, top=whole)
        assert inside.numbers == line.numbers and [part.key for part in parts][0] == whole.pk
        for part in parts:
            compare(part, [o for o in everything if o.pk == part.key])
    for page in (f"?in={factories.STREET}", f"?org={lines[1].key}"):
        for row in client.get(url("board") + page).context["rows"]:
            for now, last in row["cells"]:
                for cell in (now, last) if row["opens"] else (now,):
                    if cell["url"]:
                        behind = client.get(cell["url"]).context["cl"].queryset
                        assert behind.count() == cell["number"], (page, row["line"].name, cell)


def test_the_board_as_a_table(territory):
    build()
    client = enter(party.make_officer())
    answer = client.post(url("board"))
    rows = list(load_workbook(BytesIO(answer.content)).active.values)
    assert rows[0][:3] == ("地区、党组织", "党员大会应开", "党员大会本期没开") and rows[1][1] == 4
    assert len(rows) == 2 + 2, "a total and two streets"


def test_tables_and_pictures_are_taken_away_by_who_may_export(branch):
    leader = enter(party.make_leader(party.make_group(branch)))
    rates, tree = reverse("admin:parties_organisation_rates"), reverse("admin:parties_organisation_tree")
    for page in (url("board"), rates):
        assert "导出表格" not in leader.get(page).content.decode() and leader.post(page).status_code == 404
        assert "导出表格" in enter(party.make_officer()).get(page).content.decode()
    group = leader.get(tree).context["nodes"][0].row
    picture = reverse("admin:parties_organisation_picture", args=[group.pk])
    assert "下载图片" not in leader.get(picture).content.decode()
    assert "Content-Disposition" not in leader.get(picture + "?file").headers
    assert "Content-Disposition" in enter(party.make_officer()).get(picture + "?file").headers


@pytest.mark.parametrize(
    "asked", ["?in=1", "?in=120106009", "?in=x", "?org=x", "?org=99999999999", "?in=" + factories.BASE]
)
def test_a_board_of_nowhere_is_the_widest_one(territory, asked):
    party.make_branch()
    assert enter(party.make_officer()).get(url("board") + asked).status_code == 200


def test_the_cards_of_the_desk_open_what_they_count(branch):
    secretary = party.make_secretary(branch)
    party.make_meeting(branch, by=secretary, days=-2)
    client = enter(secretary)
    cards = {card.label: card for card in client.get(reverse("admin:index")).context["cards"]}
    late = cards["过了日子没记录的会"]
    assert late.count == "1" and client.get(late.url).context["cl"].result_count == 1
    assert cards["本月还没开的会"].count == "1" and client.get(cards["本月还没开的会"].url).url == url(
        "month", branch.pk
    )
    community = enter(factories.make_staff("community_secretary", factories.COMMUNITY))
    shown = {card.label: card for card in community.get(reverse("admin:index")).context["cards"]}
    assert shown["本月还没开的会"].count == "1"


# --- the calendar ------------------------------------------------------------------------------------------------------
def test_the_calendar_is_read_again_as_it_was_written(branch):
    secretary = party.make_secretary(branch)
    group = party.make_group(branch)
    title = "学习；讨论, 表决\\步骤\n第二行" + "很长的主题" * 8
    one = party.make_meeting(
        branch, by=secretary, title=title, place="2 号楼, 一层;东", host="王\n书记", days=3
    )
    gone = party.make_meeting(group, by=secretary, kinds=["group"], days=4)
    MEETINGS.run(gone.pk, "cancel", by=secretary, note="改在下月")
    party.hold(party.make_meeting(branch, by=secretary, days=-1), by=secretary)
    other = party.make_branch(parent=branch.parent)
    party.make_meeting(other, by=party.make_secretary(other), title="别的支部")
    answer = enter(secretary).get(url("calendar", branch.pk))
    assert (
        answer["Content-Type"].startswith("text/calendar") and "attachment" in answer["Content-Disposition"]
    )
    data = answer.content
    assert b"BEGIN:VTIMEZONE" in data and b"TZID=Asia/Shanghai" in data
    assert all(len(line) <= 75 for line in data.split(b"\r\n")), "long lines are folded"
    events = {str(e["uid"]): e for e in icalendar.Calendar.from_ical(data).walk("VEVENT")}
    assert len(events) == 2
    event = next(e for uid, e in events.items() if uid.startswith(one.number))
    assert str(event["summary"]) == f"主题党日：{title}" and str(event["location"]) == one.place
    assert event.decoded("dtstart") == timezone.localtime(one.starts_at).replace(microsecond=0)
    assert event.decoded("dtstart").utcoffset() == timedelta(hours=8) and str(event["status"]) == "CONFIRMED"
    assert event.decoded("dtend") - event.decoded("dtstart") == timedelta(minutes=90)
    cancelled = next(e for uid, e in events.items() if uid.startswith(gone.number))
    assert str(cancelled["status"]) == "CANCELLED" and cancelled["sequence"] == 2
    MEETINGS.run(one.pk, "reschedule", by=secretary, note="改", starts_at=timezone.now() + timedelta(days=6))
    moved = icalendar.Calendar.from_ical(enter(secretary).get(url("calendar", branch.pk)).content).walk(
        "VEVENT"
    )
    assert {str(e["uid"]) for e in moved} == set(events), "an event keeps its name"
    community = factories.make_staff("community_secretary", factories.COMMUNITY)
    assert b"UID" in enter(community).get(url("calendar", branch.parent_id)).content
    empty = calendar_file(meetings_for(Meeting.objects.none(), timezone.now()), "空")
    assert icalendar.Calendar.from_ical(empty).walk("VEVENT") == []


# --- what it costs -----------------------------------------------------------------------------------------------------
def test_as_many_statements_for_many_as_for_one(branch, monkeypatch):
    secretary = party.make_secretary(branch)
    community = enter(factories.make_staff("community_secretary", factories.COMMUNITY))
    officer, mine = enter(party.make_officer()), enter(secretary)
    held = party.hold(party.make_meeting(branch, by=secretary, days=-1), by=secretary)
    party.make_meeting(branch, by=secretary, days=2)
    waiting = party.make_meeting(branch, by=secretary, kinds=["lecture"], days=-1)
    party.make_group(branch)
    set_back()
    pages = [
        (officer, url("board")), (community, url("board")), (community, f"{url('board')}?org={branch.pk}"),
        (mine, url("month", branch.pk)), (mine, url("changelist")), (mine, url("change", held.pk)),
        (mine, url("do", waiting.pk, "record")), (mine, url("calendar", branch.pk)), (mine, reverse("admin:index")),
        (community, f"{reverse('admin:parties_organisation_changelist')}?life=theme_day.now"),
    ]  # fmt: skip

    def statements() -> list[int]:
        found = []
        for client, page in pages:
            client.get(page)
            with CaptureQueriesContext(connection) as asked:
                assert client.get(page).status_code == 200, page
            found.append(len(asked))
        return found

    before = statements()
    assert before[0] <= 25 and before[3] <= 30, before
    for number in range(4):
        other = party.make_branch(parent=branch.parent)
        keeper = party.make_secretary(other)
        party.hold(party.make_meeting(other, by=keeper, days=-1), by=keeper)
        party.make_group(branch)
        party.make_member(branch, since=timezone.localdate() - timedelta(days=100))
        party.make_meeting(branch, by=secretary, days=number + 3, title=f"会{number}")
        party.make_meeting(branch, by=secretary, days=-number - 3, title=f"会{number}")
    MEETINGS.run(
        held.pk, "correct", by=secretary, note="补", minutes="补",
        attendance={m.pk: ("present", "") for m in branch.members.all()},
    )  # fmt: skip
    set_back()
    assert statements() == before
