"""The transition table of a showcase (晒单): submitted, reviewed, shown, withdrawn."""

from governance.flow import Action, Change, Clock, Flow, Refused, by_another, is_anothers, within_work
from governance.territory import GridLevel
from volunteers.models import Showcase, ShowcaseStep
from volunteers.models.showcases import ShowcaseStatus

S = ShowcaseStatus
REVIEW_CLOCK = within_work(lambda: 15)


def publish(change: Change) -> None:
    """Put it on the wall of the community; the street's and the district's walls show their communities'."""
    change.matter.published_to = change.matter.grid_id[: GridLevel.COMMUNITY]


def revise(change: Change) -> None:
    """Apply the author's corrections."""
    for field in ("title", "description", "consent", "consent_at", "signature"):
        if field in change.data:
            setattr(change.matter, field, change.data[field])
    if not change.matter.description.strip():
        raise Refused("请写下服务的经过。", "description")


def unpublish(change: Change) -> None:
    change.matter.published_to = ""


SHOWCASES = Flow(
    Showcase,
    ShowcaseStep,
    S.SUBMITTED,
    [
        Action(
            "approve",
            "通过展示",
            frozenset({S.SUBMITTED}),
            S.PUBLISHED,
            needs="review",
            guard=by_another,
            ready=is_anothers,
            effect=publish,
            clock=Clock(stop=True),
            tell=("applicant",),
        ),
        Action(
            "return_back",
            "退回修改",
            frozenset({S.SUBMITTED}),
            S.RETURNED,
            needs="review",
            reason=True,
            clock=Clock(stop=True),
            tell=("applicant",),
        ),
        Action(
            "revise",
            "修改后提交",
            frozenset({S.RETURNED, S.SUBMITTED}),
            S.SUBMITTED,
            effect=revise,
            clock=REVIEW_CLOCK,
            tell=("reviewers",),
        ),
        Action(
            "withdraw",
            "撤下",
            frozenset({S.PUBLISHED}),
            S.WITHDRAWN,
            needs="review",
            reason=True,
            effect=unpublish,
            tell=("applicant",),
            danger=True,
        ),
        Action(
            "retract",
            "撤回",
            frozenset({S.SUBMITTED, S.RETURNED, S.PUBLISHED}),
            S.WITHDRAWN,
            effect=unpublish,
            tell=("reviewers",),
            danger=True,
        ),
    ],
    final=frozenset({S.PUBLISHED, S.WITHDRAWN}),
)
