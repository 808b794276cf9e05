"""The map below the longitude and latitude of a form: the grids that the person may choose, the point, and whether it lies in its grid.

A mixin of every admin whose rows have a place of their own. The script (static/portal/point_picker.js) asks ``point_view`` and is
answered in JSON; without it the fields are plain fields, and what does not fit is said once the row is saved.
"""

import math
from typing import Any

from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.urls import path
from shapely import Point
from shapely.geometry import shape

from governance.admin.choices import could_be_key
from governance.territory import GridLevel, common_node, covers
from grids import geometry
from grids.drawing import areas, base_layer, labels
from grids.models import Grid

#: Outlines that are drawn at once.
MOST_DRAWN = 100


def judged(grid: Grid | None, longitude: float, latitude: float, user: Any) -> tuple[bool | None, str]:
    """Say where a point lies: whether in ``grid`` (None where nobody can tell), and the sentence for the clerk. Without a grid it only
    says in which base grid it lies."""
    found = geometry.locate(longitude, latitude)
    lies = Grid.objects.restrict(user).filter(code=found).only("code", "name").first() if found else None
    if grid is None:
        return None, f"这个点在{lies.name}。" if lies else "这个点不在任何网格的边界内。"
    # On a border it lies in both.
    if (found and covers(grid.code, found)) or (
        grid.boundary and shape(grid.boundary).covers(Point(longitude, latitude))
    ):
        return True, f"这个点在{grid.name}内。"
    if lies is not None:
        return False, f"这个点不在{grid.name}内，在{labels([grid.name, lies.name])[1]}。"
    if not grid.boundary:
        return None, f"{grid.name}还没有边界，看不出这个点在不在里面。"
    return False, f"这个点不在{grid.name}内，也不在别的网格内。"


def degrees(given: Any) -> tuple[float, float] | None:
    """Return the longitude and latitude that an address asks about; None for what is no place."""
    try:
        longitude, latitude = float(given["longitude"]), float(given["latitude"])
    except (KeyError, ValueError):
        return None
    on_earth = math.isfinite(longitude) and abs(longitude) <= 180 and abs(latitude) <= 90
    return (longitude, latitude) if on_earth else None


class PointPages:
    """The map, and what its script asks."""

    change_form_after_template = "grids/desk_point.html"
    #: The field of the form by which the grid of a row is chosen.
    point_of = "grid"

    def get_urls(self) -> list:
        name = f"{self.model._meta.app_label}_{self.model._meta.model_name}_point"
        return [path("point/", self.admin_site.admin_view(self.point_view), name=name), *super().get_urls()]

    def point_grid(self, request: HttpRequest, key: str) -> Grid | None:
        """Return the grid that the form's choice comes to, of those that the person may choose; None for any other."""
        if not (key.isascii() and key.isdecimal() and len(key) in GridLevel.values):
            return None
        return self.places(request, Grid).filter(pk=key).first()

    def render_change_form(
        self, request: HttpRequest, context: dict, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Show the form, with the map below it."""
        row = kwargs.get("obj")
        form = context["adminform"].form
        edits = "longitude" in form.fields
        chosen = form[self.point_of].value() if self.point_of in form.fields else None
        grid = self.point_grid(request, str(chosen)) if chosen else row and row.grid
        place = (row.longitude, row.latitude) if row is not None else (None, None)
        drawn = self.outlines(request, grid, edits)
        context["point"] = {
            "map": base_layer() | {
                "areas": drawn,
                "at": place if None not in place else None,
                "ask": self.link(None, "point") if edits else "",
                "of": self.point_of if self.point_of in form.fields else "",
                "row": row.pk if row is not None else None,
            },
            "edits": edits,
            "made_up": any(each["made_up"] for each in drawn),
        }  # fmt: skip
        return super().render_change_form(request, context, *args, **kwargs)

    def outlines(self, request: HttpRequest, grid: Grid | None, edits: bool) -> list[dict[str, Any]]:
        """Return the outlines to draw: ``grid`` and those beside it in its community that the person may choose; without a grid all
        that she may choose, or, where these are too many, the node that holds them."""
        rows = self.places(request, Grid).exclude(boundary=None) if edits else Grid.objects.none()
        if grid is not None:
            rows = rows.filter(community_code=grid.code[: GridLevel.COMMUNITY]).exclude(pk=grid.pk)
            # A community among its grids would lie over them.
            found = [grid, *rows.of_level(GridLevel.BASE).order_by("code")[: MOST_DRAWN - 1]]
            return areas(found, grid.code)
        found = list(rows.of_level(GridLevel.BASE).order_by("code")[: MOST_DRAWN + 1])
        if len(found) > MOST_DRAWN:
            found = list(
                Grid.objects.restrict(request.user).filter(
                    pk=common_node(rows.values_list("code", flat=True))
                )
            )
        return areas(found)

    def point_view(self, request: HttpRequest) -> HttpResponse:
        """Answer in which grid a point lies, and which outlines to draw. ``of``: what the form's choice is; ``row``: the row that the form
        is about, where the choice is made already. 404 for who may keep no such row, and for a choice that is not hers."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        if not any(request.user.may(action, self.model) for action in (self.add_action, "change")):
            raise Http404
        of, key = request.GET.get("of", ""), request.GET.get("row", "")
        grid = None
        if of:
            grid = self.point_grid(request, of)
        elif key:
            rows = self.model._default_manager.restrict(request.user, "change")
            row = rows.filter(pk=key).first() if could_be_key(key) else None
            grid = (
                Grid.objects.restrict(request.user).filter(pk=row.grid_id).first()
                if row is not None
                else None
            )
        if grid is None and (of or key):
            raise Http404
        answer: dict[str, Any] = {}
        if "areas" in request.GET:
            answer["areas"] = self.outlines(request, grid, True)
        place = degrees(request.GET)
        if place is not None:
            answer["fits"], answer["said"] = judged(grid, *place, request.user)
        return JsonResponse(answer, json_dumps_params={"ensure_ascii": False})

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the row, and say where it does not lie in its grid; it is kept all the same, for outlines are simplified and change."""
        super().save_related(request, form, formsets, change)
        row: models.Model = form.instance
        if row.longitude is None or not {"longitude", "latitude", self.point_of} & set(form.changed_data):
            return
        grid = Grid.objects.get(pk=row.grid_id)
        fits, words = judged(grid, row.longitude, row.latitude, request.user)
        if fits is False:
            self.message_user(request, f"{words}请核对经纬度和网格。", level="warning")
