"""Disputes on the phone: an application, a party's page, a mediator's day, by the pages alone; and what none of them shows."""

import re
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from governance.accounts.arrivals import account_of
from governance.models import Notice, User
from mediation.models import Disputant, Dispute, DisputePhoto, PrivateNote
from mediation.models.disputes import DisputeStatus as S
from mediation.services.registering import MOST_OPEN
from tests import disputes, factories
from tests.cast import BACKEND
from tests.disputes import run
from tests.pictures import jpeg, upload
from tests.standing import standing

pytestmark = pytest.mark.django_db

NEW = "/mediation/new/"
WORDS = "楼上漏水，泡坏了天花板，他还骂人"
ASKS = "修好水管，赔 800 元"


@standing
def director(territory):
    return disputes.make_director()


@standing
def mediator(territory):
    return disputes.make_mediator(phone="022-26370001")


@standing
def door(territory):
    return factories.make_entrance()


def at(user: User) -> Client:
    """Return a phone on which this person is signed in."""
    client = Client()
    client.force_login(User.objects.get(pk=user.pk), backend=BACKEND)
    return client


@standing
def resident(door, director):
    return factories.make_user("李秀英")


@standing
def phone(resident, door):
    client = at(resident)
    client.get(reverse("entrance_scan", args=[door.token]))
    return client


def filled(client, page: str = NEW, /, **changes) -> dict:
    """Return the form's own values as a browser would send them, with changes."""
    data = {}
    for bound in client.get(page).context["form"]:
        value = bound.value()
        if bound.name != "photos" and value not in (None, False):
            data[bound.name] = value.isoformat() if isinstance(value, date) else value
    return data | changes


def application(client, **changes) -> dict:
    """Return an application as it is sent."""
    given = {
        "scope": "none", "category": "neighbours", "description": WORDS, "requests": ASKS, "other1": "王建国",
        "other1_phone": "19955550001", "other1_address": "3号楼2门401",
    }  # fmt: skip
    return filled(client, **{**given, **changes})


def errors(answer) -> dict:
    return answer.context["form"].errors


def read(client, dispute: Dispute) -> str:
    """Return what a page of a dispute says."""
    answer = client.get(dispute.get_absolute_url())
    assert answer.status_code == 200
    return answer.content.decode()


def act(client, dispute: Dispute, name: str, **data):
    """Carry out an action on its page."""
    url = reverse("dispute_action", args=[dispute.number, name])
    return client.post(url, {"version": Dispute.objects.get(pk=dispute.pk).version, **data}, follow=True)


# --- applying ------------------------------------------------------------------------------------------------------------
def test_a_resident_applies_and_it_is_prefilled(phone, resident, door):
    User.objects.filter(pk=resident.pk).update(entrance=door, address="301 室")
    page = phone.get(NEW)
    text = page.content.decode()
    assert "不收费" in text and "自愿" in text and str(disputes.make_centre()) in text
    data = application(phone, occurred_on="2026-05-01", amount="800.50", photos=[upload("a.jpg")])
    assert data["name"] == "李秀英" and "301 室" in data["address"] and "phone" not in data
    answer = phone.post(NEW, data)
    dispute = Dispute.objects.get()
    assert answer.url == dispute.get_absolute_url()
    mine, other = dispute.disputants.all()
    assert (mine.user, mine.consent, mine.consent_means) == (resident, "agreed", "page")
    assert (other.name, other.phone, other.user, other.consent) == ("王建国", "19955550001", None, "asked")
    assert (dispute.entrance, dispute.amount, dispute.placed_by) == (door, 800.5, None)
    photo = DisputePhoto.objects.get()
    assert (photo.kind, photo.uploaded_by) == ("evidence", resident)
    told = phone.get(dispute.get_absolute_url()).content.decode()
    assert WORDS in told and "您交了 1 张照片" in told and "19955550001" not in told
    # The same form sent twice is one dispute.
    again = phone.post(NEW, data | {"photos": [upload("a.jpg")]})
    assert again.url == answer.url and Dispute.objects.count() == DisputePhoto.objects.count() == 1


