"""The resident's pages: from the code at the door to a rated service, and all that can be typed wrong on the way."""

import re
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from governance import parameters, worktime
from governance.models import User
from governance.worktime import next_workday
from tests import factories
from tests.pictures import jpeg
from tests.standing import standing
from volunteers.flow import ORDERS
from volunteers.models import Order, OrderPhoto
from volunteers.models.orders import OrderStatus

pytestmark = pytest.mark.django_db


@standing
def door(territory):
    return factories.make_entrance()


@pytest.fixture
def item():
    return factories.make_item(code="haircut", name="上门理发")


@pytest.fixture
def resident(door, client):
    user = factories.make_user("李奶奶")
    client.force_login(user)
    client.get(reverse("entrance_scan", args=[door.token]))
    return user


def url(item, for_someone: bool = False) -> str:
    return f"{reverse('order_new')}?item={item.code}{'&for=1' if for_someone else ''}"


def filled(client, page: str, /, **changes) -> dict:
    """Return the form's own values as a browser would send them, with changes."""
    form = client.get(page).context["form"]
    data = {}
    for bound in form:
        value = bound.value()
        if bound.name == "photos" or value is None:
            continue
        data[bound.name] = value.isoformat() if isinstance(value, date) else value
    return data | changes


def errors(answer) -> dict:
    return answer.context["form"].errors


# --- placing ---------------------------------------------------------------------------------------------------------
def test_from_the_code_at_the_door_to_an_order_in_three_taps(client, resident, door, item):
    home = client.get(reverse("home"))
    assert str(door) in home.content.decode()
    assert url(item) in home.content.decode()  # the first tap: the dish is on the home page itself
    answer = client.post(
        url(item), filled(client, url(item))
    )  # the form comes filled in: the second tap sends it
    order = Order.objects.get()
    assert answer["Location"] == reverse("order", args=[order.number])
    assert (order.entrance, order.applicant, order.beneficiary_name) == (door, resident, "李奶奶")
    start = timezone.localtime(order.wanted_from)
    assert (start.date(), start.hour) == (next_workday(), 9)


def test_a_stranger_signs_in_before_anything_is_typed_and_comes_back_to_the_form(client, item):
    answer = client.get(url(item))
    assert answer["Location"] == f"{reverse('phone_login')}?next=/orders/new/%3Fitem%3D{item.code}"


def test_what_was_typed_survives_a_session_that_ended(client, resident, item):
    data = filled(client, url(item), description="请带推子", address="301 室")
    place = dict(client.session)
    client.logout()
    assert client.post(url(item), data).status_code == 302
    # Signing in keeps the session of someone who was nobody.
    client.force_login(resident)
    session = client.session
    session["entrance"] = place["entrance"]
    session.save()
    page = client.get(url(item)).content.decode()
    assert "请带推子" in page and "301 室" in page
    assert not Order.objects.exists()


def test_what_was_typed_survives_choosing_another_place(client, resident, item):
    data = filled(client, url(item), description="请带推子", wanted_day="2026-13-45", change_place="1")
    answer = client.post(url(item), data)
    assert answer["Location"].startswith(reverse("choose_place"))
    other = factories.make_entrance()
    back = client.post(reverse("choose_place"), {"entrance": other.pk, "next": url(item)})
    assert back["Location"] == url(item)
    page = client.get(url(item))
    assert "请带推子" in page.content.decode() and str(other) in page.content.decode()


def test_a_draft_comes_back_in_its_own_form_only_and_says_so(client, door, item):
    other = factories.make_item(code="cleaning", name="居室清洁")
    client.force_login(factories.make_staff("grid_worker", factories.BASE))
    address = url(item, for_someone=True)
    data = filled(client, address, applicant_name="王大爷", applicant_phone="13800001234", change_place="1")
    client.post(address, data)
    for elsewhere in (url(item), url(other), url(other, for_someone=True)):
        page = client.get(elsewhere).content.decode()
        assert "王大爷" not in page and "13800001234" not in page and "已恢复" not in page
    page = client.get(address).content.decode()
    assert "王大爷" in page and page.count("已恢复您上次没填完的内容") == 1
    assert "王大爷" not in client.get(address).content.decode()


