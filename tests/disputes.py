"""Disputes in every state for tests, each brought there by the services and the flow."""

import itertools
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from governance.models import User
from mediation.flow import DISPUTES
from mediation.models import (
    Bulletin,
    Centre,
    Committee,
    Disputant,
    Dispute,
    Mediator,
    Review,
    Rhythm,
    Screening,
    ScreeningReport,
    Session,
    Term,
)
from mediation.reports.rhythm import months
from mediation.services.registering import PartyData, register_dispute
from mediation.services.rhythm import hold_review, issue, own_centres
from mediation.services.screening import keep_report, keep_screening
from tests import factories
from tests.pictures import upload

_serial = itertools.count(1)


def make_centre(code: str = factories.COMMUNITY, **fields) -> Centre:
    """Make the centre of a place, or return it."""
    factories.make_grid(code)
    number = next(_serial)
    fields = {"name": f"矛调中心{number}", "short_name": f"中心{number}", **fields}
    return Centre.objects.get_or_create(grid_id=code, is_active=True, defaults=fields)[0]


def make_committee(code: str = factories.COMMUNITY, **fields) -> Committee:
    """Make a mediation committee whose term is running, or return it."""
    today = timezone.localdate()
    fields = {
        "name": f"人民调解委员会{next(_serial)}",
        "kind": Committee.Kind.COMMUNITY,
        "centre": make_centre(code),
        "term_from": today - timedelta(days=100),
        "term_until": today + timedelta(days=900),
        **fields,
    }
    return Committee.objects.get_or_create(grid_id=code, defaults=fields)[0]


def make_mediator(code: str = factories.COMMUNITY, *, user: User | None = None, **fields) -> Mediator:
    """Make a mediator with her post and her line of the register."""
    user = user or factories.make_staff("mediator", code)
    fields.setdefault("since", timezone.localdate() - timedelta(days=30))
    return Mediator.objects.create(user=user, grid_id=code, committee=make_committee(code), **fields)


def make_director(code: str = factories.COMMUNITY) -> User:
    """Make the director of a place's centre."""
    make_centre(code)
    return factories.make_staff("mediation_director", code)


def party(side: str, user: User | None = None, **more: Any) -> PartyData:
    """Return a party as she is registered."""
    name, phone = (user.name, user.phone) if user else (f"某当事人{next(_serial)}", factories.make_phone())
    more = {"sex": "F", "address": "和苑里3号楼1门", **more}
    return PartyData(side, more.pop("name", name), more.pop("phone", phone), user, more)


def make_dispute(
    code: str = factories.BASE, *, by: User | None = None, against: User | None = None, **fields
) -> Dispute:
    """Register a dispute, as a resident against her neighbour."""
    make_centre(code[:12])
    applicant = by or factories.make_user()
    others = fields.pop("others", None) or [party("respondent", against or factories.make_user())]
    dispute, _ = register_dispute(
        by=applicant,
        source_id=f"s{next(_serial)}",
        category=fields.pop("category", "neighbours"),
        description=fields.pop("description", "楼上漏水，泡坏了天花板"),
        applicant=fields.pop("applicant", None) or party("applicant", applicant),
        others=others,
        grid=factories.make_grid(code),
        **fields,
    )
    return dispute


def run(dispute: Dispute, name: str, by: User, **data: Any) -> Dispute:
    """Carry out one action."""
    return DISPUTES.run(dispute, name, by=by, **data)


def users(dispute: Dispute) -> list[User]:
    """Return the accounts of the parties, the applicant's first."""
    return [row.user for row in dispute.disputants.select_related("user") if row.user_id]


def make_accepted(code: str = factories.BASE, *, director: User | None = None, **fields) -> Dispute:
    """Make a dispute whose parties all agreed, and which the centre took in."""
    dispute = make_dispute(code, **fields)
    for row in dispute.disputants.filter(consent=Disputant.Consent.ASKED).select_related("user"):
        if row.user_id:
            dispute = run(dispute, "agree", row.user)
        else:
            dispute = run(dispute, "record_consent", director, disputant=row, agreed=True, means="call")
    return run(dispute, "accept", director or make_director(dispute.seat_id))


def make_mediating(
    code: str = factories.BASE, *, director: User | None = None, mediator: Mediator | None = None, **fields
) -> Dispute:
    """Make a dispute that a mediator has in hand, the parties knowing their rights."""
    director = director or make_director(code[:12])
    mediator = mediator or make_mediator(code[:12])
    dispute = make_accepted(code, director=director, **fields)
    dispute = run(dispute, "assign", director, mediators=[mediator])
    return run(dispute, "inform", mediator.user)


