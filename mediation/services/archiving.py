"""What happens to a sealed file: it is exported, its erasure is held off, asked for and approved, and in the end it is erased."""

import io
import json
import re
import zipfile
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from governance import audit, notices
from governance.flow import NotYours, Refused
from governance.models import AccessEvent, Intake, Notice, User
from governance.permissions import holders
from mediation.models import (
    Agreement,
    Archive,
    Confirmation,
    Disputant,
    Dispute,
    DisputePhoto,
    JudicialConfirmation,
    Paper,
    PrivateNote,
    Session,
    Term,
    Viewing,
)
from mediation.papers.case import stored
from mediation.papers.sealing import verify_seal

LEAST_REASON = 4
#: What stands where the words of an erased file stood and the database asks for some.
GONE = "（已销毁）"


def _reason(text: str) -> str:
    text = text.strip()
    if len(text) < LEAST_REASON:
        raise Refused(f"请写明理由（至少 {LEAST_REASON} 个字），理由会留存。", "reason")
    return text[:200]


def _locked(archive: Archive, by: User, action: str) -> Archive:
    """Return the archive with its row locked.

    Raises NotYours where ``by`` may not do ``action`` with it, Refused for one that was erased.
    """
    if not by.may(action, archive):
        raise NotYours
    archive = Archive.objects.select_for_update(of=("self",)).select_related("dispute").get(pk=archive.pk)
    if archive.erased_on is not None:
        raise Refused("这份档案已经销毁。")
    return archive


# --- taking it along ------------------------------------------------------------------------------------------------------------
@transaction.atomic
def export_zip(archive: Archive, *, by: User, reason: str, request: Any = None) -> tuple[str, bytes]:
    """Return a sealed file as one ZIP: its Word documents and pictures in order, a contents list, and ``manifest.json`` with the
    hashes. Logged with its reason.

    Raises NotYours, or Refused without a reason and for a file that is no longer as it was sealed.
    """
    reason = _reason(reason)
    archive = _locked(archive, by, "export")
    verdict = verify_seal(archive.dispute)
    if not verdict.is_intact:
        raise Refused(f"封存核验没有通过，不能导出：{'；'.join(verdict.found)}")
    dispute = archive.dispute
    content = _zip(archive)
    audit.record(
        AccessEvent.Kind.EXPORT,
        by,
        f"导出卷宗档案（未脱敏）：{dispute.number}",
        obj=dispute,
        reason=reason,
        request=request,
    )
    return f"{_safe(str(archive))}.zip", content


def _safe(name: str) -> str:
    return re.sub(r'[\\/:*?"<>|\x00-\x1f]', "", name)[:80]


def _zip(archive: Archive) -> bytes:
    dispute, manifest = archive.dispute, archive.manifest
    papers = {paper.kind: paper for paper in dispute.papers.filter(is_sealed=True)}
    photos = list(dispute.photos.order_by("pk"))
    contents = [
        {"key": Paper.Kind.COVER, "label": Paper.Kind.COVER.label},
        *manifest["contents"],
        {"key": Paper.Kind.BACK, "label": Paper.Kind.BACK.label},
        {"key": Paper.Kind.VOLUME, "label": Paper.Kind.VOLUME.label},
    ]
    out, listed = io.BytesIO(), []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:

        def put(name: str, line: dict[str, Any], token: str, stored_as: str) -> None:
            packed.writestr(name, stored(stored_as))
            pages = {"first": line["first"], "last": line["last"]} if "first" in line else {}
            listed.append({"name": name, "label": line["label"], "sha256": manifest["files"][token], **pages})

        for number, line in enumerate(contents):
            base = f"{number:02d}-{_safe(line['label'])}"
            if line["key"] in papers:
                paper = papers[line["key"]]
                put(f"{base}.docx", line, paper.token, paper.file.name)
                continue
            chosen = [photo for photo in photos if f"scan_{photo.kind}" == line["key"]]
            for index, photo in enumerate(chosen, 1):
                put(f"{base}-{index:02d}.jpg", line, photo.token, photo.image.name)
        packed.writestr("目录.txt", _contents_list(archive, listed))
        about = {
            "number": dispute.number,
            "case_number": dispute.case_number,
            "sealed_at": timezone.localtime(archive.sealed_at).isoformat(),
            "sealed_by": str(archive.sealed_by),
            "pages": archive.pages,
            "retention": archive.get_retention_display(),
            "keep_until": archive.keep_until.isoformat(),
            "sha256": archive.sha256,
            "files": listed,
            "manifest": manifest,
        }
        packed.writestr("manifest.json", json.dumps(about, ensure_ascii=False, indent=1))
    return out.getvalue()


def _contents_list(archive: Archive, listed: list[dict[str, Any]]) -> str:
    lines = [
        f"卷号：{archive}",
        f"封存：{timezone.localtime(archive.sealed_at):%Y-%m-%d %H:%M} {archive.sealed_by}，共 {archive.pages} 页",
        f"保管：{archive.get_retention_display()}，至 {archive.keep_until}",
        f"封存摘要：{archive.sha256}",
        "",
    ]
    for each in listed:
        pages = f"　第 {each['first']}—{each['last']} 页" if "first" in each else ""
        lines.append(f"{each['name']}{pages}")
    return "\ufeff" + "\r\n".join(lines) + "\r\n"


# --- holding its erasure off ------------------------------------------------------------------------------------------------------
@transaction.atomic
def hold(archive: Archive, *, by: User, reason: str) -> Archive:
    """Hold the erasure of a file off, for as long as something hangs on it. What was asked for falls away.

    Raises NotYours or Refused.
    """
    reason = _reason(reason)
    archive = _locked(archive, by, "change")
    archive.hold_reason, archive.held_at, archive.held_by = reason, timezone.now(), by
    _unask(archive)
    archive.save()
    _log(archive, by, "暂停销毁", reason)
    return archive


