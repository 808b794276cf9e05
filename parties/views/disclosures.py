"""What party organisations disclose, on the phone: the list and the page of an item.

Whoever is not signed in sees what is disclosed to society and nothing else; whoever has a party post, or was named, also what is
disclosed to her, marked. No page is kept by a browser, so that what is withdrawn is gone at once.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from governance.slices import Slice
from governance.territory import GridLevel
from governance.views import RestrictedDetail, RestrictedList
from grids.models import Grid
from grids.places import place_of
from parties.cards import shown_to
from parties.models import Disclosure, Scope

COLUMN = {GridLevel.STREET: "street_code", GridLevel.COMMUNITY: "community_code"}
#: Streets to choose from.
MOST_CHIPS = 40
#: Characters of a search that are looked at, and of the text that a line shows.
MOST_WORDS, MOST_SHOWN = 40, 120


@method_decorator(never_cache, "dispatch")
class Disclosures(RestrictedList):
    """What is out, newest first, of the district or of a place and everything below it."""

    model = Disclosure
    template_name = "parties/disclosures.html"
    size = 15

    def get_queryset(self) -> Any:
        rows = shown_to(self.request.user)
        self.here = self.place()
        if self.here is not None:
            rows = rows.filter(**{COLUMN[self.here.grid_level]: self.here.code})
        self.words = self.request.GET.get("q", "").replace("\x00", "").strip()[:MOST_WORDS]
        if self.words:
            rows = rows.search(self.words, self.request.user)
        return rows.order_by("-public_from", "-pk")

    def place(self) -> Grid | None:
        """The street or community that the address names."""
        code = self.request.GET.get("in", "")
        if not (code.isascii() and code.isdecimal() and len(code) in (GridLevel.STREET, GridLevel.COMMUNITY)):
            return None
        return Grid.objects.restrict(self.request.user).defer("boundary").filter(code=code).first()

    def page(self) -> Slice:
        page = super().page()
        for row in page.object_list:
            row.mark = mark(row)
            row.words = " ".join(row.paragraphs)[:MOST_SHOWN]
        return page

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(here=self.here, words=self.words, chips=self.chips(), **kwargs)

    def chips(self) -> list[Grid]:
        """The places to choose from: my own community and street, the chosen one's, and all streets."""
        place, codes = place_of(self.request), []
        for code in (place.grid.code if place else "", self.here.code if self.here else ""):
            codes += [code[:length] for length in (12, 9) if len(code) >= length]
        grids = Grid.objects.restrict(self.request.user).defer("boundary")
        near = list(grids.filter(code__in=codes).order_by("-level", "code"))
        streets = grids.current().of_level(GridLevel.STREET).exclude(code__in=codes).order_by("code")
        return near + list(streets[:MOST_CHIPS])


@method_decorator(never_cache, "dispatch")
class DisclosurePage(RestrictedDetail):
    """One item. The address of an edition that was corrected leads to the one that took its place."""

    model = Disclosure
    template_name = "parties/disclosure.html"

    def get_queryset(self) -> Any:
        return shown_to(self.request.user)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().get(request, *args, **kwargs)
        except Http404:
            later = self.later()
            if later is None:
                raise
            return redirect(later)

    def later(self) -> Disclosure | None:
        """The edition that is out, where the number asked for is one of the same item's."""
        number, rows = self.kwargs["number"], shown_to(self.request.user)
        found = rows.filter(original__number=number).first()
        return found or rows.filter(original__editions__number=number).first()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.object
        photos = list(row.photos.all())
        for number, photo in enumerate(photos, 1):
            photo.alt = f"{row.title}：图片 {number}"
        return super().get_context_data(disclosure=row, photos=photos, mark=mark(row), **kwargs)


def mark(row: Disclosure) -> str:
    """Return the words that mark an item as not for everyone; empty for what is."""
    return "" if row.scope == Scope.SOCIETY else row.get_scope_display()
