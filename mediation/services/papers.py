"""Taking documents out of a file: who may, what is kept of it, and what the desk shows of the papers."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from governance import audit
from governance.flow import NotYours, Refused
from governance.models import AccessEvent, User
from governance.permissions import permitted_actions
from mediation import papers
from mediation.flow.archiving import keep
from mediation.models import Archive, Confirmation, Dispute, DisputePhoto, DisputeStatus, Paper
from mediation.models.papers import FOR_PARTIES
from mediation.papers import catalogue
from mediation.papers.case import stored

K = Paper.Kind
#: Whoever works on a file takes its documents out, which name everybody in full; guests and superiors read the page alone.
ISSUE = ("direct", "mediate")


@dataclass(frozen=True)
class Taken:
    """A document as it is handed over."""

    filename: str
    content: bytes


@transaction.atomic
def take_out(dispute: Dispute, kind: str, *, by: User, request: Any = None) -> Taken:
    """Return a document of a file, as a Word file, to whoever works on the file or is the party for whom it is meant; it is logged and
    noted as issued. Of a sealed file it is the sealed copy.

    Raises NotYours, or Refused when something is missing that the document must hold.
    """
    if kind not in K.values:
        raise NotYours
    allowed = permitted_actions(by, dispute, {"follow", *ISSUE})
    as_party = not allowed & set(ISSUE)
    if as_party and ("follow" not in allowed or kind not in for_party(dispute, by)):
        raise NotYours
    # One after the other, and not while the file is being sealed.
    dispute = Dispute.objects.select_for_update(of=("self",)).get(pk=dispute.pk)
    if dispute.status == DisputeStatus.ARCHIVED:
        content = _sealed(dispute, kind)
    else:
        content, pages = papers.produce(
            papers.Case(dispute, drafts=not as_party, reader=by.pk if as_party else None), kind
        )
        keep(dispute, kind, content, pages, by=by)
    label = K(kind).label
    audit.record(
        AccessEvent.Kind.EXPORT,
        by,
        f"取出文书“{label}”：{dispute.number}",
        obj=dispute,
        request=request,
    )
    return Taken(f"{dispute.case_number or dispute.number}-{label}.docx", content)


def _sealed(dispute: Dispute, kind: str) -> bytes:
    paper = dispute.papers.filter(kind=kind, is_sealed=True).first()
    content = stored(paper.file.name) if paper is not None else None
    if content is None:
        raise Refused(f"封存的卷宗里没有“{K(kind).label}”。")
    return content


def for_party(dispute: Dispute, user: User) -> list[str]:
    """Return the kinds of documents that a party may have of her file now: notices served on her, and what she signed."""
    case = papers.Case(dispute, drafts=False)
    if not any(party.user_id == user.pk for party in case.parties):
        return []
    if dispute.status == DisputeStatus.ARCHIVED:
        there = set(dispute.papers.filter(is_sealed=True).values_list("kind", flat=True))
        if any(party.is_minor and party.user_id != user.pk for party in case.parties):
            # What was sealed names a child in full, and what was signed does so by law.
            there &= {K.AGREEMENT}
    else:
        there = {kind for kind in FOR_PARTIES if _ready(case, kind)}
    if K.AGREEMENT in there and not (
        case.agreement is not None
        and Confirmation.objects.filter(agreement=case.agreement, disputant__user=user).exists()
    ):
        there.discard(K.AGREEMENT)
    return [kind for kind in FOR_PARTIES if kind in there]


def _ready(case: papers.Case, kind: str) -> bool:
    form = catalogue.FORMS[kind]
    return form.belongs(case) and not form.lacks(case)


def papers_of_party(dispute: Dispute, user: User) -> list[dict[str, str]]:
    """Return what a party's page offers her: the words and the address of each document."""
    return [{"label": K(kind).label, "url": address(dispute, kind)} for kind in for_party(dispute, user)]


def address(dispute: Dispute, kind: str) -> str:
    """Return the address of a document."""
    return reverse("dispute_paper", args=[dispute.number, kind])


