"""The figures of incidents: what each counts, the rows that a number opens, past days, who sees which."""

import io
from datetime import date, timedelta

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from governance import parameters
from governance.models import AccessEvent
from grids.models import Grid
from incidents import reports
from incidents.flow import INCIDENTS
from incidents.models import Callback, Closing, Incident, MajorClass
from incidents.models.incidents import LONGEST_TO_RESPOND
from incidents.models.incidents import IncidentStatus as S
from incidents.reports import ALL, FIGURES, THOSE, By, Cell, Lines, Period, Scope
from tests import factories
from tests.incidents.past import World, at, scattered
from tests.standing import standing

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))


def page() -> str:
    return reverse("admin:incidents_figures")


def enter(client, user):
    client.force_login(user, backend=BACKEND)
    return user


@standing
def world() -> World:
    return World()


# --- arithmetic ----------------------------------------------------------------------------------------------------------
def test_every_figure_as_one_would_count_it_by_hand(world):
    day = timedelta(days=1)
    done = {
        "accepted_at": at(10), "dispatched_at": at(10), "handled_at": at(11), "closed_at": at(12),
        "worker": world.person,
    }  # fmt: skip
    # Closed in time, answered in time, content; opened again and closed late, and then not content.
    a = world.incident(
        status=S.CLOSED, respond_by=at(11), responded_at=at(10, 20),
        receive_by=at(11), received_at=at(10, 14), **done,
    )  # fmt: skip
    world.closing(a, at(12), True)
    world.callback(a, at(13), 4)
    world.closing(a, at(20), False)
    world.callback(a, at(21), 2)
    # Closed late, spoken to too late, taken in too late; the call back did not get through.
    b = world.incident(
        status=S.CLOSED, respond_by=at(11), responded_at=at(12),
        receive_by=at(11), received_at=at(11, 14), returns=2, **done,
    )  # fmt: skip
    world.closing(b, at(12), False)
    world.callback(b, at(14), None)
    world.callback(b, at(15), 1, counted=False)
    # Still waiting, nobody spoke to the reporter. Rejected. Came in the month before, to be answered in this one.
    world.incident(respond_by=at(11))
    world.incident(status=S.REJECTED, closed_at=at(11))
    world.incident(opened_at=at(28, month=2), respond_by=at(1), responded_at=at(28, 20, month=2))
    # In the month after, and one whose answer is not due yet.
    world.incident(opened_at=at(1, 0, month=4), respond_by=at(2, month=4))
    soon = timezone.now()
    late = world.incident(opened_at=soon - day, respond_by=soon + day, due_at=soon - timedelta(hours=1))

    got = reports.tally(FIGURES, reports.at_work(world.person), MARCH, Scope(factories.DISTRICT))[None]
    whole = {key: value.all for key, value in got.items()}
    parts = {key: (value.those, value.all) for key, value in got.items() if value.figure.is_rate}
    assert {key: whole[key] for key in (*reports.FUNNEL, "unfinished", "open", "overdue")} == {
        "received": 4, "accepted": 2, "dispatched": 2, "handled": 2, "finished": 2, "unfinished": 1,
        "open": 4, "overdue": 1,
    }  # fmt: skip
    assert (whole["closed"], whole["on_time"], whole["late"], whole["unsatisfied"]) == (3, 1, 2, 1)
    assert parts == {
        "closing": (2, 3), "response": (2, 4), "receipt": (1, 2), "returned": (1, 2), "punctual": (1, 3),
        "solved": (1, 2), "satisfied": (1, 2),
    }  # fmt: skip
    today = Period(timezone.localdate(), timezone.localdate() + day)
    due = reports.tally(["response"], reports.at_work(world.person), today, Scope())[None]["response"]
    assert due.all == 0 and due.rate is None and str(due) == "—"
    later = Period(today.since, today.until, late.respond_by + timedelta(seconds=1))
    due = reports.tally(["response"], reports.at_work(world.person), later, Scope())[None]["response"]
    assert (due.those, due.all, str(due), due.is_small) == (0, 1, "0%", True)