def test_several_others_and_bodies(phone):
    phone.post(NEW, application(phone, other2="和苑物业公司", other2_body="on", other3="张三"))
    rows = Dispute.objects.get().disputants.filter(side="respondent")
    assert [(row.name, row.is_body) for row in rows] == [
        ("王建国", False), ("和苑物业公司", True), ("张三", False),
    ]  # fmt: skip


@pytest.mark.parametrize(("scope", "way"), [("in_court", "由法院调解"), ("crime", "向公安机关报案")])
def test_what_may_not_be_mediated_is_shown_the_right_way(phone, scope, way):
    answer = phone.post(NEW, application(phone, scope=scope))
    assert answer.status_code == 422 and way in answer.content.decode()
    assert WORDS in answer.content.decode() and not Dispute.objects.exists()


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(phone, resident):
    answer = phone.post(NEW, {"token": "t", "description": WORDS})
    assert answer.status_code == 422 and WORDS in answer.content.decode()
    assert set(errors(answer)) == {"scope", "category", "requests", "name", "other1"}
    twice = phone.post(NEW, application(phone, other2="李四", other2_phone="19955550001"))
    assert (
        set(errors(twice)) == {"other2_phone"} and '<details class="cg-fold" open>' in twice.content.decode()
    )
    herself = phone.post(NEW, application(phone, other1_phone=resident.phone))
    assert set(errors(herself)) == {"other1_phone"}
    nameless = phone.post(NEW, application(phone, other2="", other2_phone="19955550002"))
    assert set(errors(nameless)) == {"other2"}
    child = phone.post(NEW, application(phone, birth_year=timezone.localdate().year - 12))
    assert set(errors(child)) == {"guardian"}
    broken = SimpleUploadedFile("a.jpg", b"nothing")
    picture = phone.post(NEW, application(phone, photos=[broken]))
    assert set(errors(picture)) == {"photos"}
    later = phone.post(NEW, application(phone, occurred_on="2099-01-01"))
    assert set(errors(later)) == {"occurred_on"}
    assert not Dispute.objects.exists() and not Notice.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("other1", "长" * 5000), ("other1", "王\x00"), ("other1_phone", "1"), ("amount", "1e309"), ("amount", "-1"),
        ("amount", "9" * 40), ("birth_year", "99999999999"), ("occurred_on", "99999-12-31"), ("category", "none"),
        ("scope", "x"), ("where", "door:999999999999999"), ("where", "grid:<script>"), ("description", "大" * 9000),
    ],
)  # fmt: skip
def test_hostile_input_is_answered_in_words(phone, field, value):
    answer = phone.post(NEW, application(phone, **{field: value}))
    assert answer.status_code in (302, 422)
    if answer.status_code == 302:
        # The place was not to be read: it is the one where she stands.
        assert field == "where" and Dispute.objects.get().entrance
    else:
        assert "<script>" not in answer.content.decode().split('id="apply"')[1]


def test_without_a_place_she_is_sent_to_choose_one_and_her_words_wait(resident, director):
    client = at(resident)
    answer = client.post(NEW, application(client))
    assert "请先选择纠纷发生在哪里" in answer.content.decode()
    leaves = client.post(NEW, application(client, change_place="1"))
    assert leaves.url.startswith(reverse("choose_place"))
    client.post(reverse("choose_place"), {"grid": factories.COMMUNITY})
    back = client.get(NEW)
    assert back.context["form"]["description"].value() == WORDS
    assert client.post(NEW, application(client)).status_code == 302
    assert Dispute.objects.get().grid_id == factories.COMMUNITY


def test_what_was_typed_when_the_session_ended_waits_too(phone, resident):
    data = application(phone)
    phone.logout()
    away = phone.post(NEW, data)
    assert away.status_code == 302 and "/login/" in away.url
    phone.force_login(resident, backend=BACKEND)
    assert phone.get(NEW).context["form"]["description"].value() == WORDS


