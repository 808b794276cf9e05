"""The territory's arithmetic: a grid's code is its path, and its length is its level.

Codes follow the national statistical division code: 6 digits a district, 9 a street, 12 a community, 15 a base
grid. A parent is a prefix, so ancestors are slices and "at or below" is an equality on one column. Nothing here
touches the database.
"""

from collections.abc import Iterable

from django.db import models


class GridLevel(models.IntegerChoices):
    """The four levels; the value is the length of the code."""

    DISTRICT = 6, "区级网格"
    STREET = 9, "街道级网格"
    COMMUNITY = 12, "社区级网格"
    BASE = 15, "基础网格"


#: The column that holds, on every territorial row, the row's ancestor (or self) of that level.
COLUMN = {
    GridLevel.DISTRICT: "district_code",
    GridLevel.STREET: "street_code",
    GridLevel.COMMUNITY: "community_code",
}


def level_of(code: str) -> GridLevel:
    """Return the level of a grid code.

    Raises ValueError for a code whose length is no level.
    """
    return GridLevel(len(code))


def lineage(code: str) -> list[str]:
    """Return the code's ancestors from the district down, and the code itself last.

    >>> lineage("120106001002")
    ['120106', '120106001', '120106001002']
    """
    return [code[:level] for level in GridLevel.values if level <= len(code)]


def parent_code(code: str) -> str | None:
    """Return the code of the grid right above, or None for a district."""
    above = lineage(code)[:-1]
    return above[-1] if above else None


def covers(node: str, code: str) -> bool:
    """Say whether ``code`` lies at or below ``node``."""
    return code.startswith(node)


def common_node(codes: Iterable[str]) -> str:
    """Return the lowest node that all codes lie at or below; empty where there is none.

    >>> common_node(["120106001002", "120106001004"])
    '120106001'
    """
    above = [lineage(code) for code in sorted(codes)]
    return (
        next((code for code in reversed(above[0]) if all(code in each for each in above)), "")
        if above
        else ""
    )


def asked_node(text: str, top: str) -> str:
    """Return the node that an address asks for, ``top`` for what is no code at or below it.

    >>> asked_node("120106001", "120106"), asked_node("120101001", "120106"), asked_node("x", "120106")
    ('120106001', '120106', '120106')
    """
    known = text.isascii() and text.isdigit() and len(text) in GridLevel.values
    return text if known and text.startswith(top) else top


def following(node: str) -> str:
    """Return the code after ``node`` on its level: as text, what lies at or below the node comes before it.

    >>> following("120106")
    '120107'
    """
    return str(int(node) + 1).zfill(len(node))
