"""Care plans as people meet them: the desk's list, page, verbs, export and figures, and the phone's due list and look-in."""

import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from governance.appointments import appoint, dismiss
from governance.models import AccessEvent
from grids.models import CareContact, CarePlan, CareVisit
from grids.reports.care import table
from grids.services import care
from incidents.models import Incident
from tests import factories
from tests.care import days_ago, family, make_device, make_plan, make_resident, neighbour
from tests.cast import Cast
from tests.standing import standing

pytestmark = pytest.mark.django_db
LIST = "/admin/grids/careplan/"


def signed_in(user):
    cast = Cast()
    cast.people["one"] = user
    return cast.client("one")


@standing
def worker(territory):
    return factories.make_staff("grid_worker", factories.BASE)


@standing
def plan(secretary, worker):
    return make_plan(by=secretary, worker=worker, contacts=[family("13800001234")])


@standing
def desk(secretary):
    return signed_in(secretary)


def url(plan, page, *args):
    return reverse(f"admin:grids_careplan_{page}", args=[plan.pk, *args])


# --- the desk -------------------------------------------------------------------------------------------------------------
def test_the_list_masks_and_filters(desk, plan, secretary, worker):
    late = make_plan(by=secretary, worker=worker, colour="red", due_on=days_ago(2))
    page = desk.get(LIST).content.decode()
    assert "李**" in page and "李桂兰" not in page and plan.resident.phone not in page
    for query, found in (
        ("state=overdue", {late}),
        ("state=today", set()),
        ("state=ended", set()),
        ("colour=yellow", {plan}),
        (f"carer={worker.pk}", {plan, late}),
        (f"place={factories.BASE}", {plan, late}),
        (f"q={plan.resident.household.room}", {plan}),
        ("q=李桂兰", set()),
    ):
        assert set(desk.get(f"{LIST}?{query}").context["cl"].queryset) == found, query
    cards = {card.label: card for card in desk.get("/admin/").context["cards"]}
    assert (cards["探视已逾期"].count, cards["探视没有责任人"].count) == ("1", "0")


def test_the_list_asks_as_many_questions_for_twenty_as_for_one(desk, plan, secretary, worker):
    desk.get(LIST)
    with CaptureQueriesContext(
        connection,
    ) as one:
        desk.get(LIST)
    for _ in range(19):
        make_plan(by=secretary, worker=worker, contacts=[family()])
    with CaptureQueriesContext(connection) as twenty:
        assert len(desk.get(LIST).context["cl"].result_list) == 20
    assert len(twenty) == len(one)


def test_the_page_masks_until_somebody_says_why(desk, plan):
    page = desk.get(url(plan, "change")).content.decode()
    assert "李桂兰" not in page and "13800001234" not in page and "138 **** 1234" in page
    contact = plan.contacts.get()
    for what, value in (
        ("name", "李桂兰"),
        ("phone", plan.resident.phone),
        (f"phone-{contact.pk}", "13800001234"),
        (f"name-{contact.pk}", "王小丽"),
    ):
        address = url(plan, "look", what)
        assert value not in desk.get(address).content.decode()
        assert value not in desk.post(address, {"reason": "想"}).content.decode()
        assert value in desk.post(address, {"reason": "家人来电核对"}).content.decode()
    assert AccessEvent.objects.filter(kind="reveal").count() == 4
    other = make_plan(contacts=[family("13900001234")])
    for what in (f"phone-{other.contacts.get().pk}", "purpose", "name-x", "name-99999999999999999999"):
        assert desk.post(url(plan, "look", what), {"reason": "家人来电核对"}).status_code == 404


def test_its_own_worker_reads_it_in_clear(plan, worker):
    page = signed_in(worker).get(url(plan, "change")).content.decode()
    assert "李桂兰" in page and "13800001234" in page