# --- the desk ----------------------------------------------------------------------------------------------------------------
def papers_panel(dispute: Dispute, user: User) -> dict[str, Any]:
    """Return the panel of a file's papers for the desk: title, template and what it needs.

    Each line says what the paper is, how it stands with it, and where it is to be had; ``missing`` names what the file should
    have at this stage and has not.
    """
    allowed = permitted_actions(user, dispute, {"view", "record", *ISSUE})
    panel: dict[str, Any] = {"title": "卷内文书", "template": "mediation/desk_papers.html", "lines": []}
    if "view" not in allowed:
        return panel
    is_sealed = dispute.status == DisputeStatus.ARCHIVED
    issued: dict[str, list[Paper]] = {}
    for paper in dispute.papers.filter(is_sealed=is_sealed).select_related("issued_by").order_by("pk"):
        issued.setdefault(paper.kind, []).append(paper)
    archive = Archive.objects.filter(dispute=dispute).first()
    if is_sealed:
        panel["lines"] = _sealed_lines(dispute, archive, issued)
    else:
        case = papers.Case(dispute)
        panel["lines"] = [
            _scan_line(case, each) if isinstance(each, catalogue.Scan) else _form_line(case, each, issued)
            for each in catalogue.CATALOGUE
            if isinstance(each, catalogue.Scan) or each.offered(case)
        ]
        panel["missing"] = papers.missing(case)
        if "record" in allowed and "scan" in {a.name for a in Dispute.flow.available(dispute, user)}:
            panel["scan_url"] = reverse("dispute_scan", args=[dispute.number])
            panel["kinds"] = DisputePhoto.Kind.choices
    if not allowed & set(ISSUE):
        panel["lines"] = [line | {"url": ""} for line in panel["lines"]]
    panel |= {
        "dispute": dispute,
        "archive_url": reverse("admin:mediation_archive_change", args=[archive.pk]) if archive else "",
        "archive": archive,
    }
    return panel


def _form_line(case: papers.Case, form: catalogue.Form, issued: dict[str, list[Paper]]) -> dict[str, Any]:
    lacks, last = form.lacks(case), (issued.get(form.kind) or [None])[-1]
    state, tone, words = ("未出具", "caution" if form.belongs(case) else "quiet", "")
    if lacks:
        state, tone, words = "不能出具", "danger", f"缺{'、'.join(lacks)}"
    elif last is not None:
        state, tone = "已出具", "good"
        times = f"，共 {len(issued[form.kind])} 稿" if len(issued[form.kind]) > 1 else ""
        words = f"{timezone.localtime(last.issued_at):%m-%d %H:%M} {last.issued_by}{times}"
    url = "" if lacks else address(case.dispute, form.kind)
    return {"label": form.label, "state": state, "tone": tone, "words": words, "url": url, "pictures": []}


def _scan_line(case: papers.Case, each: catalogue.Scan) -> dict[str, Any]:
    photos = case.photos_of(each.kind)
    state, tone = ("没有", "quiet")
    if photos:
        state, tone = f"{len(photos)} 张", "good"
    elif each.belongs(case):
        state, tone = "缺", "caution"
    return {
        "label": f"{each.label}（扫描件）",
        "state": state,
        "tone": tone,
        "words": "",
        "url": "",
        "pictures": photos,
    }


def _sealed_lines(
    dispute: Dispute, archive: Archive | None, issued: dict[str, list[Paper]]
) -> list[dict[str, Any]]:
    photos = list(dispute.photos.all())
    listed = archive.manifest.get("contents", []) if archive else []
    order = [
        {"key": K.COVER, "label": K.COVER.label, "pages": ""},
        *(
            {
                **line,
                "pages": f"第 {line['first']} 页"
                if line["first"] == line["last"]
                else f"第 {line['first']}—{line['last']} 页",
            }
            for line in listed
        ),
        {"key": K.BACK, "label": K.BACK.label, "pages": ""},
        {"key": K.VOLUME, "label": K.VOLUME.label, "pages": f"共 {archive.pages} 页" if archive else ""},
    ]
    return [
        {
            "label": each["label"],
            "state": "已封存",
            "tone": "good",
            "words": each["pages"],
            "url": address(dispute, each["key"]) if each["key"] in issued else "",
            "pictures": [photo for photo in photos if f"scan_{photo.kind}" == each["key"]],
        }
        for each in order
        if each["key"] in issued or each["key"].startswith("scan_")
    ]
