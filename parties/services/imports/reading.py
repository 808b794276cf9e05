"""What the rows of the party organisation's tables have in common: organisations by name."""

from collections import defaultdict
from typing import Any

from governance.importers import Column
from governance.models import User
from governance.tables import Cell
from grids.services.imports.reading import GridReader
from parties.models import Organisation


class PartyReader(GridReader):
    """Looks names up within the reach of whoever loads the file. What is looked up is read once."""

    def __init__(
        self,
        columns: tuple[Column, ...],
        headings: list[str],
        mapping: Any,
        by: User,
        permission: str,
        action: str = "view",
    ) -> None:
        super().__init__(columns, headings, mapping, by, permission)
        self.organisations: dict[str, list[tuple[int, int, int | None, str]]] = defaultdict(list)
        rows = Organisation.objects.restrict(by, action).in_force().order_by("pk")
        for key, name, kind, parent, grid in rows.values_list("pk", "name", "kind", "parent", "grid"):
            self.organisations[name].append((key, kind, parent, grid))

    def number(self, cells: list[Cell]) -> str:
        return self.text(cells, "name")[:100]

    def organisation(
        self, cells: list[Cell], key: str, wrong: list[str], kinds: Any = None, within: str = ""
    ) -> int | None:
        """Return the key of the organisation that a column names; None for an empty one and for one that cannot be told, which
        is said in ``wrong``. ``within``: the grid in or above which it stands, where several have the name."""
        name = self.text(cells, key)
        if not name:
            return None
        found = [each for each in self.organisations.get(name, ()) if kinds is None or each[1] in kinds]
        if len(found) > 1 and within:
            found = [each for each in found if within.startswith(each[3])] or found
        if len(found) == 1:
            return found[0][0]
        label = self.labels[key]
        wrong.append(
            f"有 {len(found)} 个叫“{name}”的{label}，请改成不重复的名称。" if found
            else f"没有叫“{name}”的{label}，或者不在您的管理范围内。"
        )  # fmt: skip
        return None