def test_another_communitys_people_find_nothing(plan):
    bound, _ = make_device(plan)
    contact = plan.contacts.get()
    addresses = [
        *(
            url(plan, page)
            for page in ("change", "mend", "colour", "renew", "carers", "contact", "device", "end")
        ),
        url(plan, "look", "name"),
        url(plan, "look", f"phone-{contact.pk}"),
        url(plan, "drop", contact.pk),
        url(plan, "key", bound.pk),
        url(plan, "off", bound.pk),
        reverse("care_plan", args=[plan.pk]),
        reverse("reveal", args=["grids", "carecontact", contact.pk, "phone"]),
    ]
    for person in (
        factories.make_staff("community_secretary", factories.NEIGHBOUR),
        factories.make_staff("grid_worker", factories.NEIGHBOUR_BASE),
        factories.make_staff("street_officer", factories.STREET),
        factories.make_staff("street_head", factories.STREET),
        factories.make_staff("seat_operator", factories.DISTRICT),
        factories.make_staff("auditor", factories.DISTRICT),
        factories.make_user(),
    ):
        client = signed_in(person)
        for address in addresses:
            for answer in (
                client.get(address),
                client.post(address, {"reason": "家人来电核对", "sure": "1"}),
            ):
                assert answer.status_code in (302, 404, 405), (person, address)
                assert "李" not in answer.content.decode() and "13800001234" not in answer.content.decode()
        assert not CarePlan.objects.restrict(person).exists()
    assert (CareContact.objects.count(), bound.is_bound) == (1, True)


def test_a_plan_is_made_in_two_steps_with_its_people(desk, worker, secretary):
    resident = make_resident(name="周淑芬")
    found = desk.get(f"{LIST}add/?q={resident.household.room}").content.decode()
    assert "周淑芬" in found and f"?resident={resident.pk}" in found
    address = f"{LIST}add/?resident={resident.pk}"
    assert "家人和邻居" in desk.get(address).content.decode()
    today = timezone.localdate()
    typed = {
        "colour": "red", "purpose": "独自在家，约好每天看", "carers": [worker.pk], "items": ["精神状态"], "others": "花浇了没有，猫",
        "consent": "person", "consent_by": "", "consent_on": today.isoformat(), "until": (today + timedelta(days=90)).isoformat(),
        "contact-TOTAL_FORMS": 3, "contact-INITIAL_FORMS": 0, "contact-0-kind": "family", "contact-0-name": "王小丽",
        "contact-0-phone": "138 0000 1234", "contact-0-relation": "女儿",
        **{f"contact-{n}-kind": "family" for n in (1, 2)},
    }  # fmt: skip
    wrong = desk.post(address, {**typed, "consent": "guardian", "contact-0-phone": "12"})
    page = wrong.content.decode()
    assert wrong.status_code == 200 and "监护人姓名" in page and "请填写 11 位手机号码" in page
    assert "独自在家，约好每天看" in page and "王小丽" in page and not CarePlan.objects.exists()
    answer = desk.post(address, typed)
    plan = CarePlan.objects.get()
    assert answer.headers["Location"] == url(plan, "change")
    assert (plan.every, plan.items, plan.contacts.get().phone) == (
        1,
        ["精神状态", "花浇了没有", "猫"],
        "13800001234",
    )
    assert "已有计划" in desk.get(f"{LIST}add/?q={resident.household.room}").content.decode()
    again = desk.post(address, typed)
    assert "已经有进行中的探视计划" in again.content.decode() and CarePlan.objects.count() == 1


@pytest.mark.parametrize("key", ["x", "0", "99999999999999999999", "1\x00", "-1"])
def test_a_plan_for_nobody_is_not_found(desk, key):
    assert desk.get(f"{LIST}add/", {"resident": key}).status_code == 404


def test_a_resident_of_another_community_is_not_found(desk):
    far = make_resident(factories.NEIGHBOUR_BASE, name="周淑芬")
    assert desk.get(f"{LIST}add/", {"resident": far.pk}).status_code == 404
    assert "周" not in desk.get(f"{LIST}add/", {"q": far.household.room}).content.decode().replace("周一", "")


