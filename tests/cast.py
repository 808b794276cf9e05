"""One world and one cast for the tests that look at every address as everyone: a district with an order on its way, a
showcase on the wall and one in review, and a person of every kind."""

from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from django.contrib.auth.models import AnonymousUser
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from shapely import box

from governance.models import Unit, User
from grids.flow import SWEEPS
from grids.models import (
    BoundaryDraft,
    CareDevice,
    CareNeed,
    CarePlan,
    Facility,
    Grid,
    Handover,
    Hazard,
    Household,
    Need,
    PatrolPoint,
    Premises,
    Resident,
    Sweep,
    TeamMember,
    Visit,
)
from grids.models import Project as GridProject
from grids.services import enrol_holders, open_draft
from grids.services.register import keep_facility
from grids.services.sweeps import name_helper
from grids.services.visits import Found, keep_project
from incidents.flow import EVALUATIONS, INCIDENTS
from incidents.models import Evaluation, Incident, IncidentPhoto, Whistle
from mediation.models import Backlog, Dispute, Screening, ScreeningReport
from parties.flow import CHECKINS, PROJECTS, WISHES
from parties.models import (
    Conference,
    CoveredUnit,
    Disclosure,
    DualRegistration,
    Election,
    HubHousehold,
    Meeting,
    Member,
    MicroWish,
    Organisation,
    Pairing,
    PartTimeMember,
    SecretaryProject,
    Task,
    Transfer,
)
from parties.services.members import ask_transfer
from tests import backlogs, care, disputes, factories, joint, party, patrols, register, sweeping, teams
from tests.pictures import jpeg
from volunteers.flow import ORDERS, SHOWCASES
from volunteers.models import Order, OrderPhoto, Showcase, ShowcasePhoto, Volunteer
from volunteers.services.showcases import submit_showcase

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"

#: Everyone, in the order of the matrix.
PEOPLE = (
    "anonymous",  # nobody signed in
    "resident",  # placed the order
    "stranger",  # another resident
    "helper",  # holds a claim on the order, wrote the showcases
    "volunteer",  # of the same community, no claim
    "far_volunteer",  # of another street
    "grid_worker",  # of the order's base grid
    "secretary",  # of the order's community
    "far_secretary",  # of a community of another street
    "street_officer",  # of the order's street
    "team_leader",  # of a team that the order was not given to
    "department",  # an officer of the unit that handles the incident
    "far_department",  # of another unit
    "neighbour",  # the other party to the resident's dispute
    "mediator",  # mediates it
    "director",  # of the centre that keeps the file
    "far_director",  # of another community's centre
    "justice",  # of the street's justice office: figures alone
    "branch_secretary",  # of a party branch in the order's base grid
    "other_branch",  # of another branch in the same grid
    "party_officer",  # of the street
    "party_member",  # of the branch, signs in by phone; claimed the wish
    "other_member",  # another member of the same community
    "auditor",
    "system_administrator",
    "security_administrator",
)


