"""Proposing a secretary's project; what happens to it afterwards is its flow's table."""

from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from governance.flow import NotYours, Refused
from governance.models import User
from governance.models.matters import Channel
from parties.flow.projects import DECIDE_CLOCK, PROJECTS, check_plan, check_until, write_plan
from parties.models import Organisation, PartyOrgType, SecretaryProject
from parties.models.projects import carries


def years() -> range:
    """Return the years for which a project may be proposed now."""
    this = timezone.localdate().year
    return range(this, this + 2)


def own_organisations(user: User):
    """Return the organisations whose projects a person proposes, by the posts she holds."""
    rows = Organisation.objects.restrict(user).in_force().filter(kind__lt=PartyOrgType.GROUP)
    posts = user.posts_with("parties.propose_secretaryproject")
    if not user.is_superuser:
        units = [post.unit_id for post in posts if post.unit_id]
        places = [post.code for post in posts if post.unit_id is None]
        rows = rows.filter(Q(unit__in=units) | Q(grid__in=places, kind__lte=PartyOrgType.COMMITTEE))
    return rows.order_by("kind", "pk")


@transaction.atomic
def propose(
    *,
    by: User,
    organisation: Organisation,
    title: str,
    description: str,
    year: int,
    until: date,
    steps: list[tuple[date, str]],
) -> SecretaryProject:
    """Propose a project of an organisation to its superior. Returns it.

    ``by`` is its secretary. Raises NotYours, Refused at the field it concerns, or ValidationError.
    """
    if not carries(by, organisation):
        raise NotYours
    if organisation.is_ended or organisation.kind == PartyOrgType.GROUP:
        raise Refused("请选择一个在用的党支部、党总支或党委。", "organisation")
    if year not in years():
        raise Refused("请选择今年或者明年。", "year")
    check_until(until)
    check_plan(steps)
    project = SecretaryProject(
        organisation=organisation,
        title=title.strip(),
        description=description.strip(),
        year=year,
        until=until,
        placed_by=by,
        channel=Channel.DESK,
    )
    project.stand()
    PROJECTS.open_matter(project, by=by, label="申报", tell=("superior",), clock=DECIDE_CLOCK)
    write_plan(project, steps)
    return project
