"""The front door: whatever comes in, by whichever channel, enters here and is handed to the app of its kind.

An app registers a handler for a kind in its ``AppConfig.ready``; the kernel knows no app. Source and source id together
are unique, so that a phone that sends twice, or a hotline that repeats a file, gets the first answer again.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from governance.flow import Refused
from governance.models import Intake, Matter, User
from governance.models.matters import Channel

Handler = Callable[[Intake, dict[str, Any]], Matter]
#: What of a kind another app's matter can be referred to: (choice, name).
Choices = Callable[[], list[tuple[str, str]]]
_handlers: dict[str, tuple[str, Handler]] = {}
_referrals: dict[str, Choices] = {}
#: What of a kind a person may hand on that she found: (group, [(choice, name)]).
Findings = Callable[[User], list[tuple[str, list[tuple[str, str]]]]]
_findings: dict[str, Findings] = {}
#: The kinds whose handlers take what a round finds: with pictures, a spot, a point, and the time when it was seen.
_seen: set[str] = set()
_confidential: set[str] = set()
#: Takes back a matter of a kind that another app's was referred to, with the reason; a repeat changes nothing.
Recall = Callable[[Matter, str], None]
_recalls: dict[str, Recall] = {}
#: Is told that what a matter of a kind was referred to has ended: (the old matter, the new one, whether it was done, by whom).
Ending = Callable[[Matter, Matter, bool, User], None]
_endings: dict[str, Ending] = {}
#: What apps give a newly verified phone's owner besides what was placed for her: returns how many rows.
Adopter = Callable[[User], int]
_adopters: list[Adopter] = []


def register(
    kind: str,
    label: str,
    handler: Handler,
    *,
    referred: Choices | None = None,
    found: Findings | None = None,
    seen: bool = False,
    confidential: bool = False,
    recall: Recall | None = None,
    ending: Ending | None = None,
) -> None:
    """Let an app take in matters of a kind. ``referred``: what other apps' matters can be referred to, if they can; ``found``: what
    can be handed on that was found at a visit; ``seen``: and what is found on a round, with its pictures.
    ``confidential``: that somebody came with one is for no post to see, but those of the matter's own rule. ``recall``: how
    a referred one is taken back. ``ending``: told when what one of this kind was referred to has ended, in the same
    transaction; it must bear being told twice.

    What is referred or found comes to the handler with the words and the place of where it comes from and the ``choice`` that
    was made, and needs no permission of its own: who may write it down there may hand it on.
    Raises ValueError when another handler has the kind already.
    """
    if kind in _handlers and _handlers[kind][1] is not handler:
        raise ValueError(f"two handlers for intake kind {kind!r}")
    _handlers[kind] = (label, handler)
    if referred is not None:
        _referrals[kind] = referred
    if found is not None:
        _findings[kind] = found
    if seen:
        _seen.add(kind)
    if confidential:
        _confidential.add(kind)
    if recall is not None:
        _recalls[kind] = recall
    if ending is not None:
        _endings[kind] = ending


def adopting(adopter: Adopter) -> None:
    """Let an app give a newly verified phone's owner what names that phone in its matters; repeating it adds nothing."""
    if adopter not in _adopters:
        _adopters.append(adopter)


def kinds() -> dict[str, str]:
    """Return the registered kinds with their Chinese names."""
    return {kind: label for kind, (label, _) in _handlers.items()}


def told_number(matter: Matter) -> str:
    """Return the number of a matter as others may be told it: none of one with which somebody came in confidence."""
    kind = ContentType.objects.get_for_model(matter)
    quiet = Intake.objects.filter(content_type=kind, object_id=matter.pk, is_confidential=True)
    return "" if quiet.exists() else matter.number