def test_a_likely_repeat_of_her_own_is_shown_once(phone, resident):
    phone.post(NEW, application(phone))
    first = Dispute.objects.get()
    assert first.number in phone.get(NEW).content.decode()
    again = phone.post(NEW, application(phone))
    assert set(errors(again)) == {"anew"} and first.number in again.content.decode()
    assert phone.post(NEW, application(phone, anew="on")).status_code == 302
    # Somebody else's is no matter for her.
    stranger = at(factories.make_user("赵六"))
    stranger.post(reverse("choose_place"), {"grid": factories.COMMUNITY})
    assert first.number not in stranger.get(NEW).content.decode()
    assert stranger.post(NEW, application(stranger)).status_code == 302


def test_there_is_an_end_to_applications(phone):
    for _ in range(MOST_OPEN):
        assert phone.post(NEW, application(phone, anew="on")).status_code == 302
    answer = phone.post(NEW, application(phone, anew="on"))
    assert answer.status_code == 422 and "没有结束的纠纷" in answer.content.decode()


def test_nobody_applies_signed_out(client, territory):
    assert "/login/" in client.get(NEW).url


# --- a party's page ------------------------------------------------------------------------------------------------------
def test_the_whole_way_on_three_phones(phone, resident, director, mediator):
    neighbour = factories.make_user("王建国")
    phone.post(NEW, application(phone, other1_phone=neighbour.phone, sex="F"))
    dispute = Dispute.objects.get()
    hers, works = at(neighbour), at(mediator.user)
    assert "请您答复" in hers.get("/").content.decode()
    page = read(hers, dispute)
    assert "您愿意调解吗" in page and "李秀英" in page and ASKS in page
    # Nor does she learn what the other wrote for the mediator, or where she is to be found.
    assert WORDS not in page and resident.phone not in page
    assert WORDS not in hers.get(reverse("my_matters")).content.decode()
    assert WORDS in phone.get(reverse("my_matters")).content.decode()
    asked = hers.get(reverse("dispute_action", args=[dispute.number, "refuse"]))
    assert "不用说明理由" in asked.content.decode()
    assert "已记下您同意调解" in act(hers, dispute, "agree").content.decode()
    assert "请您答复" not in hers.get("/").content.decode()

    wish = hers.get(reverse("dispute_action", args=[dispute.number, "choose_mediator"]))
    assert str(mediator.user) in wish.content.decode()
    told = act(hers, dispute, "choose_mediator", mediator=mediator.pk, note="懂水电的")
    assert f"想请{mediator}调解。懂水电的" in told.content.decode()
    assert "懂水电的" not in read(phone, dispute)
    assert Notice.objects.filter(
        recipient=director, number=dispute.number, body__contains="懂水电的"
    ).exists()

    chief = at(director)
    for name, data in (("accept", {}), ("assign", {"mediators": [mediator.pk], "is_chosen": "on"})):
        assert act(chief, dispute, name, **data).status_code == 200
    assert Dispute.objects.get().status == S.MEDIATING
    assert str(mediator.user) in read(phone, dispute) and "tel:02226370001" in read(phone, dispute)
    act(works, dispute, "inform")
    parties = list(dispute.disputants.values_list("pk", flat=True))
    when = timezone.localtime() - timedelta(minutes=30)
    plan = {"starts_at": f"{when:%Y-%m-%dT%H:%M}", "place": "二楼调解室"}
    act(works, dispute, "plan_session", mode="joint", invited=parties, **plan)
    assert "二楼调解室" in read(hers, dispute) and "二楼调解室" in read(phone, dispute)
    assert "二楼调解室" in works.get(reverse("my_mediation")).content.decode()
    joint = dispute.sessions.get()
    act(works, dispute, "hold_session", session=joint.pk, present=parties, record="各说各的")
    act(works, dispute, "plan_session", mode="separate", invited=parties[:1], **(plan | {"place": "里间"}))
    # Whoever is not invited learns nothing of it.
    assert "里间" in read(phone, dispute) and "里间" not in read(hers, dispute)
    apart = dispute.sessions.get(mode="separate")
    act(works, dispute, "hold_session", session=apart.pk, present=parties[:1], record="她说六百也行")
    assert PrivateNote.objects.get().words == "她说六百也行"
    assert "她说六百也行" in read(works, dispute)
    for other in (phone, hers):
        assert "她说六百也行" not in read(other, dispute) and "各说各的" not in read(other, dispute)

    Disputant.objects.filter(dispute=dispute).update(sex="F")
    draft = {
        "facts": "楼上漏水", "duties": "楼上负责", "copies": 3, "term_1_content": "赔偿 800 元", "term_1_way": "现金",
        "term_1_place": "居委会", "term_1_due_on": f"{timezone.localdate() + timedelta(days=2)}", "term_1_amount": "800",
    }  # fmt: skip
    act(works, dispute, "draft", **draft)
    assert "赔偿 800 元" in read(hers, dispute) and "待各方确认" in read(hers, dispute)
    act(works, dispute, "draft", **(draft | {"term_1_content": "赔偿 700 元"}))
    old = act(hers, dispute, "confirm", agreement=1, read="on")
    assert "协议有了新的版本" in old.content.decode() and "赔偿 700 元" in old.content.decode()
    unread = act(hers, dispute, "confirm", agreement=2)
    assert errors(unread)["read"]
    for client in (phone, hers):
        assert "已确认这一版协议" in act(client, dispute, "confirm", agreement=2, read="on").content.decode()
    act(works, dispute, "conclude", sealed="on")
    assert Dispute.objects.get().status == S.AGREED
    page = read(phone, dispute)
    assert "已生效" in page and "司法确认" in page and "待履行" in page
    day = works.get(reverse("my_mediation")).content.decode()
    assert "赔偿 700 元" in day

    term = dispute.agreements.get(version=2).terms.get()
    act(works, dispute, "perform", term=term.pk, state="done", performed_on=f"{timezone.localdate()}")
    visit = {
        "disputant": parties[0], "at": f"{timezone.localtime():%Y-%m-%dT%H:%M}", "performance": "done",
        "is_satisfied": "1", "note": "都好了",
    }  # fmt: skip
    act(works, dispute, "follow_up", **visit)
    act(chief, dispute, "close")
    assert Dispute.objects.get().status == S.CLOSED
    for client in (phone, hers):
        assert "都好了" not in read(client, dispute)
        assert (
            "谢谢您的评价" in act(client, dispute, "rate", satisfaction=5, note="谢谢调解员").content.decode()
        )
    assert "谢谢调解员" in read(hers, dispute)
    assert [row.satisfaction for row in dispute.disputants.all()] == [5, 5]


