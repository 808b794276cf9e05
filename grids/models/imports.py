"""Tables that are loaded at once: households with their buildings and doors, residents, premises. The driver is governance/imports.py."""

from django.db import models

from governance.models import TableImport, TableRow
from governance.models.imports import import_verbs, outcome_told
from grids.models.households import Household, Resident
from grids.models.premises import Premises


class HouseholdImport(TableImport):
    class Meta(TableImport.Meta):
        verbose_name = verbose_name_plural = "住户导入"
        permissions = import_verbs("householdimport")


class HouseholdRow(TableRow):
    made, called = "household", "name"

    batch = models.ForeignKey(
        HouseholdImport, models.CASCADE, related_name="rows", verbose_name="批量导入", db_index=False
    )
    name = models.CharField("住户", max_length=100, blank=True)
    household = models.ForeignKey(Household, models.PROTECT, null=True, verbose_name="住户", related_name="+")

    class Meta(TableRow.Meta):
        constraints = [*TableRow.Meta.constraints, outcome_told("household", "住户")]


class ResidentImport(TableImport):
    class Meta(TableImport.Meta):
        verbose_name = verbose_name_plural = "居民导入"
        permissions = import_verbs("residentimport")


class ResidentRow(TableRow):
    made, called = "resident", "name"

    batch = models.ForeignKey(
        ResidentImport, models.CASCADE, related_name="rows", verbose_name="批量导入", db_index=False
    )
    name = models.CharField("居民", max_length=100, blank=True)
    #: Who left long ago is deleted, and the row of the table with her.
    resident = models.ForeignKey(Resident, models.CASCADE, null=True, verbose_name="居民", related_name="+")

    class Meta(TableRow.Meta):
        constraints = [*TableRow.Meta.constraints, outcome_told("resident", "居民")]


class PremisesImport(TableImport):
    class Meta(TableImport.Meta):
        verbose_name = verbose_name_plural = "场所导入"
        permissions = import_verbs("premisesimport")


class PremisesRow(TableRow):
    made, called = "premises", "name"

    batch = models.ForeignKey(
        PremisesImport, models.CASCADE, related_name="rows", verbose_name="批量导入", db_index=False
    )
    name = models.CharField("名称", max_length=100, blank=True)
    premises = models.ForeignKey(Premises, models.PROTECT, null=True, verbose_name="场所", related_name="+")

    class Meta(TableRow.Meta):
        constraints = [*TableRow.Meta.constraints, outcome_told("premises", "场所")]
