"""Small wishes: from the resident's words to the confirmed service, who sees what of one, and what ends it otherwise."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from governance import intake, parameters
from governance.flow import NotYours, Refused, tick
from governance.models import Intake, Matter, User
from parties.flow import WISHES
from parties.models import MicroWish
from parties.services.wishes import open_wishes_for, place_wish
from tests import factories, party
from tests.cast import BACKEND
from tests.standing import standing
from volunteers.flow import ORDERS
from volunteers.models import Order

pytestmark = pytest.mark.django_db
COMMUNITY = factories.COMMUNITY


class World:
    """A resident with a wish, her community's people, and members near and far."""

    def __init__(self) -> None:
        self.secretary = factories.make_staff("community_secretary", COMMUNITY)
        self.resident = factories.make_user("李秀英")
        self.branch = party.make_branch()
        self.member = party.make_account(self.branch, name="马党员")
        self.serving = party.make_account(self.branch, name="周党员")
        factories.make_volunteer(user=self.serving, approved_by=self.secretary)
        self.far = party.make_account(party.make_branch(factories.FAR_BASE))
        self.volunteer = factories.make_volunteer(approved_by=self.secretary).applicant
        self.neighbour = factories.make_user("王建国")
        self.item = factories.make_item(name="手机教学")

    def wish(self, **fields) -> MicroWish:
        return party.make_wish(by=self.resident, **fields)

    def published(self, **fields) -> MicroWish:
        return party.publish(self.wish(**fields), by=self.secretary, item=self.item)

    def claimed(self, by: User | None = None) -> MicroWish:
        return claim(self.published(), by or self.serving)


@standing
def world(territory):
    return World()


def window() -> dict:
    return {"wanted_from": factories.tomorrow(), "wanted_until": factories.tomorrow() + timedelta(hours=2)}


def claim(wish: MicroWish, by: User, **data) -> MicroWish:
    return WISHES.run(wish, "claim", by=by, version=wish.version, **{**window(), **data})


def order_of(wish: Matter) -> Order:
    return Order.objects.get(number=Intake.objects.filter(referred_from=wish.number).latest("pk").number)


def serve(order: Order, by: User) -> Order:
    for action in ("check_in", "check_out"):
        order = ORDERS.run(order, action, by=by, code=order.code)
    return order


def told(user: User, wish: MicroWish) -> list[str]:
    return [n.title for n in user.notices.filter(number=wish.number).order_by("pk")]


def offered(wish: MicroWish, user: User) -> set[str]:
    return {action.name for action in WISHES.available(wish, User.objects.get(pk=user.pk))}


def enter(user) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def page(user: User, wish: MicroWish) -> str:
    return enter(user).get(reverse("wish", args=[wish.number])).content.decode()


def test_the_whole_way_from_her_words_to_the_confirmed_service(world, time_machine):
    wish = world.wish()
    assert wish.number.startswith(f"WX-{COMMUNITY}-") and wish.light == "green"
    assert told(world.secretary, wish)
    assert offered(wish, world.secretary) == {"publish", "return_back", "refuse"}
    wish = party.publish(wish, by=world.secretary, item=world.item)
    assert wish.published_to == COMMUNITY and told(world.resident, wish)[-1].endswith("已公布，等党员认领")
    assert list(open_wishes_for(world.serving)) == [wish]
    wish = claim(wish, world.serving)
    order = order_of(wish)
    assert (wish.status, wish.claimer, wish.times_claimed) == ("claimed", world.serving, 1)
    assert (order.status, order.channel, order.item) == ("claimed", "referral", world.item)
    assert order.claims.get().volunteer.applicant == world.serving and order.address == "301 室"
    assert (
        order.applicant == order.beneficiary == world.resident and wish.description not in order.description
    )
    assert [row.matter for row in intake.referred_to(wish, world.resident)] == [order]
    assert [row.matter for row in intake.referred_from(order, world.resident)] == [wish]
    time_machine.move_to(order.wanted_from)
    order = serve(order, world.serving)
    ORDERS.run(order, "confirm", by=world.resident)
    wish.refresh_from_db()
    assert wish.status == "fulfilled" and wish.closed_at and wish.due_at is None
    assert told(world.serving, wish)[-1].endswith("心愿实现了")
    assert offered(wish, world.resident) == {"thank"} and offered(wish, world.serving) == set()
    wish = WISHES.run(wish, "thank", by=world.resident, note="教得很耐心")
    assert wish.thanks == "教得很耐心" and offered(wish, world.resident) == set()
    assert "教得很耐心" in enter(world.serving).get(reverse("my_wishes") + "?past=1").content.decode()
    # Told once more, nothing happens.
    intake.ended(order_of(wish), done=False, by=world.secretary)
    wish.refresh_from_db()
    assert wish.status == "fulfilled" and wish.steps.filter(action="fulfil").count() == 1