@dataclass
class Cast:
    """The rows that addresses need, and the people."""

    people: dict[str, Any] = field(default_factory=dict)
    order: Order = None
    photo: OrderPhoto = None
    shown: Showcase = None
    shown_photo: ShowcasePhoto = None
    reviewed: Showcase = None
    registration: Volunteer = None
    #: Reported by the resident, in the hands of the department.
    incident: Incident = None
    whistle: Whistle = None
    evaluation: Evaluation = None
    incident_photo: IncidentPhoto = None
    #: Others of the resident: at the desk, waiting for verification, closed.
    incidents: list[Incident] = field(default_factory=list)
    #: Between the resident and the neighbour, with a draft agreement before them.
    dispute: Dispute = None
    #: Of the street, and the mediator's report of it.
    screening: Screening = None
    report: ScreeningReport = None
    #: Led by the department's unit.
    backlog: Backlog = None
    #: The first secretary's, with somebody on its roll whose transfer to the other branch she has asked for.
    branch: Organisation = None
    party_member: Member = None
    #: Of the branch, on the residents' pages.
    disclosure: Disclosure = None
    transfer: Transfer = None
    hub: HubHousehold = None
    #: Of the first secretary's branch, with the report of its ballot ready to print.
    election: Election = None
    covered: CoveredUnit = None
    part_time: PartTimeMember = None
    conference: Conference = None
    task: Task = None
    #: Of the branch, of yesterday, waiting for its record.
    meeting: Meeting = None
    entrance: Any = None
    #: Of the community, not in force.
    draft: BoundaryDraft = None
    share: Any = None
    #: From a worker who leaves tomorrow to the grid worker, with an incident on it.
    handover: Handover = None
    #: A micro-grid worker of the grid, in no notice.
    micro: TeamMember = None
    #: Of the base grid, looked at once; and what a small eatery there has to mend.
    point: PatrolPoint = None
    hazard: Hazard = None
    #: The stranger's, claimed by the party member; and one that waits for its review.
    wish: MicroWish = None
    asked_wish: MicroWish = None
    #: The neighbour's, who lives in the community as a member in service.
    checkin: DualRegistration = None
    pairing: Pairing = None
    #: Proposed by the branch's secretary, approved.
    project: SecretaryProject = None
    #: Of the order's base grid, with a resident, a visit to it and what that found.
    household: Household = None
    citizen: Resident = None
    care_need: CareNeed = None
    premises: Premises = None
    facility: Facility = None
    visit: Visit = None
    need: Need = None
    grid_project: GridProject = None
    #: Of somebody behind the entrance, with its SOS button; the grid worker answers for it, the helper is a neighbour.
    care: CarePlan = None
    device: CareDevice = None
    #: Of the community: not started, running with the stranger as a helper, ended.
    sweep_draft: Sweep = None
    sweep: Sweep = None
    sweep_ended: Sweep = None
    #: What tests/test_permission_matrix.py fills into addresses that follow no pattern.
    arguments: dict[str, list] = field(default_factory=dict)

    def client(self, person: str) -> Client:
        """Return a browser in which this person is signed in; staff gave their password just now."""
        client = Client()
        user = self.people[person]
        if not user.is_authenticated:
            return client
        user = User.objects.get(pk=user.pk)
        if user.is_staff and not user.has_usable_password():
            user.set_password("Demo-Shequ-1")
            user.save(update_fields=["password"])
        client.force_login(user, backend=BACKEND)
        if user.is_staff:
            session = client.session
            record_authentication(SimpleNamespace(session=session, user=user), user, method="password")
            session.save()
        return client


