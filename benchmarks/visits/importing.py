"""What one process measures of loading households: rows a second through the import, beside a plain COPY of the same rows."""

import io
import time
from typing import Any

from django.db import connection, transaction
from openpyxl import Workbook

from benchmarks import cast
from governance import imports
from grids.models import Entrance, Household
from grids.services.imports import HOUSEHOLDS


def measure(rows: int) -> dict[str, Any]:
    """Load ``rows`` new households of the secretary's community and take them away again. Returns seconds by way, and what became of
    the rows."""
    user = cast.person("secretary")
    [post] = user.posts_with("grids.add_household")
    doors = list(Entrance.objects.filter(community_code=post.code).select_related("building").order_by("pk"))
    book, made = io.BytesIO(), Workbook(write_only=True)
    sheet = made.create_sheet()
    sheet.append(["小区", "楼栋", "楼门", "门牌号", "网格"])
    wanted = [(doors[n % len(doors)], f"N{n // len(doors)}") for n in range(rows)]
    for door, room in wanted:
        sheet.append([door.building.compound, door.building.name, door.name, room, door.grid_id])
    made.save(book)
    seconds: dict[str, float] = {}
    try:
        began = time.perf_counter()
        batch = imports.open_import(HOUSEHOLDS, user, file_name="住户.xlsx", data=book.getvalue())
        seconds["read"] = time.perf_counter() - began
        began = time.perf_counter()
        told = imports.check(batch)
        seconds["look over"] = time.perf_counter() - began
        assert told.good == rows, (told.good, told.problems[:3])
        batch = imports.start(batch, user)
        began = time.perf_counter()
        while imports.go_on(batch) not in ("done", "nothing to do"):
            pass
        seconds["load"] = time.perf_counter() - began
        batch.refresh_from_db()
        assert batch.new == rows, batch.counts
    finally:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM grids_householdrow")
            cursor.execute("DELETE FROM grids_householdimport")
            cursor.execute("DELETE FROM grids_historicalhousehold WHERE room LIKE 'N%'")
            cursor.execute("DELETE FROM grids_household WHERE room LIKE 'N%'")
    began = time.perf_counter()
    with transaction.atomic():
        with (
            connection.cursor() as cursor,
            cursor.copy(
                "COPY grids_household (grid_id, entrance_id, room, use, note, closing) FROM STDIN"
            ) as into,
        ):
            for door, room in wanted:
                into.write_row((door.grid_id, door.pk, room, "own", "", ""))
        seconds["copy"] = time.perf_counter() - began
        assert Household.objects.filter(room__startswith="N").count() == rows
        transaction.set_rollback(True)
    return {"seconds": seconds, "rows": rows}
