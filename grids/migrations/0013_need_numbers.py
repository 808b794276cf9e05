"""Needs that became a confidential matter keep no number of it."""

from django.db import migrations

FORGET = """
UPDATE {table} SET number = ''
WHERE number <> '' AND number IN (SELECT number FROM governance_intake WHERE is_confidential)
"""


class Migration(migrations.Migration):
    dependencies = [("grids", "0012_sweeps"), ("governance", "0010_party_units")]

    operations = [
        migrations.RunSQL(FORGET.format(table=table), migrations.RunSQL.noop)
        for table in ("grids_need", "grids_historicalneed")
    ]
