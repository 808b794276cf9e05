"""Backlog matters under supervision: each action and who may take it, who sees one, the list, the desk and what it costs."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from governance import parameters
from governance.appointments import appoint
from governance.flow import NotYours, Refused, tick
from governance.models import User
from mediation.flow import BACKLOGS
from mediation.models import Backlog
from mediation.services.backlog import taken_up
from tests import disputes, factories
from tests.backlogs import make_backlog, make_settled, run
from tests.cast import BACKEND
from tests.pictures import upload
from tests.standing import standing

pytestmark = pytest.mark.django_db
DISTRICT, STREET, COMMUNITY = factories.DISTRICT, factories.STREET, factories.COMMUNITY


class World:
    """Everyone who has to do with backlog matters, and those who have not."""

    def __init__(self) -> None:
        make = factories.make_staff
        self.unit, self.other_unit = factories.make_unit(), factories.make_unit()
        self.officer = make("department_officer", DISTRICT, unit=self.unit)
        self.other_officer = make("department_officer", DISTRICT, unit=self.other_unit)
        self.justice, self.colleague = (make("justice_officer", DISTRICT) for _ in range(2))
        self.director = disputes.make_director(DISTRICT)
        self.street, self.other_street = (
            make("street_officer", STREET), make("street_officer", factories.OTHER_STREET),
        )  # fmt: skip
        self.street_justice = make("justice_officer", STREET)
        self.secretary, self.far_secretary = (
            make("community_secretary", COMMUNITY), make("community_secretary", factories.FAR),
        )  # fmt: skip
        self.head = make("district_head", DISTRICT)

    def make(self, **fields) -> Backlog:
        return make_backlog(by=self.justice, unit=self.unit, **fields)


@standing
def world(territory):
    return World()


def offered(backlog: Backlog, user: User) -> set[str]:
    return {action.name for action in BACKLOGS.available(backlog, User.objects.get(pk=user.pk))}


def told(user: User, backlog: Backlog) -> list[str]:
    return [n.title for n in user.notices.filter(number=backlog.number).order_by("pk")]


def url(page: str, *args) -> str:
    return reverse(f"admin:mediation_backlog_{page}", args=args)


def enter(user) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def test_the_whole_way_from_supervision_to_the_city_s_closing(world):
    backlog = world.make()
    assert (
        backlog.number.startswith(f"JA-{COMMUNITY}-")
        and backlog.status == "assigned"
        and backlog.light == "green"
    )
    assert (
        told(world.officer, backlog) and told(world.street, backlog) and told(world.street_justice, backlog)
    )
    assert not told(world.other_officer, backlog) and not told(world.other_street, backlog)
    backlog = run(backlog, "receive", world.officer, note="成立专班，逐户谈维修资金")
    assert backlog.measures == "成立专班，逐户谈维修资金" and told(world.justice, backlog)
    for words in ("已谈妥 12 户", "资金已到位"):
        backlog = run(backlog, "progress", world.officer, note=words)
    backlog = run(backlog, "assist", world.street, note="组织居民议事会两次")
    assert "街道填写了协办情况" in told(world.officer, backlog)[-1]
    backlog = run(backlog, "settle", world.officer, note="外墙已修好", photos=[upload("done.jpg")])
    assert backlog.result == "外墙已修好" and backlog.photos.count() == 1 and backlog.due_at
    backlog = run(backlog, "send_back", world.justice, note="三单元还在渗水")
    assert backlog.status == "handling" and backlog.due_at
    backlog = run(backlog, "settle", world.officer, note="三单元也已修好")
    backlog = run(backlog, "verify_pass", world.colleague)
    assert backlog.status == "verified" and backlog.due_at is None and backlog.is_open
    backlog = run(backlog, "close", world.director, note="市里已发文挂销")
    assert backlog.status == "closed" and backlog.closed_at
    assert told(world.justice, backlog)[-1].endswith("市级已挂销")
    for person in (world.officer, world.street, world.justice):
        assert offered(backlog, person) == set()


def test_each_sees_the_buttons_of_her_part_alone(world):
    backlog = world.make()
    both = factories.make_staff("justice_officer", DISTRICT)
    appoint(both, "department_officer", DISTRICT, by=None, unit=world.unit)
    assert offered(backlog, world.officer) == {"receive"}
    assert offered(backlog, world.street) == offered(backlog, world.street_justice) == {"assist"}
    assert offered(backlog, world.justice) == offered(backlog, world.director) == {"extend", "withdraw"}
    assert offered(backlog, both) == {"receive"}, "her own unit leads"
    for person in (world.head, world.secretary, world.other_officer, world.other_street, world.far_secretary):
        assert offered(backlog, person) == set()
    backlog = run(run(backlog, "receive", world.officer, note="开会"), "settle", world.officer, note="好了")
    assert offered(backlog, world.justice) == {"verify_pass", "send_back", "extend", "withdraw"}
    assert offered(backlog, world.officer) == set()


def test_what_is_not_hers_is_refused_in_words(world):
    backlog = world.make()
    community_director = disputes.make_director(COMMUNITY)
    both = factories.make_staff("justice_officer", DISTRICT)
    appoint(both, "department_officer", DISTRICT, by=None, unit=world.unit)
    both = User.objects.get(pk=both.pk)
    for person, name, data, error in (
        (world.other_officer, "receive", {"note": "接"}, NotYours),
        (world.street, "receive", {"note": "接"}, NotYours),
        (world.secretary, "assist", {"note": "做了"}, NotYours),
        (world.justice, "assist", {"note": "做了"}, Refused),
        (community_director, "assist", {"note": "做了"}, Refused),
        (world.street_justice, "withdraw", {"note": "不办了"}, Refused),
        (world.officer, "withdraw", {"note": "不办了"}, NotYours),
        (both, "withdraw", {"note": "不办了"}, Refused),
        (world.officer, "receive", {"note": " "}, Refused),
        (world.officer, "progress", {"note": "早了"}, Refused),
        (world.justice, "verify_pass", {}, Refused),
        (world.justice, "close", {"note": "文"}, Refused),
        (world.justice, "tell_overdue", {}, NotYours),
    ):
        with pytest.raises(error):
            run(backlog, name, person, **data)
    settled = make_settled(officer=world.officer, by=world.justice, unit=world.unit)
    for person in (both, world.street_justice):
        with pytest.raises(Refused):
            run(settled, "verify_pass", person)
    with pytest.raises(Refused):
        run(settled, "send_back", world.justice, note="")
    backlog.refresh_from_db()
    assert (backlog.status, backlog.version) == ("assigned", 1)
    # A post of the lead unit decides nothing for the district, whatever its role.
    stranger = factories.make_staff("mediation_director", DISTRICT, unit=world.unit)
    with pytest.raises(Refused):
        run(backlog, "withdraw", stranger, note="不办了")


def test_the_district_gives_more_time_and_takes_it_off_with_a_reason(world):
    backlog = world.make()
    day = timezone.localdate(backlog.due_at)
    for wrong in (None, day, "2026-01-01", day + timedelta(days=4000)):
        with pytest.raises(Refused):
            run(backlog, "extend", world.justice, note="再等等", due_on=wrong)
    later = day + timedelta(days=30)
    backlog = run(backlog, "extend", world.director, note="等维修资金审批", due_on=later)
    assert timezone.localdate(backlog.due_at) == later and backlog.status == "assigned"
    backlog = run(backlog, "withdraw", world.justice, note="重复挂牌")
    assert backlog.status == "withdrawn" and backlog.closed_at and backlog.due_at is None
    assert taken_up(world.justice, backlog.year) == []


def test_an_overdue_one_reaches_its_opener_once_for_each_last_day(world, time_machine):
    backlog = run(world.make(), "receive", world.officer, note="开会")
    later = timezone.localdate(backlog.due_at) + timedelta(days=30)
    time_machine.move_to(backlog.due_at + timedelta(hours=1), tick=False)
    for _ in range(2):
        tick()
    backlog.refresh_from_db()
    assert backlog.light == "red" and backlog.steps.filter(action="tell_overdue").count() == 1
    for person in (world.justice, world.officer, world.street):
        assert told(person, backlog)[-1].endswith("请抓紧化解")
    assert not any("超过" in title for title in told(world.colleague, backlog))
    run(backlog, "extend", world.justice, note="等审批", due_on=later)
    time_machine.move_to(timezone.now() + timedelta(days=40), tick=False)
    world.justice.posts.update(valid_until=timezone.localdate() - timedelta(days=1))
    tick()
    assert backlog.steps.filter(action="tell_overdue").count() == 2
    assert "超过" in told(world.colleague, backlog)[-1], "who decides now hears in place of who has gone"


def test_who_sees_one(world):
    backlog = world.make()
    grid_worker = factories.make_staff("grid_worker", factories.BASE)
    seeing = {
        "officer", "justice", "colleague", "director", "street", "street_justice", "secretary", "head",
    }  # fmt: skip
    people = {name: user for name, user in vars(world).items() if isinstance(user, User)}
    for name, user in people.items():
        assert Backlog.objects.restrict(user).exists() == (name in seeing), name
        assert (enter(user).get(url("change", backlog.pk)).status_code == 200) == (name in seeing), name
    assert not Backlog.objects.restrict(grid_worker).exists()
    assert enter(grid_worker).get(url("changelist")).status_code == 404


def test_it_is_opened_by_the_district_alone_for_a_community_and_a_unit_there(world):
    closed = factories.make_unit(is_active=False)
    elsewhere = factories.make_unit("120103")
    for fields, field in (
        ({"code": STREET}, "grid"),
        ({"code": factories.BASE}, "grid"),
        ({"unit": closed}, "unit"),
        ({"unit": elsewhere}, "unit"),
        ({"year": 1999}, "year"),
        ({"due_on": timezone.localdate()}, "due_on"),
        ({"title": ""}, "title"),
    ):
        given = {"by": world.justice, "unit": world.unit, **fields}
        with pytest.raises(ValidationError) as refused:
            make_backlog(given.pop("code", COMMUNITY), **given)
        assert field in refused.value.message_dict, fields
    for person in (world.street_justice, world.head, world.officer, world.secretary):
        with pytest.raises(NotYours):
            make_backlog(by=person, unit=world.unit)
        assert enter(person).get(url("add")).status_code == 404
    assert not Backlog.objects.exists()
    backlog = make_backlog(by=world.director, unit=world.unit)
    with pytest.raises(IntegrityError), transaction.atomic():
        Backlog.objects.filter(pk=backlog.pk).update(status="closed")


def test_putting_one_under_supervision_at_the_desk_hints_and_loses_nothing(world):
    client = enter(world.justice)
    page = client.get(url("add")).content.decode()
    assert "已选 0 个社区" in page and "不写当事人的姓名、电话和住址" in page
    given = {
        "title": "外墙渗水", "grid": COMMUNITY, "description": "多年未修", "year": timezone.localdate().year,
        "supervisor": "市级主管部门", "unit": world.unit.pk, "due_on": "", "dispute": "",
    }  # fmt: skip
    answer = client.post(url("add"), given)
    assert (
        answer.status_code == 200 and "外墙渗水" in answer.content.decode() and not Backlog.objects.exists()
    )
    given["due_on"] = (timezone.localdate() + timedelta(days=90)).isoformat()
    hints = []
    for code in (COMMUNITY, factories.NEIGHBOUR, factories.FAR):
        answer = client.post(url("add"), given | {"grid": code}, follow=True)
        assert answer.redirect_chain, answer.context["form"].errors
        hints.append("一般是 2 个，请核对" in answer.content.decode())
    assert hints == [False, False, True] and Backlog.objects.count() == 3
    assert "已选 3 个社区" in client.get(url("changelist")).content.decode()


def test_a_linked_dispute_shows_only_to_who_may_view_it(world):
    dispute = disputes.make_dispute(description="两家为漏水吵架", by=factories.make_user("李秀英"))
    client = enter(world.justice)
    given = {
        "title": "外墙渗水", "grid": COMMUNITY, "description": "多年未修", "year": timezone.localdate().year,
        "supervisor": "市级主管部门", "unit": world.unit.pk, "dispute": dispute.number,
        "due_on": (timezone.localdate() + timedelta(days=90)).isoformat(),
    }  # fmt: skip
    assert "您不能查看" in client.post(url("add"), given).content.decode()
    with pytest.raises(Refused, match="不能查看"):
        world.make(dispute=dispute)
    director = disputes.make_director(COMMUNITY)
    appoint(world.director, "mediation_director", COMMUNITY, by=None)
    both = User.objects.get(pk=world.director.pk)
    assert enter(both).post(url("add"), given).status_code == 302
    backlog = Backlog.objects.get()
    assert backlog.dispute == dispute
    for person in (both, director):
        assert dispute.number in enter(person).get(url("change", backlog.pk)).content.decode()
    for person in (world.justice, world.officer, world.street, world.secretary, world.head):
        page = enter(person).get(url("change", backlog.pk)).content.decode()
        assert not any(word in page for word in (dispute.number, dispute.title, "关联纠纷", "李秀英"))


def test_the_list_filters_and_hands_out_what_is_within_reach(world):
    mine = world.make()
    last = world.make(code=factories.FAR, year=mine.year - 1, title="下水道常年返水")
    client = enter(world.justice)

    def listed(**query) -> list[Backlog]:
        return list(client.get(url("changelist"), query).context["cl"].result_list)

    assert listed() == [last, mine]
    assert listed(year=mine.year) == [mine] and listed(year=mine.year - 1) == [last]
    assert listed(place=factories.OTHER_STREET) == [last] and listed(status="assigned") == [last, mine]
    assert listed(q="返水") == [last]
    page = client.get(url("changelist")).content.decode()
    assert "本年度已选 1 个社区" in page and "1 件，已化解 0 件" in page
    answer = client.post(url("export"), {"reason": "年度汇总"})
    rows = list(load_workbook(BytesIO(answer.content)).active.iter_rows(values_only=True))
    assert len(rows) == 3 and world.unit.name in rows[1]
    for person, count in ((world.other_officer, 0), (world.street, 1)):
        found = enter(person).get(url("changelist"))
        assert len(found.context["cl"].result_list) == count and "本年度已选" not in found.content.decode()
    assert enter(world.secretary).post(url("export"), {"reason": "年度汇总"}).status_code == 404


def test_the_desk_has_a_card_for_each_part(world):
    world.make()
    settled = make_settled(officer=world.officer, by=world.justice, unit=world.unit)

    def cards(user) -> dict[str, str]:
        found = enter(user).get(reverse("admin:index")).context["cards"]
        return {card.label: card.count for card in found if "积案" in card.label}

    assert cards(world.officer) == {"待接收积案": "1", "积案化解中": "0"}
    assert cards(world.justice) == {"待核实积案": "1", "待挂销积案": "0", "积案超期": "0"}
    assert cards(world.street) == cards(world.street_justice) == {"协办的积案": "2"}
    assert cards(world.secretary) == cards(world.head) == {}
    assert "督办积案" in enter(world.secretary).get(reverse("admin:index")).content.decode()
    client = enter(world.officer)
    waiting = Backlog.objects.exclude(pk=settled.pk).get()
    sent = {"version": waiting.version, "note": "开会"}
    assert client.post(url("do", waiting.pk, "receive"), sent).status_code == 302
    sent = {"version": 2, "note": "修好了", "photos": upload("a.jpg")}
    assert client.post(url("do", waiting.pk, "settle"), sent).status_code == 302
    photo = waiting.photos.get().url
    assert client.get(photo).status_code == 200
    assert enter(world.other_officer).get(photo).status_code == 404
    sent = {"version": 3, "note": "等审批", "due_on": timezone.localdate().isoformat()}
    answer = enter(world.justice).post(url("do", waiting.pk, "extend"), sent)
    assert answer.status_code == 200 and "以后、三年以内的日期" in answer.content.decode()


def test_pages_cost_the_same_for_one_and_for_many(world):
    client = enter(world.justice)
    costs = {}
    for number in (1, 6):
        while Backlog.objects.count() < number:
            backlog = world.make(code=(COMMUNITY, factories.NEIGHBOUR)[number % 2])
            backlog = run(backlog, "receive", world.officer, note="开会")
        for page in (url("changelist"), url("change", backlog.pk), reverse("admin:index")):
            parameters.forget()
            client.get(page)  # what is asked once and kept does not count
            with CaptureQueriesContext(connection) as queries:
                assert client.get(page).status_code == 200
            costs.setdefault(page if "change" not in page.split("/")[-2] else "page", []).append(len(queries))
    assert all(one == many for one, many in costs.values()), costs