def test_a_rate_is_never_rounded_up_to_all():
    assert [reports.cut(100 * part / whole) for part, whole in ((15991, 15992), (1, 3), (1, 10**6), (1, 1))] == [
        "99.9", "33.3", "0.1", "100",
    ]  # fmt: skip


def test_the_periods_to_compare_with():
    def before(since: date, until: date) -> tuple[date, date]:
        other = Period(since, until).before()
        return other.since, other.until

    assert before(date(2026, 3, 1), date(2026, 3, 31)) == (date(2026, 2, 1), date(2026, 2, 28))
    assert before(date(2026, 3, 1), date(2026, 3, 15)) == (date(2026, 2, 1), date(2026, 2, 15))
    assert before(date(2026, 1, 1), date(2026, 8, 9)) == (date(2025, 1, 1), date(2025, 8, 9))
    assert before(date(2026, 3, 2), date(2026, 3, 8)) == (date(2026, 2, 23), date(2026, 3, 1))
    leap = Period(date(2024, 2, 29), date(2024, 2, 29)).year_before()
    assert leap.since == leap.until == date(2023, 2, 28)


def test_no_parameter_asks_for_more_than_the_figures_look_back():
    hours = parameters.SPECS["incidents.respond_within"].high
    assert timedelta(hours=hours) <= LONGEST_TO_RESPOND


# --- a number and its rows ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", ["seat_operator", "street_officer", "community_secretary"])
def test_every_number_counts_the_very_rows_that_it_opens(world, role):
    scattered(world, 80, seed=7)
    code = {"seat_operator": factories.DISTRICT, "street_officer": factories.STREET}.get(
        role, factories.COMMUNITY
    )
    user = factories.make_staff(role, code)
    rows_of = reports.at_work(user)
    major = MajorClass.objects.get(code="01").pk
    period = Period(date(2026, 3, 3), date(2026, 3, 25))
    seen = 0
    for by, scope in [*((by, Scope(code)) for by in By), (By.KIND, Scope(code, major)), (None, Scope(code))]:
        table = reports.tally(FIGURES, rows_of, period, scope, by)
        for key, line in table.items():
            for value in line.values():
                for part in value.figure.parts:
                    cell = Cell(value.figure, part, period, scope, by, key)
                    model = value.figure.lines.model
                    named = Cell.read(str(cell), model)
                    rows = reports.on_post(model.objects.restrict(user, "view"), user)
                    number = value.those if part == THOSE else value.all
                    assert named.rows(rows).count() == number, (str(cell), number)
                    seen += number
        whole = reports.tally(FIGURES, rows_of, period, scope)[None]
        assert reports.total(table, FIGURES) == whole
    assert seen > 100


def test_the_lists_show_what_the_page_counts(client, world):
    scattered(world, 60, seed=3)
    enter(client, world.person)
    answer = client.get(page(), {"since": "2026-03-01", "until": "2026-03-31", "by": "unit"})
    cells = [cell for row in answer.context["rows"] for cell in row.cells]
    cells += [line["now"] for line in answer.context["compared"]] + [
        e["shown"] for e in answer.context["standing"]
    ]
    asked = {}
    for cell in cells:
        rate = cell.value.figure.is_rate
        asked[cell.url] = cell.value.those if rate else cell.value.all
        asked[cell.all_url] = cell.value.all
    asked.pop("")
    assert len(asked) > 40
    for url, number in asked.items():
        listed = client.get(url)
        assert listed.status_code == 200 and listed.context["cl"].result_count == number, url
        assert "指标" in listed.content.decode()


