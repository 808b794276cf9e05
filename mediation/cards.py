"""What the home page, "my matters" and the lists show of disputes."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from governance.home import Tile
from governance.mine import Kind
from governance.models import User
from mediation.models import Agreement, Disputant, Dispute
from mediation.models.disputes import DisputeStatus as S

#: Chips: status -> tone.
TONES = {
    S.REGISTERED: "info",
    S.ACCEPTED: "info",
    S.MEDIATING: "caution",
    S.SENT: "brand",
    S.AGREED: "good",
    S.CLOSED: "good",
    S.TERMINATED: "danger",
    S.GUIDED: "quiet",
    S.DECLINED: "danger",
}
MOST_ASKED = 3
#: What comes next with a file, the first that is offered and not done already.
NEXT = (
    "take_over", "record_consent", "accept", "assign", "inform", "hold_session", "conclude", "plan_session", "perform",
    "follow_up", "close", "archive",
)  # fmt: skip


def next_actions(
    *, waits: bool, ready: bool, assigned: bool, confirmed: bool, performed: bool, visited: bool
) -> tuple[str, ...]:
    """Return the names of what may come next with a file.

    ``waits``: a party has not said yet whether it agrees to mediation. ``ready``: a session is planned. ``assigned``: somebody mediates.
    ``confirmed``: every party has confirmed the agreement, which is not in effect. ``performed``: all its terms are. ``visited``: since.
    """
    done = {
        "record_consent": not waits,
        "plan_session": ready,
        "assign": assigned,
        "conclude": not confirmed,
        "perform": performed,
        "follow_up": visited,
        "close": not visited,
    }
    return tuple(name for name in NEXT if not done.get(name))


def mediates(request: HttpRequest) -> bool:
    """The ``shows`` of the mediators' tile."""
    return request.user.is_authenticated and request.user.has_perm("mediation.view_dispute")


def asked(request: HttpRequest) -> tuple[str, dict[str, Any]] | None:
    """The disputes in which the visitor is asked whether she will be mediated, or to confirm an agreement."""
    if not request.user.is_authenticated:
        return None
    waiting = Disputant.objects.filter(user=request.user, consent=Disputant.Consent.ASKED).values("dispute")
    drawn_up = Agreement.objects.to_confirm(request.user).values("dispute")
    rows = Dispute.objects.restrict(request.user, "follow").filter(
        Q(pk__in=waiting, status=S.REGISTERED) | Q(pk__in=drawn_up, status=S.MEDIATING)
    )
    found = list(rows.for_page().order_by("-opened_at", "-pk")[:MOST_ASKED])
    return ("mediation/card_asked.html", {"disputes": found}) if found else None


def own_words(dispute: Dispute, user: User) -> str:
    """What a line says of a dispute: the words of the application to whoever wrote it, to nobody else."""
    return dispute.description if dispute.applicant_id == user.pk else ""


TILES = (
    Tile(35, "centres", "矛盾调解", "今天谁坐班", "scale", "caution"),
    Tile(3, "my_mediation", "我的调解", "今天的安排、手上的纠纷", "scale", "info", "", mediates),
)

MINE = (
    Kind(
        "dispute",
        "矛盾调解",
        lambda user: Dispute.objects.restrict(user, "follow").of_party(user).for_page(),
        own_words,
    ),
)
