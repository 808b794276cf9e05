"""Filling tables fast: without their indexes and keys, which are made again afterwards, two at a time."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

#: What a session that fills or indexes is given. Sorts of indexes fit into memory; the world can be built again.
SESSION = {"maintenance_work_mem": "1500MB", "work_mem": "256MB", "synchronous_commit": "off"}
#: The embedded server's settings while a world is built: nothing is kept safe that can be built again.
SETTINGS = {
    "fsync": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0", "max_wal_size": "16GB",
    "checkpoint_timeout": "1h", "autovacuum": "off", "shared_buffers": "2GB",
}  # fmt: skip
AT_ONCE = 2
#: The schema of small tables from which rows are made, and a die for each row and question: at least 0, less than 1.
SCHEMA = """
CREATE SCHEMA bench;
CREATE FUNCTION bench.die(bigint, int) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS 'SELECT (hashint8extended($1, $2) & 1048575)::float8 / 1048576';
"""


@contextmanager
def told(what: str) -> Iterator[None]:
    """Say how long a part took."""
    began = time.perf_counter()
    yield
    print(f"  {what}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)


def copied(table: str, lines: Iterable[Sequence[Any]]) -> None:
    """Copy lines into a table of the schema ``bench``."""
    from django.db import connection

    with connection.cursor() as cursor, cursor.copy(f"COPY bench.{table} FROM STDIN") as into:
        for line in lines:
            into.write_row(line)


def fill(tables: Sequence[str], jobs: Mapping[str, str], given: Mapping[str, Any]) -> None:
    """Empty the tables and fill them by the statements of ``jobs`` (words -> statement, with ``given``), then make keys, indexes
    and references again. ``tables`` stand in this order: what others lead to first.

    Their triggers do not run: what they guard are later changes of rows.
    """
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL TimeZone = 'Asia/Shanghai'; SET LOCAL work_mem = '256MB'")
        off = strip(cursor, tables)
        # Emptied in the same transaction, a table needs no log to be filled.
        cursor.execute(f"TRUNCATE {', '.join(tables)}")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for what, statement in jobs.items():
            with told(what):
                cursor.execute(statement, given)
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    with told(f"{len(off.indexes)} indexes"):
        side_by_side(lambda each=each: execute(each) for each in off.indexes)
        execute(*off.keys)
    with told(f"{len(off.references)} references"):
        execute(*off.references)
    with told("statistics"):
        with connection.cursor() as cursor:
            for table in tables:
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), greatest(max(id), 1)) FROM {table}"
                )
        side_by_side(lambda each=each: execute(f"VACUUM ANALYZE {each}") for each in tables)
        execute("VACUUM ANALYZE")


@dataclass(frozen=True)
class Stripped:
    """What was taken off some tables, as the statements that make it again.

    ``indexes`` hold every index, those of primary and unique keys too, which ``keys`` then make keys of; ``references`` are the
    foreign keys. Checks stay on, so that each row
    is held to them as it comes in, and so do the triggers, which refuse changes and not new rows.
    """

    indexes: tuple[str, ...]
    keys: tuple[str, ...]
    references: tuple[str, ...]


def strip(cursor: Any, tables: Sequence[str]) -> Stripped:
    """Take keys and indexes off empty tables, and the foreign keys that lead to them. Returns how to make them again."""
    given = {"tables": list(tables)}
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = ANY(%(tables)s::regclass[])",
        given,
    )
    indexes = cursor.fetchall()
    cursor.execute(
        """
        SELECT conrelid::regclass::text, conname, contype::text, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE contype IN ('p', 'u', 'f') AND (conrelid = ANY(%(tables)s::regclass[])
              OR contype = 'f' AND confrelid = ANY(%(tables)s::regclass[]))
        ORDER BY contype = 'f' DESC
        """,
        given,
    )
    keys, references = [], []
    for table, name, kind, definition in cursor.fetchall():
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        if kind == "f":
            references.append(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
        else:
            # A key that takes over a finished index does not keep the other indexes of its table waiting.
            what = "PRIMARY KEY" if kind == "p" else "UNIQUE"
            keys.append(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {what} USING INDEX "{name}"')
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX IF EXISTS {name}")
    # The index of the search takes longest, so it comes first.
    definitions = sorted((definition for _, definition in indexes), key=lambda each: "USING gin" not in each)
    return Stripped(tuple(definitions), tuple(keys), tuple(references))


def execute(*statements: str) -> None:
    """Carry out statements in a session of their own, one transaction each."""
    from django.db import connection

    try:
        with connection.cursor() as cursor:
            for name, value in SESSION.items():
                cursor.execute(f"SET {name} = '{value}'")
            for statement in statements:
                cursor.execute(statement)
    finally:
        connection.close()


def side_by_side(jobs: Iterable[Callable[[], Any]]) -> None:
    """Run jobs in their order, ``AT_ONCE`` at a time. Raises what the first one that failed raised."""
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for done in [threads.submit(job) for job in jobs]:
            done.result()
