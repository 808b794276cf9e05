"""A worker's round on her phone: the points of her grid, one tap for each that is as it should be, and the form for what is not."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.views import View

from governance import drafts, intake, outbox
from governance.flow import NotYours
from governance.forms import check_photos, tell
from governance.views import Kept, SignedIn
from grids.drawing import grid_map
from grids.forms.patrols import MENDED, EndForm, FindingForm, Sent
from grids.models import Grid, Patrol, PatrolPoint, PatrolTick
from grids.services import patrols

#: Grids that one person is offered to walk.
MOST_GRIDS = 100
#: What a point's chip says today.
TONES = {"fine": "good", "mended": "info", "passed": "caution"}


class Walk(Kept, SignedIn, View):
    """A page of a round in one grid: the one that the address asks for, else the first of those that the person walks."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated and not request.user.has_perm("grids.look_patrolpoint"):
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def points(self) -> Any:
        """The points in force that the person may look at."""
        return PatrolPoint.objects.restrict(self.request.user, "look").current()

    @cached_property
    def grids(self) -> list[tuple[str, str]]:
        """Where they lie: (code, name), those of her own grids before those of a community."""
        found = self.points.order_by("grid").values_list("grid", "grid__name").distinct()[:MOST_GRIDS]
        own = {post.code for post in self.request.user.posts_in_force}
        return sorted(found, key=lambda each: (each[0] not in own, each[0]))

    @cached_property
    def grid(self) -> Grid | None:
        """The grid that is walked; None where no point is set up. 404 for one that is not hers."""
        asked = self.request.GET.get("in", "")
        codes = [code for code, _ in self.grids]
        if asked and asked not in codes:
            raise Http404
        code = asked or next(iter(codes), "")
        return Grid.objects.defer("boundary").get(code=code) if code else None

    def address(self, name: str, grid_id: str = "") -> str:
        """Return the address of a page of the round; of the grid that she walks first it names none, for it is what her phone keeps."""
        code = grid_id or (self.grid.code if self.grid else "")
        first = self.grids[0][0] if self.grids else code
        return reverse(name) + ("" if code == first else f"?{urlencode({'in': code})}")

    def back(self, point: PatrolPoint) -> str:
        """Return the address of the list that a point is on; its top says what is left."""
        return self.address("my_patrol", point.grid_id)

    def frame(self) -> dict[str, Any]:
        """Return what every page of the round shows."""
        return {
            "grid": self.grid,
            "works": True,
            "list_url": self.address("my_patrol"),
            "finding_url": self.address("patrol_finding"),
            "end_url": self.address("patrol_end"),
        }


class MyPatrol(Walk):
    """Today's points: those whose turn it is in the order of the round, what was looked at today, by whomever, and the rest."""

    def get(self, request: HttpRequest) -> HttpResponse:
        today, rows, told = timezone.localdate(), [], {}
        if self.grid is not None:
            rows = (
                self.points.filter(grid=self.grid).with_spot().in_order().select_related("entrance__building")
            )
            rows = list(rows.prefetch_related("items")[: patrols.MOST_POINTS])
            ticks = PatrolTick.objects.restrict(request.user).filter(grid=self.grid, day=today).order_by("pk")
            told = {tick.point_id: tick for tick in ticks.only("point", "outcome", "looked_at")[:1000]}
        for point in rows:
            point.tick = told.get(point.pk)
            point.tone = TONES[point.tick.outcome] if point.tick else ""
        done = [point for point in rows if point.looked_on == today]
        due = [point for point in rows if point.due_on <= today and point.looked_on != today]
        context = {
            **self.frame(),
            "due": due,
            "done": done,
            "later": [point for point in rows if point.due_on > today and point.looked_on != today],
            "map": self.map(due, done),
            "count": len(rows),
            "asked": len(due) + len(done),
            "form": Sent(),
            "grids": [
                {"name": name, "url": self.address("my_patrol", code), "here": code == self.grid.code}
                for code, name in self.grids
            ],
        }
        return render(request, "grids/my_patrol.html", context)

    def map(self, due: list[PatrolPoint], done: list[PatrolPoint]) -> dict[str, Any] | None:
        """Return what the map shows of today's points, which her phone keeps with the page: those to be looked at in the order of the round,
        those that were. None where no place is known."""
        marked = [(point, "due", str(number), "还没看") for number, point in enumerate(due, 1)]
        marked += [(point, "done", "✓", "看过了") for point in done]
        points = [
            {
                "x": point.x, "y": point.y, "kind": kind, "mark": mark, "name": point.name, "words": words,
                "url": f"#point-{point.pk}",
            }
            for point, kind, mark, words in marked
            if point.x is not None and point.y is not None
        ]  # fmt: skip
        return grid_map(self.grid, points, len(marked) - len(points))


