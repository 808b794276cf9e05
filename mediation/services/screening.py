"""Opening campaigns of looking for disputes, and writing down what came of it."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from governance.flow import Refused
from governance.models import User
from governance.periods import EARLIEST
from governance.permissions import look_again, permission
from governance.templatetags.ui import cn_date
from governance.territory import GridLevel, covers, lineage
from mediation.models import Committee, Mediator, Screening, ScreeningReport
from mediation.models.screening import ScreeningReportQuerySet

#: A campaign that is longer has a wrong year in one of its dates.
LONGEST = timedelta(days=366)
#: A dispute found by a report is registered soon after it.
RECENT = timedelta(days=90)
MOST_RECENT = 200


@transaction.atomic
def keep_screening(screening: Screening, *, by: User) -> Screening:
    """Save a campaign, new or changed. Raises Refused at the field it concerns, OutOfReach, or ValidationError."""
    new = screening.pk is None
    if screening.grid.grid_level > GridLevel.STREET:
        raise Refused("排查行动由区或街道组织，请选择区或街道。", "grid")
    if screening.since < EARLIEST:
        raise Refused(f"请填写 {EARLIEST.year} 年以后的日期。", "since")
    if screening.until < screening.since:
        raise Refused("结束日期不能早于开始日期。", "until")
    if screening.until - screening.since > LONGEST:
        raise Refused("一次排查行动最长一年，请检查日期。", "until")
    if new:
        screening.opened_by = by
    else:
        outside = screening.reports.filter(Q(day__lt=screening.since) | Q(day__gt=screening.until)).count()
        if outside:
            raise Refused(f"已有 {outside} 条排查记录不在这段日期里，请把日期放宽。", "until")
    screening.full_clean(exclude=["grid", "opened_by"])
    screening.save()
    look_again(by, screening, "add" if new else "change")
    return screening


@transaction.atomic
def keep_report(report: ScreeningReport, *, by: User) -> tuple[ScreeningReport, bool]:
    """Save a report, new or mended. Returns it, and False when this very form had been taken in before.

    A new one is ``by``'s, counted to the centre where she stands and to her committee. Raises Refused at the field it
    concerns, OutOfReach, or ValidationError.
    """
    new = report.pk is None
    if new and report.token:
        before = ScreeningReport.objects.filter(reported_by=by, token=report.token).first()
        if before is not None:
            return before, False
    check_report(report)
    if new:
        report.reported_by = by
        report.seat_id = seat_of(by, report.grid_id)
        report.committee = committee_of(by, report.grid_id)
    report.full_clean(exclude=["grid", "seat", "committee", "reported_by", "screening"])
    report.save()
    look_again(by, report, "add" if new else "change")
    return report, True


def check_report(report: ScreeningReport) -> None:
    """Raise Refused, at the field it concerns, for a day or a place that cannot be."""
    if report.grid.grid_level < GridLevel.COMMUNITY:
        raise Refused("请选择社区或基础网格。", "grid")
    if report.day > timezone.localdate():
        raise Refused("排查日期不能晚于今天。", "day")
    if report.day < EARLIEST:
        raise Refused(f"请填写 {EARLIEST.year} 年以后的日期。", "day")
    screening = report.screening
    if screening is None:
        return
    if not covers(screening.grid_id, report.grid_id):
        raise Refused(f"“{screening}”只在{screening.grid}，这里不在里面。请换一个行动或不选。", "screening")
    if not screening.since <= report.day <= screening.until:
        span = f"{cn_date(screening.since)}到{cn_date(screening.until)}"
        raise Refused(f"“{screening}”的日期是{span}，这一天不在里面。", "day")


def seat_of(user: User, code: str) -> str:
    """Return the node of the centre whose people went out: of the posts by which she writes reports at a place, the nearest.
    Somebody without one counts as the community's."""
    needed = permission(ScreeningReport, "add")
    held = {post.code for post in user.posts_with(needed)}
    return max((each for each in held if covers(each, code)), key=len, default=code[: GridLevel.COMMUNITY])


def committee_of(user: User, code: str) -> Committee | None:
    """Return the committee to which she belongs as a mediator, the nearest to a place; None where she is no mediator there."""
    mine = Mediator.objects.in_office().filter(user=user, grid__in=lineage(code)).select_related("committee")
    return max((row.committee for row in mine), key=lambda row: len(row.grid_id), default=None)


def running_at(user: User, code: str) -> Screening | None:
    """Return the campaign that runs at a place today, the one begun last; None where there is none that the person may see."""
    rows = Screening.objects.restrict(user).running().covering(code)
    return rows.order_by("-since", "-pk").first()


def recent_reports(user: User, also: int | None = None) -> ScreeningReportQuerySet:
    """Return the newest reports within reach by which a dispute may have been found that is registered now; ``also``: the key of
    one more, however old."""
    rows, since = ScreeningReport.objects.restrict(user), timezone.localdate() - RECENT
    keys = set(rows.filter(day__gte=since).newest().values_list("pk", flat=True)[:MOST_RECENT])
    return rows.filter(pk__in=sorted(keys | {also} - {None})).for_page().newest()
