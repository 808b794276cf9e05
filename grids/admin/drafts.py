"""Drafts of outlines at the desk: what one would change and take along, what would not fit; it is put in force, or dropped."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import shapely
from django import forms
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
from governance.templatetags import ui
from governance.territory import GridLevel
from grids import geometry, services
from grids.admin.boundaries import FINE, MOST_LINES, named, of_map
from grids.models import BoundaryDraft, Building, Grid, TeamMember

#: Buildings that move which are named.
MOST_NAMED = 20


def change_of(old: BaseGeometry | None, new: BaseGeometry) -> dict[str, Any]:
    """Return what an outline changes, in square metres: the area before and after, the difference with its sign, what leaves and what
    comes."""
    after = round(geometry.square_metres(new))
    if old is None:
        return {"before": None, "after": after, "same": False}
    before = round(geometry.square_metres(old))
    leaves = geometry.square_metres(old.difference(new))
    comes = geometry.square_metres(new.difference(old))
    net = after - before
    return {
        "before": before,
        "after": after,
        "same": leaves + comes < 1,
        "net": f"{'−' if net < 0 else '+' if net else ''}{abs(net):,}",
        "leaves": leaves,
        # So that the figures on the page add up.
        "comes": max(round(leaves) + net, 0),
    }


def given_up(edges: list[BaseGeometry], outlines: Iterable[BaseGeometry]) -> dict[str, Any] | None:
    """Return, for the map, the parts of old edges along which no outline of a draft runs any more; None where there are none."""
    if not edges:
        return None
    kept = shapely.union_all([each.boundary.buffer(FINE, quad_segs=1) for each in outlines])
    left = shapely.line_merge(shapely.union_all(edges).difference(kept))
    return None if left.is_empty else mapping(left.simplify(FINE))


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
        return draft.file_name or "在地图上画的方案"

    @admin.display(description="方案")
    def heading(self, draft: BoundaryDraft) -> str:
        return self.row_title(draft)

    @admin.display(description="范围", ordering="grid")
    def scope(self, draft: BoundaryDraft) -> str:
        return draft.grid.name

    @admin.display(description="网格数")
    def number(self, draft: BoundaryDraft) -> int:
        return len({*draft.shapes, *draft.made})

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
        outdated = services.outdated(draft) if draft.is_open else []
        faults = (
            services.faults_of(outlines, draft.made, draft.heirs) if draft.is_open and not outdated else []
        )
        moves = services.moves_of(draft) if draft.is_open and not outdated else None
        grids = {grid.code: grid for grid in Grid.objects.filter(code__in=outlines).order_by("code")}
        lines, areas, edges = [], [], []
        for code, grid in grids.items():
            new = outlines[code]
            old = shape(grid.boundary) if grid.boundary else None
            line = {"grid": grid, **change_of(old, new)}
            same = line["same"]
            lines.append(line)
            if old is not None and not same:
                edges.append(old.boundary)
            areas.append((code, grid.name, new, "area" if same else "new"))
        if draft.is_open:
            areas += [
                (code, name, outlines[code], "new") for code, name in draft.made.items() if code in outlines
            ]
            stored = Grid.objects.filter(code__in=draft.heirs).values_list("boundary", flat=True)
            edges += [shape(each).boundary for each in stored if each]
        parents = {grid.parent_id for grid in grids.values()} | {
            code[: GridLevel.COMMUNITY] for code in draft.made
        }
        beside = (
            Grid.objects.current().filter(parent__in=parents).exclude(code__in=[*draft.heirs, *draft.made])
        )
        areas = [
            *((each.code, each.name, shape(each.boundary), "beside") for each in beside if each.boundary and each.code not in outlines),
            *areas,
        ]  # fmt: skip
        stops = any(each.kind != "gap" for each in faults) or bool(outdated) or bool(moves and moves.clashes)
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": "边界方案",
            "opts": self.model._meta,
            "original": Named(draft, self.row_title(draft)),
            "draft": draft,
            "who": masks.person(draft.by),
            "map": of_map(areas, faults) | {"old": given_up(edges, outlines.values())},
            "lines": lines[:MOST_LINES],
            "kept": any(line["same"] for line in lines),
            "changed": sum(not line["same"] for line in lines),
            "faults": named(faults),
            "stops": stops,
            "unfit": any(each.kind != "gap" for each in faults),
            "outdated": outdated,
            "redraws": self.redraws(draft, moves),
            "moves": moves,
            "moving": self.moving(draft, moves),
            "staying": self.staying(draft, moves),
            "team": TeamMember.objects.restrict(request.user)
            .serving()
            .filter(grid__in=list(draft.heirs))
            .count()
            if moves
            else 0,
            "apply_url": self.link(draft, "apply"),
            "drop_url": self.link(draft, "drop"),
            "back": f"{self.admin_site.get_model_admin(Grid).link(None, 'boundaries')}?{urlencode({'in': draft.grid_id})}",
            "has_permission": True,
        }
        return TemplateResponse(request, "grids/desk_draft.html", context)

    def redraws(self, draft: BoundaryDraft, moves: services.Moves | None) -> list[dict[str, Any]]:
        """Return what is split and merged: the old grids, and the new ones with their outline's area and the buildings that come."""
        names = dict(Grid.objects.filter(code__in=draft.heirs).values_list("code", "name"))
        coming = Counter(moves.buildings.values()) if moves else Counter()
        outlines = services.outlines_of(draft)
        found: dict[tuple[str, ...], list[str]] = {}
        for old, new in sorted(draft.heirs.items()):
            found.setdefault(tuple(new), []).append(old)
        return [
            {
                "old": [(code, names.get(code, code)) for code in old],
                "new": [
                    {
                        "code": code,
                        "name": draft.made[code],
                        "area": geometry.square_metres(outlines[code]) if code in outlines else None,
                        "buildings": coming[code],
                    }
                    for code in new
                ],
                "split": len(new) > 1,
            }
            for new, old in found.items()
        ]

    def moving(self, draft: BoundaryDraft, moves: services.Moves | None) -> list[tuple[str, str, str]]:
        """Return the first buildings that move: which, from which grid, to which."""
        if moves is None or not moves.buildings:
            return []
        rows = (
            Building.objects.filter(pk__in=moves.buildings)
            .select_related("grid")
            .defer("grid__boundary")
            .order_by("grid", "compound", "name")[:MOST_NAMED]
        )
        goes = {row.pk: moves.buildings[row.pk] for row in rows}
        names = dict(Grid.objects.filter(code__in=goes.values()).values_list("code", "name")) | draft.made
        return [(str(row), row.grid.name, names[goes[row.pk]]) for row in rows]

    def staying(self, draft: BoundaryDraft, moves: services.Moves | None) -> list[dict[str, Any]]:
        """Return the parts of split grids with who works at the old one, each to be kept on there or not."""
        posts: dict[str, list] = {}
        for post in moves.posts if moves else ():
            posts.setdefault(post.grid_id, []).append((post.pk, f"{masks.person(post.user)}（{post.role}）"))
        return [
            {"name": draft.made[code], "field": f"stay_{code}", "posts": posts[old]}
            for old, new in sorted(draft.heirs.items())
            if len(new) > 1 and old in posts
            for code in new
        ]

    def apply_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Put a draft in force."""
        draft = self.reach(request, str(object_id))
        if request.method != "POST":
            return HttpResponseRedirect(self.link(draft))
        try:
            staying = {
                code: [
                    int(key)
                    for key in request.POST.getlist(f"stay_{code}")
                    if key.isdecimal() and len(key) < 10
                ]
                for code in draft.made
            }
            number = services.apply_draft(draft, by=request.user, staying=staying)
        except PermissionDenied:
            raise Http404 from None
        except ValidationError as refusal:
            self.message_user(request, "还不能启用：" + "；".join(refusal.messages[:5]), messages.ERROR)
            return HttpResponseRedirect(self.link(draft))
        if draft.made:
            self.message_user(request, f"已启用，{len(draft.heirs)} 个网格停用，{len(draft.made)} 个新网格。")
            for code in services.without_worker(draft.made):
                self.message_user(
                    request,
                    f"“{draft.made[code]}”还没有网格员，请到“网格队伍”里登记网格员。",
                    messages.WARNING,
                )
        else:
            self.message_user(request, f"已启用，{number} 个网格的边界有变化。")
        there = self.admin_site.get_model_admin(Grid).link(None, "boundaries")
        return HttpResponseRedirect(f"{there}?{urlencode({'in': draft.grid_id})}")

    def drop_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask whether a draft is to be dropped, and drop it."""
        draft = self.reach(request, str(object_id))
        if not draft.is_open:
            return HttpResponseRedirect(self.link(draft))
        if not request.user.may("change", draft):
            raise Http404

        def drop(given: dict[str, Any]) -> str:
            services.drop_draft(draft, by=request.user)
            return self.admin_site.get_model_admin(Grid).link(None, "boundaries")

        return verb_page(
            self, request, title="放弃边界方案", form=forms.Form(request.POST if request.method == "POST" else None), done="已放弃，没有改动。", danger=True, obj=draft,
            run=drop, button="放弃", back=self.link(draft),
            hint="画好的或者上传的边界会删除，找不回来。现在的边界不变。",
        )  # fmt: skip
