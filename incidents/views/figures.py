"""The figures that everyone may look at, of the district and of each street and community."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from governance.territory import GridLevel
from grids.models import Grid
from incidents import disclosure
from incidents.cards import TONES


@require_safe
def figures(request: HttpRequest, code: str = "") -> HttpResponse:
    """Show the figures of a place, of the district where none is named. 404 for a place that is not in use."""
    places = Grid.objects.restrict(request.user).current().only("code", "name")
    places = places.filter(code=code) if code else places.of_level(GridLevel.DISTRICT)
    place = places.order_by("code").first()
    if place is None:
        raise Http404
    told = disclosure.of_place(place)
    for each in told["latest"]:
        each["tone"] = TONES.get(each["state"], "quiet")
    context = {**told, "place_here": place, "courses": ["上报", "结案"], "few": disclosure.LEAST}
    return render(request, "incidents/figures.html", context)
