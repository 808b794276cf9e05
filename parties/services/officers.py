"""Giving and taking duties in an organisation, as whoever decides about it does."""

from datetime import date

from django.db import transaction

from governance.appointments import dismiss
from governance.flow import NotYours, Refused
from governance.models import Post, User
from parties.days import check_past
from parties.models import Member, Officer, Organisation
from parties.seating import seat


@transaction.atomic
def give_duty(
    *,
    by: User,
    organisation: Organisation,
    member: Member,
    duty: str,
    since: date,
    until: date | None = None,
    committee_duty: str = "",
    document: str = "",
) -> Officer:
    """Give a member of an organisation a duty in it. ``by`` decides about the organisation. Returns the duty.

    Raises NotYours, or Refused at the field it concerns.
    """
    if not organisation.is_decided_by(by):
        raise NotYours
    if organisation.ended_on is not None:
        raise Refused("这个党组织已经撤销。")
    # One who is to take office later is entered on that day: until then nobody would see her, and nobody else could lead.
    check_past(since, "since")
    return seat(
        by=by, organisation=organisation, member=member, duty=duty, since=since, until=until,
        committee_duty=committee_duty, document=document,
    )  # fmt: skip


@transaction.atomic
def end_duty(officer: Officer, *, by: User, day: date, reason: str = "") -> Officer:
    """End a duty with a day, which still counts, and its post with it. ``by`` decides about the organisation.

    Raises NotYours, or Refused at the field it concerns.
    """
    officer = Officer.objects.select_related("organisation__parent", "post").select_for_update(of=("self",)).get(
        pk=officer.pk
    )  # fmt: skip
    if not officer.organisation.is_decided_by(by):
        raise NotYours
    check_past(day, "day", since=officer.since, what="任职起")
    officer.until = day
    officer.save(update_fields=["until"])
    if officer.post_id is not None:
        dismiss(officer.post, by=by, reason=reason)
    return officer


def take_posts_back(organisation: Organisation, *, by: User, reason: str) -> None:
    """Dismiss whoever holds a post of an organisation's unit."""
    for post in Post.objects.in_force().filter(unit=organisation.unit_id):
        dismiss(post, by=by, reason=reason[:200])
