"""The order desk, through its pages: dispatching, refusing, stale forms, many at once, placing for someone, the Excel table,
looks at masked columns and why someone can see an order."""

import io
from datetime import timedelta

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from governance import parameters
from governance.exports import safe
from governance.models import AccessEvent, TextMessage
from tests import factories
from volunteers.flow import ORDERS
from volunteers.models import Order
from volunteers.models.orders import OrderStatus as S

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def desk(client, secretary):
    client.force_login(secretary, backend=BACKEND)
    return secretary


def url(name: str, *args) -> str:
    return reverse(f"admin:volunteers_order_{name}", args=args)


def act(client, order: Order, action: str, **given):
    return client.post(url("do", order.pk, action), {"version": order.version, **given})


def test_the_page_shows_what_may_be_done_next_and_nothing_else(client, desk):
    order = factories.make_order()
    text = client.get(url("change", order.pk)).content.decode()
    for label in ("开放接单", "派给志愿者", "派给服务队", "退回补充", "不予受理"):
        assert label in text
    assert url("do", order.pk, "check_in") not in text and "超期上报" not in text
    assert order.number in text and "点单" in text


def test_a_reader_gets_no_buttons_and_masked_contacts(client, desk):
    order = factories.make_order(beneficiary_name="李桂兰", beneficiary_phone="13912345678")
    client.force_login(factories.make_staff("district_head", factories.DISTRICT), backend=BACKEND)
    text = client.get(url("change", order.pk)).content.decode()
    assert "李桂兰" not in text and "13912345678" not in text and "139 **** 5678" in text
    assert url("do", order.pk, "open_claims") not in text
    assert act(client, order, "open_claims").status_code == 404
    order.refresh_from_db()
    assert order.status == S.PLACED


def test_one_click_opens_an_order_to_claims(client, desk):
    order = factories.make_order()
    assert act(client, order, "open_claims").status_code == 302
    assert act(client, order, "open_claims").status_code == 302  # the second half of a double click
    order.refresh_from_db()
    assert (order.status, order.version) == (S.OPEN, 2)


def test_people_are_assigned_from_the_suggestions_with_their_reasons(client, desk):
    volunteer = factories.make_volunteer(approved_by=desk)
    order = factories.make_order()
    text = client.get(url("do", order.pk, "assign_people")).content.decode()
    assert volunteer.applicant_name in text and "同网格" in text
    answer = act(client, order, "assign_people", volunteers=[volunteer.pk])
    assert answer.status_code == 302
    order.refresh_from_db()
    assert order.status == S.ASSIGNED and order.claims.get().volunteer == volunteer
    assert volunteer.applicant_name in client.get(url("change", order.pk)).content.decode()


def test_the_timeline_names_whom_the_panel_names(client, desk):
    volunteer = factories.make_volunteer(approved_by=desk)
    volunteer.applicant.name = "欧阳新"
    volunteer.applicant.save()
    order = factories.open_order(factories.make_order(), by=desk)
    ORDERS.run(order, "claim", by=volunteer.applicant)
    actors = [step.actor for step in client.get(url("change", order.pk)).context["steps"]]
    assert "欧阳新" in actors
    client.force_login(factories.make_staff("district_head", factories.DISTRICT), backend=BACKEND)
    actors = [step.actor for step in client.get(url("change", order.pk)).context["steps"]]
    assert "欧**" in actors and "欧阳新" not in actors


def test_the_way_back_to_the_order_stands_above_its_pages(client, desk):
    order = factories.make_order()
    for page in (url("why", order.pk), url("do", order.pk, "assign_people")):
        assert f'href="{url("change", order.pk)}" class=' in client.get(page).content.decode()


def test_a_reason_is_asked_for_at_its_field_and_typed_words_stay(client, desk):
    order = factories.make_order()
    answer = act(client, order, "reject", note="   ")
    assert answer.status_code == 200 and "note" in answer.context["form"].errors
    answer = act(client, order, "reject", note="理" * 1500)
    assert answer.status_code == 200 and "理" * 1500 in answer.content.decode()
    order.refresh_from_db()
    assert order.status == S.PLACED


def test_a_stale_form_shows_what_happened_and_keeps_the_words(client, desk):
    order = factories.make_order()
    worker = factories.make_staff("community_worker", factories.COMMUNITY)
    ORDERS.run(order, "pause", by=worker, note="居民外出")
    answer = act(client, order, "reject", note="请拨打 120")
    text = answer.content.decode()
    assert answer.status_code == 200 and "暂停计时" in text and "居民外出" in text and "请拨打 120" in text
    assert f'value="{order.version + 1}"' in text
    order.refresh_from_db()
    assert order.status == S.PLACED
    answer = act(client, order, "reject", note="请拨打 120")
    order.refresh_from_db()
    assert answer.status_code == 302 and order.status == S.REJECTED