def make_cast() -> Cast:
    """Make the world through the services."""
    factories.make_territory()
    cast, here, far = Cast(), factories.COMMUNITY, factories.FAR
    people = cast.people
    people["anonymous"] = AnonymousUser()
    people["resident"] = factories.make_user("李秀英")
    people["stranger"] = factories.make_user("王建国")
    people["grid_worker"] = factories.make_staff("grid_worker", factories.BASE)
    people["secretary"] = factories.make_staff("community_secretary", here)
    people["far_secretary"] = factories.make_staff("community_secretary", far)
    people["street_officer"] = factories.make_staff("street_officer", factories.STREET)
    team = factories.make_team()
    people["team_leader"] = factories.make_staff("team_leader", here, unit=team.unit)
    unit, other = (factories.make_unit(kind=Unit.Kind.DEPARTMENT) for _ in range(2))
    people["department"] = factories.make_staff("department_officer", factories.DISTRICT, unit=unit)
    people["far_department"] = factories.make_staff("department_officer", factories.DISTRICT, unit=other)
    for role in ("auditor", "system_administrator", "security_administrator"):
        people[role] = factories.make_staff(role, factories.DISTRICT)
    secretary = people["secretary"]
    helper = factories.make_volunteer(approved_by=secretary)
    people["helper"] = helper.applicant
    people["volunteer"] = factories.make_volunteer(approved_by=secretary).applicant
    far_volunteer = factories.make_volunteer(factories.FAR_BASE)
    people["far_volunteer"] = far_volunteer.applicant
    cast.registration = helper
    cast.entrance = factories.make_entrance()

    began = timezone.now() - timedelta(minutes=20)
    item = factories.make_item()
    for index in range(2):
        served = factories.make_order(
            by=people["resident"],
            item=item,
            wanted_from=began + timedelta(minutes=index),
            entrance=cast.entrance,
        )
        factories.open_order(served, by=secretary)
        for action in ("claim", "check_in", "check_out"):
            served = ORDERS.run(served, action, by=people["helper"], code=served.code)
        ORDERS.run(served, "confirm", by=people["resident"])
        showcase = submit_showcase(
            served, by=people["helper"], title="一次服务", story="上午去的", consent="oral", consent_at=began,
            photos=[SimpleUploadedFile("a.jpg", jpeg())],
        )  # fmt: skip
        if index == 0:
            cast.shown = SHOWCASES.run(showcase, "approve", by=secretary)
            cast.shown_photo = cast.shown.photos.get()
        else:
            cast.reviewed = showcase
    cast.order = factories.make_order(
        by=people["resident"], item=item, entrance=cast.entrance, address="301 室", places=2,
        photos=[SimpleUploadedFile("b.jpg", jpeg())],
    )  # fmt: skip
    cast.photo = cast.order.photos.get()
    factories.open_order(cast.order, by=secretary)
    cast.order = ORDERS.run(cast.order, "claim", by=people["helper"])
    reported = factories.make_incident(
        by=people["resident"], entrance=cast.entrance, description="楼门口堆了装修垃圾",
        photos=[SimpleUploadedFile("c.jpg", jpeg())],
    )  # fmt: skip
    cast.incident_photo = reported.photos.get()
    dispatched = factories.dispatch(reported, by=secretary, to=unit)
    cast.incident = INCIDENTS.run(dispatched, "receive", by=people["department"])
    kind, resident, worker = reported.minor_class, people["resident"], people["grid_worker"]
    waiting = factories.dispatch(
        factories.make_incident(by=resident, minor_class=kind), by=secretary, to=worker
    )
    waiting = INCIDENTS.run(INCIDENTS.run(waiting, "receive", by=worker), "handle", by=worker, note="清走了")
    cast.incidents = [
        factories.make_incident(by=resident, minor_class=kind),
        waiting,
        factories.make_closed(by=secretary, worker=worker, applicant=resident, minor_class=kind),
    ]
    cast.whistle = factories.make_whistle(units=[unit], incidents=[waiting])
    cast.evaluation = EVALUATIONS.run(
        factories.make_evaluation(by=people["street_officer"], units=[unit]),
        "start",
        by=people["street_officer"],
    )
    people["neighbour"] = factories.make_user("赵邻居")
    people["director"], people["far_director"] = disputes.make_director(here), disputes.make_director(far)
    people["justice"] = factories.make_staff("justice_officer", factories.STREET)
    mediator = disputes.make_mediator(here)
    people["mediator"] = mediator.user
    cast.dispute = disputes.draft(
        disputes.make_mediating(
            by=resident, against=people["neighbour"], director=people["director"], mediator=mediator
        ),
        mediator,
    )
    cast.screening = disputes.make_screening(people["justice"])
    cast.report = disputes.make_report(
        mediator.user, here, screening=cast.screening, households=12, prevented=1, words="楼道杂物"
    )
    # Who puts backlog matters under supervision, and is looked at on those pages alone.
    people["supervisor"] = factories.make_staff("justice_officer", factories.DISTRICT)
    cast.backlog = backlogs.make_backlog(by=people["supervisor"], unit=unit)
    add_party(cast)
    add_team(cast)
    cast.draft = open_draft(
        {factories.BASE: box(117.10, 39.15, 117.11, 39.16)}, by=people["secretary"], source="file", file_name="边界.geojson"
    )  # fmt: skip
    add_register(cast)
    cast.care = care.make_plan(
        by=secretary, worker=worker, resident=care.make_resident(entrance=cast.entrance),
        contacts=[care.neighbour(people["helper"].phone), care.family("13800001234")],
    )  # fmt: skip
    cast.device, _ = care.make_device(cast.care, by=secretary)
    add_rounds(cast)
    add_sweeps(cast)
    return cast


def add_register(cast: Cast) -> None:
    """Add what the grid worker has entered and found behind the order's door."""
    worker, secretary = cast.people["grid_worker"], cast.people["secretary"]
    cast.household = register.make_household(cast.entrance, by=worker, room="301")
    cast.citizen = register.make_resident(cast.household, by=worker, name="欧阳居民", phone="19912341111")
    cast.care_need = register.make_care_need(cast.citizen, by=worker)
    cast.premises = register.make_premises(by=worker, name="便民超市")
    cast.facility = keep_facility(
        Facility(grid_id=factories.BASE, kind="fire", name="消火栓", spot="1号楼东侧"), by=worker
    )
    cast.visit = register.make_visit(cast.household, by=worker, found=Found("想装扶手"))
    cast.need = cast.visit.needs.get()
    cast.grid_project = keep_project(GridProject(grid_id=factories.COMMUNITY, title="楼道扶手"), by=secretary)


