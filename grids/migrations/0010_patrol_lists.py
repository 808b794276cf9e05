"""The system's own lists of what to look at, a code for the premises that are there already, and what can only grow."""

import csv
from pathlib import Path

from django.db import migrations

from governance.models.audit import append_only_sql
from grids.models.premises import premises_token

DATA = Path(__file__).resolve().parent.parent / "data"
TABLES = ("patroltick", "selfcheck", "selfcheckanswer")
BATCH = 1000


def rows(name):
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def fill(apps, schema_editor):
    item, line = apps.get_model("grids", "PatrolItem"), apps.get_model("grids", "ChecklistItem")
    item.objects.bulk_create(
        item(code=row["编号"], name=row["看什么"], hint=row["怎样算正常"], order=number, is_default=True)
        for number, row in enumerate(rows("patrol_items.csv"), 1)
    )
    line.objects.bulk_create(
        line(
            small=row["用于"], code=row["编号"], words=row["应该怎样"], why=row["为什么、怎么改"], order=number, is_default=True
        )
        for number, row in enumerate(rows("checklist.csv"), 1)
    )  # fmt: skip
    premises = apps.get_model("grids", "Premises")
    while some := list(premises.objects.filter(token=None).only("pk")[:BATCH]):
        for each in some:
            each.token = premises_token()
        premises.objects.bulk_update(some, ["token"])


class Migration(migrations.Migration):
    dependencies = [("grids", "0009_patrols"), ("governance", "0003_append_only")]
    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        *(migrations.RunSQL(*append_only_sql(f"grids_{table}")) for table in TABLES),
    ]