def test_the_wanted_time_is_as_long_as_the_service_usually_takes(client, resident, item):
    for minutes, until in ((60, "10:00"), (45, "10:00"), (120, "11:00"), (480, "17:00")):
        type(item).objects.filter(pk=item.pk).update(usual_minutes=minutes)
        form = client.get(url(item)).context["form"]
        assert (form["wanted_from"].value(), form["wanted_until"].value()) == ("09:00", until)


def test_broken_pictures_are_named_with_the_other_mistakes_and_good_ones_asked_for_again(
    client, resident, item
):
    wrong = SimpleUploadedFile("照片.jpg", b"no picture", "image/jpeg")
    answer = client.post(url(item), filled(client, url(item), wanted_day=YESTERDAY, photos=[wrong]))
    assert set(errors(answer)) == {"wanted_day", "photos"} and "照片.jpg" in errors(answer)["photos"][0]
    good = SimpleUploadedFile("a.jpg", jpeg(), "image/jpeg")
    answer = client.post(url(item), filled(client, url(item), wanted_day=YESTERDAY, photos=[good]))
    assert set(errors(answer)) == {"wanted_day"}
    page = answer.content.decode()
    assert "已填的文字都在" in page and '<a href="#id_photos">照片要重新选择</a>' in page
    page = client.post(url(item), filled(client, url(item), wanted_day=YESTERDAY)).content.decode()
    assert "已填的内容都在" in page and "照片要重新选择" not in page


def test_sending_twice_makes_one_order(client, resident, item):
    data = filled(client, url(item))
    first = client.post(url(item), data)
    again = client.post(url(item), data)
    assert first["Location"] == again["Location"]
    assert Order.objects.count() == 1


def test_an_order_for_someone_else_asks_for_name_and_phone(client, resident, item):
    answer = client.post(url(item), filled(client, url(item), for_whom="other"))
    assert set(errors(answer)) == {"beneficiary_name", "beneficiary_phone"}
    mother = factories.make_user("王奶奶")
    data = filled(
        client, url(item), for_whom="other", beneficiary_name="王奶奶", beneficiary_phone=mother.phone
    )
    client.post(url(item), data)
    order = Order.objects.get()
    assert (order.applicant, order.beneficiary) == (resident, mother)


def test_the_first_order_asks_for_the_name_and_keeps_it(client, door, item):
    user = factories.make_user()
    User.objects.filter(pk=user.pk).update(name="")
    client.force_login(User.objects.get(pk=user.pk))
    client.get(reverse("entrance_scan", args=[door.token]))
    assert "my_name" in errors(client.post(url(item), filled(client, url(item))))
    client.post(url(item), filled(client, url(item), my_name="周先生"))
    assert User.objects.get(pk=user.pk).name == "周先生"
    assert Order.objects.get().applicant_name == "周先生"


def test_photos_are_kept_with_the_order_or_nothing_is(client, resident, item):
    wrong = SimpleUploadedFile("照片.jpg", b"<script>alert(1)</script>", "image/jpeg")
    answer = client.post(url(item), filled(client, url(item), description="看看照片", photos=[wrong]))
    assert "不是可用的照片" in errors(answer)["photos"][0]
    assert "看看照片" in answer.content.decode()
    assert not Order.objects.exists()
    good = [SimpleUploadedFile(f"{n}.jpg", jpeg(), "image/jpeg") for n in range(5)]
    assert "最多 4 张" in errors(client.post(url(item), filled(client, url(item), photos=good)))["photos"][0]
    good = [SimpleUploadedFile(f"{n}.jpg", jpeg(), "image/jpeg") for n in range(2)]
    client.post(url(item), filled(client, url(item), photos=good))
    assert OrderPhoto.objects.count() == 2


def test_without_a_place_the_form_says_so_and_loses_nothing(client, territory, item):
    client.force_login(factories.make_user("李奶奶"))
    answer = client.post(url(item), filled(client, url(item), description="请带推子"))
    assert "请先选择地址" in answer.content.decode() and "请带推子" in answer.content.decode()


