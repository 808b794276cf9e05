"""Tasks: each action and who may take it, who sees one, the figures against plain counts, the list, the desk and what it costs."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from governance import parameters
from governance.appointments import appoint
from governance.flow import NotYours, Refused, Stale, tick
from governance.models import Unit, User
from parties.flow import TASKS
from parties.models import Task
from parties.reports.tasks import FIGURES, Asked, Line, table
from tests import factories, joint, party
from tests.cast import Cast
from tests.joint import run
from tests.pictures import upload
from tests.standing import standing

pytestmark = pytest.mark.django_db
DISTRICT, STREET, COMMUNITY = factories.DISTRICT, factories.STREET, factories.COMMUNITY


class World:
    """Everyone who has to do with tasks, and those who have not."""

    def __init__(self) -> None:
        make = factories.make_staff
        self.unit, self.helping, self.other_unit = (factories.make_unit() for _ in range(3))
        self.office = factories.make_unit(STREET, Unit.Kind.STREET_OFFICE)
        self.committee = factories.make_unit(COMMUNITY, Unit.Kind.COMMITTEE)
        self.officer = make("department_officer", DISTRICT, unit=self.unit)
        self.helper = make("department_officer", DISTRICT, unit=self.helping)
        self.other_officer = make("department_officer", DISTRICT, unit=self.other_unit)
        self.party, self.colleague = (party.make_officer() for _ in range(2))
        self.street_party = party.make_officer(STREET)
        self.street, self.other_street = (
            make("street_officer", STREET), make("street_officer", factories.OTHER_STREET),
        )  # fmt: skip
        self.secretary, self.far_secretary = (
            make("community_secretary", COMMUNITY), make("community_secretary", factories.FAR),
        )  # fmt: skip
        self.worker = make("community_worker", COMMUNITY)
        self.head = make("district_head", DISTRICT)

    def make(self, **fields) -> Task:
        return joint.make_key_task(**{"by": self.party, "unit": self.unit, **fields})


@standing
def world(territory):
    return World()


def offered(task: Task, user: User) -> set[str]:
    return {action.name for action in TASKS.available(task, User.objects.get(pk=user.pk))}


def told(user: User, task: Task) -> list[str]:
    return [n.title for n in user.notices.filter(number=task.number).order_by("pk")]


def url(page: str, *args) -> str:
    return reverse(f"admin:parties_task_{page}", args=args)


def signed_in(user):
    return Cast(people={"she": user}).client("she")


def test_the_whole_way_from_setting_to_verified(world):
    task = world.make(helpers=[world.helping])
    assert (task.status, task.light, task.serial, task.kind) == ("assigned", "green", 1, "key")
    assert told(world.officer, task) and told(world.helper, task) and not told(world.other_officer, task)
    task = run(task, "receive", world.officer, note="排期施工")
    task = run(task, "progress", world.officer, note="装了一半", photos=[upload("a.jpg")])
    task = run(task, "assist", world.helper, note="协调供电")
    assert told(world.party, task)[-1].endswith("配合单位填写了配合情况") and task.photos.count() == 1
    task = run(task, "report", world.officer, note="路灯都亮了", photos=[upload("b.jpg")])
    assert (task.status, task.light, task.due_at, task.result) == ("reported", "off", None, "路灯都亮了")
    task = run(task, "send_back", world.party, note="东侧没有亮")
    assert task.status == "handling" and timezone.localdate(task.due_at) == task.due_on
    task = run(task, "report", world.officer, note="东侧也亮了")
    task = run(task, "verify_pass", world.colleague)
    assert task.status == "done" and task.closed_at and task.reported_on == timezone.localdate()
    for person in (world.officer, world.helper, world.party):
        assert offered(task, person) == set()


def test_each_sees_the_buttons_of_her_part_alone(world):
    task = world.make(helpers=[world.helping])
    both = party.make_officer()
    appoint(both, "department_officer", DISTRICT, by=None, unit=world.unit)
    assert offered(task, world.officer) == {"receive"} and offered(task, world.helper) == {"assist"}
    assert offered(task, world.party) == offered(task, world.colleague) == {"extend", "withdraw"}
    assert offered(task, both) == {"receive"}, "her own unit answers for it"
    for person in (world.head, world.other_officer, world.street, world.street_party, world.secretary):
        assert offered(task, person) == set(), person
    task = joint.make_reported(task, world.officer)
    assert offered(task, world.party) == {"verify_pass", "send_back", "withdraw"}
    assert offered(task, world.officer) == set()


def test_what_is_not_hers_is_refused_in_words(world):
    task = world.make(helpers=[world.helping])
    both = party.make_officer()
    appoint(both, "department_officer", DISTRICT, by=None, unit=world.unit)
    both = User.objects.get(pk=both.pk)
    for person, name, data, error in (
        (world.other_officer, "receive", {"note": "接"}, NotYours),
        (world.helper, "receive", {"note": "接"}, Refused),
        (world.officer, "assist", {"note": "做了"}, Refused),
        (world.secretary, "assist", {"note": "做了"}, NotYours),
        (world.street_party, "withdraw", {"note": "不办"}, NotYours),
        (both, "withdraw", {"note": "不办"}, Refused),
        (world.officer, "withdraw", {"note": "不办"}, NotYours),
        (world.officer, "receive", {"note": " "}, Refused),
        (world.officer, "report", {"note": "早了"}, Refused),
        (world.party, "withdraw", {"note": ""}, Refused),
        (world.party, "verify_pass", {}, Refused),
        (world.party, "tell_overdue", {}, NotYours),
    ):
        with pytest.raises(error):
            run(task, name, person, **data)
    task.refresh_from_db()
    assert (task.status, task.version) == ("assigned", 1)
    day = task.due_on
    for wrong in (None, day, "2026-01-01", day + timedelta(days=4000)):
        with pytest.raises(Refused):
            run(task, "extend", world.party, note="再等等", due_on=wrong)
    later = day + timedelta(days=30)
    task = run(task, "extend", world.colleague, note="等批复", due_on=later)
    assert (task.due_on, timezone.localdate(task.due_at), task.extensions) == (later, later, 1)
    task = run(task, "withdraw", world.party, note="重复交办")
    assert task.status == "withdrawn" and task.due_at is None
    assert world.make(serial=1).serial == 1, "the number is free again"
    with pytest.raises(IntegrityError), transaction.atomic():
        Task.objects.filter(pk=task.pk).update(status="done")


def test_offices_of_the_place_are_acted_for_by_its_posts(world):
    task = world.make(unit=world.office)
    assert task.grid_id == STREET and offered(task, world.street) == {"receive"}
    assert offered(task, world.other_street) == offered(task, world.street_party) == set()
    own = joint.make_resolution(by=world.secretary, unit=world.committee)
    assert (own.setter_id, own.grid_id) == (COMMUNITY, COMMUNITY)
    assert offered(own, world.worker) == {"receive"}
    assert offered(own, world.secretary) == {"receive", "extend", "withdraw"}
    own = joint.make_reported(own, world.secretary)
    assert "verify_pass" not in offered(own, world.secretary), "nobody looks at what she reported herself"
    with pytest.raises(Refused, match="自己报告完成"):
        run(own, "verify_pass", world.secretary)
    assert run(own, "verify_pass", world.street_party).status == "done"
    down = joint.make_resolution(by=world.secretary, unit=world.unit, helpers=[world.office])
    assert offered(down, world.officer) == {"receive"} and offered(down, world.secretary) == {
        "extend",
        "withdraw",
    }
    # The street's office assists in the community's resolution, by a post of the street.
    assert offered(down, world.street) == {"assist"}


def test_it_is_set_by_the_place_for_units_that_reach_it(world):
    conference = joint.make_conference(by=world.secretary)
    for fields, field in (
        ({"unit": factories.make_unit(is_active=False)}, "unit"),
        ({"unit": factories.make_unit("120103")}, "unit"),
        ({"unit": factories.make_unit(COMMUNITY, Unit.Kind.PARTY)}, "unit"),
        ({"helpers": [world.office]}, "helpers"),
        ({"year": 1999}, "year"),
        ({"area": " "}, "area"),
        ({"due_on": timezone.localdate()}, "due_on"),
        ({"title": ""}, "title"),
        ({"code": factories.BASE}, "setter"),
    ):
        with pytest.raises(ValidationError) as refused:
            world.make(**fields)
        assert field in refused.value.message_dict, fields
    for person in (
        world.head,
        world.officer,
        world.street,
        world.street_party,
        world.secretary,
        world.worker,
    ):
        with pytest.raises(NotYours):
            world.make(by=person)
    with pytest.raises(NotYours):
        joint.make_resolution(conference, by=world.far_secretary, unit=world.unit)
    later = joint.make_conference(by=world.secretary, held_at=timezone.now() + timedelta(days=1))
    with pytest.raises(Refused, match="还没有开"):
        joint.make_resolution(later, by=world.secretary, unit=world.unit)
    assert not Task.objects.exists()
    world.make(serial=7)
    with pytest.raises(Refused) as refusal:
        world.make(serial=7)
    assert refusal.value.field == "serial"
    assert world.make().serial == 8 and world.make(code=STREET, by=world.street_party).serial == 1


def test_who_sees_one(world):
    task = joint.make_resolution(
        joint.make_conference(by=world.secretary),
        by=world.secretary,
        unit=world.unit,
        helpers=[world.helping],
    )
    seeing = {
        "officer", "helper", "party", "colleague", "street_party", "street", "secretary", "worker", "head",
    }  # fmt: skip
    for name, user in vars(world).items():
        if isinstance(user, User):
            assert Task.objects.restrict(user).exists() == (name in seeing), name
            assert (signed_in(user).get(url("change", task.pk)).status_code == 200) == (name in seeing), name
    for role, code in (("grid_worker", factories.BASE), ("mediator", COMMUNITY)):
        person = factories.make_staff(role, code)
        assert signed_in(person).get(url("changelist")).status_code == 404
    # She has a part in the task, and none in the conference.
    page = signed_in(world.officer).get(url("change", task.pk)).content.decode()
    there = reverse("admin:parties_conference_change", args=[task.conference_id])
    assert task.conference.title in page and there not in page
    assert there in signed_in(world.street).get(url("change", task.pk)).content.decode()


def test_an_overdue_one_is_reminded_of_once_for_each_last_day(world, time_machine):
    task, asleep = world.make(), world.make()
    time_machine.move_to(task.due_at + timedelta(hours=1), tick=False)
    for _ in range(2):
        tick()
    task = run(task, "receive", world.officer, note="排期施工")
    tick()
    assert task.light == "red" and task.steps.filter(action="tell_overdue").count() == 1
    for person in (world.party, world.officer):
        assert sum("超过" in title for title in told(person, task)) == 1
    assert not told(world.colleague, task)
    later = task.due_on + timedelta(days=30)
    run(task, "extend", world.party, note="等批复", due_on=later)
    joint.make_reported(asleep, world.officer)
    time_machine.move_to(timezone.now() + timedelta(days=40), tick=False)
    world.party.posts.update(valid_until=timezone.localdate() - timedelta(days=1))
    tick()
    assert task.steps.filter(action="tell_overdue").count() == 2
    assert "超过" in told(world.colleague, task)[-1], "who decides now hears in place of who has gone"
    assert asleep.steps.filter(action="tell_overdue").count() == 1, "what waits to be verified is not urged"


def test_an_action_sent_twice_is_done_once_and_a_stale_one_refused(world):
    task = world.make()
    for _ in range(2):
        done = TASKS.run(task.pk, "receive", by=world.officer, version=1, note="排期")
    assert done.version == 2 and task.steps.filter(action="receive").count() == 1
    with pytest.raises(Stale):
        TASKS.run(task.pk, "withdraw", by=world.party, version=1, note="不办了")


def make_many(world, time_machine) -> None:
    """Make tasks in every state and of both kinds, some late."""
    conference = joint.make_conference(by=world.secretary)
    day = timezone.localdate() + timedelta(days=10)
    made = [
        world.make(due_on=day),
        world.make(due_on=day, area="平安建设"),
        world.make(due_on=day + timedelta(days=90), unit=world.office),
        world.make(code=STREET, by=world.street_party, unit=world.office, due_on=day),
        world.make(year=timezone.localdate().year - 1),
        joint.make_resolution(conference, by=world.secretary, unit=world.unit, due_on=day),
        joint.make_resolution(conference, by=world.secretary, unit=world.committee, due_on=day),
    ]
    run(joint.make_reported(made[0], world.officer), "verify_pass", world.party)
    joint.make_reported(made[6], world.worker)
    run(made[2], "extend", world.party, note="等批复", due_on=day + timedelta(days=120))
    run(world.make(), "withdraw", world.party, note="重复")
    time_machine.move_to(timezone.now() + timedelta(days=20), tick=False)
    run(joint.make_reported(made[5], world.officer), "verify_pass", world.secretary)
    run(made[1], "receive", world.officer, note="排期")


def plain(rows: list[Task]) -> dict[str, int]:
    """Count rows one by one."""
    done = [row for row in rows if row.status == "done"]
    return {
        "total": len(rows),
        **{state: sum(row.status == state for row in rows) for state in ("assigned", "handling", "reported", "done")},
        "on_time": sum(row.reported_on <= row.due_on for row in done),
        "late": sum(row.reported_on > row.due_on for row in done),
        "overdue": sum(
            row.status in ("assigned", "handling") and row.due_on < timezone.localdate() for row in rows
        ),
        "extended": sum(row.extensions > 0 for row in rows),
    }  # fmt: skip


def is_in(line: Line, by: str, top: str, task: Task) -> bool:
    """Say whether a line counts a task."""
    if by == "place":
        return task.grid_id == top if line.exact else task.grid_id.startswith(line.key)
    return line.key == (str(task.unit_id) if by == "unit" else task.area)


def test_figures_are_plain_counts_and_open_their_rows(world, time_machine):
    make_many(world, time_machine)
    year = timezone.localdate().year
    for user, top in ((world.party, DISTRICT), (world.street, STREET), (world.officer, DISTRICT)):
        seen = [t for t in Task.objects.restrict(user) if t.status != "withdrawn" and t.year == year]
        for by in ("place", "unit", "area"):
            for kind in ("", "key", "resolution"):
                rows = [t for t in seen if kind in ("", t.kind)]
                total, *lines = table(user, Asked(year, kind, top, by))
                assert total.values == plain(rows)
                for line in lines:
                    assert line.values == plain([t for t in rows if is_in(line, by, top, t)]), (by, line)
    total = table(world.party, Asked(year, "", DISTRICT, "place"))[0].values
    assert {key for key in FIGURES if total[key] == 0} == set(), "every figure counts something here"
    client = signed_in(world.party)
    opened = 0
    for query in ({}, {"by": "unit"}, {"by": "area", "kind": "key"}, {"in": STREET}, {"by": "area"}):
        for row in client.get(url("figures"), query).context["rows"]:
            for cell in row["cells"]:
                if cell["url"]:
                    opened += 1
                    assert client.get(cell["url"]).context["cl"].result_count == cell["value"], cell
    assert opened > 60
    sheet = load_workbook(BytesIO(client.post(url("figures")).content)).active
    assert [cell.value for cell in sheet[2]][1:10] == list(total.values())


def test_the_figures_page_takes_any_address(world):
    world.make()
    client = signed_in(world.party)
    for query in (
        {"year": "x"}, {"year": "٢٠٢٦"}, {"year": "1"}, {"in": "120101"}, {"in": factories.BASE}, {"by": "owner"},
        {"kind": "\x00"}, {"in": "'; DROP"},
    ):  # fmt: skip
        page = client.get(url("figures"), query)
        assert page.status_code == 200 and page.context["rows"], query
    for query in (
        {"figure": "x"}, {"unit": "x"}, {"unit": "9" * 12}, {"area": "长" * 50}, {"node": "x"}, {"year": "x"},
        {"area": "\x00"},
    ):  # fmt: skip
        assert client.get(url("changelist"), query, follow=True).status_code == 200, query
    assert signed_in(factories.make_staff("mediator", COMMUNITY)).get(url("figures")).status_code == 404


def test_setting_a_key_task_at_the_desk_loses_nothing(world):
    client = signed_in(world.party)
    page = client.get(url("add")).content.decode()
    assert world.unit.name in page and "交办年度重点任务" in page
    given = {
        "setter": DISTRICT, "year": timezone.localdate().year, "serial": "1", "area": "民生服务", "title": "<b>装灯</b>",
        "unit": world.unit.pk, "helpers": [world.helping.pk], "due_on": "", "owner": "张局长", "description": "年底前",
    }  # fmt: skip
    html = client.post(url("add"), given).content.decode()
    assert "&lt;b&gt;装灯" in html and "张局长" in html and not Task.objects.exists()
    given["due_on"] = (timezone.localdate() + timedelta(days=90)).isoformat()
    assert client.post(url("add"), given).status_code == 302
    answer = client.post(url("add"), given)
    assert "已有这个序号的重点任务" in answer.content.decode() and Task.objects.count() == 1
    for changed in (
        {"serial": "0"},
        {"serial": "1e309"},
        {"setter": COMMUNITY},
        {"unit": "x"},
        {"year": "x"},
    ):
        answer = client.post(url("add"), given | changed)
        assert answer.status_code == 200 and answer.context["form"].errors, changed
    for person in (world.head, world.officer, world.street, world.worker):
        assert signed_in(person).get(url("add")).status_code == 404
    task = Task.objects.get()
    officer = signed_in(world.officer)
    sent = {"version": 1, "note": "排期"}
    assert officer.post(url("do", task.pk, "receive"), sent).status_code == 302
    sent = {"version": 2, "note": "亮了", "photos": upload("a.jpg")}
    assert officer.post(url("do", task.pk, "report"), sent).status_code == 302
    photo = task.photos.get().url
    assert (
        officer.get(photo).status_code == 200 and signed_in(world.other_officer).get(photo).status_code == 404
    )
    assert "报告人" not in client.get(url("change", task.pk)).content.decode()
    answer = client.post(url("export"), {"reason": "年度汇总"})
    row = list(load_workbook(BytesIO(answer.content)).active.iter_rows(values_only=True))[1]
    assert "'" not in str(row[5]) and "<b>装灯</b>" in row and world.unit.name in row


def test_the_desk_has_a_card_for_each_part(world):
    world.make()
    joint.make_reported(world.make(), world.officer)

    def cards(user) -> dict[str, str]:
        found = signed_in(user).get(reverse("admin:index")).context["cards"]
        return {card.label: card.count for card in found if "任务" in card.label}

    assert cards(world.officer) == {"待接收任务": "1", "推进中的任务": "0"}
    assert cards(world.party) == {"待核实任务": "1", "我交办的任务超期": "0"}
    assert cards(world.head) == {}
    # A community's people are not shown a department's work as theirs, and no other place's as set by them.
    mine = joint.make_resolution(by=world.secretary, unit=world.committee)
    joint.make_resolution(by=world.secretary, unit=world.unit)
    assert cards(world.worker) == {"待接收任务": "1", "推进中的任务": "0"}
    joint.make_reported(mine, world.worker)
    assert cards(world.secretary)["待核实任务"] == cards(world.party)["待核实任务"] == "1"
    listed = signed_in(world.worker).get(url("changelist"), {"duty": "handle"}).context["cl"]
    assert list(listed.result_list) == [mine]
    assert "重点任务" in signed_in(world.head).get(reverse("admin:index")).content.decode()


def test_pages_cost_the_same_for_one_and_for_many(world):
    client = signed_in(world.party)
    costs: dict[str, list[int]] = {}
    for number in (1, 6):
        while Task.objects.count() < number:
            task = run(world.make(helpers=[world.helping]), "receive", world.officer, note="排期")
        for page in (url("changelist"), url("figures"), url("change", task.pk), reverse("admin:index")):
            parameters.forget()
            client.get(page)  # what is asked once and kept does not count
            with CaptureQueriesContext(connection) as queries:
                assert client.get(page).status_code == 200
            costs.setdefault("page" if page.endswith("/change/") else page, []).append(len(queries))
    assert all(one == many for one, many in costs.values()), costs
