"""A worker's visits on her phone: the doors of her grid, the most pressing first, and the one form for all behind a door."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views import View

from governance import drafts, outbox
from governance.flow import NotYours
from governance.forms import check_photos, tell
from governance.views import Kept, SignedIn
from grids import visiting
from grids.cards import visits_homes
from grids.drawing import grid_map
from grids.forms.visits import VisitForm, key_of
from grids.models import Entrance, Grid, Household, Premises, Visit
from grids.services.visits import record_visit

#: What is shown behind one door; a base grid has some hundreds of households in all.
MOST = 400
OUTCOMES = dict(Visit.Outcome.choices)


class Visits(SignedIn, View):
    """The doors of a grid, what is due first. ``in``: one of several grids of hers."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if not visits_homes(request):
            raise Http404
        beats = visiting.beats(request.user)
        asked = request.GET.get("in", "")
        here = next((grid for grid in beats if grid.code == asked), None)
        if here is None and len(beats) == 1:
            here = beats[0]
        if here is None:
            codes = [grid.code for grid in beats]
            lines = visiting.coverage(request.user, beats) if codes else []
            context = {"lines": lines, "works": True}
            return render(request, "grids/visit_grids.html", context)
        doors, loose = visiting.doors_of(here, request.user)
        own = visiting.coverage(request.user, [here])[0]
        context = {
            "grid": here, "doors": doors, "loose": loose, "coverage": own, "many": len(beats) > 1, "works": True,
            "months": visiting.parameters.value("visits.months"), "map": map_of_doors(here, doors),
        }  # fmt: skip
        return render(request, "grids/visits.html", context)


def map_of_doors(grid: Grid, doors: list[visiting.Door]) -> dict[str, Any] | None:
    """Return what the map shows of the doors behind which somebody is due, with how many; None where no place is known."""
    due = [door for door in doors if door.due]
    points = [
        {
            "x": door.entrance.longitude, "y": door.entrance.latitude, "kind": "due", "mark": str(door.due), "name": str(door.entrance),
            "words": f"{door.due} 户该走访",
            "short": f"{door.entrance.building.name}{door.entrance.name}", "url": reverse("visit_door", args=[door.entrance.pk]),
        }
        for door in due
        if door.entrance.longitude is not None
    ]  # fmt: skip
    return grid_map(grid, points, len(due) - len(points))


class VisitPlace(Kept, SignedIn, View):
    """All that is visited behind a door, or what has no door in a grid, and the form for it."""

    def find(self) -> None:
        """Find the place and what is visited there. Raises Http404 for what is out of reach."""
        user = self.request.user
        if not visits_homes(self.request):
            raise Http404
        if "door" in self.kwargs:
            doors = Entrance.objects.restrict(user).select_related("building", "grid").defer("grid__boundary")
            self.door = get_object_or_404(doors, pk=self.kwargs["door"])
            self.grid, here = self.door.grid, {"entrance": self.door}
            self.address = reverse("visit_door", args=[self.door.pk])
        else:
            self.door = None
            self.grid = get_object_or_404(
                Grid.objects.restrict(user).current().defer("boundary"), code=self.kwargs["code"]
            )
            here = {"entrance": None, "grid": self.grid}
            self.address = reverse("visit_loose", args=[self.grid.code])
        # Who may not record a visit here has nothing to do on this page.
        if self.grid.code not in {grid.code for grid in visiting.beats(user)}:
            raise Http404
        before = visiting.due_before()
        households = Household.objects.restrict(user).current().filter(**here).oldest_first()[:MOST]
        premises = Premises.objects.restrict(user).current().filter(**here).oldest_first()[:MOST]
        self.rows = [*(households if self.door else ()), *premises]
        for row in self.rows:
            if self.door is not None:
                row.entrance = self.door
            row.key, row.is_due = key_of(row), row.visited_on is None or row.visited_on < before
            row.today = row.visited_on == timezone.localdate()

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.find()
        draft = drafts.take(request, request.path)
        return self.page(
            VisitForm(
                user=self.request.user, targets=self.rows, initial=draft.dict() if draft is not None else None
            )
        )

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        self.find()
        outcome = kwargs.get("outcome", Visit.Outcome.MET)
        form = VisitForm(request.POST, request.FILES, user=request.user, targets=self.rows)
        if form.is_valid():
            try:
                visit, new = record_visit(by=request.user, outcome=outcome, **form.visit_data())
            except NotYours:
                raise Http404 from None
            except ValidationError as error:
                tell(form, error)
            else:
                said = told_of(visit) if new else "这次走访刚才已经记过了。"
                return self.carried_out(self.address, said)
        check_photos(form)
        return outbox.refused(form) if outbox.asked(request) else self.page(form, status=422)

    def page(self, form: VisitForm, status: int = 200) -> HttpResponse:
        form_open = form.is_bound and bool(set(form.errors) - {"target"})
        context = {
            "form": form, "door": self.door, "grid": self.grid, "rows": self.rows, "address": self.address, "works": True,
            "chosen": form["target"].value(), "form_open": form_open,
            "outcomes": [(name, words, self.done(name)) for name, words in Visit.Outcome.choices],
            "register_url": self.register_url(),
        }  # fmt: skip
        return render(self.request, "grids/visit_place.html", context, status=status)

    def register_url(self) -> str:
        """Return where a household that is not on the list is entered, for who enters them here."""
        if self.door is None or not self.request.user.has_perm("grids.add_household"):
            return ""
        try:
            return f"{reverse('admin:grids_household_add')}?entrance={self.door.pk}"
        except NoReverseMatch:
            return ""

    def done(self, outcome: str) -> str:
        """Return the address that records a visit with this outcome."""
        if self.door is not None:
            return reverse("visit_door_done", args=[self.door.pk, outcome])
        return reverse("visit_loose_done", args=[self.grid.code, outcome])


def told_of(visit: Visit) -> str:
    """Return in words what was recorded, and what became of the need that was found."""
    said = f"已记录：{visit.target}，{OUTCOMES[visit.outcome]}。"
    for need in visit.needs.all():
        if need.number:
            said += f"需求已转为{need.content_type.model_class()._meta.verbose_name} {need.number}。"
        else:
            said += "需求已记入需求清单，社区会安排。"
    return said
