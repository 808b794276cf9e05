"""What a visit, a round, a self-check or a sweep can hand on as an incident (governance/intake.py)."""

from governance.models import User
from incidents.models import MinorClass


def offered(user: User) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the codes of the minor classes in use under their major classes, for who may report; none for others."""
    if not user.has_perm("incidents.report_incident"):
        return []
    groups: dict[str, list[tuple[str, str]]] = {}
    for minor in MinorClass.objects.filter(is_active=True, major__isnull=False).select_related("major"):
        groups.setdefault(f"事件 · {minor.major.name}", []).append((minor.code, minor.name))
    return list(groups.items())
