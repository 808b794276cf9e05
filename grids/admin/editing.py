"""The map on which outlines are drawn: what its script is given, the check that runs meanwhile, and the draft that is kept of it.

A mixin of the grids' admin. The script (static/portal/boundary_editor.js) sends JSON and is answered in JSON.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.http import urlencode
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from governance.territory import GridLevel, asked_node
from grids import geometry, services
from grids.admin.boundaries import MOST_DRAWN, MOST_LINES, named
from grids.boundary_files import OutlineFileError
from grids.drawing import base_layer
from grids.models import Boundary, BoundaryDraft, Grid
from grids.topology import taken_apart

#: Outlines and changes that are drawn at once: a street with all that lies in it.
MOST_SENT = 2 * MOST_DRAWN
_WRONG = "收到的内容不是地图上画的边界，请刷新页面重画。"


@dataclass
class Drawn:
    """What the script sent: outlines by code, grids that are split or merged with the script's own keys for the new ones, and what of it
    is no area (key, sentence)."""

    node: str
    shapes: dict[str, BaseGeometry] = field(default_factory=dict)
    changes: list[tuple[services.Change, list[str]]] = field(default_factory=list)
    wrong: list[tuple[str, str]] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, body: bytes, top: str) -> "Drawn":
        """Read what was sent. Raises ValueError for what no page of ours sends."""
        try:
            sent = json.loads(body)
            drawn = cls(asked_node(str(sent["in"]), top))
            if len(sent["shapes"]) + len(sent["changes"]) > MOST_SENT:
                raise TypeError
            for code, geojson in sent["shapes"].items():
                drawn._take(drawn.shapes, code, geojson)
            for change in sent["changes"]:
                old, shapes = tuple(map(_code, change["old"])), {}
                for part in change["parts"]:
                    drawn.names[_code(part["key"])] = str(part["name"])[:100]
                    if part.get("shape") is not None:
                        drawn._take(shapes, part["key"], part["shape"])
                keys = [part["key"] for part in change["parts"]]
                parts = tuple(services.Part(drawn.names[key], shapes.get(key)) for key in keys)
                drawn.changes.append((services.Change(old, parts), keys))
        except (KeyError, TypeError, AttributeError, RecursionError, UnicodeError) as wrong:
            raise ValueError(_WRONG) from wrong
        return drawn

    def _take(self, shapes: dict[str, BaseGeometry], code: str, geojson: Any) -> None:
        key = _code(code)
        try:
            shapes[key] = geometry.to_polygon(geojson)
        except ValueError as wrong:
            self.wrong.append((key, str(wrong)))


def _code(text: Any) -> str:
    # A new grid has no code yet: the script calls it by its community and a serial of its own, as "120106001002~01".
    if not isinstance(text, str) or len(text) not in GridLevel.values or not text.isascii():
        raise TypeError(text)
    if not text.replace("~", "0").isdecimal():
        raise TypeError(text)
    return text


class EditingPages:
    """The map, its check and its draft."""

    def get_urls(self) -> list:
        view, name = self.admin_site.admin_view, "grids_grid"
        return [
            path("boundaries/edit/", view(self.edit_view), name=f"{name}_boundaries_edit"),
            path("boundaries/check/", view(self.check_view), name=f"{name}_boundaries_check"),
            path("boundaries/keep/", view(self.keep_view), name=f"{name}_boundaries_keep"),
            *super().get_urls(),
        ]

    def edit_view(self, request: HttpRequest) -> HttpResponse:
        """Show the map of the outlines right below a node; what lies below those moves along where it is not too much."""
        top = self.top(request)
        node = asked_node(request.GET.get("in", ""), top)
        if len(node) > GridLevel.COMMUNITY:
            node = node[: GridLevel.COMMUNITY]
        parent = Grid.objects.current().filter(pk=node).first()
        if parent is None:
            raise Http404
        below, left_out = self.carried(node)
        mine = set(
            Grid.objects.restrict(request.user, "change").filter(parent=node).values_list("code", flat=True)
        )
        around = shape(parent.boundary) if parent.boundary else None
        own = [grid for grid in below if grid.parent_id == node]
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": "在地图上画边界",
            "opts": self.model._meta,
            "node": parent,
            "map": taken_apart({grid.code: shape(grid.boundary) for grid in below if grid.boundary}, around)
            | {
                "in": node,
                "names": {grid.code: grid.name for grid in own},
                "mine": sorted(mine),
                "redraws": len(node) == GridLevel.COMMUNITY,
                "check": self.link(None, "boundaries_check"),
                "keep": self.link(None, "boundaries_keep"),
                **base_layer(),
            },
            "made_up": any(grid.boundary_made_up for grid in below),
            "left_out": left_out,
            "redraws": len(node) == GridLevel.COMMUNITY,
            "whole": around is not None,
            "load_url": self.link(None, "boundaries_load"),
            "back": f"{self.link(None, 'boundaries')}?{urlencode({'in': node})}",
            "has_permission": True,
        }  # fmt: skip
        return TemplateResponse(request, "grids/desk_edit.html", context)

    def carried(self, node: str) -> tuple[list[Grid], bool]:
        """Return the grids below a node, level by level as long as they are not too many, and whether some were left out."""
        found: list[Grid] = []
        for level in (level for level in GridLevel.values if level > len(node)):
            rows = Grid.objects.current().filter(level=level, code__startswith=node).order_by("code")
            if found and rows.exclude(boundary=None).count() + len(found) > MOST_DRAWN:
                return found, True
            found += rows.only("code", "name", "parent", "boundary", "boundary_made_up")
        return found, False

    def check_view(self, request: HttpRequest) -> HttpResponse:
        """Answer what would be wrong with the map if what is drawn were in force."""
        top = self.top(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            drawn = Drawn.read(request.body, top)
        except ValueError:
            return JsonResponse({"errors": [_WRONG]}, status=400)
        outlines, made = dict(drawn.shapes), []
        stored: Mapping[str, Any] = {}
        if drawn.changes:
            old = [code for change, _ in drawn.changes for code in change.old]
            stored = dict(Grid.objects.current().filter(code__in=old).values_list("code", "boundary"))
        for change, keys in drawn.changes:
            for part, key in zip(change.parts, keys, strict=True):
                outline = part.shape or (
                    services.joined(change.old, drawn.shapes, stored) if len(keys) == 1 else None
                )
                if outline is not None:
                    outlines[key] = outline
                    made.append(key)
        gone = {
            *(code for change, _ in drawn.changes for code in change.old),
            *(key for key, _ in drawn.wrong),
        }
        faults = services.faults_of(outlines, made, gone, below=[drawn.node])
        names = dict(
            Grid.objects.filter(code__in=[key for key, _ in drawn.wrong]).values_list("code", "name")
        )
        answer = [
            {
                "names": drawn.names.get(key) or names.get(key, "新网格"),
                "words": words,
                "area": None,
                "stops": True,
                "shape": None,
            }
            for key, words in drawn.wrong
        ]
        for line, fault in zip(named(faults, drawn.names), faults, strict=False):
            answer.append(line | {"shape": mapping(fault.where)})
        return JsonResponse({"faults": answer[:MOST_LINES], "more": max(0, len(faults) - MOST_LINES)})

    def keep_view(self, request: HttpRequest) -> HttpResponse:
        """Keep what is drawn as a draft, and answer where it is looked over; or what is wrong, and nothing is kept."""
        top = self.top(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            drawn = Drawn.read(request.body, top)
        except ValueError:
            return JsonResponse({"errors": [_WRONG]}, status=400)
        if drawn.wrong:
            return JsonResponse(
                {"errors": list(dict.fromkeys(words for _, words in drawn.wrong))}, status=400
            )
        try:
            draft = services.open_draft(
                drawn.shapes, by=request.user, source=Boundary.Source.DRAWN, changes=[change for change, _ in drawn.changes]
            )  # fmt: skip
        except OutlineFileError as refused:
            return JsonResponse({"errors": refused.reasons}, status=400)
        except ValidationError as refused:
            return JsonResponse({"errors": refused.messages}, status=400)
        return JsonResponse({"url": self.admin_site.get_model_admin(BoundaryDraft).link(draft)})
