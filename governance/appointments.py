"""The verbs of posts: appoint, end and dismiss. Each is a line in the access log."""

from collections.abc import Callable
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from governance import audit, masks
from governance.constraints import sentence
from governance.models import AccessEvent, Post, Role, Unit, User
from governance.permissions import look_again
from governance.roles import BY_PHONE
from governance.territory import level_of

#: Is told, in the same transaction, that a post was ended by hand: (post, by whom, why). It must bear being told twice.
Follower = Callable[[Post, User | None, str], None]
_followers: list[Follower] = []


def following(follower: Follower) -> None:
    """Let an app that keeps something beside posts follow as one is ended; repeating it adds nothing."""
    if follower not in _followers:
        _followers.append(follower)


def check_place(role: Role, code: str, unit: Unit | None) -> None:
    """Check that a role can be held at this grid, with or without a unit.

    Raises ValidationError with the field it concerns.
    """
    if role.levels and int(level_of(code)) not in role.levels:
        raise ValidationError({"grid": f"“{role.name}”不能设在{level_of(code).label}。"})
    if role.needs_unit and unit is None:
        raise ValidationError({"unit": f"“{role.name}”须选择所属单位。"})


def check_person(user: User, role: Role) -> None:
    """Check that a person's way of signing in is good enough for a role: a text message is no key to the desk.

    Raises ValidationError at the field ``user``.
    """
    if not user.is_staff and role.pk not in BY_PHONE:
        raise ValidationError({"user": f"“{role.name}”须由工作人员账号担任，这个账号凭短信验证码登录。"})


@transaction.atomic
def appoint(
    user: User,
    role: str,
    code: str,
    *,
    by: User | None,
    unit: Unit | None = None,
    since: date | None = None,
    until: date | None = None,
    note: str = "",
    within_reach: bool = False,
) -> Post:
    """Give a person a post. ``by`` None: the installation itself. Returns the post.

    ``within_reach``: also check that ``by`` may appoint there. Raises ValidationError (level, unit, term, separation of
    the three administrators) or OutOfReach.
    """
    held = Role.objects.get(key=role)
    check_place(held, code, unit)
    check_person(user, held)
    post = Post(
        user=user,
        role=held,
        grid_id=code,
        unit=unit,
        valid_from=since or timezone.localdate(),
        valid_until=until,
        note=note,
        appointed_by=by,
    )
    post.clean_fields()
    try:
        with transaction.atomic():
            post.save(force_insert=True)
    except IntegrityError as error:
        raise ValidationError(sentence(error) or "这个岗位与已有的岗位冲突。") from error
    if within_reach:
        look_again(by, post, "add")
    user.__dict__.pop("posts_in_force", None)
    audit.record(AccessEvent.Kind.APPOINT, by, in_words(post), obj=post, reason=note)
    return post


@transaction.atomic
def dismiss(post: Post, *, by: User | None, reason: str = "") -> Post:
    """End a post as of yesterday, so that it reaches nothing from now on. A post that began today ends today's term by
    being dated back to one day, the last on which no such post of the person began. Repeating it changes nothing."""
    yesterday = timezone.localdate() - timedelta(days=1)
    if post.valid_until is not None and post.valid_until <= yesterday:
        return post
    if post.valid_from <= yesterday:
        post.valid_until = yesterday
    else:
        same = Post.objects.filter(user=post.user_id, role=post.role_id, grid=post.grid_id, unit=post.unit_id)
        begun, day = set(same.values_list("valid_from", flat=True)), yesterday
        while day in begun:
            day -= timedelta(days=1)
        post.valid_from = post.valid_until = day
    return _ended(post, by, reason)


@transaction.atomic
def end(post: Post, *, by: User | None, day: date | None = None, reason: str = "") -> Post:
    """End a post with a day (today when None), which still counts; with one that is over, as ``dismiss`` does. Never later than it
    would have ended anyway. Repeating it changes nothing."""
    day = day or timezone.localdate()
    if day < timezone.localdate() or day < post.valid_from:
        return dismiss(post, by=by, reason=reason)
    if post.valid_until is not None and post.valid_until <= day:
        return post
    post.valid_until = day
    return _ended(post, by, reason)


def _ended(post: Post, by: User | None, reason: str) -> Post:
    post.save(update_fields=["valid_from", "valid_until"])
    audit.record(AccessEvent.Kind.DISMISS, by, in_words(post), obj=post, reason=reason)
    for follower in _followers:
        follower(post, by, reason)
    return post


def in_words(post: Post) -> str:
    """Return a post for the access log: whose, which role, where; residents and volunteers by their masked names."""
    return f"{masks.person(post.user)}：{post}（{post.grid_id}）"[:200]
