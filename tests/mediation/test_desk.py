"""Disputes at the desk: registering, every action by its form, what nobody else finds, and what it costs."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from governance import parameters
from governance.models import AccessEvent
from mediation.models import Dispute, PrivateNote, Session
from tests import disputes, factories
from tests.cast import BACKEND
from tests.pictures import upload
from tests.standing import standing

pytestmark = pytest.mark.django_db


def url(page: str, *args) -> str:
    return reverse(f"admin:mediation_dispute_{page}", args=args)


def enter(user) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


@standing
def director(territory):
    return disputes.make_director()


@standing
def mediator(territory):
    return disputes.make_mediator()


def do(user, dispute: Dispute, action: str, /, **data) -> Dispute:
    """Fill the form of an action at the desk and send it."""
    dispute.refresh_from_db()
    client, there = enter(user), url("do", dispute.pk, action)
    assert client.get(there).status_code == 200, action
    answer = client.post(there, {"version": dispute.version, **data})
    assert answer.status_code == 302, (action, answer.context and answer.context["form"].errors)
    dispute.refresh_from_db()
    return dispute


FORM = {
    "grid": factories.BASE,
    "category": "neighbours",
    "grade": "C",
    "origin": "applied",
    "description": "楼上漏水",
    "a_name": "李申请",
    "a_phone": "13900001111",
    "a_sex": "F",
    "a_address": "1号楼",
    "b_name": "王被申",
    "b_phone": "13900002222",
    "b_sex": "M",
    "b_address": "1号楼",
}


def test_a_file_goes_its_whole_way_at_the_desk(director, mediator):
    client = enter(director)
    answer = client.post(url("add"), {**FORM, "a_name": "", "b_is_minor": "on"})
    errors = answer.context["form"].errors
    assert set(errors) == {"a_name", "b_guardian"} and "楼上漏水" in answer.content.decode()
    answer = client.post(url("add"), FORM)
    dispute = Dispute.objects.get()
    assert answer["Location"] == url("change", dispute.pk)
    page = client.get(url("change", dispute.pk)).content.decode()
    assert "李**" in page or "李*" in page
    assert "李申请" not in page and "13900001111" not in page
    applicant, other = dispute.disputants.all()
    look = url("reveal", dispute.pk, f"phone-{applicant.pk}")
    assert "请写明查看理由" in client.post(look, {"reason": "x"}).content.decode()
    seen = client.post(look, {"reason": "电话征求意愿"}).content.decode()
    assert "139 0000 1111" in seen and "李申请" not in seen
    assert AccessEvent.objects.get(kind="reveal").reason == "电话征求意愿"
    do(director, dispute, "record_consent", disputant=other.pk, agreed="1", means="call")
    do(director, dispute, "amend_party", party=other.pk, name="王被申", sex="M", address="1号楼201")
    do(director, dispute, "amend", category="housing", grade="B", people_count=4, amount="800.50")
    assert (dispute.title, dispute.grade) == ("房屋宅基地纠纷", "B")
    assert (
        enter(director).post(url("do", dispute.pk, "accept"), {"version": dispute.version}).status_code == 302
    )
    do(director, dispute, "assign", mediators=[mediator.pk])
    them = mediator.user
    page = enter(them).get(url("change", dispute.pk)).content.decode()
    assert "李申请" in page and "139 0000 1111" in page
    enter(them).post(url("do", dispute.pk, "inform"), {"version": dispute.version})
    now = timezone.localtime()
    do(
        them,
        dispute,
        "investigate",
        asked="邻居甲",
        at=f"{now:%Y-%m-%dT%H:%M}",
        place="楼道",
        record="看到水",
    )
    soon = now - timedelta(minutes=20)
    for mode in ("joint", "separate"):
        do(
            them, dispute, "plan_session", mode=mode, starts_at=f"{soon:%Y-%m-%dT%H:%M}", place="调解室",
            invited=[applicant.pk, other.pk],
        )  # fmt: skip
        do(
            them, dispute, "hold_session", session=Session.objects.get(state="planned").pk,
            present=[applicant.pk], record=f"{mode}谈的", photos=upload(),
        )  # fmt: skip
    assert PrivateNote.objects.get().words == "separate谈的"
    assert "separate谈的" in enter(them).get(url("change", dispute.pk)).content.decode()
    assert "separate谈的" not in enter(director).get(url("change", dispute.pk)).content.decode()
    due = timezone.localdate() + timedelta(days=9)
    terms = {
        "term_1_content": "赔 800", "term_1_way": "现金", "term_1_place": "调解室", "term_1_due_on": f"{due}",
        "term_1_amount": "800",
    }  # fmt: skip
    there = url("do", dispute.pk, "draft")
    wrong = enter(them).post(
        there,
        {"version": Dispute.objects.get().version, "facts": "漏水", "duties": "对方", "copies": 3, **terms,
         "term_1_place": "", "term_2_amount": "x"},
    )  # fmt: skip
    said = wrong.content.decode()
    assert "第 2 条的金额请填写数字" in said and 'value="赔 800"' not in said and "赔 800" in said
    do(them, dispute, "draft", facts="漏水", duties="对方负责", copies=3, **terms)
    for party in (applicant, other):
        do(them, dispute, "confirm_paper", disputant=party.pk, photos=upload())
    do(them, dispute, "conclude", sealed="on")
    assert dispute.status == "agreed"
    do(them, dispute, "ask_judicial", court="区人民法院", all_agree="on")
    do(
        them,
        dispute,
        "record_judicial",
        result="effective",
        ruling="1号",
        decided_on=f"{timezone.localdate()}",
    )
    term = dispute.agreements.get().terms.get()
    do(them, dispute, "perform", term=term.pk, state="done", performed_on=f"{timezone.localdate()}")
    do(
        them, dispute, "follow_up", disputant=other.pk, at=f"{now:%Y-%m-%dT%H:%M}", performance="done",
        is_satisfied="1", note="都好",
    )  # fmt: skip
    do(director, dispute, "close")
    assert dispute.status == "closed"
    page = enter(director).get(url("change", dispute.pk)).content.decode()
    for words in ("书面协议", "已生效", "裁定有效", "已履行", "都好", "joint谈的"):
        assert words in page, words


def test_ways_out_by_their_forms(director, mediator):
    street = disputes.make_director(factories.STREET)
    one = disputes.make_dispute()
    assert do(director, one, "decline", why="crime").status == "declined"
    two = disputes.make_mediating(director=director, mediator=mediator)
    due = two.due_at
    assert do(mediator.user, two, "extend", days=5, all_agree="on", note="等鉴定").due_at > due
    do(director, two, "invite", who=f"{street.username}", note="请街道来", consultation="joint")
    assert street.may("view", two)
    do(director, two, "let_go", guest=two.guests.get().pk)
    do(
        director,
        two,
        "send_up",
        centre=street.posts_in_force and disputes.make_centre(factories.STREET).pk,
        note="难",
    )
    assert two.status == "sent"
    client = enter(street)
    client.post(url("do", two.pk, "take_over"), {"version": two.version})
    do(street, two, "hand_down", centre=disputes.make_centre().pk, note="交社区")
    do(director, two, "send_back", note="还是街道")
    three = disputes.make_mediating(director=director, mediator=mediator)
    assert do(mediator.user, three, "guide", outcome="court", note="诉讼").status == "guided"
    four = disputes.make_mediating(director=director, mediator=mediator)
    do(mediator.user, four, "plan_session", mode="separate", starts_at=f"{factories.tomorrow():%Y-%m-%dT%H:%M}",
       place="x", invited=[four.disputants.first().pk])  # fmt: skip
    do(mediator.user, four, "cancel_session", session=Session.objects.get(state="planned").pk, note="有事")
    assert do(mediator.user, four, "terminate", outcome="failed", note="不成").status == "terminated"
    assert do(director, four, "reopen", note="又来").status == "accepted"
    five = disputes.make_mediating(director=director, mediator=mediator)
    given = {"term_1_content": "道歉", "term_1_way": "当面", "term_1_place": "楼道",
             "term_1_due_on": f"{timezone.localdate()}"}  # fmt: skip
    do(mediator.user, five, "conclude_orally", facts="吵架", duties="双方", all_agree="on", **given)
    assert five.outcome == "oral"


def test_likely_repeats_are_shown_before_anything_is_kept(director):
    client = enter(director)
    client.post(url("add"), FORM)
    first = Dispute.objects.get()
    answer = client.post(url("add"), {**FORM, "token": "x2"})
    said = answer.content.decode()
    assert "可能已经登记过" in said and first.number in said and Dispute.objects.count() == 1
    client.post(url("add"), {**FORM, "token": "x2", "seen": [first.pk]})
    assert Dispute.objects.count() == 2
    client.post(
        url("add"), {**FORM, "token": "x2", "seen": list(Dispute.objects.values_list("pk", flat=True))}
    )
    assert Dispute.objects.count() == 2


def test_who_registers_at_another_place_is_refused_at_the_field(director):
    answer = enter(director).post(url("add"), {**FORM, "grid": factories.FAR_BASE})
    assert "grid" in answer.context["form"].errors and not Dispute.objects.exists()
    worker = factories.make_staff("community_worker", factories.COMMUNITY)
    answer = enter(worker).post(url("add"), FORM)
    dispute = Dispute.objects.get()
    assert answer["Location"] == url("change", dispute.pk)
    assert enter(worker).get(url("change", dispute.pk)).status_code == 200


def test_pages_take_as_many_queries_for_many_rows_as_for_few(director, mediator):
    def asked(client: Client, address: str) -> int:
        client.get(address)
        parameters.value("mediation.days")
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    one = disputes.make_agreed(director=director, mediator=mediator)
    pages = [url("changelist"), url("change", one.pk), reverse("admin:index")]
    few = [[asked(enter(who), page) for page in pages] for who in (director, mediator.user)]
    for _ in range(6):
        disputes.make_mediating(director=director, mediator=mediator)
    for number in range(5):
        disputes.run(one, "perform", mediator.user, term=one.agreements.get().terms.get(), state="partial")
        disputes.run(
            one, "follow_up", mediator.user, disputant=one.disputants.first(), performance="partial",
            is_satisfied=True, note=f"第 {number} 次",
        )  # fmt: skip
    assert [[asked(enter(who), page) for page in pages] for who in (director, mediator.user)] == few


def test_whoever_was_shown_one_file_finds_back_to_it(director):
    officer = factories.make_staff("justice_officer", factories.STREET)
    dispute, client = disputes.make_accepted(director=director), enter(officer)
    asking = reverse("admin:mediation_dispute_inspect")
    assert dispute.number not in client.get(asking).content.decode()
    client.post(asking, {"number": dispute.number, "reason": "信访复查"})
    there = url("change", dispute.pk)
    assert there in client.get(asking).content.decode()
    page = client.get(there).content.decode()
    assert asking in page and "返回调阅卷宗" in page and "返回列表" not in page
