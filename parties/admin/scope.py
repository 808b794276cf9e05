"""What a person can tell of the places that she reaches."""

from typing import Any


def sees_places(user: Any, perm: str) -> bool:
    """Say whether a person reaches whole places by a permission: who reaches only her organisation's own cannot tell what a place
    lacks."""
    return user.is_superuser or any(post.unit_id is None for post in user.posts_with(perm))