def test_who_is_no_volunteer_opens_it_to_the_hall_and_it_is_fulfilled_all_the_same(world, time_machine):
    wish = world.claimed(world.member)
    order = order_of(wish)
    assert order.status == "open" and not order.claims.exists()
    assert not Order.objects.restrict(world.member).filter(pk=order.pk).exists()
    assert "已开放给本社区的志愿者接单" in page(world.member, wish)
    order = ORDERS.run(order, "claim", by=world.volunteer)
    time_machine.move_to(order.wanted_from)
    order = serve(order, world.volunteer)
    time_machine.move_to(timezone.now() + timedelta(days=4), tick=False)
    tick()
    wish.refresh_from_db()
    assert wish.status == "fulfilled", "confirmed late by the system"


def test_a_branch_or_a_paired_unit_claims(world):
    secretary = party.make_secretary(world.branch)
    other = party.make_branch(parent=world.branch.parent)
    wish = world.published()
    with pytest.raises(Refused, match="党组织"):
        claim(wish, secretary, organisation=other)
    with pytest.raises(Refused, match="党组织"):
        claim(wish, world.member, organisation=world.branch)
    wish = claim(wish, secretary, organisation=world.branch)
    assert wish.organisation == world.branch and order_of(wish).status == "open"
    assert world.branch.name not in page(world.resident, wish) and "党员认领" in page(world.resident, wish)
    second = world.published(title="想听段评书")
    here, elsewhere = party.make_pairing(), party.make_pairing(factories.FAR)
    over = party.make_pairing(until=timezone.localdate() - timedelta(days=1))
    for wrong in (None, elsewhere, over, here.pk):
        with pytest.raises(Refused, match="结对"):
            WISHES.run(second, "assign_unit", by=world.secretary, pairing=wrong, **window())
    second = WISHES.run(second, "assign_unit", by=world.secretary, pairing=here, **window())
    assert (second.pairing, second.claimer) == (here, None) and order_of(second).status == "open"
    assert here.name not in page(world.resident, second)


def test_who_sees_an_open_wish_and_who_a_claimed_one(world):
    worker = factories.make_staff("community_worker", COMMUNITY)
    officer = party.make_officer(factories.STREET)
    branch_secretary = party.make_secretary(world.branch)
    far_secretary = factories.make_staff("community_secretary", factories.FAR)
    people = {
        **{name: user for name, user in vars(world).items() if isinstance(user, User)},
        "worker": worker, "officer": officer, "branch_secretary": branch_secretary, "far_secretary": far_secretary,
    }  # fmt: skip
    desk = {"resident", "secretary", "worker", "officer"}

    def seeing(wish) -> set[str]:
        found = {name for name, user in people.items() if MicroWish.objects.restrict(user).filter(pk=wish.pk)}
        assert found == {name for name, user in people.items() if user.may("view", wish)}
        return found

    wish = world.wish()
    assert seeing(wish) == desk
    wish = party.publish(wish, by=world.secretary, item=world.item)
    assert seeing(wish) == desk | {"member", "serving", "branch_secretary"}
    for user in (world.member, branch_secretary):
        html = page(user, wish)
        for hidden in ("李秀英", world.resident.phone, "301 室", wish.description):
            assert hidden not in html
        assert "老人想学用手机挂号" in html
    wish = claim(wish, world.serving)
    assert seeing(wish) == desk | {"serving"}
    for name, user in people.items():
        status = enter(user).get(reverse("wish", args=[wish.number])).status_code
        assert (status == 200) == (name in desk | {"serving"}), name
    html = page(world.serving, wish)
    assert "李秀英" in html and "301 室" in html and wish.description in html
    assert "周党员" not in page(world.resident, wish) and world.branch.name not in page(world.resident, wish)
    for name, user in people.items():
        assert user.may("contact", wish) == (name in ("resident", "serving")), name
    # A search with her name finds it for nobody to whom the name is hidden.
    assert not MicroWish.objects.restrict(world.member).search("李秀英", world.member)
    # Out of her hands again, the contact is shut again.
    wish = WISHES.run(wish, "give_back", by=world.serving, note="临时出差")
    assert "李秀英" not in page(world.serving, wish) and "临时出差" not in page(world.resident, wish)
    assert "临时出差" in enter(world.secretary).get(wish.get_desk_url()).content.decode()


