"""The one engine that moves matters, and the shape of the one transition table that each kind of matter has.

``open_matter`` starts a matter; ``run`` carries out one action: lock the row, check version, permission, state and guards,
apply, write the step, queue the notices, all in one transaction. Pages, admin actions, the API and tasks offer just
what ``available`` returns, and never set a status themselves.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.utils import timezone

from governance import masks, notices, worktime
from governance.models import Matter, Step, User
from governance.models.people import look_up_posts
from governance.permissions import look_again, permitted_actions


class FlowError(ValidationError):
    """An action that cannot be carried out, with the sentence that tells the person why and what to do."""


class Refused(FlowError):
    """The table does not allow the action now, or a guard refuses; ``field`` names the input it concerns, if any."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__({field: message} if field else message, code=None if field else "refused")
        self.field = field


class Stale(FlowError):
    """The person acted on a version that others have changed since; ``steps`` is what happened meanwhile."""

    def __init__(self, steps: list[Step]) -> None:
        told = "；".join(
            f"{timezone.localtime(s.at):%H:%M} {masks.person(s.actor)} {s.label}" for s in steps[:3]
        )
        told = f"（{told}）" if told else ""
        super().__init__(f"这件事刚刚有了新进展{told}，请看过最新情况后再操作。", code="stale")
        self.steps = steps


class NotYours(FlowError):
    """The person may not do this here. Pages answer 404 for it when she may not even see the matter."""

    def __init__(self) -> None:
        super().__init__("您没有办理这一步的权限。", code="forbidden")


class AlreadyDone(Exception):
    """A guard's or effect's word that what is asked for is so already: the engine answers as the first time did."""


@dataclass
class Change:
    """One action on its way through the engine; guards read it, effects may add to it."""

    matter: Matter
    action: "Action"
    actor: User
    note: str
    data: dict[str, Any]
    now: datetime
    status: str
    #: What the step keeps besides the note; JSON values, no personal data.
    kept: dict[str, Any] = field(default_factory=dict)
    #: Told besides the table's audience: (people, title).
    told: list[tuple[list[User], str]] = field(default_factory=list)
    step: Step | None = None
    #: Run once the step has its key (attachments, ledger lines).
    after: list[Callable[["Change"], None]] = field(default_factory=list)


@dataclass(frozen=True)
class Clock:
    """What an action does to the matter's deadline.

    ``start`` returns the new deadline for a change; ``stop`` ends the clock. Neither leaves it alone.
    """

    start: Callable[[Change], datetime] | None = None
    stop: bool = False
    pause: bool = False
    resume: bool = False


KEEP = Clock()
STOP = Clock(stop=True)


def within_work(parameter_value: Callable[[], int]) -> Clock:
    """Return a clock that runs out after so many office hours."""
    return Clock(start=lambda change: worktime.add(change.now, timedelta(hours=parameter_value())))


@dataclass(frozen=True)
class Action:
    """One row of a transition table.

    ``needs``: the rule's action, the name itself by default. ``target`` None keeps the state, unless the effect sets
    ``change.status`` to one of the ``outcomes``, for a state that depends on data. ``ready`` says, without data, whether the button shows.
    ``racing``: many people do this at once, so a version that others moved on is no reason to refuse. ``hidden``: no button
    of its own (a system's step, or an action with its own page). ``news``: how those who are told read that it was done,
    where the label alone ("接单") would leave open who did it. ``readers``: the rule's actions that open the step's note;
    empty for everyone who sees the matter. ``kept_from`` names the people from whom it is kept all the same. ``asks``: what its note is called where that is not "…的理由".
    """

    name: str
    label: str
    sources: frozenset[str]
    target: str | None = None
    outcomes: frozenset[str] = frozenset()
    needs: str = ""
    reason: bool = False
    guard: Callable[[Change], None] | None = None
    effect: Callable[[Change], None] | None = None
    ready: Callable[[Matter, User], bool] | None = None
    clock: Clock = KEEP
    tell: tuple[str, ...] = ()
    racing: bool = False
    hidden: bool = False
    system: bool = False
    danger: bool = False
    hint: str = ""
    news: str = ""
    readers: frozenset[str] = frozenset()
    kept_from: Callable[[Matter, User], bool] | None = None
    asks: str = ""

    @property
    def permission(self) -> str:
        return self.needs or self.name

    def opens_note(self, matter: Matter, user: User, allowed: set[str] | None = None) -> bool:
        """Say whether ``user`` may read what was noted with this action; ``allowed``: what the rule allows her, where known."""
        if not self.readers:
            return True
        if allowed is None:
            allowed = permitted_actions(user, matter, self.readers)
        return bool(self.readers & allowed) and not (self.kept_from and self.kept_from(matter, user))

    @property
    def note_name(self) -> str:
        return self.asks or f"{self.label}的理由"


