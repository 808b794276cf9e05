"""The table of mediation: counted by territory, opened by the file's own rule, handed out in Excel."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from governance.periods import Period
from mediation.admin.figures import figure_of
from mediation.models import Dispute, Term
from mediation.reports import COLUMNS, Asked, rows_of, table
from mediation.reports.table import BREAKDOWNS
from tests import disputes, factories
from tests.cast import BACKEND
from tests.standing import standing

pytestmark = pytest.mark.django_db
HERE = "/admin/mediation/dispute/figures/"


def enter(user) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


@standing
def world(territory):
    """Two communities of one street with disputes in several ends."""
    director, mediator = disputes.make_director(), disputes.make_mediator()
    there, other = disputes.make_director(factories.NEIGHBOUR), disputes.make_mediator(factories.NEIGHBOUR)
    given = {"director": director, "mediator": mediator}
    closed = disputes.make_closed(**given, category="property", amount=800)
    agreed = disputes.make_agreed(**given, category="property", amount=200)
    disputes.run(agreed, "ask_judicial", mediator.user, court="区人民法院", all_agree=True)
    disputes.run(agreed, "record_judicial", mediator.user, result="effective")
    failed = disputes.make_mediating(**given, category="neighbours")
    disputes.run(failed, "terminate", mediator.user, outcome="failed", note="不成")
    oral = disputes.make_mediating(
        factories.NEIGHBOUR_BASE, director=there, mediator=other, category="family"
    )
    disputes.run(
        oral, "conclude_orally", other.user, all_agree=True, facts="吵", duties="都", terms=[disputes.term()]
    )
    disputes.make_dispute()  # not taken in: in no column
    return {"director": director, "there": there, "mediator": mediator, "closed": closed, "agreed": agreed}


def today() -> Period:
    day = timezone.localdate()
    return Period(day, day)


def values(line) -> dict[str, int]:
    return {key: value for key, value in line.values.items() if value}


def test_the_street_counts_what_it_may_not_open(world):
    officer = factories.make_staff("justice_officer", factories.STREET)
    assert not Dispute.objects.restrict(officer).exists()
    lines = table(officer, Asked(today(), factories.STREET, "category"))
    assert [line.name for line in lines[:3]] == ["合计", "婚姻家庭", "邻里"] and len(lines) == 19
    by = {line.key: line for line in lines}
    assert values(by[None]) == {
        "accepted": 4, "applied": 4, "settled": 3, "written": 2, "oral": 1, "failed": 1, "amount": 1000,
        "performed": 1, "confirmed": 1,
    }  # fmt: skip
    assert by[None].rate == 75.0
    assert values(by["property"]) == {
        "accepted": 2, "applied": 2, "settled": 2, "written": 2, "amount": 1000, "performed": 1, "confirmed": 1,
    }  # fmt: skip
    page = enter(officer).get(HERE, {"in": factories.STREET, "period": "today"}).content.decode()
    assert "合计" in page and "figure=" not in page and "这里只有数字" in page


def test_every_breakdown_adds_up_to_the_same_total(world):
    officer = factories.make_staff("justice_officer", factories.STREET)
    totals = []
    of_disputes = [key for key, column in COLUMNS.items() if column.of is Dispute]
    for by in BREAKDOWNS:
        lines = table(officer, Asked(today(), factories.STREET, by))
        totals.append(lines[0].values)
        assert {key: sum(line.values[key] for line in lines[1:]) for key in of_disputes} == {
            key: lines[0].values[key] for key in of_disputes
        }, by
    assert all(total == totals[0] for total in totals)


def test_a_number_opens_the_very_rows_it_counts(world):
    director, client = world["director"], enter(world["director"])
    asked = Asked(today(), factories.COMMUNITY, "category")
    for line in table(director, asked):
        for key, column in COLUMNS.items():
            if column.total or not line.values[key]:
                continue
            rows = rows_of(Dispute.objects.restrict(director), asked, key, line.key or "")
            assert rows.count() == line.values[key], (line.name, key)
            answer = client.get(
                reverse("admin:mediation_dispute_changelist"),
                {"figure": figure_of(asked, key, line.key or "")},
            )
            assert answer.status_code == 200
            assert set(answer.context["cl"].result_list) == set(rows)
    page = client.get(HERE, {"period": "today"}).content.decode()
    assert "figure=settled.property" in page.replace("%2E", ".")


def test_another_community_and_another_month_are_not_counted(world):
    director = world["there"]
    assert values(table(director, Asked(today(), "", "category"))[0])["accepted"] == 1
    past = timezone.localdate() - timedelta(days=40)
    assert values(table(director, Asked(Period(past, past), "", "category"))[0]) == {}
    # Whoever asks for a place out of her reach gets her own.
    answer = enter(director).get(HERE, {"in": factories.FAR, "period": "today"})
    assert answer.context["asked"].node == factories.NEIGHBOUR
    assert enter(factories.make_staff("grid_worker", factories.BASE)).get(HERE).status_code == 404


def test_wrong_addresses_show_something_all_the_same(world):
    client = enter(world["there"])
    for asked in (
        {"by": "nobody", "in": "1201\0", "since": "x", "until": "2026-13-01"},
        {"since": "2026-02-01", "until": "2026-01-01"},
        {"period": "ever"},
    ):
        assert client.get(HERE, asked).status_code == 200
    right = figure_of(Asked(today(), factories.NEIGHBOUR, "category"), "settled", "")
    assert client.get(reverse("admin:mediation_dispute_changelist"), {"figure": right}).status_code == 200
    for figure in (
        "nothing",
        "settled." + "x" * 99,
        "...2026-13-01..",
        right.replace("120106001004", "120106003"),
    ):
        answer = client.get(reverse("admin:mediation_dispute_changelist"), {"figure": figure}, follow=True)
        assert answer.status_code == 200


def test_the_table_leaves_as_excel(world):
    officer = factories.make_staff("justice_officer", factories.STREET)
    answer = enter(officer).post(f"{HERE}?in={factories.STREET}&period=today")
    sheet = load_workbook(BytesIO(answer.content)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0][:3] == ("类别", "受理", "申请") and "成功率（%）" in rows[0]
    assert rows[1][:2] == ("合计", 4) and len(rows) == 20


def test_the_table_takes_as_many_queries_for_many_as_for_few(world):
    officer = factories.make_staff("justice_officer", factories.STREET)

    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            table(officer, Asked(today(), factories.STREET, "place"))
        return len(queries)

    asked()  # her posts are read once
    few = asked()
    for _ in range(5):
        disputes.make_accepted(director=world["director"])
    assert asked() == few and Term.objects.exists()
