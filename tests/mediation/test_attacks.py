"""What was once possible with disputes and must not be: each test is an attack that worked, or one that was tried and did not."""

import io
import re
import zipfile
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from governance.explaining import explain
from governance.flow import NotYours, Refused, tick
from governance.models import AccessEvent, Notice, Share, User
from mediation.models import Confirmation, Disputant, Dispute, DisputePhoto, Paper, Viewing
from mediation.services.archiving import approve_erasure, ask_erasure
from mediation.services.inspecting import inspect
from mediation.services.papers import take_out
from mediation.services.registering import adopt
from tests import disputes, factories
from tests.cast import BACKEND
from tests.disputes import run
from tests.mediation.test_archive import after
from tests.pictures import upload
from tests.standing import standing

pytestmark = pytest.mark.django_db
#: What no party reads of her own file.
SECRET = "邻居说是水管老化"


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=user.pk), backend=BACKEND)
    return client


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def desk(page: str, *args) -> str:
    return reverse(f"admin:mediation_dispute_{page}", args=args)


def read(user: User, address: str) -> str:
    return browser_of(user).get(address, follow=True).content.decode()


@standing
def director(territory):
    return disputes.make_director()


@standing
def mediator(territory):
    return disputes.make_mediator()


def become_party(user: User, dispute: Dispute, side: str = "third") -> Disputant:
    """Let somebody turn out to be a party: her phone was written down, and she verifies it only now."""
    phone = factories.make_phone()
    row = Disputant.objects.create(dispute=dispute, side=side, name="某人", phone=phone)
    User.objects.filter(pk=user.pk).update(phone=phone, phone_verified=True)
    assert adopt(fresh(user)) == 1
    return row


# --- one's own dispute ----------------------------------------------------------------------------------------------------
def reaches(user: User, dispute: Dispute) -> set[str]:
    """Return by which doors somebody gets into a file."""
    user, client = fresh(user), browser_of(user)
    found = {
        action
        for action in (
            "view",
            "direct",
            "mediate",
            "record",
            "reveal",
            "contact",
            "export",
            "inspect",
            "erase",
        )
        if user.may(action, dispute) or Dispute.objects.restrict(user, action).filter(pk=dispute.pk).exists()
    }
    if explain(user, dispute):
        found.add("why")
    for page in (desk("change", dispute.pk), desk("why", dispute.pk), desk("do", dispute.pk, "send_up")):
        if client.get(page).status_code == 200:
            found.add(page)
    for page in (
        f"{desk('changelist')}?q={dispute.number}",
        reverse("my_mediation"),
        reverse("admin:mediation_rhythm"),
    ):
        words = client.get(page).content.decode()
        if desk("change", dispute.pk) in words or dispute.get_absolute_url() in words:
            found.add(page)
    photo = dispute.photos.first()
    if photo is not None and client.get(photo.url).status_code == 200:
        found.add("photo")
    for kind in (Paper.Kind.ACCEPTANCE, Paper.Kind.VOLUME):
        if (
            client.get(reverse("dispute_paper", args=[dispute.number, kind]))
            .get("Content-Type", "")
            .startswith("application/vnd")
        ):
            found.add(kind)
    return found


