"""Steps, closings, calls back and the log of sources can only grow: the database refuses to change or delete their rows."""

from django.db import migrations

from governance.models.audit import append_only_sql

TABLES = ("incidentstep", "closing", "callback", "sourcecall")


class Migration(migrations.Migration):
    dependencies = [("incidents", "0001_initial"), ("governance", "0003_append_only")]
    operations = [migrations.RunSQL(*append_only_sql(f"incidents_{table}")) for table in TABLES]