def test_a_refusal_ends_it_and_tells_the_other_ways(resident, director):
    neighbour = factories.make_user()
    dispute = disputes.make_dispute(by=resident, against=neighbour)
    said = act(at(neighbour), dispute, "refuse").content.decode()
    assert "已记下您不同意调解" in said and "当事人拒绝调解" in said
    assert "向人民法院提起诉讼" in read(at(resident), dispute)
    # Twice is once.
    act(at(neighbour), dispute, "refuse")
    assert Dispute.objects.get().steps.filter(action="refuse").count() == 1


def test_what_was_declined_says_where_to_go(resident, director):
    dispute = run(disputes.make_dispute(by=resident), "decline", director, why="in_court", note="内部说明")
    page = read(at(resident), dispute)
    assert "法院已经受理" in page and "请在诉讼中申请由法院调解" in page


def test_who_withdraws(resident, director):
    neighbour = factories.make_user()
    dispute = disputes.make_dispute(by=resident, against=neighbour)
    assert "撤回申请" in read(at(resident), dispute) and "撤回申请" not in read(at(neighbour), dispute)
    # What others did meanwhile does not stop her.
    run(dispute, "agree", neighbour)
    url = reverse("dispute_action", args=[dispute.number, "withdraw"])
    at(resident).post(url, {"version": 1})
    assert Dispute.objects.get().status == S.WITHDRAWN


def test_a_childs_name_is_not_told_in_full(resident, director):
    child = disputes.party("respondent", name="张小宝", is_minor=True, guardian="张大")
    dispute = disputes.make_dispute(by=resident, others=[child])
    page = read(at(resident), dispute)
    assert "张小宝" not in page and "张**" in page and "张大" not in page


