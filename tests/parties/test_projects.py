"""Secretaries' projects: who proposes, approves, carries out and accepts one, the steps, the desk."""

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from governance.flow import NotYours, Refused, tick
from governance.models import User
from parties.flow import PROJECTS
from parties.models import SecretaryProject
from parties.services.organisations import dissolve, move
from tests import factories, party
from tests.cast import BACKEND
from tests.pictures import upload
from tests.standing import standing

pytestmark = pytest.mark.django_db
COMMUNITY = factories.COMMUNITY


class World:
    """A branch's secretary, her superiors, and those beside them."""

    def __init__(self) -> None:
        self.branch = party.make_branch()
        self.other = party.make_branch(parent=self.branch.parent)
        self.secretary, self.neighbour = party.make_secretary(self.branch), party.make_secretary(self.other)
        self.community = factories.make_staff("community_secretary", COMMUNITY)
        self.far = factories.make_staff("community_secretary", factories.FAR)
        self.street = party.make_officer(factories.STREET)

    def make(self, **fields) -> SecretaryProject:
        return party.make_project(
            fields.pop("organisation", self.branch), by=fields.pop("by", self.secretary), **fields
        )


@standing
def world(territory):
    return World()


def run(project: SecretaryProject, name: str, by: User, **data) -> SecretaryProject:
    return PROJECTS.run(project.pk, name, by=by, **data)


def offered(project: SecretaryProject, user: User) -> set[str]:
    return {action.name for action in PROJECTS.available(project, User.objects.get(pk=user.pk))}


def told(user: User, project: SecretaryProject) -> list[str]:
    return [n.title for n in user.notices.filter(number=project.number).order_by("pk")]


def url(page: str, *args) -> str:
    return reverse(f"admin:parties_secretaryproject_{page}", args=args)


def enter(user) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def test_the_whole_way_to_the_superior_s_acceptance(world):
    project = world.make()
    assert project.number.startswith(f"SJ-{COMMUNITY}-") and project.units == world.branch.units
    assert told(world.community, project) and not told(world.street, project)
    project = run(project, "return_back", world.community, note="步骤再细一些")
    today = timezone.localdate()
    steps = [(today + timedelta(days=number), f"第{number}步") for number in (5, 20, 30)]
    project = run(project, "amend", world.secretary, title="楼道充电治理（二期）", steps=steps)
    assert project.milestones.count() == 3 and project.status == "proposed"
    project = run(project, "approve", world.community)
    assert project.light == "green" and told(world.secretary, project)[-1].endswith("可以实施")
    first = project.milestones.first()
    project = run(
        project, "tick_off", world.secretary, milestone=first, note="走了 60 户", photos=[upload("a.jpg")]
    )
    first.refresh_from_db()
    assert first.done_on == today and first.told == "走了 60 户" and first.photos.count() == 1
    with pytest.raises(Refused, match="还有 2 个步骤"):
        run(project, "report", world.secretary, note="都好了")
    for step in project.milestones.filter(done_on=None):
        project = run(project, "tick_off", world.secretary, milestone=step.pk, note="做完了")
    project = run(project, "report", world.secretary, note="楼道里没有车了", photos=[upload("b.jpg")])
    project = run(project, "send_back", world.community, note="3 号楼还有")
    project = run(project, "report", world.secretary, note="3 号楼也清了")
    project = run(project, "accept", world.community)
    assert project.status == "done" and project.closed_at and project.result == "3 号楼也清了"
    page = enter(world.street).get(url("change", project.pk)).content.decode()
    assert "走了 60 户" in page and "3 号楼也清了" in page
    picture = project.photos.first().url
    assert enter(world.street).get(picture).status_code == 200
    assert enter(world.neighbour).get(picture).status_code == 404


def test_each_has_the_buttons_of_her_part_alone(world):
    project = world.make()
    assert offered(project, world.secretary) == {"amend", "withdraw"}
    assert offered(project, world.community) == offered(project, world.street) == {"approve", "return_back"}
    assert offered(project, world.neighbour) == offered(project, world.far) == set()
    for person, name, error in (
        (world.secretary, "approve", NotYours), (world.neighbour, "withdraw", NotYours), (world.far, "approve", NotYours),
        (world.community, "withdraw", Refused), (world.community, "amend", Refused),
    ):  # fmt: skip
        with pytest.raises(error):
            run(project, name, person, note="x")
    # The community's own project is decided by the street, and not by whoever proposed it.
    own = world.make(organisation=world.branch.parent, by=world.community)
    assert told(world.street, own) and offered(own, world.community) == {"amend", "withdraw"}
    assert "approve" in offered(own, world.street)
    with pytest.raises(Refused, match="上级"):
        run(own, "approve", world.community)
    for person, organisation in (
        (world.neighbour, world.branch), (world.community, world.branch), (world.far, world.branch.parent),
        (factories.make_user(), world.branch), (world.street, world.branch.parent),
    ):  # fmt: skip
        with pytest.raises(NotYours):
            world.make(organisation=organisation, by=person)


