"""What a visit, a round, a self-check or a sweep can hand on as an incident (governance/intake.py)."""

from governance import parameters
from governance.models import User
from incidents.models import MinorClass
from incidents.models.catalogue import SOS


def offered(user: User) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the codes of the minor classes in use under their major classes, for who may report; none for others. The class that only
    an alarm device opens is not among them."""
    if not user.has_perm("incidents.report_incident"):
        return []
    groups: dict[str, list[tuple[str, str]]] = {}
    minors = MinorClass.objects.filter(is_active=True).exclude(code=parameters.value(SOS))
    for minor in minors.select_related("major"):
        groups.setdefault(f"事件 · {minor.major.name}", []).append((minor.code, minor.name))
    return list(groups.items())
