"""Writing down what was talked over, and issuing and withdrawing a month's bulletin."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from governance import notices
from governance.flow import NotYours, next_in_series
from governance.models import Post, User
from governance.territory import COLUMN, level_of
from mediation.models import Bulletin, Centre, Review, Rhythm
from mediation.models.rhythm import month_of, ready_figures
from mediation.reports.rhythm import TOLD, figures, in_words

ALREADY = "已经记录，请在原记录上修改。"
ISSUED = "这个月的通报已经签发。内容有误的，先撤回再重新签发。"


def own_centres(user: User, action: str) -> Any:
    """Return the centres in use where the person has a post of the place itself that carries ``action``, such as ``add_review``."""
    codes = {post.code for post in user.posts_with(f"mediation.{action}") if post.unit_id is None}
    return Centre.objects.restrict(user).filter(grid__in=sorted(codes), is_active=True)


@transaction.atomic
def hold_review(centre: Centre, rhythm: Rhythm, on: date, *, by: User, attendees: str, points: str) -> Review:
    """Write down a day's or week's review, with the numbers as they are now. Returns it.

    Raises NotYours where the centre is none of the person's own, ValidationError at ``on``.
    """
    if not own_centres(by, "add_review").filter(pk=centre.pk).exists():
        raise NotYours
    if on > timezone.localdate():
        raise ValidationError({"on": "还没到这一天，请填写今天或以前的日期。"})
    period = rhythm.period(on)
    if Review.objects.filter(centre=centre, rhythm=rhythm, since=period.since).exists():
        raise ValidationError({"on": f"{period}的{rhythm.label}{ALREADY}"})
    found = figures(by, period, centre.grid_id)
    return Review.objects.create(
        centre=centre,
        grid_id=centre.grid_id,
        rhythm=rhythm,
        since=period.since,
        until=period.until,
        attendees=attendees,
        points=points,
        held_by=by,
        figures={"total": _told(found.total), "before": _told(found.before)},
    )


def opening(by: User, centre: Centre, month: date) -> str:
    """Return the first sentences of a month's bulletin, made of its numbers."""
    found = figures(by, month_of(month), centre.grid_id)
    ranked = sorted(found.categories, key=lambda line: -line.values["accepted"])
    return in_words(
        found.total.values, found.before.values, [(line.name, line.values["accepted"]) for line in ranked]
    )


@transaction.atomic
def issue(centre: Centre, month: date, *, by: User, situation: str, demands: str) -> Bulletin:
    """Issue the bulletin of a month that has ended, numbered within the year without gaps, and tell those it is addressed to.

    Raises NotYours, ValidationError at ``month``.
    """
    if not own_centres(by, "add_bulletin").filter(pk=centre.pk).exists():
        raise NotYours
    period, today = month_of(month), timezone.localdate()
    if period.until >= today:
        raise ValidationError({"month": "这个月还没结束，下月初再通报。"})
    Centre.objects.select_for_update().get(pk=centre.pk)
    if Bulletin.objects.in_force().filter(centre=centre, month=period.since).exists():
        raise ValidationError({"month": ISSUED})
    found = figures(by, period, centre.grid_id)
    bulletin = Bulletin.objects.create(
        centre=centre,
        grid_id=centre.grid_id,
        month=period.since,
        number=next_in_series(f"bulletin:{centre.pk}:{period.since.year}"),
        situation=situation,
        demands=demands,
        figures={
            "total": _told(found.total),
            "before": _told(found.before),
            "categories": [[line.name, _told(line)] for line in found.categories],
            "places": [[line.name, _told(line)] for line in found.places],
        },
        issued_by=by,
        issued_at=timezone.now(),
    )
    notices.tell(
        readers(bulletin), f"{bulletin}月通报", body=situation[:200], url=bulletin.get_absolute_url()
    )
    return bulletin


@transaction.atomic
def withdraw(bulletin: Bulletin, *, by: User, reason: str) -> Bulletin:
    """Take a bulletin back; it stays to be read, marked as withdrawn, and its number is not given again.

    Raises NotYours, ValidationError.
    """
    bulletin = Bulletin.objects.select_for_update().get(pk=bulletin.pk)
    if not own_centres(by, "add_bulletin").filter(pk=bulletin.centre_id).exists():
        raise NotYours
    if not reason.strip():
        raise ValidationError({"reason": "请写明撤回的理由。"})
    if bulletin.withdrawn_at is not None:
        raise ValidationError("这期通报已经撤回。")
    bulletin.withdrawn_at, bulletin.withdrawn_by = timezone.now(), by
    bulletin.withdrawn_reason = reason.strip()
    bulletin.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    notices.tell(
        readers(bulletin),
        f"{bulletin}月通报已撤回",
        body=bulletin.withdrawn_reason,
        url=bulletin.get_absolute_url(),
    )
    return bulletin


def readers(bulletin: Bulletin) -> list[User]:
    """Return those to whom a bulletin is sent: who has bulletins to read at a place at or below its own."""
    column = COLUMN[level_of(bulletin.grid_id)]
    posts = Post.objects.in_force().filter(
        unit=None,
        role__permissions__codename="view_bulletin",
        role__permissions__content_type__app_label="mediation",
        **{column: bulletin.grid_id},
    )
    people = User.objects.filter(is_active=True, pk__in=posts.values("user")).exclude(
        pk=bulletin.issued_by_id
    )
    return list(people.order_by("pk"))


def _told(line: Any) -> dict[str, Any]:
    return ready_figures({name: line.values[name] for name in TOLD})
