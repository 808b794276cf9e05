"""Steps and the hours ledger can only grow: the database refuses to change or delete their rows."""

from django.db import migrations

from governance.models.audit import append_only_sql

TABLES = ("orderstep", "volunteerstep", "showcasestep", "hoursentry")


class Migration(migrations.Migration):
    dependencies = [("volunteers", "0001_initial"), ("governance", "0003_append_only")]
    operations = [migrations.RunSQL(*append_only_sql(f"volunteers_{table}")) for table in TABLES]
