"""Disclosures: the four steps and who may take each, what is corrected, withdrawn and over, and what the desk shows."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from governance import parameters
from governance.flow import NotYours, Refused, tick
from governance.models import Share, User
from parties import disclosure_hints
from parties.flow import DISCLOSURES
from parties.models import Category, Disclosure, PartyOrgType
from parties.services.disclosures import draft_disclosure
from parties.services.members import link_account, strike_off
from parties.services.organisations import move, set_up
from tests import factories, party
from tests.cast import BACKEND
from tests.party import ANSWERS, disclose, make_disclosure
from tests.pictures import upload
from tests.standing import standing

pytestmark = pytest.mark.django_db


class World:
    """A branch with its secretary, those above it, and people of elsewhere."""

    def __init__(self) -> None:
        self.committee = party.make_committee()
        self.branch = party.make_branch(parent=self.committee)
        self.neighbour = party.make_branch(parent=self.committee)
        self.secretary, self.other = party.make_secretary(self.branch), party.make_secretary(self.neighbour)
        self.community = factories.make_staff("community_secretary", factories.COMMUNITY)
        self.street = party.make_officer(factories.STREET)
        self.far = factories.make_staff("community_secretary", factories.FAR)

    def make(self, **fields) -> Disclosure:
        return make_disclosure(self.branch, by=self.secretary, **fields)


@standing
def world(territory):
    return World()


def run(disclosure: Disclosure, name: str, person: User, **data) -> Disclosure:
    return DISCLOSURES.run(disclosure, name, by=User.objects.get(pk=person.pk), **data)


def offered(disclosure: Disclosure, person: User) -> set[str]:
    return {action.name for action in DISCLOSURES.available(disclosure, User.objects.get(pk=person.pk))}


def told(person: User, disclosure: Disclosure) -> list[str]:
    return [n.title for n in person.notices.filter(number=disclosure.number).order_by("pk")]


def url(page: str, *args) -> str:
    return reverse(f"admin:parties_disclosure_{page}", args=args)


def enter(person: User) -> Client:
    client = Client()
    client.force_login(person, backend=BACKEND)
    return client


# --- the four steps -----------------------------------------------------------------------------------------------------
def test_the_whole_way_by_three_people(world):
    item = world.make()
    assert item.status == "draft" and item.number.startswith("GK-") and item.grid_id == factories.BASE
    assert item.units == world.branch.units
    assert offered(item, world.secretary) == {"propose", "revise", "drop"}
    item = run(item, "propose", world.secretary)
    assert told(world.community, item) and not told(world.secretary, item) and not told(world.other, item)
    assert offered(item, world.secretary) == {"drop"}
    assert offered(item, world.community) == {"review", "send_back", "drop"}
    item = run(item, "review", world.community, note="属实", **ANSWERS)
    assert item.reviewed_by == world.community and item.steps.get(action="review").data == ANSWERS
    assert told(world.street, item) and "approve" not in offered(item, world.community)
    item = run(item, "approve", world.street, note="同意")
    assert told(world.secretary, item)[-1].endswith("请办理公开") and not item.is_out
    item = run(item, "publish", world.secretary)
    assert item.is_out and item.closed_at and item.public_until is None
    assert [(step.action, step.actor) for step in item.steps.order_by("seq")] == [
        ("open", world.secretary), ("propose", world.secretary), ("review", world.community), ("approve", world.street),
        ("publish", world.secretary),
    ]  # fmt: skip


def test_nobody_takes_two_of_the_three_steps(world):
    item = make_disclosure(world.branch, by=world.community)
    item = run(item, "propose", world.secretary)
    for person in (world.secretary, world.community):  # one put it forward, the other wrote it
        with pytest.raises(Refused, match="另一个人"):
            run(item, "review", person, note="属实", **ANSWERS)
        with pytest.raises(Refused):
            run(item, "send_back", person, note="不行")
    item = run(item, "review", world.street, note="属实", **ANSWERS)
    with pytest.raises(Refused, match="另一个人"):
        run(item, "approve", world.street, note="同意")
    with pytest.raises(Refused, match="另一个人"):
        run(item, "approve", world.community, note="同意")
    with pytest.raises(NotYours):
        run(item, "approve", world.secretary, note="同意")
    assert run(item, "approve", party.make_officer(), note="同意").status == "approved"
    with pytest.raises(IntegrityError), transaction.atomic():
        Disclosure.objects.filter(pk=item.pk).update(approved_by=world.street)
    other = world.make()
    with pytest.raises(IntegrityError), transaction.atomic():
        Disclosure.objects.filter(pk=other.pk).update(status="published", public_from=timezone.now())


def test_what_is_not_hers_is_refused(world):
    item = world.make()
    for person in (world.other, world.far):
        assert offered(item, person) == set()
        with pytest.raises(NotYours):
            run(item, "propose", person)
        with pytest.raises(NotYours):
            world_item(world, person)
    for name in ("review", "approve", "publish", "withdraw", "correct"):
        data = {"review": {"note": "属实", **ANSWERS}}.get(name, {"note": "为了"})
        with pytest.raises(Refused):
            run(item, name, party.make_officer(), **data)
    leader = factories.make_staff(
        "party_group_leader", factories.BASE, unit=party.make_group(world.branch).unit
    )
    assert not Disclosure.objects.restrict(leader).exists() and offered(item, leader) == set()


def world_item(world, person: User) -> Disclosure:
    return make_disclosure(world.branch, by=person)


def test_a_committee_s_own_is_approved_by_the_street_and_the_street_s_by_the_district(world):
    item = run(make_disclosure(world.committee, by=world.community), "propose", world.community)
    assert told(world.street, item), "the nearest who did not write it"
    item = run(item, "review", party.make_officer(), note="属实", **ANSWERS)
    assert "approve" in offered(item, world.street)
    top = run(make_disclosure(world.committee.parent, by=world.street), "propose", world.street)
    top = run(top, "review", party.make_officer(factories.STREET), note="属实", **ANSWERS)
    district = party.make_officer()
    assert "approve" not in offered(top, party.make_officer(factories.STREET))
    assert set(Disclosure.objects.to_approve_by(district)) == {item, top}
    assert set(Disclosure.objects.to_approve_by(world.street)) == {item}
    assert not Disclosure.objects.to_approve_by(world.community).exists()
    assert run(top, "approve", district, note="同意").status == "approved"


def test_a_review_needs_three_answers_and_may_send_back(world):
    item = run(world.make(), "propose", world.secretary)
    for name in ANSWERS:
        with pytest.raises(Refused) as refused:
            run(item, "review", world.community, note="属实", **(ANSWERS | {name: False}))
        assert refused.value.field == name
    with pytest.raises(Refused):
        run(item, "review", world.community, note=" ", **ANSWERS)
    item = run(item, "send_back", world.community, note="金额不对")
    assert item.status == "returned" and told(world.secretary, item)[-1].endswith("审核退回")
    words = {"title": "改过的", "category": "other", "scope": "society", "body": "改好了", "readers": []}
    item = run(item, "revise", world.secretary, **words)
    item = disclose(item, by=world.secretary, until="review")
    item = run(item, "disapprove", world.street, note="不宜公开")
    assert item.status == "returned"
    item = run(item, "propose", world.secretary)
    assert item.reviewed_by is None and item.approved_by is None, "all over again"
    assert run(item, "drop", world.secretary, note="不公开了").status == "dropped"


def test_who_revises_has_a_hand_in_the_words(world):
    item = world.make()
    words = {"title": "改过的", "category": "other", "scope": "society", "body": "改好了", "readers": []}
    item = run(run(item, "revise", world.community, **words), "propose", world.secretary)
    assert "review" not in offered(item, world.community) and "review" in offered(item, world.street)
    assert not Disclosure.objects.to_review_by(world.community).exists()
    assert Disclosure.objects.to_review_by(world.street).get() == item


# --- days, withdrawing, correcting --------------------------------------------------------------------------------------
def test_days_begin_and_end_what_is_out(world, time_machine):
    item, today = disclose(world.make(), by=world.secretary, until="approve"), timezone.localdate()
    for days in (
        {"from_day": today - timedelta(days=1)},
        {"from_day": today, "until_day": today - timedelta(days=1)},
        {"from_day": today + timedelta(days=4000)},
        {"from_day": "x"},
    ):
        with pytest.raises(Refused):
            run(item, "publish", world.secretary, **days)
    day = today + timedelta(days=3)
    item = run(item, "publish", world.secretary, from_day=day, until_day=day)
    assert item.status == "scheduled" and item.last_day == day and not item.closed_at
    tick()
    assert Disclosure.objects.get().status == "scheduled"
    time_machine.move_to(item.public_from + timedelta(minutes=1), tick=False)
    for _ in range(2):
        tick()
    item.refresh_from_db()
    assert item.status == "published" and item.is_out
    time_machine.move_to(item.public_until + timedelta(minutes=1), tick=False)
    assert not item.is_out
    for _ in range(2):
        tick()
    item.refresh_from_db()
    assert item.status == "expired" and item.steps.filter(action="expire").count() == 1


def test_a_day_that_is_over_takes_it_back_from_those_it_named(world, time_machine):
    user = factories.make_user("李秀英")
    named = party.make_member(world.branch, name="李秀英", user=user)
    item, today = world.make(scope="certain", readers=[named]), timezone.localdate()
    item = disclose(
        item, by=world.secretary, from_day=today + timedelta(days=1), until_day=today + timedelta(days=1)
    )
    assert not Share.objects.exists(), "not before its day"
    time_machine.move_to(item.public_from + timedelta(minutes=1), tick=False)
    tick()
    assert Share.objects.get(ended_at=None).user == user and Disclosure.objects.restrict(user).get() == item
    time_machine.move_to(item.public_until + timedelta(minutes=1), tick=False)
    tick()
    assert not Share.objects.filter(ended_at=None).exists() and not Disclosure.objects.restrict(user).exists()


def test_what_was_disclosed_goes_along_when_the_branch_gets_another_superior(world):
    item = disclose(world.make(scope="area"), by=world.secretary)
    general = set_up(
        by=world.community, parent=world.committee, grid=world.committee.grid, name="党总支", kind=PartyOrgType.GENERAL_BRANCH,
        established_on=timezone.localdate(),
    )  # fmt: skip
    move(world.branch, by=world.community, parent=general, day=timezone.localdate())
    item.refresh_from_db()
    assert item.units == [*general.units, world.branch.unit_id]
    assert run(item, "withdraw", world.secretary, note="不再适用").units == item.units


def test_what_is_over_is_not_seen_even_before_the_ticker_comes(world):
    item = disclose(world.make(), by=world.secretary)
    past = timezone.now() - timedelta(minutes=1)
    Disclosure.objects.filter(pk=item.pk).update(
        public_from=past - timedelta(days=1), opened_at=past - timedelta(days=2), public_until=past
    )
    assert Client().get(item.get_absolute_url()).status_code == 404


def test_withdrawn_is_gone_at_once_with_its_pictures(world):
    item = disclose(world.make(photos=[upload("a.jpg")]), by=world.secretary)
    page, picture = item.get_absolute_url(), item.photos.get().url
    visitor = Client()
    answer = visitor.get(page)
    assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
    answer = visitor.get(picture)
    assert answer.status_code == 200 and "no-store" in answer["Cache-Control"]
    assert item.title in visitor.get("/").content.decode()
    with pytest.raises(Refused):
        run(item, "withdraw", world.secretary, note="")
    item = run(item, "withdraw", world.secretary, note="数字有误")
    for address in (page, picture):
        assert visitor.get(address).status_code == 404
    for address in ("/", reverse("disclosures")):
        assert item.title not in visitor.get(address).content.decode()
    assert enter(world.secretary).get(url("change", item.pk)).status_code == 200


def test_a_correction_takes_the_place_of_what_was_out(world):
    first = disclose(world.make(body="收缴 1200 元。", photos=[upload("a.jpg")]), by=world.secretary)
    first = run(first, "correct", world.secretary, note="金额写错")
    draft = Disclosure.objects.get(original=first)
    assert (draft.edition, draft.status, draft.body, draft.correction) == (2, "draft", first.body, "金额写错")
    assert draft.photos.count() == 1 and draft.photos.get().image.name != first.photos.get().image.name
    with pytest.raises(Refused, match="正在办理"):
        run(first, "correct", world.secretary, note="又错了")
    words = {"title": first.title, "category": "goals", "scope": "society", "body": "收缴 1300 元。"}
    draft = run(draft, "revise", world.secretary, readers=[], **words)
    visitor = Client()
    assert "1200" in visitor.get(first.get_absolute_url()).content.decode(), "out until the next one is"
    second = disclose(draft, by=world.secretary)
    first.refresh_from_db()
    assert first.status == "replaced" and "金额写错" in first.steps.get(action="replace").note
    page = visitor.get(first.get_absolute_url(), follow=True)
    assert page.redirect_chain[0][0] == second.get_absolute_url()
    text = page.content.decode()
    assert "第 2 版" in text and "金额写错" in text and "1300" in text and "1200" not in text
    assert "更正" in visitor.get(reverse("disclosures")).content.decode()
    run(second, "correct", world.secretary, note="再改")
    third = disclose(Disclosure.objects.get(edition=3), by=world.secretary)
    assert third.original == first
    for each in (first, second):
        assert visitor.get(each.get_absolute_url())["Location"] == third.get_absolute_url()
    run(third, "withdraw", world.secretary, note="不公开了")
    assert visitor.get(first.get_absolute_url()).status_code == 404


# --- certain people -----------------------------------------------------------------------------------------------------
def test_certain_people_are_named_read_it_and_lose_it(world):
    user, bystander = factories.make_user("李秀英"), factories.make_user("王建国")
    named = party.make_member(world.branch, name="李秀英", user=user)
    without = party.make_member(world.branch)
    elsewhere = party.make_member(party.make_branch(factories.FAR_BASE), user=factories.make_user())
    for readers in ([], [without], [elsewhere]):
        with pytest.raises(Refused) as refused:
            world.make(scope="certain", readers=readers)
        assert refused.value.field == "readers"
    item = world.make(scope="certain", readers=[named], photos=[upload("a.jpg")])
    page, picture = item.get_absolute_url(), item.photos.get().url
    client = enter(user)
    assert client.get(page).status_code == 404 and client.get(picture).status_code == 404
    item = disclose(item, by=world.secretary)
    assert client.get(page).status_code == 200 and client.get(picture).status_code == 200
    notice = user.notices.get(number=item.number)
    assert notice.url == page and item.title not in notice.title + notice.body, "it stays when the item goes"
    text = client.get(reverse("disclosures")).content.decode()
    assert item.title in text and "向特定人员公开" in text
    for visitor in (Client(), enter(bystander), enter(world.other)):
        assert visitor.get(page).status_code == 404 and visitor.get(picture).status_code == 404
    assert Share.objects.get(ended_at=None).user == user
    assert not item.steps.model.objects.restrict(user).exists(), "not who did what"
    run(item, "withdraw", world.secretary, note="阅毕")
    assert client.get(page).status_code == 404 and not Share.objects.filter(ended_at=None).exists()


def test_who_leaves_the_roll_or_gets_another_account_is_no_reader_with_the_old_one(world):
    old, new, left = (factories.make_user("李秀英") for _ in range(3))
    moved = party.make_member(world.branch, name="李秀英", user=old)
    gone = party.make_member(world.branch, name="李秀英", user=left)
    item = disclose(world.make(scope="certain", readers=[moved, gone]), by=world.secretary)
    later = world.make(scope="certain", readers=[moved, gone])
    link_account(moved, by=world.community, account=new.phone)
    strike_off(gone, by=world.community, day=timezone.localdate(), leaving="left")
    page = item.get_absolute_url()
    assert [enter(user).get(page).status_code for user in (old, new, left)] == [404, 200, 404]
    assert [share.user for share in Share.objects.filter(ended_at=None)] == [new]
    # What is named and not yet out is not opened to her either; it goes back to whoever wrote it.
    with pytest.raises(Refused, match="在册的"):
        run(later, "propose", world.secretary)


def test_who_wrote_the_first_edition_does_not_review_its_correction(world):
    first = disclose(world.make(), by=world.secretary)
    run(first, "correct", world.community, note="金额写错")
    draft = run(Disclosure.objects.get(original=first), "propose", world.community)
    assert "review" not in offered(draft, world.secretary) and "review" not in offered(draft, world.community)
    with pytest.raises(Refused, match="另一个人"):
        run(draft, "review", world.secretary, note="属实", **ANSWERS)
    assert not Disclosure.objects.to_review_by(User.objects.get(pk=world.secretary.pk)).exists()
    assert run(draft, "review", world.street, note="属实", **ANSWERS).status == "reviewed"


def test_an_account_that_is_gone_is_no_reader_any_more(world):
    named = party.make_member(world.branch, name="李秀英", user=factories.make_user("李秀英"))
    item = world.make(scope="certain", readers=[named])
    named.user = None
    named.save()
    with pytest.raises(Refused) as refused:
        run(item, "propose", world.secretary)
    assert refused.value.field == "readers"


# --- the desk -----------------------------------------------------------------------------------------------------------
def words_of(world, **fields) -> dict:
    return {
        "organisation": world.branch.pk, "title": "党费收缴情况", "category": "building", "scope": "society",
        "body": "收缴 1200 元。", **fields,
    }  # fmt: skip


def test_drafting_at_the_desk_names_what_is_missing_and_loses_nothing(world):
    client = enter(world.secretary)
    assert client.get(url("add")).status_code == 200
    for wrong, words in (
        ({"title": ""}, "请填写标题"),
        ({"scope": "x"}, "请选择公开范围"),
        ({"category": ""}, "请选择公开内容的类别"),
        ({"scope": "certain"}, "请选择是哪些人"),
        ({"organisation": world.neighbour.pk}, "没有这个党组织"),
        ({"readers": "abc"}, "请只选在册的"),
        ({"photos": SimpleUploadedFile("x.jpg", b"no picture"), "title": ""}, "不是可用的照片"),
    ):
        answer = client.post(url("add"), words_of(world) | wrong)
        text = answer.content.decode()
        assert answer.status_code == 200 and words in text and "收缴 1200 元" in text, wrong
    assert not Disclosure.objects.exists()
    answer = client.post(url("add"), words_of(world, photos=upload("a.jpg")))
    item = Disclosure.objects.get()
    assert answer.status_code == 302 and answer["Location"] == url("change", item.pk)
    assert item.photos.count() == 1
    assert enter(world.other).get(url("change", item.pk)).status_code == 404
    assert enter(factories.make_staff("community_worker", factories.COMMUNITY)).get(url("add")).status_code == 404  # fmt: skip
    with pytest.raises(ValidationError):
        draft_disclosure(
            by=world.community, organisation=party.make_group(world.branch), title="x", category="goals",
            scope="society", body="x",
        )  # fmt: skip


def test_the_desk_takes_an_item_the_whole_way(world):
    named = party.make_member(world.branch, name="李秀英", user=factories.make_user("李秀英"))
    item = world.make(photos=[upload("a.jpg")], body="联系人 13800001234")
    writer, reviewer, decider = enter(world.secretary), enter(world.community), enter(world.street)

    def do(client, name, **data):
        item.refresh_from_db()
        return client.post(url("do", item.pk, name), {"version": item.version, **data})

    page = writer.get(url("change", item.pk)).content.decode()
    assert "1. 提出" in page and "像有手机号" in page
    assert disclosure_hints.of_disclosure(item)[0].article.startswith("党务公开条例")
    words = words_of(world, scope="certain", readers=[named.pk])
    assert writer.get(url("do", item.pk, "revise")).status_code == 200
    answer = do(writer, "revise", **words, gone=[item.photos.get().pk], photos=upload("b.jpg"))
    assert answer.status_code == 302 and item.photos.count() == 1 and item.readers.get() == named
    assert do(writer, "propose").status_code == 302
    form = reviewer.get(url("do", item.pk, "review")).content.decode()
    assert "收缴 1200 元" in form and "李秀英" in form
    given = {"necessary": "1", "accurate": "1", "no_secret": "0", "note": "属实"}
    answer = do(reviewer, "review", **given)
    assert answer.status_code == 200 and "不能公开" in answer.content.decode()
    assert do(reviewer, "review", **given | {"no_secret": "1"}).status_code == 302
    assert do(decider, "approve", note="同意").status_code == 302
    today = timezone.localdate().isoformat()
    answer = do(writer, "publish", from_day=today, until_day="2020-01-01")
    assert answer.status_code == 200 and "不能早于开始日期" in answer.content.decode()
    assert do(writer, "publish", from_day=today, until_day="").status_code == 302
    item.refresh_from_db()
    assert item.is_out and "看公开的页面" in writer.get(url("change", item.pk)).content.decode()
    answer = do(writer, "correct", note="写错了")
    draft = Disclosure.objects.get(edition=2)
    assert answer["Location"] == url("change", draft.pk) and draft.readers.get() == named
    page = writer.get(url("change", draft.pk)).content.decode()
    assert "第 2 版" in page and item.number in page


def test_the_ledger_filters_counts_and_is_handed_out(world):
    first = disclose(world.make(title="党费公示", category="building"), by=world.secretary)
    draft = world.make(scope="area", category="education")
    make_disclosure(world.neighbour, by=world.other)
    client = enter(world.secretary)

    def listed(**query) -> set:
        return set(client.get(url("changelist"), query).context["cl"].result_list)

    assert listed() == {first, draft}
    assert listed(scope="area") == {draft} and listed(category="building") == {first}
    assert (
        listed(status="published") == {first}
        and listed(status="ongoing") == {draft}
        and listed(q="公示") == {first}
    )
    answer = client.post(url("export"), {"reason": "年度台账"})
    rows = list(load_workbook(BytesIO(answer.content)).active.iter_rows(values_only=True))
    assert len(rows) == 3 and first.number in [row[0] for row in rows]
    page = client.get(url("ledger"))
    assert page.context["total"] == 1 and [line.name for line, _ in page.context["rows"]] == [
        world.branch.name
    ]
    answer = client.post(url("ledger"))
    rows = list(load_workbook(BytesIO(answer.content)).active.iter_rows(values_only=True))
    assert rows[-1][0] == world.branch.name and rows[-1][-1] == 1
    for asked in ("2020-01", "x", "9999-99", "2999-01"):
        assert client.get(url("ledger"), {"month": asked}).status_code == 200
    assert len(Category.values) == 7
    assert enter(factories.make_staff("community_worker", factories.COMMUNITY)).get(url("ledger")).status_code == 404  # fmt: skip


def test_the_desk_has_a_card_for_what_waits_for_me(world):
    def cards(person) -> dict[str, str]:
        found = enter(person).get(reverse("admin:index")).context["cards"]
        return {card.label: card.count for card in found if "公开" in card.label}

    run(world.make(), "propose", world.secretary)
    disclose(world.make(), by=world.secretary, until="review")
    disclose(world.make(), by=world.secretary, until="approve")
    assert cards(world.secretary) == {
        "待我审核的党务公开": "0",
        "审批通过、待公开": "1",
        "退回的党务公开": "0",
    }
    assert cards(world.community)["待我审核的党务公开"] == "1" == cards(world.street)["待我审核的党务公开"]
    assert cards(world.community)["待我审批的党务公开"] == "1" == cards(world.street)["待我审批的党务公开"]
    assert cards(factories.make_staff("community_worker", factories.COMMUNITY)) == {}


def test_pages_cost_the_same_for_one_and_for_many(world):
    desk, writer, visitor = enter(world.community), enter(world.secretary), Client()
    costs: dict[int, list[int]] = {}
    for number in (1, 6):
        while Disclosure.objects.count() < 2 * number:
            out = disclose(world.make(photos=[upload("a.jpg")]), by=world.secretary)
            run(world.make(), "propose", world.secretary)
        for place, (client, page) in enumerate((
            (desk, url("changelist")), (desk, url("ledger")), (desk, reverse("admin:index")), (desk, url("change", out.pk)),
            (visitor, reverse("disclosures")), (visitor, reverse("disclosures") + "?q=党费"), (visitor, "/"),
            (visitor, out.get_absolute_url()), (writer, reverse("disclosures")),
        )):  # fmt: skip
            parameters.forget()
            client.get(page)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(page).status_code == 200
            costs.setdefault(place, []).append(len(queries))
    assert all(one == many for one, many in costs.values()), costs
