"""A file of another system's tickets that somebody loads at once (批量导入), and what became of each of its rows."""

from django.db import models

from governance.models.imports import TableImport, TableRow, import_verbs, outcome_told
from governance.models.matters import Channel
from incidents.models.incidents import Incident


class IncidentImport(TableImport):
    #: From which systems files come: each ticket is known by its system's number.
    SOURCES = ((Channel.HOTLINE.value, Channel.HOTLINE.label), (Channel.UPPER.value, Channel.UPPER.label))

    source = models.CharField("来源", max_length=12, choices=SOURCES, default=Channel.HOTLINE)

    class Meta(TableImport.Meta):
        permissions = import_verbs("incidentimport")

    def origin(self) -> dict[str, str]:
        return {"source": self.source}


class ImportRow(TableRow):
    made, called = "incident", "ticket"

    batch = models.ForeignKey(
        IncidentImport, models.CASCADE, related_name="rows", verbose_name="批量导入", db_index=False
    )
    ticket = models.CharField("工单编号", max_length=100, blank=True)
    incident = models.ForeignKey(Incident, models.PROTECT, null=True, verbose_name="事件", related_name="+")

    class Meta(TableRow.Meta):
        constraints = [*TableRow.Meta.constraints, outcome_told("incident", "事件")]
