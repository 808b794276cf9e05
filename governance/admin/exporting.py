"""The list as an Excel table: the page that asks for what, and the link to it."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path

from governance import exports, parameters
from governance.exports import Column


class Exported:
    """For an admin whose list is handed out as a table: what the list shows now, of it what the rule's ``export`` allows.

    Subclasses name the columns; one that names none has no table. Personal columns are masked by the columns themselves.
    """

    export_columns: list[Column] = []

    def exports(self, request: HttpRequest) -> bool:
        """Say whether the person may take rows of this list away."""
        return bool(self.export_columns) and request.user.may("export", self.model)

    def fetch_besides(self, request: HttpRequest, rows: Iterable[Any]) -> None:
        """Put on rows that will be shown or taken away what their columns read besides the rows, all of it at once."""

    def get_urls(self) -> list:
        name = f"{self.model._meta.app_label}_{self.model._meta.model_name}_export"
        return [path("export/", self.admin_site.admin_view(self.export_view), name=name), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        url = self.link(None, "export") if self.exports(request) else ""
        return super().changelist_view(request, {"export_url": url, **(extra_context or {})})

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for a reason (GET), then hand out the list as it is filtered now (POST), personal columns masked."""
        if not self.exports(request):
            raise Http404
        self.request = request
        try:
            rows = self.get_changelist_instance(request).queryset.restrict(request.user, "export")
        except IncorrectLookupParameters:
            return HttpResponseRedirect(self.link(None, "changelist"))
        error = ""
        if request.method == "POST":
            reason = request.POST.get("reason", "").replace("\x00", "").strip()
            if len(reason) < 4:
                error = "请写明导出用途（至少 4 个字），会记入访问日志。"
            else:
                try:
                    return exports.export(
                        rows, self.export_columns, by=request.user, reason=reason, request=request,
                        besides=lambda found: self.fetch_besides(request, found),
                    )  # fmt: skip
                except ValidationError as refusal:
                    error = "".join(refusal.messages)
        request.current_app = self.admin_site.name
        query = request.GET.urlencode()
        context = {
            **self.admin_site.each_context(request),
            "title": f"导出{self.model._meta.verbose_name}",
            "opts": self.model._meta,
            "headings": [heading for heading, _, _ in self.export_columns],
            "reason": request.POST.get("reason", ""),
            "error": error,
            "most": parameters.value("exports.most_rows"),
            "filtered": bool(query),
            "back": self.link(None, "changelist") + (f"?{query}" if query else ""),
        }
        return TemplateResponse(request, "governance/desk_export.html", context)