def test_the_pages_for_members_are_not_there_for_others(world):
    wish = world.published()
    for name in ("wish_wall", "my_wishes"):
        for user, status in (
            (world.member, 200), (world.resident, 404), (world.volunteer, 404), (world.secretary, 200),
        ):  # fmt: skip
            assert enter(user).get(reverse(name)).status_code == status, (name, user)
    assert wish.title in enter(world.member).get(reverse("home")).content.decode()
    for user in (world.far, world.volunteer, world.neighbour):
        client = enter(user)
        assert wish.title not in client.get(reverse("home")).content.decode()
        sent = {"version": wish.version, "wanted_day": "2030-01-01"}
        assert client.post(reverse("wish_action", args=[wish.number, "claim"]), sent).status_code == 404
    assert enter(world.far).get(reverse("wish_wall")).context["rows"] == []
    with pytest.raises(NotYours):
        claim(wish, world.volunteer)
    assert reverse("wish_new") + "?for=1" not in enter(world.resident).get(reverse("home")).content.decode()
    assert enter(world.resident).get(reverse("wish_new") + "?for=1").status_code == 404
    matters = enter(world.resident).get(reverse("my_matters")).content.decode()
    assert wish.title in matters


def test_a_member_does_not_claim_her_own_wish_nor_decide_about_it(world):
    wish = party.publish(party.make_wish(by=world.member), by=world.secretary, item=world.item)
    assert wish not in open_wishes_for(world.member) and "claim" not in offered(wish, world.member)
    with pytest.raises(Refused, match="自己的"):
        claim(wish, world.member)
    phone_only = party.make_wish(
        by=world.secretary, applicant=None, applicant_phone=world.member.phone, applicant_name="马党员",
    )  # fmt: skip
    phone_only = party.publish(phone_only, by=world.secretary, item=world.item)
    with pytest.raises(Refused, match="自己的"):
        claim(phone_only, world.member)
    own = party.make_wish(by=world.secretary)
    with pytest.raises(Refused, match="本人"):
        party.publish(own, by=world.secretary, item=world.item)
    assert offered(own, world.secretary) >= {"amend", "withdraw", "return_back"} - {"publish"}


def test_what_is_published_holds_no_name_phone_or_door(world):
    wish = world.wish()
    for field, words in (
        ("title", "帮李秀英挂号"), ("summary", f"打 {world.resident.phone} 联系"), ("summary", "住 301 室"),
        ("title", " "), ("summary", ""), ("summary", "长" * 201), ("service", "order:none"), ("service", "wish:x"),
    ):  # fmt: skip
        with pytest.raises(Refused) as refused:
            party.publish(wish, by=world.secretary, item=world.item, **{field: words})
        assert refused.value.field == field
    client, url = enter(world.secretary), reverse("admin:parties_microwish_do", args=[wish.pk, "publish"])
    sent = {"version": 1, "title": "想学挂号", "summary": "教用手机", "service": f"order:{world.item.code}"}
    answer = client.post(url, sent)
    assert answer.status_code == 200 and "请核对" in answer.content.decode()
    assert client.post(url, sent | {"fits": "on"}).status_code == 302
    wish.refresh_from_db()
    assert (wish.status, wish.title) == ("published", "想学挂号")


def test_it_is_given_back_taken_back_and_claimed_again(world):
    wish = world.claimed()
    first = order_of(wish)
    wish = WISHES.run(wish, "give_back", by=world.serving, note="出差")
    first.refresh_from_db()
    assert (wish.status, wish.claimer, first.status) == ("published", None, "cancelled")
    assert wish.steps.filter(action="reopen").count() == 0, "who gave it back is not told of it once more"
    wish = claim(wish, world.member)
    second = order_of(wish)
    assert second != first and second.status == "open" and wish.times_claimed == 2
    wish = WISHES.run(wish, "take_back", by=world.secretary, note="一直没有办")
    assert told(world.member, wish)[-1].endswith("已收回，不用您办了")
    wish = WISHES.run(wish, "lapse", by=world.secretary, note="人手不够，已请网格员帮忙")
    assert wish.status == "lapsed" and "人手不够" in page(world.resident, wish)


