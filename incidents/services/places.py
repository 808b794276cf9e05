"""Finding a place by the words in which another system, a hotline or a table names it: by code, by a community's name, by an
address as far as the door. It never guesses between two."""

import re

from governance.permissions import rule_of
from governance.tables import plain
from governance.territory import GridLevel, common_node
from grids.models import Building, Entrance, Grid

#: What people leave out of, or add to, a name.
_TAILS = re.compile(r"(社区居委会|居民委员会|居委会|社区|街道办事处|街道办|街道)$")
_CODE = re.compile(r"[0-9]{6}|[0-9]{9}|[0-9]{12}|[0-9]{15}", re.ASCII)


class Unknown(ValueError):
    """There is no such place, or several; the text is the sentence that tells it. It repeats nothing of what was asked."""


def short(name: str) -> str:
    """Return a community's or a street's name without what kind of place it is."""
    bare = _TAILS.sub("", plain(name))
    return bare or plain(name)


def named_in(words: str, name: str) -> bool:
    """Say whether ``words`` hold a name, and not as the end of a longer number: “13号楼” does not hold “3号楼”."""
    at = words.find(name)
    while at >= 0:
        if not (at and name[0].isdigit() and words[at - 1].isdigit()):
            return True
        at = words.find(name, at + 1)
    return False


class Places:
    """The district's places by their names. Streets and communities are read once; buildings and doors where one looks."""

    def __init__(self) -> None:
        rows = Grid.objects.current().filter(level__gte=GridLevel.STREET).values_list("code", "name")
        self.names: dict[str, str] = dict(rows)
        self._short = {
            code: short(name) for code, name in self.names.items() if len(code) <= GridLevel.COMMUNITY
        }
        self._buildings: dict[str, list[tuple[int, str, str, str]]] = {}
        self._doors: dict[str, list[tuple[int, int, str]]] = {}
        self._found: dict[str, str] = {}

    def grid(self, text: str) -> str:
        """Return the code of the street, community or base grid that ``text`` names, by its code or its name.

        A street's name before a community's tells apart two of one name. Raises Unknown.
        """
        words = plain(text)
        if words not in self._found:
            self._found[words] = self._grid(words)
        return self._found[words]

    def _grid(self, words: str) -> str:
        if _CODE.fullmatch(words):
            if words not in self.names:
                raise Unknown("没有这个编码的街道、社区或网格，或已停用。")
            return words
        bare = short(words)
        found = [code for code, name in self._short.items() if name == bare]
        if len(found) > 1:
            # A street and a community may share a name; the nearer place is meant.
            communities = [code for code in found if len(code) == GridLevel.COMMUNITY]
            found = communities or found
        if not found:
            found = [
                code
                for code, name in self._short.items()
                if len(code) == GridLevel.COMMUNITY
                and bare.endswith(name)
                and self._short.get(code[: GridLevel.STREET], "\0") in words
            ]
        if not found:
            raise Unknown("没有这个社区，请填 12 位社区编码或社区全称。")
        if len(found) > 1:
            raise Unknown("有几个同名的社区，请填社区编码，或在前面写上街道。")
        return found[0]

    def address(self, text: str, within: str = "") -> tuple[str, int | None]:
        """Return the code of the grid and the key of the door that an address names, as near as it says.

        ``within``: the code of the place that is known already. Raises Unknown.
        """
        words = plain(text)
        inside = [within] if within else self._communities_in(words)
        houses = self._houses(inside, words) or ([] if within else self._houses([], words))
        exact = [house for house in houses if named_in(words, house[2])]
        if len(exact) > 1:
            longest = max(len(house[1] + house[2]) for house in exact)
            exact = [house for house in exact if len(house[1] + house[2]) == longest]
        if len(exact) == 1:
            key, _, _, code = exact[0]
            doors = [door for door, name in self._doors_of(key, code) if named_in(words, plain(name))]
            return code, doors[0] if len(doors) == 1 else None
        near = common_node([code for *_, code in exact or houses])
        if near and len(near) >= max(GridLevel.COMMUNITY, len(within)):
            return near, None
        if within:
            return within, None
        if len(inside) == 1:
            return inside[0], None
        raise Unknown("地址里没有认得出的社区、小区或楼栋，请写明社区，或填网格编码。")

    def _communities_in(self, words: str) -> list[str]:
        """Return the communities that the words name: in full, or in short beside their street. “和平路” is no “和平社区”."""
        found = {}
        for code, name in self._short.items():
            if len(code) != GridLevel.COMMUNITY or name not in words:
                continue
            full = any(f"{name}{tail}" in words for tail in ("社区", "居委会", "居民委员会"))
            if full or self._short.get(code[: GridLevel.STREET], "\0") in words:
                found[code] = name
        # Of two names of which one holds the other, the longer one was meant.
        return sorted(
            code for code, name in found.items() if not any(name != o and name in o for o in found.values())
        )

    def _houses(self, inside: list[str], words: str) -> list[tuple[int, str, str, str]]:
        """Return the buildings of the compounds that the words name: key, compound, name, grid."""
        places = inside or [""]
        found = [house for code in places for house in self._buildings_of(code)]
        return [house for house in found if house[1] and house[1] in words]

    def _buildings_of(self, code: str) -> list[tuple[int, str, str, str]]:
        if code not in self._buildings:
            rows = Building.objects.filter(grid__valid_until=None)
            if code:
                rows = rows.filter(rule_of(Building).nodes_q([(code, None)]))
            self._buildings[code] = [
                (key, plain(compound), plain(name), grid)
                for key, compound, name, grid in rows.values_list("pk", "compound", "name", "grid")
            ]
        return self._buildings[code]

    def _doors_of(self, building: int, grid: str) -> list[tuple[int, str]]:
        """Return a building's doors: key and name. Those of one grid are read together."""
        if grid not in self._doors:
            rows = Entrance.objects.filter(grid=grid).values_list("building", "pk", "name")
            self._doors[grid] = list(rows)
        return [(key, name) for house, key, name in self._doors[grid] if house == building]