def test_a_party_who_has_an_office_sees_a_partys_page(resident, director):
    dispute = disputes.make_dispute(by=resident, against=director)
    page = read(at(director), dispute)
    assert "您愿意调解吗" in page and WORDS not in page and resident.phone not in page
    assert reverse("dispute_action", args=[dispute.number, "accept"]) not in page


# --- whoever it does not concern -----------------------------------------------------------------------------------------
def test_nobody_else_finds_it(resident, director, mediator, secretary):
    neighbour = factories.make_user()
    dispute = disputes.make_mediating(director=director, mediator=mediator, by=resident, against=neighbour)
    others = [
        factories.make_user(), secretary, disputes.make_mediator().user,
        disputes.make_director(factories.STREET), factories.make_staff("street_officer", factories.STREET),
        factories.make_staff("justice_officer", factories.DISTRICT), disputes.make_director(factories.FAR),
        factories.make_staff("auditor", factories.DISTRICT),
    ]  # fmt: skip
    for person in others:
        client = at(person)
        for url in (
            dispute.get_absolute_url(),
            *(reverse("dispute_action", args=[dispute.number, name]) for name in ("agree", "inform", "rate")),
        ):
            assert client.get(url).status_code == 404, (person, url)
            assert client.post(url, {"version": 1}).status_code in (404, 405), (person, url)
        assert dispute.number not in client.get(reverse("my_matters")).content.decode()
    # A party does not do what is the mediator's, nor the mediator what is a party's.
    for person, name in (
        (resident, "inform"),
        (resident, "accept"),
        (neighbour, "draft"),
        (mediator.user, "confirm"),
    ):
        assert act(at(person), dispute, name).status_code == 404, name
    assert act(at(resident), dispute, "no_such").status_code == 404
    assert Client().get(dispute.get_absolute_url()).status_code == 302


def test_pictures_are_for_those_who_may_see_the_file(phone, resident, director, mediator):
    neighbour = factories.make_user()
    phone.post(NEW, application(phone, other1_phone=neighbour.phone, photos=[upload("a.jpg")]))
    photo = DisputePhoto.objects.get()
    assert at(director).get(photo.url).status_code == 200
    for person in (neighbour, mediator.user, factories.make_user()):
        assert at(person).get(photo.url).status_code == 404


# --- adopting ------------------------------------------------------------------------------------------------------------
def test_whoever_proves_the_phone_by_which_she_was_named_finds_the_dispute(phone, client):
    phone.post(NEW, application(phone))
    neighbour = account_of("19955550001")
    dispute = Dispute.objects.get()
    assert dispute.disputants.get(side="respondent").user == neighbour
    assert dispute.number in at(neighbour).get(reverse("my_matters")).content.decode()
    assert "您愿意调解吗" in read(at(neighbour), dispute)
    assert account_of("19955550001") == neighbour


def test_a_phone_written_twice_does_not_keep_its_owner_from_signing_in(resident, director):
    dispute = disputes.make_dispute(by=resident)
    for _ in range(2):
        Disputant.objects.create(dispute=dispute, side="third", name="某人", phone="19955550009", sex="F")
    user = account_of("19955550009")
    assert dispute.disputants.filter(user=user).count() == 1


# --- a mediator's day ----------------------------------------------------------------------------------------------------
def test_the_tiles_are_for_those_whom_they_concern(resident, director, mediator):
    def tiles(person):
        return {tile.label for tile in at(person).get("/").context["tiles"]}

    assert "矛盾调解" in tiles(resident) and "我的调解" not in tiles(resident)
    assert "我的调解" in tiles(mediator.user) and "我的调解" in tiles(director)
    assert at(resident).get(reverse("my_mediation")).status_code == 404
    assert "/login/" in Client().get(reverse("my_mediation")).url


