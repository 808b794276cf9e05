"""The database of the tests: migrated once for all workers, and put back fast after a test that really committed.

python -m tests.database        makes the database that the workers copy, and says its name (bin/test does, while the checks run)
python -m tests.database drop   deletes it again
"""

import sys

import django
from django.db import connection, transaction

#: The schema that keeps what a fresh database holds.
KEPT = "fresh"


def _tables() -> list[str]:
    return connection.introspection.django_table_names(only_existing=True, include_views=False)


def keep() -> None:
    """Keep the rows that stand in the database now: content types, permissions and the built-in roles."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {KEPT} CASCADE")
        cursor.execute(f"CREATE SCHEMA {KEPT}")
        for table in _tables():
            cursor.execute(f'SELECT EXISTS (SELECT 1 FROM "{table}")')
            if cursor.fetchone()[0]:
                cursor.execute(f'CREATE TABLE {KEPT}."{table}" AS TABLE "{table}"')


def put_back() -> None:
    """Empty every table that holds something and write the kept rows again, under their old keys.

    Django's own way empties every table, and then has each app work out its rows anew, which takes seconds. Emptying a table of this
    size by deleting is faster than giving it and each of its indexes a new file; nobody's triggers are asked.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        full = " UNION ALL ".join(
            f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for name in _tables()
        )
        cursor.execute(full)
        for (table,) in cursor.fetchall():
            cursor.execute(f'DELETE FROM "{table}"')
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [KEPT])
        for (table,) in cursor.fetchall():
            cursor.execute(f'INSERT INTO "{table}" SELECT * FROM {KEPT}."{table}"')


def make() -> str:
    """Make and migrate a database for the workers to copy; return its name."""
    return connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)


def copy(migrated: str) -> None:
    """Make this process's own test database as a copy of the migrated one, and use it from now on."""
    connection.settings_dict["TEST"]["TEMPLATE"] = migrated
    name = connection.creation._create_test_db(verbosity=0, autoclobber=True)
    connection.close()
    connection.settings_dict["NAME"] = name


def drop() -> None:
    """Delete this process's own test database."""
    connection.creation.destroy_test_db(verbosity=0)


def main(arguments: list[str]) -> None:
    """Make the database that the workers copy and print its name, or delete it."""
    django.setup()
    if arguments == ["drop"]:
        connection.settings_dict["NAME"] = connection.creation._get_test_db_name()
        drop()
    else:
        print(make())  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
