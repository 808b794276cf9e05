"""Keeping the register of who works in a grid. A grid worker with an account gets her post with her line and loses it with its end."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from simple_history.utils import bulk_create_with_history

from governance import appointments
from governance.constraints import sentence
from governance.flow import NotYours, Refused, on_tick
from governance.models import Post, User
from governance.models.people import SEPARATED_ROLES
from governance.permissions import look_again, permission
from governance.roles import BY_PHONE
from governance.territory import GridLevel
from grids.models import Entrance, Handover, TeamMember
from grids.models.team import AT_BASE, ROLE
from grids.services.handovers import check_taker, give_waiting, open_handover, pass_on
from grids.services.territory import BATCH

#: A service begins and ends so far ahead at most.
AHEAD = timedelta(days=366)
EARLIEST = date(1980, 1, 1)
#: A term that ended longer ago than this was over before the register was kept.
LATELY = timedelta(days=7)
_REASON_LENGTH = 100  # the history's column


# --- entering and mending --------------------------------------------------------------------------------------------
@transaction.atomic
def enrol(
    member: TeamMember, *, by: User, account: str = "", entrances: Iterable[Entrance] = ()
) -> TeamMember:
    """Enter somebody in a grid's team. ``account``: the login name of her account, empty for none.

    A grid worker with an account gets the post, and what waits in the grid to be taken over. Raises Refused at the field it
    concerns, ValidationError or OutOfReach.
    """
    _save(member, by=by, entrances=entrances)
    look_again(by, member, "add")
    if account.strip():
        _link(member, account, by=by)
    if member.is_worker:
        give_waiting(member)
    return member


@transaction.atomic
def amend(
    member: TeamMember, *, by: User, account: str = "", entrances: Iterable[Entrance] | None = None
) -> TeamMember:
    """Mend the line of somebody who is there. ``account``: the login name of one that she has not yet, empty for none.

    Nobody becomes or ceases to be a grid worker by it. Raises Refused at the field it concerns, ValidationError or OutOfReach.
    """
    stored = TeamMember.objects.select_for_update(of=("self",)).get(pk=member.pk)
    if stored.until is not None and stored.until < timezone.localdate():
        raise Refused("已离任，不能再修改。")
    if stored.is_worker != member.is_worker:
        raise Refused("网格员换成别的类别、别的换成网格员，请先办离任，再重新登记。", "kind")
    if stored.post_id is not None and stored.since != member.since:
        raise Refused("有岗位的，任职起不能修改。", "since")
    # What others may have changed meanwhile is theirs.
    member.until, member.user_id, member.post_id = stored.until, stored.user_id, stored.post_id
    _save(member, by=by, entrances=entrances)
    look_again(by, member, "change")
    if account.strip():
        if member.user_id is not None:
            raise Refused("已有账号，不能换成另一个。换了人的，请办“换人接替”。", "account")
        _link(member, account, by=by)
    return member


def _save(member: TeamMember, *, by: User, entrances: Iterable[Entrance] | None, reason: str = "") -> None:
    """Check a line and save it, with its history. Raises Refused at the field it concerns."""
    today, level = timezone.localdate(), member.grid.grid_level
    if member.grid.is_retired or level < GridLevel.COMMUNITY:
        raise Refused("请选择在用的社区或基础网格。", "grid")
    if member.kind in AT_BASE and level is not GridLevel.BASE:
        raise Refused(f"{member.get_kind_display()}要登记在基础网格。", "grid")
    if not EARLIEST <= member.since <= today + AHEAD:
        raise Refused("请核对任职起，最晚登记一年以后的。", "since")
    if member.consented_on is not None and member.consented_on > today:
        raise Refused("同意公示的日期不能晚于今天。", "consented_on")
    doors = list(entrances) if entrances is not None else None
    if doors and member.kind != TeamMember.Kind.MICRO:
        raise Refused("只有微网格员填写负责的楼门。", "entrances")
    if doors and any(door.grid_id != member.grid_id for door in doors):
        raise Refused("请选择这个网格里的楼门。", "entrances")
    _check_phone(member)
    member.full_clean(exclude=["grid", "user", "post"], validate_constraints=False)
    member._history_user, member._change_reason = by, reason[:_REASON_LENGTH]
    try:
        with transaction.atomic():
            member.save()
            if doors is not None:
                member.entrances.set(doors)
    except IntegrityError as error:
        raise Refused(sentence(error) or "与已登记的人冲突，请检查。", "name") from error


def _check_phone(member: TeamMember) -> None:
    """Refuse the number by which her own account is reached: what is posted at a door is a work phone."""
    digits = "".join(sign for sign in member.phone if sign.isdigit())
    if digits and member.user_id is not None and digits.endswith(member.user.phone or "-"):
        raise Refused("这是她账号的个人手机号，会公示的请填工作电话，或留空用网格的公开电话。", "phone")


# --- accounts and posts ----------------------------------------------------------------------------------------------
def _link(member: TeamMember, account: str, *, by: User) -> None:
    """Say which account is hers, and give a grid worker her post. Raises Refused at ``account``."""
    user = User.objects.filter(username=account.strip(), is_staff=True, is_active=True).first()
    if user is not None and user.pk == by.pk and member.is_worker:
        raise Refused("不能给自己任命网格员岗位，请由同事办理。", "account")
    if user is None or user.name != member.name or not _is_for(user, by):
        # One sentence for all: it must not tell whether a name has an account.
        raise Refused(
            "没有可以关联的账号：要是工作人员账号，姓名和登记的一致，岗位都在您的辖区里；管理员账号不能关联。请核对登录名。",
            "account",
        )
    member.user = user
    _check_phone(member)
    give_post(member, by=by)
    try:
        with transaction.atomic():
            member.save()
    except IntegrityError as error:
        raise Refused(sentence(error) or "这个账号已关联。", "account") from error


def _is_for(user: User, by: User) -> bool:
    """Say whether ``by`` may call an account somebody's of her grids, who may thereby get a post: no administrator's, and only one that
    works, or is to work, where she keeps the register, or nowhere yet."""
    posts = Post.objects.filter(user=user).filter(
        Q(valid_until=None) | Q(valid_until__gte=timezone.localdate())
    )
    if user.may_elevate or posts.filter(role__in=SEPARATED_ROLES).exists():
        return False
    needed = permission(TeamMember, "change")
    reach = tuple(p.code for p in by.posts_with(needed) if p.unit_id is None)
    works = posts.exclude(role__in=BY_PHONE).values_list("grid", flat=True)
    return by.is_superuser or all(code.startswith(reach) for code in works)


def give_post(member: TeamMember, *, by: User | None) -> None:
    """Give a grid worker with an account the post of one, or call hers the one that she holds there. The caller saves the line."""
    if not member.is_worker or member.user is None or member.post_id is not None:
        return
    today = timezone.localdate()
    held = Post.objects.filter(user=member.user, role=ROLE, grid=member.grid_id, unit=None)
    held = held.filter(Q(valid_until=None) | Q(valid_until__gte=today))
    post = (
        held.exclude(pk__in=TeamMember.objects.exclude(post=None).values("post"))
        .order_by("valid_from")
        .first()
    )
    if post is None:
        try:
            post = appointments.appoint(
                member.user, ROLE, member.grid_id, by=by, since=max(member.since, today), until=member.until, note="网格队伍登记"
            )  # fmt: skip
        except ValidationError as refusal:
            raise Refused("".join(refusal.messages), "account") from refusal
    elif post.valid_until is not None:
        member.until = min(member.until or post.valid_until, post.valid_until)
    member.post = post


@transaction.atomic
def enrol_holders(
    posts: Iterable[Post], *, by: User | None, kind: Callable[[Post], str] = lambda post: TeamMember.Kind.FULL_TIME
) -> int:  # fmt: skip
    """Enter the holders of grid workers' posts who are in no team yet, at once; ``kind`` says full-time or part-time. Returns how many.

    Asks no permission.
    """
    posts = [post for post in posts if post.role_id == ROLE and post.unit_id is None and post.user.name]
    there = TeamMember.objects.filter(grid__in={post.grid_id for post in posts})
    linked = set(there.exclude(post=None).values_list("post", flat=True))
    staying = there.filter(until=None)
    accounts = set(staying.values_list("grid", "user"))
    names = set(staying.filter(phone="").values_list("grid", "kind", "name"))
    made = []
    for post in posts:
        line = TeamMember(
            grid_id=post.grid_id, kind=kind(post), name=post.user.name, user=post.user, post=post,
            since=post.valid_from, until=post.valid_until,
        )  # fmt: skip
        account, name = (line.grid_id, line.user_id), (line.grid_id, line.kind, line.name)
        if post.pk in linked or account in accounts or name in names:
            continue
        if line.until is None:
            accounts.add(account)
            names.add(name)
        made.append(line)
    bulk_create_with_history(
        made, TeamMember, batch_size=BATCH, default_user=by, default_change_reason="按岗位登记"
    )
    return len(made)


def unenrolled(posts):
    """Return those of the posts in force of grid workers that no line of a team names."""
    rows = posts.in_force().filter(role=ROLE, unit=None).exclude(user__name="")
    return rows.exclude(pk__in=TeamMember.objects.exclude(post=None).values("post"))


# --- ending ------------------------------------------------------------------------------------------------------------
@transaction.atomic
def end_service(
    member: TeamMember, *, by: User, day: date, reason: str, taking: TeamMember | None = None
) -> Handover | None:
    """End somebody's service with a day, which still counts, and with it her post. Of a grid worker with an account, what is open is
    listed to be handed over, to ``taking`` or to whoever comes. Returns the hand-over.

    Raises NotYours, or Refused at the field it concerns.
    """
    member = _locked(member)
    if not by.may("change", member):
        raise NotYours
    _check_open(member, day)
    if len(reason.strip()) < 2:
        raise Refused("请写明原因。", "reason")
    if not member.since <= day <= timezone.localdate() + AHEAD:
        raise Refused("最后一天要在任职起以后、一年以内。", "day")
    if taking is not None:
        check_taker(member, taking)
    return _end(member, by=by, day=day, reason=reason.strip(), taking=taking)


@transaction.atomic
def replace(
    member: TeamMember, successor: TeamMember, *, by: User, reason: str, account: str = ""
) -> TeamMember:
    """Let another person take a grid worker's place from ``successor.since`` on; the day before is the first one's last. Returns the
    successor's line. Raises NotYours, or Refused at the field it concerns."""
    member = _locked(member)
    if not member.is_worker or not by.may("change", member):
        raise NotYours
    if not EARLIEST <= successor.since <= timezone.localdate() + AHEAD:
        raise Refused("请核对从哪天起接替，最晚登记一年以后的。", "since")
    day = successor.since - timedelta(days=1)
    _check_open(member, day, field="since")
    if day < member.since:
        raise Refused("接替要从她任职以后的日子开始。", "since")
    if successor.kind not in (TeamMember.Kind.FULL_TIME, TeamMember.Kind.PART_TIME):
        raise Refused("接替网格员的要是专职或兼职网格员。", "kind")
    successor.grid = member.grid
    handover = _end(member, by=by, day=day, reason=reason.strip() or "换人接替")
    enrol(successor, by=by, account=account)
    if successor.user_id is not None and successor.user_id == member.user_id:
        raise Refused("接替的和原来的是同一个人。", "account")
    if handover is not None:
        handover.refresh_from_db()
        if handover.taking_id is None:
            handover.taking = successor
            handover.save(update_fields=["taking"])
    return successor