def test_a_day_shows_what_is_hers_alone_and_masked(director, mediator):
    resident = factories.make_user("李秀英")
    dispute = disputes.make_mediating(director=director, mediator=mediator, by=resident)
    other = disputes.make_mediating(director=director, mediator=disputes.make_mediator())
    Dispute.objects.filter(pk=dispute.pk).update(
        due_at=timezone.now() - timedelta(days=1), yellow_at=timezone.now() - timedelta(days=5)
    )
    works = at(mediator.user)
    for tab in ("day", "cases"):
        text = works.get(reverse("my_mediation"), {"tab": tab}).content.decode()
        assert dispute.case_number in text and "红·已超期" in text and other.case_number not in text
        assert "李**" in text and "李秀英" not in text
    assert dispute.case_number in at(director).get(
        reverse("my_mediation"), {"tab": "centre"}
    ).content.decode() or (dispute.status == S.MEDIATING)
    assert works.get(reverse("my_mediation"), {"tab": "centre"}).context["tab"] == "day"
    assert works.get(reverse("my_mediation"), {"tab": "<x>", "page": "-1"}).status_code == 200


def test_a_directors_phone_shows_what_waits_for_the_centre(director, mediator):
    waiting = disputes.make_dispute()
    works = disputes.make_mediating(director=director, mediator=mediator)
    text = at(director).get(reverse("my_mediation"), {"tab": "centre"}).content.decode()
    assert waiting.number in text and works.case_number not in text


def test_the_case_shows_phones_to_those_who_may_call(director, mediator):
    resident = factories.make_user("李秀英")
    dispute = disputes.make_mediating(director=director, mediator=mediator, by=resident)
    page = read(at(mediator.user), dispute)
    assert f'href="tel:{resident.phone}"' in page and "李秀英" in page
    page = read(at(director), dispute)
    assert resident.phone not in page and "李秀英" not in page and "查看电话" in page
    officer = factories.make_staff("department_officer", factories.DISTRICT, unit=factories.make_unit())
    dispute = run(dispute, "invite", director, guests=[officer], note="鉴定")
    page = read(at(officer), dispute)
    assert resident.phone not in page and "查看电话" not in page and "安排调解" not in page


def test_what_an_agreement_lacks_is_said_before_it_is_written(director, mediator):
    other = disputes.party("respondent", factories.make_user(), sex="")
    dispute = disputes.make_mediating(director=director, mediator=mediator, others=[other])
    client, row = at(mediator.user), dispute.disputants.get(side="respondent")
    page = read(client, dispute)
    assert page.count("写协议前须补齐") == 1 and f"amend_party/?party={row.pk}" in page
    form = client.get(f"{dispute.get_absolute_url()}draft/").content.decode()
    assert "被申请人还缺性别" in form
    known = {"party": row.pk, "name": row.name, "phone": row.phone, "sex": "F", "version": dispute.version}
    client.post(f"{dispute.get_absolute_url()}amend_party/", known)
    assert "补齐" not in client.get(f"{dispute.get_absolute_url()}draft/").content.decode()


def test_a_faulty_agreement_keeps_the_empty_terms_folded(director, mediator):
    dispute = disputes.make_mediating(director=director, mediator=mediator)
    page = act(at(mediator.user), dispute, "draft", copies=3, term_1_0="赔 800 元").content.decode()
    shown, folded = page.split("再加几条")
    assert "第 1 条 内容" in shown and "第 2 条 内容" not in shown and "第 6 条 内容" in folded


def test_an_agreement_waits_on_the_home_page_until_she_has_confirmed_its_newest_version(director, mediator):
    resident = factories.make_user("李秀英")
    dispute = disputes.make_mediating(director=director, mediator=mediator, by=resident)
    client, asked = at(resident), "请核对、确认调解协议"
    assert asked not in client.get("/").content.decode()
    dispute = disputes.draft(dispute, mediator)
    assert asked in client.get("/").content.decode()
    dispute = run(dispute, "confirm", resident)
    assert asked not in client.get("/").content.decode()
    assert "协议已拟好，等各方确认" in read(client, dispute)
    dispute = disputes.draft(dispute, mediator)
    assert asked in client.get("/").content.decode()
    for user in disputes.users(dispute):
        dispute = run(dispute, "confirm", user)
    assert "各方都已确认，等调解员签名盖章" in read(client, dispute)
    page = read(at(mediator.user), dispute)
    assert page.index("cg-action") < page.rindex("签订书面协议")


