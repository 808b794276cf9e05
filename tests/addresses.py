"""Every address of the portal, found in the resolver, and what to fill in for one in the cast's world."""

from collections.abc import Iterator
from datetime import timedelta

from django.urls import get_resolver
from django.utils import timezone

from governance import imports as driver
from governance import parameters
from governance.imports import open_import
from governance.models import AccessEvent, Elevation, Heartbeat, Intake, Post, Role, TextMessage, Unit
from governance.sharing import share
from grids.models import HouseholdImport, PatrolItem, PremisesImport, ResidentImport
from grids.services.imports import HOUSEHOLDS, PREMISES, RESIDENTS
from incidents.flow import INCIDENTS
from incidents.models import Callback, Closing, IncidentImport, MajorClass, Source, SourceCall
from incidents.services import imports, sources
from mediation.models import Archive, Bulletin, Committee, Review
from parties.models import CoveredUnitImport, MemberImport, OrganisationImport
from parties.services.imports import COVERED, MEMBERS, ORGANISATIONS
from tests import disputes, factories
from tests.cast import Cast
from volunteers.models import HoursEntry, Skill, Station, Team


def names(resolver=None, space: tuple[str, ...] = ()) -> Iterator[str]:
    """Return the name of every address, with its namespace; an address without a name is an error."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if hasattr(pattern, "url_patterns"):
            yield from names(pattern, (*space, pattern.namespace) if pattern.namespace else space)
        else:
            if not pattern.name and str(pattern.pattern) not in UNNAMED:
                raise AssertionError(f"an address without a name: {pattern.pattern}")
            if pattern.name:
                yield ":".join([*space, pattern.name])


#: Without a name: what answers 404 in the words of its room, and the admin's redirect from an old address of a row.
UNNAMED = {"<path:object_id>/", "^.*$", "(?P<url>.*)$", "^(?P<url>.*)$"}


def arguments(name: str, cast: Cast) -> list:
    """Return what stands for this address in the cast's world: rows of the first community wherever there are some."""
    order, registration, reviewed = cast.order, cast.registration, cast.reviewed
    if name in cast.arguments:
        return cast.arguments[name]
    if name.startswith("api-"):
        for kind, row in (
            ("api-order-", order),
            ("api-volunteer-", registration),
            ("api-showcase-", reviewed),
            ("api-incident-", cast.incident),
        ):
            if name.startswith(kind) and not name.endswith("-list"):
                return [row.number]
        return []
    if not name.startswith("admin:") or name.count("_") < 2:
        return []
    app, model, page = name.removeprefix("admin:").split("_", 2)
    if page in (
        "add",
        "changelist",
        "export",
        "tree",
        "map",
        "rates",
        "ledger",
        "months",
        "board",
        "figures",
        "coverage",
        "copy",
        "late",
        "boundaries",
        "boundaries_load",
        "coverage",
        "boundaries_edit",
        "boundaries_check",
        "boundaries_keep",
        "holders",
        "point",
    ):
        return []
    key = KEYS[f"{app}_{model}"](cast)
    action = {
        "order": "mark_absent", "incident": "recall", "whistle": "withdraw", "whistleslip": "extend",
        "evaluation": "give", "dispute": "amend",
        "archive": "hold", "backlog": "progress", "disclosure": "withdraw", "transfer": "accept", "election": "withdraw",
        "task": "progress", "sweep": "extend",
        "meeting": "arrange",
        "microwish": "publish", "dualregistration": "end", "secretaryproject": "tick_off",
    }.get(model, "approve")  # fmt: skip
    return {
        "do": [key, action], "bulk": [action], "reveal": [key, "applicant_phone"], "rows": [key, "due"],
    }.get(page, [key])  # fmt: skip


