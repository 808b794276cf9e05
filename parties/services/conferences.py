"""Calling joint conferences, writing down who came and what was said, and calling them off."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from governance import files, notices
from governance.constraints import sentence
from governance.flow import NotYours, Refused
from governance.models import Unit, User
from governance.models.people import people_of
from governance.permissions import look_again
from governance.templatetags.ui import cn_datetime
from governance.territory import GridLevel, covers, lineage
from parties.models import Conference, ConferencePhoto, Invitation, PartTimeMember

#: Which units are asked to conferences and answer for tasks.
KINDS = (Unit.Kind.DEPARTMENT, Unit.Kind.STREET_OFFICE, Unit.Kind.COMMITTEE)
MOST_PHOTOS = 12
#: A conference is written down afterwards, or planned ahead, by so much.
FIRST_YEAR, AHEAD = 2000, timedelta(days=366)


def units_near(code: str):
    """Return the units that a place deals with: those over it and its own, and the offices right below it."""
    near = Q(grid__in=lineage(code)) | Q(grid__parent=code)
    return Unit.objects.filter(near, is_active=True, kind__in=KINDS).order_by("kind", "code")


def members_at(code: str):
    """Return the part-time members in office of a place's own joint committee."""
    return PartTimeMember.objects.in_office().filter(grid=code, committee__ended_on=None).order_by("pk")


@transaction.atomic
def keep_conference(
    conference: Conference, *, by: User, units: Iterable[Unit], members: Iterable[PartTimeMember]
) -> Conference:
    """Save a conference, new or mended, with who is asked to it; tell the units that are new to it.

    Raises Refused at the field it concerns, OutOfReach or ValidationError.
    """
    new = conference.pk is None
    if conference.grid.is_retired or conference.grid.grid_level > GridLevel.COMMUNITY:
        raise Refused("联席会议开在区、街道或社区。", "grid")
    if conference.cancelled_on is not None:
        raise Refused("会议已经取消，不能再修改。")
    now = timezone.now()
    if conference.held_at.year < FIRST_YEAR:
        raise Refused("年份太早了，请核对。", "held_at")
    if conference.held_at > now + AHEAD:
        raise Refused("请填写一年以内的会议时间。", "held_at")
    if conference.minutes and conference.held_at > now:
        raise Refused("会议已有记录，时间不能改到以后。", "held_at")
    if new:
        conference.opened_by = by
    units = list(units)
    before, conference.unit_ids = set(conference.unit_ids), sorted({unit.pk for unit in units})
    conference.clean_fields(exclude=["grid", "opened_by", "unit_ids"])
    try:
        with transaction.atomic():
            conference.save()
    except IntegrityError as error:
        raise Refused(sentence(error) or "与已登记的会议冲突，请检查。", "title") from error
    look_again(by, conference, "add" if new else "change")
    _ask(conference, units, members)
    _tell(conference, [unit for unit in units if unit.pk not in before], by)
    return conference


def _ask(conference: Conference, units: Iterable[Unit], members: Iterable[PartTimeMember]) -> None:
    """Make the list of those asked what it should be; who stays on it stays as she was noted."""
    wanted: set[tuple[int | None, int | None]] = {(None, unit.pk) for unit in units}
    wanted |= {(member.pk, None) for member in members}
    there = {(row.member_id, row.unit_id): row.pk for row in conference.invitations.all()}
    Invitation.objects.filter(pk__in=[key for who, key in there.items() if who not in wanted]).delete()
    added = sorted(wanted - set(there), key=lambda who: (who[0] or 0, who[1] or 0))
    Invitation.objects.bulk_create(
        Invitation(conference=conference, member_id=member, unit_id=unit) for member, unit in added
    )


def _tell(conference: Conference, units: Iterable[Unit], by: User) -> None:
    """Tell the people of units that they are asked to a conference that is still to be held."""
    if conference.held_at <= timezone.now():
        return
    url = reverse("admin:parties_conference_change", args=[conference.pk])
    body = f"{cn_datetime(conference.held_at)}，{conference.venue}"
    for unit in units:
        people = [p for p in people_of(unit, "parties.handle_task", unit.grid_id) if p.pk != by.pk]
        # The offices below reach what lies at their own place; they are told, and have no page of it.
        opens = unit.kind == Unit.Kind.DEPARTMENT or covers(unit.grid_id, conference.grid_id)
        notices.tell(people, f"请参加{conference.title}", body=body, url=url if opens else "")


@transaction.atomic
def record_conference(
    conference: Conference,
    *,
    by: User,
    minutes: str,
    present: Iterable[Invitation],
    photos: Iterable[UploadedFile] = (),
) -> Conference:
    """Write down what was said at a conference that was held, and who came. ``photos`` are added to those there are.

    Raises NotYours, or Refused at the field it concerns.
    """
    conference = _locked(conference, by)
    if conference.state not in ("held", "recorded"):
        raise Refused("会议还没有开，或者已经取消，不能记录。")
    if not minutes.strip():
        raise Refused("请填写会议记录。", "minutes")
    photos = list(photos)
    if conference.photos.count() + len(photos) > MOST_PHOTOS:
        raise Refused(f"一次会议最多 {MOST_PHOTOS} 张照片。", "photos")
    conference.minutes = minutes.strip()
    conference.clean_fields(exclude=["grid", "opened_by", "unit_ids"])
    conference.save()
    came = {row.pk for row in present}
    rows = list(conference.invitations.all())
    for row in rows:
        row.present = row.pk in came
    Invitation.objects.bulk_update(rows, ["present"])
    if photos:
        files.attach(ConferencePhoto, photos, by=by, conference=conference)
    return conference


@transaction.atomic
def cancel_conference(conference: Conference, *, by: User, reason: str) -> Conference:
    """Call a conference off. Repeating it changes nothing. Raises NotYours or Refused."""
    conference = _locked(conference, by)
    if conference.cancelled_on is not None:
        return conference
    if conference.minutes or conference.tasks.counted().exists():
        raise Refused("会议已有记录或议定事项，不能取消。")
    conference.cancelled_on, conference.cancelled_why = timezone.localdate(), reason.strip()[:200]
    if not conference.cancelled_why:
        raise Refused("请填写理由。", "reason")
    conference.save()
    return conference


def _locked(conference: Conference, by: User) -> Any:
    """Return the conference, locked. Raises NotYours for who may not change it."""
    conference = (
        Conference.objects.select_related("grid").select_for_update(of=("self",)).get(pk=conference.pk)
    )
    if not by.may("change", conference):
        raise NotYours
    return conference