def add_team(cast: Cast) -> None:
    """Add the team of the order's grid, with a worker who hands over to the grid worker."""
    secretary, worker = cast.people["secretary"], cast.people["grid_worker"]
    enrol_holders(worker.posts.select_related("user"), by=secretary)
    taking = TeamMember.objects.get(user=worker)
    cast.micro = teams.make_member(
        secretary, "micro", name="楼长", phone="27271234", entrances=[cast.entrance]
    )
    leaving = teams.make_worker(secretary)
    given = factories.make_incident(by=cast.people["stranger"], minor_class=cast.incident.minor_class)
    factories.dispatch(given, by=secretary, to=teams.fresh(leaving.user))
    cast.handover = teams.end(leaving, secretary, 1, taking=taking)


def add_rounds(cast: Cast) -> None:
    """Add a point that the worker has looked at, and a shop's self-check that found something."""
    worker = cast.people["grid_worker"]
    cast.point = patrols.make_point(by=worker, name="3号楼车棚", entrance=cast.entrance)
    patrols.tick(cast.point, by=worker)
    cast.hazard = patrols.make_hazard()


def add_sweeps(cast: Cast) -> None:
    """Add a sweep of the community in each state that has pages of its own."""
    secretary, worker = cast.people["secretary"], cast.people["grid_worker"]
    sweeping.make_households(factories.BASE, 3)
    cast.sweep_draft = sweeping.make_draft(by=secretary)
    cast.sweep = sweeping.make_running(by=secretary)
    first = cast.sweep.targets.earliest("position")
    sweeping.answer(first, worker, found=True, photos=[SimpleUploadedFile("s.jpg", jpeg())])
    name_helper(
        cast.sweep, by=secretary, user=cast.people["stranger"], grid=Grid.objects.get(pk=factories.BASE)
    )
    ended = sweeping.make_running(by=secretary, title="燃气摸排", kind="survey", hours=240)
    cast.sweep_ended = SWEEPS.run(ended, "close", by=secretary, note="没查到的周末补查")


def add_party(cast: Cast) -> None:
    """Add two branches that share the order's grid, below the community's committee."""
    people = cast.people
    people["party_officer"] = party.make_officer(factories.STREET)
    committee = party.make_committee()
    cast.branch, other = (party.make_branch(parent=committee) for _ in range(2))
    people["branch_secretary"] = party.make_secretary(cast.branch)
    people["other_branch"] = party.make_secretary(other)
    group = party.make_group(cast.branch)
    cast.party_member = party.make_member(cast.branch, group=group, name="司马党员", phone="19912345678")
    cast.transfer = ask_transfer(by=people["branch_secretary"], member=cast.party_member, target=other)
    cast.hub = party.make_hub(cast.party_member)
    cast.covered = party.make_covered(cast.branch)
    cast.part_time = joint.make_part_time(joint.make_joint(committee), phone="19912340000")
    secretary, unit = people["secretary"], cast.backlog.unit
    cast.conference = joint.make_conference(by=secretary, units=[unit], members=[cast.part_time])
    cast.task = joint.make_resolution(cast.conference, by=secretary, unit=unit)
    cast.meeting = party.make_meeting(cast.branch, by=people["branch_secretary"], days=-1)
    writer = people["branch_secretary"]
    cast.disclosure = party.disclose(party.make_disclosure(cast.branch, by=writer), by=writer)
    add_serving(cast)
    own, superior = people["branch_secretary"], people["party_officer"]
    cast.election = party.make_election(cast.branch, by=own)
    heads = [party.make_member(cast.branch, by=own) for _ in range(2)]
    party.make_ready(cast.election, own=own, superior=superior, members=heads)
    cast.election = party.ballot(cast.election, own, [3, 3], everybody=6)


def add_serving(cast: Cast) -> None:
    """Add what members do for the community: a claimed wish and one at the desk, a registration, a pairing, a project."""
    people = cast.people
    secretary = people["secretary"]
    people["party_member"], people["other_member"] = (party.make_account(cast.branch) for _ in range(2))
    start = factories.tomorrow()
    wish = party.publish(party.make_wish(by=people["stranger"]), by=secretary, item=cast.order.item)
    cast.wish = WISHES.run(
        wish, "claim", by=people["party_member"], wanted_from=start, wanted_until=start + timedelta(hours=1)
    )
    cast.asked_wish = party.make_wish(by=people["stranger"], title="想听一段评书")
    cast.checkin = CHECKINS.run(
        party.make_checkin(people["neighbour"]), "return_back", by=secretary, note="请写明全称"
    )
    cast.pairing = party.make_pairing(by=secretary, name="实验小学")
    cast.project = PROJECTS.run(
        party.make_project(cast.branch, by=people["branch_secretary"]), "approve", by=secretary
    )
