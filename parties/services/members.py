"""Keeping the roll: entering, mending and striking off members, putting them in groups, linking their accounts, asking for a
transfer."""

from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import Q

from governance import worktime
from governance.constraints import sentence
from governance.flow import Clock, NotYours, Refused
from governance.models import User
from governance.models.matters import Channel
from governance.permissions import look_again
from governance.roles import BY_PHONE
from parties.days import check_past
from parties.flow import CHECKINS, TRANSFERS
from parties.member_posts import is_kept_apart, settle_posts
from parties.models import DualRegistration, Member, Organisation, PartyOrgType, Transfer
from parties.models.transfers import decides_for
from parties.readers import hand_readings_over
from parties.roll import check_out_of_office
from parties.seating import give_post

#: Why a member's account has her post.
ON_THE_ROLL = "党员名册"
#: So many working days has each side to answer.
ANSWER_DAYS = 10


@transaction.atomic
def keep_member(member: Member, *, by: User) -> Member:
    """Save a member, new or mended. Returns her. Raises Refused at the field it concerns, OutOfReach, or ValidationError."""
    new = member.pk is None
    check_member(member)
    member.stand()
    member.full_clean(exclude=["grid", "units", "organisation", "group", "user"], validate_constraints=False)
    try:
        with transaction.atomic():
            member.save()
    except IntegrityError as error:
        raise Refused(sentence(error) or "与名册上的党员冲突，请检查。", "name") from error
    look_again(by, member, "add" if new else "change")
    for officer in member.duties.in_office().select_related("organisation", "member__user"):
        give_post(officer, by=by)
    settle_posts(member.user, by=by, reason=ON_THE_ROLL)
    return member


def check_member(member: Member) -> None:
    """Raise Refused, at the field it concerns, for what cannot be."""
    organisation = member.organisation
    if organisation.kind == PartyOrgType.GROUP:
        raise Refused("请选择党支部，再选其中的党小组。", "organisation")
    if not organisation.has_members:
        raise Refused("街道党工委没有自己的党员，请选择它下面的党组织。", "organisation")
    if organisation.is_ended:
        raise Refused("这个党组织已经撤销，请另选。", "organisation")
    if member.group_id and member.group.parent_id != organisation.pk:
        raise Refused("这个党小组不属于所选的党支部。", "group")
    if member.group_id and member.group.is_ended:
        raise Refused("这个党小组已经撤销，请另选。", "group")
    for name in ("joined_on", "full_on", "since"):
        day = getattr(member, name)
        if day is not None:
            check_past(day, name)
    if member.full_on and member.joined_on and member.full_on < member.joined_on:
        raise Refused("转正日期不能早于入党日期。", "full_on")
    if member.stage == Member.Stage.PROBATIONARY and member.full_on:
        raise Refused("预备党员还没有转正日期。转正了的，请把党员类别改成正式党员。", "full_on")


@transaction.atomic
def strike_off(member: Member, *, by: User, day: date, leaving: str, went_to: str = "") -> Member:
    """Take a member off the roll. Repeating it changes nothing. Raises NotYours, or Refused at the field it concerns."""
    member = Member.objects.select_related("organisation").select_for_update(of=("self",)).get(pk=member.pk)
    if not by.may("change", member):
        raise NotYours
    if member.left_on is not None:
        return member
    if leaving not in Member.Leaving.values:
        raise Refused("请选择离开的原因。", "leaving")
    if leaving == Member.Leaving.TRANSFERRED and not went_to.strip():
        raise Refused("请填写转到哪里。", "went_to")
    check_past(day, "day", since=member.since, what="转入日期")
    if leaving != Member.Leaving.DIED:
        check_out_of_office(member)
    if member.transfers.ongoing().exists():
        raise Refused("正在办组织关系转接，请先办完或撤回。")
    for officer in member.duties.in_office():
        officer.until = max(day, officer.since)
        officer.save(update_fields=["until"])
    member.hubs.filter(until=None).update(until=day)
    member.left_on, member.leaving, member.went_to = day, leaving, went_to.strip()
    # The account is the person's own and may join again elsewhere.
    member.save()
    if leaving != Member.Leaving.TRANSFERRED:
        # Who went elsewhere goes on serving where she lives; who is no member any more does not.
        end_registrations(member)
    settle_posts(member.user, by=by, reason=f"离开党员名册（{member.get_leaving_display()}）")
    hand_readings_over(member, member.user, by=by)
    return member


def end_registrations(member: Member) -> None:
    """End what a member registered with communities by herself."""
    rows = DualRegistration.objects.filter(
        applicant=member.user_id, kind=DualRegistration.Kind.MEMBER, closed_at=None
    )
    for key in list(rows.values_list("pk", flat=True)) if member.user_id else ():
        CHECKINS.run(key, "strike_off", by=User.objects.system())


