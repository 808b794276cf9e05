"""What constraints cannot say in one row: an organisation's copies of its parent's kind and grid are its parent's, and follow them; the
chronicle and the steps can only grow."""

from django.db import migrations

from governance.models.audit import append_only_sql

TABLES = ("organisationchange", "transferstep")

UNDER = """
ALTER TABLE parties_organisation ADD CONSTRAINT organisation_under
FOREIGN KEY (parent_id, parent_kind, parent_grid) REFERENCES parties_organisation (id, kind, grid_id)
ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED;
"""
FREE = "ALTER TABLE parties_organisation DROP CONSTRAINT organisation_under;"


class Migration(migrations.Migration):
    dependencies = [("parties", "0001_initial"), ("governance", "0010_party_units")]
    operations = [
        migrations.RunSQL(UNDER, FREE),
        *(migrations.RunSQL(*append_only_sql(f"parties_{table}")) for table in TABLES),
    ]