def test_the_verbs_of_the_page(desk, plan, worker, secretary):
    today = timezone.localdate()
    assert "请选择颜色" in desk.post(url(plan, "colour"), {"reason": "家人托付"}).content.decode()
    assert desk.post(url(plan, "colour"), {"colour": "red", "reason": "家人托付"}).status_code == 302
    until = (today + timedelta(days=300)).isoformat()
    given = {"consent": "person", "consent_on": today.isoformat(), "until": until}
    assert desk.post(url(plan, "renew"), given).status_code == 302
    assert desk.post(url(plan, "carers"), {"carers": [secretary.pk]}).status_code == 302
    assert (
        desk.post(url(plan, "mend"), {"purpose": "换个说法", "items": ["水电气"], "others": ""}).status_code
        == 302
    )
    neighbour = {"kind": "neighbour", "name": "赵大妈", "phone": "13700001234", "relation": "对门"}
    assert desk.post(url(plan, "contact"), neighbour).status_code == 302
    assert "已经登记过" in desk.post(url(plan, "contact"), neighbour).content.decode()
    gone = plan.contacts.get(kind="family")
    assert desk.post(url(plan, "drop", gone.pk), {"sure": "1"}).status_code == 302
    bound = desk.post(
        url(plan, "device"), {"serial": "A-1", "spot": "床头", "consent": "person", "consent_on": today}
    )
    key = bound.context["value"]
    assert len(key) > 30 and key not in desk.get(url(plan, "change")).content.decode()
    device = plan.devices.get()
    assert desk.post(url(plan, "key", device.pk), {"sure": "1"}).context["value"] != key
    assert desk.post(url(plan, "off", device.pk), {"sure": "1"}).status_code == 302
    assert desk.post(url(plan, "end"), {"reason": ""}).status_code == 200
    assert desk.post(url(plan, "end"), {"reason": "不再需要"}).status_code == 302
    plan.refresh_from_db()
    assert (plan.colour, plan.purpose, plan.items, plan.ending) == ("red", "换个说法", ["水电气"], "不再需要")
    assert [each.user for each in plan.carers.filter(until=None)] == [secretary]
    page = desk.get(url(plan, "change")).content.decode()
    for words in ("黄色 → 红色", "家人托付", "启用 A-1", "停用 A-1", "不再需要"):
        assert words in page
    for page in ("colour", "renew", "carers", "mend", "contact", "device", "end"):
        assert desk.get(url(plan, page)).status_code == 404


def test_the_export_is_masked_and_asks_why(desk, plan, worker):
    assert signed_in(worker).get(f"{LIST}export/").status_code == 404
    out = desk.post(f"{LIST}export/", {"reason": "月度核对"})
    sheet = load_workbook(io.BytesIO(out.content)).active
    cells = [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row]
    assert "李**" in cells and not {"李桂兰", plan.resident.phone, plan.resident.household.room} & set(cells)


# --- figures ----------------------------------------------------------------------------------------------------------------
def test_the_figures_count_due_days(secretary, worker):
    def fell(days, visited):
        made = make_plan(by=secretary, worker=worker, since=days_ago(40), due_on=days_ago(days))
        if visited is not None:
            at = timezone.now() - timedelta(days=visited)
            CareVisit.objects.create(
                plan=made,
                by=worker,
                way="door",
                outcome="well",
                visited_at=at,
                due_on=days_ago(days),
                token=f"t{made.pk}",
            )
            CarePlan.objects.filter(pk=made.pk).update(due_on=timezone.localdate() + timedelta(days=7))
        return made

    fell(5, 5)  # kept on the day
    fell(6, 9)  # before it
    fell(8, 3)  # late
    fell(4, None)  # still open
    fell(45, 45)  # too long ago
    ended = fell(7, None)
    CarePlan.objects.filter(pk=ended.pk).update(ended_on=days_ago(1), ending="不再需要")
    total, *_ = table(factories.make_staff("street_officer", factories.STREET), factories.STREET)
    assert (total.values["fell"], total.values["kept"], total.values["overdue"], total.values["plans"]) == (
        5,
        2,
        1,
        5,
    )
    assert total.rate == 40.0


def test_a_street_reads_numbers_and_opens_no_plan(plan):
    for role, code in (
        ("street_officer", factories.STREET),
        ("street_head", factories.STREET),
        ("district_head", factories.DISTRICT),
    ):
        client = signed_in(factories.make_staff(role, code))
        page = client.get(f"{LIST}figures/")
        assert page.status_code == 200 and page.context["rows"][0]["cells"][2]["value"] == 1
        text = page.content.decode()
        assert "李" not in text and plan.resident.household.room not in text
        assert client.get(LIST).status_code in (403, 404)
        below = client.get(f"{LIST}figures/?in={factories.COMMUNITY}")
        assert below.status_code == 200 and below.context["rows"][1]["cells"][2]["value"] == 1
        sheet = load_workbook(io.BytesIO(client.post(f"{LIST}figures/").content)).active
        assert "李" not in "".join(str(c) for row in sheet.iter_rows(values_only=True) for c in row)
    for query in ("x", "999999", factories.FAR, "1" * 40):
        client = signed_in(factories.make_staff("community_secretary", factories.COMMUNITY))
        assert client.get(f"{LIST}figures/", {"in": query}).context["here"] == f"?in={factories.COMMUNITY}"
    assert signed_in(factories.make_user()).get(f"{LIST}figures/").status_code in (302, 404)


