"""Self-checks of premises, what they found, and how it is mended. Each function is one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from governance import files, intake
from governance.constraints import sentence
from governance.flow import NotYours, Refused
from governance.models import User
from governance.permissions import look_again
from grids.models import (
    ChecklistItem,
    Hazard,
    PatrolItem,
    Premises,
    SelfCheck,
    SelfCheckAnswer,
    SelfCheckPhoto,
    premises_token,
)
from grids.services.patrols import checked_moment
from grids.services.register import behind_the_door

#: The most pictures of one self-check.
MOST_PHOTOS = 8


@dataclass(frozen=True)
class Answer:
    """What was answered to one line."""

    item: ChecklistItem
    is_ok: bool
    words: str = ""
    photos: Sequence[UploadedFile] = field(default_factory=list)


@transaction.atomic
def record_check(
    premises: Premises,
    answers: Sequence[Answer],
    *,
    checker: str,
    token: str,
    by: User | None = None,
    checked_at: datetime | None = None,
) -> tuple[SelfCheck, bool]:
    """Keep a self-check. Returns it, and False when this very one had arrived before.

    ``by``: who of the staff filled it in; None for the premises themselves, which came by their code. What is not as it should be
    becomes a hazard; what is again ends one, but what the staff found only the staff ends. Raises NotYours, or Refused at the field it
    concerns.
    """
    # One after the other for each shop: two at once would find the same hazard twice.
    premises = Premises.objects.select_for_update(of=("self",)).select_related("grid").get(pk=premises.pk)
    token = f"{premises.pk}:{token}"
    known = SelfCheck.objects.filter(token=token).first()
    if known is not None:
        return known, False
    if not premises.is_current or premises.grid.is_retired:
        raise Refused("这个场所已经注销，不用自查了。")
    if not answers:
        raise Refused("没有要自查的项目，请联系社区。")
    if not checker:
        raise Refused("请填写检查人姓名。", "checker")
    if sum(len(answer.photos) for answer in answers) > MOST_PHOTOS:
        raise Refused(f"一次自查最多 {MOST_PHOTOS} 张照片，请少放几张。")
    wrong = [answer for answer in answers if not answer.is_ok]
    check = SelfCheck(
        grid=premises.grid, premises=premises, checker=checker, by=by, token=token,
        checked_at=checked_moment(checked_at, timezone.now()), asked=len(answers), wrong=len(wrong),
    )  # fmt: skip
    check.full_clean(exclude=["grid", "premises", "by"], validate_constraints=False)
    check.save()
    if by is not None:
        look_again(by, check, "add")
    day = timezone.localdate(check.checked_at)
    kept = SelfCheckAnswer.objects.bulk_create(
        SelfCheckAnswer(
            check_of=check, item=each.item, said=each.item.words, is_ok=each.is_ok, words=each.words
        )
        for each in answers
    )
    still = {hazard.item_id: hazard for hazard in premises.hazards.unmended().select_for_update(of=("self",))}
    for answer, row in zip(answers, kept, strict=True):
        hazard = still.get(row.item_id)
        if not row.is_ok:
            files.attach(SelfCheckPhoto, answer.photos, by=by, answer=row)
            if hazard is None:
                Hazard.objects.create(
                    grid=premises.grid, premises=premises, item=row.item, answer=row, said=row.said,
                    words=row.words, found_on=day, by_staff=by is not None,
                )  # fmt: skip
        elif hazard is not None and (by is not None or not hazard.by_staff) and hazard.found_on <= day:
            hazard.mended_on, hazard.mended_in = day, check
            hazard.save(update_fields=["mended_on", "mended_in"])
    before = Q(checked_on=None) | Q(checked_on__lt=day)
    Premises.objects.filter(before, pk=premises.pk).update(checked_on=day)
    return check, True


def _locked(hazard: Hazard, by: User) -> Hazard:
    """Return the hazard, locked and as it is now. Raises NotYours for who may not."""
    if not by.may("change", hazard):
        raise NotYours
    rows = Hazard.objects.select_for_update(of=("self",)).select_related("premises__grid", "grid")
    return rows.get(pk=hazard.pk)


@transaction.atomic
def mend(hazard: Hazard, *, by: User, words: str) -> Hazard:
    """Note that somebody looked and it has been mended. A repeat changes nothing. Raises NotYours, or Refused without words."""
    hazard = _locked(hazard, by)
    if not hazard.is_open:
        return hazard
    if not words:
        raise Refused("请写明看到的情况、怎样改的。", "words")
    hazard.mended_on, hazard.mended_by = timezone.localdate(), by
    hazard.mending = Hazard._meta.get_field("mending").clean(words, hazard)
    hazard.save(update_fields=["mended_on", "mended_by", "mending"])
    look_again(by, hazard, "change")
    return hazard


@transaction.atomic
def pass_on(
    hazard: Hazard, *, by: User, to: str, words: str = "", photos: Iterable[UploadedFile] = ()
) -> Hazard:
    """Pass on what the premises cannot or will not mend, with the pictures of the self-check. A repeat changes nothing. Raises NotYours,
    or Refused at the field it concerns."""
    hazard = _locked(hazard, by)
    if hazard.content_type_id is not None:
        return hazard
    if not hazard.is_open:
        raise Refused("这一项已经整改，不用上报。")
    premises = hazard.premises
    said = "\n".join(part for part in (f"应该：{hazard.said}", hazard.words, words) if part)
    matter = intake.hand_on(
        to,
        by=by,
        source="selfcheck",
        source_id=str(hazard.pk),
        grid_id=premises.grid_id,
        description=said,
        spot=behind_the_door(premises),
        entrance=premises.entrance,
        longitude=premises.longitude,
        latitude=premises.latitude,
        photos=[*files.copies(hazard.answer.photos.all(), "自查.jpg"), *photos],
    )
    hazard.content_type = ContentType.objects.get_for_model(matter)
    hazard.object_id, hazard.number = matter.pk, matter.number
    hazard.save(update_fields=["content_type", "object_id", "number"])
    look_again(by, hazard, "change")
    return hazard


@transaction.atomic
def renew_code(premises: Premises, *, by: User) -> Premises:
    """Give premises a new QR code; the one that hangs there stops working at once. Raises PermissionDenied without ``change``."""
    if not by.may("change", premises):
        raise PermissionDenied
    premises = Premises.objects.select_for_update(of=("self",)).get(pk=premises.pk)
    premises.token = premises_token()
    premises.save(update_fields=["token"])
    return premises


@transaction.atomic
def keep_line(row: ChecklistItem | PatrolItem, *, by: User) -> ChecklistItem | PatrolItem:
    """Save a line of one of the two lists; what the district has changed is the system's own no longer. Raises Refused or OutOfReach."""
    new = row.pk is None
    before = None if new else type(row).objects.filter(pk=row.pk).first()
    words = {"words", "why", "small"} if isinstance(row, ChecklistItem) else {"name", "hint"}
    if before is not None and any(getattr(before, name) != getattr(row, name) for name in words):
        row.is_default = False
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise Refused(sentence(error) or "编号或内容和已有的重复。", "code") from error
    look_again(by, row, "add" if new else "change")
    return row
