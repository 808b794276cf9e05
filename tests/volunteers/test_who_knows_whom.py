"""What the sides of a service may know of one another, and when: names, phones, the words of a complaint."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from governance.flow import Refused, Stale
from governance.models import User
from tests import factories
from tests.cast import BACKEND
from tests.standing import standing
from volunteers.flow import ORDERS
from volunteers.services.contacts import Known, known_volunteers

pytestmark = pytest.mark.django_db
ALL, NOTHING = Known(True, True), Known()
WORDS = "来晚了两个小时，一句解释也没有"


@standing
def volunteer(secretary):
    return factories.make_volunteer(approved_by=secretary)


@pytest.fixture
def resident():
    return factories.make_user("李奶奶")


@pytest.fixture
def claimed(secretary, resident, volunteer):
    began = timezone.now() - timedelta(minutes=10)
    order = factories.open_order(factories.make_order(by=resident, wanted_from=began), by=secretary)
    return ORDERS.run(order, "claim", by=volunteer.applicant)


def serve(order, volunteer, resident):
    """Bring a claimed order to its confirmation."""
    for action in ("check_in", "check_out"):
        order = ORDERS.run(order, action, by=volunteer.applicant, code=order.code)
    return ORDERS.run(order, "confirm", by=resident)


def known(user, order, *allowed):
    """Return what somebody may know of the order's only volunteer."""
    claims = order.claims.select_related("volunteer")
    return known_volunteers(User.objects.get(pk=user.pk), order, claims, set(allowed))[claims.get().pk]


def test_both_sides_may_call_while_it_runs_and_no_longer_afterwards(claimed, volunteer, resident):
    assert known(resident, claimed, "contact") == ALL
    assert known(factories.make_user(), claimed) == NOTHING
    done = serve(claimed, volunteer, resident)
    assert known(resident, done, "contact") == NOTHING
    assert known(volunteer.applicant, done) == ALL


def test_a_dispatcher_of_elsewhere_knows_the_name_and_the_phone_until_it_is_done(
    claimed, volunteer, resident
):
    elsewhere = factories.make_staff("community_secretary", factories.FAR)
    assert known(elsewhere, claimed, "dispatch") == ALL
    assert known(elsewhere, serve(claimed, volunteer, resident), "dispatch") == Known(True, False)


def test_her_own_community_always_knows_its_volunteers(claimed, volunteer, resident, secretary):
    assert known(secretary, serve(claimed, volunteer, resident)) == ALL


def test_a_complaint_is_between_who_complains_and_who_answers(claimed, volunteer, resident, secretary):
    done = serve(claimed, volunteer, resident)
    done = ORDERS.run(done, "complain", by=resident, note=WORDS)
    done = ORDERS.run(done, "answer_complaint", by=secretary, note="已批评教育并当面道歉")
    page, steps = reverse("order", args=[done.number]), f"/api/v1/orders/{done.number}/steps/"
    for person, reads in ((resident, True), (secretary, True), (volunteer.applicant, False)):
        browser, api = Client(), APIClient()
        browser.force_login(person, backend=BACKEND)
        api.force_authenticate(User.objects.get(pk=person.pk))
        for text in (browser.get(page).content.decode(), str(api.get(steps).json())):
            assert "投诉" in text, "that there was one is no secret"
            assert (WORDS in text, "已批评教育并当面道歉" in text) == (reads, reads), person


def test_nobody_serves_herself_by_whichever_of_her_data(secretary, volunteer):
    own = factories.make_order(by=volunteer.applicant)
    # Placed for a phone whose owner has no account yet; later she signs in and becomes a volunteer.
    phone, clerk = factories.make_phone(), factories.make_staff("grid_worker", factories.BASE)
    placed = factories.make_order(by=clerk, applicant=None, beneficiary_name="某人", beneficiary_phone=phone)
    newcomer = factories.make_volunteer(user=factories.make_user(phone=phone), approved_by=secretary)
    for order, owner in ((own, volunteer), (placed, newcomer)):
        order = factories.open_order(order, by=secretary)
        with pytest.raises(Refused, match="不能接自己点的单"):
            ORDERS.run(order, "claim", by=owner.applicant)
        assert order.claims.count() == 0


def test_the_words_are_kept_from_a_volunteer_who_also_keeps_the_desk(claimed, resident, secretary):
    """She serves beside her office: neither the notice, nor the timeline, nor the answer is for her."""
    colleague = factories.make_staff("community_secretary", factories.COMMUNITY)
    beside = factories.make_volunteer(user=colleague, approved_by=secretary)
    began = timezone.now() - timedelta(minutes=5)
    order = factories.open_order(factories.make_order(by=resident, wanted_from=began), by=secretary)
    order = ORDERS.run(order, "claim", by=beside.applicant)
    order = ORDERS.run(serve(order, beside, resident), "complain", by=resident, note=WORDS)
    for person, reads in ((secretary, True), (colleague, False)):
        person = User.objects.get(pk=person.pk)
        told = person.notices.get(number=order.number, title__contains="投诉")
        assert (WORDS in told.body) == reads
        assert (WORDS in str([step.note for step in ORDERS.timeline(order, person)])) == reads


def test_a_refused_old_version_names_staff_alone(claimed, volunteer, secretary):
    with pytest.raises(Stale) as caught:
        ORDERS.run(claimed, "reschedule", by=secretary, version=1, note="改期")
    assert volunteer.applicant.name not in "".join(caught.value.messages)
    assert secretary.name in "".join(caught.value.messages)


def test_the_timeline_of_the_api_names_whom_the_order_names(claimed, volunteer, resident):
    def told() -> str:
        api = APIClient()
        api.force_authenticate(User.objects.get(pk=resident.pk))
        return str(api.get(f"/api/v1/orders/{claimed.number}/steps/").json())

    assert volunteer.applicant.name in told()
    serve(claimed, volunteer, resident)
    assert volunteer.applicant.name not in told()


def test_the_hall_tells_nothing_of_the_people(claimed, secretary, resident):
    seeker = factories.make_volunteer(approved_by=secretary).applicant
    factories.open_order(factories.make_order(by=resident, wanted_from=factories.tomorrow()), by=secretary)
    api = APIClient()
    api.force_authenticate(User.objects.get(pk=seeker.pk))
    for address in ("/api/v1/hall/", "/api/v1/orders/"):
        rows = api.get(address).json()["results"]
        assert rows and {
            row[name] for row in rows for name in ("beneficiary_name", "applicant_phone", "address")
        } == {""}


def test_why_a_volunteer_left_is_for_the_desk(claimed, volunteer, resident, secretary):
    waiting = factories.make_volunteer(approved_by=secretary)
    order = ORDERS.run(claimed, "wait", by=waiting.applicant)
    order = ORDERS.run(order, "release", by=volunteer.applicant, note="身体不好")
    for person in (resident, waiting.applicant):
        assert not person.notices.filter(body__contains="身体不好").exists()
        assert "身体不好" not in str(
            [step.note for step in ORDERS.timeline(order, User.objects.get(pk=person.pk))]
        )
    assert secretary.notices.filter(body__contains="身体不好").exists()


def test_an_order_for_this_evening_is_due_before_it_begins():
    start = timezone.now() + timedelta(minutes=40)
    assert factories.make_order(wanted_from=start).due_at <= start