def test_once_the_service_has_begun_nothing_is_given_back(world, time_machine):
    wish = world.claimed()
    order = order_of(wish)
    time_machine.move_to(order.wanted_from)
    ORDERS.run(order, "check_in", by=world.serving, code=order.code)
    for name, by in (
        ("give_back", world.serving),
        ("take_back", world.secretary),
        ("withdraw", world.resident),
    ):
        with pytest.raises(Refused, match="服务已经开始"):
            WISHES.run(wish, name, by=by, note="不办了")
    wish.refresh_from_db()
    assert wish.status == "claimed"


def test_an_order_that_comes_to_nothing_reopens_the_wish_and_her_own_word_ends_it(world):
    wish = world.claimed()
    ORDERS.run(order_of(wish), "cancel", by=world.secretary, note="时间不合适")
    wish.refresh_from_db()
    assert (wish.status, wish.claimer) == ("published", None)
    assert told(world.serving, wish)[-1].endswith("不用您办了")
    wish = claim(wish, world.serving)
    ORDERS.run(order_of(wish), "cancel", by=world.resident, note="孙子教会我了")
    wish.refresh_from_db()
    assert wish.status == "withdrawn"
    other = claim(world.published(title="想养盆花"), world.serving)
    other = WISHES.run(other, "withdraw", by=world.resident)
    assert other.status == "withdrawn" and order_of(other).status == "cancelled"


def test_a_claim_that_collides_is_refused_whole(world):
    claim(world.published(), world.serving)
    second = world.published(title="想听段评书")
    with pytest.raises(Refused, match="这段时间"):
        claim(second, world.serving)
    second.refresh_from_db()
    assert second.status == "published" and not Intake.objects.filter(referred_from=second.number).exists()
    for wrong in (
        {"wanted_from": timezone.now() - timedelta(days=2)},
        {"wanted_until": factories.tomorrow(7)},
    ):
        with pytest.raises(Refused):
            claim(second, world.member, **({"wanted_until": timezone.now() - timedelta(days=1)} | wrong))


def test_the_same_click_twice_is_one_claim_and_the_second_member_reads_why(world):
    wish = world.published()
    first, again = claim(wish, world.serving), claim(wish, world.serving)
    assert first.pk == again.pk and Order.objects.count() == 1
    with pytest.raises(NotYours):
        claim(wish, world.member)
    url = reverse("wish_action", args=[wish.number, "claim"])
    for method in ("get", "post"):
        answer = getattr(enter(world.member), method)(url, {"version": wish.version}, follow=True)
        assert answer.redirect_chain[0][0] == reverse("wish_wall")
        assert "刚刚被别人认领了" in answer.content.decode()
    for user in (world.far, world.neighbour):
        assert enter(user).post(url, {"version": wish.version}).status_code == 404


def test_a_member_who_visits_writes_it_down_for_a_resident_of_her_community_alone(world):
    given = {"applicant": None, "applicant_name": "赵大爷", "applicant_phone": "13800001234"}
    wish = party.make_wish(by=world.member, **given)
    assert wish.placed_by == world.member and told(world.secretary, wish)
    with pytest.raises(NotYours):
        party.make_wish(factories.FAR_BASE, by=world.member, **given)
    with pytest.raises(NotYours):
        party.make_wish(by=world.neighbour, **given)
    # Whoever proves the phone later finds it.
    resident = factories.make_user(phone="13800001234")
    assert (
        intake.adopt(resident) == 1
        and wish.title in enter(resident).get(reverse("my_matters")).content.decode()
    )
    assert MicroWish.objects.count() == 1