def _locked(member: TeamMember) -> TeamMember:
    # Whoever ends a post has its row before the line's, so the post comes first here too.
    list(
        Post.objects.filter(pk__in=TeamMember.objects.filter(pk=member.pk).values("post")).select_for_update()
    )
    rows = TeamMember.objects.select_related("grid", "user", "post").select_for_update(of=("self",))
    return rows.get(pk=member.pk)


def _check_open(member: TeamMember, day: date, field: str | None = None) -> None:
    """Raise Refused where the end is known already; of a line whose post has a term, until it has come."""
    if Handover.objects.filter(leaving=member).exists() or (member.until is not None and member.until <= day):
        raise Refused(f"已登记离任，最后一天是 {date_format(member.until)}。", field)


def _end(
    member: TeamMember, *, by: User | None, day: date, reason: str, taking: TeamMember | None = None
) -> Handover | None:
    member.until = day
    member._history_user, member._change_reason = by, f"离任：{reason}"[:_REASON_LENGTH]
    member.save(update_fields=["until"])
    handover = None
    if member.is_worker and member.user_id is not None:
        handover = open_handover(member, by=by, day=day, note=reason, taking=taking)
        if day < timezone.localdate():
            pass_on(member, taking)
    if member.post_id is not None:
        appointments.end(member.post, by=by, day=day, reason=reason[:200])
    return handover


