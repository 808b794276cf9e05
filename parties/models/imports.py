"""Tables that are loaded at once: organisations, members, and what branches look after. The driver is governance/imports.py."""

from django.db import models

from governance.models import TableImport, TableRow
from governance.models.imports import import_verbs, outcome_told
from parties.models.coverage import CoveredUnit
from parties.models.members import Member
from parties.models.organisations import Organisation


class OrganisationImport(TableImport):
    class Meta(TableImport.Meta):
        verbose_name = verbose_name_plural = "党组织导入"
        permissions = import_verbs("organisationimport")


class OrganisationRow(TableRow):
    made, called = "organisation", "name"

    batch = models.ForeignKey(
        OrganisationImport, models.CASCADE, related_name="rows", verbose_name="批量导入", db_index=False
    )
    name = models.CharField("名称", max_length=100, blank=True)
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, verbose_name="党组织", related_name="+"
    )

    class Meta(TableRow.Meta):
        constraints = [*TableRow.Meta.constraints, outcome_told("organisation", "党组织")]


class MemberImport(TableImport):
    class Meta(TableImport.Meta):
        verbose_name = verbose_name_plural = "党员导入"
        permissions = import_verbs("memberimport")


class MemberRow(TableRow):
    made, called = "member", "name"

    batch = models.ForeignKey(
        MemberImport, models.CASCADE, related_name="rows", verbose_name="批量导入", db_index=False
    )
    name = models.CharField("姓名", max_length=100, blank=True)
    member = models.ForeignKey(Member, models.PROTECT, null=True, verbose_name="党员", related_name="+")

    class Meta(TableRow.Meta):
        constraints = [*TableRow.Meta.constraints, outcome_told("member", "党员")]


class CoveredUnitImport(TableImport):
    class Meta(TableImport.Meta):
        verbose_name = verbose_name_plural = "兜底单位导入"
        permissions = import_verbs("coveredunitimport")


class CoveredUnitRow(TableRow):
    made, called = "covered", "name"

    batch = models.ForeignKey(
        CoveredUnitImport, models.CASCADE, related_name="rows", verbose_name="批量导入", db_index=False
    )
    name = models.CharField("名称", max_length=100, blank=True)
    covered = models.ForeignKey(
        CoveredUnit, models.PROTECT, null=True, verbose_name="兜底单位", related_name="+"
    )

    class Meta(TableRow.Meta):
        constraints = [*TableRow.Meta.constraints, outcome_told("covered", "兜底单位")]