class Flow:
    """The transition table of one kind of matter."""

    def __init__(
        self,
        model: type[Matter],
        step: type[Step],
        initial: str,
        actions: Iterable[Action],
        final: frozenset[str],
        yellow: Callable[[Matter, datetime, datetime], datetime] | None = None,
        unmet: frozenset[str] = frozenset(),
    ) -> None:
        """``yellow`` says of a matter and its clock's beginning and end when the light turns yellow; without it, when a
        quarter of the working time is left. ``unmet``: the final states in which what was asked for was not done, as whoever handed it
        on may learn."""
        self.model, self.step, self.initial, self.final, self.unmet = model, step, initial, final, unmet
        self.yellow = yellow or (lambda matter, start, due: worktime.yellow_point(start, due))
        self.states = dict(model._meta.get_field("status").choices)
        self.actions: dict[str, Action] = {}
        for action in actions:
            reached = {action.target} if action.target else action.outcomes
            unknown = (action.sources | reached | final | unmet) - set(self.states)
            if unknown or action.name in self.actions:
                raise ValueError(f"{model.__name__}.{action.name}: unknown state {unknown} or named twice")
            self.actions[action.name] = action
        model.flow = self

    # --- what may be done -------------------------------------------------------------------------------------------
    def available(self, matter: Matter, user: User) -> list[Action]:
        """Return, in the table's order, the actions that ``user`` can take on this matter now. A fixed number of queries."""
        if not getattr(user, "is_authenticated", False):
            return []
        fitting = [a for a in self.actions.values() if matter.status in a.sources and not a.system]
        allowed = permitted_actions(user, matter, {a.permission for a in fitting}) if fitting else set()
        return [a for a in fitting if a.permission in allowed and (a.ready is None or a.ready(matter, user))]

    def timeline(self, matter: Matter, user: User, *, most: int = 200) -> list[Step]:
        """Return the newest ``most`` steps that ``user`` may see, newest first, without the notes that are not for her."""
        steps = list(
            self.step.objects.restrict(user)
            .filter(matter=matter)
            .select_related("actor")
            .order_by("-seq")[:most]
        )
        closed = [s for s in steps if s.note and s.action in self.actions and self.actions[s.action].readers]
        asked = frozenset().union(*(self.actions[step.action].readers for step in closed))
        allowed = permitted_actions(user, matter, asked) if closed else set()
        hidden: dict[str, bool] = {}
        for step in closed:
            action = self.actions[step.action]
            if action.name not in hidden:
                hidden[action.name] = not action.opens_note(matter, user, allowed)
            if hidden[action.name] and step.actor_id != user.pk:
                step.note = ""
        return steps

    def permission_actions(self) -> set[str]:
        """Return every rule action that the table needs; governance/checks.py compares it with the permissions."""
        return {a.permission for a in self.actions.values() if not a.system}

    # --- what is done -----------------------------------------------------------------------------------------------
    @transaction.atomic
    def open_matter(
        self,
        matter: Matter,
        *,
        by: User,
        label: str,
        note: str = "",
        tell: tuple[str, ...] = (),
        clock: Clock = KEEP,
        check: Callable[[Matter], None] | None = None,
    ) -> Matter:
        """Number, save and start a new matter, with its first step. Returns the saved matter.

        ``check`` runs after the save, inside the transaction (for ``look_again``). Raises ValidationError for a field that
        does not hold.
        """
        now = timezone.now()
        matter.status, matter.version, matter.opened_at = self.initial, 1, now
        matter.number = "-" if not matter.number else matter.number
        matter.clean_fields(exclude=["number", "search_terms", "status"])
        matter.number = next_number(matter.prefix, matter.grid_id, now)
        change = Change(matter, Action("open", label, frozenset()), by, note, {}, now, self.initial)
        self._wind(change, clock)
        matter.search_terms = matter.index()
        matter.save(force_insert=True)
        if check is not None:
            check(matter)
        self._record(change, "", seen=None)
        self._announce(change, tell)
        return matter

    @transaction.atomic
    def run(
        self,
        matter: Matter | int,
        name: str,
        *,
        by: User,
        version: int | None = None,
        note: str = "",
        **data: Any,
    ) -> Matter:
        """Carry out one action of the table and return the matter as it is afterwards.

        ``version`` is the version the person was shown; repeating an action with the same version answers as the first
        time did. Raises Stale, NotYours, Refused (all FlowError), or the model's DoesNotExist. KeyError for an action
        that the table does not have.
        """
        action = self.actions[name]
        key = matter.pk if isinstance(matter, models.Model) else matter
        # The row alone is locked; what names its place comes along, for those who are told.
        matter = self.model.objects.with_place().select_for_update(of=("self",)).get(pk=key)
        if version is not None and self._was_done(matter, action, by, version):
            return matter
        if action.system:
            if by.username != "system":
                raise NotYours
        elif action.permission not in permitted_actions(by, matter, {action.permission}):
            raise NotYours
        if version is not None and version != matter.version and not action.racing:
            raise Stale([step for step in reversed(self.timeline(matter, by)) if step.seq > version])
        if matter.status not in action.sources:
            raise Refused(f"“{matter.get_status_display()}”的事项现在不能办理“{action.label}”。")
        note = note.strip()
        if action.reason and not note:
            raise Refused(f"请填写{action.note_name}。", "note")
        if len(note) > 1000:
            raise Refused("说明不能超过 1000 字。", "note")
        words = matter.indexed_words()
        change = Change(matter, action, by, note, data, timezone.now(), action.target or matter.status)
        try:
            if action.guard is not None:
                action.guard(change)
            if action.effect is not None:
                action.effect(change)
        except AlreadyDone:
            return matter
        if change.status not in {action.target or matter.status, *action.outcomes}:
            raise RuntimeError(f"{action.name} may not lead to {change.status}")
        if matter.indexed_words() != words:
            matter.search_terms = matter.index()
        before, matter.status = matter.status, change.status
        matter.version += 1
        matter.closed_at = (matter.closed_at or change.now) if matter.status in self.final else None
        self._wind(change, STOP if matter.closed_at and action.clock is KEEP else action.clock)
        if matter.status != before or action.clock.start:
            matter.escalation = 0 if not action.system else matter.escalation
        matter.save()
        self._record(change, before, seen=version)
        self._announce(change, action.tell)
        return matter

    def _wind(self, change: Change, clock: Clock) -> None:
        matter = change.matter
        if clock.stop:
            matter.due_at = matter.yellow_at = matter.paused_at = matter.clock_from = None
        elif clock.start is not None:
            matter.clock_from, matter.paused_at = change.now, None
            matter.due_at = clock.start(change)
            matter.yellow_at = self.yellow(matter, change.now, matter.due_at)
        elif clock.pause:
            matter.paused_at = change.now
        elif clock.resume and matter.paused_at is not None:
            left = worktime.between(matter.paused_at, matter.due_at)
            matter.due_at = worktime.add(change.now, left)
            matter.yellow_at = self.yellow(matter, matter.clock_from, matter.due_at)
            matter.paused_at = None

    def _was_done(self, matter: Matter, action: Action, by: User, version: int) -> bool:
        return matter.steps.filter(action=action.name, actor=by, seen_version=version).exists()

    def _record(self, change: Change, before: str, seen: int | None) -> None:
        matter = change.matter
        change.step = self.step.objects.create(
            matter=matter,
            seq=matter.version,
            action=change.action.name,
            label=change.action.label,
            actor=change.actor,
            capacity=capacity_of(change.actor, matter.grid_id),
            at=change.now,
            from_status=before,
            to_status=matter.status,
            note=change.note,
            due_at=matter.due_at,
            seen_version=seen,
            data=change.kept,
        )
        for afterwards in change.after:
            afterwards(change)

    def _announce(self, change: Change, tell: tuple[str, ...]) -> None:
        matter = change.matter
        news = change.action.news or change.action.label
        # Who acts has seen what she was told of this matter before.
        notices.read(change.actor, matter.number)
        if "applicant" in tell:
            if not matter.applicant_id:
                notices.text_of(matter, news)
            for echo in matter.echoes():
                notices.tell_of(echo, echo.audience("applicant"), f"{echo.title}：{news}")
                if not echo.applicant_id:
                    notices.text_of(echo, news)
        people = [person for key in tell for person in matter.audience(key) if person.pk != change.actor.pk]
        if change.note and change.action.readers:
            look_up_posts(people)
        reading = [p for p in people if not change.note or change.action.opens_note(matter, p)]
        others = [p for p in people if p not in reading]
        notices.tell_of(matter, reading, f"{matter.title}：{news}", note=change.note)
        for told, title in [(others, f"{matter.title}：{news}"), *change.told]:
            notices.tell_of(matter, told, title)

    # --- drawing ----------------------------------------------------------------------------------------------------
    def diagram(self) -> str:
        """Return the table as a Mermaid state diagram, for docs/flows.md."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.initial}"]
        lines += [f"    {state}: {label}" for state, label in self.states.items()]
        for action in self.actions.values():
            for source in sorted(action.sources):
                for target in [action.target] if action.target else sorted(action.outcomes) or [source]:
                    lines.append(f"    {source} --> {target}: {action.label}")
        lines += [f"    {state} --> [*]" for state in sorted(self.final)]
        return "\n".join(lines)


def capacity_of(user: User, code: str) -> str:
    """Return the post by which the person acts at this grid, in words: the nearest one; empty without a post here."""
    fitting = [post for post in user.posts_in_force if code.startswith(post.code)]
    return max(fitting, key=lambda post: len(post.code)).label[:120] if fitting else ""


def next_number(prefix: str, code: str, at: datetime) -> str:
    """Return the next number of the day in this place, such as ``DD-120106012-20261122-0001``.

    Unique under concurrency.
    """
    series = f"{prefix}-{code[:12]}-{timezone.localtime(at):%Y%m%d}"
    return f"{series}-{next_in_series(series):04d}"


def next_in_series(series: str) -> int:
    """Return the next number of a series, the first time 1.

    Nobody else gets one of the series until the transaction ends, and a rolled-back one is given out again.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO governance_numberseries (series, last) VALUES (%s, 1)"
            " ON CONFLICT (series) DO UPDATE SET last = governance_numberseries.last + 1 RETURNING last",
            [series],
        )
        return cursor.fetchone()[0]


