"""Which pages are looked at, by whom, in which state of the world: every page of ours, and the web admin's own.

The phone pages are listed person by person (``phone_pages``); tests/browser/test_frame.py finds an address that is
missing. The web admin's pages are found in its registry (``desk_pages``).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.backends.django import Template
from django.test import Client
from django.urls import NoReverseMatch, resolve, reverse
from django.utils import timezone
from pytest import MonkeyPatch

from governance.accounts import totp
from governance.models import User
from grids.models import Grid
from incidents.models import Incident
from mediation.models import Dispute
from parties.models import Disclosure, MicroWish
from tests import factories, party
from tests.addresses import arguments, furnished
from tests.cast import Cast, make_cast
from tests.matrix import openers
from tests.pictures import jpeg
from volunteers.flow import ORDERS, SHOWCASES
from volunteers.models import Order, Showcase, Volunteer
from volunteers.services.showcases import submit_showcase

#: Addresses without a page of their own: they answer with data, files or a redirect, or only take what is posted.
NO_PAGE = {
    "healthz", "photo", "grid_outlines", "care_mode", "theme", "renew_entrance", "notices_read", "notice_open",
    "my_worker", "snapshot_look", "snapshot_sent", "reveal", "elevate_end", "admin_login", "admin_logout", "admin_password_change", "account_login",
    "sweep_take", "patrol_tick", "selfcheck_sent", "renew_premises", "handover_items", "visit_door_done", "visit_loose_done", "outbox", "photo_upload", "service_worker", "dispute_paper", "dispute_scan",
}  # fmt: skip


@dataclass
class Stage:
    """The cast, and the rows in the states that have pages of their own."""

    cast: Cast
    placed: Order
    returned: Order
    invited: Order
    confirmed: Order
    unshown: Order
    returned_story: Showcase
    minor: Volunteer
    open_wish: MicroWish
    #: A draft, one under review, one that may be published.
    disclosures: list[Disclosure]


def make_stage() -> Stage:
    """Make the furnished cast's world with real names on it, and the orders that the cast has not."""
    cast = furnished(make_cast())
    for code, name in (
        (factories.DISTRICT, "红桥区"),
        (factories.STREET, "西于庄街道"),
        (factories.COMMUNITY, "和苑社区"),
        (factories.BASE, "第一网格"),
    ):
        grid = Grid.objects.get(code=code)
        grid.name, grid.phone = name, "022-26371234"
        grid.save()
    people, began = cast.people, timezone.now() - timedelta(hours=5)

    def order(days: int, **fields) -> Order:
        start = factories.tomorrow() + timedelta(days=days)
        return factories.make_order(
            by=people["resident"],
            wanted_from=fields.pop("wanted_from", start),
            entrance=cast.entrance,
            address="301 室",
            description="母亲行动不便，想请人上门帮忙，最好是上午来。",
            item=cast.order.item,
            **fields,
        )

    def served(minutes: int) -> Order:
        start = began + timedelta(minutes=minutes)
        done = order(0, wanted_from=start, wanted_until=timezone.now() + timedelta(hours=1))
        factories.open_order(done, by=people["secretary"])
        for action in ("claim", "check_in", "check_out"):
            done = ORDERS.run(done, action, by=people["helper"], code=done.code)
        return ORDERS.run(done, "confirm", by=people["resident"])

    placed = order(1)
    returned = ORDERS.run(order(2), "return_back", by=people["secretary"], note="请补充门牌号和联系方式。")
    invited = ORDERS.run(
        order(3, places=2), "assign_people", by=people["secretary"], volunteers=[cast.registration]
    )
    returned_story = submit_showcase(
        first := served(1), by=people["helper"], title="第三次服务", story="下午去的", consent="oral",
        consent_at=began, photos=[SimpleUploadedFile("c.jpg", jpeg())],
    )  # fmt: skip
    SHOWCASES.run(returned_story, "return_back", by=people["secretary"], note="请换一张不露脸的照片。")
    ORDERS.run(first, "rate", by=people["resident"], stars=4, note="很及时。")
    totp.enrol(people["secretary"], "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    for person in ("secretary", "street_officer"):
        people[person].set_password("Round-Trip-9")
        people[person].password_changed_at = timezone.now()
        people[person].save()
    # Under 18, as an import may leave a registration: without a guardian.
    minor = factories.make_volunteer(approved_by=people["secretary"])
    minor.birth_date = timezone.localdate() - timedelta(days=15 * 366)
    minor.save()
    people["minor"] = minor.applicant
    open_wish = party.publish(
        party.make_wish(by=people["stranger"], title="想有人陪着下盘棋"),
        by=people["secretary"],
        item=cast.order.item,
    )
    writer = people["branch_secretary"]
    disclosures = [party.make_disclosure(cast.branch, by=writer) for _ in range(3)]
    for row, until in zip(disclosures[1:], ("propose", "approve"), strict=True):
        party.disclose(row, by=writer, until=until)
    # Stands by for superuser mode.
    people["superuser"] = factories.make_user("值班员", staff=True, may_elevate=True)
    return Stage(
        cast, placed, returned, invited, served(2), served(3), returned_story, minor, open_wish, disclosures
    )


def phone_pages(stage: Stage) -> dict[str, list[str]]:
    """Return the addresses that each person looks at on her phone; "code" and "factor"
    are half signed in, "sure" has just shown her password again, "new" has no second factor yet."""
    cast, here = stage.cast, factories.COMMUNITY
    item = f"{reverse('order_new')}?item={cast.order.item.code}"

    def order(number: Order, *actions: str) -> list[str]:
        return [
            reverse("order", args=[number.number]),
            *(reverse("order_action", args=[number.number, action]) for action in actions),
        ]

    def story(row: Showcase, *actions: str) -> list[str]:
        return [
            reverse("showcase", args=[row.number]),
            *(reverse("showcase_action", args=[row.number, action]) for action in actions),
        ]

    reported, handled, closed = cast.incidents

    def incident(row: Incident, *actions: str) -> list[str]:
        return [
            reverse("incident", args=[row.number]),
            *(reverse("incident_action", args=[row.number, action]) for action in actions),
        ]

    def dispute(row: Dispute, *actions: str) -> list[str]:
        return [
            reverse("dispute", args=[row.number]),
            *(reverse("dispute_action", args=[row.number, action]) for action in actions),
        ]

    def wish(row: MicroWish, *actions: str) -> list[str]:
        return [
            reverse("wish", args=[row.number]),
            *(reverse("wish_action", args=[row.number, action]) for action in actions),
        ]

    def plain(*names: str) -> list[str]:
        return [reverse(name) for name in names]

    return {
        "anonymous": [
            *plain("home", "order_new", "phone_login", "staff_login", "wall", "privacy", "accessibility"),
            *plain("styleguide", "choose_place", "disclosures"),
            reverse("disclosure", args=[cast.disclosure.number]),
            reverse("disclosures") + "?q=没有这样的词",
            reverse("styleguide") + "?wrong=1",
            reverse("choose_place") + "?within=" + factories.BASE,
            reverse("choose_place") + "?q=和苑",
            reverse("choose_place") + "?q=没有这样的地方",
            reverse("wall") + "?in=" + here,
            reverse("figures"),
            reverse("figures_of", args=[here]),
            reverse("entrance_scan", args=[cast.entrance.token]),
            reverse("grid_notice", args=[factories.BASE]),
            reverse("in_grid", args=[here]),
            *story(cast.shown),
            *plain("snapshot", "centres", "mediation_about"),
            reverse("centre", args=[here]),
            reverse("selfcheck", args=[cast.hazard.premises.token]),
        ],
        "code": plain("phone_code"),
        "factor": plain("mfa_authenticate"),
        "resident": [
            *plain(
                "home",
                "me",
                "me_profile",
                "me_elsewhere",
                "me_close",
                "my_matters",
                "notices",
                "account_logout",
            ),
            reverse("my_matters") + "?done=1",
            item,
            *order(cast.order, "cancel"),
            *order(stage.placed),
            *order(stage.returned, "amend"),
            *order(stage.confirmed, "rate", "complain"),
            *plain("snapshot"),
            *incident(cast.incident, "supplement"),
            *incident(closed, "rate", "reopen"),
            *plain("dispute_new", "wish_new"),
            *dispute(cast.dispute, "confirm"),
        ],
        "neighbour": [
            *plain("home", "checkin"),
            *dispute(cast.dispute, "refuse"),
            reverse("checkin_page", args=[cast.checkin.number]),
            reverse("checkin_action", args=[cast.checkin.number, "amend"]),
        ],
        "party_member": [
            *plain("home", "wish_wall", "my_wishes"),
            reverse("wish_new") + "?for=1",
            *wish(cast.wish, "give_back"),
        ],
        "other_member": [*plain("wish_wall", "my_wishes"), *wish(stage.open_wish, "claim")],
        "mediator": [
            *plain("home", "my_mediation", "screening_new"),
            *dispute(cast.dispute, "investigate", "plan_session", "draft", "extend", "terminate"),
        ],
        "stranger": [
            *plain("home", "my_matters", "notices", "volunteer_register"),
            *wish(cast.wish),
            *wish(cast.asked_wish, "amend"),
        ],
        "helper": [
            *plain(
                "home", "order_hall", "my_claims", "volunteer_me", "volunteer_preferences", "my_showcases"
            ),
            reverse("my_claims") + "?past=1",
            *order(cast.order, "check_in", "release"),
            *order(stage.invited, "decline"),
            *order(stage.unshown),
            reverse("showcase_new", args=[stage.unshown.number]),
            *story(cast.reviewed),
            *story(stage.returned_story, "revise"),
            reverse("volunteer_action", args=[cast.registration.number, "leave"]),
        ],
        "volunteer": [
            *plain("order_hall", "my_claims"),
            reverse("order_hall") + "?full=on",
            *order(cast.order),
        ],
        "grid_worker": [
            *plain("home", "my_work", "visits", "my_grid", "my_handovers", "my_care"),
            reverse("visit_door", args=[cast.entrance.pk]),
            reverse("visit_loose", args=[factories.BASE]),
            reverse("my_care") + "?tab=later",
            reverse("care_plan", args=[cast.care.pk]),
            reverse("my_work") + "?tab=verify",
            reverse("snapshot") + "?for=1",
            *plain("my_sweeps", "offline"),
            reverse("sweep_grid", args=[cast.sweep.number, factories.BASE]),
            reverse("sweep_grid", args=[cast.sweep.number, factories.BASE])
            + f"?t={cast.sweep.targets.latest('position').pk}",
            *incident(handled),
            *incident(reported, "handle_oneself"),
            reverse("order_new") + "?for=1",
            item + "&for=1",
            reverse("grid_notice", args=[factories.BASE]),
            *order(stage.placed),
            *plain("my_patrol", "patrol_finding", "patrol_end", "my_selfchecks"),
            reverse("my_selfchecks") + "?tab=late",
            reverse("workers_check", args=[cast.hazard.premises_id]),
            reverse("hazard_look", args=[cast.hazard.pk]),
            reverse("premises_qr", args=[cast.hazard.premises_id]),
        ],
        "department": [
            *plain("my_work"),
            *incident(cast.incident, "handle", "progress", "contacted", "ask_extension"),
        ],
        "minor": plain("volunteer_me", "volunteer_guardian"),
        "team_leader": plain("home", "team_orders"),
        "street_officer": plain("mfa_activate_totp", "account_change_password", "account_reauthenticate"),
        "superuser": plain("elevate"),
        "sure": plain(
            "mfa_view_recovery_codes",
            "mfa_generate_recovery_codes",
            "mfa_deactivate_totp",
            "mfa_reauthenticate",
        ),
        "new": plain("mfa_activate_totp"),
        "secretary": [
            *plain("home", "channels", "mfa_index", "mfa_generate_recovery_codes"),
            *plain("mfa_reauthenticate", "mfa_deactivate_totp"),
            *order(stage.placed, "assign_people", "assign_team", "return_back", "reject", "reschedule"),
            *story(cast.reviewed, "return_back"),
            *incident(reported, "dispatch", "accept", "merge", "refer", "relocate", "reject"),
            *incident(handled, "verify_pass", "verify_fail"),
            *incident(cast.incident, "split", "publish", "recall"),
            *incident(closed, "call_back"),
            reverse("entrance_qr", args=[cast.entrance.pk]),
        ],
    }


def client_of(stage: Stage, person: str) -> Client:
    """Return a signed-in test client, whose session a browser takes over; those of ``phone_pages`` that are no
    one of the cast are made on the way."""
    if person == "code":
        client = Client()
        client.post(reverse("phone_login"), {"phone": factories.make_phone()})
        return client
    if person == "factor":
        client = Client()
        name = stage.cast.people["secretary"].username
        client.post(reverse("staff_login"), {"login": name, "password": "Round-Trip-9"})
        return client
    if person == "sure":
        client = stage.cast.client("secretary")
        client.post(reverse("account_reauthenticate"), {"password": "Round-Trip-9"})
        client.post(reverse("mfa_generate_recovery_codes"))
        return client
    if person == "new":
        client = stage.cast.client("street_officer")
        client.post(reverse("account_reauthenticate"), {"password": "Round-Trip-9"})
        return client
    return stage.cast.client(person)


#: Who looks at the web admin, the first that may open a page at all.
STAFF = (
    "secretary",
    "branch_secretary",
    "director",
    "mediator",
    "justice",
    "supervisor",
    "security_administrator",
    "system_administrator",
    "auditor",
)


def desk_pages(stage: Stage) -> dict[str, list[str]]:
    """Return the admin's addresses by the first person who may open each: every list, form, row, action and report; of the pages that
    are the same for every model, those of a few models.

    Who that is the permission matrix knows of its own addresses; the others are asked for, which takes no drawing of the page.
    """
    clients = {person: stage.cast.client(person) for person in STAFF}
    found: dict[str, list[str]] = {person: [] for person in STAFF}
    with MonkeyPatch.context() as patch:
        patch.setattr(Template, "render", lambda template, context=None, request=None: "")
        for path in dict.fromkeys(["/admin/", *_desk_addresses(stage)]):
            name = resolve(path.partition("?")[0]).view_name
            likely = openers(name, STAFF)
            if path == reverse(name, args=arguments(name, stage.cast)):
                people = likely[:1]
            else:
                asked = (*likely, *(each for each in STAFF if each not in likely))
                people = tuple(each for each in asked if clients[each].get(path).status_code == 200)[:1]
            for person in people:
                found[person].append(path)
    return found


def _desk_addresses(stage: Stage) -> Iterator[str]:
    order, story, registration = stage.placed, stage.cast.reviewed, stage.cast.registration
    stages = {
        Order: order,
        Showcase: story,
        Dispute: stage.cast.dispute,
        type(registration): registration,
        User: stage.cast.people["secretary"],
    }
    for model in admin.site._registry:
        name, row = f"admin:{model._meta.app_label}_{model._meta.model_name}", stages.get(model)
        for page in ("changelist", "add", "change", "history", "why", "export"):
            # What happened to a row, why somebody may see it, what may be taken along: the same three pages for every model.
            if page in ("history", "why", "export") and row is None:
                continue
            of_row = row is not None and page in ("change", "history", "why")
            try:
                yield reverse(
                    f"{name}_{page}", args=[row.pk] if of_row else arguments(f"{name}_{page}", stage.cast)
                )
            except NoReverseMatch:
                continue
    for row, actions in (
        (order, ("assign_people", "assign_team", "return_back", "reject", "reschedule", "pause")),
        (stage.cast.incidents[0], ("dispatch", "merge", "refer")),
        (stage.cast.incident, ("split", "publish")),
        (story, ("return_back",)),
        (registration, ("suspend",)),
        (
            stage.cast.dispute,
            (
                "assign",
                "amend",
                "amend_party",
                "send_up",
                "invite",
                "draft",
                "confirm_paper",
                "conclude",
                "terminate",
            ),
        ),
        (stage.cast.backlog, ("receive", "extend", "withdraw")),
        (stage.cast.task, ("extend", "withdraw")),
        (stage.cast.meeting, ("record", "arrange", "reschedule", "cancel")),
        *zip(stage.disclosures, (("revise",), ("review", "send_back"), ("publish",)), strict=True),
        (stage.cast.disclosure, ("correct",)),
    ):
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}_do"
        yield from (reverse(name, args=[row.pk, action]) for action in actions)
    draft, running, ended = stage.cast.sweep_draft, stage.cast.sweep, stage.cast.sweep_ended
    for sweep, pages in (
        (draft, ("change", "words", "scope", "questions")),
        (running, ("live", "findings", "table", "helper")),
        (ended, ("change", "report")),
    ):
        yield from (reverse(f"admin:grids_sweep_{page}", args=[sweep.pk]) for page in pages)
    yield from (
        reverse("admin:grids_sweep_do", args=[running.pk, action])
        for action in ("remind", "extend", "close", "call_off")
    )
    yield reverse("admin:volunteers_volunteer_guardian", args=[stage.minor.pk])
    yield reverse("admin:governance_parameter_set", args=["orders.offer_minutes"])
    yield reverse("admin:volunteers_order_changelist") + "?q=没有这样的词"
    yield reverse("admin:parties_disclosure_ledger")
    yield reverse("admin:mediation_figures")
    yield reverse("admin:parties_task_figures")
    yield reverse("admin:parties_jointcommittee_figures")
    yield reverse("admin:parties_task_add") + f"?conference={stage.cast.conference.pk}"
    yield reverse("admin:parties_conference_record", args=[stage.cast.conference.pk])
    yield reverse("admin:parties_jointcommittee_seat", args=[stage.cast.part_time.committee_id])
    yield reverse("admin:mediation_screening_progress", args=[stage.cast.screening.pk])
    yield reverse("admin:mediation_dispute_inspect")
    yield reverse("admin:mediation_rhythm")
    yield reverse("admin:mediation_rhythm") + "?by=month"
    yield reverse("admin:parties_meeting_board")
    yield reverse("admin:parties_meeting_board") + f"?org={stage.cast.branch.pk}"
    yield reverse("admin:parties_meeting_months")
    yield reverse("admin:parties_meeting_month", args=[stage.cast.branch.pk])
    yield reverse("admin:grids_careplan_figures")
    yield reverse("admin:grids_careplan_add") + "?q=和苑"
    yield reverse("admin:grids_careplan_add") + f"?resident={stage.cast.care.resident_id}"
    for page in ("mend", "colour", "renew", "carers", "contact", "device", "end"):
        yield reverse(f"admin:grids_careplan_{page}", args=[stage.cast.care.pk])
    yield reverse("admin:incidents_figures")
    yield reverse("admin:incidents_figures") + "?period=year&by=class"
    yield reverse("admin:grids_grid_boundaries")
    yield reverse("admin:grids_grid_boundaries_edit")
    yield reverse("admin:grids_grid_team", args=[factories.BASE])
    yield reverse("admin:grids_teammember_figures")
    for page in ("leave", "replace"):
        yield reverse(f"admin:grids_teammember_{page}", args=[stage.cast.handover.taking_id])
    yield reverse("admin:grids_teammember_doors", args=[stage.cast.micro.pk])