def referrals(but: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return where a matter of the kind ``but`` can be referred: (kind's name, [(``kind:choice``, name)])."""
    return [
        (_handlers[kind][0], [(f"{kind}:{choice}", name) for choice, name in choices()])
        for kind, choices in _referrals.items()
        if kind != but
    ]


def findings(user: User, *, seen: bool = False) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return to what a person can hand on what was found: (group, [(``kind:choice``, name)]). ``seen``: on a round, with pictures."""
    return [
        (group, [(f"{kind}:{choice}", name) for choice, name in choices])
        for kind, offered in _findings.items()
        if kind in _seen or not seen
        for group, choices in offered(user)
    ]


def hand_on(
    found: str,
    *,
    by: User,
    source: str,
    source_id: str,
    grid_id: str,
    description: str,
    number: str = "",
    entrance: Any = None,
    applicant_name: str = "",
    applicant_phone: str = "",
    photos: Iterable[UploadedFile] = (),
    **details: Any,
) -> Matter:
    """Hand on what was found at a visit or on a round. Returns the matter that it became; a repeat answers with the same one.

    ``found``: one of those that ``findings`` offers to ``by``. ``number``: what somebody else's need is called where it was written down;
    without one it is ``by``'s own report. ``photos`` go along where the kind takes what was seen; ``details``: what the app's handler takes
    besides. The caller has asked whether ``by`` may write
    down what was found there. Raises Refused at the field ``to`` for what is not offered, and what the app's handler raises.
    """
    kind, _, choice = found.partition(":")
    offered = _findings[kind](by) if kind in _findings else []
    if not any(choice == key for _, choices in offered for key, _ in choices):
        raise Refused("请选择转到哪里。", "to")
    if kind in _seen:
        details["photos"] = photos
    matter, _ = receive(
        kind,
        by=by,
        source=source,
        source_id=source_id,
        channel=Channel.WORKER,
        grid_id=grid_id,
        applicant=None,
        applicant_name=applicant_name,
        applicant_phone=applicant_phone,
        referred_from=number,
        choice=choice,
        description=description,
        entrance=entrance,
        **details,
    )
    return matter


def receive(
    kind: str,
    *,
    by: User,
    source: str,
    source_id: str,
    channel: str,
    grid_id: str,
    applicant: User | None,
    applicant_name: str,
    applicant_phone: str,
    referred_from: str = "",
    **payload: Any,
) -> tuple[Matter, bool]:
    """Take in one request and hand it to its app. Returns the matter, and whether it is new (False for a repeat).

    ``by`` is who sends it: the resident herself, the worker who fills it in for her, another system's account, or the
    portal's own for someone who has not signed in. Raises KeyError for a kind no
    app takes in, and what the app's handler raises; then nothing is kept.
    """
    _, handler = _handlers[kind]
    known = _first_answer(source, source_id)
    if known is not None:
        return known, False
    try:
        with transaction.atomic():
            intake = Intake.objects.create(
                kind=kind,
                source=source,
                source_id=source_id,
                channel=channel,
                grid_id=grid_id,
                applicant=applicant,
                applicant_name=applicant_name,
                applicant_phone=applicant_phone,
                # Who hands a matter on did not take it down for anybody: it is no matter of hers.
                placed_by=None if referred_from or by.username == "system" or applicant == by else by,
                referred_from=referred_from,
                is_confidential=kind in _confidential,
            )
            matter = handler(intake, {"by": by, **payload})
            intake.content_type = ContentType.objects.get_for_model(matter)
            intake.object_id, intake.number, intake.title = matter.pk, matter.number, matter.title
            intake.save(update_fields=["content_type", "object_id", "number", "title"])
            return matter, True
    except IntegrityError:
        # Another request with the same id came in between; its answer is ours.
        known = _first_answer(source, source_id)
        if known is None:
            raise
        return known, False


def became(source: str, ids: Iterable[str]) -> dict[str, Intake]:
    """Return what came of what was found in ``source``: its id to its entry, for those that were handed on. One query."""
    return {each.source_id: each for each in Intake.objects.filter(source=source, source_id__in=list(ids))}


def handed_on(source: str, rows: QuerySet) -> int:
    """Return of how many ``rows``, found in ``source`` and named by their keys, something came. One query."""
    keys = rows.order_by().annotate(key=Cast("pk", TextField())).values("key")
    return Intake.objects.filter(source=source, source_id__in=keys).count()


def times(number: str) -> int:
    """Return how often what is called ``number`` where it was written down was handed on."""
    return Intake.objects.filter(referred_from=number).count()


def _first_answer(source: str, source_id: str) -> Matter | None:
    intake = Intake.objects.filter(source=source, source_id=source_id).first()
    return intake.matter if intake is not None else None


def refer(matter: Matter, kind: str, *, by: User, choice: str, time: int = 1, **details: Any) -> Matter:
    """Hand a matter that is really another app's to that app; both keep the link. Returns the new matter.

    ``choice``: one of those that ``referrals`` offers for the kind. ``time``: counts how often this matter was handed on,
    where it may come back and be handed on again. ``details``: what the app's handler takes besides, or instead of the old
    matter's own words.

    The caller's flow writes the step on the old matter. Repeating it answers with the same new matter.
    """
    new, _ = receive(
        kind,
        by=by,
        source="referral",
        source_id=f"{matter.number}>{kind}" + (f"#{time}" if time > 1 else ""),
        channel="referral",
        grid_id=matter.grid_id,
        applicant=matter.applicant,
        applicant_name=matter.applicant_name,
        applicant_phone=matter.applicant_phone,
        referred_from=matter.number,
        choice=choice,
        **{"description": matter.description, "entrance": matter.entrance, **details},
    )
    return new


def ended(matter: Matter, *, done: bool, by: User) -> None:
    """Tell the app from which a matter was referred that it has ended. ``done``: what was asked for has been done.

    An app's flow calls it as it ends a matter, inside the transaction; nothing happens for what was never referred.
    """
    if matter.channel != Channel.REFERRAL:
        return
    kind = ContentType.objects.get_for_model(matter)
    came = Intake.objects.filter(content_type=kind, object_id=matter.pk).exclude(referred_from="").first()
    old = Intake.objects.filter(number=came.referred_from).first() if came is not None else None
    if old is not None and old.kind in _endings and old.matter is not None:
        _endings[old.kind](old.matter, matter, done, by)


def hold(matter: Matter) -> None:
    """Lock what a matter was last referred to, before the matter itself is locked: what ends it locks them in this order too."""
    last = _last_referral(matter.number)
    if last is not None and last.content_type_id:
        model = last.content_type.model_class()
        model._base_manager.select_for_update(of=("self",)).filter(pk=last.object_id).first()


def recall(matter: Matter, reason: str) -> None:
    """Take back what a matter was last referred to, if that has not ended; who referred it is not told of that end.

    Raises Refused where it is too late for it, and KeyError for a kind that cannot be taken back.
    """
    last = _last_referral(matter.number)
    if last is not None and last.matter is not None and last.matter.is_open:
        _recalls[last.kind](last.matter, reason)


def onward(matter: Matter) -> Matter | None:
    """Return the matter in which one that has ended goes on: what it was referred to, or what has taken it in; None otherwise."""
    last = _last_referral(matter.number)
    return last.matter if last is not None else matter.goes_on_in()


def _last_referral(number: str) -> Intake | None:
    return Intake.objects.filter(referred_from=number).order_by("-pk").first()


def referred_to(matter: Matter, user: Any) -> list[Intake]:
    """Return what a matter was referred to, as far as ``user`` may see the new matter."""
    return _reached(Intake.objects.filter(referred_from=matter.number).order_by("pk")[:10], user)


def referred_from(matter: Matter, user: Any) -> list[Intake]:
    """Return what a matter was referred from, as far as ``user`` may see the old matter."""
    kind = ContentType.objects.get_for_model(matter)
    came = Intake.objects.filter(content_type=kind, object_id=matter.pk).exclude(referred_from="").first()
    return _reached(Intake.objects.filter(number=came.referred_from)[:1], user) if came else []


def _reached(rows: Any, user: Any) -> list[Intake]:
    return [row for row in rows if row.matter is not None and user.may("view", row.matter)]


def adopt(user: User) -> int:
    """Give a newly verified phone's owner the matters that were placed for that phone before she had an account, and what the
    apps keep for it (``adopting``).

    Returns how many. Only rows without an account are touched.
    """
    if not (user.phone and user.phone_verified):
        return 0
    with transaction.atomic():
        found = list(Intake.objects.filter(applicant=None, applicant_phone=user.phone).select_for_update())
        for intake in found:
            intake.applicant = user
            intake.save(update_fields=["applicant"])
            if intake.content_type_id:
                model = intake.content_type.model_class()
                model._base_manager.filter(pk=intake.object_id, applicant=None).update(applicant=user)
        return len(found) + sum(adopter(user) for adopter in _adopters)