def test_who_keeps_files_does_not_open_that_of_her_own_dispute(director, mediator):
    street = disputes.make_director(factories.STREET)
    officer = factories.make_staff("justice_officer", factories.STREET)
    colleague, guest = disputes.make_mediator(), factories.make_staff("street_officer", factories.STREET)
    other = disputes.make_director()
    dispute = disputes.make_mediating(director=other, mediator=mediator)
    run(dispute, "assign", other, mediators=[mediator, colleague], lead=mediator)
    run(dispute, "investigate", mediator.user, place="楼道", asked="老赵", record=SECRET, photos=[upload()])
    run(dispute, "invite", other, guests=[guest], note="请来一起看")
    inspect(dispute.number, by=officer, reason="信访复核")
    insiders = (director, colleague.user, guest, officer)
    assert all(fresh(each).may("view", dispute) for each in insiders)
    for each in insiders:
        become_party(each, dispute)
        assert reaches(each, dispute) == set(), each
        page = read(each, dispute.get_absolute_url())
        assert "办到哪一步" in page and SECRET not in page and "老赵" not in page
        with pytest.raises(NotYours):
            take_out(dispute, Paper.Kind.INQUIRY, by=fresh(each))
    for name in ("deliberate", "close", "amend", "send_up", "invite", "scan"):
        with pytest.raises(NotYours):
            run(dispute, name, fresh(director), note="试试")
    with pytest.raises(NotYours):
        run(dispute, "terminate", fresh(colleague.user), outcome="failed", note="不成")
    with pytest.raises(Refused, match="不能受邀"):
        run(dispute, "invite", other, guests=[director], note="再请")
    assert {"view", "direct", "photo", "acceptance", desk("change", dispute.pk)} <= reaches(other, dispute)
    assert mediator.user.may("mediate", dispute) and not street.may("view", dispute)
    # The figures count it all the same.
    assert fresh(director).may("count", dispute)


def test_what_is_told_to_those_who_keep_the_file_is_not_told_to_a_party(director, mediator):
    resident, other = factories.make_user("赵一"), disputes.make_director()
    dispute = disputes.make_mediating(director=other, mediator=mediator, by=resident, against=director)
    become_party(mediator.user, dispute)
    Notice.objects.all().delete()
    run(dispute, "choose_mediator", resident, note="对方和调解员是亲戚")
    run(dispute, "deliberate", other, note="申请人理亏")
    told = Notice.objects.filter(number=dispute.number)
    assert {notice.recipient for notice in told} == {other}


def test_the_only_director_who_is_a_party_makes_way_for_the_centre_above(director, mediator):
    street = disputes.make_director(factories.STREET)
    dispute = disputes.make_dispute(against=director)
    assert (
        dispute.seat_id == factories.STREET
        and not Notice.objects.filter(recipient=director, title__contains="登记").exists()
    )
    assert street.may("direct", dispute) and not director.may("view", dispute)
    dispute = run(run(dispute, "agree", director), "accept", street)
    with pytest.raises(Refused, match="须回避"):
        run(dispute, "hand_down", street, centre=disputes.make_centre(), note="交社区")


def test_who_turns_out_to_be_a_party_makes_way_as_time_passes(director, mediator):
    dispute = disputes.make_mediating(director=director, mediator=mediator)
    become_party(director, dispute)
    become_party(mediator.user, dispute)
    steps = dispute.steps.count()
    tick()
    dispute.refresh_from_db()
    # There is nobody above yet: the mediator alone makes way, and the file waits for a director.
    assert (dispute.status, dispute.seat_id, dispute.steps.count()) == (
        "accepted",
        factories.COMMUNITY,
        steps + 1,
    )
    assert not dispute.mediations.filter(until=None).exists()
    street = disputes.make_director(factories.STREET)
    tick()
    tick()
    dispute.refresh_from_db()
    assert (dispute.seat_id, dispute.centre.grid_id, dispute.steps.count()) == (
        factories.STREET,
        factories.STREET,
        steps + 2,
    )
    assert Notice.objects.filter(recipient=street, title__startswith="有人回避").exists()
    other = disputes.make_mediator()
    assert run(dispute, "assign", fresh(street), mediators=[other]).status == "mediating"
    with pytest.raises(Refused, match="本案当事人"):
        run(dispute, "assign", fresh(street), mediators=[mediator])


def test_a_file_stays_where_another_director_can_keep_it(director, mediator):
    other, street = disputes.make_director(), disputes.make_director(factories.STREET)
    dispute = disputes.make_dispute(against=director)
    tick()
    dispute.refresh_from_db()
    assert (
        dispute.seat_id == factories.COMMUNITY
        and other.may("direct", dispute)
        and not street.may("view", dispute)
    )


