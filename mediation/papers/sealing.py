"""The seal over a file: one hash over hashes of every row of every model of the file, of every picture and every document. What
was changed since is found by taking them again."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from django.db import models

from mediation.models import (
    Agreement,
    Archive,
    Confirmation,
    Disputant,
    Dispute,
    DisputePhoto,
    DisputeStep,
    FollowUp,
    Guest,
    Inquiry,
    JudicialConfirmation,
    Mediation,
    Paper,
    Session,
    Term,
)
from mediation.papers.case import stored

#: What a file consists of, each with the way from its rows to the dispute. Private notes are no part of it; looks at it from above
#: (Viewing) are a log of its own.
CONTENT: tuple[tuple[Any, str], ...] = (
    (Dispute, "pk"),
    (Disputant, "dispute"),
    (Mediation, "dispute"),
    (Guest, "dispute"),
    (DisputeStep, "matter"),
    (Inquiry, "dispute"),
    (Session, "dispute"),
    (Session.invited.through, "session__dispute"),
    (Session.present.through, "session__dispute"),
    (Agreement, "dispute"),
    (Term, "agreement__dispute"),
    (Confirmation, "agreement__dispute"),
    (JudicialConfirmation, "agreement__dispute"),
    (FollowUp, "dispute"),
    (DisputePhoto, "dispute"),
    (Paper, "dispute"),
)
_BY_LABEL = {model._meta.label: (model, path) for model, path in CONTENT}


@dataclass
class Verdict:
    """What looking at a seal has found: ``found`` says in words what was changed; nothing for an intact one."""

    found: list[str] = field(default_factory=list)
    is_erased: bool = False

    @property
    def is_intact(self) -> bool:
        return not self.found and not self.is_erased


def columns(model: type[models.Model]) -> list[str]:
    """Return the columns that are sealed: all that are not derived from others."""
    return sorted(
        each.attname
        for each in model._meta.concrete_fields
        if not each.generated and each.name != "search_terms"
    )


def canonical(value: Any) -> bytes:
    """Return the one way in which a value is written down."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str).encode()


def digest(value: Any) -> str:
    """Return the hash over a value."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _hashes(model: Any, path: str, dispute: int, names: list[str]) -> dict[str, str]:
    rows = model._base_manager.filter(**{path: dispute}).order_by("pk").values("pk", *names)
    return {str(row["pk"]): digest({name: row[name] for name in names}) for row in rows}


def _files(dispute: int) -> dict[str, str]:
    """Return the hashes of the stored files, by token; empty for one that is gone."""
    names = [
        *DisputePhoto._base_manager.filter(dispute=dispute).values_list("token", "image"),
        *Paper._base_manager.filter(dispute=dispute).values_list("token", "file"),
    ]
    found = {}
    for token, name in names:
        content = stored(name)
        found[token] = "" if content is None else hashlib.sha256(content).hexdigest()
    return found


def take(dispute: Dispute, contents: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the manifest of a file as it is now; ``contents`` is its contents list with the pages."""
    rows = {}
    for label, (model, path) in _BY_LABEL.items():
        names = columns(model)
        rows[label] = {"columns": names, "rows": _hashes(model, path, dispute.pk, names)}
    return {"version": 1, "contents": contents, "rows": rows, "files": _files(dispute.pk)}


def verify_seal(dispute: Dispute) -> Verdict:
    """Say whether anything of a sealed file was changed since, and what.

    Raises Archive.DoesNotExist for a file that is not sealed.
    """
    archive = Archive._base_manager.get(dispute=dispute)
    if archive.erased_on is not None:
        return Verdict(is_erased=True)
    sealed, found = archive.manifest, []
    if digest(sealed) != archive.sha256:
        found.append("封存清单与封存摘要不一致")
    for label, (model, path) in _BY_LABEL.items():
        then = sealed.get("rows", {}).get(label, {"columns": [], "rows": {}})
        known = [name for name in then["columns"] if name in columns(model)]
        if known != then["columns"]:
            found.append(f"{model._meta.verbose_name}：封存时的列已不存在")
            continue
        now = _hashes(model, path, dispute.pk, known)
        found += _compared(str(model._meta.verbose_name), then["rows"], now)
    return Verdict(found + _compared("文件", sealed.get("files", {}), _files(dispute.pk)))


def _compared(what: str, then: dict[str, str], now: dict[str, str]) -> list[str]:
    lines = []
    for word, keys in (
        ("被改动", [key for key in then if now.get(key, then[key]) != then[key]]),
        ("缺少", [key for key in then if key not in now]),
        ("封存后新增", [key for key in now if key not in then]),
    ):
        if keys:
            lines.append(f"{what}{word}：{'、'.join(keys[:10])}{' 等' if len(keys) > 10 else ''}")
    return lines
