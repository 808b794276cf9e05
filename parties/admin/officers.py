"""The register of who leads which organisation, at the desk; duties are given and ended on the organisation's page."""

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from governance import masks
from governance.admin.base import ReadOnlyAdmin, cleaned
from governance.admin.filters import ChoiceFilter, PlaceFilter
from governance.templatetags import ui
from parties import hints
from parties.admin.filters import OrganisationFilter
from parties.models import Member, Officer


class DutyFilter(ChoiceFilter):
    title, parameter_name = "职务", "duty"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            *Officer.Duty.choices,
            ("dual", "一肩挑（书记兼居委会主任）"),
            ("cross", "在居委会任职的"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        if chosen == "dual":
            return queryset.filter(duty="secretary", committee_duty="director")
        if chosen == "cross":
            return queryset.exclude(committee_duty="")
        return queryset.filter(duty=chosen) if chosen else queryset


class OfficeFilter(ChoiceFilter):
    """Those in office, unless others are asked for."""

    title, parameter_name, usual = "任期", "term", "在任"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("soon", "半年内到期"), ("past", "已卸任"), ("all", "全部")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen, today = self.checked(), timezone.localdate()
        if chosen == "all":
            return queryset
        if chosen == "past":
            return queryset.filter(until__lt=today)
        rows = queryset.in_office(today)
        return rows.filter(until__lte=today + hints.SOON) if chosen == "soon" else rows


@admin.register(Officer)
class OfficerAdmin(ReadOnlyAdmin):
    list_display = ("heading", "duty_name", "besides", "organisation_name", "since", "until", "state")
    list_display_links = None
    list_filter = (DutyFilter, OfficeFilter, PlaceFilter, OrganisationFilter)
    search_fields = ("organisation__name",)
    search_help_text = "搜姓名或党组织名称"
    ordering = ("organisation_id", "-since", "pk")
    fields = ("heading", "duty_name", "besides", "organisation_name", "since", "until", "document")
    readonly_fields = ("heading", "duty_name", "besides", "organisation_name")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request).select_related("member", "organisation", "post")
        names = Member.objects.restrict(request.user, "contact").filter(pk=OuterRef("member"))
        rows = rows.annotate(clear=Exists(names))
        return rows.only(
            *(field.name for field in Officer._meta.concrete_fields), "member__name", "organisation__name", "post__id"
        )  # fmt: skip

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> Any:
        text = cleaned(search_term).strip()
        # Who leads is named; who did is a member like others, whom only those find by name who read it.
        today = timezone.localdate()
        named = Q(Q(until=None) | Q(until__gte=today)) | Q(clear=True)
        found = Q(named, member__name__icontains=text) | Q(organisation__name__icontains=text)
        return (queryset.filter(found) if text else queryset), False

    def row_title(self, officer: Officer) -> str:
        return f"{self.name_of(officer)} {officer}"

    def name_of(self, officer: Officer) -> str:
        """Return the name: of whoever is in office in clear, as of every organisation's leaders."""
        return masks.shown(
            officer.member, "name", clear=officer.is_in_office or getattr(officer, "clear", False)
        )

    @admin.display(description="姓名")
    def heading(self, officer: Officer) -> str:
        url = reverse("admin:parties_organisation_change", args=[officer.organisation_id])
        return format_html('<a class="dk-link dk-nowrap" href="{}">{}</a>', url, self.name_of(officer))

    @admin.display(description="职务", ordering="duty")
    def duty_name(self, officer: Officer) -> str:
        return officer.get_duty_display()

    @admin.display(description="居委会职务", ordering="committee_duty")
    def besides(self, officer: Officer) -> str:
        return officer.get_committee_duty_display() if officer.committee_duty else ""

    @admin.display(description="党组织", ordering="organisation_id")
    def organisation_name(self, officer: Officer) -> str:
        return officer.organisation.name

    @admin.display(description="状态")
    def state(self, officer: Officer) -> str:
        if not officer.is_in_office:
            return ui.chip("已卸任")
        return ui.chip("在任，有岗位", "good") if officer.post_id else ui.chip("在任", "info")
