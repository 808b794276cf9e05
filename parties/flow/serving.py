"""The transition table of a registration with a community (双报到): applied, accepted or returned, ended."""

from datetime import datetime

from governance import parameters
from governance.deadlines import climb_all, escalate_action
from governance.flow import (
    STOP,
    Action,
    Change,
    Flow,
    Refused,
    by_another,
    is_anothers,
    on_tick,
    within_work,
)
from parties.member_posts import settle_posts
from parties.models import DualRegistration, DualRegistrationStep, RegistrationStatus

S = RegistrationStatus
OPEN = frozenset({S.APPLIED, S.RETURNED})
ACCEPT_CLOCK = within_work(lambda: parameters.value("checkin.accept_within"))


def settle(change: Change) -> None:
    """Give or take the member's post, once the new state is saved."""
    if change.matter.kind == DualRegistration.Kind.MEMBER:
        change.after.append(
            lambda done: settle_posts(done.matter.applicant, by=done.actor, reason=done.matter.number)
        )


def amend(change: Change) -> None:
    """Take in what the applicant corrected. Raises Refused at the field it concerns."""
    for name, words in (("employer", "单位"), ("affiliation", "所在党组织")):
        if name in change.data:
            if not str(change.data[name]).strip():
                raise Refused(f"请填写{words}。", name)
            setattr(change.matter, name, str(change.data[name]).strip())
    if "offers" in change.data:
        change.matter.offers = str(change.data["offers"]).strip()


CHECKINS = Flow(
    DualRegistration,
    DualRegistrationStep,
    S.APPLIED,
    [
        Action(
            "accept",
            "接收报到",
            frozenset({S.APPLIED}),
            S.ACCEPTED,
            guard=by_another,
            ready=is_anothers,
            effect=settle,
            clock=STOP,
            tell=("applicant",),
            hint="核对姓名和所在党组织；在职党员接收以后，能看到本社区的微心愿",
            news="社区已接收报到",
        ),
        Action(
            "return_back",
            "退回补充",
            frozenset({S.APPLIED}),
            S.RETURNED,
            needs="accept",
            reason=True,
            clock=STOP,
            tell=("applicant",),
            news="请补充后再提交",
        ),
        Action(
            "amend",
            "补充提交",
            OPEN,
            S.APPLIED,
            effect=amend,
            clock=ACCEPT_CLOCK,
            tell=("receivers",),
            news="报到人作了补充",
        ),
        Action("withdraw", "撤回", OPEN, S.WITHDRAWN, needs="leave", danger=True, tell=("receivers",)),
        Action(
            "leave",
            "结束报到",
            frozenset({S.ACCEPTED}),
            S.ENDED,
            effect=settle,
            danger=True,
            tell=("receivers",),
            hint="搬家或者不再参加的",
            news="报到人结束了报到",
        ),
        Action(
            "end",
            "结束报到",
            frozenset({S.APPLIED, S.RETURNED, S.ACCEPTED}),
            S.ENDED,
            needs="accept",
            effect=settle,
            reason=True,
            danger=True,
            tell=("applicant",),
            news="社区结束了报到",
        ),
        Action(
            "strike_off",
            "随名册结束",
            frozenset({S.APPLIED, S.RETURNED, S.ACCEPTED}),
            S.ENDED,
            effect=settle,
            tell=("receivers",),
            news="报到已结束",
            system=True,
            hidden=True,
        ),
        escalate_action(frozenset({S.APPLIED}), "parties.accept_dualregistration"),
    ],
    final=frozenset({S.WITHDRAWN, S.ENDED}),
)


@on_tick
def climb_checkins(now: datetime) -> int:
    """Tell the next level about registrations that nobody has answered in time."""
    return climb_all(CHECKINS, now)