def test_the_figures_ask_as_many_questions_for_many_as_for_one(plan, secretary, worker):
    officer = factories.make_staff("street_officer", factories.STREET)
    client = signed_in(officer)
    client.get(f"{LIST}figures/")
    with CaptureQueriesContext(connection) as one:
        client.get(f"{LIST}figures/")
    for _ in range(10):
        made = make_plan(factories.NEIGHBOUR_BASE)
        care.look_in(made, by=made.carers.get().user, token=f"t-{made.pk}-x", way="door", outcome="well")
    with CaptureQueriesContext(connection) as many:
        client.get(f"{LIST}figures/")
    assert len(many) == len(one)


# --- the phone --------------------------------------------------------------------------------------------------------------
def test_the_due_list_begins_with_the_longest_overdue(plan, secretary, worker):
    today = timezone.localdate()
    late = make_plan(by=secretary, worker=worker, due_on=days_ago(4))
    now = make_plan(by=secretary, worker=worker, due_on=today)
    make_plan(by=secretary)  # another worker's
    client = signed_in(worker)
    page = client.get(reverse("my_care"))
    assert list(page.context["rows"]) == [late, now]
    assert "李桂兰" in page.content.decode() and "逾期 4 天" in page.content.decode()
    assert list(client.get(reverse("my_care") + "?tab=later").context["rows"]) == [plan]
    for tab in ("", "?tab=x", "?page=99", "?page=x"):
        assert client.get(reverse("my_care") + tab).status_code == 200
    assert "no-store" in page.headers["Cache-Control"]


def test_the_due_list_asks_as_many_questions_for_twenty_as_for_one(secretary, worker):
    client = signed_in(worker)
    make_plan(by=secretary, worker=worker, due_on=days_ago(1))
    client.get(reverse("my_care"))
    with CaptureQueriesContext(connection) as one:
        client.get(reverse("my_care"))
    for _ in range(19):
        make_plan(by=secretary, worker=worker, due_on=days_ago(1))
    with CaptureQueriesContext(connection) as twenty:
        assert len(client.get(reverse("my_care")).context["rows"]) == 20
    assert len(twenty) == len(one)


def typed(**fields):
    return {
        "token": "a-token-of-a-phone",
        "captured_at": "",
        "outcome": "well",
        "way": "door",
        "items": ["精神状态"],
        "note": "",
        **fields,
    }


def test_a_look_in_on_the_phone(plan, worker):
    client, address = signed_in(worker), reverse("care_plan", args=[plan.pk])
    page = client.get(address).content.decode()
    assert (
        "李桂兰" in page and f'href="tel:{plan.resident.phone}"' in page and 'href="tel:13800001234"' in page
    )
    wrong = client.post(address, typed(outcome="needs", note=" "))
    assert wrong.status_code == 422 and "请写明需要什么" in wrong.content.decode()
    assert client.post(address, typed(outcome="x", way="", items=["别的"])).status_code == 422
    assert client.post(address, typed(note="a\x00b")).status_code == 422
    assert client.post(address, typed(token="")).status_code == 422
    assert client.post(address, typed(captured_at="2020-01-01T00:00:00Z")).status_code == 422
    assert not CareVisit.objects.exists()
    answer = client.post(address, typed(outcome="needs", note="灯坏了"))
    assert answer.headers["Location"] == f"{address}?found=1"
    found = client.get(answer.headers["Location"]).content.decode()
    assert "/incidents/new/?for=1" in found and "/orders/new/?for=1" in found and "灯坏了" in found
    assert client.post(address, typed(outcome="needs", note="灯坏了")).status_code == 302
    assert CareVisit.objects.get().note == "灯坏了"


