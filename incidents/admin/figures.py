"""The page of figures on the desk, the table that leaves it, and the filter by which a number opens its rows."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import content_disposition_header, urlencode

from governance import audit, exports
from governance.admin.actions import dress
from governance.admin.filters import ChoiceFilter
from governance.models import AccessEvent, Unit
from governance.models.matters import Channel
from governance.period_forms import USUAL, asked_period
from governance.territory import GridLevel, common_node, lineage
from grids.models import Grid
from incidents import reports
from incidents.charts import Chart, chart
from incidents.models import Incident, MajorClass, MinorClass
from incidents.reports import ALL, FIGURES, THOSE, By, Cell, Period, Scope, Value

#: What the totals are compared in, besides the table's columns.
COMPARED = ("received", *reports.COLUMNS[:1], "closed", *reports.COLUMNS[1:], "receipt", "returned")
#: What stands now, whatever the period.
STANDING = ("open", "overdue")
#: The words of what has no unit, no class.
NOBODYS = {By.UNIT: "网格员承办或还没有派", By.KIND: "没有类别"}


# --- the rows behind a number --------------------------------------------------------------------------------------------
class FigureFilter(ChoiceFilter):
    """The rows that one number of the figures counts. It stands on a list only when an address names a number."""

    title, parameter_name = "指标", "figure"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        named = self.used_parameters.get(self.parameter_name)
        if not named:
            return []
        try:
            self.cell = Cell.read(named, model_admin.model)
        except ValueError as wrong:
            raise IncorrectLookupParameters from wrong
        self.user = request.user
        return [(named, words_of(self.cell))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.checked() is None:
            return queryset
        return self.cell.rows(reports.on_post(queryset, request.user))


def words_of(cell: Cell) -> str:
    """Return what a number is about: figure, period, place and row."""
    words = [
        cell.figure.label if cell.part == THOSE or not cell.figure.is_rate else f"{cell.figure.label}的分母"
    ]
    if cell.figure.lines is not reports.Lines.OPEN:
        words.append(str(cell.period))
    if cell.scope.node:
        words += Grid.objects.filter(code=cell.scope.node).values_list("name", flat=True)
    if cell.scope.major is not None:
        words += MajorClass.objects.filter(pk=cell.scope.major).values_list("name", flat=True)
    if cell.by is not None:
        words.append(names_of(cell.by, cell.scope, [cell.key]).get(cell.key, "—"))
    return " · ".join(words)


def names_of(by: By, scope: Scope, keys: list[Any]) -> dict[Any, str]:
    """Return what the rows of a table are called, in the order in which they stand."""
    known = [key for key in keys if key is not None]
    names: dict[Any, str] = {}
    if by.is_place:
        found = (
            Grid.objects.filter(code__in=known).order_by("code").values_list("code", "name", "valid_until")
        )
        names = {
            code: f"{name}本级"
            if code == scope.node and len(code) < 15
            else name + ("" if ended is None else "（已停用）")
            for code, name, ended in found
        }
    elif by is By.UNIT:
        units = Unit.objects.filter(pk__in=known).order_by("kind", "grid", "code")
        names = dict(units.values_list("pk", "name"))
    elif by is By.CHANNEL:
        names = {channel.value: channel.label for channel in Channel if channel.value in known}
    else:
        model = MajorClass if scope.major is None else MinorClass
        names = dict(model.objects.filter(pk__in=known).values_list("pk", "name"))
    if None in keys:
        names[None] = NOBODYS.get(by, "—")
    return names


def rows_url(cell: Cell) -> str:
    """Return the address of the list of what a number counts."""
    meta = cell.figure.lines.model._meta
    query = urlencode({"figure": str(cell)})
    return f"{reverse(f'admin:{meta.app_label}_{meta.model_name}_changelist')}?{query}"


# --- what is asked for -----------------------------------------------------------------------------------------------------
class Asked:
    """What the address asks for: a period, a place, a breakdown. What it asks wrongly is left out."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        asked, user = request.GET, request.user
        self.period, self.form, self.usual = asked_period(asked)
        dress(self.form)
        #: The codes at which her posts let her see incidents.
        self.posts = {post.code for post in user.posts_with("incidents.view_incident")}
        self.top = common_node(self.posts)
        node = asked.get("in", "")
        known = node.isascii() and node.isdigit() and len(node) in GridLevel.values
        self.node = node if known and node.startswith(self.top) else self.top
        major = asked.get("major", "")
        self.by = By(asked["by"]) if asked.get("by") in By.values else By.PLACE
        known = major.isascii() and major.isdigit() and len(major) < 9 and self.by is By.KIND
        self.scope = Scope(self.node, int(major) if known else None)

    def url(self, **changes: Any) -> str:
        """Return the page's address with something else asked for."""
        asked: dict[str, Any] = {"period": self.usual} if self.usual else {}
        if not self.usual:
            asked = {"since": self.period.since, "until": self.period.until}
        asked |= {"by": self.by.value, "in": self.node, "major": self.scope.major} | changes
        if "period" in changes:
            asked = {key: value for key, value in asked.items() if key not in ("since", "until")}
        return "?" + urlencode({key: value for key, value in asked.items() if value not in (None, "")})

    def offers(self, by: By) -> bool:
        """Say whether a breakdown is offered: by the present grids only where some below are no more."""
        if by is not By.PRESENT or self.by is By.PRESENT:
            return True
        return Grid.objects.filter(parent=self.node or None).exclude(valid_until=None).exists()

    def places(self) -> list[Grid]:
        """Return the places from the top of her reach to the one that is looked at."""
        above = [code for code in lineage(self.node) if code.startswith(self.top)] if self.node else []
        return list(Grid.objects.filter(code__in=above).only("code", "name").order_by("code"))

    def below(self) -> list[str]:
        """Return the codes of the places right below that her posts reach."""
        rows = Grid.objects.current().filter(parent_id=self.node or None).order_by("code")
        return [
            code
            for code in rows.values_list("code", flat=True)
            if self.request.user.is_superuser
            or any(code.startswith(post) or post.startswith(code) for post in self.posts)
        ]