def particular(cast: Cast) -> dict[str, list]:
    """Return the arguments of the addresses that follow no pattern."""
    order, registration, reviewed = cast.order, cast.registration, cast.reviewed
    notice = cast.people["secretary"].notices.last().pk
    minor = factories.make_volunteer(
        approved_by=cast.people["secretary"],
        birth_date=timezone.localdate() - timedelta(days=15 * 366),
        guardian_name="张父",
        guardian_phone="13800001234",
        guardian_consent_at=timezone.now(),
    )
    return {
        "order": [order.number],
        "figures_of": [factories.COMMUNITY],
        "incident": [cast.incident.number],
        "incident_action": [cast.incident.number, "recall"],
        "order_action": [order.number, "mark_absent"],
        "showcase_new": [reviewed.order.number],
        "volunteer_action": [registration.number, "leave"],
        "showcase": [cast.shown.number],
        "showcase_action": [reviewed.number, "approve"],
        "entrance_scan": [cast.entrance.token],
        "in_grid": [order.grid_id],
        "grid_notice": [order.grid_id],
        "grid_outlines": [order.grid_id[:12]],
        "handover_items": [cast.handover.pk],
        "entrance_qr": [cast.entrance.pk],
        "renew_entrance": [cast.entrance.pk],
        "patrol_tick": [cast.point.pk],
        "workers_check": [cast.hazard.premises_id],
        "hazard_look": [cast.hazard.pk],
        "selfcheck": [cast.hazard.premises.token],
        "selfcheck_sent": [cast.hazard.premises.token],
        "premises_qr": [cast.hazard.premises_id],
        "renew_premises": [cast.hazard.premises_id],
        "photo_upload": ["0" * 32],
        "photo": ["volunteers", "orderphoto", cast.photo.token, "large"],
        "reveal": ["volunteers", "order", order.pk, "applicant_phone"],
        "notice_open": [notice],
        "api-photo": ["volunteers", "orderphoto", cast.photo.token, "large"],
        "api-grid-detail": [order.grid_id],
        "api-grid-children": [order.grid_id[:12]],
        "api-entrance-detail": [cast.entrance.token],
        "api-item-detail": [order.item.code],
        "api-class-detail": [cast.incident.minor_class.code],
        "api-incident-look": [],
        "open311_root_discovery": ["json"],
        "open311_discovery": ["xml"],
        "open311_services": ["xml"],
        "open311_service": [cast.incident.minor_class.code, "json"],
        "open311_requests": ["json"],
        "open311_request": [cast.incident.number, "xml"],
        "open311_token": ["nobody", "json"],
        "api-notice-detail": [notice],
        "api-notice-read": [notice],
        "api-token-detail": [1],
        "api-source-incident-detail": ["A-1"],
        "care_plan": [cast.care.pk],
        "admin:grids_careplan_look": [cast.care.pk, "phone"],
        "admin:grids_careplan_drop": [cast.care.pk, cast.care.contacts.latest("pk").pk],
        "admin:grids_careplan_key": [cast.care.pk, cast.device.pk],
        "admin:grids_careplan_off": [cast.care.pk, cast.device.pk],
        "centre": [factories.COMMUNITY],
        "disclosure": [cast.disclosure.number],
        "dispute": [cast.dispute.number],
        "dispute_action": [cast.dispute.number, "investigate"],
        "dispute_paper": [cast.dispute.number, "rights"],
        "dispute_scan": [cast.dispute.number],
        "wish": [cast.wish.number],
        "wish_action": [cast.wish.number, "give_back"],
        "checkin_page": [cast.checkin.number],
        "checkin_action": [cast.checkin.number, "amend"],
        "admin:app_list": ["volunteers"],
        "admin:mediation_dispute_inspect": [],
        "admin:mediation_dispute_reveal": [
            cast.dispute.pk,
            f"phone-{cast.dispute.disputants.earliest('pk').pk}",
        ],
        "visit_door": [cast.entrance.pk],
        "visit_door_done": [cast.entrance.pk, "met"],
        "visit_loose": [order.grid_id],
        "visit_loose_done": [order.grid_id, "met"],
        "admin:grids_careneed_reveal": [cast.care_need.pk, "words"],
        "admin:grids_premises_reveal": [cast.premises.pk, "contact_phone"],
        "admin:grids_resident_reveal": [cast.citizen.pk, "phone"],
        **{f"admin:grids_{kind}import_template": [] for kind in ("household", "resident", "premises")},
        "admin:incidents_incident_alike": [],
        "admin:incidents_incidentimport_template": [],
        "admin:incidents_minorclass_import": [],
        "admin:incidents_minorclass_template": [],
        "admin:incidents_minorclass_download": [],
        **{f"admin:parties_{kind}import_template": [] for kind in ("organisation", "member", "coveredunit")},
        "admin:parties_meeting_month": [cast.branch.pk],
        "admin:parties_meeting_calendar": [cast.branch.pk],
        "admin:grids_teammember_reveal": [cast.micro.pk, "phone"],
        "admin:grids_teammember_doors": [cast.micro.pk],
        "admin:parties_member_reveal": [cast.party_member.pk, "phone"],
        "admin:parties_parttimemember_reveal": [cast.part_time.pk, "phone"],
        "admin:parties_organisation_end_duty": [cast.branch.pk, cast.branch.officers.get().pk],
        "sweep_grid": [cast.sweep.number, factories.BASE],
        "sweep_take": [cast.sweep.number, factories.BASE],
        "admin:grids_sweep_words": [cast.sweep_draft.pk],
        "admin:grids_sweep_scope": [cast.sweep_draft.pk],
        "admin:grids_sweep_questions": [cast.sweep_draft.pk],
        "admin:grids_sweep_report": [cast.sweep_ended.pk],
        "admin:grids_sweep_paper": [cast.sweep_ended.pk],
        "admin:grids_sweep_finding": [cast.sweep.pk, cast.sweep.targets.filter(is_finding=True).first().pk],
        "admin:grids_sweep_release": [cast.sweep.pk, cast.sweep.helpers.get().pk],
        "admin:governance_parameter_set": ["orders.offer_minutes"],
        "admin:governance_user_totp": [cast.people["secretary"].pk],
        "admin:volunteers_volunteer_guardian": [minor.pk],
    }