@transaction.atomic
def release(archive: Archive, *, by: User, reason: str) -> Archive:
    """Let a file that was held be erased again in its time.

    Raises NotYours or Refused.
    """
    reason = _reason(reason)
    archive = _locked(archive, by, "change")
    if not archive.hold_reason:
        raise Refused("这份档案没有暂停销毁。")
    archive.hold_reason, archive.held_at, archive.held_by = "", None, None
    archive.save()
    _log(archive, by, "解除暂停销毁", reason)
    return archive


# --- erasing it --------------------------------------------------------------------------------------------------------------------
def _erasable(archive: Archive) -> None:
    if archive.hold_reason:
        raise Refused(f"这份档案暂停销毁：{archive.hold_reason}")
    if not archive.is_expired:
        raise Refused(f"保管期限到 {archive.keep_until}，还没有到期。")


@transaction.atomic
def ask_erasure(archive: Archive, *, by: User, reason: str) -> Archive:
    """Ask for an expired file to be erased; those who may approve it are told.

    Raises NotYours or Refused.
    """
    reason = _reason(reason)
    archive = _locked(archive, by, "change")
    _erasable(archive)
    if archive.erase_asked_at is not None:
        raise Refused("已经申请销毁，等待批准。")
    archive.erase_asked_at, archive.erase_asked_by, archive.erase_reason = timezone.now(), by, reason
    archive.save()
    _log(archive, by, "申请销毁", reason)
    people = holders("mediation.erase_dispute", archive.dispute.seat_id)
    people = people.exclude(pk=by.pk).exclude(pk__in=archive.dispute.party_keys)
    notices.tell(people, f"卷宗档案到期，申请销毁：{archive.dispute.number}", number=archive.dispute.number)
    return archive


@transaction.atomic
def refuse_erasure(archive: Archive, *, by: User, reason: str) -> Archive:
    """Do not let a file be erased for now; whoever asked is told.

    Raises NotYours or Refused.
    """
    reason = _reason(reason)
    archive = _locked(archive, by, "erase")
    if archive.erase_asked_at is None:
        raise Refused("没有人申请销毁这份档案。")
    asked = archive.erase_asked_by
    _unask(archive)
    archive.save()
    _log(archive, by, "不批准销毁", reason)
    notices.tell(
        [asked], f"没有批准销毁：{archive.dispute.number}", body=reason, number=archive.dispute.number
    )
    return archive


def _unask(archive: Archive) -> None:
    archive.erase_asked_at, archive.erase_asked_by, archive.erase_reason = None, None, ""


@transaction.atomic
def approve_erasure(archive: Archive, *, by: User, reason: str = "") -> Archive:
    """Approve that a file is erased, and erase it. What remains is what the statistics count: category, grade, origin, outcome,
    dates, amounts, performance, the court's answer.

    Raises NotYours or Refused; nobody approves what she asked for.
    """
    archive = _locked(archive, by, "erase")
    if archive.erase_asked_at is None:
        raise Refused("没有人申请销毁这份档案。")
    if archive.erase_asked_by_id == by.pk:
        raise Refused("销毁由一人申请、另一人批准，您不能批准自己的申请。")
    _erasable(archive)
    archive.erase_approved_at, archive.erase_approved_by = timezone.now(), by
    archive.save()
    _erase(archive.dispute)
    archive.manifest, archive.erased_on = {}, timezone.localdate()
    archive.save()
    _log(archive, by, "批准销毁", reason.strip()[:200] or archive.erase_reason)
    return archive


def _erase(dispute: Dispute) -> None:
    names = [
        *(name for pair in DisputePhoto.objects.filter(dispute=dispute).values_list("image", "thumb") for name in pair),
        *Paper.objects.filter(dispute=dispute).values_list("file", flat=True),
    ]  # fmt: skip
    PrivateNote.objects.filter(session__dispute=dispute).delete()
    for session in Session.objects.filter(dispute=dispute):
        session.invited.clear()
        session.present.clear()
    Confirmation.objects.filter(agreement__dispute=dispute).delete()
    dispute.follow_ups.all().delete()
    for rows in (
        dispute.sessions, dispute.inquiries, dispute.photos, dispute.papers, dispute.guests, dispute.mediations,
        dispute.steps,
    ):  # fmt: skip
        rows.all().delete()
    Viewing.objects.filter(dispute=dispute).delete()
    Disputant.objects.filter(dispute=dispute).delete()
    Term.objects.filter(agreement__dispute=dispute).update(content=GONE, way=GONE, place=GONE)
    Agreement.objects.filter(dispute=dispute).update(facts=GONE, duties=GONE)
    JudicialConfirmation.objects.filter(agreement__dispute=dispute).update(ruling="")
    Dispute.objects.filter(pk=dispute.pk).update(
        description="",
        requests="",
        applicant=None,
        applicant_name="",
        applicant_phone="",
        placed_by=None,
        entrance=None,
        origin_number="",
        search_terms=[],
    )
    Intake.objects.filter(number=dispute.number).update(
        applicant=None, applicant_name="", applicant_phone="", placed_by=None
    )
    Notice.objects.filter(number=dispute.number).delete()
    transaction.on_commit(lambda: [default_storage.delete(name) for name in names if name])


def _log(archive: Archive, by: User, what: str, reason: str) -> None:
    audit.record(
        AccessEvent.Kind.CONFIGURE,
        by,
        f"{what}：卷宗档案 {archive.dispute.number}",
        obj=archive.dispute,
        reason=reason,
    )