# --- the table -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Shown:
    """A number as the page shows it, with the lists behind it."""

    value: Value
    url: str
    all_url: str = ""

    @classmethod
    def of(cls, value: Value, period: Period, scope: Scope, by: By | None = None, key: Any = None) -> "Shown":
        def url(part: str) -> str:
            return rows_url(Cell(value.figure, part, period, scope, by, key))

        if not value.figure.is_rate:
            return cls(value, url(ALL) if value.all else "")
        return cls(value, url(THOSE) if value.all else "", url(ALL) if value.all else "")


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    name: str
    url: str
    cells: list[Shown]


class FiguresPage:
    """The page, for one person and what she asks for."""

    def __init__(self, request: HttpRequest) -> None:
        self.asked = Asked(request)
        self.user = request.user
        self.rows_of = reports.at_work(request.user)
        #: Lines that she may not see make no columns.
        models = {figure.lines.model for figure in FIGURES.values()}
        self.seen = {model for model in models if request.user.may("view", model)}
        self.columns = self.known(reports.COLUMNS)

    def known(self, keys: tuple[str, ...]) -> list[str]:
        return [key for key in keys if FIGURES[key].lines.model in self.seen]

    def tally(self, keys: list[str], period: Period, by: By | None = None) -> reports.Table:
        return reports.tally(keys, self.rows_of, period, self.asked.scope, by)

    def build(self) -> tuple[list[Row], dict[str, Value]]:
        """Return the table's rows, the total first, and the totals of all figures of the period."""
        asked = self.asked
        keys = list(dict.fromkeys([*self.columns, *self.known(COMPARED), *self.known(reports.FUNNEL)]))
        table = self.tally(keys, asked.period, asked.by)
        totals = reports.total(table, keys)
        if asked.by.is_place:
            for code in asked.below():
                table.setdefault(code, {key: Value(FIGURES[key]) for key in keys})
        names = names_of(asked.by, asked.scope, list(table))
        rows = [self.row("合计", "", totals)]
        for key in names:
            rows.append(self.row(names[key], self.down(key), table[key], asked.by, key))
        return rows, totals

    def row(self, name: str, url: str, line: dict[str, Value], by: By | None = None, key: Any = None) -> Row:
        cells = [Shown.of(line[c], self.asked.period, self.asked.scope, by, key) for c in self.columns]
        return Row(name, url, cells)

    def down(self, key: Any) -> str:
        """Return the address of what lies below a row, empty where nothing does."""
        asked = self.asked
        if asked.by.is_place and key != asked.node and len(str(key)) < GridLevel.BASE:
            return asked.url(**{"in": key})
        if asked.by is By.KIND and asked.scope.major is None and key is not None:
            return asked.url(major=key)
        return ""

    def compared(self, totals: dict[str, Value]) -> list[dict[str, Any]]:
        """Return the totals beside those of the period before and of the year before."""
        keys, period = self.known(COMPARED), self.asked.period
        others = [period.before(), period.year_before()]
        # Of a year, the period before is that of the year before.
        counted = {other: self.tally(keys, other)[None] for other in dict.fromkeys(others)}
        tables = [counted[other] for other in others]
        lines = []
        for key in keys:
            now = totals[key]
            lines.append(
                {
                    "label": FIGURES[key].label,
                    "now": Shown.of(now, period, self.asked.scope),
                    "others": [
                        {
                            "shown": Shown.of(table[key], other, self.asked.scope),
                            "change": change(now, table[key]),
                        }
                        for other, table in zip(others, tables, strict=True)
                    ],
                }
            )
        return lines

    def funnel(self, totals: dict[str, Value]) -> list[dict[str, Any]]:
        """Return how far what came in has come."""
        first = totals[reports.FUNNEL[0]].all
        return [
            {
                "shown": Shown.of(totals[key], self.asked.period, self.asked.scope),
                "label": FIGURES[key].label,
                "share": round(100 * totals[key].all / first, 1) if first else 0,
            }
            for key in self.known(reports.FUNNEL)
        ]

    def trend(self) -> tuple[Chart, list[str]]:
        """Return what came in and was closed, day by day or month by month; a few days get the two weeks before them."""
        period = self.asked.period
        if period.days < 7:
            period = Period(period.until - timedelta(days=13), period.until, period.now)
        keys = self.known(("received", "closed"))
        courses = [reports.course(key, self.rows_of, period, self.asked.scope) for key in keys]
        return chart(*courses), [FIGURES[key].label for key in keys]

    def standing(self) -> list[dict[str, Any]]:
        """Return what is open and overdue now."""
        line = self.tally(list(STANDING), self.asked.period)[None]
        return [
            {"label": FIGURES[key].label, "shown": Shown.of(line[key], self.asked.period, self.asked.scope)}
            for key in STANDING
        ]