YESTERDAY = (timezone.localdate() - timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("wanted_day", YESTERDAY),
        ("wanted_day", "0001-01-01"),
        ("wanted_day", "9999-12-31"),
        ("wanted_day", "明天"),
        ("wanted_day", "2026-02-30"),
        ("wanted_day", "\0"),
        ("wanted_until", "08:00"),
        ("wanted_until", "25:00"),
        ("wanted_from", "'; DROP TABLE volunteers_order; --"),
        ("places", "0"),
        ("places", "-3"),
        ("places", "9" * 40),
        ("places", "两个"),
        ("places", ""),
        ("description", "好" * 2001),
        ("description", "x" * 1_000_000),
        ("description", "坏\0字"),
        ("address", "a" * 101),
        ("address", "\0"),
        ("for_whom", "别人"),
        ("token", "t" * 5000),
    ],
)
def test_what_cannot_be_is_said_at_its_field(client, resident, item, field, value):
    answer = client.post(url(item), filled(client, url(item), **{field: value}))
    assert answer.status_code == 200
    found = errors(answer)
    assert set(found) & {field, "wanted_day", "wanted_until"}
    assert not re.search(r"[A-Za-z]{4,}", "".join(m for each in found.values() for m in each))
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "😀👵🏻❤️", "\u202eمرحبا", "' OR 1=1 --", "{{ 7*7 }}"]
)
def test_strange_words_are_words(client, resident, item, text):
    client.post(url(item), filled(client, url(item), description=text))
    order = Order.objects.get()
    assert order.description == text
    page = client.get(order.get_absolute_url()).content.decode()
    assert "<script>alert" not in page


@pytest.mark.parametrize("code", ["nothing", "%00", "../../etc", "a" * 300, "%F0%9F%98%80"])
def test_an_item_that_is_not_on_the_menu_leads_back_to_it(client, resident, code):
    assert client.get(f"{reverse('order_new')}?item={code}")["Location"] == reverse("order_new")


# --- a grid worker's order ---------------------------------------------------------------------------------------------
def test_a_grid_worker_orders_for_a_resident_in_her_grid(client, door, item):
    worker = factories.make_staff("grid_worker", factories.BASE)
    client.force_login(worker)
    address = url(item, for_someone=True)
    data = filled(client, address, applicant_name="王大爷", applicant_phone="138 0000 1234")
    client.post(address, data)
    order = Order.objects.get()
    assert (order.placed_by, order.applicant, order.channel) == (worker, None, "worker")
    assert (order.applicant_phone, order.beneficiary_name) == ("13800001234", "王大爷")


def test_but_not_elsewhere_and_others_have_no_such_page(client, resident, item):
    assert client.get(f"{reverse('order_new')}?for=1").status_code == 404
    assert client.post(url(item, for_someone=True), {}).status_code == 404
    client.force_login(factories.make_staff("grid_worker", factories.NEIGHBOUR_BASE))
    client.post(reverse("choose_place"), {"grid": factories.BASE})
    address = url(item, for_someone=True)
    data = filled(client, address, applicant_name="王大爷", applicant_phone="13800001234")
    answer = client.post(address, data)
    assert "不在您的网格内" in answer.content.decode() and "王大爷" in answer.content.decode()
    assert not Order.objects.exists()


def test_the_resident_finds_the_order_that_was_placed_for_her(client, door, item):
    resident = factories.make_user("王大爷")
    client.force_login(factories.make_staff("grid_worker", factories.BASE))
    address = url(item, for_someone=True)
    client.post(address, filled(client, address, applicant_name="王大爷", applicant_phone=resident.phone))
    client.force_login(resident)
    order = Order.objects.get()
    assert order.applicant == resident
    assert order.number in client.get(reverse("my_matters")).content.decode()


# --- the order's page ----------------------------------------------------------------------------------------------------
def test_out_of_reach_does_not_exist(client, resident, secretary):
    order = factories.make_order()
    for name, arguments in (
        ("order", [order.number]),
        ("order_action", [order.number, "cancel"]),
        ("order_action", [order.number, "open_claims"]),
        ("showcase_new", [order.number]),
    ):
        assert client.get(reverse(name, args=arguments)).status_code == 404
        assert client.post(reverse(name, args=arguments), {"version": 1}).status_code in (404, 405)
    order.refresh_from_db()
    assert order.status == OrderStatus.PLACED


