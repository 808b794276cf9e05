"""Scans into the file, and the sealing of it. Every function runs inside the engine, with the dispute's row locked."""

import hashlib
from datetime import date
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from governance import files, parameters
from governance.flow import Change, Refused
from governance.models import User
from mediation import papers
from mediation.models import Archive, Dispute, DisputePhoto, Grade, Paper, Retention
from mediation.papers import binding, catalogue, sealing

#: Scans that one sending may hold.
MOST_SCANS = 20
YEARS = {
    Retention.SHORT: "mediation.keep_short",
    Retention.MEDIUM: "mediation.keep_medium",
    Retention.LONG: "mediation.keep_long",
}


def scan(change: Change) -> None:
    """Put pictures into the file: identity papers, evidence, signed sheets that were scanned back, receipts."""
    kind, uploads = change.data.get("kind"), change.data.get("photos") or []
    if kind not in DisputePhoto.Kind.values:
        raise Refused("请选择是什么材料。", "kind")
    if not uploads:
        raise Refused("请选择照片。", "photos")
    if len(uploads) > MOST_SCANS:
        raise Refused(f"一次最多 {MOST_SCANS} 张照片。", "photos")
    words = (change.data.get("words") or "").strip()[:60]
    files.attach(DisputePhoto, uploads, by=change.actor, dispute=change.matter, kind=kind, words=words)
    change.kept |= {"kind": kind, "photos": len(uploads)}


def usual_retention(dispute: Dispute) -> str:
    """Return the class of retention that is proposed for a file, by how hard it was."""
    return {Grade.A: Retention.LONG, Grade.B: Retention.MEDIUM}.get(dispute.grade, Retention.SHORT)


def keep_until(retention: str, on: date) -> date:
    """Return the last day on which a file is kept: its years are counted from the first of January after the sealing."""
    return date(on.year + parameters.value(YEARS[retention]), 12, 31)


def archive(change: Change) -> None:
    """Seal the file. What it lacks is named; whoever seals it all the same says why."""
    dispute: Dispute = change.matter
    retention = change.data.get("retention") or usual_retention(dispute)
    if retention not in Retention.values:
        raise Refused("请选择保管期限。", "retention")
    lacking = papers.missing(papers.Case(dispute))
    if lacking and change.data.get("incomplete") is not True:
        raise Refused(f"卷内还缺：{'、'.join(lacking)}。确实没有的，请勾选并写明原因。", "incomplete")
    if lacking and not change.note:
        raise Refused("请写明卷内为什么不全。", "note")
    change.kept |= {"retention": retention, "lacking": len(lacking)}
    change.after.append(lambda done: seal(done, retention))


def seal(change: Change, retention: str) -> Archive:
    """Write every document of the file as it is now, and hash all that is in it. From here on the database keeps it so."""
    dispute: Dispute = change.matter
    until = keep_until(retention, timezone.localdate(change.now))
    case = papers.Case(
        dispute, papers.Binding(str(change.actor), change.now, Retention(retention).label, until)
    )
    parts = catalogue.inner(case)
    listed = binding.contents(case, parts)
    forms = [part.kind for part in parts if isinstance(part, catalogue.Form)]
    for kind in (Paper.Kind.COVER, *forms, Paper.Kind.BACK, Paper.Kind.VOLUME):
        content, pages = papers.produce(case, kind)
        keep(dispute, kind, content, pages, by=change.actor, sealed=True)
    contents = [
        {"key": line.key, "label": line.label, "first": line.first, "last": line.last} for line in listed
    ]
    manifest = sealing.take(dispute, contents)
    return Archive.objects.create(
        dispute=dispute,
        sealed_at=change.now,
        sealed_by=change.actor,
        pages=listed[-1].last if listed else 0,
        retention=retention,
        keep_until=until,
        manifest=manifest,
        sha256=sealing.digest(manifest),
    )


def keep(
    dispute: Dispute, kind: str, content: bytes, pages: int, *, by: User, sealed: bool = False, **more: Any
) -> Paper:
    """Store a document that was issued; the same words once."""
    sha256 = hashlib.sha256(content).hexdigest()
    found = dispute.papers.filter(kind=kind, sha256=sha256, is_sealed=sealed).first()
    if found is not None:
        return found
    paper = Paper(
        dispute=dispute, kind=kind, pages=pages, sha256=sha256, is_sealed=sealed, issued_by=by, **more
    )
    paper.file.save("x.docx", ContentFile(content), save=False)
    paper.save()
    return paper