def test_nobody_approves_that_the_file_of_her_own_dispute_is_erased(director, mediator):
    officer = factories.make_staff("justice_officer", factories.STREET)
    dispute = disputes.make_closed(director=director, mediator=mediator)
    become_party(officer, dispute)
    archive = run(dispute, "archive", director, incomplete=True, note="当事人不给").archive
    with after(archive):
        ask_erasure(archive, by=fresh(director), reason="保管期满")
        assert not Notice.objects.filter(recipient=officer, title__contains="销毁").exists()
        page = reverse("admin:mediation_archive_change", args=[archive.pk])
        assert browser_of(officer).get(page).status_code == 404
        with pytest.raises(NotYours):
            approve_erasure(archive, by=fresh(officer), reason="同意销毁")


def test_looking_for_ones_own_disputes_costs_no_further_question(director, mediator):
    def asked() -> int:
        user = fresh(director)
        user.posts_in_force  # noqa: B018
        with CaptureQueriesContext(connection) as queries:
            list(Dispute.objects.restrict(user).for_page().order_by("-opened_at", "-pk")[:50])
        return len(queries)

    disputes.make_dispute()
    few = asked()
    disputes.make_director()
    for _ in range(3):
        disputes.make_dispute(against=director)
        disputes.make_dispute()
    assert asked() == few


# --- what one may not read ------------------------------------------------------------------------------------------------
def test_the_masked_columns_of_a_party_stand_in_no_form(director):
    """The forms of a director, to whom the parties are masked, once had them in full, without a line of the access log."""
    applicant, other = factories.make_user("欧阳小红"), factories.make_user("司马大山")
    dispute = disputes.make_dispute(by=applicant, against=other, others=[
        disputes.party("respondent", other, address="和苑里9号楼2门801"),
    ])  # fmt: skip
    row = dispute.disputants.get(user=other)
    for action, query in (("amend_party", f"?party={row.pk}"), ("record_consent", "")):
        page = read(director, desk("do", dispute.pk, action) + query)
        assert "司马" not in page and other.phone not in page and "801" not in page, action
    there = desk("do", dispute.pk, "amend_party")
    given = {"version": dispute.version, "party": row.pk, "sex": "M", "name": "", "phone": "", "address": ""}
    assert browser_of(director).post(there, given).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.phone, row.address, row.sex, row.user) == (
        "司马大山",
        other.phone,
        "和苑里9号楼2门801",
        "M",
        other,
    )
    assert not AccessEvent.objects.filter(kind="reveal").exists()


def test_a_stranger_whose_number_was_written_by_mistake_is_parted_from_the_file(director):
    stranger, right = factories.make_user(), factories.make_user()
    dispute = disputes.make_dispute(others=[disputes.party("respondent", phone=stranger.phone)])
    row = dispute.disputants.get(user=stranger)
    dispute = run(dispute, "agree", stranger)
    run(dispute, "amend_party", director, disputant=row, given={"phone": right.phone})
    row.refresh_from_db()
    assert (row.user, row.consent, row.consent_at) == (right, "asked", None)
    assert browser_of(stranger).get(dispute.get_absolute_url()).status_code == 404
    # Who applied from her own account keeps it, whatever phone she leaves.
    first = dispute.disputants.get(side="applicant")
    run(dispute, "amend_party", director, disputant=first, given={"phone": factories.make_phone()})
    first.refresh_from_db()
    assert first.user == dispute.applicant


def test_why_mediation_failed_is_not_told_to_the_parties(director, mediator):
    for name, outcome in (("terminate", "failed"), ("guide", "court")):
        dispute = disputes.make_mediating(director=director, mediator=mediator)
        run(dispute, name, mediator.user, outcome=outcome, note="被申请人有前科，谈不拢")
        told = Notice.objects.filter(recipient__in=disputes.users(dispute), number=dispute.number)
        assert told.exists() and not any("前科" in f"{each.title}{each.body}" for each in told)
        assert Notice.objects.filter(
            recipient=director, number=dispute.number, body__contains="前科"
        ).exists()