def term(**fields: Any) -> dict[str, Any]:
    """Return one term of an agreement."""
    return {
        "content": "被申请人赔偿申请人 800 元",
        "way": "现金",
        "place": "和苑社区矛调中心",
        "due_on": timezone.localdate() + timedelta(days=7),
        "amount": 800,
        **fields,
    }


def draft(dispute: Dispute, mediator: Mediator, **fields: Any) -> Dispute:
    """Draw up an agreement."""
    data = {
        "facts": "楼上水管漏水，泡坏天花板。",
        "duties": "被申请人未及时维修，承担责任。",
        "terms": [term()],
    }
    return run(dispute, "draft", mediator.user, **{**data, **fields})


def make_agreed(
    code: str = factories.BASE, *, mediator: Mediator | None = None, terms: list | None = None, **fields
) -> Dispute:
    """Make a dispute with a written agreement in effect."""
    mediator = mediator or make_mediator(code[:12])
    dispute = draft(make_mediating(code, mediator=mediator, **fields), mediator, terms=terms or [term()])
    for row in dispute.disputants.select_related("user"):
        if row.user_id:
            dispute = run(dispute, "confirm", row.user)
        else:
            dispute = run(
                dispute, "confirm_paper", mediator.user, disputant=row, photos=[upload("signed.jpg")]
            )
    return run(dispute, "conclude", mediator.user)


def hold(dispute: Dispute, mediator: Mediator, *, mode: str = "joint", record: str = "双方谈了") -> Session:
    """Plan a session that began just now, and write what came of it."""
    parties = list(dispute.disputants.all())
    invited = parties if mode == "joint" else parties[:1]
    run(
        dispute,
        "plan_session",
        mediator.user,
        mode=mode,
        starts_at=timezone.now() - timedelta(minutes=30),
        place="调解室",
        invited=invited,
    )
    session = dispute.sessions.order_by("-pk").first()
    run(dispute, "hold_session", mediator.user, session=session, present=invited, record=record)
    session.refresh_from_db()
    return session


def perform_all(dispute: Dispute, mediator: Mediator) -> Dispute:
    """Note that everything agreed was performed."""
    for row in Term.objects.filter(agreement__dispute=dispute, agreement__effective_at__isnull=False):
        dispute = run(dispute, "perform", mediator.user, term=row, state="done")
    return dispute


def make_closed(code: str = factories.BASE, *, director: User | None = None, **fields) -> Dispute:
    """Make a dispute that was settled, performed, visited and closed."""
    director, mediator = (
        director or make_director(code[:12]),
        fields.pop("mediator", None) or make_mediator(code[:12]),
    )
    dispute = perform_all(make_agreed(code, mediator=mediator, director=director, **fields), mediator)
    visited = dispute.disputants.first()
    dispute = run(
        dispute,
        "follow_up",
        mediator.user,
        disputant=visited,
        performance="done",
        is_satisfied=True,
        note="都履行了，没有再闹",
    )
    return run(dispute, "close", director)


def make_review(
    director: User, rhythm: Rhythm = Rhythm.DAY, *, on: date | None = None, **words: str
) -> Review:
    """Write down what a director's own centre talked over, today if nothing else is said."""
    words = {"attendees": "主任、两名调解员", "points": "先把漏水的一件办好", **words}
    centre = own_centres(director, "add_review").get()
    return hold_review(centre, rhythm, on or timezone.localdate(), by=director, **words)


def make_bulletin(director: User, **words: str) -> Bulletin:
    """Issue the bulletin of the last month of a director's own centre."""
    words = {"situation": "上月总体平稳。", "demands": "做好排查。", **words}
    return issue(own_centres(director, "add_bulletin").get(), months()[0], by=director, **words)


def yesterday() -> date:
    """Return the day before."""
    return timezone.localdate() - timedelta(days=1)


def make_screening(by: User | None = None, code: str = factories.STREET, **fields) -> Screening:
    """Open a campaign that began ten days ago and ends in ten."""
    today = timezone.localdate()
    fields = {
        "name": f"双百排查{next(_serial)}",
        "since": today - timedelta(days=10),
        "until": today + timedelta(days=10),
        **fields,
    }
    officer = by or factories.make_staff("justice_officer", code)
    return keep_screening(Screening(grid=factories.make_grid(code), **fields), by=officer)


def make_report(by: User, code: str = factories.COMMUNITY, **fields) -> ScreeningReport:
    """Write a report of a screening."""
    report, _ = keep_report(ScreeningReport(grid=factories.make_grid(code), **fields), by=by)
    return report
