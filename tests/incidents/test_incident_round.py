"""An incident from the report to the rating, and every turn that it may take, through the flow."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import DatabaseError
from django.test import Client
from django.utils import timezone

from governance import parameters
from governance.flow import NotYours, Refused
from governance.models import Intake, Notice, TextMessage, Unit
from incidents.flow import INCIDENTS
from incidents.models import Callback, Closing, Incident
from incidents.models.incidents import IncidentStatus as S
from incidents.services.reporting import report_incident
from incidents.worklists import worklist
from tests import factories
from tests.cast import BACKEND
from tests.standing import standing
from volunteers.models import Order

pytestmark = pytest.mark.django_db


@standing
def worker(territory):
    return factories.make_staff("grid_worker", factories.BASE)


@standing
def department(territory):
    unit = factories.make_unit()
    return unit, factories.make_staff("department_officer", factories.DISTRICT, unit=unit)


def run(incident, name, by, **data):
    return INCIDENTS.run(incident, name, by=by, **data)


def test_an_incident_goes_all_the_way(secretary, worker):
    resident = factories.make_user("李奶奶")
    incident = factories.make_incident(by=resident, description="楼下有一堆垃圾")
    assert incident.status == S.REPORTED and incident.number.startswith("SJ-120106001002-")
    assert Notice.objects.filter(recipient=secretary, number=incident.number).exists()

    incident = factories.dispatch(incident, by=secretary, to=worker)
    assert incident.status == S.DISPATCHED and incident.first_receiver == secretary
    assert incident.responsible == secretary
    incident = run(incident, "receive", worker)
    assert incident.responsible == worker
    incident = run(incident, "contacted", worker, note="打过电话")
    assert incident.responded_at <= incident.respond_by
    incident = run(incident, "handle", worker, note="清走了")
    assert incident.status == S.HANDLED
    with pytest.raises(Refused, match="处置人不能核查"):
        run(incident, "verify_pass", worker)
    incident = run(incident, "verify_pass", secretary)
    assert incident.status == S.CLOSED and incident.closed_at is not None
    closing = Closing.objects.get(incident=incident)
    assert closing.on_time and closing.worker == worker

    incident = run(incident, "rate", resident, solved=True, satisfaction=5, note="很快")
    assert incident.status == S.RATED
    answer = Callback.objects.get(incident=incident)
    assert answer.counted and answer.satisfaction == 5 and answer.by == resident


def test_a_picture_is_asked_for_where_the_class_says_so(secretary, worker):
    incident = factories.make_incident(minor_class=factories.make_minor(needs_photo=True))
    incident = run(factories.dispatch(incident, by=secretary, to=worker), "receive", worker)
    with pytest.raises(Refused) as refusal:
        run(incident, "handle", worker, note="好了")
    assert refusal.value.field == "photos"


def test_only_whoever_has_it_handles_it(secretary, worker, department):
    unit, officer = department
    incident = factories.dispatch(factories.make_incident(), by=secretary, to=unit)
    assert not [a.name for a in INCIDENTS.available(incident, secretary) if a.name == "receive"]
    with pytest.raises(Refused, match="由承办人"):
        run(incident, "receive", secretary)
    with pytest.raises(NotYours):
        run(incident, "receive", worker)
    assert run(incident, "receive", officer).handler == officer


def test_a_department_reaches_what_was_given_to_it_and_nothing_else(secretary, department):
    unit, officer = department
    incident = factories.make_incident()
    assert not Incident.objects.restrict(officer).exists()
    factories.dispatch(incident, by=secretary, to=unit)
    assert list(Incident.objects.restrict(officer)) == [incident]
    assert officer.may("contact", Incident.objects.get())
    assert not secretary.may("contact", Incident.objects.get())
    run(incident, "return_back", officer, note="不属本单位")
    assert not Incident.objects.restrict(officer).exists()


def test_after_three_returns_the_arbiter_decides_for_good(secretary, department):
    unit, officer = department
    arbiter = factories.make_staff("arbiter", factories.DISTRICT)
    incident = factories.make_incident()
    for turn in (1, 2, 3):
        incident = factories.dispatch(incident, by=secretary, to=unit)
        incident = run(incident, "return_back", officer, note=f"第 {turn} 次")
    assert incident.status == S.DISPUTED
    assert Notice.objects.filter(recipient=arbiter, number=incident.number).exists()
    with pytest.raises(Refused):
        factories.dispatch(incident, by=secretary, to=unit)
    incident = run(incident, "designate", arbiter, unit=unit, note="三定方案写明")
    assert incident.status == S.DISPATCHED and incident.designated
    with pytest.raises(Refused, match="不能再退回"):
        run(incident, "return_back", officer, note="再退")


def test_a_failed_verification_goes_back_and_counts(secretary, worker):
    incident = run(factories.dispatch(factories.make_incident(), by=secretary, to=worker), "receive", worker)
    incident = run(incident, "handle", worker, note="好了")
    incident = run(incident, "verify_fail", secretary, note="还有一半")
    assert incident.status == S.HANDLING and incident.rework == 1 and incident.handled_at is None
    assert not Closing.objects.exists()


def test_the_reporter_opens_it_again_within_the_set_time(secretary, worker):
    resident = factories.make_user()
    incident = factories.make_closed(by=secretary, worker=worker, applicant=resident)
    incident = run(incident, "reopen", resident, note="又来了")
    assert incident.status == S.DISPATCHED and incident.worker == worker and incident.closed_at is None
    incident = run(run(incident, "receive", worker), "handle", worker, note="又清了")
    incident = run(incident, "verify_pass", secretary)
    assert Closing.objects.filter(incident=incident).count() == 2
    Incident.objects.filter(pk=incident.pk).update(reopen_until=timezone.now() - timedelta(days=1))
    with pytest.raises(Refused, match="不能重新办理"):
        run(incident, "reopen", resident, note="太晚")


def test_merging_keeps_every_reporter_informed_and_is_reversible(secretary, worker):
    first, second = factories.make_user(), factories.make_user()
    minor = factories.make_minor()
    lead = factories.make_incident(by=first, minor_class=minor)
    other = factories.make_incident(by=second, minor_class=minor)
    unknown = factories.make_incident(
        applicant=None, applicant_phone="13900001111", minor_class=minor, by=factories.make_user()
    )
    other = run(other, "merge", secretary, lead=lead)
    unknown = run(unknown, "merge", secretary, lead=lead)
    assert other.status == S.MERGED and lead.steps.filter(action="absorb").count() == 2
    lead = factories.dispatch(Incident.objects.get(pk=lead.pk), by=secretary, to=worker)
    assert Notice.objects.filter(recipient=second, number=other.number, title__contains="已派人处理").exists()
    assert TextMessage.objects.filter(phone="13900001111", body__contains="已派人处理").exists()
    assert not Incident.objects.restrict(second).filter(pk=lead.pk).exists()

    lead = run(run(lead, "receive", worker), "handle", worker, note="好了")
    run(lead, "verify_pass", secretary)
    other = run(Incident.objects.get(pk=other.pk), "rate", second, solved=True, satisfaction=4)
    assert other.status == S.MERGED and other.satisfaction == 4
    other = run(other, "unmerge", secretary, note="其实不是")
    assert other.status == S.ACCEPTED and other.merged_into is None and other.is_open


def test_the_lead_waits_for_its_parts(secretary, worker):
    a, b = factories.make_minor(), factories.make_minor()
    lead = run(factories.dispatch(factories.make_incident(), by=secretary, to=worker), "receive", worker)
    lead = run(lead, "split", secretary, parts=[(a, "路灯"), (b, "井盖")])
    assert [part.title for part in lead.parts.order_by("pk")] == [a.name, b.name]
    lead = run(lead, "handle", worker, note="本件好了")
    with pytest.raises(Refused, match="还有 2 件"):
        run(lead, "verify_pass", secretary)
    for part in lead.parts.all():
        run(part, "reject", secretary, note="已不存在")
    assert run(lead, "verify_pass", secretary).status == S.CLOSED


def test_a_request_for_help_is_referred_and_both_keep_the_link(secretary):
    resident = factories.make_user("王大爷")
    item = factories.make_item()
    incident = factories.make_incident(by=resident, description="一个人在家，想有人陪着去医院")
    incident = run(incident, "refer", secretary, to=f"order:{item.code}", note="是求助")
    order = Order.objects.get()
    assert incident.status == S.REFERRED and order.applicant == resident
    assert order.description == incident.description and order.channel == "referral"
    assert Intake.objects.get(number=order.number).referred_from == incident.number
    desk = Client()
    desk.force_login(secretary, backend=BACKEND)
    assert order.number in desk.get(incident.get_desk_url()).content.decode()
    assert incident.number in desk.get(order.get_desk_url()).content.decode()
    phone = Client()
    phone.force_login(resident, backend=BACKEND)
    assert order.get_absolute_url() in phone.get(incident.get_absolute_url()).content.decode()
    with pytest.raises(Refused, match="转到哪里"):
        run(factories.make_incident(), "refer", secretary, to="nowhere:1", note="错")


def test_backlog_and_supervision(secretary, worker):
    officer = factories.make_staff("street_officer", factories.STREET)
    incident = run(factories.dispatch(factories.make_incident(), by=secretary, to=worker), "receive", worker)
    with pytest.raises(NotYours):
        run(incident, "put_off", secretary, until=timezone.localdate() + timedelta(days=30), note="等施工")
    with pytest.raises(Refused):
        run(incident, "put_off", officer, until=timezone.localdate(), note="等施工")
    incident = run(
        incident, "put_off", officer, until=timezone.localdate() + timedelta(days=30), note="等施工"
    )
    assert incident.status == S.BACKLOG and timezone.localdate(incident.due_at) >= incident.backlog_until
    incident = run(incident, "supervise", officer, note="群众多次反映")
    assert incident.supervised_at and Notice.objects.filter(recipient=worker, title__contains="督办").exists()
    incident = run(incident, "take_up", officer)
    assert incident.status == S.HANDLING and incident.due_at > timezone.now()


def test_what_nobody_took_in_is_told_once(secretary, worker):
    from incidents.flow.ticking import tell_unreceived

    incident = factories.make_incident(minor_class=factories.make_minor(receipt="risk"))
    incident = factories.dispatch(incident, by=secretary, to=worker)
    assert incident.receive_by - incident.dispatched_at == timedelta(minutes=15)
    assert tell_unreceived(timezone.now()) == 0
    later = timezone.now() + timedelta(minutes=20)
    assert (tell_unreceived(later), tell_unreceived(later)) == (1, 0)
    assert Notice.objects.filter(recipient=worker, title__startswith="请尽快接收").count() == 1


def test_a_passer_by_follows_by_the_phone_she_left(territory):
    from governance.accounts.arrivals import account_of
    from governance.models import User

    incident, new = report_incident(
        by=User.objects.system(),
        source_id="x",
        minor_class=factories.make_minor(),
        grid=factories.make_grid(factories.BASE),
        applicant_phone="13911112222",
    )
    assert new and incident.applicant is None and incident.placed_by is None
    assert TextMessage.objects.count() == 1
    account = account_of("13911112222")
    assert list(Incident.objects.restrict(account)) == [incident]


def test_the_same_report_twice_is_one(territory):
    resident = factories.make_user()
    minor = factories.make_minor()
    one = factories.make_incident(by=resident, source_id="a", minor_class=minor)
    assert factories.make_incident(by=resident, source_id="a", minor_class=minor) == one
    assert Incident.objects.count() == 1


def test_nobody_reports_for_others_out_of_her_place(worker):
    with pytest.raises(NotYours):
        factories.make_incident(factories.FAR_BASE, by=worker, applicant=None)
    assert not Incident.objects.exists() and not Intake.objects.exists()


def test_an_urge_is_heard_once_a_day(secretary, worker):
    resident = factories.make_user()
    incident = factories.dispatch(factories.make_incident(by=resident), by=secretary, to=worker)
    incident = run(incident, "urge", resident)
    with pytest.raises(Refused, match="24 小时内"):
        run(incident, "urge", resident)


def test_an_answer_counts_once_for_each_closing(secretary, worker):
    resident = factories.make_user()
    incident = factories.make_closed(by=secretary, worker=worker, applicant=resident)
    incident = run(incident, "call_back", secretary, reached=False)
    incident = run(incident, "call_back", secretary, reached=True, solved=True, satisfaction=4)
    with pytest.raises(Refused):
        run(incident, "call_back", secretary, reached=True, solved=True, satisfaction=5)
    incident = run(incident, "rate", resident, solved=False, satisfaction=1, note="没好")
    assert Callback.objects.filter(reached=True, counted=True).count() == 1
    assert incident.satisfaction == 1


def test_figures_and_steps_can_only_grow(secretary, worker):
    factories.make_closed(by=secretary, worker=worker)
    for rows in (Closing.objects.all(), Incident.steps.rel.related_model.objects.all()):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.delete()


def test_the_database_knows_the_states(secretary, worker):
    incident = factories.make_incident()
    for wrong in ({"status": "nowhere"}, {"status": "dispatched"}, {"longitude": 200.0, "latitude": 1.0}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Incident.objects.filter(pk=incident.pk).update(**wrong)


def test_a_limit_may_be_office_hours_days_or_the_clock(territory):
    from incidents.flow.clocks import limit_from

    friday = timezone.make_aware(timezone.datetime(2026, 11, 27, 17, 0))
    hours = factories.make_minor(limit=2, limit_unit="hour")
    days = factories.make_minor(limit=1, limit_unit="day")
    clock = factories.make_minor(limit=2, limit_unit="clock")
    assert f"{timezone.localtime(limit_from(friday, hours)):%m-%d %H:%M}" == "11-30 09:30"
    assert f"{timezone.localtime(limit_from(friday, days)):%m-%d %H:%M}" == "11-30 18:00"
    assert f"{timezone.localtime(limit_from(friday, clock)):%m-%d %H:%M}" == "11-27 19:00"
    assert parameters.value("incidents.returns_most") == 3


@pytest.mark.parametrize("kind", ["department", "residents_committee", "street_office"])
def test_those_who_are_told_of_a_dispatch_are_those_who_may_take_it_in(
    secretary, department, kind, django_assert_num_queries
):
    unit, officer = department
    clerk = factories.make_staff("community_worker", factories.COMMUNITY)
    street = factories.make_staff("street_officer", factories.STREET)
    code = {"residents_committee": factories.COMMUNITY, "street_office": factories.STREET}.get(kind)
    unit = factories.make_unit(code, kind) if code else unit
    factories.make_staff("department_officer", factories.DISTRICT, unit=factories.make_unit())
    incident = factories.dispatch(factories.make_incident(), by=secretary, to=unit)
    with django_assert_num_queries(1):
        told = incident.audience("assignee")
    assert set(told) == {p for p in (secretary, clerk, street, officer) if incident.is_assignee(p)}
    assert told


def test_nobody_calls_back_about_what_she_handled_herself(secretary):
    community = factories.make_unit(factories.COMMUNITY, "residents_committee")
    incident = factories.dispatch(
        factories.make_incident(applicant=None, applicant_phone="13900002222", by=factories.make_user()),
        by=secretary,
        to=community,
    )
    incident = run(run(incident, "receive", secretary), "handle", secretary, note="好了")
    colleague = factories.make_staff("community_worker", factories.COMMUNITY)
    incident = run(incident, "verify_pass", colleague)
    with pytest.raises(Refused, match="由他人回访"):
        run(incident, "call_back", secretary, reached=False)
    assert run(incident, "call_back", colleague, reached=False).status == S.CLOSED


def test_nobody_calls_back_about_what_she_reported_herself(secretary):
    incident = run(closed_by_another(secretary, applicant=secretary), "verify_pass", verifier())
    assert "call_back" not in {action.name for action in INCIDENTS.available(incident, secretary)}
    with pytest.raises(Refused, match="您自己报的"):
        run(incident, "call_back", secretary, reached=False)
    assert run(incident, "call_back", verifier(), reached=False).status == S.CLOSED


def test_what_one_says_of_ones_own_work_is_no_figure(secretary):
    """A reporter who handled it herself is not asked; one of the office that did, or who verified it, is not counted."""
    worker = factories.make_staff("community_worker", factories.COMMUNITY)
    mine = run(closed_by_another(worker, applicant=worker), "verify_pass", secretary)
    assert "rate" not in {action.name for action in INCIDENTS.available(mine, worker)}
    with pytest.raises(Refused, match="您自己处置"):
        run(mine, "rate", worker, solved=True, satisfaction=5)

    colleagues = run(closed_by_another(worker, applicant=secretary), "verify_pass", verifier())
    verified = run(closed_by_another(worker, applicant=(other := verifier())), "verify_pass", other)
    residents = run(closed_by_another(worker, applicant=factories.make_user()), "verify_pass", secretary)
    for incident in (colleagues, verified, residents):
        run(incident, "rate", incident.applicant, solved=True, satisfaction=5)
    assert [i.callbacks.get().counted for i in (colleagues, verified, residents)] == [False, False, True]


def test_what_one_may_not_verify_does_not_wait_for_her(secretary, worker):
    taker, doer = (factories.make_staff("community_worker", factories.COMMUNITY) for _ in range(2))
    community = factories.make_unit(factories.COMMUNITY, "residents_committee")
    shared = factories.dispatch(factories.make_incident(), by=secretary, to=community)
    shared = run(run(shared, "receive", taker), "handle", doer, note="好了")
    own = factories.dispatch(factories.make_incident(), by=secretary, to=worker)
    own = run(run(own, "receive", worker), "handle", worker, note="好了")
    for person, waits in ((secretary, {shared, own}), (taker, {own}), (doer, {own}), (worker, {shared})):
        found = set(worklist(Incident.objects.restrict(person), person, "verify"))
        assert found == waits
        for incident in (shared, own):
            may = "verify_pass" in {action.name for action in INCIDENTS.available(incident, person)}
            assert may == (incident in waits)


def verifier():
    return factories.make_staff("street_officer", factories.STREET)


def closed_by_another(worker, *, applicant):
    """Return an incident of an applicant that the community has handled by this worker, and nobody verified yet."""
    community = Unit.objects.filter(kind="residents_committee").first() or factories.make_unit(
        factories.COMMUNITY, "residents_committee"
    )
    incident = factories.make_incident(applicant=applicant, by=applicant)
    incident = factories.dispatch(
        incident, by=factories.make_staff("community_secretary", factories.COMMUNITY), to=community
    )
    return run(run(incident, "receive", worker), "handle", worker, note="好了")
