"""What the home page offers: tiles (entries) and cards (what matters here and now), each brought by the app it belongs to.

The kernel knows no app; an app registers its own in ``AppConfig.ready``.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest
from django.urls import reverse


def everyone(request: HttpRequest) -> bool:
    """The ``shows`` of a tile for all."""
    return True


def signed_in(request: HttpRequest) -> bool:
    """The ``shows`` of a tile for people who are signed in."""
    return request.user.is_authenticated


@dataclass(frozen=True)
class Tile:
    """One entry: where it leads, its two lines, its icon and colour, its rank, for whom it shows, and how much waits there today."""

    rank: int
    address: str
    label: str
    words: str
    icon: str
    tone: str = ""
    query: str = ""
    shows: Callable[[HttpRequest], bool] = everyone
    #: Counts what waits behind the tile, 100 standing for more; ``count`` is what it said for this visitor.
    waits: Callable[[HttpRequest], int] | None = None
    count: int = 0

    @property
    def url(self) -> str:
        return reverse(self.address) + self.query


#: Returns a template and what it needs, or None where there is nothing to show.
Card = Callable[[HttpRequest], tuple[str, dict[str, Any]] | None]

_tiles: dict[tuple[str, str], Tile] = {}
_cards: dict[str, tuple[int, Card]] = {}


def offer(*tiles: Tile) -> None:
    """Add tiles; repeating it replaces the same ones."""
    for tile in tiles:
        _tiles[tile.address, tile.query] = tile


#: Cards of this rank and below stand above everything: what cannot wait.
FIRST = -30


def show(rank: int, card: Card) -> None:
    """Add a card; lower ranks stand higher, those below 0 before the others, those from ``FIRST`` down above the greeting."""
    _cards[f"{card.__module__}.{card.__name__}"] = (rank, card)


def shown(request: HttpRequest, address: str) -> bool:
    """Say whether the home page offers this visitor the page of this name."""
    return any(tile.shows(request) for tile in _tiles.values() if tile.address == address)


def tiles(request: HttpRequest) -> list[Tile]:
    """Return the tiles that show for this visitor, in their order."""
    found = [tile for tile in _tiles.values() if tile.shows(request)]
    found = [tile if tile.waits is None else replace(tile, count=tile.waits(request)) for tile in found]
    return sorted(found, key=lambda tile: tile.rank)


def cards(request: HttpRequest) -> list[tuple[int, str, dict[str, Any]]]:
    """Return (rank, template, context) of the cards that have something to show."""
    found = []
    for rank, card in sorted(_cards.values(), key=lambda each: each[0]):
        shown = card(request)
        if shown is not None:
            found.append((rank, *shown))
    return found
