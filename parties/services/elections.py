"""Opening an organisation's election; what happens to it afterwards is the table's (parties/flow/elections.py)."""

from datetime import date

from django.db import transaction

from governance.flow import Clock, NotYours, Refused
from governance.models import User
from governance.models.matters import Channel
from governance.permissions import look_again
from parties.flow import ELECTIONS
from parties.flow.elections import planned
from parties.flow.voting import check_plan
from parties.models import Election, Organisation
from parties.terms import WITH_TERM, term_end


@transaction.atomic
def open_election(
    *,
    by: User,
    organisation: Organisation,
    planned_on: date,
    has_committee: bool,
    seats: int = 1,
    deputies: int = 0,
    meeting: str = Election.Meeting.MEMBERS,
    description: str = "",
) -> Election:
    """Open an organisation's election (换届), as its own people or its superior do. Returns it.

    Raises NotYours, Refused at the field it concerns, or ValidationError.
    """
    if not may_hold(by, organisation):
        raise NotYours
    organisation = (
        Organisation.objects.select_related("parent", "grid")
        .select_for_update(of=("self",))
        .get(pk=organisation.pk)
    )
    if organisation.ended_on is not None:
        raise Refused("这个党组织已经撤销。", "organisation")
    if organisation.kind not in WITH_TERM:
        raise Refused("党工委和党小组不在这里换届，请选择党委、党总支或党支部。", "organisation")
    if Election.objects.ongoing().filter(organisation=organisation).exists():
        raise Refused("这个党组织正在换届，办完或撤回以后才能再开始。", "organisation")
    election = Election(
        organisation=organisation,
        title=f"{organisation.name}换届选举"[:80],
        description=description.strip(),
        meeting=meeting,
        has_committee=has_committee,
        seats=seats if has_committee else 1,
        deputies=0 if has_committee else deputies,
        planned_on=planned_on,
        term_ends=own_end(organisation),
        channel=Channel.DESK,
        placed_by=by,
    )
    check_plan(election)
    election.stand()
    return ELECTIONS.open_matter(
        election,
        by=by,
        label="开始换届",
        tell=("own", "superior"),
        clock=Clock(start=planned),
        check=lambda row: look_again(by, row, "hold"),
    )


def own_end(organisation: Organisation) -> date | None:
    """Return the end of the present term as it was before any shift: a later one prolonged it."""
    since, until = organisation.term_from, organisation.term_until
    return min(until, term_end(organisation, since)) if since and until else until


def may_hold(user: User, organisation: Organisation) -> bool:
    """Say whether a person may hold an organisation's elections: a post of the place, or of a unit on its path."""
    return user.is_superuser or any(
        organisation.grid_id.startswith(post.code)
        and (post.unit_id is None or post.unit_id in organisation.units)
        for post in user.posts_with("parties.hold_election")
    )
