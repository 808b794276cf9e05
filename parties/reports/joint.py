"""Joint committees and their part-time members by place."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import Length

from governance.territory import COLUMN, GridLevel, level_of
from grids.models import Grid
from parties.models import JointCommittee, Organisation, PartTimeMember
from parties.models.joint import may_have_one

#: What a line holds, in the order of the table. Street and community apart, as they are told apart by their names.
FIGURES = {
    "street": "大工委", "street_members": "大工委委员", "community": "大党委", "community_members": "大党委委员",
    "without": "还没有设的",
}  # fmt: skip


@dataclass
class Line:
    """One place."""

    code: str
    name: str
    values: dict[str, int]


def table(user: Any, node: str) -> list[Line]:
    """Return the total of a place and a line for each place right below it, as far as the person sees them. Four statements."""
    level = level_of(node)
    below = GridLevel.STREET if level is GridLevel.DISTRICT else GridLevel.COMMUNITY
    column, place = COLUMN[below], Q(**{COLUMN[level]: node})
    grids = Grid.objects.current().filter(place | Q(code=node), level=int(below)).order_by("code")
    lines = {
        code: Line(code, name, dict.fromkeys(FIGURES, 0)) for code, name in grids.values_list("code", "name")
    }
    here = Line(node, "本级", dict.fromkeys(FIGURES, 0))
    committees = JointCommittee.objects.restrict(user).in_force().filter(place)
    members = PartTimeMember.objects.restrict(user).in_office().filter(place, committee__ended_on=None)
    for rows, end in ((committees, ""), (members, "_members")):
        counted = rows.order_by().annotate(long=Length("grid")).values_list(column, "long")
        for code, long, number in counted.annotate(n=Count("pk")):
            level_name = "street" if long == GridLevel.STREET else "community"
            lines.get(code, here).values[f"{level_name}{end}"] += number
    without = Organisation.objects.restrict(user).in_force().filter(place & may_have_one())
    without = without.exclude(pk__in=JointCommittee.objects.in_force().values("organisation"))
    for code, number in without.order_by().values_list(column).annotate(n=Count("pk")):
        lines.get(code, here).values["without"] += number
    shown = ([here] if any(here.values.values()) else []) + list(lines.values())
    total = Line(node, "合计", {key: sum(line.values[key] for line in shown) for key in FIGURES})
    return [total, *shown]
