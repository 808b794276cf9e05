"""The benchmark's own databases: which server, which two worlds, and the mark that keeps other people's data safe.

A world lives in a database of its own, named after its number of orders (``bench_1000``, ``bench_100000``). The
database carries a comment that says what is in it; one without that comment is never touched.

Environment, all of it optional: DATABASE_URL names any database of the server to be measured (its role must be allowed
to create databases); unset, an embedded PostgreSQL with its default settings is started under the name ``pg-bench``
and stopped at the end. Nothing here imports Django, so that each worker can set its own database first.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

ROOT = Path(__file__).resolve().parent.parent
#: Raised when the builder changes, so that an older world is built anew.
EDITION = 6
SMALL, LARGE = 1_000, 100_000


class Foreign(Exception):
    """The database holds something that is not a benchmark world."""


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Yield the URL of a database on the server to be measured; stop the server if it was started here."""
    given = os.environ.get("DATABASE_URL")
    if given:
        yield given
        return
    sys.path.insert(0, str(ROOT / "bin"))
    from local import postgres

    embedded = postgres.Embedded(ROOT, "pg-bench")
    try:
        yield embedded.start()
    finally:
        embedded.stop()


def url_of(server_url: str, orders: int) -> str:
    """Return the URL of the world with so many orders on the same server."""
    return urlunsplit(urlsplit(server_url)._replace(path=f"/bench_{orders}"))


def environment(url: str) -> dict[str, str]:
    """Return the settings that the portal is measured with: demo mode for its secrets, everything else as deployed."""
    var = ROOT / "var" / "bench"
    var.mkdir(parents=True, exist_ok=True)
    defaults = {
        "SECRET_KEY": "for-benchmarks-only",
        "PORTAL_DEMO": "1",
        "ALLOWED_HOSTS": "*",
        "LOG_LEVEL": "ERROR",
        "DJANGO_SETTINGS_MODULE": "governance.settings",
    }
    return defaults | dict(os.environ) | {"DATABASE_URL": url, "VAR_DIR": str(var)}


def mark(orders: int) -> str:
    """Return the comment of a finished world. It ages: open orders and red lights are relative to the day."""
    return f"benchmark world {EDITION}, {orders} orders, {date.today()}"  # noqa: DTZ011 - the machine's own day


def prepare(server_url: str, orders: int) -> bool:
    """Make an empty database for a world, unless the finished world is there. Returns whether it must be built.

    Raises Foreign for a database of that name that this benchmark did not make.
    """
    name = f"bench_{orders}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
        if found is not None:
            comment = found[0] or ""
            if comment == mark(orders):
                return False
            if not comment.startswith("benchmark world"):
                raise Foreign(f"The database {name} is no benchmark world; nothing was done.")
            connection.execute(f'DROP DATABASE "{name}"')
        connection.execute(f'CREATE DATABASE "{name}"')
        connection.execute(f"COMMENT ON DATABASE \"{name}\" IS 'benchmark world, being built'")
    return True


def finish(server_url: str, orders: int) -> None:
    """Write the mark that says the world is complete."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"COMMENT ON DATABASE \"bench_{orders}\" IS '{mark(orders)}'")