@pytest.mark.parametrize("action", ["no_such", "widen", "escalate", "claim", "rate"])
def test_actions_that_are_not_hers_do_not_exist(client, desk, action):
    order = factories.open_order(factories.make_order(), by=desk)
    assert act(client, order, action, stars=5).status_code == 404
    assert client.get(url("do", order.pk, action)).status_code == 404


@pytest.mark.parametrize("version", ["", "abc", "-1", "9" * 30, "1\x00"])
def test_a_broken_version_is_refused_in_words(client, desk, version):
    order = factories.make_order()
    answer = client.post(url("do", order.pk, "reject"), {"version": version, "note": "不行"})
    assert answer.status_code == 200
    order.refresh_from_db()
    assert order.status == S.PLACED


# --- many at once --------------------------------------------------------------------------------------------------------
def test_many_orders_are_opened_at_once_and_each_is_reported(client, desk):
    good, moved, done, elsewhere = (
        factories.make_order(), factories.make_order(), factories.make_order(), factories.make_order(factories.FAR_BASE),
    )  # fmt: skip
    ticked = {
        "action": "bulk_open_claims",
        "_selected_action": [good.pk, moved.pk, done.pk, elsewhere.pk],
        "index": 0,
    }
    answer = client.post(url("changelist"), ticked)
    assert answer.status_code == 200
    bound = [f"{row.pk}:{row.version}" for row in answer.context["rows"]]
    assert sorted(bound) == sorted(f"{each.pk}:1" for each in (good, moved, done))

    worker = factories.make_staff("community_worker", factories.COMMUNITY)
    ORDERS.run(moved, "pause", by=worker, note="居民外出")
    ORDERS.run(done, "open_claims", by=desk, version=1)
    given = {"version": 1, "row": [*bound, f"{elsewhere.pk}:1", "垃圾", "1:2:3", "\x00:1"]}
    answer = client.post(url("bulk", "open_claims"), given)
    assert answer.status_code == 200
    outcome = {each.number: each.kind for each in answer.context["outcomes"]}
    assert outcome == {
        good.number: "done",
        moved.number: "skipped",
        done.number: "skipped",
        str(elsewhere.pk): "refused",
    }
    for order, status in ((good, S.OPEN), (moved, S.PLACED), (done, S.OPEN), (elsewhere, S.PLACED)):
        order.refresh_from_db()
        assert order.status == status
    assert "居民外出" not in answer.content.decode() and "暂停计时" in answer.content.decode()


def test_one_refusal_undoes_nothing_else(client, desk):
    past, good = factories.make_order(), factories.make_order()
    gone = timezone.now() - timedelta(hours=5)
    Order.objects.filter(pk=past.pk).update(wanted_from=gone, wanted_until=gone + timedelta(hours=1))
    answer = client.post(url("bulk", "open_claims"), {"version": 1, "row": [f"{past.pk}:1", f"{good.pk}:1"]})
    outcome = {each.number: each for each in answer.context["outcomes"]}
    assert outcome[past.number].kind == "refused" and "已经过去" in outcome[past.number].words
    assert outcome[good.number].kind == "done"


def test_a_team_is_given_many_orders(client, desk):
    team, orders = factories.make_team(), [factories.make_order() for _ in range(3)]
    rows = [f"{order.pk}:1" for order in orders]
    answer = client.post(url("bulk", "assign_team"), {"version": 1, "row": rows})
    assert answer.status_code == 200 and answer.context["form"].errors["team"]
    answer = client.post(url("bulk", "assign_team"), {"version": 1, "row": rows, "team": team.pk})
    assert answer.context["counts"]["done"] == 3
    assert set(Order.objects.values_list("unit", flat=True)) == {team.unit_id}


def test_bulk_actions_are_for_who_may_and_for_two_hundred_at_most(client, desk):
    order = factories.make_order()
    answer = client.post(url("bulk", "open_claims"), {"row": [f"{n}:1" for n in range(300)], "version": 1})
    assert answer.status_code == 302
    for name in ("reject", "no_such"):
        assert client.post(url("bulk", name), {"row": [f"{order.pk}:1"]}).status_code == 404
    client.force_login(factories.make_staff("district_head", factories.DISTRICT), backend=BACKEND)
    assert (
        client.post(url("bulk", "open_claims"), {"row": [f"{order.pk}:1"], "version": 1}).status_code == 404
    )
    assert (
        not client.get(url("changelist"))
        .context["cl"]
        .model_admin.get_actions(client.get(url("changelist")).wsgi_request)
    )


# --- finding -------------------------------------------------------------------------------------------------------------
def found(client, **query) -> set[str]:
    answer = client.get(url("changelist"), query)
    assert answer.status_code == 200
    return {order.number for order in answer.context["cl"].result_list}


