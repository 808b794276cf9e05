"""A dispute from the application to the closing, and every turn that it may take, through the flow."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from governance.audit import elevate
from governance.flow import NotYours, Refused
from governance.models import Intake, Notice, TextMessage, User
from mediation.flow import DISPUTES
from mediation.forms.actions import AssignForm
from mediation.models import Confirmation, Disputant, JudicialConfirmation, PrivateNote, Relation
from mediation.models.disputes import DisputeStatus as S
from tests import disputes, factories
from tests.disputes import run
from tests.pictures import upload
from tests.standing import standing

pytestmark = pytest.mark.django_db


@standing
def director(territory):
    return disputes.make_director()


@standing
def mediator(territory):
    return disputes.make_mediator()


def test_a_dispute_goes_all_the_way(director, mediator):
    resident, neighbour = factories.make_user("李奶奶"), factories.make_user("王大爷")
    dispute = disputes.make_dispute(by=resident, against=neighbour)
    assert dispute.status == S.REGISTERED and dispute.number.startswith("JF-120106001002-")
    assert [p.consent for p in dispute.disputants.all()] == ["agreed", "asked"]
    assert Notice.objects.filter(recipient=director, number=dispute.number).exists()
    with pytest.raises(Refused, match="被申请人还没有同意"):
        run(dispute, "accept", director)
    dispute = run(dispute, "agree", neighbour)
    dispute = run(dispute, "accept", director)
    year = timezone.localdate().year
    assert dispute.case_number == f"({year}){dispute.centre.short_name}人调字第1号"
    assert dispute.due_at - timezone.now() > timedelta(days=29)
    dispute = run(dispute, "assign", director, mediators=[mediator], is_chosen=True)
    with pytest.raises(Refused, match="权利义务告知书"):
        disputes.draft(dispute, mediator)
    dispute = run(dispute, "inform", mediator.user)
    run(dispute, "investigate", mediator.user, place="楼道", asked="邻居", record="看到漏水")
    disputes.hold(dispute, mediator)
    disputes.hold(dispute, mediator, mode="separate", record="她说最多赔八百")
    dispute = disputes.draft(dispute, mediator)
    dispute = run(dispute, "confirm", resident, agreement=1)
    with pytest.raises(Refused, match="被申请人还没有确认"):
        run(dispute, "conclude", mediator.user)
    dispute = run(dispute, "confirm", neighbour)
    dispute = run(dispute, "conclude", mediator.user)
    assert dispute.status == S.AGREED and dispute.outcome == "written" and dispute.follow_up_on
    dispute = run(dispute, "ask_judicial", mediator.user, court="区人民法院", all_agree=True)
    dispute = run(dispute, "record_judicial", mediator.user, result="effective", ruling="(2026)1号")
    with pytest.raises(Refused, match="还有 1 条没有履行"):
        run(dispute, "close", director)
    dispute = disputes.perform_all(dispute, mediator)
    with pytest.raises(Refused, match="先回访"):
        run(dispute, "close", director)
    dispute = run(
        dispute, "follow_up", mediator.user, disputant=dispute.disputants.first(),
        performance="done", is_satisfied=True, note="满意",
    )  # fmt: skip
    dispute = run(dispute, "close", director)
    dispute = run(dispute, "rate", resident, satisfaction=5, note="谢谢")
    assert dispute.status == S.CLOSED and dispute.closed_at and dispute.due_at is None
    assert [s.action for s in dispute.steps.all()] == [
        "open", "agree", "accept", "assign", "inform", "investigate", "plan_session", "hold_session",
        "plan_session", "hold_session", "draft", "confirm", "confirm", "conclude", "ask_judicial",
        "record_judicial", "perform", "follow_up", "close", "rate",
    ]  # fmt: skip


# --- the parties' will ---------------------------------------------------------------------------------------------------
def test_one_clear_refusal_ends_it(director, mediator):
    neighbour = factories.make_user()
    dispute = run(disputes.make_dispute(against=neighbour), "refuse", neighbour)
    assert (dispute.status, dispute.outcome, dispute.case_number) == (S.TERMINATED, "refused", None)
    with pytest.raises(Refused):
        run(dispute, "accept", director)
    # Later too, and without a reason.
    dispute = disputes.make_mediating(director=director, mediator=mediator, against=neighbour)
    assert run(dispute, "refuse", neighbour).status == S.TERMINATED


def test_a_refusal_on_the_phone_is_noted_with_its_words(director):
    dispute = disputes.make_dispute(others=[disputes.party("respondent")])
    other = dispute.disputants.get(side="respondent")
    with pytest.raises(Refused, match="怎么说的"):
        run(dispute, "record_consent", director, disputant=other, agreed=False, means="call")
    with pytest.raises(Refused, match="答复方式"):
        run(dispute, "record_consent", director, disputant=other, agreed=True, means="page")
    dispute = run(
        dispute, "record_consent", director, disputant=other, agreed=False, means="call", note="不谈"
    )
    assert dispute.status == S.TERMINATED


def test_on_the_committees_own_initiative_both_are_asked(director):
    worker = factories.make_staff("community_worker", factories.COMMUNITY)
    dispute = disputes.make_dispute(
        by=worker, applicant=disputes.party("applicant"), others=[disputes.party("respondent")],
        origin="initiative", channel="desk",
    )  # fmt: skip
    assert {p.consent for p in dispute.disputants.all()} == {"asked"}
    assert worker.may("view", dispute) and worker.may("record", dispute)
    for row in dispute.disputants.all():
        dispute = run(dispute, "record_consent", worker, disputant=row, agreed=True, means="face")
    dispute = run(dispute, "accept", director)
    assert not worker.may("view", dispute)


def test_only_those_who_register_at_their_own_place_register_for_others(director):
    stranger = factories.make_staff("community_worker", factories.FAR)
    with pytest.raises(NotYours):
        disputes.make_dispute(
            by=stranger, applicant=disputes.party("applicant"), others=[disputes.party("respondent")]
        )


def test_who_withdraws_is_the_applicant(director):
    resident, neighbour = factories.make_user(), factories.make_user()
    dispute = disputes.make_dispute(by=resident, against=neighbour)
    with pytest.raises(Refused, match="只有申请人"):
        run(dispute, "withdraw", neighbour)
    assert run(dispute, "withdraw", resident).status == S.WITHDRAWN
    dispute = disputes.make_accepted(by=resident, against=neighbour, director=director)
    dispute = run(dispute, "withdraw", resident)
    assert (dispute.status, dispute.outcome) == (S.TERMINATED, "withdrawn")


def test_what_may_not_be_mediated_is_declined_with_the_right_way(director):
    dispute = disputes.make_dispute()
    with pytest.raises(Refused, match="请选择不予受理的原因"):
        run(dispute, "decline", director)
    dispute = run(dispute, "decline", director, why="in_court")
    assert dispute.status == S.DECLINED
    assert "请在诉讼中申请由法院调解" in dispute.steps.get(action="decline").note


# --- mediators -------------------------------------------------------------------------------------------------------------
def test_whoever_is_too_near_to_a_party_does_not_mediate(director, mediator):
    resident, neighbour = factories.make_user("赵一"), factories.make_user("钱二")
    dispute = disputes.make_accepted(by=resident, against=neighbour, director=director)

    def refused(who, words):
        with pytest.raises(Refused, match=words):
            run(dispute, "assign", director, mediators=[who])

    entrance = factories.make_entrance()
    for user in (mediator.user, neighbour):
        user.entrance, user.address = entrance, "502"
        user.save()
    refused(mediator, "同户居住")
    mediator.user.address = "601"
    mediator.user.save()
    relation = Relation.objects.create(mediator=mediator, kind="kin", name="钱二")
    refused(mediator, "近亲属关系")
    relation.delete()
    herself = disputes.make_mediator(user=neighbour)
    refused(herself, "是本案当事人")
    earlier = factories.make_user()
    once = disputes.make_mediator(user=earlier)
    disputes.make_dispute(by=neighbour, against=earlier)
    refused(once, "利害关系")
    mediator.until = disputes.yesterday()
    mediator.save()
    refused(mediator, "不在名册上")
    far = disputes.make_mediator(factories.FAR)
    refused(far, "不在名册上")
    mediator.until = None
    mediator.save()
    assert run(dispute, "assign", director, mediators=[mediator]).status == S.MEDIATING


def test_mediators_change_and_the_former_loses_the_file(director, mediator):
    dispute = disputes.make_mediating(director=director, mediator=mediator)
    other = disputes.make_mediator()
    assert mediator.user.may("mediate", dispute) and not other.user.may("view", dispute)
    dispute = run(dispute, "assign", director, mediators=[other])
    assert other.user.may("mediate", dispute) and not mediator.user.may("view", dispute)
    with pytest.raises(NotYours):
        run(dispute, "investigate", mediator.user, place="x", asked="y", record="z")


# --- sessions --------------------------------------------------------------------------------------------------------------
def test_what_was_said_behind_backs_is_the_mediators_alone(director, mediator):
    dispute = disputes.make_mediating(director=director, mediator=mediator)
    session = disputes.hold(dispute, mediator, mode="separate", record="她说最多赔八百")
    assert session.record == "" and session.notes.get().words == "她说最多赔八百"
    colleague = disputes.make_mediator()
    run(dispute, "assign", director, mediators=[mediator, colleague], lead=mediator)
    assert list(PrivateNote.objects.restrict(mediator.user)) == [session.notes.get()]
    for other in (director, colleague.user, *disputes.users(dispute)):
        assert not PrivateNote.objects.restrict(other).exists()


def test_a_session_asks_for_who_was_there_and_what_was_said(director, mediator):
    dispute = disputes.make_mediating(director=director, mediator=mediator)
    parties = list(dispute.disputants.all())
    soon = timezone.now() + timedelta(days=1)
    with pytest.raises(Refused, match="双方"):
        run(
            dispute,
            "plan_session",
            mediator.user,
            mode="joint",
            starts_at=soon,
            place="x",
            invited=parties[:1],
        )
    strangers = list(disputes.make_dispute().disputants.all())
    with pytest.raises(Refused, match="哪些当事人"):
        run(
            dispute, "plan_session", mediator.user, mode="joint", starts_at=soon, place="x", invited=strangers
        )
    dispute = run(
        dispute, "plan_session", mediator.user, mode="joint", starts_at=soon, place="调解室", invited=parties
    )
    assert Notice.objects.filter(recipient=parties[1].user, title__contains="请您").exists()
    session = dispute.sessions.get()
    with pytest.raises(Refused, match="还没有到时间"):
        run(dispute, "hold_session", mediator.user, session=session, present=parties, record="谈")
    with time_machine.travel(soon + timedelta(hours=1)):
        with pytest.raises(Refused, match="到场"):
            run(dispute, "hold_session", mediator.user, session=session, record="谈")
        with pytest.raises(Refused, match="调解记录"):
            run(dispute, "hold_session", mediator.user, session=session, present=parties)
        run(dispute, "hold_session", mediator.user, session=session, present=parties, record="谈好了")
    session.refresh_from_db()
    assert session.state == "held" and session.record == "谈好了"


# --- agreements ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"facts": ""}, "主要事实"),
        ({"duties": ""}, "责任"),
        ({"terms": []}, "至少一条"),
        ({"terms": [disputes.term(way="")]}, "第 1 条请写明履行方式"),
        ({"terms": [disputes.term(), disputes.term(place="")]}, "第 2 条请写明履行地点"),
        ({"terms": [disputes.term(due_on=None)]}, "第 1 条请写明履行期限"),
        ({"terms": [disputes.term(amount=-1)]}, "不能是负数"),
    ],
)
def test_an_agreement_has_all_that_the_law_asks_for_or_is_not_issued(director, mediator, changed, words):
    dispute = disputes.make_mediating(director=director, mediator=mediator)
    with pytest.raises(Exception) as refused:  # noqa: PT011 - a Refused, or the model's own ValidationError
        disputes.draft(dispute, mediator, **changed)
    said = str(refused.value.message_dict)
    assert words in said or (words in ("主要事实", "责任") and ("facts" in said or "duties" in said)), said
    assert not dispute.agreements.exists()


def test_parties_who_cannot_be_told_apart_get_no_agreement(director, mediator):
    dispute = disputes.make_mediating(
        director=director,
        mediator=mediator,
        others=[disputes.party("respondent", factories.make_user(), sex="")],
    )
    with pytest.raises(Refused, match="被申请人还缺性别"):
        disputes.draft(dispute, mediator)


def test_a_new_version_is_confirmed_anew_and_nobody_confirms_what_she_did_not_see(director, mediator):
    dispute = disputes.make_mediating(director=director, mediator=mediator)
    first, second = disputes.users(dispute)
    dispute = run(disputes.draft(dispute, mediator), "confirm", first, agreement=1)
    dispute = disputes.draft(dispute, mediator, terms=[disputes.term(amount=900)])
    with pytest.raises(Refused, match="新的版本"):
        run(dispute, "confirm", second, agreement=1)
    dispute = run(dispute, "confirm", second, agreement=2)
    with pytest.raises(Refused, match="申请人还没有确认"):
        run(dispute, "conclude", mediator.user)
    with pytest.raises(Refused, match="照片"):
        run(dispute, "confirm_paper", mediator.user, disputant=dispute.disputants.first())
    dispute = run(
        dispute,
        "confirm_paper",
        mediator.user,
        disputant=dispute.disputants.first(),
        photos=[upload("a.jpg")],
    )
    assert run(dispute, "conclude", mediator.user).status == S.AGREED
    assert Confirmation.objects.filter(agreement__version=2).count() == 2


def test_an_oral_agreement_holds_at_once(director, mediator):
    dispute = disputes.make_mediating(director=director, mediator=mediator)
    data = {"facts": "吵架", "duties": "都有不对", "terms": [disputes.term(amount=None)]}
    with pytest.raises(Refused, match="都同意"):
        run(dispute, "conclude_orally", mediator.user, **data)
    dispute = run(dispute, "conclude_orally", mediator.user, all_agree=True, **data)
    agreement = dispute.agreements.get()
    assert (dispute.outcome, agreement.form, agreement.signed_by) == ("oral", "oral", mediator.user)


# --- the court -------------------------------------------------------------------------------------------------------------
def test_the_court_is_asked_together_within_thirty_days(director, mediator):
    dispute = disputes.make_agreed(director=director, mediator=mediator)
    effective = dispute.agreements.get().effective_at

    def ask(**data):
        return run(
            dispute, "ask_judicial", mediator.user, **{"court": "区人民法院", "all_agree": True, **data}
        )

    for data, words in (
        ({"all_agree": False}, "共同申请"),
        ({"touches_identity": True}, "身份关系"),
        ({"touches_ownership": True}, "确权"),
        ({"court": ""}, "请填写法院"),
    ):
        with pytest.raises(Refused, match=words):
            ask(**data)
    with time_machine.travel(effective + timedelta(days=31)), pytest.raises(Refused, match="超过 30 天"):
        ask()
    with time_machine.travel(effective + timedelta(days=30)):
        assert "ask_judicial" in {a.name for a in DISPUTES.available(dispute, mediator.user)}
        ask()
    row = JudicialConfirmation.objects.get()
    assert row.result == "asked"
    with pytest.raises(Refused, match="请选择法院的结果"):
        run(dispute, "record_judicial", mediator.user, result="asked")


# --- ways out --------------------------------------------------------------------------------------------------------------
def test_what_fails_is_terminated_and_the_other_ways_are_told(director, mediator):
    dispute = disputes.make_mediating(director=director, mediator=mediator)
    with pytest.raises(Refused, match="终止的原因"):
        run(dispute, "terminate", mediator.user, note="谈不拢", outcome="written")
    dispute = run(dispute, "terminate", mediator.user, note="谈不拢", outcome="failed")
    assert dispute.status == S.TERMINATED
    told = Notice.objects.filter(recipient=disputes.users(dispute)[1], number=dispute.number)
    assert any("仲裁" in notice.title for notice in told)
    dispute = run(dispute, "reopen", director, note="又愿意谈了")
    assert (dispute.status, dispute.outcome, dispute.closed_at) == (S.ACCEPTED, "", None)


def test_a_refused_one_is_asked_again_when_it_is_taken_up_anew(director):
    neighbour = factories.make_user()
    dispute = run(disputes.make_dispute(against=neighbour), "refuse", neighbour)
    dispute = run(dispute, "reopen", director, note="又来找")
    assert dispute.status == S.REGISTERED
    assert dispute.disputants.get(user=neighbour).consent == Disputant.Consent.ASKED


def test_the_parties_are_guided_to_another_way(director, mediator):
    dispute = disputes.make_mediating(director=director, mediator=mediator)
    dispute = run(dispute, "guide", mediator.user, outcome="arbitration", note="劳动争议")
    assert (dispute.status, dispute.outcome) == (S.GUIDED, "arbitration")


def test_more_time_is_given_where_all_agree(director, mediator):
    dispute = disputes.make_mediating(director=director, mediator=mediator)
    before = dispute.due_at
    with pytest.raises(Refused, match="都同意"):
        run(dispute, "extend", mediator.user, days=10, note="等鉴定")
    dispute = run(dispute, "extend", mediator.user, days=10, all_agree=True, note="等鉴定")
    assert dispute.due_at - before == timedelta(days=10) and dispute.extensions == 1


def test_an_overdue_dispute_is_told_to_its_own_people_alone_and_once(director, mediator):
    from mediation.flow.disputes import remind

    dispute = disputes.make_mediating(director=director, mediator=mediator)
    above = [disputes.make_director(factories.STREET), factories.make_staff("street_head", factories.STREET)]
    later = dispute.due_at + timedelta(hours=1)
    with time_machine.travel(later):
        assert (remind(later), remind(later)) == (1, 0)
    told = set(Notice.objects.filter(title__startswith="调解期限已过").values_list("recipient", flat=True))
    assert told == {director.pk, mediator.user_id} and not told & {user.pk for user in above}


# --- up and down -----------------------------------------------------------------------------------------------------------
def test_a_dispute_goes_up_and_comes_back_down(director, mediator):
    street = disputes.make_director(factories.STREET)
    dispute = disputes.make_mediating(director=director, mediator=mediator)
    number = dispute.case_number
    above = disputes.make_centre(factories.STREET)
    far = disputes.make_centre(factories.OTHER_STREET)
    with pytest.raises(Refused, match="管辖这个地方"):
        run(dispute, "send_up", director, centre=far, note="太难")
    dispute = run(dispute, "send_up", director, centre=above, note="太难")
    assert dispute.status == S.SENT and dispute.seat_id == factories.STREET
    # Whoever had it may still read it, and no more.
    for person in (director, mediator.user):
        assert person.may("view", dispute)
        assert not person.may("direct", dispute) and not person.may("mediate", dispute)
    dispute = run(dispute, "take_over", street)
    other = disputes.make_mediator(factories.STREET)
    dispute = run(dispute, "assign", street, mediators=[other])
    dispute = run(dispute, "terminate", other.user, outcome="failed", note="谈不拢")
    assert dispute.case_number == number
    assert not director.may("view", dispute) and not mediator.user.may("view", dispute)
    dispute = run(dispute, "reopen", street, note="再谈")
    dispute = run(dispute, "hand_down", street, centre=disputes.make_centre(), note="交社区")
    assert director.may("direct", dispute)
    dispute = run(dispute, "send_back", director, note="还是街道办")
    assert street.may("direct", dispute) and dispute.sent_from is None


def test_those_called_in_see_this_file_alone_and_until_the_end(director, mediator):
    dispute = disputes.make_mediating(director=director, mediator=mediator)
    other = disputes.make_mediating(director=director, mediator=mediator)
    unit = factories.make_unit()
    officer = factories.make_staff("department_officer", factories.DISTRICT, unit=unit)
    assert not officer.may("view", dispute)
    dispute = run(dispute, "invite", director, guests=[officer], body="区住建委", note="房屋鉴定")
    assert officer.may("view", dispute) and not officer.may("view", other)
    assert not officer.may("mediate", dispute)
    dispute = run(dispute, "let_go", director, guest=dispute.guests.get())
    assert not officer.may("view", dispute)
    dispute = run(dispute, "invite", director, guests=[officer], note="再看一次")
    dispute = run(dispute, "terminate", mediator.user, outcome="failed", note="谈不拢")
    assert not officer.may("view", dispute)


# --- the front door --------------------------------------------------------------------------------------------------------
def test_that_somebody_applied_is_for_no_post_to_see(director, secretary):
    dispute = disputes.make_dispute()
    intake = Intake.objects.get(number=dispute.number)
    assert intake.is_confidential
    assert secretary.may("view", Intake) and not secretary.may("view", intake)
    assert dispute.applicant.may("view", intake)


def test_a_repeat_answers_as_the_first_time(director):
    resident = factories.make_user()
    given = {"by": resident, "others": [disputes.party("respondent")]}
    one = disputes.make_dispute(**given)
    from mediation.services.registering import register_dispute

    again, new = register_dispute(
        by=resident, source_id=Intake.objects.get().source_id.partition(":")[2], category="other",
        description="", applicant=disputes.party("applicant", resident), others=given["others"],
        grid=one.grid,
    )  # fmt: skip
    assert (again, new) == (one, False)


def test_nobody_directs_or_writes_the_file_of_her_own_dispute(director, mediator):
    """Not by a superuser mode either; another director of the centre takes it in hand."""
    other = disputes.make_director()
    dispute = disputes.make_dispute(against=director)
    with pytest.raises(NotYours):
        run(dispute, "decline", director, why="crime")
    dispute = run(run(dispute, "agree", director), "accept", other)
    User.objects.filter(pk=director.pk).update(may_elevate=True)
    elevated = User.objects.get(pk=director.pk)
    elevate(elevated, reason="系统演练")
    with pytest.raises(Refused, match="您是本案当事人"):
        run(dispute, "assign", User.objects.get(pk=director.pk), mediators=[mediator])
    offered = {action.name for action in DISPUTES.available(dispute, director)}
    assert not {"send_up", "assign", "amend", "record_consent"} & offered


def test_why_it_was_sent_on_is_not_told_to_the_parties(director, mediator):
    dispute = disputes.make_mediating(director=director, mediator=mediator)
    run(dispute, "send_up", director, centre=disputes.make_centre(factories.STREET), note="双方都不好说话")
    told = Notice.objects.filter(recipient__in=disputes.users(dispute), number=dispute.number)
    assert told.exists() and not any("不好说话" in f"{each.title}{each.body}" for each in told)


def test_who_is_asked_is_told_by_notice_or_by_text(territory):
    known = factories.make_user()
    told = disputes.party("respondent", known)
    stranger = disputes.party("respondent")
    dispute = disputes.make_dispute(others=[told, stranger])
    assert (
        Notice.objects.filter(recipient=known, number=dispute.number, title__contains="是否同意调解").count()
        == 1
    )
    message = TextMessage.objects.get(phone=stranger.phone)
    assert "自愿、免费" in message.body and dispute.number in message.body
    assert dispute.title not in message.body and dispute.applicant_name not in message.body
    assert not TextMessage.objects.filter(phone=known.phone).exists()


def test_the_director_sees_whom_the_parties_want_when_she_assigns(territory):
    director, mediator = disputes.make_director(), disputes.make_mediator()
    dispute = disputes.make_accepted(director=director)
    [applicant, *_] = disputes.users(dispute)
    disputes.run(dispute, "choose_mediator", applicant, mediator=None, note="不希望由邻居的亲戚调解")
    disputes.run(dispute, "choose_mediator", applicant, mediator=mediator)
    form = AssignForm(matter=dispute, action=DISPUTES.actions["assign"], user=director)
    assert form.initial["wished"] == f"申请人想请{mediator}调解。"
    assert "refused" not in form.fields
    disputes.run(
        dispute,
        "amend",
        director,
        category=dispute.category,
        grade="A",
        people_count=3,
        consultation="special",
    )
    dispute.refresh_from_db()
    assert dispute.get_consultation_display() == "专诊"
