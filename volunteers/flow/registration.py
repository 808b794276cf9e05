"""The transition table of a volunteer's registration: applied, approved, suspended, left."""

from governance.appointments import appoint, dismiss
from governance.flow import Action, Change, Clock, Flow, Refused, by_another, is_anothers, within_work
from governance.models import Post
from governance.territory import GridLevel
from volunteers.models import Volunteer, VolunteerStep
from volunteers.models.people import VolunteerStatus

S = VolunteerStatus
REVIEW_CLOCK = within_work(lambda: 15)


def may_serve(change: Change) -> None:
    """Decided by someone else; under 18 only with the guardian's recorded consent."""
    by_another(change)
    volunteer: Volunteer = change.matter
    if volunteer.age_on() < 18 and volunteer.guardian_consent_at is None:
        raise Refused("未满 18 周岁须有监护人同意的记录，请先补录监护人姓名、电话和同意时间。")


def begin(change: Change) -> None:
    """Give the volunteer her post, by which she reaches the orders open to her community."""
    volunteer: Volunteer = change.matter
    home = volunteer.grid_id[: GridLevel.COMMUNITY]
    if not Post.objects.in_force().filter(user=volunteer.applicant, role="volunteer", grid=home).exists():
        appoint(
            volunteer.applicant, "volunteer", home, by=change.actor, note=f"志愿者登记 {volunteer.number}"
        )


def end(change: Change) -> None:
    """End the post."""
    if change.matter.claims.filter(status="held").exists():
        raise Refused("还有已接未服务的单，请先退出或完成。")
    for post in Post.objects.in_force().filter(user=change.matter.applicant, role="volunteer"):
        dismiss(post, by=change.actor, reason=change.note)


REGISTRATION = Flow(
    Volunteer,
    VolunteerStep,
    S.APPLIED,
    [
        Action(
            "approve",
            "通过",
            frozenset({S.APPLIED}),
            S.ACTIVE,
            guard=may_serve,
            ready=is_anothers,
            effect=begin,
            clock=Clock(stop=True),
            tell=("applicant",),
        ),
        Action(
            "refuse",
            "不通过",
            frozenset({S.APPLIED}),
            S.REFUSED,
            needs="approve",
            reason=True,
            tell=("applicant",),
            danger=True,
        ),
        Action(
            "suspend",
            "暂停服务",
            frozenset({S.ACTIVE}),
            S.SUSPENDED,
            reason=True,
            effect=end,
            tell=("applicant",),
            danger=True,
        ),
        Action(
            "restore",
            "恢复服务",
            frozenset({S.SUSPENDED}),
            S.ACTIVE,
            needs="suspend",
            guard=may_serve,
            ready=is_anothers,
            effect=begin,
            clock=Clock(stop=True),
            tell=("applicant",),
        ),
        Action(
            "leave",
            "退出志愿者",
            frozenset({S.APPLIED, S.ACTIVE, S.SUSPENDED}),
            S.LEFT,
            effect=end,
            tell=("approvers",),
            danger=True,
        ),
    ],
    final=frozenset({S.REFUSED, S.LEFT}),
)
