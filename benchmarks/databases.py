"""The benchmarks' own databases: which server, which worlds, and the mark that keeps other people's data safe.

A world lives in a database of its own, named after what is in it and how much (``bench_1000`` and ``bench_100000`` orders,
``bench_incidents_4180000``). The database carries a comment that says what is in it; one without that comment is never
touched.

Environment, all of it optional: DATABASE_URL names any database of the server to be measured (its role must be allowed
to create databases); unset, an embedded PostgreSQL is started under the name ``pg-bench``, with its default settings but for
those that a benchmark names, and stopped at the end. Nothing here imports Django, so that each worker can set its own database first.
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
EDITION = 7
SMALL, LARGE = 1_000, 100_000


class Foreign(Exception):
    """The database holds something that is not a benchmark world."""


@contextlib.contextmanager
def server(settings: dict[str, str] | None = None) -> Iterator[str]:
    """Yield the URL of a database on the server to be measured; stop the server if it was started here.

    ``settings``: PostgreSQL's, for the embedded server; a server that DATABASE_URL names keeps its own.
    """
    given = os.environ.get("DATABASE_URL")
    if given:
        yield given
        return
    sys.path.insert(0, str(ROOT / "bin"))
    from local import postgres

    (ROOT / "var").mkdir(exist_ok=True)  # where the data go, if the server may enter it
    embedded = postgres.Embedded(ROOT, "pg-bench", settings=settings)
    try:
        yield embedded.start()
    finally:
        embedded.stop()


def url_of(server_url: str, name: str) -> str:
    """Return the URL of a database on the same server."""
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))


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


def mark(name: str) -> str:
    """Return the comment of a finished world. It ages: what is open and what is red are relative to the day."""
    return f"benchmark world {EDITION}, {name}, {date.today()}"  # noqa: DTZ011 - the machine's own day


def prepare(server_url: str, name: str) -> bool:
    """Make an empty database for a world, unless the finished world is there. Returns whether it must be built.

    Raises Foreign for a database of that name that no benchmark made.
    """
    with psycopg.connect(server_url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
        if found is not None:
            if found[0] == mark(name):
                return False
            _drop(connection, name, found[0])
        connection.execute(f'CREATE DATABASE "{name}"')
        connection.execute(f"COMMENT ON DATABASE \"{name}\" IS 'benchmark world, being built'")
    return True


def finish(server_url: str, name: str) -> None:
    """Write the mark that says the world is complete."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"COMMENT ON DATABASE \"{name}\" IS '{mark(name)}'")


def remove(server_url: str, name: str) -> None:
    """Take a world away, if it is there.

    Raises Foreign for a database of that name that no benchmark made.
    """
    with psycopg.connect(server_url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
        if found is not None:
            _drop(connection, name, found[0])


def _drop(connection: psycopg.Connection, name: str, comment: str | None) -> None:
    if not (comment or "").startswith("benchmark world"):
        raise Foreign(f"The database {name} is no benchmark world; nothing was done.")
    connection.execute(f'DROP DATABASE "{name}"')
