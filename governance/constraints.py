"""From a constraint that the database enforced to the sentence the person reads.

The sentences stand at the constraints themselves (``violation_error_message``); this only finds them again.
"""

from functools import cache

from django.apps import apps
from django.db import IntegrityError


@cache
def _sentences() -> dict[str, str]:
    return {
        constraint.name: str(constraint.violation_error_message)
        for model in apps.get_models()
        for constraint in model._meta.constraints
    }


def sentence(error: IntegrityError) -> str | None:
    """Return the sentence of the constraint that an IntegrityError broke; None for one that carries no name of ours."""
    diag = getattr(error.__cause__, "diag", None)
    return _sentences().get(getattr(diag, "constraint_name", None) or "")
