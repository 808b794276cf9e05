"""Writes the table of roles to the database, after every migrate."""

from django.apps import apps
from django.contrib.auth.models import Permission

from governance.roles.table import BUILT_IN


def sync_roles(sender, **kwargs) -> None:
    """Write the built-in roles and give them the permissions of the app that was just migrated (a post_migrate receiver,
    as Django's own creation of permissions is)."""
    Role = apps.get_model("governance", "Role")
    if not sender.models_module or not Role._meta.db_table:
        return
    from django.db import connection

    if Role._meta.db_table not in connection.introspection.table_names():
        return
    here = {
        p.codename: p
        for p in Permission.objects.filter(content_type__app_label=sender.label).select_related(
            "content_type"
        )
    }
    for spec in BUILT_IN:
        values = {
            "name": spec.name,
            "duty": spec.duty,
            "levels": [int(level) for level in spec.levels],
            "needs_unit": spec.needs_unit,
            "is_builtin": True,
        }
        role, new = Role.objects.get_or_create(key=spec.key, defaults=values)
        # A role that is as it should be is not written: each writing keeps the whole of it in its history.
        changed = [name for name, value in values.items() if getattr(role, name) != value]
        if changed and not new:
            for name in changed:
                setattr(role, name, values[name])
            role.save(update_fields=changed)
        wanted = {
            here[p.split(".")[1]]
            for p in spec.permissions
            if p.split(".")[0] == sender.label and p.split(".")[1] in here
        }
        held = set(role.permissions.filter(content_type__app_label=sender.label))
        if wanted != held:
            role.permissions.set([*role.permissions.exclude(content_type__app_label=sender.label), *wanted])
