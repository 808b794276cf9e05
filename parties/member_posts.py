"""The post ``party_member``, by which a member reaches the small wishes of a community: at the community where her organisation stands, and at
the one where she registered as living. Used by services and flows; asks no permission."""

from governance.appointments import appoint, dismiss
from governance.models import Post, User
from governance.models.people import SEPARATED_ROLES
from governance.territory import GridLevel
from parties.models import DualRegistration, Member, RegistrationStatus

ROLE = "party_member"


def is_kept_apart(user: User) -> bool:
    """Say whether an account is one of the three administrators' or a superuser's, which have nothing to do with the work."""
    return user.is_superuser or user.holds(*SEPARATED_ROLES)


def communities_of(user: User) -> set[str]:
    """Return the communities at which an account is a member's."""
    stands = Member.objects.on_roll().filter(user=user).values_list("grid", flat=True)
    lives = DualRegistration.objects.filter(
        applicant=user, kind=DualRegistration.Kind.MEMBER, status=RegistrationStatus.ACCEPTED
    ).values_list("grid", flat=True)
    codes = {*stands, *lives}
    return {code[: GridLevel.COMMUNITY] for code in codes if len(code) >= GridLevel.COMMUNITY}


def settle_posts(user: User | None, *, by: User | None, reason: str = "") -> None:
    """Appoint an account where its owner is a member and dismiss it where she is not any more. Repeating it changes nothing."""
    if user is None:
        return
    wanted = communities_of(user) if user.is_active and not is_kept_apart(user) else set()
    held = list(Post.objects.in_force().filter(user=user, role=ROLE))
    for post in held:
        if post.grid_id not in wanted:
            dismiss(post, by=by, reason=reason[:200])
    for code in sorted(wanted - {post.grid_id for post in held}):
        appoint(user, ROLE, code, by=by, note=reason[:200])
    user.__dict__.pop("posts_in_force", None)
