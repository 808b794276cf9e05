"""The outlines of grids at the desk: the map of what lies below a node with what does not fit, a file to load, and what a draft would do.
The overview is a mixin of the grids' admin."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.http import urlencode
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from governance import masks
from governance.admin.base import Named, ReadOnlyAdmin
from governance.admin.verbs import verb_page
from governance.forms import asked
from governance.templatetags import ui
from governance.territory import GridLevel, asked_node
from grids import geometry, services
from grids.boundary_files import MAX_BYTES, OutlineFileError, read_outlines
from grids.coordinates import System
from grids.models import Boundary, BoundaryDraft, Grid
from grids.reach import top_of

#: Lines of a list on one page, and outlines drawn on one map.
MOST_LINES, MOST_DRAWN = 200, 1_500
#: What is thinner than so many degrees (half a metre) is not drawn.
FINE = 5e-6


class OutlineForm(forms.Form):
    """A file of outlines, and the system of its coordinates."""

    file = forms.FileField(
        label="边界文件",
        help_text=f"GeoJSON，每个要素的属性 code 是网格编码；或者有“编码”和“WKT”两列的 CSV。不超过 {MAX_BYTES >> 20} MB。",
        error_messages=asked("请选择边界文件。") | {"empty": "文件是空的。", "missing": "请选择边界文件。"},
    )
    system = forms.ChoiceField(
        label="坐标系",
        choices=System.choices,
        help_text="文件里的坐标是哪个坐标系的，会转换成 WGS 84 保存。在高德、腾讯、百度地图上描的，一定要选对。",
        error_messages=asked("请选择坐标系。"),
    )


def of_map(
    areas: list[tuple[str, str, BaseGeometry, str]],
    faults: list[geometry.Misfit],
    around: BaseGeometry | None = None,
) -> dict[str, Any]:
    """Return what the page's script draws: outlines (code, name, shape, what they are), the faults over them, the base layer where one is
    configured."""

    def drawn(polygon: BaseGeometry) -> dict[str, Any]:
        return mapping(polygon.simplify(FINE))

    return {
        "areas": [
            {"code": code, "name": name, "kind": kind, "shape": drawn(polygon)}
            for code, name, polygon, kind in areas[:MOST_DRAWN]
        ],
        "faults": [{"words": str(each), "shape": mapping(each.where)} for each in faults[:MOST_LINES]],
        "around": drawn(around) if around is not None else None,
        "tiles": settings.MAP_TILES,
        "attribution": settings.MAP_ATTRIBUTION,
    }


def named(faults: list[geometry.Misfit]) -> list[dict[str, Any]]:
    """Return the faults as lines of a list: the names of the grids, what is wrong, the area."""
    codes = {code for each in faults for code in each.codes}
    names = dict(Grid.objects.filter(code__in=codes).values_list("code", "name"))
    return [
        {
            "words": each.words,
            "names": "、".join(names.get(code, code) for code in each.codes),
            "area": each.area,
            "stops": each.kind != "gap",
        }
        for each in faults[:MOST_LINES]
    ]


class BoundaryPages:
    """What the outlines below a node are, and the way to other ones."""

    def get_urls(self) -> list:
        view, name = self.admin_site.admin_view, "grids_grid"
        return [
            path("boundaries/", view(self.boundaries_view), name=f"{name}_boundaries"),
            path("boundaries/load/", view(self.load_view), name=f"{name}_boundaries_load"),
            *super().get_urls(),
        ]

    def top(self, request: HttpRequest) -> str:
        """Return the node below which the person may change grids. Raises Http404 where there is none."""
        top = top_of(request.user, "grids.change_grid")
        if not top:
            raise Http404
        return top

    def boundaries_view(self, request: HttpRequest) -> HttpResponse:
        """Show the outlines right below a node on the map, with their area and what does not fit."""
        top = self.top(request)
        node = asked_node(request.GET.get("in", ""), top)
        if len(node) > GridLevel.COMMUNITY or not Grid.objects.current().filter(pk=node).exists():
            node = top
        parent = Grid.objects.get(pk=node)
        below = list(Grid.objects.current().children_of(node).order_by("code"))
        shapes = {grid.code: shape(grid.boundary) for grid in below if grid.boundary}
        around = shape(parent.boundary) if parent.boundary else None
        faults = geometry.misfits(node, around, shapes) if around is not None else []
        since = {
            row.grid_id: row
            for row in Boundary.objects.restrict(request.user).filter(grid__in=below, until=None)
        }
        lines = [
            {
                "grid": grid,
                "area": geometry.square_metres(shapes[grid.code]) if grid.code in shapes else None,
                "row": since.get(grid.code),
                "url": f"?{urlencode({'in': grid.code})}" if len(grid.code) < GridLevel.BASE else "",
            }
            for grid in below
        ]
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": "网格边界",
            "opts": self.model._meta,
            "places": [(f"?{urlencode({'in': code})}", name) for code, name in Grid.objects.way_down(top, node)],
            "map": of_map(
                [(grid.code, grid.name, shapes[grid.code], "area") for grid in below if grid.code in shapes], faults, around
            ),
            "made_up": any(grid.boundary_made_up for grid in below),
            "lines": lines[:MOST_LINES],
            "faults": named(faults),
            "lacking": sum(line["area"] is None for line in lines),
            "whole": around is not None,
            "history": Boundary.objects.restrict(request.user).filter(grid=node).select_related("by")[:20],
            "load_url": self.link(None, "boundaries_load"),
            "drafts": self.admin_site.get_model_admin(BoundaryDraft).waiting(request),
            "back": self.link(None, "changelist"),
            "has_permission": True,
        }  # fmt: skip
        return TemplateResponse(request, "grids/desk_boundaries.html", context)

    def load_view(self, request: HttpRequest) -> HttpResponse:
        """Take a file of outlines, and lead to what it would do."""
        self.top(request)
        sent = request.method == "POST"
        form = OutlineForm(request.POST if sent else None, request.FILES if sent else None)

        def run(given: dict[str, Any]) -> HttpResponse:
            file = given["file"]
            try:
                if file.size > MAX_BYTES:
                    raise OutlineFileError([f"边界文件超过 {MAX_BYTES >> 20} MB。"])
                draft = services.open_draft(
                    read_outlines(file.read(), given["system"]), by=request.user, source=Boundary.Source.FILE,
                    system=given["system"], file_name=file.name,
                )  # fmt: skip
            except OutlineFileError as refused:
                more = len(refused.reasons) - MOST_LINES
                told = refused.reasons[:MOST_LINES] + ([f"另外还有 {more} 处。"] if more > 0 else [])
                raise ValidationError({"file": told}) from None
            return HttpResponseRedirect(self.admin_site.get_model_admin(BoundaryDraft).link(draft))

        return verb_page(
            self, request, title="导入网格边界", form=form, run=run, done="", back=self.link(None, "boundaries"), button="上传核对",
            hint="先核对：哪些网格会变、变多少，有没有重叠、越界和空隙，看清楚再启用。",
        )  # fmt: skip


@admin.register(BoundaryDraft)
class BoundaryDraftAdmin(ReadOnlyAdmin):
    """Drafts: looked over on the map, put in force, or dropped."""

    list_display = ("heading", "scope", "number", "created_at", "state")
    list_display_links = ("heading",)
    ordering = ("-created_at", "-pk")
    fields = ("heading",)
    readonly_fields = ("heading",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("grid", "by").defer("grid__boundary")

    def row_title(self, draft: BoundaryDraft) -> str:
        return draft.file_name or draft.get_source_display()

    @admin.display(description="方案")
    def heading(self, draft: BoundaryDraft) -> str:
        return self.row_title(draft)

    @admin.display(description="范围", ordering="grid")
    def scope(self, draft: BoundaryDraft) -> str:
        return draft.grid.name

    @admin.display(description="网格数")
    def number(self, draft: BoundaryDraft) -> int:
        return len(draft.shapes)

    @admin.display(description="状态")
    def state(self, draft: BoundaryDraft) -> str:
        return ui.chip("待启用", "caution") if draft.is_open else ui.chip("已启用", "good")

    def waiting(self, request: HttpRequest) -> list[tuple[str, BoundaryDraft]]:
        """Return the drafts that the person may still put in force, with their addresses."""
        rows = self.get_queryset(request).filter(applied_at=None)[:20]
        return [(self.link(row), row) for row in rows]

    def get_urls(self) -> list:
        view, name = self.admin_site.admin_view, "grids_boundarydraft"
        return [
            path("<int:object_id>/apply/", view(self.apply_view), name=f"{name}_apply"),
            path("<int:object_id>/drop/", view(self.drop_view), name=f"{name}_drop"),
            *super().get_urls(),
        ]

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show what a draft would change, and what would not fit."""
        if object_id is None:
            raise Http404
        draft = self.reach(request, object_id)
        outlines = services.outlines_of(draft)
        faults = services.faults_of(outlines) if draft.is_open else []
        grids = {grid.code: grid for grid in Grid.objects.filter(code__in=outlines).order_by("code")}
        lines, areas = [], []
        for code, grid in grids.items():
            new = outlines[code]
            old = shape(grid.boundary) if grid.boundary else None
            before = geometry.square_metres(old) if old is not None else None
            same = old is not None and geometry.square_metres(old.symmetric_difference(new)) < 1
            lines.append(
                {
                    "grid": grid,
                    "before": before,
                    "after": geometry.square_metres(new),
                    "same": same,
                    "moved": 0 if old is None else geometry.square_metres(old.symmetric_difference(new)),
                }
            )
            areas.append((code, grid.name, new, "area" if same else "new"))
        beside = Grid.objects.current().filter(parent__in={grid.parent_id for grid in grids.values()})
        areas = [
            *((each.code, each.name, shape(each.boundary), "beside") for each in beside if each.boundary and each.code not in outlines),
            *areas,
        ]  # fmt: skip
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": self.row_title(draft),
            "opts": self.model._meta,
            "original": Named(draft, self.row_title(draft)),
            "draft": draft,
            "who": masks.person(draft.by),
            "map": of_map(areas, faults),
            "lines": lines[:MOST_LINES],
            "changed": sum(not line["same"] for line in lines),
            "faults": named(faults),
            "stops": any(each.kind != "gap" for each in faults),
            "apply_url": self.link(draft, "apply"),
            "drop_url": self.link(draft, "drop"),
            "back": f"{self.admin_site.get_model_admin(Grid).link(None, 'boundaries')}?{urlencode({'in': draft.grid_id})}",
            "has_permission": True,
        }
        return TemplateResponse(request, "grids/desk_draft.html", context)

    def apply_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Put a draft in force."""
        draft = self.reach(request, str(object_id))
        if request.method != "POST":
            return HttpResponseRedirect(self.link(draft))
        try:
            number = services.apply_draft(draft, by=request.user)
        except PermissionDenied:
            raise Http404 from None
        except ValidationError as refusal:
            self.message_user(request, "还不能启用：" + "；".join(refusal.messages[:5]), messages.ERROR)
            return HttpResponseRedirect(self.link(draft))
        self.message_user(request, f"已启用，{number} 个网格的边界有变化。")
        there = self.admin_site.get_model_admin(Grid).link(None, "boundaries")
        return HttpResponseRedirect(f"{there}?{urlencode({'in': draft.grid_id})}")

    def drop_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Drop a draft."""
        draft = self.reach(request, str(object_id))
        if request.method == "POST":
            services.drop_draft(draft, by=request.user)
            self.message_user(request, "已放弃，没有改动。")
            return HttpResponseRedirect(self.admin_site.get_model_admin(Grid).link(None, "boundaries"))
        return HttpResponseRedirect(self.link(draft))
