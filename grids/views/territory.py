"""The pages of the territory: what a scanned code opens, the sheets to print, and the outlines a map draws."""

import re

from django import forms
from django.contrib import messages
from django.db.models.functions import Concat
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from governance.territory import GridLevel
from grids import drawing, notice, places, qr, services
from grids.models import Building, Entrance, Grid


@require_safe
def entrance_scan(request: HttpRequest, token: str) -> HttpResponse:
    """Scanned at a door: remember the door for this visit (grids/places.py) and go to the home page."""
    entrance = Entrance.objects.restrict(request.user).filter(token=token).first()
    if entrance is None:
        return render(request, "grids/unknown_code.html", status=404)
    places.scanned(request, entrance)
    return redirect("home")


@require_safe
def in_grid(request: HttpRequest, code: str) -> HttpResponse:
    """Scanned from a grid's notice: remember the grid (grids/places.py) and go to the home page.

    The code of a retired grid leads to its successor when there is just one.
    """
    grid = Grid.objects.restrict(request.user).filter(code=code).first()
    if grid is not None and grid.is_retired:
        heirs = list(grid.successors.filter(valid_until=None)[:2])
        grid = heirs[0] if len(heirs) == 1 else None
    if grid is None:
        return render(request, "grids/unknown_code.html", status=404)
    places.choose(request, grid=grid)
    return redirect("home")


class PlaceForm(forms.Form):
    """What is looked for, and how deep one has gone."""

    q = forms.CharField(max_length=30, required=False, strip=True)
    within = forms.RegexField(r"\A([0-9]{6}|[0-9]{9}|[0-9]{12}|[0-9]{15})\Z", required=False)


#: Rows of one list of places; a base grid has some dozens of doors.
MOST_PLACES = 300


@require_http_methods(["GET", "HEAD", "POST"])
def choose_place(request: HttpRequest) -> HttpResponse:
    """Choose where one is, from street to door, or by name. Choosing goes back to ``next``."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    if "\0" in target or not url_has_allowed_host_and_scheme(target, {request.get_host()}):
        target = reverse("home")
    if request.method == "POST":
        chosen = _chosen(request)
        if chosen is None:
            messages.error(request, "这个地址已经不能选，请重新选择。")
            return redirect("choose_place")
        places.choose(request, **chosen)
        if "entrance" in chosen and request.POST.get("keep") == "1" and request.user.is_authenticated:
            request.user.entrance = chosen["entrance"]
            request.user.save(update_fields=["entrance"])
            messages.success(request, "已设为常用地址。")
        return redirect(target)
    form = PlaceForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {"q": "", "within": ""}
    context = {"target": target, "q": asked["q"], "form": form}
    if asked["q"]:
        context |= _search(request, asked["q"])
    else:
        # An address without ``within`` asks for nothing yet; an empty one asks for the top.
        start = "" if "within" in request.GET else _own_community(request)
        context |= _below(request, start or asked["within"])
        context["started"] = bool(start)
    return render(request, "grids/choose_place.html", context)


@require_safe
def my_worker(request: HttpRequest) -> HttpResponse:
    """Lead to the public notice of the grid where the visitor is, by way of choosing a place where that is unknown."""
    place = places.place_of(request)
    if place is None:
        return redirect(f"{reverse('choose_place')}?{urlencode({'next': reverse('my_worker')})}")
    return redirect("grid_notice", code=place.grid.code)


def _chosen(request: HttpRequest) -> dict | None:
    """Return the posted door or grid, if there is such a one; None otherwise."""
    door, code = request.POST.get("entrance", ""), request.POST.get("grid", "")
    if door.isdecimal() and len(door) < 15:
        doors = Entrance.objects.restrict(request.user).select_related("grid", "building")
        entrance = doors.filter(pk=int(door), grid__valid_until=None).first()
        return {"entrance": entrance} if entrance else None
    if code.isdecimal() and GridLevel.COMMUNITY <= len(code) <= GridLevel.BASE:
        grid = Grid.objects.restrict(request.user).current().defer("boundary").filter(code=code).first()
        return {"grid": grid} if grid else None
    return None


def _search(request: HttpRequest, text: str) -> dict:
    """Return the grids and buildings whose name holds the words; the nearest above each tells them apart."""
    grids = (
        Grid.objects.restrict(request.user).current().filter(level__gte=GridLevel.STREET).defer("boundary")
    )
    found = list(grids.filter(name__icontains=text).order_by("level", "code")[:30])
    buildings = Building.objects.restrict(request.user).filter(grid__valid_until=None)
    named = buildings.annotate(full=Concat("compound", "name")).filter(full__icontains=text.replace(" ", ""))
    houses = list(named.select_related("grid").defer("grid__boundary")[:30])
    codes = {code for row in found for code in row.lineage()[1:-1]}
    codes |= {code for row in houses for code in row.grid.lineage()[1:-1]}
    names = dict(grids.filter(code__in=codes).values_list("code", "name"))
    for row in found:
        row.above = " · ".join(names[code] for code in row.lineage()[1:-1] if code in names)
    for row in houses:
        row.above = " · ".join(names[code] for code in row.grid.lineage()[1:-1] if code in names)
    return {"found": found, "houses": houses}


def _own_community(request: HttpRequest) -> str:
    """Return the code of the community (or the smaller place above it) where the visitor is; empty where that is unknown."""
    place = places.place_of(request)
    return place.grid.code[: GridLevel.COMMUNITY] if place is not None else ""


def _below(request: HttpRequest, code: str) -> dict:
    """Return what lies right below a place: the streets at first, the doors of a base grid at last."""
    grids = Grid.objects.restrict(request.user).current().defer("boundary")
    here = grids.filter(code=code).first() if code else None
    if here is None:
        districts = list(grids.of_level(GridLevel.DISTRICT).order_by("code")[:30])
        if len(districts) != 1:
            return {"here": None, "below": districts}
        here = districts[0]
    path = list(grids.filter(code__in=here.lineage()[:-1]).order_by("code"))
    doors = []
    if here.grid_level is GridLevel.BASE:
        doors = Entrance.objects.restrict(request.user).filter(grid=here).select_related("building")
        doors = list(doors.order_by("building__compound", "building__name", "name")[:MOST_PLACES])
        doors.sort(key=lambda door: (*_natural(str(door.building)), *_natural(door.name)))
    return {
        "here": here,
        "path": path,
        "below": list(grids.children_of(here.code).order_by("code")[:MOST_PLACES]),
        "doors": doors,
        "selectable": len(here.code) >= GridLevel.COMMUNITY,
    }


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts 2号楼 before 10号楼."""
    parts = re.split(r"(\d{1,9})", text)
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part]


