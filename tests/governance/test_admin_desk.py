"""The desk: what each person finds on it, that its numbers are those of the lists behind, and what it costs."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from governance.admin.desk import Card, greeting
from governance.admin.paging import CappedPaginator, up_to
from governance.notices import tell
from tests import factories
from volunteers.flow import ORDERS
from volunteers.models import Order

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def enter(client, user):
    client.force_login(user, backend=BACKEND)
    return user


def cards(client) -> dict[str, Card]:
    answer = client.get(reverse("admin:index"))
    assert answer.status_code == 200
    return {card.label: card for card in answer.context["cards"]}


def make_late(order: Order, hours: float) -> None:
    now = timezone.now()
    due = now - timedelta(hours=hours)
    Order.objects.filter(pk=order.pk).update(due_at=due, yellow_at=min(due, now) - timedelta(hours=1))


def test_the_secretarys_desk_counts_what_the_lists_show(client, secretary):
    enter(client, secretary)
    orders = [factories.make_order() for _ in range(4)]
    factories.make_order(factories.NEIGHBOUR_BASE)
    make_late(orders[0], 5)
    make_late(orders[1], 1)
    make_late(orders[2], -0.5)
    ORDERS.run(orders[3], "open_claims", by=secretary)
    found = cards(client)
    assert {label: card.count for label, card in found.items() if card.count != "0"} == {
        "待受理": "3",
        "红·已超期": "2",
        "黄·将到期": "1",
        "今日新增": "4",
        "没有网格员的网格": "1",
        "没有网格长的网格": "1",
    }
    assert {"投诉待答复", "志愿者待审核", "晒单待审核", "事件待派遣", "待核查"} <= set(found)
    pages = set()
    for label, card in found.items():
        listed = client.get(card.url)
        assert listed.status_code == 200, label
        changes = listed.context.get("cl")
        if changes is None:
            pages.add(label)
            continue
        assert changes.result_count == int(card.count), label
    # These lead to pages of their own, of which tests/grids knows.
    assert pages <= {"逾期未自查的场所", "有岗位没登记的网格员"}


def test_the_most_urgent_stand_first(client, secretary):
    enter(client, secretary)
    early, late = factories.make_order(), factories.make_order()
    make_late(late, 1)
    make_late(early, 9)
    answer = client.get(reverse("admin:index"))
    assert [each.matter.pk for each in answer.context["urgent"]] == [early.pk, late.pk]
    assert "红·已超期" in answer.content.decode()


def test_an_empty_desk_says_what_comes_next(client, secretary):
    enter(client, secretary)
    text = client.get(reverse("admin:index")).content.decode()
    assert "没有正在计时的事项" in text and secretary.name in text


@pytest.mark.parametrize(
    "role, expected",
    [
        ("auditor", {"今天登录失败", "正在运行的超级管理模式"}),
        ("system_administrator", {"发送失败的短信", "已调整的参数"}),
        ("security_administrator", {"30 天内到期的岗位", "无岗位的工作人员"}),
    ],
)
def test_the_three_administrators_have_desks_of_their_own(client, territory, role, expected):
    enter(client, factories.make_staff(role, factories.DISTRICT))
    found = cards(client)
    assert expected <= set(found) and "待受理" not in found
    for card in found.values():
        assert client.get(card.url).status_code == 200, card.label


def queries_of(client, url: str) -> int:
    client.get(url)  # what is asked once and kept (content types, parameters) does not count
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


def test_the_desk_costs_the_same_with_one_order_and_with_twenty(client, secretary):
    enter(client, secretary)
    make_late(factories.make_order(), 1)
    one = queries_of(client, reverse("admin:index"))
    for _ in range(19):
        make_late(factories.make_order(), 2)
    assert queries_of(client, reverse("admin:index")) == one
    assert one < 50


@pytest.mark.parametrize("model", ["order", "volunteer", "team", "hoursentry"])
def test_lists_cost_the_same_with_one_row_and_with_twenty(client, secretary, model):
    enter(client, secretary)
    url = reverse(f"admin:volunteers_{model}_changelist")

    def grow():
        volunteer = factories.make_volunteer(approved_by=secretary)
        factories.join(factories.make_team(), volunteer)
        start = timezone.now() - timedelta(minutes=5)
        order = factories.open_order(factories.make_order(wanted_from=start), by=secretary)
        for action in ("claim", "check_in", "check_out"):
            ORDERS.run(order, action, by=volunteer.applicant, code=order.code)
        ORDERS.run(order, "confirm", by=secretary)

    grow()
    one = queries_of(client, url)
    for _ in range(7):
        grow()
    assert queries_of(client, url) == one


def test_an_orders_page_costs_the_same_with_few_and_many_steps(client, secretary):
    enter(client, secretary)
    order = factories.make_order(places=10)
    url = reverse("admin:volunteers_order_change", args=[order.pk])
    ORDERS.run(order, "open_claims", by=secretary)
    ORDERS.run(order, "claim", by=factories.make_volunteer(approved_by=secretary).applicant)
    one = queries_of(client, url)
    for _ in range(6):
        ORDERS.run(order, "claim", by=factories.make_volunteer(approved_by=secretary).applicant)
    assert queries_of(client, url) == one


def test_long_lists_are_counted_to_a_thousand_only(monkeypatch):
    from governance.admin import paging

    monkeypatch.setattr(paging, "MOST", 3)
    for _ in range(5):
        factories.make_user()
    from governance.models import User

    pages = CappedPaginator(User.objects.order_by("pk"), 2)
    assert (pages.count, pages.is_capped, pages.total_text) == (4, True, "3+")
    with CaptureQueriesContext(connection) as caught:
        CappedPaginator(User.objects.order_by("pk"), 2).count  # noqa: B018
    assert "LIMIT 4" in caught[0]["sql"]
    assert up_to([User.objects.all(), User.objects.none()], 4) == ["4+", "0"]
    assert up_to([User.objects.all()], 50) == [str(User.objects.count())]


def test_the_greeting_follows_the_hour():
    assert [greeting(hour) for hour in (3, 8, 11, 13, 16, 20)] == [
        "夜深了", "早上好", "上午好", "中午好", "下午好", "晚上好",
    ]  # fmt: skip


def test_the_sidebar_leads_to_notices_and_channels(client, secretary):
    enter(client, secretary)

    def entries() -> dict[str, dict]:
        groups = client.get(reverse("admin:index")).context["sidebar_navigation"]
        return {item["link"]: item for group in groups for item in group["items"]}

    assert "badge" not in entries()[reverse("notices")] and reverse("channels") in entries()
    tell([secretary], "一条通知")
    tell([secretary], "又一条通知")
    assert entries()[reverse("notices")]["badge"] == "2"
    enter(client, factories.make_staff("system_administrator", factories.DISTRICT))
    assert reverse("notices") in entries() and reverse("channels") not in entries()


def test_signing_out_is_not_called_closing_an_account(client, secretary):
    enter(client, secretary)
    text = client.get(reverse("admin:index")).content.decode()
    assert "退出登录" in text and "注销" not in text
