"""The steps of disputes and the looks at a file from above can only grow: the database refuses to change or delete their rows."""

from django.db import migrations

from governance.models.audit import append_only_sql

TABLES = ("disputestep", "viewing")


class Migration(migrations.Migration):
    dependencies = [("mediation", "0001_initial"), ("governance", "0003_append_only")]

    operations = [
        migrations.RunSQL(*append_only_sql(f"mediation_{table}"), elidable=False) for table in TABLES
    ]