def test_no_notice_tells_another_party_a_childs_name_in_full(director, mediator):
    family, child = (
        factories.make_user(),
        disputes.party("respondent", factories.make_user("张小宝"), is_minor=True, guardian="张大"),
    )
    dispute = disputes.make_mediating(director=director, mediator=mediator, by=family, others=[child])
    dispute = run(dispute, "terminate", mediator.user, outcome="failed", note="不成")

    def names(user: User, kind: str) -> bool:
        with zipfile.ZipFile(io.BytesIO(take_out(dispute, kind, by=user).content)) as packed:
            return "张小宝" in packed.read("word/document.xml").decode()

    for kind in (Paper.Kind.RIGHTS, Paper.Kind.TERMINATION):
        assert not names(family, kind) and names(child.user, kind) and names(mediator.user, kind)
    run(dispute, "archive", director, incomplete=True, note="当事人不给")
    dispute.refresh_from_db()
    for kind in (Paper.Kind.RIGHTS, Paper.Kind.TERMINATION):
        with pytest.raises(NotYours):
            take_out(dispute, kind, by=family)
        assert names(child.user, kind)


def test_who_must_stand_back_does_not_tell_of_an_earlier_dispute(director, mediator):
    neighbour = factories.make_user()
    disputes.make_dispute(factories.FAR_BASE, by=neighbour, against=mediator.user)
    dispute = disputes.make_accepted(director=director, against=neighbour)
    page = read(director, desk("do", dispute.pk, "assign"))
    assert "须回避" in page and "利害关系" in page and "纠纷的对方" not in page
    with pytest.raises(Refused, match="利害关系"):
        run(dispute, "assign", director, mediators=[mediator])


def test_the_log_of_shares_does_not_tell_what_is_in_the_file(director, mediator):
    guest = factories.make_staff("street_officer", factories.STREET)
    dispute = disputes.make_mediating(director=director, mediator=mediator)
    run(dispute, "invite", director, guests=[guest], note="李某家暴，请街道来")
    run(dispute, "send_up", director, centre=disputes.make_centre(factories.STREET), note="李某不好说话")
    assert Share.objects.count() > 1 and not Share.objects.filter(reason__contains="李某").exists()
    auditor = factories.make_staff("auditor", factories.DISTRICT)
    assert "李某" not in read(auditor, reverse("admin:governance_share_changelist"))


def test_no_browser_keeps_a_picture_or_page_of_a_file(director, mediator):
    dispute = disputes.make_mediating(director=director, mediator=mediator)
    run(dispute, "scan", director, kind="identity", photos=[upload()])
    photo, client = DisputePhoto.objects.get(), browser_of(director)
    party = browser_of(disputes.users(dispute)[0])
    pages = [(client, each) for each in (
        photo.url, photo.thumb_url, dispute.get_absolute_url(), desk("change", dispute.pk), desk("changelist"),
        reverse("dispute_paper", args=[dispute.number, "rights"]), reverse("my_mediation"), reverse("admin:mediation_rhythm"),
        desk("do", dispute.pk, "deliberate"), desk("export"), reverse("notices"),
    )]  # fmt: skip
    pages += [(party, each) for each in (
        dispute.get_absolute_url(), reverse("dispute_paper", args=[dispute.number, "rights"]), reverse("my_matters"),
        reverse("dispute_action", args=[dispute.number, "refuse"]), reverse("home"),
    )]  # fmt: skip
    for who, address in pages:
        answer = who.get(address)
        assert answer.status_code == 200 and "no-store" in answer["Cache-Control"], address


# --- whom it does not concern (any more) ------------------------------------------------------------------------------------
def words_of(answer) -> str:
    """Return what an answer says, without what differs from one request to the next."""
    return re.sub(r"[\dA-Za-z-]+", "", strip_tags(answer.content.decode()))


