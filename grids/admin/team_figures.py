"""How many there are in the teams of grids, by place and kind, and what is lacking: a page at the desk and a table to take away."""

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from governance import audit, exports
from governance.models import AccessEvent
from governance.territory import GridLevel, asked_node
from grids.models import Grid, TeamMember
from grids.reach import top_of
from grids.reports import team as reports


class TeamFigures:
    """The pages of the web admin of teams that count (grids/admin/team.py)."""

    def figures_view(self, request: HttpRequest) -> HttpResponse:
        """Show how many there are by place and kind, and what is lacking (GET), or hand the table out (POST)."""
        if not self.has_module_permission(request):
            raise Http404
        top = top_of(request.user, "grids.view_teammember")
        node = asked_node(request.GET.get("in", ""), top)
        if len(node) > GridLevel.COMMUNITY or not Grid.objects.filter(pk=node).exists():
            node = top
        if not node:
            raise Http404
        total, lines = reports.table(request.user, node)
        places = Grid.objects.way_down(top, node)
        takes = request.user.may("export", TeamMember)
        if request.method == "POST":
            if not takes:
                raise Http404
            return self.hand_out(request, [total, *lines], places[-1][1] if places else "")
        lists, grids = self.link(None, "changelist"), reverse("admin:grids_grid_changelist")
        rows = []
        for line in (total, *lines):
            deeper = line.code != node and len(line.code) < GridLevel.BASE
            # What stands at the node itself is a part of what its list shows, so only the total leads there.
            listed = line is total or line.code != node
            rows.append(
                {
                    "line": line,
                    "url": f"?{urlencode({'in': line.code})}" if deeper else "",
                    "people": [
                        (number, f"{lists}?{urlencode({'place': line.code, 'kind': kind})}" if listed and number else "")
                        for kind, number in line.people.items()
                    ],
                    "lacking": [
                        (number, f"{grids}?{urlencode({'place': line.code, 'team': what})}" if listed and number else "")
                        for what, number in line.lacking.items()
                    ],
                }
            )  # fmt: skip
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": "网格队伍统计",
            "opts": self.model._meta,
            "places": [(f"?{urlencode({'in': code})}", name) for code, name in places],
            "kinds": TeamMember.Kind.labels,
            "lacks": list(reports.LACKING.values()),
            "rows": rows,
            "here": f"?{urlencode({'in': node})}",
            "takes": takes,
            "back": lists,
            "has_permission": True,
        }
        return TemplateResponse(request, "grids/desk_team_figures.html", context)

    def hand_out(self, request: HttpRequest, lines: list[reports.Line], place: str) -> HttpResponse:
        """Return the table as an Excel file; nothing in it is personal. It is logged."""
        columns: list[exports.Column] = [
            ("地区", 22, lambda line: line.name),
            ("基础网格", 10, lambda line: line.grids),
        ]
        columns += [
            (words, 12, lambda line, key=key: line.people[key]) for key, words in TeamMember.Kind.choices
        ]
        columns += [
            (words, 12, lambda line, key=key: line.lacking[key]) for key, words in reports.LACKING.items()
        ]
        title = f"网格队伍统计 {place}"
        data = exports.workbook("网格队伍统计", columns, lines)
        audit.record(AccessEvent.Kind.EXPORT, request.user, f"导出{title}（不含个人信息）", request=request)
        return exports.as_file(f"{title} {timezone.localdate():%Y%m%d}.xlsx", data)