@pytest.mark.parametrize(
    "named",
    ["", "x", "received~all~2026-03-01~2026-03-31~~~~x", "received~those~2026-03-01~2026-03-31~~~~", "solved~all~2026-03-01~2026-03-31~~~~",
     "received~all~2026-03-31~2026-03-01~~~~", "received~all~9999-01-01~9999-12-31~~~~", "received~all~2026-03-01~2026-03-31~12~~~",
     "received~all~2026-03-01~2026-03-31~~~unit~x", "received~all~2026-03-01~2026-03-31~~~unit~99999999999999", "received~all~2026-03-01~2026-03-31~²²²²²²~~~",
     "received~all~2026-03-01~2026-03-31~~~place~", "received~all~2026-03-01~2026-03-31~~~place~1\x00", "received~all~2026-03-01~2026-03-31~~~channel~\x00"],
)  # fmt: skip
def test_an_address_that_names_no_number_shows_the_list_without_it(client, world, named):
    enter(client, world.person)
    answer = client.get(reverse("admin:incidents_incident_changelist"), {"figure": named}, follow=True)
    assert answer.status_code == 200 and answer.context["cl"].filter_specs[0].title != "指标"


def test_a_past_day_stays_as_it_was_whatever_becomes_of_the_incident(secretary):
    worker = factories.make_staff("grid_worker", factories.BASE)
    head = factories.make_staff("seat_operator", factories.DISTRICT)
    resident = factories.make_user()
    incident = factories.make_closed(by=secretary, worker=worker, applicant=resident)
    INCIDENTS.run(incident, "call_back", by=secretary, reached=True, solved=False, satisfaction=1)
    today = Period(timezone.localdate(), timezone.localdate())
    keys = [key for key, figure in FIGURES.items() if figure.lines in (Lines.CLOSED, Lines.ANSWERED)]

    def told():
        return [reports.tally(keys, reports.at_work(head), today, Scope(factories.DISTRICT), by) for by in By]

    before = told()
    incident = INCIDENTS.run(Incident.objects.get(pk=incident.pk), "reopen", by=resident, note="又来了")
    incident = INCIDENTS.run(incident, "recall", by=secretary, note="派错了")
    other = factories.make_minor(major=MajorClass.objects.create(code="09", name="其他"))
    incident = INCIDENTS.run(
        incident, "relocate", by=head, grid=Grid.objects.get(code=factories.FAR_BASE), note="在那边"
    )
    INCIDENTS.run(incident, "dispatch", by=head, unit=factories.make_unit(), minor_class=other)
    assert told() == before


# --- who sees which -------------------------------------------------------------------------------------------------------
def received(answer) -> int:
    return next(line["now"].value.all for line in answer.context["compared"] if line["label"] == "上报总数")


def test_totals_are_those_of_the_persons_posts(client, world):
    unit = factories.make_unit()
    march = {"since": "2026-03-01", "until": "2026-03-31"}
    secretary = factories.make_staff("community_secretary", factories.COMMUNITY)
    for number, code in enumerate((factories.BASE, factories.NEIGHBOUR_BASE, factories.FAR_BASE), 1):
        for _ in range(number):
            world.incident(code)
    # Her own affair elsewhere: she may look at it, and it is no figure of her community.
    world.incident(factories.FAR_BASE, applicant=secretary)
    world.incident(factories.FAR_BASE, status=S.HANDLING, unit=unit)
    enter(client, secretary)
    assert received(client.get(page(), march)) == 1
    assert received(client.get(page(), {**march, "in": factories.FAR})) == 1
    names = [row.name for row in client.get(page(), march).context["rows"]]
    assert names == ["合计", "网格001"]
    officer = factories.make_staff("department_officer", factories.DISTRICT, unit=unit)
    world.incident(factories.BASE, applicant=officer)
    enter(client, officer)
    assert received(client.get(page(), march)) == 1
    enter(client, factories.make_staff("seat_operator", factories.DISTRICT))
    assert received(client.get(page(), march)) == 9
    assert received(client.get(page(), {**march, "in": factories.STREET})) == 4