def test_orders_are_found_by_number_name_word_and_phone(client, desk):
    order = factories.make_order(
        description="水龙头漏水",
        beneficiary_name="欧阳淑珍",
        applicant_name="李小明",
        applicant_phone="13912345678",
    )
    other = factories.make_order()
    for text in (order.number, "漏水", "欧阳淑珍", "李小明", "5678"):
        assert found(client, q=text) == {order.number}, text
    assert found(client, q="不存在的词") == set()
    assert found(client) == {order.number, other.number}


def test_lists_are_filtered_by_light_state_place_and_item(client, desk):
    red, green = factories.make_order(), factories.make_order()
    opened = factories.open_order(factories.make_order(), by=desk)
    now = timezone.now()
    Order.objects.filter(pk=red.pk).update(
        due_at=now - timedelta(hours=1), yellow_at=now - timedelta(hours=2)
    )
    assert found(client, light="red") == {red.number}
    assert found(client, status="open") == {opened.number}
    assert found(client, item=green.item_id) == {green.number}
    assert found(client, place=factories.BASE) == {red.number, green.number, opened.number}
    assert found(client, opened="today", status="ongoing") == {red.number, green.number, opened.number}
    answer = client.get(url("changelist"), {"light": "red"})
    assert "时限灯：红·已超期" in answer.content.decode()


def test_a_place_out_of_reach_is_no_filter(client, desk):
    factories.make_order()
    answer = client.get(url("changelist"), {"place": factories.FAR})
    assert answer.status_code == 302 and answer["Location"].endswith("?e=1")


# --- placing -------------------------------------------------------------------------------------------------------------
def placing(dish, **instead) -> dict:
    day = timezone.localdate() + timedelta(days=2)
    return {
        "token": "abc123", "item": dish.pk, "grid": factories.BASE, "entrance": "", "address": "301 室",
        "applicant_name": "王大爷", "applicant_phone": "138 0000 1234", "beneficiary_name": "", "beneficiary_phone": "",
        "wanted_day": f"{day:%Y-%m-%d}", "wanted_from": "09:00", "wanted_until": "11:00", "places": "1",
        "description": "请带梯子", **instead,
    }  # fmt: skip


def test_the_desk_places_an_order_for_who_calls(client, desk):
    item = factories.make_item()
    assert client.get(url("add")).status_code == 200
    answer = client.post(url("add"), placing(item))
    assert answer.status_code == 302, answer.context["form"].errors
    order = Order.objects.get()
    assert (order.channel, order.placed_by, order.applicant_phone) == ("desk", desk, "13800001234")
    assert (order.beneficiary_name, order.description) == ("王大爷", "请带梯子")
    client.post(url("add"), placing(item))
    assert Order.objects.count() == 1  # the same form sent twice is one order
    ORDERS.run(order, "open_claims", by=factories.make_staff("community_worker", factories.COMMUNITY))
    assert TextMessage.objects.filter(phone="13800001234", body__contains=order.number).exists()


@pytest.mark.parametrize(
    "wrong, field",
    [
        ({"item": ""}, "item"),
        ({"item": "99999"}, "item"),
        ({"grid": ""}, "entrance"),
        ({"grid": factories.FAR_BASE}, "grid"),
        ({"grid": "1\x00"}, "grid"),
        ({"applicant_phone": "123"}, "applicant_phone"),
        ({"applicant_name": ""}, "applicant_name"),
        ({"applicant_name": "长" * 60}, "applicant_name"),
        ({"beneficiary_name": "李奶奶"}, "beneficiary_phone"),
        ({"wanted_day": "2020-01-01"}, "wanted_day"),
        ({"wanted_day": "明天"}, "wanted_day"),
        ({"wanted_until": "08:00"}, "wanted_until"),
        ({"places": "0"}, "places"),
        ({"description": "a\x00b"}, "description"),
    ],
)
def test_a_wrong_order_is_told_at_its_field(client, desk, wrong, field):
    answer = client.post(url("add"), placing(factories.make_item(), **wrong))
    assert answer.status_code == 200 and field in answer.context["form"].errors
    assert not Order.objects.exists()
    if field != "description":
        assert "请带梯子" in answer.content.decode()


# --- the Excel table -------------------------------------------------------------------------------------------------------
def table(answer) -> list[tuple]:
    assert answer.status_code == 200 and "spreadsheetml" in answer["Content-Type"]
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    return list(book.active.iter_rows(values_only=True))


