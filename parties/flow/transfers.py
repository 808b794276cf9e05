"""The transition table of a transfer: asked for, agreed to by both sides, done. Whoever asks agrees for her own side at once."""

from datetime import datetime

from governance.flow import Action, AlreadyDone, Change, Flow, Refused, on_tick
from governance.models import User
from parties.models import Transfer, TransferStatus, TransferStep
from parties.roll import move_member

S = TransferStatus
ASKED = frozenset({S.ASKED})


def by_another(change: Change, action: str, side: str) -> None:
    """Raise Refused for who has agreed for the other side: the two sides are two people."""
    if change.matter.is_agreed_by(change.actor):
        raise Refused(f"{side}已由您同意，另一方要由另一个人同意。")


def of_origin(change: Change) -> None:
    """The guard of the origin's consent. Raises Refused for everyone else, and once it is given."""
    transfer: Transfer = change.matter
    if not transfer.is_of_origin(change.actor):
        raise Refused(f"由转出的“{transfer.origin}”同意转出。")
    if transfer.released_at is not None:
        raise AlreadyDone
    by_another(change, "accept", "转入")


def may_release(transfer: Transfer, user: User) -> bool:
    """The ``ready`` that goes with ``of_origin``."""
    return transfer.released_at is None and transfer.is_of_origin(user) and not transfer.is_agreed_by(user)


def of_target(change: Change) -> None:
    """The guard of the target's consent. Raises Refused for everyone else, and once it is given."""
    transfer: Transfer = change.matter
    if not transfer.is_of_target(change.actor):
        raise Refused(f"由转入的“{transfer.target}”同意转入。")
    if transfer.accepted_at is not None:
        raise AlreadyDone
    by_another(change, "release", "转出")


def may_accept(transfer: Transfer, user: User) -> bool:
    """The ``ready`` that goes with ``of_target``."""
    return transfer.accepted_at is None and transfer.is_of_target(user) and not transfer.is_agreed_by(user)


def of_either(change: Change) -> None:
    """The guard of a refusal: one of the two sides."""
    if not is_of_either(change.matter, change.actor):
        raise Refused("由转出或转入的党组织办理。")


def is_of_either(transfer: Transfer, user: User) -> bool:
    """The ``ready`` that goes with ``of_either``."""
    return transfer.is_of_origin(user) or transfer.is_of_target(user)


def by_opener(change: Change) -> None:
    """The guard of taking it back."""
    if not is_opener(change.matter, change.actor):
        raise Refused("由提出转接的人撤回。")


def is_opener(transfer: Transfer, user: User) -> bool:
    """The ``ready`` that goes with ``by_opener``."""
    return transfer.placed_by_id == user.pk


def release(change: Change) -> None:
    """Let the member go; she moves once the target agrees too."""
    change.matter.released_at = change.now
    settle(change)


def accept(change: Change) -> None:
    """Take the member in; she moves once the origin agrees too."""
    change.matter.accepted_at = change.now
    settle(change)


def settle(change: Change) -> None:
    """Move the member when both have agreed."""
    transfer: Transfer = change.matter
    if transfer.released_at is None or transfer.accepted_at is None:
        return
    move_member(transfer.member, transfer.target, document=transfer.number)
    change.status = S.DONE


def remind(change: Change) -> None:
    """Remind the side that has not answered, once."""
    if change.matter.escalation:
        raise AlreadyDone
    change.matter.escalation = 1
    change.note = "已超过办理期限。"


TRANSFERS = Flow(
    Transfer,
    TransferStep,
    S.ASKED,
    [
        Action(
            "accept",
            "同意转入",
            ASKED,
            needs="decide",
            outcomes=ASKED | {S.DONE},
            guard=of_target,
            effect=accept,
            ready=may_accept,
            tell=("origin", "opener"),
            hint="同意以后，转出方也同意了，组织关系就转过来",
            news="转入方已同意",
        ),
        Action(
            "release",
            "同意转出",
            ASKED,
            needs="decide",
            outcomes=ASKED | {S.DONE},
            guard=of_origin,
            effect=release,
            ready=may_release,
            tell=("target", "opener"),
            hint="同意以后，转入方也同意了，组织关系就转过去",
            news="转出方已同意",
        ),
        Action(
            "refuse",
            "不同意",
            ASKED,
            S.REFUSED,
            needs="decide",
            guard=of_either,
            ready=is_of_either,
            reason=True,
            danger=True,
            tell=("origin", "target", "opener"),
            news="转接未获同意",
        ),
        Action(
            "withdraw",
            "撤回",
            ASKED,
            S.WITHDRAWN,
            needs="ask",
            guard=by_opener,
            ready=is_opener,
            reason=True,
            danger=True,
            tell=("origin", "target"),
            news="转接已撤回",
        ),
        Action(
            "remind",
            "超期提醒",
            ASKED,
            effect=remind,
            tell=("origin", "target", "opener"),
            news="转接超期未办，请尽快答复",
            system=True,
            hidden=True,
        ),
    ],
    final=frozenset({S.DONE, S.REFUSED, S.WITHDRAWN}),
)


@on_tick
def remind_late(now: datetime) -> int:
    """Write the reminders of transfers that nobody has answered in time; returns how many."""
    system, done = User.objects.system(), 0
    late = Transfer.objects.ongoing().filter(due_at__lte=now, escalation=0).order_by("pk")
    for key in list(late.values_list("pk", flat=True)[:500]):
        TRANSFERS.run(key, "remind", by=system)
        done += 1
    return done