def test_who_had_to_do_with_a_file_once_or_nearly_finds_no_trace_of_it(director, mediator):
    """A missing file and one that is not hers are answered alike; no list, search, filter or count tells of it."""
    resident, neighbour = factories.make_user("欧阳小红"), factories.make_user("司马大山")
    dispute = disputes.make_mediating(
        director=director, mediator=mediator, by=resident, against=neighbour, description="阳台漏水到楼下"
    )
    run(dispute, "scan", director, kind="identity", photos=[upload()])
    guest, officer = (
        factories.make_staff("mediator", factories.STREET),
        factories.make_staff("justice_officer", factories.STREET),
    )
    run(dispute, "invite", director, guests=[guest], note="请来会诊")
    run(dispute, "let_go", director, guest=dispute.guests.get())
    Viewing.objects.create(
        dispute=dispute, user=officer, reason="信访复核", until=timezone.now() - timedelta(minutes=1)
    )
    former, next_one = mediator.user, disputes.make_mediator()
    run(dispute, "assign", director, mediators=[next_one])
    elsewhere = disputes.make_mediator()
    disputes.make_mediating(director=director, mediator=elsewhere)
    outsiders = [
        factories.make_user(), disputes.users(Dispute.objects.exclude(pk=dispute.pk).get())[0], guest, officer, former,
        elsewhere.user, disputes.make_director(factories.STREET), disputes.make_director(factories.NEIGHBOUR),
        *(factories.make_staff(*post) for post in (
            ("community_secretary", factories.COMMUNITY), ("street_head", factories.STREET),
            ("seat_operator", factories.DISTRICT),
        )),
    ]  # fmt: skip
    photo, party = dispute.photos.get(), dispute.disputants.first()
    missing = dispute.number[:-4] + "9999"

    def addresses(number: str, key: int) -> list[str]:
        return [
            reverse("dispute", args=[number]),
            reverse("dispute_action", args=[number, "confirm"]),
            reverse("dispute_paper", args=[number, "rights"]),
            desk("change", key),
            desk("do", key, "deliberate"),
            desk("why", key),
        ]

    figure = f"accepted..{timezone.localdate()}.{timezone.localdate()}.{factories.COMMUNITY}.category"
    for person in outsiders:
        client = browser_of(person)
        for there, nowhere in zip(
            addresses(dispute.number, dispute.pk), addresses(missing, 10**7), strict=True
        ):
            first, second = client.get(there), client.get(nowhere)
            assert first.status_code == second.status_code != 200, (person, there)
            assert words_of(first) == words_of(second)
        assert client.get(photo.url).status_code == 404
        assert (
            client.post(
                reverse("reveal", args=["mediation", "disputant", party.pk, "phone"]), {"reason": "看看电话"}
            ).status_code
            == 404
        )
        asked = ("", "?q=欧阳小红", f"?q={resident.phone[-4:]}", "?q=阳台漏水", f"?q={dispute.case_number}", f"?figure={figure}",
                 f"?rhythm=ended.{timezone.localdate()}.{timezone.localdate()}", "?wait=mine", "?o=-3",
                 f"?applicant_phone__startswith={resident.phone}", f"?disputants__user={resident.pk}")  # fmt: skip
        for query in asked if person.is_staff else ():
            page = client.get(desk("changelist") + query, follow=True).content.decode()
            assert desk("change", dispute.pk) not in page and "欧阳" not in page.replace("欧阳小红", ""), (
                person,
                query,
            )


