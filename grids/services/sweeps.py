"""Sweeps: drawing one up, answering at a door, having one in hand, who helps. What happens to the sweep itself is its flow's table
(grids/flow.py)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from governance import files, intake, notices, parameters
from governance.constraints import sentence
from governance.flow import NotYours, Refused, created_within_reach
from governance.models import Matter, User
from governance.models.matters import Channel
from governance.permissions import look_again
from governance.territory import covers
from grids import questionnaire
from grids.flow import SWEEPS, share
from grids.models import Building, Grid, Household, Premises, Sweep, SweepHelper, SweepPhoto, SweepTarget
from grids.models.sweeps import STILL, Outcome
from grids.services.register import behind_the_door

MOST_PHOTOS, SHORTEST_WORDS = 6, 2
#: Grids in which one person helps with one sweep.
MOST_GRIDS = 10
#: Versions besides the one that holds, kept with a target.
MOST_EARLIER = 10


# --- drawing one up ------------------------------------------------------------------------------------------------------
@transaction.atomic
def draw_up(
    *,
    by: User,
    grid: Grid,
    title: str,
    kind: str,
    about: str,
    hours: int,
    description: str = "",
    template: str = "",
) -> Sweep:
    """Draw up a sweep of a place, with the questions of a template of the library where one is named. Returns it, not started.

    ``hours``: from its start until its deadline. Raises Refused at the field it concerns, ValidationError, or OutOfReach.
    """
    form: dict[str, Any] = {"edition": questionnaire.EDITION, "questions": []}
    if template:
        chosen = questionnaire.templates().get(template)
        if chosen is None or chosen["about"] != about:
            raise Refused("这个排查表和查的对象不一致，请另选。", "template")
        form = chosen["form"]
    if grid.is_retired:
        raise Refused("这个网格已停用，请另选。", "grid")
    sweep = Sweep(
        grid=grid,
        title=title.strip(),
        kind=kind,
        about=about,
        hours=hours,
        description=description.strip(),
        form=form,
        channel=Channel.DESK,
        placed_by=by,
    )
    return SWEEPS.open_matter(sweep, by=by, label="拟定排查", check=created_within_reach(by, "start"))


def reword(
    sweep: Sweep, *, by: User, title: str, hours: int, description: str = "", version: int | None = None
) -> Sweep:
    """Change what a sweep that has not started is called, how many hours it takes and what is said with it. Raises FlowError."""
    if not title.strip():
        raise Refused("请填写名称。", "title")
    words = {"title": title.strip(), "hours": hours, "description": description.strip()}
    return SWEEPS.run(sweep, "amend", by=by, version=version, note="改了名称、时限或要求", **words)


def narrow(sweep: Sweep, *, by: User, version: int | None = None, **chosen: Iterable[Any]) -> Sweep:
    """Say what a sweep covers: ``uses``, ``kinds``, ``smalls``, ``grids`` (codes below its place) and ``buildings`` (keys there); what
    is left out narrows nothing.

    Raises FlowError, at the field it concerns where there is one.
    """
    known = {
        "uses": set(Household.Use.values),
        "kinds": set(Premises.Kind.values),
        "smalls": set(Premises.Small.values) - {""},
    }
    selection = {key: sorted(set(chosen.get(key) or ())) for key in (*known, "grids", "buildings")}
    for key, values in known.items():
        if set(selection[key]) - values:
            raise Refused("请从列出的选项里选。", key)
    if selection["grids"]:
        below = set(Grid.objects.current().filter(code__in=selection["grids"]).values_list("code", flat=True))
        if set(selection["grids"]) - below or not all(covers(sweep.grid_id, code) for code in below):
            raise Refused("请选择排查地点以下的网格。", "grids")
    if selection["buildings"]:
        places = Building.objects.filter(pk__in=selection["buildings"]).values_list("grid", flat=True)
        if len(places) != len(selection["buildings"]) or not all(
            covers(sweep.grid_id, each) for each in places
        ):
            raise Refused("请选择排查地点里的楼栋。", "buildings")
    selection = {key: values for key, values in selection.items() if values}
    return SWEEPS.run(sweep, "amend", by=by, version=version, note="改了范围", selection=selection)


def ask(sweep: Sweep, *, by: User, questions: list[dict[str, Any]], version: int | None = None) -> Sweep:
    """Say what a sweep asks. Raises FlowError, or ValidationError with a sentence for a form that does not hold."""
    form = questionnaire.check_form({"edition": questionnaire.EDITION, "questions": questions})
    return SWEEPS.run(sweep, "amend", by=by, version=version, note=f"排查表 {len(questions)} 题", form=form)


# --- at the door -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Answered:
    """What came of an answer. ``is_new``: it was taken in now. ``is_clash``: somebody had answered; what was sent is kept beside it."""

    target: SweepTarget
    is_new: bool = False
    is_clash: bool = False


@transaction.atomic
def answer(
    target: SweepTarget | int,
    *,
    by: User,
    outcome: str,
    answers: dict[str, Any],
    words: str = "",
    version: int = 0,
    token: str = "",
    at: datetime | None = None,
    photos: Iterable[UploadedFile] = (),
) -> Answered:
    """Take in what was found at one door, once.

    ``version``: which was shown; ``token`` names this sending, so that a repeat is answered as the first time; ``at``: when it was
    found, by the phone's clock. The first who answers is taken; what somebody else sends afterwards is kept beside it and both
    are returned as a clash. Where nobody was there, who comes next may answer; who answered may mend her own answer. Raises
    NotYours, Refused, or ValidationError at the field it concerns.
    """
    key = target.pk if isinstance(target, SweepTarget) else target
    target = SweepTarget.objects.filter(pk=key).select_related("sweep").first()
    if target is None or not by.may("answer", target):
        raise NotYours
    share(target.sweep_id)
    target = (
        SweepTarget.objects.select_for_update(of=("self",))
        .select_related("sweep", "done_by", "household", "premises")
        .defer("sweep__search_terms")
        .get(pk=key)
    )
    sweep, now = target.sweep, timezone.now()
    if token and token in (target.tokens or ()):
        return Answered(target, is_clash=any(each.get("token") == token for each in target.earlier or ()))
    if not sweep.is_running:
        raise Refused("这次排查已经结束，不能再填。")
    if outcome not in Outcome.values or outcome == Outcome.LEFT:
        raise Refused("请选择查到了、没人在，还是不用查。", "outcome")
    photos, words = list(photos), words.strip()
    kept, findings = checked(sweep, outcome, answers, words, bool(photos) or has_photos(target))
    at = min(max(at or now, sweep.started_at), now)
    sent = {
        "by": by.pk,
        "at": at.isoformat(),
        "outcome": outcome,
        "answers": kept,
        "words": words,
    }
    tokens = [*(target.tokens or ()), token] if token else target.tokens
    earlier = target.earlier or []
    if not takes(target, by, outcome, version):
        # It stays where whoever runs the sweep can read it, and nothing that holds is changed.
        if len(earlier) < MOST_EARLIER:
            earlier = [*earlier, {**sent, "token": token, "refused": True}]
        SweepTarget.objects.filter(pk=key).update(earlier=earlier, tokens=tokens)
        target.earlier, target.tokens = earlier, tokens
        return Answered(target, is_clash=True)
    if target.outcome:
        before = {
            "by": target.done_by_id,
            "at": target.done_at.isoformat(),
            "outcome": target.outcome,
            "answers": target.answers,
            "words": target.words,
        }
        earlier = [*earlier, before][-MOST_EARLIER:]
    changed = {
        "outcome": outcome,
        "answers": kept,
        "is_finding": bool(findings),
        "words": words,
        "done_at": at,
        "recorded_at": now,
        "done_by": by,
        "taken_by": None,
        "taken_until": None,
        "version": target.version + 1,
        "tokens": tokens,
        "earlier": earlier or None,
    }
    SweepTarget.objects.filter(pk=key, version=target.version).update(**changed)
    for name, value in changed.items():
        setattr(target, name, value)
    files.attach(SweepPhoto, photos, by=by, target=target)
    return Answered(target, is_new=True)


def takes(target: SweepTarget, by: User, outcome: str, version: int) -> bool:
    """Say whether an answer is taken beside what is there: nothing, nobody met, or the same person's own that she was shown."""
    if target.outcome == Outcome.LEFT:
        return True
    if target.outcome == Outcome.ABSENT and outcome != Outcome.ABSENT:
        return True
    if target.version != version:
        return False
    return target.outcome == Outcome.ABSENT or target.done_by_id == by.pk