def by_another(change: Change) -> None:
    """The guard of a decision that nobody takes on her own matter.

    Raises Refused for the applicant herself, whatever her posts.
    """
    if change.matter.applicant_id == change.actor.pk:
        raise Refused(f"本人的事项不能由本人{change.action.label}，请由他人办理。")


def is_anothers(matter: Matter, user: User) -> bool:
    """The ``ready`` that goes with ``by_another``."""
    return matter.applicant_id != user.pk


def created_within_reach(user: User, action: str = "view") -> Callable[[Matter], None]:
    """Return the check for ``open_matter`` that rolls a matter back when its author does not reach it."""
    return lambda matter: look_again(user, matter, action)


# --- the ladder and other things that time does ---------------------------------------------------------------------
_tickers: list[Callable[[datetime], int]] = []


def on_tick(ticker: Callable[[datetime], int]) -> Callable[[datetime], int]:
    """Register what an app does as time passes; it must give the same result when run late or twice."""
    _tickers.append(ticker)
    return ticker


def tick(now: datetime | None = None) -> dict[str, int]:
    """Run everything that time asks for; returns how many rows each ticker changed.

    A ticker that fails does not keep the others from running. Raises ExceptionGroup at the end when any failed.
    """
    now, done, failures = now or timezone.now(), {}, []
    for ticker in _tickers:
        try:
            done[f"{ticker.__module__}.{ticker.__name__}"] = ticker(now)
        except Exception as failure:
            failures.append(failure)
    if failures:
        raise ExceptionGroup("some of what time asks for failed", failures)
    return done