class Tick(Walk):
    """One tap: a point is as it should be."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Note it, and go back to the list. It may arrive when the point is no longer looked at."""
        rows = PatrolPoint.objects.restrict(request.user, "look").select_related("grid")
        point = rows.filter(pk=pk).first()
        if point is None:
            raise Http404
        form = Sent(request.POST)
        if form.is_valid():
            try:
                patrols.tick(
                    point, by=request.user, looked_at=form.cleaned_data["captured_at"], **form.sent()
                )
            except NotYours:
                raise Http404 from None
            except ValidationError as error:
                tell(form, error)
            else:
                return self.carried_out(self.back(point), f"已看：{point}，正常。")
        return again(self, form, self.back(point))


def again(view: Kept, form: Sent, url: str) -> HttpResponse:
    """Answer what was refused of a form without a page of its own."""
    if outbox.asked(view.request):
        return outbox.refused(form)
    messages.error(view.request, " ".join(text for texts in form.errors.values() for text in texts))
    return HttpResponseRedirect(url)


class Finding(Walk):
    """A point at which something is wrong: passed on, or put right on the spot."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if self.grid is None:
            return HttpResponseRedirect(reverse("my_patrol"))
        return self.page(self.form(drafts.take(request, request.path)))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Note it with its pictures, pass it on where that was chosen, and go back to the list."""
        if self.grid is None:
            return HttpResponseRedirect(reverse("my_patrol"))
        form = self.form(request.POST)
        if form.is_valid():
            cleaned = form.cleaned_data
            try:
                row, _ = patrols.tick(
                    cleaned["point"],
                    by=request.user,
                    looked_at=cleaned["captured_at"],
                    words=cleaned["words"],
                    mended=cleaned["result"] == MENDED,
                    to=form.passed_as,
                    photos=cleaned["photos"],
                    **form.sent(),
                )
            except NotYours:
                raise Http404 from None
            except ValidationError as error:
                tell(form, error)
            else:
                said = f"已上报：{row.number}。" if row.number else "已记下，当场处理好了。"
                return self.carried_out(self.back(cleaned["point"]), said)
        check_photos(form)
        return outbox.refused(form) if outbox.asked(request) else self.page(form, 422)

    def form(self, data: QueryDict | None) -> FindingForm:
        """Return the form, bound where there is something."""
        return FindingForm(
            data,
            self.request.FILES if self.request.method == "POST" else None,
            groups=intake.findings(self.request.user, seen=True),
            points=self.points,
            grid=self.grid,
        )

    def page(self, form: FindingForm, status: int = 200) -> HttpResponse:
        """Show the form."""
        context = {**self.frame(), "form": form}
        return render(self.request, "grids/patrol_finding.html", context, status=status)


class End(Walk):
    """The end of a round: what she notes of it, for herself, and her last rounds, which nobody else sees."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if self.grid is None:
            return HttpResponseRedirect(reverse("my_patrol"))
        draft = drafts.take(request, request.path)
        return self.page(EndForm(draft) if draft is not None else EndForm(initial=self.noted()))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Note it, and go back to the list."""
        if self.grid is None:
            return HttpResponseRedirect(reverse("my_patrol"))
        form = EndForm(request.POST)
        if form.is_valid():
            cleaned = form.cleaned_data
            try:
                patrols.end_round(
                    self.grid,
                    by=request.user,
                    at=cleaned["captured_at"],
                    began_at=cleaned["began_at"],
                    ended_at=cleaned["ended_at"],
                    note=cleaned["note"],
                )
            except ValidationError as error:
                tell(form, error)
            else:
                return self.carried_out(self.address("my_patrol"), "已收工，辛苦了。")
        return outbox.refused(form) if outbox.asked(request) else self.page(form, 422)

    def noted(self) -> dict[str, Any]:
        """Return what she has noted of today's round already."""
        rows = Patrol.objects.restrict(self.request.user).filter(grid=self.grid, day=timezone.localdate())
        last = rows.order_by("-pk").first()
        return {name: getattr(last, name) for name in ("began_at", "ended_at", "note")} if last else {}

    def page(self, form: EndForm, status: int = 200) -> HttpResponse:
        """Show the form and her own last rounds."""
        rounds = Patrol.objects.restrict(self.request.user).select_related("grid").defer("grid__boundary")
        context = {**self.frame(), "form": form, "rounds": rounds.order_by("-day", "-pk")[:10]}
        return render(self.request, "grids/patrol_end.html", context, status=status)
