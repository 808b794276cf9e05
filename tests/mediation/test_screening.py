"""Screenings: who writes and sees what, what is refused and where, figures that open the very rows they count, and disputes
registered from a report."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from governance.periods import Period
from governance.permissions import OutOfReach
from mediation.admin.figures import figure_of
from mediation.models import Committee, Dispute, Screening, ScreeningReport
from mediation.reports import COLUMNS, Asked, rows_of, table
from mediation.reports.screening import COUNTED, FIGURES, FOUND, progress, top_of
from mediation.reports.table import BREAKDOWNS, OF_REPORTS
from mediation.services.registering import register_dispute
from tests import disputes, factories
from tests.cast import BACKEND
from tests.standing import standing

pytestmark = pytest.mark.django_db
OF_SCREENINGS = [key for key, column in COLUMNS.items() if column.of is ScreeningReport]


def enter(user) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def page(model: str, name: str = "changelist", *args) -> str:
    return reverse(f"admin:mediation_{model}_{name}", args=args)


def today() -> Period:
    day = timezone.localdate()
    return Period(day, day)


@standing
def mediator(territory):
    return disputes.make_mediator()


@standing
def world(territory):
    """A campaign of a street with reports of two communities, one more outside of it, and disputes found in several ends."""
    officer = factories.make_staff("justice_officer", factories.STREET)
    screening = disputes.make_screening(officer)
    here, there = disputes.make_mediator(), disputes.make_mediator(factories.NEIGHBOUR)
    director = disputes.make_director()
    given = {"screening": screening, "households": 20}
    first = disputes.make_report(here.user, factories.BASE, times=2, prevented=3, **given)
    disputes.make_report(here.user, crime_cases=1, crime_people=2, prevented=0, **given)
    second = disputes.make_report(
        there.user, factories.NEIGHBOUR_BASE, petition_cases=1, petition_people=12, prevented=1, **given
    )
    disputes.make_report(here.user, prevented=5)  # of no campaign
    found = {"found_in": first, "origin": "initiative", "director": director, "mediator": here}
    register = {"by": here.user, "applicant": disputes.party("applicant"), "channel": "desk"}
    closed = disputes.make_closed(category="property", amount=100, **found, **register)
    register["applicant"] = disputes.party("applicant")
    disputes.make_mediating(category="neighbours", **found, **register)
    disputes.make_dispute(
        factories.NEIGHBOUR_BASE,
        by=there.user,
        applicant=disputes.party("applicant"),
        channel="desk",
        found_in=second,
    )
    disputes.make_dispute()  # found by nobody
    return {
        "officer": officer, "screening": screening, "here": here, "there": there, "director": director,
        "first": first, "second": second, "closed": closed,
    }  # fmt: skip


# --- whose rows ---------------------------------------------------------------------------------------------------------
def test_a_campaign_is_seen_downwards_by_those_whose_area_it_is_for(territory):
    street, district = disputes.make_screening(), disputes.make_screening(code=factories.DISTRICT)
    for role, code, seen in (
        ("mediator", factories.COMMUNITY, {street, district}),
        ("mediation_director", factories.NEIGHBOUR, {street, district}),
        ("community_secretary", factories.COMMUNITY, {street, district}),
        ("mediator", factories.FAR, {district}),
        ("justice_officer", factories.DISTRICT, {street, district}),
        ("grid_worker", factories.BASE, set()),
        ("street_officer", factories.STREET, set()),
    ):
        assert set(Screening.objects.restrict(factories.make_staff(role, code))) == seen, (role, code)


def test_reports_are_seen_by_their_community_and_by_those_above(world):
    for role, code, number in (
        ("mediator", factories.COMMUNITY, 3),
        ("mediation_director", factories.NEIGHBOUR, 1),
        ("justice_officer", factories.STREET, 4),
        ("district_head", factories.DISTRICT, 4),
        ("community_secretary", factories.FAR, 0),
        ("community_worker", factories.COMMUNITY, 0),
    ):
        assert ScreeningReport.objects.restrict(factories.make_staff(role, code)).count() == number, role


def test_whoever_wrote_a_report_mends_it_for_a_month_and_the_director_later(world):
    report, writer = world["first"], world["here"].user
    colleague = disputes.make_mediator().user
    assert writer.may("change", report) and not colleague.may("change", report)
    assert world["director"].may("change", report) and not world["officer"].may("change", report)
    ScreeningReport.objects.filter(pk=report.pk).update(reported_at=timezone.now() - timedelta(days=32))
    assert not writer.may("change", report) and writer.may("view", report)
    assert world["director"].may("change", report)


# --- what is refused, and where -----------------------------------------------------------------------------------------
def refused(call, field: str) -> str:
    with pytest.raises(ValidationError) as refusal, transaction.atomic():
        call()
    assert list(refusal.value.message_dict) == [field]
    return " ".join(refusal.value.message_dict[field])


def test_a_report_is_refused_at_the_field_that_cannot_be(mediator):
    user, day = mediator.user, timezone.localdate()
    screening = disputes.make_screening(since=day - timedelta(days=3))
    other = disputes.make_screening(code=factories.OTHER_STREET)

    def write(**fields):
        return lambda: disputes.make_report(user, **fields)

    assert "今天" in refused(write(day=day + timedelta(days=1)), "day")
    assert "2000" in refused(write(day=date(1999, 1, 1)), "day")
    assert "不在里面" in refused(write(day=day - timedelta(days=4), screening=screening), "day")
    assert "不在里面" in refused(write(screening=other), "screening")
    assert "社区或基础网格" in refused(write(code=factories.STREET), "grid")
    assert "负数" in refused(write(households=-1), "households")
    assert "至少" in refused(write(times=0), "times")
    with pytest.raises(OutOfReach):
        disputes.make_report(user, factories.NEIGHBOUR)
    assert not ScreeningReport.objects.exists()


def test_a_campaign_is_refused_at_the_field_that_cannot_be(territory):
    officer, day = factories.make_staff("justice_officer", factories.STREET), timezone.localdate()

    def open_one(**fields):
        return lambda: disputes.make_screening(officer, **fields)

    assert "早于" in refused(open_one(until=day - timedelta(days=11)), "until")
    assert "一年" in refused(open_one(until=day.replace(year=day.year + 50)), "until")
    assert "街道" in refused(open_one(code=factories.COMMUNITY), "grid")
    with pytest.raises(OutOfReach):
        disputes.make_screening(officer, factories.OTHER_STREET)
    screening = disputes.make_screening(officer)
    disputes.make_report(disputes.make_mediator().user, screening=screening)
    screening.until = day - timedelta(days=1)
    assert "1 条" in refused(lambda: disputes.keep_screening(screening, by=officer), "until")


def test_the_database_holds_what_the_forms_ask(world):
    for fields in (
        {"times": 0},
        {"households": -1},
        {"crime_cases": 2, "crime_people": 1},
        {"petition_cases": 0, "petition_people": 3},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            ScreeningReport.objects.filter(pk=world["first"].pk).update(**fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        Screening.objects.update(until=date(2001, 1, 1))


def test_the_desks_form_says_it_at_the_field_and_keeps_what_was_typed(mediator):
    client, day = enter(mediator.user), timezone.localdate()
    given = {
        "grid": factories.COMMUNITY, "day": f"{day + timedelta(days=2)}", "times": 1, "households": -4,
        "crime_cases": 3, "crime_people": 1, "petition_people": 5, "words": "走了三个楼门",
    }  # fmt: skip
    answer = client.post(page("screeningreport", "add"), given)
    errors = answer.context["adminform"].form.errors
    assert set(errors) == {"day", "households", "crime_people", "petition_cases"}
    assert "走了三个楼门" in answer.content.decode()
    far = client.post(page("screeningreport", "add"), {"grid": factories.FAR, "day": f"{day}"})
    assert set(far.context["adminform"].form.errors) == {"grid"}
    assert not ScreeningReport.objects.exists()


# --- at the desk --------------------------------------------------------------------------------------------------------
def test_a_report_is_written_once_mended_with_history_and_taken_away_while_nothing_hangs_on_it(mediator):
    client = enter(mediator.user)
    form = client.get(page("screeningreport", "add")).context["adminform"].form
    assert form.initial["grid"] == factories.COMMUNITY  # her only one
    given = {
        "grid": factories.BASE,
        "day": f"{timezone.localdate()}",
        "mark": form.initial["mark"],
        "households": 9,
    }
    for _ in range(2):  # a double click
        assert client.post(page("screeningreport", "add"), given).status_code in (200, 302)
    report = ScreeningReport.objects.get()
    assert (report.times, report.households, report.prevented) == (1, 9, 0)
    assert (report.seat_id, report.committee) == (factories.COMMUNITY, mediator.committee)
    here = page("screeningreport", "change", report.pk)
    assert client.post(here, given | {"households": 10, "times": 2}).status_code == 302
    report.refresh_from_db()
    assert report.households == 10 and report.history.count() == 2
    assert "走访户数" in client.get(page("screeningreport", "history", report.pk)).content.decode()
    assert client.post(page("screeningreport", "delete", report.pk), {"post": "yes"}).status_code == 302
    assert not ScreeningReport.objects.exists()


def test_what_a_dispute_was_found_by_is_not_taken_away(world):
    client = enter(world["director"])
    assert client.get(page("screeningreport", "delete", world["first"].pk)).status_code == 404
    assert (
        client.post(page("screeningreport", "delete", world["first"].pk), {"post": "yes"}).status_code == 404
    )


def test_a_campaign_is_opened_by_a_justice_office_at_its_own_place(territory):
    client, day = enter(factories.make_staff("justice_officer", factories.STREET)), timezone.localdate()
    given = {
        "name": "双百排查",
        "grid": factories.STREET,
        "since": f"{day}",
        "until": f"{day + timedelta(days=30)}",
    }
    answer = client.post(page("screening", "add"), given)
    screening = Screening.objects.get()
    assert answer.status_code == 302 and answer.url == page("screening", "progress", screening.pk)
    wrong = client.post(page("screening", "add"), given | {"grid": factories.OTHER_STREET})
    assert set(wrong.context["adminform"].form.errors) == {"grid"}
    again = client.post(page("screening", "add"), given)
    assert "同名行动" in again.content.decode() and Screening.objects.count() == 1
    assert enter(disputes.make_mediator().user).get(page("screening", "add")).status_code in (403, 404)


def test_lists_take_as_many_queries_for_many_as_for_few(world):
    client = enter(world["director"])

    def asked(url: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url).status_code == 200
        return len(queries)

    urls = [page("screeningreport"), page("screening"), page("screening", "progress", world["screening"].pk)]
    urls += [page("dispute", "add"), page("screeningreport", "change", world["first"].pk)]
    for url in urls:
        asked(url)
    few = [asked(url) for url in urls]
    for _ in range(4):
        report = disputes.make_report(world["here"].user, screening=world["screening"], prevented=1)
        disputes.make_dispute(
            by=world["here"].user, applicant=disputes.party("applicant"), channel="desk", found_in=report
        )
        disputes.make_screening(world["officer"])
    assert [asked(url) for url in urls] == few


# --- what a campaign came to --------------------------------------------------------------------------------------------
def test_the_page_says_who_reported_and_each_figure_opens_its_rows(world):
    screening = world["screening"]
    factories.make_grid("120106001006")  # reports nothing
    for user, communities in ((world["officer"], 3), (world["director"], 1)):
        client, top = enter(user), top_of(user, screening)
        found = progress(user, screening, top)
        assert (found.total.communities, found.total.reported) == (communities, min(communities, 2))
        assert [line.code for line in found.missing] == (["120106001006"] if communities == 3 else [])
        answer = client.get(page("screening", "progress", screening.pk))
        for row in answer.context["rows"]:
            for key, cell in zip(FIGURES, row["cells"], strict=True):
                assert cell["value"] == row["line"].values[key]
                model, action = (Dispute, "count") if key in FOUND else (ScreeningReport, "view")
                via = "found_in__screening" if key in FOUND else "screening"
                rows = model.objects.restrict(user, action).filter(
                    FIGURES[key].when, grid__code__startswith=row["line"].code, **{via: screening}
                )
                counted = (
                    [getattr(each, COUNTED[key].column) for each in rows]
                    if key in COUNTED
                    else [1] * len(rows)
                )
                assert sum(counted) == cell["value"], (row["line"].name, key)
                if cell["url"]:
                    shown = set(client.get(cell["url"]).context["cl"].result_list)
                    assert shown == set(rows & model.objects.restrict(user)), (row["line"].name, key)
    values = progress(world["officer"], screening, factories.STREET).total.values
    assert values == {
        "found": 3, "settled": 1, "times": 4, "households": 60, "prevented": 4, "crimes": 1, "crime_people": 2,
        "petitions": 1, "petition_people": 12,
    }  # fmt: skip


def test_who_may_not_count_disputes_is_shown_the_reports_alone(world):
    answer = enter(world["here"].user).get(page("screening", "progress", world["screening"].pk))
    assert "排查次数" in answer.context["columns"] and "发现纠纷" not in answer.context["columns"]
    assert (
        enter(factories.make_staff("mediator", factories.FAR))
        .get(page("screening", "progress", world["screening"].pk))
        .status_code
        == 404
    )


def test_a_campaigns_table_leaves_as_excel(world):
    answer = enter(world["officer"]).post(page("screening", "progress", world["screening"].pk))
    rows = list(load_workbook(BytesIO(answer.content)).active.iter_rows(values_only=True))
    assert rows[0][:4] == ("街道", "社区", "是否上报", "发现纠纷")
    assert rows[1][1:5] == ("合计", "2/2", 3, 1) and len(rows) == 4


def test_wrong_addresses_show_something_all_the_same(world):
    client, progress_page = enter(world["director"]), page("screening", "progress", world["screening"].pk)
    for node in ("x", "1201\0", factories.FAR, "999999", "120106001002001"):
        assert client.get(progress_page, {"in": node}).status_code == 200
    for asked in (
        {"found": "s"},
        {"found": "x1"},
        {"found": "s999"},
        {"found": f"s{world['screening'].pk}.none"},
    ):
        assert client.get(page("dispute"), asked, follow=True).status_code == 200
    for asked in ({"screening": "x"}, {"counted": "nothing"}, {"figure": "accepted......"}):
        assert client.get(page("screeningreport"), asked, follow=True).status_code == 200
    assert client.get(page("screeningreport", "add"), {"screening": "9" * 40}).status_code == 200
    assert client.get(page("dispute", "add"), {"found_in": "9" * 40}).status_code == 200


# --- the customary table ------------------------------------------------------------------------------------------------
def test_the_table_counts_screenings_in_the_total_and_leaves_cells_empty_where_they_have_no_place(world):
    user = world["officer"]
    for by in BREAKDOWNS:
        total, *lines = table(user, Asked(today(), factories.STREET, by))
        assert {key: total.values[key] for key in (*OF_SCREENINGS, "found")} == {
            "screened": 5, "prevented": 9, "crimes": 1, "crime_people": 2, "petitions": 1, "petition_people": 12,
            "found": 3,
        }, by  # fmt: skip
        assert sum(line.values["found"] for line in lines) == 3
        for key in OF_SCREENINGS:
            parts = [line.values[key] for line in lines]
            assert (sum(parts) == total.values[key]) if by in OF_REPORTS else set(parts) == {None}
    answer = enter(user).get(reverse("admin:mediation_figures"), {"period": "today", "by": "grade"})
    assert "一次排查不分等级" in answer.content.decode()
    assert (
        "一次排查不分"
        not in enter(user).get(reverse("admin:mediation_figures"), {"by": "place"}).content.decode()
    )
    answer = enter(user).post(f"{reverse('admin:mediation_figures')}?period=today&by=category")
    rows = list(load_workbook(BytesIO(answer.content)).active.iter_rows(values_only=True))
    place = rows[0].index("排查次数")
    assert rows[1][place] == 5 and not rows[2][place] and rows[2][place] != 0


def test_a_number_of_the_table_opens_the_very_rows_it_counts(world):
    user = world["director"]
    client = enter(user)
    for by in BREAKDOWNS:
        asked = Asked(today(), factories.COMMUNITY, by)
        for line in table(user, asked):
            for key in (*OF_SCREENINGS, "found", "accepted"):
                column = COLUMNS[key]
                if not line.values[key]:
                    continue
                rows = rows_of(column.of.objects.restrict(user), asked, key, line.key or "")
                amounts = [getattr(row, column.total) for row in rows] if column.total else [1] * len(rows)
                assert sum(amounts) == line.values[key], (by, line.name, key)
                if by not in ("kind", "origin"):
                    continue
                model = column.of._meta.model_name
                answer = client.get(page(model), {"figure": figure_of(asked, key, line.key or "")})
                assert set(answer.context["cl"].result_list) == set(rows), (by, line.name, key)


def test_committees_are_counted_by_the_lead_mediators_and_nobodys_apart(world):
    Committee.objects.filter(grid=factories.COMMUNITY).update(kind="trade")
    disputes.make_accepted(director=world["director"])  # nobody mediates it yet
    lines = {
        line.key: line.values for line in table(world["officer"], Asked(today(), factories.STREET, "kind"))
    }
    assert lines["trade"]["accepted"] == 2 and lines["none"]["accepted"] == 1
    assert lines["trade"]["screened"] == 4 and lines["community"]["screened"] == 1
    # Whoever is no mediator reports for no committee.
    disputes.make_report(world["director"])
    lines = {
        line.key: line.values for line in table(world["officer"], Asked(today(), factories.STREET, "kind"))
    }
    assert lines["none"]["screened"] == 1


def test_a_streets_own_people_are_counted_to_the_streets_centre(world):
    own = disputes.make_mediator(factories.STREET)
    report = disputes.make_report(own.user, times=7)
    assert (report.seat_id, report.community_code) == (factories.STREET, factories.COMMUNITY)
    lines = {
        line.key: line.values for line in table(world["officer"], Asked(today(), factories.STREET, "level"))
    }
    assert (lines["9"]["screened"], lines["12"]["screened"]) == (7, 5)


def test_the_table_takes_as_many_queries_for_many_reports_as_for_few(world):
    user = world["officer"]

    def asked(by: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            table(user, Asked(today(), factories.STREET, by))
        return len(queries)

    asked("place")
    few = [asked(by) for by in BREAKDOWNS]
    for _ in range(4):
        disputes.make_report(world["here"].user, prevented=1)
    assert [asked(by) for by in BREAKDOWNS] == few and max(few) <= 6


# --- what was found -----------------------------------------------------------------------------------------------------
def test_a_dispute_is_registered_from_the_page_of_a_report(world):
    report, client = world["first"], enter(world["here"].user)
    words = client.get(page("screeningreport", "change", report.pk)).content.decode()
    url = f"{page('dispute', 'add')}?found_in={report.pk}"
    assert url in words and "登记发现的纠纷" in words
    form = client.get(url).context["form"]
    assert form.initial == {"grid": factories.BASE, "found_in": report.pk, "origin": "initiative"}
    given = {
        **form.initial, "category": "neighbours", "grade": "C", "description": "楼道堆物，两家争吵",
        "a_name": "赵大妈", "a_phone": factories.make_phone(), "b_name": "钱大爷", "token": "t1",
    }  # fmt: skip
    answer = client.post(url, given)
    if answer.status_code == 200:  # it looks like another of the same community
        seen = [line["pk"] for line in answer.context["lines"]]
        answer = client.post(url, given | {"seen": seen})
    assert answer.status_code == 302
    dispute = Dispute.objects.get(disputants__name="赵大妈")
    assert (dispute.found_in, dispute.origin, dispute.grid_id) == (report, "initiative", factories.BASE)
    shown = client.get(page("dispute", "change", dispute.pk)).content.decode()
    assert "排查发现" in shown and world["screening"].name in shown
    listed = client.get(page("dispute"), {"found": f"r{report.pk}"}).context["cl"].result_list
    assert dispute in listed and all(row.found_in_id == report.pk for row in listed)


def test_another_communitys_report_and_one_out_of_reach_found_nothing_here(world):
    user, given = world["here"].user, {
        "category": "neighbours", "description": "吵", "origin": "initiative", "channel": "desk",
    }  # fmt: skip

    def register(by, report, code):
        return lambda: register_dispute(
            by=by, source_id=f"x{report.pk}", applicant=disputes.party("applicant"),
            others=[disputes.party("respondent")], grid=factories.make_grid(code), found_in=report, **given,
        )  # fmt: skip

    assert "管辖范围" in refused(register(user, world["second"], factories.BASE), "found_in")
    officer, _ = world["officer"], disputes.make_centre(factories.STREET)
    assert "别的社区" in refused(register(officer, world["second"], factories.BASE), "found_in")
    assert "别的社区" in refused(register(officer, world["second"], factories.STREET), "found_in")
    form = enter(user).get(page("dispute", "add"), {"found_in": world["second"].pk}).context["form"]
    assert "grid" not in form.initial and world["second"] not in form.fields["found_in"].queryset
    worker = factories.make_staff("community_worker", factories.COMMUNITY)
    assert "found_in" not in enter(worker).get(page("dispute", "add")).context["form"].fields


# --- on the phone -------------------------------------------------------------------------------------------------------
def test_a_mediator_writes_a_report_in_four_fields(mediator):
    screening = disputes.make_screening()
    client, url = enter(mediator.user), reverse("screening_new")
    assert url in client.get(reverse("my_mediation")).content.decode()
    answer = client.get(url)
    form = answer.context["form"]
    assert form.initial["grid"] == factories.COMMUNITY and f"计入“{screening}”" in answer.content.decode()
    given = {
        "grid": factories.BASE, "households": "15", "prevented": "2", "words": "楼道堆物，劝说清走",
        "screening": screening.pk, "day": f"{timezone.localdate()}", "mark": form.initial["mark"],
    }  # fmt: skip
    for said in ("已记下", "刚才已经记过"):
        assert said in client.post(url, given, follow=True).content.decode()
    report = ScreeningReport.objects.get()
    assert (report.screening, report.households, report.prevented, report.times) == (screening, 15, 2, 1)
    assert (
        page("screeningreport", "change", report.pk) in client.get(reverse("my_mediation")).content.decode()
    )
    nothing = client.post(url, given | {"households": "", "prevented": "", "words": "", "mark": "m"})
    assert nothing.status_code == 422 and set(nothing.context["form"].errors) == {"words"}
    wrong = client.post(url, given | {"grid": factories.FAR, "crime_people": "3", "mark": "n"})
    assert wrong.status_code == 422 and set(wrong.context["form"].errors) == {"grid", "crime_cases"}
    assert 'details class="cg-fold" open' in wrong.content.decode()


def test_who_writes_no_reports_has_no_such_page(territory):
    for role, code in (("community_secretary", factories.COMMUNITY), ("justice_officer", factories.STREET)):
        client = enter(factories.make_staff(role, code))
        assert client.get(reverse("screening_new")).status_code == 404
    assert enter(factories.make_user()).get(reverse("screening_new")).status_code == 404