KEYS = {
    "governance_accessevent": lambda cast: AccessEvent.objects.earliest("pk").pk,
    "governance_elevation": lambda cast: Elevation.objects.get().pk,
    "governance_heartbeat": lambda cast: Heartbeat.objects.get().pk,
    "governance_intake": lambda cast: Intake.objects.get(number=cast.order.number).pk,
    "governance_parameter": lambda cast: "orders.offer_minutes",
    "governance_post": lambda cast: Post.objects.get(user=cast.people["secretary"]).pk,
    "governance_role": lambda cast: Role.objects.get(key="own").pk,
    "governance_share": lambda cast: cast.share.pk,
    "governance_textmessage": lambda cast: TextMessage.objects.get().pk,
    "governance_unit": lambda cast: Unit.objects.filter(kind=Unit.Kind.COMMITTEE).get().pk,
    "governance_user": lambda cast: cast.people["resident"].pk,
    "grids_boundarydraft": lambda cast: cast.draft.pk,
    "grids_building": lambda cast: cast.entrance.building_id,
    "grids_careplan": lambda cast: cast.care.pk,
    "grids_entrance": lambda cast: cast.entrance.pk,
    "grids_grid": lambda cast: cast.order.grid_id,
    "grids_careneed": lambda cast: cast.care_need.pk,
    "grids_facility": lambda cast: cast.facility.pk,
    "grids_household": lambda cast: cast.household.pk,
    "grids_householdimport": lambda cast: HouseholdImport.objects.get().pk,
    "grids_need": lambda cast: cast.need.pk,
    "grids_premises": lambda cast: cast.premises.pk,
    "grids_premisesimport": lambda cast: PremisesImport.objects.get().pk,
    "grids_project": lambda cast: cast.grid_project.pk,
    "grids_resident": lambda cast: cast.citizen.pk,
    "grids_residentimport": lambda cast: ResidentImport.objects.get().pk,
    "grids_visit": lambda cast: cast.visit.pk,
    "grids_handover": lambda cast: cast.handover.pk,
    "grids_teammember": lambda cast: cast.handover.taking_id,
    "grids_checklistitem": lambda cast: cast.hazard.item_id,
    "grids_hazard": lambda cast: cast.hazard.pk,
    "grids_patrolitem": lambda cast: PatrolItem.objects.earliest("pk").pk,
    "grids_patrolpoint": lambda cast: cast.point.pk,
    "grids_patroltick": lambda cast: cast.point.ticks.get().pk,
    "grids_selfcheck": lambda cast: cast.hazard.answer.check_of_id,
    "grids_sweep": lambda cast: cast.sweep.pk,
    "incidents_callback": lambda cast: Callback.objects.earliest("pk").pk,
    "incidents_closing": lambda cast: Closing.objects.earliest("pk").pk,
    "incidents_evaluation": lambda cast: cast.evaluation.pk,
    "incidents_evaluationscore": lambda cast: cast.evaluation.scores.get().pk,
    "incidents_incident": lambda cast: cast.incident.pk,
    "incidents_incidentimport": lambda cast: IncidentImport.objects.get().pk,
    "incidents_majorclass": lambda cast: MajorClass.objects.get().pk,
    "incidents_minorclass": lambda cast: cast.incident.minor_class_id,
    "incidents_source": lambda cast: Source.objects.get().pk,
    "incidents_sourcecall": lambda cast: SourceCall.objects.get().pk,
    "incidents_whistle": lambda cast: cast.whistle.pk,
    "incidents_whistlesituation": lambda cast: cast.whistle.situation_id,
    "incidents_whistleslip": lambda cast: cast.whistle.slips.get().pk,
    "mediation_archive": lambda cast: Archive.objects.get().pk,
    "mediation_backlog": lambda cast: cast.backlog.pk,
    "mediation_centre": lambda cast: cast.dispute.centre_id,
    "mediation_committee": lambda cast: Committee.objects.get(grid=factories.COMMUNITY).pk,
    "mediation_mediator": lambda cast: cast.people["mediator"].mediators.get().pk,
    "mediation_screening": lambda cast: cast.screening.pk,
    "mediation_screeningreport": lambda cast: cast.report.pk,
    "mediation_dispute": lambda cast: cast.dispute.pk,
    "mediation_review": lambda cast: Review.objects.get().pk,
    "mediation_bulletin": lambda cast: Bulletin.objects.get().pk,
    "parties_conference": lambda cast: cast.conference.pk,
    "parties_coveredunit": lambda cast: cast.covered.pk,
    "parties_coveredunitimport": lambda cast: CoveredUnitImport.objects.get().pk,
    "parties_memberimport": lambda cast: MemberImport.objects.get().pk,
    "parties_organisationimport": lambda cast: OrganisationImport.objects.get().pk,
    "parties_disclosure": lambda cast: cast.disclosure.pk,
    "parties_dualregistration": lambda cast: cast.checkin.pk,
    "parties_election": lambda cast: cast.election.pk,
    "parties_hubhousehold": lambda cast: cast.hub.pk,
    "parties_jointcommittee": lambda cast: cast.part_time.committee_id,
    "parties_meeting": lambda cast: cast.meeting.pk,
    "parties_member": lambda cast: cast.party_member.pk,
    "parties_microwish": lambda cast: cast.asked_wish.pk,
    "parties_officer": lambda cast: cast.branch.officers.get().pk,
    "parties_organisation": lambda cast: cast.branch.pk,
    "parties_parttimemember": lambda cast: cast.part_time.pk,
    "parties_task": lambda cast: cast.task.pk,
    "parties_pairing": lambda cast: cast.pairing.pk,
    "parties_secretaryproject": lambda cast: cast.project.pk,
    "parties_transfer": lambda cast: cast.transfer.pk,
    "volunteers_hoursentry": lambda cast: HoursEntry.objects.earliest("pk").pk,
    "volunteers_order": lambda cast: cast.order.pk,
    "volunteers_serviceitem": lambda cast: cast.order.item_id,
    "volunteers_showcase": lambda cast: cast.reviewed.pk,
    "volunteers_skill": lambda cast: Skill.objects.get().pk,
    "volunteers_station": lambda cast: Station.objects.get().pk,
    "volunteers_team": lambda cast: Team.objects.get().pk,
    "volunteers_volunteer": lambda cast: cast.registration.pk,
}