def test_whoever_sees_no_incidents_finds_no_figures(client, world):
    for user in (factories.make_user(), factories.make_staff("auditor", factories.DISTRICT)):
        enter(client, user)
        assert client.get(page()).status_code in (302, 404) and client.post(page()).status_code in (302, 404)
        for name in ("closing", "callback"):
            assert client.get(reverse(f"admin:incidents_{name}_changelist")).status_code in (302, 404)
    assert client.get(page()).status_code == 404


def test_lines_that_one_may_not_see_make_no_columns(client, world):
    enter(client, factories.make_staff("grid_worker", factories.BASE))
    labels = [figure.label for figure in client.get(page()).context["columns"]]
    assert labels == ["派遣总数", "未办结", "结案率", "响应率"]


def test_what_cannot_be_a_period_is_said_at_its_field(client, world):
    enter(client, world.person)
    for since, until, field in (
        ("2026-03-05", "2026-03-01", "until"),
        ("昨天", "2026-03-01", "since"),
        ("1999-01-01", "2026-03-01", "since"),
        ("2026-03-01", "2999-01-01", "until"),
        ("2026-03-01", "", "until"),
    ):
        answer = client.get(page(), {"since": since, "until": until, "in": "x\x00", "by": "?", "major": "-1"})
        form = answer.context["asked"].form
        assert answer.status_code == 200 and list(form.errors) == [field]
        assert f'value="{since}"' in answer.content.decode()


def test_the_table_leaves_as_a_file_and_is_logged(client, world):
    for _ in range(3):
        world.closing(world.incident(status=S.CLOSED, closed_at=at(12)), at(12), True)
    enter(client, world.person)
    answer = client.post(page() + "?since=2026-03-01&until=2026-03-31&by=class")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    heads = [cell.value for cell in sheet[1]]
    total = dict(zip(heads, [cell.value for cell in sheet[2]], strict=True))
    assert total["类别"] == "合计" and total["按时办结"] == 3
    assert (total["按时结案率（%）"], total["按时结案率分母"]) == (100, 3) and total["满意率（%）"] is None
    assert [row[0].value for row in sheet.iter_rows(min_row=3)] == ["市容环境"]
    event = AccessEvent.objects.get(kind=AccessEvent.Kind.EXPORT)
    assert event.actor == world.person and "事件统计" in event.summary


def test_more_rows_take_no_more_queries(client, world):
    enter(client, world.person)

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get(page(), {"since": "2026-02-01", "until": "2026-03-31"}).status_code == 200
        return len(caught)

    scattered(world, 3, seed=1)
    queries()  # content types and the like are asked once
    few = queries()
    for code in ("120106001005001", "120106004001001", "120106005001001"):
        factories.make_grid(code)
        world.closing(world.incident(code), at(12), True)
    assert queries() == few < 40


# --- calling back ---------------------------------------------------------------------------------------------------------
def test_the_worklist_of_calls_back(client, secretary):
    worker = factories.make_staff("grid_worker", factories.BASE)
    resident = factories.make_user()

    def closed(**fields) -> Incident:
        return factories.make_closed(by=secretary, worker=worker, applicant=resident, **fields)

    waits, missed, answered, by_worker = closed(), closed(), closed(), closed(channel="worker")
    old = closed()
    long_ago = timezone.now() - timedelta(days=16)
    Incident.objects.filter(pk=old.pk).update(opened_at=long_ago, respond_by=None, closed_at=long_ago)
    unheard = closed()
    Incident.objects.filter(pk=unheard.pk).update(applicant_phone="")
    INCIDENTS.run(missed, "call_back", by=secretary, reached=False)
    INCIDENTS.run(answered, "rate", by=resident, solved=True, satisfaction=5)
    enter(client, secretary)
    listed = {}
    for choice in ("due", "missed"):
        answer = client.get(reverse("admin:incidents_incident_changelist"), {"callback": choice})
        listed[choice] = {row.pk for row in answer.context["cl"].result_list}
    assert listed == {"due": {waits.pk}, "missed": {missed.pk}} and by_worker.pk not in listed["due"]
    card = next(c for c in client.get("/admin/").context["cards"] if c.label == "待回访")
    assert card.count == "1"
    INCIDENTS.run(missed, "call_back", by=secretary, reached=True, solved=True, satisfaction=4)
    assert not Incident.objects.not_reached().exists()
    # Opened and closed again, its reporter is called again.
    again = INCIDENTS.run(Incident.objects.get(pk=answered.pk), "reopen", by=resident, note="又来了")
    for action in ("receive", "handle"):
        again = INCIDENTS.run(again, action, by=worker, note="好了")
    INCIDENTS.run(again, "verify_pass", by=secretary)
    assert set(Incident.objects.to_call_back()) == {waits, again}