def test_what_belongs_to_another_dispute_is_not_taken(director, mediator):
    """Crafted keys of another dispute's rows in the forms of one's own."""
    given = {"director": director, "mediator": mediator}
    mine, other = disputes.make_mediating(**given), disputes.make_agreed(**given)
    third = disputes.draft(disputes.make_mediating(**given), mediator)
    disputes.run(third, "plan_session", mediator.user, mode="separate", starts_at=timezone.now() - timedelta(minutes=5),
                 place="x", invited=[third.disputants.first()])  # fmt: skip
    foreign = third.disputants.first()
    now = f"{timezone.localtime():%Y-%m-%dT%H:%M}"
    client, boss = browser_of(mediator.user), browser_of(director)
    for who, dispute, action, data in (
        (client, mine, "plan_session", {"mode": "separate", "invited": [foreign.pk], "starts_at": now, "place": "x"}),
        (client, mine, "hold_session", {"session": third.sessions.get().pk, "present": [foreign.pk], "record": "x"}),
        (client, mine, "confirm_paper", {"disputant": foreign.pk, "photos": upload()}),
        (client, other, "perform", {"term": third.agreements.get().terms.get().pk, "state": "done", "performed_on": now[:10]}),
        (client, other, "follow_up", {"disputant": foreign.pk, "at": now, "performance": "done", "is_satisfied": "1", "note": "x"}),
        (boss, mine, "record_consent", {"disputant": foreign.pk, "agreed": "0", "means": "call", "note": "x"}),
        (boss, mine, "assign", {"mediators": [disputes.make_mediator(factories.FAR).pk]}),
    ):  # fmt: skip
        dispute.refresh_from_db()
        before = dispute.version
        who.post(desk("do", dispute.pk, action), {"version": before, **data})
        dispute.refresh_from_db()
        assert dispute.version == before, action
    # A party confirms what she was shown, and nothing else.
    applicant = disputes.users(third)[0]
    there = reverse("dispute_action", args=[third.number, "confirm"])
    third.refresh_from_db()
    disputes.draft(third, mediator)
    for version in ("1", "3", ""):
        browser_of(applicant).post(there, {"version": third.version, "agreement": version, "read": "on"})
    assert not Confirmation.objects.filter(agreement__dispute=third).exists()
    # What is the mediator's is no party's, however it is sent.
    assert browser_of(applicant).post(
        reverse("dispute_action", args=[third.number, "terminate"]),
        {"version": third.version, "outcome": "failed", "note": "算了"},
    ).status_code == 404  # fmt: skip


def test_a_confirmation_that_is_sent_twice_is_one(director, mediator):
    dispute = disputes.draft(disputes.make_mediating(director=director, mediator=mediator), mediator)
    user = disputes.users(dispute)[0]
    for _ in range(2):
        run(dispute, "confirm", user, agreement=1)
    assert dispute.agreements.get().confirmations.count() == 1


def test_a_paper_holds_words_and_no_field_of_anybodys(director, mediator):
    evil = '{ INCLUDETEXT "C:/x" }<w:fldSimple w:instr="AUTHOR"/>=HYPERLINK("http://x")'[:60]
    dispute = disputes.make_mediating(
        director=director, mediator=mediator, description=evil, others=[disputes.party("respondent", factories.make_user(), name=evil, address="=1+1")],
    )  # fmt: skip
    content = take_out(dispute, Paper.Kind.ACCEPTANCE, by=mediator.user).content
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        document = packed.read("word/document.xml").decode()
    assert "fldSimple w:instr" not in document.replace("&lt;w:fldSimple", "") and "instrText" not in document
    assert "INCLUDETEXT" in document


def test_reviews_stay_at_the_centre_and_bulletins_name_nobody(director, mediator):
    review = disputes.make_review(director)
    page = reverse("admin:mediation_review_change", args=[review.pk])
    word = reverse("admin:mediation_review_word", args=[review.pk])
    outsiders = [
        disputes.make_director(factories.STREET), disputes.make_director(factories.NEIGHBOUR),
        factories.make_staff("mediator", factories.STREET), factories.make_staff("justice_officer", factories.STREET),
        factories.make_staff("community_secretary", factories.COMMUNITY), factories.make_staff("district_head", factories.DISTRICT),
    ]  # fmt: skip
    for person in outsiders:
        client = browser_of(person)
        for address in (page, word, page.replace("change", "history")):
            assert client.get(address).status_code == 404, (person, address)
        assert (
            page not in client.get(reverse("admin:mediation_review_changelist"), follow=True).content.decode()
        )
    assert browser_of(mediator.user).get(page).status_code == 200
    assert browser_of(mediator.user).post(page, {"points": "改了", "attendees": "我"}).status_code in (
        403,
        404,
    )
