"""Planning the meetings of party organisations: one of them, or the usual ones of a month at once. What happens to a planned meeting is
its flow's."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import transaction
from django.utils import timezone

from governance import worktime
from governance.flow import Clock, NotYours
from governance.models import User
from governance.models.matters import Channel
from governance.permissions import look_again
from parties.flow.meetings import MEETINGS, check_day, check_kinds, record_until
from parties.frequency import Duty, Span, duties, span_of
from parties.models import Meeting, MeetingKind, Organisation, keeps_life
from parties.models.meetings import words_of

K = MeetingKind
#: When the usual meetings begin, and from which day of the month on; those without a day keep the organisation's theme day.
USUAL: dict[str, tuple[time, int | None]] = {
    K.THEME_DAY: (time(9, 30), None),
    K.LECTURE: (time(10, 30), None),
    K.GROUP: (time(15, 0), None),
    K.COUNCIL: (time(15, 0), 5),
    K.ASSEMBLY: (time(14, 30), 20),
    K.LIFE: (time(14, 30), 22),
    K.REVIEW: (time(15, 30), 22),
}
#: The theme day of an organisation that has not fixed one.
THEME_DAY = 10


@transaction.atomic
def plan_meeting(
    *,
    by: User,
    organisation: Organisation,
    kinds: Iterable[str],
    starts_at: datetime,
    title: str = "",
    place: str = "",
    host: str = "",
    lasts: int = 90,
    once_in: Span | None = None,
) -> Meeting:
    """Plan a meeting, or enter one that was held already. Planning the same one again returns the first.

    ``once_in``: returns the one that stands already when one of these kinds is planned or was held in that period. Raises
    NotYours, or Refused at the field it concerns.
    """
    organisation = Organisation.objects.select_for_update(of=("self",)).get(pk=organisation.pk)
    if organisation.is_ended or not keeps_life(by, organisation):
        raise NotYours
    kinds = check_kinds(organisation, list(kinds))
    check_day(starts_at)
    title = title.strip() or words_of(kinds)
    there = Meeting.objects.standing().filter(organisation=organisation)
    if once_in is not None:
        there = there.filter(kinds__overlap=kinds, starts_at__gte=once_in.start, starts_at__lt=once_in.end)
    else:
        there = there.filter(kinds=kinds, starts_at=starts_at, title=title)
    if (first := there.first()) is not None:
        return first
    meeting = Meeting(
        organisation=organisation, kinds=kinds, starts_at=starts_at, title=title, place=place.strip(), host=host.strip(),
        lasts=lasts, channel=Channel.DESK, placed_by=by,
    )  # fmt: skip
    meeting.stand()
    return MEETINGS.open_matter(
        meeting,
        by=by,
        label="安排",
        tell=("keepers",),
        clock=Clock(start=record_until),
        check=lambda saved: look_again(by, saved, "hold"),
    )


@dataclass(frozen=True)
class Proposal:
    """A meeting that the month still needs, as it is usually held; ``pressing`` when its period ends with this month."""

    duty: Duty
    starts_at: datetime
    place: str

    @property
    def key(self) -> str:
        return f"{self.duty.kind}-{self.duty.organisation.pk}"

    @property
    def title(self) -> str:
        return self.duty.kind.label


def proposals(found: list[Duty], month: Span, home: Organisation) -> list[Proposal]:
    """Return what to plan in a month for what is neither held nor planned yet; nothing for a month that is over.

    A group without a day or place of its own keeps those of ``home``, its branch.
    """
    today = timezone.localdate()
    if month.last < today:
        return []
    return [
        Proposal(
            duty,
            usual_time(duty.organisation.theme_day or home.theme_day, duty.kind, month, today),
            (duty.organisation.address or home.address)[:80],
        )
        for duty in found
        if duty.is_open
    ]


def usual_time(theme_day: int | None, kind: str, month: Span, today: date) -> datetime:
    """Return when a kind is usually held in a month: the fixed day, or the first working day from a day on. Never a day that is
    past, and never after the month."""
    clock, day = USUAL[kind]
    wanted = month.first.replace(day=day or theme_day or THEME_DAY)
    if day is not None and not worktime.is_workday(wanted):
        wanted = worktime.next_workday(wanted)
    if wanted < today or wanted == today and datetime.now(timezone.get_default_timezone()).time() >= clock:
        wanted = worktime.next_workday(today)
    return datetime.combine(min(wanted, month.last), clock, timezone.get_default_timezone())


@transaction.atomic
def plan_month(*, by: User, chosen: list[tuple[Proposal, datetime, str, str]]) -> list[Meeting]:
    """Plan the chosen meetings of a month: (proposal, time, topic, place). Sent twice, it plans once. Returns them.

    Raises NotYours, or Refused at the field it concerns.
    """
    return [
        plan_meeting(
            by=by,
            organisation=proposal.duty.organisation,
            kinds=[proposal.duty.kind],
            starts_at=starts_at,
            title=title,
            place=place,
            once_in=proposal.duty.span,
        )
        for proposal, starts_at, title, place in chosen
    ]


def month_of(organisations: list[Organisation], day: date) -> tuple[Span, list[Duty]]:
    """Return the month of a day, and what these organisations owe in the periods around it."""
    month = span_of(day, 1)
    return month, duties(organisations, month)


def cancel_planned(organisation: Organisation) -> int:
    """Cancel what an organisation that ends had planned; returns how many."""
    system = User.objects.system()
    keys = list(Meeting.objects.ongoing().filter(organisation=organisation).values_list("pk", flat=True))
    for key in keys:
        MEETINGS.run(key, "lapse", by=system)
    return len(keys)