@require_safe
def grid_notice(request: HttpRequest, code: str) -> HttpResponse:
    """The public notice of a grid on one A4 sheet. Those who keep its doors also get links to each door's sheet."""
    grid = get_object_or_404(Grid.objects.restrict(request.user).defer("boundary"), code=code)
    told = notice.notice_of(grid)
    doors = Entrance.objects.restrict(request.user, "change").filter(grid=grid).select_related("building")
    return render(
        request,
        "grids/grid_notice.html",
        {
            "notice": told,
            "community_phone": told.phone,
            "duties": notice.DUTIES,
            "outline": notice.outline_of(grid),
            "updated_on": notice.updated_on(grid),
            "qr": None if grid.is_retired else qr.grid_qr_svg(grid),
            "successors": grid.successors.all() if grid.is_retired else (),
            "doors": doors[:200],
        },
    )


@require_safe
def entrance_qr(request: HttpRequest, pk: int) -> HttpResponse:
    """One door's QR code on an A4 sheet; only for those who keep the door."""
    entrance = get_object_or_404(
        Entrance.objects.restrict(request.user, "change").select_related("building", "grid"), pk=pk
    )
    return render(
        request,
        "grids/entrance_qr.html",
        {
            "entrance": entrance,
            "notice": notice.notice_of(entrance.grid),
            "qr": qr.entrance_qr_svg(entrance),
            "address": qr.entrance_url(entrance),
        },
    )


@require_POST
def renew_entrance(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a door a new code; the one on the wall stops working."""
    entrance = get_object_or_404(Entrance.objects.restrict(request.user, "change"), pk=pk)
    services.renew_token(entrance, by=request.user)
    messages.success(request, "已换新二维码，原来张贴的那张已经失效，请打印并更换。")
    return redirect("entrance_qr", pk=pk)


@require_safe
def grid_outlines(request: HttpRequest, code: str) -> JsonResponse:
    """GeoJSON of the grids in force right below a grid, simplified for a map; a made-up boundary says so."""
    if not Grid.objects.restrict(request.user).filter(code=code).exists():
        raise Http404
    below = Grid.objects.restrict(request.user).current().children_of(code).exclude(boundary=None)
    return JsonResponse(
        {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "geometry": outline,
                    "properties": {"code": grid.code, "name": grid.name, "made_up": grid.boundary_made_up},
                }
                for grid, outline in drawing.outlines(below)
            ],
        },
        json_dumps_params={"ensure_ascii": False},
    )
