"""Where the pages of a place begin for a person."""

from typing import Any

from governance.territory import GridLevel, common_node
from grids.models import Grid


def top_of(user: Any, perm: str) -> str:
    """Return the lowest node, no lower than a community, that holds all that a person reaches by a permission; empty for nothing."""
    if user.is_superuser:
        return (
            Grid.objects.current().of_level(GridLevel.DISTRICT).values_list("code", flat=True).first() or ""
        )
    held = [post.code for post in user.posts_with(perm)]
    return common_node(held)[: GridLevel.COMMUNITY]
