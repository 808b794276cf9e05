"""What the database and the startup checks hold by themselves."""

from datetime import date, timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone

from governance import audit, checks, notices, parameters, search
from governance.appointments import appoint, dismiss
from governance.explaining import explain
from governance.models import AccessEvent, Elevation, Post, TextMessage, User
from governance.permissions import OutOfReach, permitted_actions
from tests import factories
from volunteers.flow import ORDERS
from volunteers.models import Order

pytestmark = pytest.mark.django_db


def test_every_model_has_a_rule_and_every_action_a_permission():
    assert checks.every_model_has_a_rule(None) == []
    assert checks.every_action_has_a_permission(None) == []


def test_a_model_without_a_rule_stops_the_start(monkeypatch):
    monkeypatch.setattr(Order, "rule", None)
    assert [e.id for e in checks.every_model_has_a_rule(None)] == ["portal.E001"]


@pytest.mark.parametrize("change", [lambda rows: rows.update(note="x"), lambda rows: rows.delete()])
def test_steps_cannot_be_edited_or_deleted(territory, change):
    order = factories.make_order()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        change(order.steps.all())


def test_the_access_log_cannot_be_edited(territory):
    audit.record(AccessEvent.Kind.EXPORT, factories.make_user(), "导出")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AccessEvent.objects.update(summary="")


@pytest.mark.parametrize(
    ("one", "other"), [("auditor", "system_administrator"), ("security_administrator", "auditor")]
)
def test_the_three_administrators_are_never_one_person(territory, one, other):
    person = factories.make_staff(one, factories.DISTRICT)
    with pytest.raises(ValidationError, match="三个不同的人"):
        appoint(person, other, factories.DISTRICT, by=None)
    dismiss(person.posts.get(), by=None)
    assert appoint(person, other, factories.DISTRICT, by=None, since=timezone.localdate())


def test_a_role_is_held_only_at_its_levels(territory):
    with pytest.raises(ValidationError) as caught:
        appoint(factories.make_user(), "community_secretary", factories.STREET, by=None)
    assert "grid" in caught.value.message_dict
    with pytest.raises(ValidationError) as caught:
        appoint(factories.make_user(), "department_officer", factories.DISTRICT, by=None)
    assert "unit" in caught.value.message_dict


def test_a_term_ends_by_itself(territory):
    person = factories.make_user(staff=True)
    post = appoint(
        person,
        "community_secretary",
        factories.COMMUNITY,
        by=None,
        since=date(2024, 1, 1),
        until=date(2024, 12, 31),
    )
    order = factories.make_order()
    assert not User.objects.get(pk=person.pk).may("view", order)
    assert explain(person, order, on=date(2024, 6, 1)), "on a day of the term she could"
    assert not explain(person, order, on=date(2025, 6, 1))
    assert post.valid_until == date(2024, 12, 31)


def test_an_appointment_out_of_reach_rolls_back(territory):
    clerk = factories.make_staff("community_secretary", factories.COMMUNITY)
    with pytest.raises(OutOfReach):
        appoint(
            factories.make_user(staff=True),
            "community_worker",
            factories.NEIGHBOUR,
            by=clerk,
            within_reach=True,
        )
    assert not Post.objects.filter(role="community_worker").exists()


def test_superuser_mode_is_switched_on_with_a_reason_and_ends_by_itself(territory):
    boss = User.objects.create_superuser("boss", "a-long-password-1")
    order = factories.make_order()
    assert not boss.is_superuser
    assert not boss.may("view", order)
    with pytest.raises(ValidationError):
        audit.elevate(boss, reason=" ")
    elevation = audit.elevate(boss, reason="排查故障 2026-11")
    assert boss.is_superuser
    assert User.objects.get(pk=boss.pk).may("view", order)
    Elevation.objects.filter(pk=elevation.pk).update(
        started_at=timezone.now() - timezone.timedelta(hours=3), until=timezone.now()
    )
    assert not User.objects.get(pk=boss.pk).is_superuser
    assert AccessEvent.objects.filter(kind="elevate", actor=boss).exists()


