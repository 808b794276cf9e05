"""The access log can only grow: the database refuses to change or delete its rows."""

from django.db import migrations

from governance.models.audit import append_only_sql


class Migration(migrations.Migration):
    dependencies = [("governance", "0002_people_and_matters")]
    operations = [migrations.RunSQL(*append_only_sql("governance_accessevent"))]
