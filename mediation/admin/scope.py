"""Which place a page of figures is about, and the way down to it."""

from django.contrib.auth.models import AbstractBaseUser

from governance.territory import common_node, lineage
from grids.models import Grid


def top_of_counts(user: AbstractBaseUser) -> str:
    """Return the lowest node that holds all whose disputes somebody may count by her posts."""
    return common_node(p.code for p in user.posts_in_force if "mediation.count_dispute" in p.permissions)


def way_down(top: str, node: str) -> dict[str, str]:
    """Return the nodes from ``top`` to ``node``, code to name, the highest first; none without a node. One statement."""
    codes = [code for code in lineage(node) if code.startswith(top)] if node else []
    names = dict(Grid.objects.filter(code__in=codes).values_list("code", "name"))
    return {code: names.get(code, code) for code in codes}