def test_the_system_administrator_configures_and_sees_no_order(territory):
    keeper = factories.make_staff("system_administrator", factories.DISTRICT)
    auditor = factories.make_staff("auditor", factories.DISTRICT)
    security = factories.make_staff("security_administrator", factories.DISTRICT)
    order = factories.make_order()
    for person in (keeper, auditor, security):
        assert not person.may("view", order)
    assert auditor.may("view", AccessEvent) and not security.may("view", AccessEvent)


def test_a_masked_field_is_revealed_with_a_reason_and_a_line_in_the_log(secretary):
    order = factories.make_order()
    with pytest.raises(ValidationError):
        audit.reveal(order, "applicant_phone", by=secretary, reason="")
    assert (
        audit.reveal(order, "applicant_phone", by=secretary, reason="电话核实地址") == order.applicant_phone
    )
    line = AccessEvent.objects.get(kind="reveal")
    assert (line.actor, line.object_pk) == (secretary, str(order.pk))
    assert order.applicant_phone not in line.summary


def test_contact_is_open_to_the_volunteer_only_while_she_serves(secretary):
    volunteer = factories.make_volunteer(approved_by=secretary)
    order = factories.open_order(
        factories.make_order(wanted_from=timezone.now() - timezone.timedelta(minutes=5)), by=secretary
    )
    user = volunteer.applicant
    seen = [User.objects.get(pk=user.pk).may("contact", order)]
    for action, data in [
        ("claim", {}),
        ("check_in", {"code": order.code}),
        ("check_out", {"code": order.code}),
    ]:
        order = ORDERS.run(order, action, by=user, **data)
        seen.append(User.objects.get(pk=user.pk).may("contact", order))
    assert seen == [False, True, True, False]


def test_search_finds_words_numbers_and_last_digits_within_reach(secretary):
    order = factories.make_order(description="家里水管漏水，厨房已经积水")
    factories.make_order(factories.FAR_BASE, description="水管漏水")
    within = Order.objects.restrict(secretary)
    for text in ("漏水", "厨房积水", order.number, order.applicant_phone[-4:], "水管 漏水"):
        assert list(within.search(text, secretary)) == ([] if text == "厨房积水" else [order]), text
    assert not within.search("水", secretary).exists(), "one character finds nothing; the page says so"
    assert search.terms("") == []


def test_parameters_have_bounds_and_are_read_anew(db):
    assert parameters.value("orders.offer_minutes") == 30
    parameters.change("orders.offer_minutes", 45)
    assert parameters.value("orders.offer_minutes") == 45
    for wrong in (0, 10**9, "30", True, None, 1.5):
        with pytest.raises(ValidationError):
            parameters.change("orders.offer_minutes", wrong)
    with pytest.raises(KeyError):
        parameters.value("no.such")


@pytest.mark.parametrize("wrong", ["25:00", "8:30", "08:30\n", "", "13:00", "明天"])
def test_office_hours_stay_hours_in_their_order(db, wrong):
    with pytest.raises(ValidationError):
        parameters.change("work.morning_from", wrong)
    parameters.change("work.morning_from", "09:00")
    assert parameters.value("work.morning_from") == "09:00"


def test_a_number_gets_so_many_texts_a_day_and_no_more(territory):
    parameters.change("sms.daily_most", 2)
    sent = [notices.text("13800001234", f"第 {n} 条") for n in range(3)]
    other = notices.text("13800005678", "别人的")
    assert [message.status for message in (*sent, other)] == ["queued", "queued", "failed", "queued"]
    assert "2 条" in sent[2].failure
    TextMessage.objects.filter(pk=sent[0].pk).update(created_at=timezone.now() - timedelta(hours=25))
    assert notices.text("13800001234", "第二天").status == "queued"


def test_one_row_is_asked_in_the_same_few_statements_for_one_action_and_for_all(
    secretary, django_assert_num_queries
):
    order = factories.make_order()
    ContentType.objects.get_for_model(Order)
    for actions in ({"view"}, ORDERS.permission_actions() | {"view", "contact", "reveal"}):
        someone = User.objects.get(pk=secretary.pk)
        with django_assert_num_queries(3):  # her posts, her shares, the row
            allowed = permitted_actions(someone, order, actions)
        assert "view" in allowed and "contact" not in allowed
