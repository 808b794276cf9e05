"""The catalogue of classes, one by one or as a whole table."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core import signing
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from governance import audit
from governance.admin.actions import dress
from governance.admin.base import TerritorialAdmin
from governance.admin.imports import TableForm
from governance.exports import as_file
from governance.forms import tell
from governance.models import AccessEvent
from governance.tables import read_table
from governance.templatetags import ui
from incidents.models import MajorClass, MinorClass
from incidents.services import catalogue

#: How long a table that was looked over can be loaded, in seconds, and the salt of what carries it in between.
LOOKED_OVER, SALT = 3600, "incidents.catalogue"
#: Mistakes that one page shows.
SHOWN = 200


@admin.register(MajorClass)
class MajorClassAdmin(TerritorialAdmin):
    list_display = ("code", "name", "order")
    list_display_links = ("code", "name")
    search_fields = ("code", "name")
    fields = ("code", "name", "order")

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False


@admin.register(MinorClass)
class MinorClassAdmin(TerritorialAdmin):
    change_list_template = "incidents/desk_catalogue_list.html"
    list_display = (
        "code",
        "name",
        "major",
        "limit_text",
        "receipt",
        "door",
        "unit",
        "needs_photo",
        "is_public",
        "state",
    )
    list_display_links = ("code", "name")
    list_select_related = ("major", "unit")
    list_filter = (
        "major",
        "receipt",
        "door",
        ("is_public", admin.BooleanFieldListFilter),
        ("is_active", admin.BooleanFieldListFilter),
    )
    search_fields = ("code", "name", "keywords")
    search_help_text = "搜编号、名称或关键词"
    autocomplete_fields = ("major", "unit")
    fields = (
        ("code", "name"), ("major", "order"), ("receipt", "door"), ("limit", "limit_unit", "yellow_percent"), "unit",
        ("needs_photo", "is_public", "is_active"), "keywords",
    )  # fmt: skip

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        # A class that was once reported under stays in the records; it is taken out of use instead.
        return False

    @admin.display(description="处置时限")
    def limit_text(self, minor: MinorClass) -> str:
        return minor.limit_text

    @admin.display(description="状态", ordering="is_active")
    def state(self, minor: MinorClass) -> str:
        return ui.chip("启用", "good") if minor.is_active else ui.chip("停用")

    # --- the whole catalogue as a table -------------------------------------------------------------------------------
    def changelist_view(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        may = self.has_add_permission(request)
        context = {"import_url": self.link(None, "import") if may else "", **(extra_context or {})}
        return super().changelist_view(request, context | {"download_url": self.link(None, "download")})

    def get_urls(self) -> list:
        view = self.admin_site.admin_view
        pages = (
            ("import", self.import_view),
            ("template", self.template_view),
            ("download", self.download_view),
        )
        return [
            *(path(f"{name}/", view(page), name=f"incidents_minorclass_{name}") for name, page in pages),
            *super().get_urls(),
        ]

    def download_view(self, request: HttpRequest) -> HttpResponse:
        """Hand out the catalogue that is in use, in the columns that can be loaded again; who loads tickets looks the classes
        up in it."""
        if not (self.has_view_permission(request) or request.user.has_perm("incidents.import_incident")):
            raise Http404
        rows = (
            MinorClass.objects.restrict(request.user).filter(is_active=True).select_related("major", "unit")
        )
        return as_file(f"事件目录-{timezone.localdate():%Y%m%d}.xlsx", catalogue.catalogue_table(rows))

    def template_view(self, request: HttpRequest) -> HttpResponse:
        """Hand out an empty table that says what belongs in it."""
        if not self.has_add_permission(request):
            raise Http404
        return as_file("事件目录模板.xlsx", catalogue.template())

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for a table, show what it would change, and change it once that was seen."""
        if not self.has_add_permission(request):
            raise Http404
        form = dress(TableForm(None))
        shown: dict[str, Any] = {}
        if request.method == "POST" and "looked_over" in request.POST:
            done = self._load(request, shown)
            if done is not None:
                return done
        elif request.method == "POST":
            form = dress(TableForm(request.POST, request.FILES))
            self._look_over(form, shown)
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": "导入事件目录",
            "opts": self.model._meta,
            "form": form,
            "template_url": self.link(None, "template"),
            "download_url": self.link(None, "download"),
            "back": self.link(None, "changelist"),
            **shown,
        }
        return TemplateResponse(request, "incidents/desk_catalogue_import.html", context)

    def _look_over(self, form: forms.Form, shown: dict[str, Any]) -> None:
        """Read the uploaded table and say what it would change, or what is wrong with it."""
        if not form.is_valid():
            return
        try:
            table = read_table(form.cleaned_data["file"].read(), catalogue.COLUMNS)
            rows, lines = catalogue.rows_of(table)
            shown["changes"] = catalogue.compare_catalogue(rows, lines)
        except ValidationError as refusal:
            tell(form, refusal)
        except catalogue.CatalogueError as refusal:
            shown |= _mistakes(refusal)
        else:
            shown["looked_over"] = signing.dumps([rows, lines], salt=SALT, compress=True)

    def _load(self, request: HttpRequest, shown: dict[str, Any]) -> HttpResponse | None:
        """Make the catalogue what was looked over; None with the reason in ``shown`` when it cannot be."""
        try:
            rows, lines = signing.loads(request.POST["looked_over"], salt=SALT, max_age=LOOKED_OVER)
            before = catalogue.compare_catalogue(rows, lines)
            catalogue.load_catalogue(rows, lines)
        except signing.BadSignature:
            shown["reasons"] = ["核对的内容已过期，请重新上传。"]
            return None
        except catalogue.CatalogueError as refusal:
            shown |= _mistakes(refusal)
            return None
        words = f"导入事件目录：新增 {len(before.new)}，修改 {len(before.changed)}，停用 {len(before.gone)}"
        audit.record(AccessEvent.Kind.CONFIGURE, request.user, words, request=request)
        self.message_user(request, f"已{words}，现有 {before.in_use} 个小类。")
        return HttpResponseRedirect(self.link(None, "changelist"))


def _mistakes(refusal: catalogue.CatalogueError) -> dict[str, Any]:
    more = len(refusal.reasons) - SHOWN
    return {"reasons": refusal.reasons[:SHOWN], "more_reasons": max(0, more)}
