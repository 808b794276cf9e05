"""How often each kind of meeting is due, and who is behind: periods of whole months, which kinds an organisation has, and the one
condition by which figures count and lists show.

支部条例: 中国共产党支部工作条例（试行） (2018). The months are parameters (``life.…``); 0 asks for nothing.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual
from django.utils import timezone

from governance import parameters
from parties.hints import Hint
from parties.models import Attendance, Meeting, MeetingKind, Officer, Organisation, PartyOrgType

K, T = MeetingKind, PartyOrgType
#: A committee that meets has so many duties.
COUNCIL_LEAST = 3
BODIES = (T.COMMITTEE, T.GENERAL_BRANCH, T.BRANCH)
#: Which kinds of organisations hold which kinds of meetings; a council only where there is a committee (``has_council``).
FITS: dict[str, tuple[int, ...]] = {
    K.ASSEMBLY: BODIES,
    K.COUNCIL: BODIES,
    K.GROUP: (T.GROUP,),
    K.LECTURE: tuple(T),
    K.THEME_DAY: tuple(T),
    K.LIFE: (*BODIES, T.GROUP),
    K.REVIEW: BODIES,
}
#: Of which kind of organisation each is due.
DUE: dict[str, int] = {kind: T.GROUP if kind == K.GROUP else T.BRANCH for kind in K}

VOTING = "支部条例：表决须有半数以上有表决权的党员到会"
SITTING = "支部条例：支委会须有半数以上委员到会方可进行"


@dataclass(frozen=True)
class Span:
    """Whole months, the first day and the last."""

    first: date
    last: date

    @property
    def start(self) -> datetime:
        return _midnight(self.first)

    @property
    def end(self) -> datetime:
        """The first moment after it."""
        return _midnight(self.last + timedelta(days=1))

    def before(self) -> "Span":
        """Return the one as long right before."""
        months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
        return span_of(self.first - timedelta(days=1), months)

    def __str__(self) -> str:
        months = self.last.month - self.first.month + 1
        if months == 12:
            return f"{self.first.year}年"
        if months == 3:
            return f"{self.first.year}年第{(self.first.month + 2) // 3}季度"
        if months == 1:
            return f"{self.first.year}年{self.first.month}月"
        return f"{self.first.year}年{self.first.month}—{self.last.month}月"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.get_default_timezone())


def span_of(day: date, months: int) -> Span:
    """Return the period of so many months of the year (a number that divides twelve) in which a day lies.

    >>> span_of(date(2026, 11, 30), 3)
    Span(first=datetime.date(2026, 10, 1), last=datetime.date(2026, 12, 31))
    """
    first = (day.month - 1) // months * months + 1
    following = date(day.year + (first + months > 12), (first + months - 1) % 12 + 1, 1)
    return Span(date(day.year, first, 1), following - timedelta(days=1))


def next_span(span: Span) -> Span:
    """Return the one as long right after."""
    months = span.last.month - span.first.month + 1
    return span_of(span.last + timedelta(days=1), months)


def months_of(kind: str) -> int:
    """Return within how many months a kind is due; 0 for not at all."""
    return parameters.value(f"life.{kind}_months")


def asked_kinds() -> list[MeetingKind]:
    """Return the kinds that are due at all, in their usual order."""
    return [kind for kind in K if months_of(kind)]


# --- which kinds an organisation has -----------------------------------------------------------------------------------
def has_council() -> GreaterThanOrEqual:
    """Return the condition, on organisations, that they have a committee that meets."""
    held = Officer.objects.in_office().filter(organisation=OuterRef("pk")).order_by().values("organisation")
    number = Subquery(held.annotate(n=Count("pk")).values("n"), output_field=IntegerField())
    return GreaterThanOrEqual(Coalesce(number, 0), COUNCIL_LEAST)


def sits(organisation: Organisation) -> bool:
    """Say whether an organisation has a committee that meets."""
    return organisation.officers.in_office().count() >= COUNCIL_LEAST


def fitting(organisation: Organisation) -> list[MeetingKind]:
    """Return the kinds that an organisation may hold. Asks at most one statement."""
    kinds = [kind for kind in K if organisation.kind in FITS[kind]]
    return kinds if K.COUNCIL not in kinds or sits(organisation) else [k for k in kinds if k != K.COUNCIL]


# --- who is behind -----------------------------------------------------------------------------------------------------
def owing(kind: str, span: Span) -> Q:
    """Return the condition, on organisations, that they owe a kind in a period: what was set up meanwhile begins with the next."""
    q = Q(kind=DUE[kind], established_on__lte=span.first)
    return q & Q(has_council()) if kind == K.COUNCIL else q


def behind(kind: str, span: Span) -> Q:
    """Return the condition, on organisations, that they owe a kind in a period and have not held one, as far as it is recorded."""
    held = Meeting.objects.counting().filter(
        organisation=OuterRef("pk"), starts_at__gte=span.start, starts_at__lt=span.end, kinds__contains=[kind]
    )
    return owing(kind, span) & ~Exists(held.order_by())


def now_of(kind: str, today: date | None = None) -> Span:
    """Return the present period of a kind that is due."""
    return span_of(today or timezone.localdate(), months_of(kind))


def ending_soon(today: date) -> list[MeetingKind]:
    """Return the kinds whose present period ends with this month."""
    return [kind for kind in asked_kinds() if now_of(kind, today).last == span_of(today, 1).last]


def behind_this_month(today: date | None = None) -> Q:
    """Return the condition, on organisations, that something has still to be held before the month ends."""
    today = today or timezone.localdate()
    wanted = Q(pk__in=())
    for kind in ending_soon(today):
        wanted |= behind(kind, now_of(kind, today))
    return wanted


# --- one organisation's month -------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Duty:
    """A kind that an organisation owes in the period around a month: what was held for it and what is planned."""

    organisation: Organisation
    kind: MeetingKind
    span: Span
    held: tuple[Meeting, ...]
    planned: tuple[Meeting, ...]
    pressing: bool

    @property
    def is_done(self) -> bool:
        return bool(self.held)

    @property
    def is_open(self) -> bool:
        return not self.held and not self.planned


def duties(organisations: list[Organisation], month: Span) -> list[Duty]:
    """Return what these organisations owe in the periods around a month, organisation by organisation. Two statements."""
    councils = set(
        Organisation.objects.filter(pk__in=[each.pk for each in organisations])
        .filter(Q(has_council()))
        .values_list("pk", flat=True)
    )
    spans = {kind: span_of(month.first, months_of(kind)) for kind in asked_kinds()}
    if not spans:
        return []
    meetings = meetings_of(
        organisations, min(s.first for s in spans.values()), max(s.last for s in spans.values())
    )
    found = []
    for organisation in organisations:
        for kind, span in spans.items():
            if (
                organisation.kind != DUE[kind]
                or organisation.established_on > span.first
                or (kind == K.COUNCIL and organisation.pk not in councils)
            ):
                continue
            fit = [
                m
                for m in meetings
                if m.organisation_id == organisation.pk
                and kind in m.kinds
                and span.start <= m.starts_at < span.end
            ]
            found.append(
                Duty(
                    organisation,
                    kind,
                    span,
                    tuple(m for m in fit if m.status == "held"),
                    tuple(m for m in fit if m.status == "planned"),
                    span.last == month.last,
                )
            )
    return found


def meetings_of(organisations: list[Organisation], first: date, last: date) -> list[Meeting]:
    """Return the meetings of organisations that are planned or were held between two days, the earliest first. One statement."""
    rows = Meeting.objects.standing().filter(
        organisation__in=organisations,
        starts_at__gte=_midnight(first),
        starts_at__lt=_midnight(last + timedelta(days=1)),
    )
    return list(rows.defer("minutes", "search_terms", "description").order_by("starts_at", "pk"))


# --- who was there ------------------------------------------------------------------------------------------------------
def of_quorum(kinds: list[str], rows: list[Attendance]) -> list[Hint]:
    """Return what is to be said of how many came to a meeting. Nothing is refused for it."""
    if K.COUNCIL in kinds:
        came = sum(row.state == "present" for row in rows)
        if came * 2 < len(rows):
            return [Hint(f"应到委员 {len(rows)} 人，实到 {came} 人，不到一半。", SITTING)]
    if K.ASSEMBLY in kinds:
        voting = [row for row in rows if row.votes]
        came = sum(row.state == "present" for row in voting)
        if came * 2 < len(voting):
            return [Hint(f"有表决权的党员 {len(voting)} 人，到会 {came} 人，不到一半，不能表决。", VOTING)]
    return []


def roll_of(organisation: Organisation, kinds: list[str], day: date) -> QuerySet:
    """Return the members whom a meeting of that day expects: a council its own, everything else the roll (a group's its own)."""
    from parties.models import Member

    if K.COUNCIL in kinds:
        held = Officer.objects.in_office(day).filter(organisation=organisation)
        return Member.objects.filter(pk__in=held.values("member")).order_by("pk")
    column = "group" if organisation.kind == T.GROUP else "organisation"
    there = Q(left_on=None) | Q(left_on__gt=day)
    return Member.objects.filter(there, since__lte=day, **{column: organisation}).order_by("pk")