@transaction.atomic
def link_account(member: Member, *, by: User, account: str) -> Member:
    """Say which account is a member's, by login name or verified phone. Whoever leads gets the post that goes with it.

    ``by`` decides about the member's organisation. Raises NotYours, or Refused at the field ``account``.
    """
    member = Member.objects.select_related("organisation__parent").select_for_update(of=("self",)).get(
        pk=member.pk
    )  # fmt: skip
    if not member.organisation.is_decided_by(by) or not by.may("change", member):
        raise NotYours
    text = account.strip()
    user = User.objects.filter(
        Q(username=text, is_staff=True) | Q(phone=text, phone_verified=True), is_active=True
    ).first()
    if user is None or user.name != member.name or not _is_for(user, by):
        # One sentence for all: it must not tell whether a phone or a name has an account.
        raise Refused(
            "没有可以关联的账号：姓名要和这名党员一致，岗位要在您的辖区里，管理员账号不能关联。请核对登录名或手机号。", "account"
        )  # fmt: skip
    former, member.user = member.user, user
    keep_member(member, by=by)
    if former is not None and former != user:
        settle_posts(former, by=by, reason="党员账号改为另一个")
        hand_readings_over(member, former, by=by)
    return member


def _is_for(user: User, by: User) -> bool:
    """Say whether ``by`` may call an account a member's, who may thereby get posts: no administrator's, and of the staff only who
    works where ``by`` decides. Somebody of another office would get them without a word of hers."""
    if is_kept_apart(user):
        return False
    reach = [post.code for post in by.posts_with("parties.change_organisation") if post.unit_id is None]
    works = [post.code for post in user.posts_in_force if post.role not in BY_PHONE]
    return by.is_superuser or all(code.startswith(tuple(reach)) for code in works)


def adopt(user: User) -> int:
    """Link a newly verified phone's owner to the member with that phone and name, and to what a desk registered for her, and give
    her the post that goes with it. Returns how many rows."""
    if not user.name or is_kept_apart(user):
        return 0
    named = Member.objects.on_roll().filter(user=None, phone=user.phone, name=user.name)
    registered = DualRegistration.objects.filter(
        applicant=None, kind=DualRegistration.Kind.MEMBER, applicant_phone=user.phone, applicant_name=user.name, closed_at=None
    )  # fmt: skip
    linked = 0
    if not Member.objects.on_roll().filter(user=user).exists() and named.count() == 1:
        linked += named.update(user=user)
    hers = DualRegistration.objects.filter(applicant=user, kind=DualRegistration.Kind.MEMBER, closed_at=None)
    if not hers.exists() and registered.count() == 1:
        linked += registered.update(applicant=user)
    if linked:
        settle_posts(user, by=None, reason=ON_THE_ROLL)
    return linked


@transaction.atomic
def ask_transfer(*, by: User, member: Member, target: Organisation, note: str = "") -> Transfer:
    """Ask for a member's transfer to another organisation of the district; whoever asks agrees for the sides that are hers.

    Returns the transfer. Raises NotYours, or Refused at the field it concerns.
    """
    member = Member.objects.select_related("organisation__grid").select_for_update(of=("self",)).get(
        pk=member.pk
    )  # fmt: skip
    origin = member.organisation
    if not by.may("view", member) or not by.may("ask", Transfer):
        raise NotYours
    if not (decides_for(by, origin) or decides_for(by, target)):
        raise NotYours
    if not member.is_on_roll:
        raise Refused("这名党员已不在名册上。", "member")
    if target.pk == origin.pk:
        raise Refused("已在这个党组织里，请选择另一个。", "target")
    if not target.has_members or target.is_ended:
        raise Refused("请选择一个在用的党支部、党总支或党委。", "target")
    if not by.may("choose", target) and not by.may("view", target):
        raise Refused("请选择本区的党组织。", "target")
    check_out_of_office(member)
    if member.transfers.ongoing().exists():
        raise Refused("这名党员的转接正在办理，办完或撤回以后才能再办。", "member")
    transfer = Transfer(
        grid_id=origin.grid_id,
        units=origin.units,
        to_grid_id=target.grid_id,
        to_units=target.units,
        member=member,
        origin=origin,
        target=target,
        description=note.strip(),
        channel=Channel.DESK,
        placed_by=by,
    )
    transfer.title = f"{transfer.subject}的组织关系转接"
    TRANSFERS.open_matter(
        transfer,
        by=by,
        label="提出转接",
        note=note.strip(),
        tell=("origin", "target"),
        clock=Clock(start=lambda change: worktime.add_days(change.now, ANSWER_DAYS)),
    )
    if transfer.is_of_origin(by):
        transfer = TRANSFERS.run(transfer, "release", by=by)
    elif transfer.is_of_target(by):
        transfer = TRANSFERS.run(transfer, "accept", by=by)
    return transfer
