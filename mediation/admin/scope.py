"""Which place a page of figures is about."""

from django.contrib.auth.models import AbstractBaseUser

from governance.territory import common_node


def top_of_counts(user: AbstractBaseUser) -> str:
    """Return the lowest node that holds all whose disputes somebody may count by her posts."""
    return common_node(p.code for p in user.posts_with("mediation.count_dispute"))
