"""Django's own ``migrate``, in a third of the time on an empty database: models that a migration makes one after the other are worked
out at once, and so are indexes and constraints.

Only in a demo and in tests, which begin with an empty database; a district in use has Django's own.

Django renders anew, for every single operation, each model that has to do with the changed one, and here that is nearly every model.
What reaches the database is the same statements in the same order.
"""

import copy
from contextlib import nullcontext
from itertools import groupby
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.core.management.commands import migrate
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.migration import Migration
from django.db.migrations.operations import AddConstraint, AddIndex, CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

plain = Migration.apply


def _kind(operation: Operation) -> str:
    """Return what may be worked out together; empty for what is done by itself."""
    if type(operation) is CreateModel:
        return "model"
    return "option" if type(operation) in (AddIndex, AddConstraint) else ""


def apply(
    migration: Migration, state: ProjectState, editor: BaseDatabaseSchemaEditor, collect_sql: bool = False
) -> ProjectState:
    """Apply a migration as Django does and return the state after it."""
    if collect_sql or not editor.atomic_migration:
        return plain(migration, state, editor, collect_sql)
    for kind, neighbours in groupby(migration.operations, _kind):
        operations = list(neighbours)
        if kind:
            _apply_together(migration.app_label, operations, state, editor)
        else:
            part = copy.copy(migration)
            part.operations = operations
            state = plain(part, state, editor)
    return state


def _apply_together(
    app: str, operations: list[Operation], state: ProjectState, editor: BaseDatabaseSchemaEditor
) -> None:
    # Without rendered models, a change of the state is a change of a dictionary.
    rendered = state.__dict__.pop("apps", None)
    for operation in operations:
        operation.state_forwards(app, state)
    if rendered is not None:
        state.apps = rendered
        changed = {each.name if isinstance(each, CreateModel) else each.model_name for each in operations}
        state.reload_models([(app, name.lower()) for name in changed], delay=False)
    for operation in operations:
        operation.database_forwards(app, editor, state, state)


class Command(migrate.Command):
    """Bring the database up to the migrations."""

    def handle(self, *args: Any, **options: Any) -> None:
        with patch.object(Migration, "apply", apply) if settings.DEMO else nullcontext():
            super().handle(*args, **options)