def test_the_table_is_masked_filtered_within_reach_and_logged(client, desk):
    mine = factories.make_order(
        description="=HYPERLINK(1)", beneficiary_name="欧阳淑珍", beneficiary_phone="13912345678"
    )
    opened = factories.open_order(factories.make_order(), by=desk)
    factories.make_order(factories.FAR_BASE)
    rows = table(client.post(url("export"), {"reason": "月度总结会"}))
    assert {row[0] for row in rows[1:]} == {mine.number, opened.number}
    words = " ".join(str(cell) for row in rows for cell in row)
    assert "13912345678" not in words and "欧阳淑珍" not in words and "139 **** 5678" in words
    assert "'=HYPERLINK(1)" in words
    event = AccessEvent.objects.get(kind="export")
    assert (event.actor, event.reason) == (desk, "月度总结会") and "2 行" in event.summary
    rows = table(client.post(url("export") + "?status=open", {"reason": "月度总结会"}))
    assert [row[0] for row in rows[1:]] == [opened.number]


def test_the_table_needs_a_purpose_a_permission_and_a_bounded_size(client, desk):
    for _ in range(3):
        factories.make_order()
    answer = client.post(url("export"), {"reason": " "})
    assert answer.status_code == 200 and "用途" in answer.context["error"]
    parameters.SPECS["exports.most_rows"].check(100)
    from governance.models import Parameter

    Parameter.objects.create(key="exports.most_rows", value=2)
    parameters.forget()
    answer = client.post(url("export"), {"reason": "月度总结会"})
    assert "超过一次导出的上限" in answer.context["error"]
    answer = client.post(url("export") + "?q=没有这个词", {"reason": "月度总结会"})
    assert "没有可以导出的记录" in answer.context["error"]
    assert not AccessEvent.objects.filter(kind="export").exists()
    client.force_login(factories.make_staff("district_head", factories.DISTRICT), backend=BACKEND)
    assert client.post(url("export"), {"reason": "月度总结会"}).status_code == 404


@pytest.mark.parametrize(
    "value, cell",
    [
        ("=1+1", "'=1+1"), ("+8613800001234", "'+8613800001234"), ("-2", "'-2"), ("@x", "'@x"), ("\t=1", "'\t=1"),
        ("普通", "普通"), ("a\x00b\x0b", "ab"), (None, ""), (True, "是"), (5, 5),
    ],
)  # fmt: skip
def test_no_cell_becomes_a_formula(value, cell):
    assert safe(value) == cell


# --- looks ---------------------------------------------------------------------------------------------------------------
def test_a_masked_column_is_shown_once_for_a_reason(client, secretary, settings):
    """Someone who may reveal but whose role does not open contacts."""
    from django.contrib.auth.models import Permission

    from governance.models import Role

    role = Role.objects.create(key="checker", name="核查员", levels=[12])
    names = ["view_order", "reveal_order"]
    role.permissions.set(Permission.objects.filter(content_type__app_label="volunteers", codename__in=names))
    user = factories.make_staff("checker", factories.COMMUNITY)
    client.force_login(user, backend=BACKEND)
    order = factories.make_order(beneficiary_phone="13912345678")
    assert "13912345678" not in client.get(url("change", order.pk)).content.decode()
    reveal = url("reveal", order.pk, "beneficiary_phone")
    answer = client.post(reveal, {"reason": "看"})
    assert "139 1234 5678" not in answer.content.decode() and "至少 4 个字" in answer.content.decode()
    answer = client.post(reveal, {"reason": "核实服务情况"})
    assert "139 1234 5678" in answer.content.decode()
    event = AccessEvent.objects.get(kind="reveal")
    assert (event.actor, event.reason) == (user, "核实服务情况") and "13912345678" not in event.summary
    assert "139 1234 5678" not in client.get(url("change", order.pk)).content.decode()
    for field in ("description", "code", "password", "status"):
        assert client.post(url("reveal", order.pk, field), {"reason": "核实服务情况"}).status_code == 404


# --- why -----------------------------------------------------------------------------------------------------------------
def test_the_page_names_the_ground_today_and_on_a_past_day(client, desk):
    order = factories.make_order()
    text = client.get(url("why", order.pk)).content.decode()
    assert "岗位：社区书记" in text
    long_ago = client.get(url("why", order.pk), {"who": desk.pk, "day": "2020-01-01"}).content.decode()
    assert "这一天看不到" in long_ago
    for query in (
        {"day": "昨天"},
        {"day": "0001-01-01"},
        {"who": "99999"},
        {"who": "\x00"},
        {"day": "9999-12-31"},
    ):
        assert client.get(url("why", order.pk), query).status_code == 200


def test_an_estimate_is_said_next_to_the_deadline(client, desk):
    order = factories.make_order()
    due = timezone.make_aware(timezone.datetime(2031, 3, 3, 12))
    Order.objects.filter(pk=order.pk).update(due_at=due, yellow_at=due)
    assert "2031 年节假日安排未公布，按周末估算" in client.get(url("change", order.pk)).content.decode()
