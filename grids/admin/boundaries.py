"""The outlines of grids at the desk: the map of what lies below a node with what does not fit, as it is or was on a day, and a file to
load. A mixin of the grids' admin."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.http import urlencode
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from governance.admin.verbs import verb_page
from governance.forms import asked
from governance.territory import GridLevel, asked_node, covers
from grids import geometry, services
from grids.boundary_files import MAX_BYTES, OutlineFileError, read_outlines
from grids.coordinates import System
from grids.drawing import base_layer, labels
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
            {"code": code, "name": name, "label": label, "kind": kind, "shape": drawn(polygon)}
            for (code, name, polygon, kind), label in zip(
                areas[:MOST_DRAWN], labels([name for _, name, *_ in areas[:MOST_DRAWN]]), strict=True
            )
        ],
        "faults": [{"words": str(each), "shape": mapping(each.where)} for each in faults[:MOST_LINES]],
        "around": drawn(around) if around is not None else None,
        **base_layer(),
    }


def named(faults: list[geometry.Misfit], new: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """Return the faults as lines of a list: the names of the grids, what is wrong, the area. ``new``: names of grids to be."""
    codes = {code for each in faults for code in each.codes}
    names = dict(Grid.objects.filter(code__in=codes).values_list("code", "name"))
    names |= {code: name or "新网格" for code, name in (new or {}).items()}
    return [
        {
            "words": each.words,
            "names": "、".join(names.get(code, code) for code in each.codes),
            "area": each.area,
            "stops": each.kind != "gap",
        }
        for each in faults[:MOST_LINES]
    ]


def asked_day(text: str) -> date | None:
    """Return the past day that an address asks for; None for today, what is to come, and what is no day."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if date(2000, 1, 1) <= day < timezone.localdate() else None


def in_force(day: date | None) -> Q:
    """Return the condition that an outline meets which is in force now, or was at the end of a day."""
    if day is None:
        return Q(until=None)
    end = timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))
    return Q(since__lt=end) & (Q(until=None) | Q(until__gte=end))


@dataclass(frozen=True)
class Then:
    """What lay below a node at the end of a day: the grids, their outlines, the node's own."""

    below: list[Grid]
    shapes: dict[str, BaseGeometry]
    whole: Any


def was_on(node: str, day: date, user: Any) -> Then:
    """Return the map below a node as it was at the end of a day, with the outlines that the person may look up."""
    rows = Boundary.objects.restrict(user).filter(in_force(day))
    below = (
        Grid.objects.children_of(node)
        .filter(Q(valid_until=None) | Q(valid_until__gt=day), valid_from__lte=day)
        .defer("boundary")
        .order_by("code")
    )
    shapes = {code: shape(each) for code, each in rows.filter(grid__in=below).values_list("grid", "shape")}
    return Then(list(below), shapes, rows.filter(grid=node).values_list("shape", flat=True).first())


class BoundaryPages:
    """What the outlines below a node are, and the way to other ones."""

    def get_urls(self) -> list:
        view, name = self.admin_site.admin_view, "grids_grid"
        return [
            path("boundaries/", view(self.boundaries_view), name=f"{name}_boundaries"),
            path("boundaries/load/", view(self.load_view), name=f"{name}_boundaries_load"),
            *super().get_urls(),
        ]

    def top(self, request: HttpRequest, perm: str = "grids.change_grid") -> str:
        """Return the node below which the person has a permission, to change grids or to look at their map. Raises Http404 where there
        is none."""
        top = top_of(request.user, perm)
        if not top:
            raise Http404
        return top

    def boundaries_view(self, request: HttpRequest) -> HttpResponse:
        """Show the outlines right below a node on the map, with their area and what does not fit."""
        top = self.top(request, "grids.view_boundary")
        node = asked_node(request.GET.get("in", ""), top)
        if len(node) > GridLevel.COMMUNITY or not Grid.objects.current().filter(pk=node).exists():
            node = top
        parent = Grid.objects.get(pk=node)
        day = asked_day(request.GET.get("on", ""))
        then = was_on(node, day, request.user) if day else None
        below = (
            list(Grid.objects.current().children_of(node).order_by("code")) if then is None else then.below
        )
        shapes = (
            {grid.code: shape(grid.boundary) for grid in below if grid.boundary}
            if then is None
            else then.shapes
        )
        whole = parent.boundary if then is None else then.whole
        around = shape(whole) if whole else None
        faults = geometry.misfits(node, around, shapes) if around is not None else []
        rows = Boundary.objects.restrict(request.user).filter(grid__in=below).defer("shape")
        since = {row.grid_id: row for row in rows.filter(in_force(day))}
        lines = [
            {
                "grid": grid,
                "area": geometry.square_metres(shapes[grid.code]) if grid.code in shapes else None,
                "row": since.get(grid.code),
                "url": f"?{urlencode({'in': grid.code} | ({'on': day} if day else {}))}"
                if len(grid.code) < GridLevel.BASE
                else "",
            }
            for grid in below
        ]
        within = top_of(request.user, "grids.change_grid")
        draws = bool(within) and covers(within, node)
        alone = services.without_worker(
            [grid.code for grid in below if not grid.is_retired and len(grid.code) == GridLevel.BASE]
        )
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": "网格边界",
            "opts": self.model._meta,
            "day": day,
            "today": timezone.localdate(),
            "node": node,
            "alone": [grid for grid in below if grid.code in set(alone)] if day is None else [],
            "edit_url": f"{self.link(None, 'boundaries_edit')}?{urlencode({'in': node})}" if draws else "",
            "places": [(f"?{urlencode({'in': code} | ({'on': day} if day else {}))}", name) for code, name in Grid.objects.way_down(top, node)],
            "map": of_map(
                [(grid.code, grid.name, shapes[grid.code], "area") for grid in below if grid.code in shapes], faults, around
            ),
            "made_up": any(grid.boundary_made_up for grid in below),
            "lines": lines[:MOST_LINES],
            "faults": named(faults),
            "lacking": sum(line["area"] is None for line in lines),
            "whole": around is not None,
            "history": Boundary.objects.restrict(request.user).filter(grid=node).select_related("by").defer("shape")[:20],
            "load_url": self.link(None, "boundaries_load") if within else "",
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
