"""Those to whom a disclosure for certain people is open: the accounts of the members whom it names, as long as they are on the roll.
Used by services; asks no permission."""

from governance import sharing
from governance.models import User
from parties.models import Disclosure, DisclosureStatus, Member, Scope


def hand_readings_over(member: Member, former: User | None, *, by: User) -> None:
    """After a member left the roll or got another account: close what names her to ``former``, and open it to the account that she
    has now where she is on the roll."""
    named = Disclosure.objects.filter(
        status=DisclosureStatus.PUBLISHED, scope=Scope.CERTAIN, readers=member
    ).order_by("pk")  # fmt: skip
    for disclosure in named:
        if former is not None:
            sharing.unshare(disclosure, former, by=by)
        if member.is_on_roll and member.user is not None:
            sharing.share(disclosure, member.user, ["view"], by=by, reason=f"党务公开 {disclosure.number}")
