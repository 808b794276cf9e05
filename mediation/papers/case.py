"""What the documents of a file are written from, read once."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from django.core.files.storage import default_storage

from governance import masks
from mediation.models import (
    Agreement,
    Disputant,
    Dispute,
    DisputePhoto,
    DisputeStatus,
    JudicialConfirmation,
    Session,
    Term,
)


@dataclass(frozen=True)
class Binding:
    """How a file was sealed: who did it and when, and for how long it is kept."""

    by: str
    at: datetime
    retention: str
    keep_until: date


class Case:
    """A dispute with the rows of its file. ``drafts``: an agreement that is not in effect yet counts too. ``reader``: the key of
    the account of the party for whom a document is written; None for those who keep the file."""

    def __init__(
        self,
        dispute: Dispute,
        binding: Binding | None = None,
        *,
        drafts: bool = True,
        reader: int | None = None,
    ) -> None:
        self.dispute = dispute
        self.binding = binding
        self.drafts = drafts
        self.reader = reader
        #: The contents list, once it was laid out.
        self.listed: list | None = None

    @property
    def number(self) -> str:
        return self.dispute.case_number or self.dispute.number

    # --- people -----------------------------------------------------------------------------------------------------------
    @cached_property
    def parties(self) -> list[Disputant]:
        order = {side: index for index, side in enumerate(Disputant.Side.values)}
        return sorted(self.dispute.disputants.all(), key=lambda party: (order[party.side], party.pk))

    def called(self, party: Disputant) -> str:
        """Return how a notice names a party: a child not in full to another party."""
        is_hers = self.reader is None or party.user_id == self.reader
        return party.name if is_hers or not party.is_minor else masks.name(party.name)

    def of_side(self, side: str) -> list[Disputant]:
        return [party for party in self.parties if party.side == side]

    @cached_property
    def _mediations(self) -> list:
        rows = list(self.dispute.mediations.select_related("mediator__user", "mediator__committee"))
        return [row for row in rows if row.until is None] or rows

    @property
    def mediators(self) -> str:
        return "、".join(dict.fromkeys(str(row.mediator) for row in self._mediations))

    @property
    def body(self) -> str:
        """Whose seal is put: the committee of who mediates, else the centre."""
        committees = [row.mediator.committee.name for row in self._mediations]
        return committees[0] if committees else self.dispute.centre.name

    # --- what was done ------------------------------------------------------------------------------------------------------
    @cached_property
    def inquiries(self) -> list:
        return list(self.dispute.inquiries.select_related("by"))

    @cached_property
    def sessions(self) -> list[Session]:
        rows = self.dispute.sessions.filter(state=Session.State.HELD)
        return list(rows.select_related("by").prefetch_related("present"))

    @cached_property
    def visits(self) -> list:
        return list(self.dispute.follow_ups.select_related("visited", "by"))

    @cached_property
    def agreement(self) -> Agreement | None:
        """The agreement in effect; while mediation goes on, the draft that is before the parties."""
        rows = list(self.dispute.agreements.select_related("signed_by").order_by("-version"))
        if self.drafts and rows and self.dispute.status == DisputeStatus.MEDIATING:
            return rows[0]
        return next((row for row in rows if row.effective_at is not None), None)

    @cached_property
    def terms(self) -> list[Term]:
        return list(self.agreement.terms.all()) if self.agreement else []

    @cached_property
    def confirmations(self) -> list:
        return list(self.agreement.confirmations.select_related("disputant")) if self.agreement else []

    @cached_property
    def judicial(self) -> JudicialConfirmation | None:
        rows = JudicialConfirmation.objects.filter(agreement__dispute=self.dispute)
        return rows.order_by("-pk").first()

    @cached_property
    def photos(self) -> list[DisputePhoto]:
        return list(self.dispute.photos.all())

    def photos_of(self, kind: str) -> list[DisputePhoto]:
        return [photo for photo in self.photos if photo.kind == kind]

    @cached_property
    def closing_words(self) -> str:
        """What was noted when the file was closed or mediation ended without an agreement."""
        step = (
            self.dispute.steps.filter(action__in=("close", "terminate", "guide"))
            .order_by("-seq")
            .values_list("note", flat=True)
        )
        return step.first() or ""


def stored(name: str) -> bytes | None:
    """Return a stored file's bytes, None where it is gone."""
    try:
        with default_storage.open(name, "rb") as opened:
            return opened.read()
    except OSError:
        return None


def about(party: Disputant, *, phone: bool = False) -> str:
    """Return who a party is, as an agreement names her (article 29, number 1)."""
    told = [
        party.name,
        "" if party.is_body else party.get_sex_display(),
        f"{party.birth_year}年出生" if party.birth_year else "",
        party.ethnicity,
        party.occupation,
        f"{'地址' if party.is_body else '住'}{party.address}" if party.address else "",
        # Where she lives says who she is, and without that her phone does.
        f"电话{party.phone}" if party.phone and (phone or not party.address) else "",
        f"监护人{party.guardian}" if party.is_minor else "",
        f"委托代理人{party.agent}（{party.agent_power}）" if party.agent else "",
    ]
    return "，".join(part for part in told if part)


def money(value: object) -> str:
    """Return an amount as papers write it."""
    return f"{value:,.2f} 元" if value is not None else ""
