"""The tree at the desk: a page that opens branch by branch, a picture to print, a map, and the figures by place. A mixin of the
organisations' admin."""

from typing import Any

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode

from governance import audit, exports
from governance.admin.base import Named
from governance.admin.choices import could_be_key
from governance.models import AccessEvent
from governance.territory import COLUMN, GridLevel, asked_node, level_of
from grids.drawing import draw
from grids.models import Grid
from grids.reach import top_of
from parties.admin.scope import sees_places
from parties.models import Organisation, PartyOrgType
from parties.reports import rates
from parties.reports.tree import BOX, children_of, picture, roots


class TreePages:
    """The pages that show many organisations at once."""

    def tree_urls(self, view: Any, name: str) -> list:
        return [
            path("tree/", view(self.tree_view), name=f"{name}_tree"),
            path("map/", view(self.map_view), name=f"{name}_map"),
            path("rates/", view(self.rates_view), name=f"{name}_rates"),
            path("<int:object_id>/picture/", view(self.picture_view), name=f"{name}_picture"),
        ]

    def frame(self, request: HttpRequest, **context: Any) -> dict[str, Any]:
        request.current_app = self.admin_site.name
        return {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "back": self.link(None, "changelist"),
            "has_permission": True,
            **context,
        }

    # --- the tree ---------------------------------------------------------------------------------------------------
    def tree_view(self, request: HttpRequest) -> HttpResponse:
        """Show the tree, opened down to the organisation that the address names; each level is fetched when it is opened."""
        if not self.has_module_permission(request):
            raise Http404
        user = request.user
        asked = request.GET.get("at", "")
        at = None
        if could_be_key(asked):
            at = Organisation.objects.restrict(user).in_force().filter(pk=asked).first()
        nodes = roots(user)
        open_units = set(at.units) if at is not None else set()
        if at is None and len(nodes) == 1:
            open_units = {nodes[0].row.unit_id}
        level = nodes
        while level:
            opened = [node for node in level if node.row.unit_id in open_units and node.opens]
            for node in opened:
                node.children = children_of(user, node.row)
            level = [child for node in opened for child in node.children]
        if request.headers.get("HX-Request") and at is not None:
            context = {"nodes": children_of(user, at), "links": self}
            return TemplateResponse(request, "parties/tree_level.html", context)
        context = self.frame(
            request,
            title="党组织树",
            nodes=nodes,
            at=at,
            total=sum(node.below + 1 for node in nodes),
            members=sum(node.members for node in nodes),
        )
        return TemplateResponse(request, "parties/desk_tree.html", context)

    # --- a picture to print -----------------------------------------------------------------------------------------
    def picture_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show an organisation and all below it as one picture, or hand that out as a file (``?file``)."""
        organisation = self.reach(request, str(object_id))
        drawn = picture(request.user, organisation)
        takes = request.user.may("export", organisation)
        context = self.frame(
            request,
            title=f"{organisation.name} 组织架构图",
            original=Named(organisation, organisation.name),
            organisation=organisation,
            picture=drawn,
            box=BOX,
            takes=takes,
            today=timezone.localdate(),
            parts=children_of(request.user, organisation) if drawn is None else [],
        )
        if drawn is not None and "file" in request.GET and takes:
            response = TemplateResponse(request, "parties/picture.svg", context, content_type="image/svg+xml")
            audit.record(
                AccessEvent.Kind.EXPORT, request.user, f"导出{organisation.name}组织架构图", request=request
            )
            response["Content-Disposition"] = exports.content_disposition_header(
                True, f"{organisation.name}组织架构图.svg"
            )
            return response
        return TemplateResponse(request, "parties/desk_picture.html", context)

    # --- the map ----------------------------------------------------------------------------------------------------
    def map_view(self, request: HttpRequest) -> HttpResponse:
        """Show the grids below a node, each with how many branches and groups it has, and what leads to them."""
        if not self.has_module_permission(request):
            raise Http404
        top = top_of(request.user, "parties.view_organisation")
        node = asked_node(request.GET.get("in", ""), top)
        if len(node) > GridLevel.COMMUNITY or not Grid.objects.filter(pk=node).exists():
            node = top
        if not node:
            raise Http404
        below = GridLevel.values[GridLevel.values.index(len(node)) + 1]
        column = COLUMN.get(GridLevel(below), "grid")
        grids = list(Grid.objects.current().children_of(node).order_by("code"))
        rows = Organisation.objects.restrict(request.user).in_force().filter(**{COLUMN[level_of(node)]: node})
        counted: dict[tuple[str, int], int] = {
            (code, kind): number
            for code, kind, number in rows.order_by().values_list(column, "kind").annotate(n=Count("pk"))
        }
        lines = [
            {
                "grid": grid,
                "branches": counted.get((grid.code, PartyOrgType.BRANCH), 0),
                "groups": counted.get((grid.code, PartyOrgType.GROUP), 0),
                "url": f"?{urlencode({'in': grid.code})}"
                if below < GridLevel.BASE
                else f"{self.link(None, 'changelist')}?{urlencode({'place': grid.code})}",
            }
            for grid in grids
        ]
        whole = sees_places(request.user, "parties.view_organisation")
        if not whole:
            lines = [line for line in lines if line["branches"] or line["groups"]]
        drawing = draw(grids)
        most = max((line["branches"] for line in lines), default=0)
        for line in lines:
            line["path"] = drawing.paths.get(line["grid"].code, "") if drawing else ""
            # Five shades; the lightest is for none.
            line["shade"] = -(-4 * line["branches"] // most) if most else 0
        places = [(f"?{urlencode({'in': code})}", name) for code, name in Grid.objects.way_down(top, node)]
        context = self.frame(
            request,
            title="党组织分布",
            drawing=drawing,
            lines=lines,
            places=places,
            whole=whole,
            bare=rates.bare_in(request.user, node) if whole and below == GridLevel.BASE else 0,
            tree_url=self.link(None, "tree"),
        )
        return TemplateResponse(request, "parties/desk_map.html", context)

    # --- figures ----------------------------------------------------------------------------------------------------
    def rates_view(self, request: HttpRequest) -> HttpResponse:
        """Show the figures by place (GET), or hand the table out (POST)."""
        if not self.has_module_permission(request):
            raise Http404
        top = top_of(request.user, "parties.view_organisation")
        node = asked_node(request.GET.get("in", ""), top)
        if not node or len(node) > GridLevel.COMMUNITY or not Grid.objects.filter(pk=node).exists():
            node = top
        if not node:
            raise Http404
        total, lines = rates.table(request.user, node)
        whole = sees_places(request.user, "parties.view_organisation")
        figures = {key: words for key, words in rates.FIGURES.items() if whole or key != "bare_grids"}
        places = Grid.objects.way_down(top, node)
        if request.method == "POST":
            if not request.user.may("export", Organisation):
                raise Http404
            return self.hand_out(request, figures, [total, *lines], places[-1][1] if places else "")
        context = self.frame(
            request,
            title="党组织概况",
            places=[(f"?{urlencode({'in': code})}", name) for code, name in places],
            columns=list(figures.values()),
            whole=whole,
            rows=[
                {
                    "line": line,
                    "numbers": [line.values[key] for key in figures],
                    "one_shoulder": rates.percent(line.one_shoulder),
                    "cross": rates.percent(line.cross),
                    "url": f"?{urlencode({'in': line.code})}"
                    if line is not total and line.code != node and len(line.code) < GridLevel.COMMUNITY
                    else "",
                }
                for line in (total, *lines)
            ],
            here=f"?{urlencode({'in': node})}",
            takes=request.user.may("export", Organisation),
            list_url=reverse("admin:parties_organisation_changelist"),
        )
        return TemplateResponse(request, "parties/desk_rates.html", context)

    def hand_out(
        self, request: HttpRequest, figures: dict[str, str], lines: list[rates.Line], place: str
    ) -> HttpResponse:
        """Return the table as an Excel file; nothing in it is personal. It is logged."""
        columns: list[exports.Column] = [("地区", 22, lambda line: line.name)]
        columns += [(words, 12, lambda line, key=key: line.values[key]) for key, words in figures.items()]
        columns += [
            ("一肩挑", 10, lambda line: line.one_shoulder[0]),
            ("一肩挑应计", 12, lambda line: line.one_shoulder[1]),
            ("交叉任职", 10, lambda line: line.cross[0]),
            ("班子成员", 10, lambda line: line.cross[1]),
        ]
        title = f"党组织概况 {place}"
        data = exports.workbook("党组织概况", columns, lines)
        audit.record(AccessEvent.Kind.EXPORT, request.user, f"导出{title}（不含个人信息）", request=request)
        return exports.as_file(f"{title} {timezone.localdate():%Y%m%d}.xlsx", data)
