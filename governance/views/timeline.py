"""What happened to a matter, as its page on a phone tells it."""

from collections.abc import Callable, Iterable
from typing import Any

from governance import masks
from governance.models import Step, User


def told(steps: Iterable[Step], viewer: User, named: Callable[[Step], str | None]) -> list[dict[str, Any]]:
    """Return the steps as lines. People on duty are named, others masked, unless ``named`` says what a step's actor is called."""
    return [
        {
            "label": step.label,
            "at": step.at,
            "actor": "我" if step.actor_id == viewer.pk else named(step) or masks.person(step.actor),
            "capacity": step.capacity if step.actor.is_staff else "",
            "note": step.note,
            "due_at": step.due_at,
        }
        for step in steps
    ]
