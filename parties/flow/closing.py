"""The end of an election: the new people take their duties, the old ones end the day before, the organisation's term begins."""

from datetime import date, timedelta

from django.db.models import Max
from django.utils import timezone

from governance.flow import Change, Refused
from parties import electing
from parties.models import Election, Officer, Organisation, OrganisationChange
from parties.seating import seat, unseat
from parties.terms import term_end

D = Officer.Duty


def close(change: Change) -> None:
    """Seat those elected for the new term. Raises Refused, at the field it concerns, upon which nothing is changed.

    ``since`` is the first day, ``until`` the last (by the kind's years where it is left empty).
    """
    election: Election = change.matter
    # Nobody else gives or takes a duty here meanwhile.
    organisation = Organisation.objects.select_related("parent", "grid", "unit").select_for_update(of=("self",)).get(
        pk=election.organisation_id
    )  # fmt: skip
    if organisation.ended_on is not None:
        raise Refused("这个党组织已经撤销，请撤回换届。")
    since, until = check_term(election, organisation, change.data.get("since"), change.data.get("until"))
    elected = list(election.candidates.filter(elected=True).exclude(office="").select_related("member__user"))
    if not any(each.office == D.SECRETARY for each in elected):
        raise Refused(f"还没有选出书记。（{electing.SECRETARY}）")
    besides = {}
    old = organisation.officers.in_office(since).select_related("post", "organisation")
    for officer in old.order_by("pk"):
        if officer.since >= since:
            raise Refused(
                f"{officer.get_duty_display()}的任职从 {officer.since:%Y-%m-%d} 开始，任期起要晚于这一天。",
                "since",
            )
        besides[officer.member_id] = officer.committee_duty
        unseat(officer, by=change.actor, before=since, reason=f"换届 {election.number}")
    for each in elected:
        seat(
            by=change.actor, organisation=organisation, member=each.member, duty=each.office, since=since,
            until=until, committee_duty=besides.get(each.member_id, ""), document=election.document,
        )  # fmt: skip
    organisation.term_from, organisation.term_until = since, until
    organisation.save(update_fields=["term_from", "term_until"])
    OrganisationChange.objects.create(
        organisation=organisation, kind=OrganisationChange.Kind.ELECTED, day=since, document=election.document,
        words=f"换届选举产生新一届班子 {len(elected)} 人，任期到 {until:%Y-%m-%d}", by=change.actor,
    )  # fmt: skip
    change.kept |= {"since": since.isoformat(), "until": until.isoformat()}


def check_term(
    election: Election, organisation: Organisation, since: object, until: object
) -> tuple[date, date]:
    """Return the first and last day of the new term. Raises Refused at the field it concerns."""
    held, today = election.ballots.aggregate(day=Max("held_on"))["day"], timezone.localdate()
    if not isinstance(since, date) or not held <= since <= today:
        raise Refused(f"请填写选举（{held:%Y-%m-%d}）以后、今天或以前的日期。", "since")
    usual = term_end(organisation, since)
    if until is None:
        return since, usual
    if not isinstance(until, date) or not since < until <= usual + timedelta(days=electing.SHIFT_MOST):
        raise Refused(f"请填写任期起以后的日期；按规定每届到 {usual:%Y-%m-%d}。", "until")
    return since, until