def test_whoever_applied_is_offered_one_way_out(director):
    resident, neighbour = factories.make_user(), factories.make_user()
    dispute = disputes.make_dispute(by=resident, against=neighbour)
    hers, his = read(at(resident), dispute), read(at(neighbour), dispute)
    assert "撤回申请" in hers and "不同意调解" not in hers and "不同意调解" in his


def test_visits_are_on_the_day(director, mediator):
    dispute = disputes.make_agreed(director=director, mediator=mediator)
    Dispute.objects.filter(pk=dispute.pk).update(follow_up_on=timezone.localdate() - timedelta(days=1))
    text = at(mediator.user).get(reverse("my_mediation")).content.decode()
    assert "已过回访日" in text
    # What is wanted only next month does not stand there yet.
    Dispute.objects.filter(pk=dispute.pk).update(follow_up_on=timezone.localdate() + timedelta(days=30))
    assert "该回访的" not in at(mediator.user).get(reverse("my_mediation")).content.decode()


# --- queries -------------------------------------------------------------------------------------------------------------
def queries(client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


def test_a_day_costs_the_same_however_long_it_is(director, mediator):
    def add():
        dispute = disputes.make_mediating(director=director, mediator=mediator)
        run(
            dispute, "plan_session", mediator.user, mode="joint", starts_at=timezone.now() + timedelta(hours=1),
            place="调解室", invited=list(dispute.disputants.all()),
        )  # fmt: skip
        Dispute.objects.filter(pk=disputes.make_agreed(director=director, mediator=mediator).pk).update(
            follow_up_on=timezone.localdate()
        )

    add()
    works, chief, work = at(mediator.user), at(director), reverse("my_mediation")
    pages = [
        (works, work),
        (works, f"{work}?tab=cases"),
        (works, f"{work}?tab=ended"),
        (chief, f"{work}?tab=centre"),
    ]
    few = [queries(*page) for page in pages]
    for _ in range(3):
        add()
    assert [queries(*page) for page in pages] == few


def test_the_pages_of_a_dispute_cost_the_same_however_much_is_in_it(director, mediator):
    resident = factories.make_user()
    few = disputes.make_mediating(director=director, mediator=mediator, by=resident)
    many = disputes.make_mediating(
        director=director, mediator=mediator, by=resident,
        others=[disputes.party("respondent", factories.make_user()) for _ in range(6)],
    )  # fmt: skip
    for dispute, times in ((few, 1), (many, 5)):
        for _ in range(times):
            disputes.hold(dispute, mediator)
            run(dispute, "investigate", mediator.user, place="楼道", asked="邻居", record="看到漏水")
        terms = [disputes.term(content=f"第 {number} 件") for number in range(times)]
        disputes.draft(dispute, mediator, terms=terms)
    for person in (resident, mediator.user):
        client = at(person)
        assert queries(client, few.get_absolute_url()) == queries(client, many.get_absolute_url())


def test_pages_hold_nothing_unescaped(director, mediator):
    evil = "<script>alert(1)</script>"
    resident = factories.make_user("李秀英")
    dispute = disputes.make_mediating(
        director=director, mediator=mediator, by=resident, description=evil, requests=evil,
        others=[disputes.party("respondent", name=evil, address=evil)],
    )  # fmt: skip
    disputes.hold(dispute, mediator, record=evil)
    disputes.draft(dispute, mediator, facts=evil, duties=evil, terms=[disputes.term(content=evil)])
    for person in (resident, mediator.user, director):
        page = read(at(person), dispute)
        assert evil not in page and "&lt;script&gt;" in page
    assert not re.search(evil, at(mediator.user).get(reverse("my_mediation")).content.decode())


def test_pictures_have_size(phone):
    """A picture of 13 MB is refused in words."""
    large = SimpleUploadedFile("big.jpg", jpeg() + b"\0" * (13 * 1024 * 1024))
    assert "12 MB" in str(errors(phone.post(NEW, application(phone, photos=[large]))))
