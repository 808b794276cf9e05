"""The front door: whatever comes in, by whichever channel, enters here and is handed to the app of its kind.

An app registers a handler for a kind in its ``AppConfig.ready``; the kernel knows no app. Source and source id together
are unique, so that a phone that sends twice, or a hotline that repeats a file, gets the first answer again.
"""

from collections.abc import Callable
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import IntegrityError, transaction

from governance.models import Intake, Matter, User

Handler = Callable[[Intake, dict[str, Any]], Matter]
#: What of a kind another app's matter can be referred to: (choice, name).
Choices = Callable[[], list[tuple[str, str]]]
_handlers: dict[str, tuple[str, Handler]] = {}
_referrals: dict[str, Choices] = {}
_confidential: set[str] = set()
#: What apps give a newly verified phone's owner besides what was placed for her: returns how many rows.
Adopter = Callable[[User], int]
_adopters: list[Adopter] = []


def register(
    kind: str, label: str, handler: Handler, *, referred: Choices | None = None, confidential: bool = False
) -> None:
    """Let an app take in matters of a kind. ``referred``: what other apps' matters can be referred to, if they can.
    ``confidential``: that somebody came with one is for no post to see, but those of the matter's own rule.

    A referred matter comes to the handler with the words and the place of the old one and the ``choice`` that was made.
    Raises ValueError when another handler has the kind already.
    """
    if kind in _handlers and _handlers[kind][1] is not handler:
        raise ValueError(f"two handlers for intake kind {kind!r}")
    _handlers[kind] = (label, handler)
    if referred is not None:
        _referrals[kind] = referred
    if confidential:
        _confidential.add(kind)


def adopting(adopter: Adopter) -> None:
    """Let an app give a newly verified phone's owner what names that phone in its matters; repeating it adds nothing."""
    if adopter not in _adopters:
        _adopters.append(adopter)


def kinds() -> dict[str, str]:
    """Return the registered kinds with their Chinese names."""
    return {kind: label for kind, (label, _) in _handlers.items()}


def referrals(but: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return where a matter of the kind ``but`` can be referred: (kind's name, [(``kind:choice``, name)])."""
    return [
        (_handlers[kind][0], [(f"{kind}:{choice}", name) for choice, name in choices()])
        for kind, choices in _referrals.items()
        if kind != but
    ]


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


def _first_answer(source: str, source_id: str) -> Matter | None:
    intake = Intake.objects.filter(source=source, source_id=source_id).first()
    return intake.matter if intake is not None else None


def refer(matter: Matter, kind: str, *, by: User, choice: str) -> Matter:
    """Hand a matter that is really another app's to that app; both keep the link. Returns the new matter.

    ``choice``: one of those that ``referrals`` offers for the kind.

    The caller's flow writes the step on the old matter. Repeating it answers with the same new matter.
    """
    new, _ = receive(
        kind,
        by=by,
        source="referral",
        source_id=f"{matter.number}>{kind}",
        channel="referral",
        grid_id=matter.grid_id,
        applicant=matter.applicant,
        applicant_name=matter.applicant_name,
        applicant_phone=matter.applicant_phone,
        referred_from=matter.number,
        choice=choice,
        description=matter.description,
        entrance=matter.entrance,
    )
    return new


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