def test_what_is_not_hers_to_do_is_not_there_and_the_rest_waits_for_its_time(client, resident):
    order = factories.make_order(by=resident)
    for action in ("open_claims", "assign_people", "nothing", "widen", "check_in"):
        assert client.get(reverse("order_action", args=[order.number, action])).status_code == 404
        assert (
            client.post(reverse("order_action", args=[order.number, action]), {"version": 1}).status_code
            == 404
        )
    answer = client.get(reverse("order_action", args=[order.number, "rate"]), follow=True)
    assert "现在不能办理“评价”" in answer.content.decode()


@pytest.mark.parametrize("number", ["DD-1", "DD-120106001002-20261122-0001%00", "X" * 400, "DD-%F0%9F%98%80"])
def test_a_number_that_is_none_is_a_missing_page(client, resident, number):
    assert client.get(f"/orders/{number}/").status_code == 404


def test_only_both_sides_see_names_and_phones_and_only_meanwhile(client, secretary, door):
    resident = factories.make_user("李奶奶", phone="13911112222")
    start = timezone.now() - timedelta(minutes=10)
    order = factories.make_order(by=resident, entrance=door, address="301 室", wanted_from=start)
    order = factories.open_order(order, by=secretary)
    volunteer = factories.make_volunteer(approved_by=secretary)

    def page(user) -> str:
        client.force_login(user)
        return client.get(order.get_absolute_url()).content.decode()

    before = page(volunteer.applicant)
    assert "301 室" not in before and "2222" not in before and "李奶奶" not in before and "李*" not in before
    ORDERS.run(order, "claim", by=volunteer.applicant)
    during = page(volunteer.applicant)
    assert "301 室" in during and "13911112222" in during
    assert volunteer.applicant_phone in page(resident)
    ORDERS.run(order, "check_in", by=volunteer.applicant, code=order.code)
    ORDERS.run(order, "check_out", by=volunteer.applicant, code=order.code)
    after = page(volunteer.applicant)
    assert "301 室" not in after and "13911112222" not in after
    assert volunteer.applicant_phone not in page(resident)
    assert volunteer.applicant_name not in page(resident)


def test_the_check_in_code_is_for_the_one_who_is_served(client, secretary, resident):
    order = factories.open_order(factories.make_order(by=resident), by=secretary)
    volunteer = factories.make_volunteer(approved_by=secretary)
    order = ORDERS.run(order, "claim", by=volunteer.applicant)
    assert order.code in client.get(order.get_absolute_url()).content.decode()
    client.force_login(volunteer.applicant)
    assert f">{order.code}<" not in client.get(order.get_absolute_url()).content.decode()


def test_a_deadline_in_a_year_without_a_holiday_arrangement_says_so(client, resident):
    order = factories.make_order(by=resident)
    assert "放假安排还没有公布" not in client.get(order.get_absolute_url()).content.decode()
    later = timezone.make_aware(timezone.datetime(2031, 3, 3, 9))
    assert worktime.is_estimate(later.date())
    Order.objects.filter(pk=order.pk).update(due_at=later)
    assert "2031 年的放假安排还没有公布" in client.get(order.get_absolute_url()).content.decode()


def test_a_stale_form_shows_what_changed_and_keeps_what_was_typed(client, resident, secretary):
    order = factories.make_order(by=resident)
    address = reverse("order_action", args=[order.number, "cancel"])
    seen = order.version
    factories.open_order(order, by=secretary)
    answer = client.post(address, {"version": seen, "note": "家里来人了"})
    page = answer.content.decode()
    assert "有了新进展" in page and "开放接单" in page and "家里来人了" in page
    order.refresh_from_db()
    assert order.status == OrderStatus.OPEN
    again = client.post(address, {"version": answer.context["form"]["version"].value(), "note": "家里来人了"})
    assert again["Location"] == order.get_absolute_url()
    order.refresh_from_db()
    assert order.status == OrderStatus.CANCELLED


