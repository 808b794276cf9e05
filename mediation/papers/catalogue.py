"""Which papers a file has, in the customary order: when each may be issued, when it belongs to the file, and what it must hold.

A form is written, signed and scanned back; a scan is a picture that was put into the file.
"""

from collections.abc import Callable
from dataclasses import dataclass

from governance.flow import Refused
from governance.sheets import Sheet
from mediation.models import Agreement, DisputePhoto, Origin, Outcome, Paper, Term
from mediation.models.disputes import GUIDES, TERMINATIONS
from mediation.papers import agreement, binding, course, ending, opening
from mediation.papers.case import Case

K, P = Paper.Kind, DisputePhoto.Kind


def _nothing(case: Case) -> list[str]:
    return []


@dataclass(frozen=True)
class Form:
    """A document. ``offered``: it can be issued by now; ``belongs``: by now the file should have it; ``lacks``: what it must hold
    and does not, in words."""

    kind: str
    write: Callable[[Sheet, Case], None]
    offered: Callable[[Case], bool]
    belongs: Callable[[Case], bool]
    lacks: Callable[[Case], list[str]] = _nothing

    @property
    def key(self) -> str:
        return self.kind

    @property
    def label(self) -> str:
        return Paper.Kind(self.kind).label

    def put(self, sheet: Sheet, case: Case) -> None:
        self.write(sheet, case)


@dataclass(frozen=True)
class Scan:
    """The pictures of one kind. ``belongs``: the file should have some by now."""

    kind: str
    belongs: Callable[[Case], bool]

    @property
    def key(self) -> str:
        return f"scan_{self.kind}"

    @property
    def label(self) -> str:
        return DisputePhoto.Kind(self.kind).label

    def put(self, sheet: Sheet, case: Case) -> None:
        binding.pictures(sheet, case, self.kind, self.label)


def _accepted(case: Case) -> bool:
    return case.dispute.accepted_at is not None


def _applied(case: Case) -> bool:
    return case.dispute.origin == Origin.APPLIED


def _has(form: str) -> Callable[[Case], bool]:
    return lambda case: case.agreement is not None and case.agreement.form == form


def _in_effect(case: Case) -> bool:
    return case.agreement is not None and case.agreement.effective_at is not None


def _ended(case: Case) -> bool:
    return case.dispute.status in ending.ENDED and bool(case.dispute.outcome)


def _without(case: Case) -> bool:
    return _ended(case) and case.dispute.outcome in (*TERMINATIONS, *GUIDES)


def _performed(case: Case) -> bool:
    return _in_effect(case) and any(term.state != Term.State.PENDING for term in case.terms)


def _lacks_powers(case: Case) -> list[str]:
    return [f"{p.get_side_display()}的代理权限" for p in opening.represented(case) if not p.agent_power]


def _lacks_words(case: Case) -> list[str]:
    return [] if case.dispute.description.strip() else ["纠纷简要情况"]


def _always(case: Case) -> bool:
    return True


def _cover(sheet: Sheet, case: Case) -> None:
    binding.cover(sheet, case, binding.contents(case, inner(case)))


def _back(sheet: Sheet, case: Case) -> None:
    listed = binding.contents(case, inner(case))
    binding.back(sheet, case, listed[-1].last if listed else 0)


#: In the customary order.
CATALOGUE: tuple[Form | Scan, ...] = (
    Form(K.COVER, _cover, _always, _ended),
    Form(K.APPLICATION, opening.application, _applied, _applied, _lacks_words),
    Form(
        K.ACCEPTANCE,
        opening.acceptance,
        _accepted,
        lambda case: _accepted(case) and not _applied(case),
        _lacks_words,
    ),
    Form(K.RIGHTS, opening.rights, _accepted, lambda case: case.dispute.informed_at is not None),
    Scan(P.IDENTITY, _accepted),
    Form(
        K.AUTHORISATION,
        opening.authorisation,
        lambda case: bool(opening.represented(case)),
        lambda case: bool(opening.represented(case)),
        _lacks_powers,
    ),
    Form(K.INQUIRY, course.inquiry, lambda case: bool(case.inquiries), lambda case: bool(case.inquiries)),
    Scan(P.EVIDENCE, lambda case: False),
    Form(K.SESSION, course.session, lambda case: bool(case.sessions), lambda case: bool(case.sessions)),
    Form(
        K.AGREEMENT,
        agreement.agreement,
        _has(Agreement.Form.WRITTEN),
        lambda case: _in_effect(case) and _has(Agreement.Form.WRITTEN)(case),
        agreement.lacks_agreement,
    ),
    Form(
        K.ORAL,
        agreement.oral,
        _has(Agreement.Form.ORAL),
        _has(Agreement.Form.ORAL),
        agreement.lacks_agreement,
    ),
    Scan(P.SIGNED, lambda case: _in_effect(case) and case.dispute.outcome == Outcome.WRITTEN),
    Form(K.RECEIPT, agreement.receipt, _in_effect, _performed),
    Scan(P.PERFORMED, lambda case: False),
    Form(K.FOLLOW_UP, course.follow_up, lambda case: bool(case.visits), lambda case: bool(case.visits)),
    Form(
        K.JUDICIAL,
        ending.judicial,
        _in_effect,
        lambda case: case.judicial is not None,
        agreement.lacks_agreement,
    ),
    Form(K.TERMINATION, ending.termination, _without, _without),
    Form(K.CLOSING, ending.closing, _ended, _ended),
    Form(K.BACK, _back, _ended, _ended),
)
FORMS = {each.kind: each for each in CATALOGUE if isinstance(each, Form)}
#: Bound around the rest, without a number.
_OUTER = (K.COVER, K.BACK)


def inner(case: Case) -> list[Form | Scan]:
    """Return what the numbered pages of a file consist of, in order: what belongs to it, what was issued besides, and the scans
    that are there."""
    issued = set(case.dispute.papers.values_list("kind", flat=True))
    return [
        each
        for each in CATALOGUE
        if (
            bool(case.photos_of(each.kind))
            if isinstance(each, Scan)
            else each.kind not in _OUTER
            and each.offered(case)
            and (each.belongs(case) or each.kind in issued)
            and not each.lacks(case)
        )
    ]


def lacking(case: Case, kind: str) -> list[str]:
    """Return what a document lacks before it can be issued, in words; none when it is complete."""
    form = FORMS[kind]
    return form.lacks(case) if form.offered(case) else ["现在还不到出具这份文书的时候"]


def missing(case: Case) -> list[str]:
    """Return what the file should have by now and has not, in words: contents of documents, and scans."""
    found = []
    for each in CATALOGUE:
        if not each.belongs(case):
            continue
        if isinstance(each, Scan):
            if not case.photos_of(each.kind):
                found.append(each.label)
        elif lacks := each.lacks(case):
            found.append(f"{each.label}（缺{'、'.join(lacks)}）")
    return found


def produce(case: Case, kind: str) -> tuple[bytes, int]:
    """Return a document of the file and how many pages it has.

    Raises Refused when it is not the time for it, or when something is missing that it must hold.
    """
    if kind == K.VOLUME:
        sheet, pages = binding.volume(case, inner(case))
        return sheet.to_bytes(f"{case.number} {K(kind).label}", binding.born(case)), pages
    if lacks := lacking(case, kind):
        raise Refused(f"“{K(kind).label}”还不能出具：{'、'.join(lacks)}。")
    sheet = Sheet(case.number)
    FORMS[kind].put(sheet, case)
    return sheet.to_bytes(f"{case.number} {K(kind).label}", binding.born(case)), sheet.pages
