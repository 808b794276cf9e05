"""Showing a service (晒单)."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from django.db import IntegrityError, transaction

from governance import files
from governance.constraints import sentence
from governance.flow import NotYours, Refused
from governance.models import User
from governance.territory import GridLevel
from volunteers.flow.showcases import REVIEW_CLOCK, SHOWCASES
from volunteers.models import Order, Showcase, ShowcasePhoto, Volunteer

MOST_PHOTOS = 9


def _agreed_at(consent: str, at: datetime | None) -> datetime | None:
    """Return when someone agreed; None where there was nobody to ask.

    Raises Refused for an unknown consent, or one without its date.
    """
    if consent not in Showcase.Consent.values:
        raise Refused("请选择受助人是否同意。", "consent")
    if consent not in Showcase.AGREED:
        return None
    if at is None:
        raise Refused("请填写哪一天同意的。", "consent_at")
    return at


@transaction.atomic
def submit_showcase(
    order: Order,
    *,
    by: User,
    title: str,
    story: str,
    consent: str,
    consent_at: datetime | None,
    signature: str = "",
    photos=(),
) -> Showcase:
    """Write the story of a finished service, with up to nine photos; the community reviews it. Returns the showcase.

    Only a volunteer who served the order may. Raises NotYours, or Refused at the field it concerns.
    """
    if not by.may("show", order):
        raise NotYours
    volunteer = Volunteer.objects.get(claims__order=order, claims__status="served", applicant=by)
    if not title.strip():
        raise Refused("请写一个标题。", "title")
    if not story.strip():
        raise Refused("请写下服务的经过。", "story")
    consent_at = _agreed_at(consent, consent_at)
    if len(photos) > MOST_PHOTOS:
        raise Refused(f"最多 {MOST_PHOTOS} 张照片。", "photos")
    showcase = Showcase(
        # The community's, not the base grid's: a story on the wall must not tell where someone lives.
        grid_id=order.grid_id[: GridLevel.COMMUNITY],
        order=order,
        volunteer=volunteer,
        title=title.strip(),
        description=story.strip(),
        consent=consent,
        consent_at=consent_at,
        signature=signature.strip(),
        applicant=by,
        applicant_name=volunteer.applicant_name,
        applicant_phone=volunteer.applicant_phone,
    )
    try:
        with transaction.atomic():
            SHOWCASES.open_matter(showcase, by=by, label="晒单", clock=REVIEW_CLOCK, tell=("reviewers",))
    except IntegrityError as error:
        raise Refused(sentence(error) or "这次服务已经晒过单。") from error
    files.attach(ShowcasePhoto, photos, by=by, showcase=showcase)
    return showcase


@transaction.atomic
def revise_showcase(
    showcase: Showcase,
    *,
    by: User,
    version: int | None = None,
    title: str,
    story: str,
    consent: str,
    consent_at: datetime | None,
    signature: str = "",
    photos=(),
    drop: Iterable[ShowcasePhoto] = (),
) -> Showcase:
    """Hand in a corrected story: other words, pictures taken out (``drop``) and added. Returns the showcase.

    Raises what the flow raises, and Refused at the field ``photos`` for more pictures than fit.
    """
    if not title.strip():
        raise Refused("请写一个标题。", "title")
    consent_at = _agreed_at(consent, consent_at)
    showcase = Showcase.objects.select_for_update(of=("self",)).get(pk=showcase.pk)
    repeats = showcase.steps.filter(action="revise", actor=by, seen_version=version)
    if version is not None and repeats.exists():
        return showcase  # the same request again: its pictures are there already
    showcase = SHOWCASES.run(
        showcase,
        "revise",
        by=by,
        version=version,
        title=title.strip(),
        description=story.strip(),
        consent=consent,
        consent_at=consent_at,
        signature=signature.strip(),
    )
    for photo in showcase.photos.filter(pk__in=[photo.pk for photo in drop]):
        photo.delete()
        # The files go only when the change stays.
        for stored in (photo.image, photo.thumb):
            transaction.on_commit(partial(stored.storage.delete, stored.name))
    if showcase.photos.count() + len(photos) > MOST_PHOTOS:
        raise Refused(f"一共最多 {MOST_PHOTOS} 张照片。", "photos")
    files.attach(ShowcasePhoto, photos, by=by, showcase=showcase)
    return showcase