@pytest.mark.parametrize("version", ["", "abc", "-1", "9" * 30, "1\0"])
def test_a_version_that_is_none_asks_to_open_the_page_again(client, resident, version):
    order = factories.make_order(by=resident)
    answer = client.post(
        reverse("order_action", args=[order.number, "cancel"]), {"version": version, "note": "不用了"}
    )
    assert "页面已过期" in answer.content.decode()
    order.refresh_from_db()
    assert order.status == OrderStatus.PLACED


def test_amending_changes_the_order_and_checks_as_placing_does(client, resident):
    order = factories.make_order(by=resident)
    address = reverse("order_action", args=[order.number, "amend"])
    data = filled(client, address, description="改成下午", wanted_from="14:00", wanted_until="16:00")
    bad = client.post(address, data | {"beneficiary_phone": "123", "wanted_day": YESTERDAY})
    assert {"beneficiary_phone", "wanted_day"} <= set(errors(bad)) and "改成下午" in bad.content.decode()
    client.post(address, data)
    order.refresh_from_db()
    assert order.description == "改成下午" and timezone.localtime(order.wanted_from).hour == 14


def test_confirming_rating_and_complaining(client, resident, secretary):
    start = timezone.now() - timedelta(minutes=10)
    order = factories.open_order(factories.make_order(by=resident, wanted_from=start), by=secretary)
    volunteer = factories.make_volunteer(approved_by=secretary)
    for action in ("claim", "check_in", "check_out"):
        order = ORDERS.run(order, action, by=volunteer.applicant, code=order.code)

    def act(action: str, **data):
        order.refresh_from_db()
        return client.post(
            reverse("order_action", args=[order.number, action]), {"version": order.version, **data}
        )

    assert act("confirm")["Location"] == order.get_absolute_url()
    assert "stars" in errors(act("rate", note="好"))
    assert "stars" in errors(act("rate", stars="6"))
    assert "note" in errors(act("rate", stars="5", note="好" * 501))
    act("rate", stars="5", note="谢谢")
    assert errors(act("complain"))["note"] == ["请填写投诉的内容。"]
    page = client.get(reverse("order_action", args=[order.number, "complain"])).content.decode()
    assert "投诉的内容" in page and "不给志愿者看" in page and "理由" not in page
    act("complain", note="来晚了")
    order.refresh_from_db()
    assert (order.rating, order.rating_words, order.complaint_open) == (5, "谢谢", True)


def test_a_complaint_is_answered_with_its_words_above(client, resident, secretary):
    order = factories.open_order(factories.make_order(by=resident), by=secretary)
    order = ORDERS.run(order, "claim", by=factories.make_volunteer(approved_by=secretary).applicant)
    order = ORDERS.run(order, "complain", by=resident, note="电话<没人>接")
    client.force_login(secretary)
    for address in (
        reverse("order_action", args=[order.number, "answer_complaint"]),
        reverse("admin:volunteers_order_do", args=[order.pk, "answer_complaint"]),
    ):
        page = client.get(address).content.decode()
        assert page.index("电话&lt;没人&gt;接") < page.index("答复的内容") < page.index("点单人会看到")
        assert "答复投诉的理由" not in page
        # Typed into the page, a complaint changes nothing: it is there to be read.
        refused = client.post(address, {"version": order.version, "complaint": "没有的事"})
        assert "请填写答复的内容。" in refused.content.decode() and "没有的事" not in refused.content.decode()
    client.post(address, {"version": order.version, "note": "已和志愿者联系"})
    order.refresh_from_db()
    assert not order.complaint_open
    client.force_login(resident)
    assert "已和志愿者联系" in client.get(order.get_absolute_url()).content.decode()


def test_the_pages_ask_the_database_as_often_for_fifteen_as_for_one(client, resident, secretary):
    parameters.change("orders.open_limit", 50)
    item = factories.make_item()

    def place() -> Order:
        order = factories.make_order(by=resident, item=item, entrance=factories.make_entrance())
        return ORDERS.run(order, "return_back", by=secretary, note="请写清楚")

    def count(address: str) -> int:
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    order = place()
    addresses = [reverse("my_matters"), reverse("notices"), reverse("home"), order.get_absolute_url()]
    before = [count(each) for each in addresses]
    for _ in range(14):
        place()
    assert [count(each) for each in addresses] == before