@on_tick
def hand_over_at_term(now: datetime) -> int:
    """Make the hand-over of a worker whose term ended without anybody ending it. Returns how many."""
    today, made = timezone.localdate(now), 0
    over = TeamMember.objects.workers().filter(until__lt=today, until__gte=today - LATELY, handover=None)
    for key in list(over.exclude(user=None).values_list("pk", flat=True)[:200]):
        with transaction.atomic():
            member = _locked(TeamMember(pk=key))
            if not Handover.objects.filter(leaving=member).exists():
                open_handover(member, by=None, day=member.until, note="任期届满")
                pass_on(member, None)
                made += 1
    return made


def follow_post(post: Post, by: User | None, reason: str) -> None:
    """End the service whose post was ended at the desk of posts. Told of one that ends with its service, it does nothing."""
    if post.role_id != ROLE:
        return
    member = (
        TeamMember.objects.select_related("grid", "user", "post")
        .select_for_update(of=("self",))
        .filter(post=post)
        .first()
    )
    today = timezone.localdate()
    if member is None or (
        member.until is not None and member.until <= max(post.valid_until, today - timedelta(days=1))
    ):
        return
    day = max(member.since, post.valid_until)
    made = Handover.objects.filter(leaving=member).first()
    if made is None:
        _end(member, by=by, day=day, reason=reason or "岗位已免去")
        return
    member.until = made.day = day
    member.save(update_fields=["until"])
    made.save(update_fields=["day"])