def checked(
    sweep: Sweep, outcome: str, answers: dict[str, Any], words: str, pictured: bool
) -> tuple[dict[str, Any], list[str]]:
    """Return the answers as they are kept and which are findings; none of them where nobody was met.

    Raises ValidationError at the fields ``q_<key>``, ``words`` and ``photos``.
    """
    if len(words) > 500:
        raise ValidationError({"words": "说明不能超过 500 字。"})
    if outcome != Outcome.DONE:
        if outcome == Outcome.EXEMPT and not words:
            raise ValidationError({"words": questionnaire.WHY})
        return {}, []
    try:
        kept, findings = questionnaire.check_answers(sweep.form, answers)
    except ValidationError as error:
        raise ValidationError({f"q_{key}": texts for key, texts in error.message_dict.items()}) from error
    wrong = {}
    if findings and not words:
        wrong["words"] = questionnaire.WHAT
    if findings and not pictured and questionnaire.wants_photo(sweep.form, findings):
        wrong["photos"] = questionnaire.PICTURE
    if wrong:
        raise ValidationError(wrong)
    return kept, findings


def has_photos(target: SweepTarget) -> bool:
    """Say whether pictures came with an answer before."""
    return bool(target.outcome) and target.photos.exists()


def take(target: SweepTarget, *, by: User) -> SweepTarget | None:
    """Have a door in hand for some minutes, so that nobody else goes there. Returns None, or the target as somebody else has it in
    hand or has done it.

    Raises NotYours.
    """
    if not by.may("answer", target):
        raise NotYours
    now = timezone.now()
    until = now + timedelta(minutes=parameters.value("sweeps.hold_minutes"))
    running = Sweep.objects.filter(pk=OuterRef("sweep_id"), status="running")
    # Without a join: an UPDATE that waited for another looks at the row's own columns again, not at what a subquery found before.
    rows = SweepTarget.objects.filter(Exists(running), pk=target.pk, outcome__in=STILL)
    if rows.free_for(by, now).update(taken_by=by, taken_until=until):
        return None
    return SweepTarget.objects.select_related("taken_by", "done_by", "sweep").get(pk=target.pk)