def test_the_form_says_what_is_wrong_and_takes_a_request_once(world):
    client, url = enter(world.resident), reverse("wish_new")
    sent = {"title": "", "description": "上午来", "address": "301 室", "token": "t1"}
    answer = client.post(url, sent | {"title": "想学挂号"})
    assert "请先选择地址" in answer.content.decode() and "上午来" in answer.content.decode()
    session = client.session
    session["grid"] = factories.BASE
    session.save()
    answer = client.post(url, sent)
    assert "请说一说您的心愿" in answer.content.decode() and "上午来" in answer.content.decode()
    for _ in range(2):
        assert client.post(url, sent | {"title": "想学挂号"}).status_code == 302
    wish = MicroWish.objects.get()
    assert (wish.title, wish.applicant, wish.grid_id) == ("想学挂号", world.resident, factories.BASE)
    for number in range(parameters.value("wishes.open_limit") - 1):
        client.post(url, sent | {"title": "再一个", "token": f"n{number}"})
    answer = client.post(url, sent | {"title": "太多了", "token": "last"})
    assert "还没有实现" in answer.content.decode() and "太多了" in answer.content.decode()
    with pytest.raises(ValidationError):
        place_wish(
            by=world.neighbour, source_id="x", grid=factories.make_grid(factories.STREET), title="x",
            applicant=world.neighbour, applicant_name="王建国", applicant_phone=world.neighbour.phone,
        )  # fmt: skip


def test_hostile_words_are_answered_in_words(world):
    wish = world.published()
    waiting = world.wish(title="另一个")
    client = enter(world.resident)
    session = client.session
    session["grid"] = factories.BASE
    session.save()
    for text in ("张\x00三", "<script>alert(1)</script>", "大" * 5000, "-9" * 20):
        answers = [
            client.post(
                reverse("wish_new"), dict.fromkeys(("title", "description", "address", "token"), text)
            ),
            enter(world.member).post(
                reverse("wish_action", args=[wish.number, "claim"]),
                dict.fromkeys(
                    ("version", "wanted_day", "wanted_from", "wanted_until", "organisation", "note"), text
                ),
            ),
            enter(world.secretary).post(
                reverse("admin:parties_microwish_do", args=[waiting.pk, "publish"]),
                dict.fromkeys(("version", "title", "summary", "service", "fits"), text),
            ),
        ]
        for answer in answers:
            assert answer.status_code in (200, 302) and "<script>alert" not in answer.content.decode()
    wish.refresh_from_db()
    assert wish.status == "published"


def test_late_ones_reach_the_desk_and_the_street(world, time_machine):
    wish = world.published()
    officer = party.make_officer(factories.STREET)
    time_machine.move_to(wish.due_at + timedelta(days=3), tick=False)
    for _ in range(2):
        tick()
    wish.refresh_from_db()
    assert wish.light == "red" and wish.steps.filter(action="escalate").count() == wish.escalation >= 2
    assert any("超期" in title for title in told(world.secretary, wish))
    assert any("超期" in title for title in told(officer, wish))


def test_the_desk_lists_counts_and_hands_out(world):
    wish, _ = world.wish(), world.claimed()
    client = enter(world.secretary)
    cards = {card.label: card.count for card in client.get(reverse("admin:index")).context["cards"]}
    assert cards["待审核的微心愿"] == "1" and cards["待认领的微心愿"] == "0"
    changelist = reverse("admin:parties_microwish_changelist")
    found = client.get(changelist, {"by": "member"}).context["cl"].result_list
    assert [row.status for row in found] == ["claimed"]
    assert list(client.get(changelist, {"status": "asked"}).context["cl"].result_list) == [wish]
    answer = client.post(reverse("admin:parties_microwish_export"), {"reason": "季度汇总"})
    assert answer["Content-Type"].startswith("application/vnd")
    worker = enter(factories.make_staff("community_worker", COMMUNITY))
    assert worker.get(changelist).status_code == 200
    assert enter(world.branch and party.make_secretary(world.branch)).get(changelist).status_code == 404


def test_pages_cost_the_same_for_one_and_for_many(world):
    parameters.change("wishes.open_limit", 20)
    costs = {}
    for number in (1, 6):
        while MicroWish.objects.filter(status="published").count() < number:
            world.published()
            claim(world.published(), world.member)
        wish = MicroWish.objects.filter(status="published").first()
        for user, url in (
            (world.member, reverse("wish_wall")), (world.member, reverse("my_wishes")), (world.member, reverse("home")),
            (world.resident, reverse("my_matters")), (world.member, reverse("wish", args=[wish.number])),
            (world.secretary, reverse("admin:parties_microwish_changelist")),
        ):  # fmt: skip
            client = enter(user)
            client.get(url)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(url).status_code == 200
            costs.setdefault(url if "WX-" not in url else "page", []).append(len(queries))
    assert all(one == many for one, many in costs.values()), costs