def test_the_list_of_calls_back_names_no_reporter_and_not_what_she_said(client, secretary):
    worker = factories.make_staff("grid_worker", factories.BASE)
    resident = factories.make_user("李桂兰")
    incident = factories.make_closed(by=secretary, worker=worker, applicant=resident)
    INCIDENTS.run(incident, "rate", by=resident, solved=True, satisfaction=5, note="住三楼的李桂兰说很好")
    enter(client, secretary)
    for url in (
        reverse("admin:incidents_callback_changelist"),
        reverse("admin:incidents_callback_change", args=[Callback.objects.get().pk]),
        reverse("admin:incidents_closing_changelist") + "?on_time=yes",
        reverse("admin:incidents_closing_change", args=[Closing.objects.get().pk]),
    ):
        text = client.get(url).content.decode()
        assert incident.number in text and "李桂兰" not in text and "三楼" not in text, url


def test_figures_whose_whole_is_meant_have_it_on_the_page():
    for figure in FIGURES.values():
        assert figure.how and figure.parts[0] == ALL


def test_what_lay_in_merged_grids_is_counted_then_under_them_and_now_under_their_successor(client, secretary):
    from grids import services

    other = factories.make_grid(factories.COMMUNITY + "002")
    lost = factories.make_grid(factories.COMMUNITY + "009")
    worker = factories.make_staff("grid_worker", factories.BASE)
    for code in (factories.BASE, other.code, lost.code):
        factories.make_closed(code, by=secretary, worker=worker)
    heir = factories.make_grid(factories.COMMUNITY + "003")
    for code in (factories.BASE, other.code):
        services.retire_grid(Grid.objects.get(code=code), [heir], by=secretary, reason="合并网格")
    parts = [factories.make_grid(factories.COMMUNITY + serial) for serial in ("004", "005")]
    services.retire_grid(lost, parts, by=secretary, reason="一分为二了")
    today = Period(timezone.localdate(), timezone.localdate())
    scope, rows_of = Scope(factories.COMMUNITY), reports.at_work(secretary)

    def closed(by):
        return {
            code: line["closed"].all
            for code, line in reports.tally(["closed"], rows_of, today, scope, by).items()
        }

    assert closed(By.PLACE) == {factories.BASE: 1, other.code: 1, lost.code: 1}
    assert closed(By.PRESENT) == {heir.code: 2, lost.code: 1}
    enter(client, secretary)
    then = client.get(page(), {"in": factories.COMMUNITY}).content.decode()
    assert "下级区域（按现在的网格）" in then and "网格001（已停用）" in then
    now = client.get(page(), {"in": factories.COMMUNITY, "by": "present"})
    names = {row.name: row for row in now.context["rows"]}
    assert "网格001（已停用）" not in names and "网格009（已停用）" in names
    cell = next(cell for cell in names["网格003"].cells if cell.value.figure.key == "on_time")
    assert cell.value.all == 2 and client.get(cell.url).context["cl"].result_count == 2
