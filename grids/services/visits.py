"""Visiting, and what comes of it: visits, needs found, projects of the grid. Each function is one transaction."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from governance import files, intake, notices
from governance.constraints import sentence
from governance.flow import NotYours, Refused, on_tick
from governance.models import Matter, User
from governance.models.people import PHONE
from governance.permissions import look_again, nearest_holders
from grids.models import Household, Need, Premises, Project, Visit, VisitPhoto
from grids.services.register import behind_the_door

#: As long as a phone keeps what it could not send.
OLDEST = timedelta(days=7)
#: A phone's clock may be so far ahead.
AHEAD = timedelta(minutes=10)
SHORTEST_WORDS = 2
#: What is left of the words of a need that became a matter of which no post is told.
IN_CONFIDENCE = "（已转办，内容不公开）"
#: Needs that follow their matters in one run of the clock, of each kind of matter.
MOST_FOLLOWED = 1000


@dataclass(frozen=True)
class Found:
    """What a visit found: in words, where it is handed on to (one of ``intake.findings``, empty for the list alone), and for whom."""

    words: str
    to: str = ""
    name: str = ""
    phone: str = ""


@transaction.atomic
def record_visit(
    target: Household | Premises,
    *,
    by: User,
    outcome: str,
    token: str,
    way: str = Visit.Way.DOOR,
    note: str = "",
    visited_at: datetime | None = None,
    found: Found | None = None,
    photos: Iterable[UploadedFile] = (),
) -> tuple[Visit, bool]:
    """Record a visit. Returns it, and False when this very visit had been recorded before.

    ``token`` names it on the phone of who sends it; ``visited_at`` is when it was, now where the phone does not say. What it found
    goes into the list of needs and, where ``found.to`` says so, through the front door. All of it is kept, or nothing. Raises Refused
    at the field it concerns, NotYours, or ValidationError.
    """
    token = f"{by.pk}:{token}"
    known = Visit.objects.filter(token=token).first()
    if known is not None:
        return known, False
    now = timezone.now()
    if visited_at is not None and not now - OLDEST <= visited_at <= now + AHEAD:
        raise Refused(f"走访时间应在最近 {OLDEST.days} 天以内，不能晚于现在。", "captured_at")
    target = type(target).objects.select_for_update(of=("self",)).get(pk=target.pk)
    if not target.is_current:
        raise Refused("已经注销，不用再走访。")
    kind = "household" if isinstance(target, Household) else "premises"
    visit = Visit(
        grid_id=target.grid_id, by=by, way=way, outcome=outcome, note=note.strip(), token=token, recorded_at=now,
        visited_at=min(visited_at or now, now), **{kind: target},
    )  # fmt: skip
    visit.full_clean(
        exclude=["grid", "household", "premises", "by"], validate_unique=False, validate_constraints=False
    )
    try:
        with transaction.atomic():
            visit.save()
    except IntegrityError as error:
        # The same phone sent it twice at once; the row's lock let the other one through first.
        known = Visit.objects.filter(token=token).first()
        if known is None:
            raise Refused(sentence(error) or "没有保存，请再试一次。") from error
        return known, False
    look_again(by, visit, "add")
    if outcome == Visit.Outcome.MET:
        day = timezone.localdate(visit.visited_at)
        if target.visited_on is None or target.visited_on < day:
            target.visited_on = day
            target.save(update_fields=["visited_on"])
    files.attach(VisitPhoto, photos, by=by, visit=visit)
    if found is not None:
        note_need(found, target, by=by, visit=visit)
    return visit, True


# --- needs --------------------------------------------------------------------------------------------------------------
@transaction.atomic
def note_need(
    found: Found,
    target: Household | Premises | None,
    *,
    by: User,
    grid: Any = None,
    visit: Visit | None = None,
) -> Need:
    """Enter a need into the list, and hand it on where ``found.to`` says so. Without a ``target`` it is the ``grid``'s.

    Raises Refused at ``words``, ``to`` or ``phone``, NotYours, or ValidationError.
    """
    if len(found.words.strip()) < SHORTEST_WORDS:
        raise Refused("请写明需求。", "words")
    need = Need(
        grid_id=target.grid_id if target is not None else grid.pk,
        household=target if isinstance(target, Household) else None,
        premises=target if isinstance(target, Premises) else None,
        words=found.words.strip(),
        by=by,
        visit=visit,
    )
    need.full_clean(
        exclude=["grid", "household", "premises", "by", "visit", "project"], validate_constraints=False
    )
    need.save()
    look_again(by, need, "add")
    if found.to:
        _hand_on(need, found, by)
    return need


@transaction.atomic
def hand_on(need: Need, found: Found, *, by: User) -> Matter:
    """Hand a need of the list on through the front door. Raises Refused at ``to`` or ``phone``, and NotYours."""
    need = _locked(need, by)
    if need.content_type_id is not None:
        raise Refused("已经转出，请看转出的事项。")
    return _hand_on(need, found, by)


def _hand_on(need: Need, found: Found, by: User) -> Matter:
    phone = found.phone.strip()
    if phone:
        try:
            PHONE(phone)
        except ValidationError as error:
            raise Refused(error.messages[0], "phone") from error
    target = need.household or need.premises
    number = f"XQ-{need.pk}"
    matter = intake.hand_on(
        found.to,
        by=by,
        source="need",
        # Given back and handed on again, it is another sending.
        source_id=f"{need.pk}#{intake.times(number) + 1}",
        number=number,
        grid_id=need.grid_id,
        description=need.words,
        entrance=target.entrance if target is not None else None,
        applicant_name=found.name.strip(),
        applicant_phone=phone,
        spot=behind_the_door(target) if target is not None else "",
        photos=files.copies(need.visit.photos.order_by("pk"), "走访.jpg") if need.visit_id else (),
    )
    _becomes(need, matter)
    need.save(update_fields=["words", "content_type", "object_id", "number"])
    return matter


def _becomes(need: Need, matter: Matter) -> None:
    """Let a need name the matter that it became. Where somebody came with that in confidence, the need keeps neither its number nor what
    was said: who sees the need need not see the matter."""
    need.content_type = ContentType.objects.get_for_model(matter)
    need.object_id, need.number = matter.pk, intake.told_number(matter)
    if not need.number:
        need.words = IN_CONFIDENCE
        need.history.update(words=IN_CONFIDENCE)


@transaction.atomic
def settle(need: Need, *, by: User, settlement: str) -> Need:
    """Note how a need that was not handed on was met. Raises Refused at ``settlement`` and NotYours."""
    need = _locked(need, by)
    if need.settled_on is not None:
        raise Refused("已经记过解决情况。")
    if need.content_type_id is not None:
        raise Refused("已经转出，办完以后这里自动跟着变。")
    if len(settlement.strip()) < SHORTEST_WORDS:
        raise Refused("请写明怎样解决的。", "settlement")
    need.settled_on, need.settlement = timezone.localdate(), settlement.strip()
    need.full_clean(
        exclude=["grid", "household", "premises", "by", "visit", "project"], validate_constraints=False
    )
    need.save(update_fields=["settled_on", "settlement"])
    return need


def _locked(need: Need, by: User) -> Need:
    need = Need.objects.select_for_update(of=("self",)).get(pk=need.pk)
    if not by.may("change", need):
        raise NotYours
    return need


@transaction.atomic
def list_under(need: Need, project: Project | None, *, by: User) -> Need:
    """Put a need under a project of its grid or one above it, or take it out. Raises Refused at ``project`` and NotYours."""
    need = _locked(need, by)
    if project is not None:
        if not need.grid_id.startswith(project.grid_id):
            raise Refused("这个项目不在需求所在的网格。", "project")
        if project.done_on is not None:
            raise Refused("这个项目已经完成，请另选。", "project")
    need.project = project
    need.save(update_fields=["project"])
    return need


@on_tick
def settle_handed_on(now: datetime) -> int:
    """Let the needs that were handed on follow their matters that have ended: to the matter in which one goes on, back into the list
    where it was not done, else noted as met. Returns how many; late or twice it ends in the same rows."""
    followed = 0
    waiting = Need.objects.filter(settled_on=None).exclude(content_type=None)
    for kind in ContentType.objects.filter(pk__in=waiting.values("content_type")):
        matters = kind.model_class()._base_manager
        ended = matters.filter(closed_at__isnull=False).values("pk")
        with transaction.atomic():
            needs = waiting.filter(content_type=kind, object_id__in=ended).order_by("pk")
            for need in needs.select_for_update(of=("self",), skip_locked=True)[:MOST_FOLLOWED]:
                _follow(need, matters.get(pk=need.object_id), timezone.localdate(now))
                followed += 1
    return followed


def _follow(need: Need, matter: Matter, today: date) -> None:
    """Let one need follow its matter, which has ended."""
    onward = intake.onward(matter)
    if onward is not None:
        _becomes(need, onward)
    elif matter.status in matter.flow.unmet:
        said = f"{matter.number} {matter.get_status_display()}，需求退回清单，请另作安排。"
        # Who noted it, as long as she works there.
        people = (
            [need.by]
            if need.by.may("view", need)
            else nearest_holders("grids.change_need", need.community_code)
        )
        notices.tell(people, "转办的需求没有办成", body=said, number=matter.number)
        need.content_type, need.object_id, need.number = None, None, ""
    else:
        need.settled_on, need.settlement = today, "转办的事项已经办结"
    need.save(update_fields=["words", "content_type", "object_id", "number", "settled_on", "settlement"])


# --- projects -----------------------------------------------------------------------------------------------------------
@transaction.atomic
def keep_project(project: Project, *, by: User) -> Project:
    """Save a project, new or mended. One that is done says what came of it, and so are the needs under it. Raises Refused at the field it
    concerns, OutOfReach or ValidationError."""
    new = project.pk is None
    if new and project.grid.is_retired:
        raise Refused("这个网格已经停用，请另选。", "grid")
    if project.done_on is not None:
        if project.done_on > timezone.localdate():
            raise Refused("完成日期不能晚于今天。", "done_on")
        if len(project.result.strip()) < SHORTEST_WORDS:
            raise Refused("请写明成效。", "result")
    elif project.result.strip():
        raise Refused("写了成效的，请一起填完成日期。", "done_on")
    project.full_clean(exclude=["grid"], validate_constraints=False)
    try:
        with transaction.atomic():
            project.save()
    except IntegrityError as error:
        raise Refused(sentence(error) or "没有保存，请检查。", "planned_until") from error
    look_again(by, project, "add" if new else "change")
    if project.done_on is not None:
        project.needs.filter(Q(settled_on=None), content_type=None).update(
            settled_on=project.done_on, settlement=f"随项目“{project.title}”解决：{project.result}"[:300]
        )
    return project