def change(now: Value, then: Value) -> str:
    """Return in words how a figure differs from another period's; empty where there is nothing to compare."""
    if now.figure.is_rate:
        if now.rate is None or then.rate is None:
            return ""
        points = round(now.rate - then.rate, 1)
        return f"{'升' if points > 0 else '降'} {abs(points):g} 个百分点" if points else "持平"
    if not then.all:
        return ""
    percent = round(100 * (now.all - then.all) / then.all, 1)
    return f"{'增' if percent > 0 else '减'} {abs(percent):g}%" if percent else "持平"


# --- the page ---------------------------------------------------------------------------------------------------------
def figures_view(admin: Any, request: HttpRequest) -> HttpResponse:
    """Show the figures (GET), or hand out the table (POST). 404 for whoever may see no incidents."""
    if not request.user.may("view", Incident):
        raise Http404
    page = FiguresPage(request)
    asked = page.asked
    rows, totals = page.build()
    places = asked.places()
    if request.method == "POST":
        return export(request, page, rows, places[-1].name if places else "")
    drawn, words = page.trend()
    request.current_app = admin.admin_site.name
    context = {
        **admin.admin_site.each_context(request),
        "title": "事件统计",
        "asked": asked,
        "usual": [(asked.url(period=key), words, key == asked.usual) for key, (words, _) in USUAL.items()],
        "places": [(asked.url(**{"in": place.code}), place.name) for place in places],
        "major": MajorClass.objects.filter(pk=asked.scope.major).first() if asked.scope.major else None,
        "all_classes": asked.url(major=None),
        "breakdowns": [
            (asked.url(by=by.value, major=None), by.label, by is asked.by) for by in By if asked.offers(by)
        ],
        "columns": [FIGURES[key] for key in page.columns],
        "rows": rows,
        "compared": page.compared(totals),
        "funnel": page.funnel(totals),
        "standing": page.standing(),
        "chart": drawn,
        "courses": words,
        "hows": [FIGURES[key] for key in page.known((*COMPARED, *STANDING)) if FIGURES[key].how],
        "few": reports.FEW,
        "here": asked.url(),
    }
    return TemplateResponse(request, "incidents/desk_figures.html", context)


def export(request: HttpRequest, page: FiguresPage, rows: list[Row], place: str) -> HttpResponse:
    """Return the table as a file, rates beside what they are parts of; nothing in it is personal. It is logged."""
    columns: list[exports.Column] = [(page.asked.by.label, 24, lambda row: row.name)]
    for number, key in enumerate(page.columns):
        figure = FIGURES[key]
        if figure.is_rate:
            columns.append((f"{figure.label}（%）", 14, _rate(number)))
            columns.append((f"{figure.label}分母", 14, _whole(number)))
        else:
            columns.append((figure.label, 12, _whole(number)))
    title = f"事件统计 {place} {page.asked.period}"
    data = exports.workbook("事件统计", columns, rows)
    audit.record(AccessEvent.Kind.EXPORT, request.user, f"导出{title}（不含个人信息）", request=request)
    response = HttpResponse(data, content_type=exports.XLSX)
    response["Content-Disposition"] = content_disposition_header(True, f"{title}.xlsx")
    response["Cache-Control"] = "no-store"
    return response


def _rate(number: int) -> Any:
    def say(row: Row) -> float | str:
        rate = row.cells[number].value.rate
        return "" if rate is None else float(reports.cut(rate))

    return say


def _whole(number: int) -> Any:
    return lambda row: row.cells[number].value.all
