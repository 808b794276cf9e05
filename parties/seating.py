"""Writing duties down, and the posts that go with them: who leads a branch or a group, and has an account, gets the post by which she
reaches it; the post ends with the duty. Used by services and flows; asks no permission."""

from datetime import date, timedelta

from django.db import IntegrityError, transaction

from governance.appointments import appoint, dismiss
from governance.constraints import sentence
from governance.flow import Refused
from governance.models import Post, User
from governance.roles import BY_PHONE
from parties.member_posts import is_kept_apart
from parties.models import Member, Officer, Organisation, PartyOrgType

D = Officer.Duty
#: The post that leading an organisation of a kind brings. Who leads a committee of a community or a street is appointed there.
POSTS = {
    PartyOrgType.GENERAL_BRANCH: "party_branch_secretary",
    PartyOrgType.BRANCH: "party_branch_secretary",
    PartyOrgType.GROUP: "party_group_leader",
}


def seat(
    *,
    by: User,
    organisation: Organisation,
    member: Member,
    duty: str,
    since: date,
    until: date | None = None,
    committee_duty: str = "",
    document: str = "",
) -> Officer:
    """Write a duty down and give the post that goes with it. Asks no permission. Raises Refused at the field it concerns."""
    check_duty(organisation, member, duty)
    if until is not None and until < since:
        raise Refused("任职截止日期不能早于开始日期。", "until")
    officer = Officer(
        organisation=organisation, member=member, duty=duty, since=since, until=until,
        committee_duty=committee_duty, document=document.strip(),
    )  # fmt: skip
    officer.stand()
    officer.clean_fields(exclude=["units"])
    try:
        with transaction.atomic():
            officer.save()
    except IntegrityError as error:
        raise Refused(sentence(error) or "与已有的任职冲突。", "duty") from error
    give_post(officer, by=by)
    return officer


def check_duty(organisation: Organisation, member: Member, duty: str) -> None:
    """Raise Refused for a duty that this kind has not, or a member who is not the organisation's."""
    is_group = organisation.kind == PartyOrgType.GROUP
    if is_group != (duty == D.LEADER):
        raise Refused(
            "党小组只设组长。" if is_group else "组长是党小组的，请选择书记、副书记或委员。", "duty"
        )
    if not member.is_on_roll:
        raise Refused("这名党员已不在名册上。", "member")
    if is_group and member.group_id != organisation.pk:
        raise Refused("组长要是本党小组的党员，请先把她编入这个党小组。", "member")
    if organisation.kind in (PartyOrgType.BRANCH, PartyOrgType.GENERAL_BRANCH) and (
        organisation.unit_id not in member.units
    ):
        raise Refused("要是本党组织的党员，请先办组织关系转接。", "member")
    if duty == D.SECRETARY and member.stage != Member.Stage.FULL:
        raise Refused("书记要由正式党员担任。", "member")


def give_post(officer: Officer, *, by: User | None) -> Post | None:
    """Give the leader of a branch or group who has an account the post that goes with it; harmless when she has it. Returns it."""
    role = POSTS.get(PartyOrgType(officer.organisation.kind))
    user = officer.member.user
    if (
        role is None
        or not officer.is_head
        or not officer.is_in_office
        or officer.post_id is not None
        or user is None
        or not (user.is_staff or role in BY_PHONE)
        or is_kept_apart(user)
    ):
        return officer.post
    officer.post = appoint(
        user, role, officer.organisation.grid_id, by=by, unit=officer.organisation.unit, note=f"{officer}"[:200]
    )  # fmt: skip
    officer.save(update_fields=["post"])
    return officer.post


def unseat(officer: Officer, *, by: User, before: date, reason: str = "") -> None:
    """End a duty with the day before another begins, as an election does. Asks no permission."""
    officer.until = max(officer.since, before - timedelta(days=1))
    officer.save(update_fields=["until"])
    if officer.post_id is not None:
        dismiss(officer.post, by=by, reason=reason)