def test_a_need_goes_on_with_its_door_and_its_words(plan, worker):
    client = signed_in(worker)
    care.look_in(plan, by=worker, token="a-need-of-a-visit", way="door", outcome="needs", note="灯坏了")
    found = client.get(f"{reverse('care_plan', args=[plan.pk])}?found=1").context["ways_on"]
    report, menu = (url for url, _ in found)
    visit, home = CareVisit.objects.get(), plan.resident.household
    assert report == f"{reverse('snapshot')}?for=1&look={visit.pk}"
    page = client.get(report)
    assert page.context["where"].entrance == home.entrance
    first = {name: page.context["form"][name].value() for name in ("description", "spot", "where")}
    assert first == {"description": "灯坏了", "spot": home.room, "where": f"door:{home.entrance.pk}"}
    minor = factories.make_minor()
    answer = client.post(report, first | {"token": "t1", "minor_class": minor.pk})
    incident = Incident.objects.get()
    assert answer.status_code == 302
    assert (incident.entrance, incident.spot) == (home.entrance, home.room)
    # The order, through the menu.
    item = factories.make_item()
    step = f"?item={item.code}&for=1&look={visit.pk}"
    assert step.replace("&", "&amp;") in client.get(menu).content.decode()
    page = client.get(f"{reverse('order_new')}{step}")
    form = page.context["form"]
    assert (form["description"].value(), form["address"].value()) == ("灯坏了", home.room)
    assert page.context["where"].entrance == home.entrance and page.context["noted"] == first["where"]
    # What she typed before she went to choose another place goes before.
    away = client.post(report, {"description": "别的", "change_place": "1"})
    assert away.status_code == 302
    page = client.get(report)
    assert page.context["form"]["description"].value() == "别的" and page.context["where"].entrance is None
    # Nobody else's begins with it, and no address that was made up breaks.
    for who, key in (
        (factories.make_staff("grid_worker", factories.BASE), visit.pk),
        (worker, "9" * 30),
        (worker, "x"),
    ):
        page = signed_in(who).get(f"{reverse('snapshot')}?for=1&look={key}")
        assert page.status_code == 200 and not page.context["form"]["description"].value()
    # Nor hers any more once she works elsewhere.
    appoint(worker, "grid_worker", factories.make_grid(f"{factories.COMMUNITY}002").code, by=None)
    dismiss(worker.posts.get(grid=factories.BASE), by=None)
    plan.carers.update(until=timezone.localdate())
    assert not client.get(report).context["form"]["description"].value()


def test_the_outbox_sends_once_and_only_the_writers_own(plan, worker):
    client, address = signed_in(worker), reverse("care_plan", args=[plan.pk])
    headers = {"Accept": "application/json", "X-Account": str(worker.pk), "X-Kept": "1"}
    for _ in range(2):
        answer = client.post(address, typed(), headers=headers)
        assert (answer.status_code, answer.json()["state"]) == (200, "done")
    assert CareVisit.objects.count() == 1
    refused = client.post(address, typed(token="another-token", outcome=""), headers=headers)
    assert (refused.status_code, refused.json()["state"]) == (422, "refused")
    other = client.post(address, typed(token="a-third-token"), headers={**headers, "X-Account": "1"})
    assert (other.status_code, other.json()["state"]) == (401, "signed_out")
    care.end_plan(plan, by=plan.by, reason="不再需要")
    assert client.post(address, typed(token="a-fourth-token"), headers=headers).status_code == 422


def test_a_neighbour_sees_what_she_needs_while_the_plan_runs(secretary, worker):
    friend = factories.make_user()
    plan = make_plan(
        by=secretary,
        worker=worker,
        due_on=days_ago(1),
        contacts=[neighbour(friend.phone), family("13800001234")],
    )
    care.look_in(plan, by=worker, token="by-the-worker", way="door", outcome="needs", note="药快吃完了")
    client, address = signed_in(friend), reverse("care_plan", args=[plan.pk])
    assert "上门探视" in client.get("/").content.decode()
    page = client.get(address).content.decode()
    assert plan.resident.phone in page and "13800001234" not in page and "药快吃完了" not in page
    assert client.get(reverse("admin:grids_careplan_change", args=[plan.pk])).status_code in (302, 404)
    assert client.post(address, typed(token="by-the-neighbour", way="neighbour")).status_code == 302
    sent = typed(token="a-need-of-hers", outcome="needs", note="想请人陪着去银行")
    assert "已经通知责任人去办" in client.post(address, sent, follow=True).content.decode()
    care.end_plan(plan, by=secretary, reason="不再需要")
    for each in (
        client.get(address),
        client.post(address, typed(token="too-late-now")),
        client.get(reverse("my_care")),
    ):
        assert each.status_code == 404
    assert "上门探视" not in client.get("/").content.decode()


def test_residents_see_nothing_of_it(plan):
    client = signed_in(factories.make_user())
    assert client.get(reverse("my_care")).status_code == 404
    assert client.get(reverse("care_plan", args=[plan.pk])).status_code == 404
    assert "上门探视" not in client.get("/").content.decode()
