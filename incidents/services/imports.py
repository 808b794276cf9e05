"""Loading a file of tickets at once: what governance/importers.py asks of an app. Each ticket goes through the front door."""

from collections import Counter
from typing import Any

from django.urls import reverse

from governance import notices
from governance.flow import NotYours
from governance.importers import BadRow, Importer, register
from governance.models import Intake, User
from governance.permissions import nearest_holders
from governance.territory import GridLevel
from incidents.models import ImportRow, Incident, IncidentImport
from incidents.services.reporting import report_incident
from incidents.services.tickets import ELSEWHERE, FIELDS, Reader, Ticket


class TicketImporter(Importer):
    batch, permission, columns = IncidentImport, "incidents.import_incident", FIELDS
    noun = "工单"
    example = {
        "ticket": "20261122000123", "minor": "暴露垃圾", "address": "和苑里3号楼1门",
        "description": "楼门口有一堆装修垃圾，两天没人清", "happened": "2026-11-22 14:05", "urgent": "否",
    }  # fmt: skip

    def reader(self, headings, mapping, by) -> Reader:
        return Reader(headings, mapping, by)

    def wrong_columns(self, mapping) -> dict[str, str]:
        if mapping.get("community") or mapping.get("address"):
            return {}
        return {"community": "社区和地址至少要选一列。"}

    def known(self, batch: IncidentImport, rows: list[Ticket]) -> int:
        numbers = [ticket.number for ticket in rows]
        return Intake.objects.filter(source=batch.source, source_id__in=numbers).count()

    def take(self, batch: IncidentImport, row: Ticket) -> tuple[str, Incident]:
        try:
            incident, new = report_incident(
                by=batch.by,
                source=batch.source,
                source_id=row.number,
                channel=batch.source,
                quietly=True,
                **row.report_data(),
                **_owner(row),
            )
        except NotYours:
            raise BadRow([ELSEWHERE]) from None
        return ImportRow.Outcome.NEW if new else ImportRow.Outcome.REPEATED, incident

    def finished(self, batch: IncidentImport) -> None:
        """Tell each place's desk how many came, in one line instead of one for each."""
        codes = batch.rows.filter(outcome=ImportRow.Outcome.NEW, incident__is_urgent=False)
        here = Counter(code[: GridLevel.COMMUNITY] for code in codes.values_list("incident__grid", flat=True))
        url = f"{reverse('admin:incidents_incident_changelist')}?wait=desk&channel={batch.source}"
        for code, number in here.items():
            people = [p for p in nearest_holders("incidents.dispatch_incident", code) if p.pk != batch.by_id]
            notices.tell(people, f"{batch.get_source_display()}转来 {number} 件，待受理", url=url)


def _owner(ticket: Ticket) -> dict[str, Any]:
    phone = ticket.data["applicant_phone"]
    owner = User.objects.filter(phone=phone, phone_verified=True, is_active=True).first() if phone else None
    return {"applicant": owner}


TICKETS = register(TicketImporter())