def furnished(made: Cast) -> Cast:
    """Return the cast with one row of everything that the services make only now and then."""
    here = factories.COMMUNITY
    Heartbeat.objects.create(name="worker")
    TextMessage.objects.create(phone="13800001234", body="测试")
    Role.objects.create(key="own", name="本区自设角色", levels=[12])
    Skill.objects.create(name="电工")
    Station.objects.create(grid_id=here, name="社区站")
    factories.make_unit(here, Unit.Kind.COMMITTEE)
    person = factories.make_user(may_elevate=True)
    Elevation.objects.create(user=person, reason="演练", until=factories.tomorrow())
    made.share = share(made.order, person, ["view"], by=person, reason="会诊")
    parameters.change("orders.offer_minutes", 30)
    closed = factories.make_closed(
        by=made.people["secretary"],
        worker=made.people["grid_worker"],
        minor_class=made.incident.minor_class,
    )
    INCIDENTS.run(closed, "call_back", by=made.people["secretary"], reached=True, solved=True, satisfaction=5)
    source, _ = sources.create_source("smoke", "烟感平台", "device", None)
    sources.record(source, 201, "新登记", "A-1")
    operator = factories.make_staff("seat_operator", factories.DISTRICT)
    table = "工单编号,小类,社区,诉求内容\nA-2,x,和苑,没人清\n"
    open_import(imports.TICKETS, operator, source="hotline", file_name="工单.csv", data=table.encode())
    for importer in (ORGANISATIONS, MEMBERS, COVERED, HOUSEHOLDS, RESIDENTS, PREMISES):
        first = [column.label for column in importer.columns if column.needed]
        table = f"{','.join(first)}\n{','.join('x' for _ in first)}\n"
        driver.open_import(importer, made.people["secretary"], file_name="表.csv", data=table.encode())
    director, mediator = made.people["director"], made.people["mediator"].mediators.get()
    closed = disputes.make_closed(director=director, mediator=mediator)
    disputes.run(closed, "archive", director, retention="short", incomplete=True, note="演练")
    disputes.make_review(director)
    disputes.make_bulletin(director)
    made.arguments = particular(made)
    return made