def next_after(target: SweepTarget, *, by: User) -> int | None:
    """Return the key of the next door of the same grid to which nobody has been and nobody is going; None where there is none."""
    rows = SweepTarget.objects.restrict(by, "answer").filter(
        sweep=target.sweep_id, grid=target.grid_id, outcome=Outcome.LEFT
    )
    rows = rows.free_for(by, timezone.now()).order_by("position").values_list("pk", flat=True)
    return rows.filter(position__gt=target.position).first() or rows.first()


def words_of(target: SweepTarget) -> str:
    """Return the words with which a finding is handed on."""
    sweep = target.sweep
    said = [
        f"{label}：{text}"
        for label, text, wrong in questionnaire.in_words(sweep.form, target.answers)
        if wrong
    ]
    return f"{sweep.title}发现：{'；'.join(said)}。{target.words}（{sweep.number}）"


@transaction.atomic
def hand_on(target: SweepTarget, *, by: User, to: str, words: str, is_urgent: bool = False) -> Matter:
    """Hand on what was found at a door, with its pictures. Returns the matter that it became; a repeat answers with the same one.

    ``to``: one of ``intake.findings``. Raises NotYours, or Refused at ``to`` or ``words``.
    """
    if not (by.may("view", target) and target.is_finding):
        raise NotYours
    if len(words.strip()) < SHORTEST_WORDS:
        raise Refused("请写明是什么问题。", "words")
    register = target.household or target.premises
    return intake.hand_on(
        to,
        by=by,
        source="sweep",
        source_id=str(target.pk),
        grid_id=target.grid_id,
        description=words.strip(),
        spot=behind_the_door(register),
        entrance=register.entrance,
        longitude=getattr(register, "longitude", None),
        latitude=getattr(register, "latitude", None),
        captured_at=target.done_at,
        is_urgent=is_urgent,
        photos=files.copies(target.photos.all(), "排查.jpg"),
    )


# --- who helps --------------------------------------------------------------------------------------------------------------
@transaction.atomic
def name_helper(sweep: Sweep, *, by: User, user: User, grid: Grid) -> SweepHelper:
    """Let somebody help with a running sweep in one base grid. Raises NotYours, Refused at ``user`` or ``grid``, or OutOfReach."""
    if not by.may("view", sweep):
        raise NotYours
    if not sweep.is_running:
        raise Refused("排查启动以后才能指定帮手。")
    if not user.is_active:
        raise Refused("这个账号已停用。", "user")
    if not SweepTarget.objects.filter(sweep=sweep, grid=grid).exists():
        raise Refused("这个网格没有要查的。", "grid")
    if SweepHelper.objects.filter(sweep=sweep, user=user).count() >= MOST_GRIDS:
        raise Refused(f"一个人最多在 {MOST_GRIDS} 个网格帮忙。", "user")
    try:
        with transaction.atomic():
            helper = SweepHelper.objects.create(sweep=sweep, grid=grid, user=user, by=by)
    except IntegrityError as error:
        raise Refused(sentence(error) or "这个人已经在这个网格帮忙。", "user") from error
    look_again(by, helper, "add")
    notices.tell(
        [user],
        f"请您帮忙：{sweep.title}",
        body=f"在{grid}帮忙排查。",
        number=sweep.number,
        url=sweep.get_absolute_url(),
    )
    return helper


@transaction.atomic
def let_go(helper: SweepHelper, *, by: User) -> None:
    """End somebody's helping. What she answered stays. Raises NotYours."""
    if not by.may("delete", helper):
        raise NotYours
    helper.delete()
