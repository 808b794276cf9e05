"""What the desk's forms of the party organisation choose from, in boxes that can be searched."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from governance import masks
from governance.admin.choices import ChoiceBox
from governance.permissions import permission, rule_of
from grids.models import Grid
from parties.models import Member, Organisation


def box(model: type, column: str) -> ChoiceBox:
    """Return the control that searches what a foreign key may name."""
    return ChoiceBox(model._meta.get_field(column), admin.site)


def places_to_found(request: HttpRequest) -> Any:
    """Return the grids in use where the person may set up an organisation."""
    if request.user.is_superuser:
        return Grid.objects.current()
    needed = permission(Organisation, "add")
    nodes = [(p.code, None) for p in request.user.posts_with(needed)]
    return (
        Grid.objects.current().filter(rule_of(Grid).nodes_q(nodes)).defer("boundary")
        if nodes
        else Grid.objects.none()
    )


def superiors(request: HttpRequest) -> Any:
    """Return the organisations in force below which the person may set others up."""
    return Organisation.objects.restrict(request.user, "change").in_force().filter(kind__lt=5)


def names_of(members: Any, user: Any) -> list[str]:
    """Return the names of members as the person may read them: in two questions, however many there are."""
    clear = set(
        Member.objects.restrict(user, "contact")
        .filter(pk__in=members.values("pk"))
        .values_list("pk", flat=True)
    )
    return [member.name if member.pk in clear else masks.name(member.name) for member in members]