def test_who_sees_one_and_that_it_moves_with_its_organisation(world):
    project = world.make()
    worker, resident = factories.make_staff("community_worker", COMMUNITY), factories.make_user()
    for person in (world.secretary, world.community, world.street):
        assert person.may("view", project)
    for person in (world.neighbour, world.far, worker, resident, party.make_account(world.branch)):
        assert not SecretaryProject.objects.restrict(person).exists()
    committee = party.make_committee(factories.NEIGHBOUR)
    branch = party.make_branch(factories.NEIGHBOUR_BASE, parent=committee)
    moved = world.make(organisation=branch, by=party.make_secretary(branch))
    move(branch, by=party.make_officer(), parent=committee.parent, day=timezone.localdate())
    moved.refresh_from_db()
    branch.refresh_from_db()
    assert moved.units == branch.units and committee.unit_id not in moved.units
    with pytest.raises(Refused, match="书记项目"):
        dissolve(world.branch, by=party.make_officer(), day=timezone.localdate(), reason="x")


def test_wrong_words_and_days_are_refused_at_their_field(world):
    today = timezone.localdate()
    for fields, field in (
        ({"title": " "}, "title"), ({"year": 1999}, "year"), ({"until": today}, "until"), ({"steps": []}, "steps"),
        ({"steps": [(today, "x" * 121)]}, "steps"), ({"steps": [(today, "一步")] * 13}, "steps"),
    ):  # fmt: skip
        with pytest.raises(ValidationError) as refused:
            world.make(**fields)
        assert field in refused.value.message_dict, fields
    assert not SecretaryProject.objects.exists()
    project = run(world.make(), "approve", world.community)
    other = world.make(title="另一个", organisation=world.other, by=world.neighbour).milestones.first()
    for data, field in (
        ({"milestone": other}, "milestone"), ({"milestone": None}, "milestone"), ({"note": ""}, "note"),
        ({"done_on": today + timedelta(days=1)}, "done_on"), ({"done_on": today - timedelta(days=9)}, "done_on"),
    ):  # fmt: skip
        given = {"milestone": project.milestones.first(), "note": "做完了", **data}
        with pytest.raises(Refused) as refused:
            run(project, "tick_off", world.secretary, **given)
        assert refused.value.field == field


def test_proposing_and_ticking_off_at_the_desk_loses_nothing(world):
    client = enter(world.secretary)
    day = timezone.localdate() + timedelta(days=30)
    sent = {
        "organisation": world.branch.pk, "year": day.year,
        "title": "楼道充电治理", "description": "电动车不进楼", "until": day.isoformat(), "steps": "没有日期的一步",
    }  # fmt: skip
    answer = client.post(url("add"), sent)
    assert "第 1 行请先写日期" in answer.content.decode() and "没有日期的一步" in answer.content.decode()
    for text in ("张\x00三", "<script>alert(1)</script>", "大" * 5000, "9999-99-99 x"):
        answer = client.post(url("add"), dict.fromkeys(sent, text))
        assert answer.status_code == 200 and "<script>alert" not in answer.content.decode()
    assert (
        client.post(url("add"), sent | {"organisation": world.other.pk, "steps": f"{day} 做"}).status_code
        == 200
    )
    steps = f"{day:%Y年%m月%d日} 入户了解\n\n{day:%Y-%m-%d}，装充电棚"
    assert client.post(url("add"), sent | {"steps": steps}).status_code == 302
    project = run(SecretaryProject.objects.get(), "approve", world.community)
    assert [step.words for step in project.milestones.all()] == ["入户了解", "装充电棚"]
    assert "入户了解" in client.get(url("do", project.pk, "tick_off")).content.decode()
    sent = {
        "version": project.version, "milestone": project.milestones.first().pk, "note": "走完了", "done_on": timezone.localdate(),
        "photos": upload("a.jpg"),
    }  # fmt: skip
    assert client.post(url("do", project.pk, "tick_off"), sent).status_code == 302
    assert project.milestones.filter(done_on=None).count() == 1 and project.photos.count() == 1
    for person in (world.far, factories.make_staff("community_worker", COMMUNITY)):
        assert enter(person).get(url("change", project.pk)).status_code == 404
    assert enter(factories.make_staff("community_worker", COMMUNITY)).get(url("add")).status_code == 404


def test_cards_list_export_and_what_it_costs(world):
    project, costs = world.make(), []

    def cards(user) -> dict[str, str]:
        found = enter(user).get(reverse("admin:index")).context["cards"]
        return {card.label: card.count for card in found if "书记项目" in card.label}

    assert cards(world.community) == {"待批准的书记项目": "1", "待验收的书记项目": "0"}
    assert (
        cards(world.secretary) == {"实施中的书记项目": "0"}
        and cards(world.neighbour)["实施中的书记项目"] == "0"
    )
    client = enter(world.community)
    for number in (1, 5):
        while SecretaryProject.objects.count() < number:
            run(world.make(title="又一个"), "approve", world.community)
        client.get(url("changelist"))
        with CaptureQueriesContext(connection) as queries:
            client.get(url("changelist"))
        costs.append(len(queries))
    assert costs[0] == costs[1], costs
    found = (
        client.get(url("changelist"), {"year": project.year, "status": "proposed"}).context["cl"].result_list
    )
    assert list(found) == [project]
    answer = client.post(url("export"), {"reason": "年度汇总"})
    rows = list(load_workbook(BytesIO(answer.content)).active.iter_rows(values_only=True))
    assert len(rows) == 6 and "0/2" in rows[1]


def test_a_late_one_is_reported_up(world, time_machine):
    project = world.make()
    time_machine.move_to(project.due_at + timedelta(days=2), tick=False)
    tick()
    project.refresh_from_db()
    assert project.light == "red" and any("超期" in title for title in told(world.community, project))
