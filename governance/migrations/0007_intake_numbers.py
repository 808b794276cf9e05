"""What was referred where is found from either end."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # A large table stays writable while the index is built.
    atomic = False
    dependencies = [("governance", "0006_alter_intake_channel")]

    operations = [
        AddIndexConcurrently(
            model_name="intake",
            index=models.Index(fields=["number"], name="intake_number"),
        ),
        AddIndexConcurrently(
            model_name="intake",
            index=models.Index(
                condition=models.Q(("referred_from", ""), _negated=True),
                fields=["referred_from"],
                name="intake_referred_from",
            ),
        ),
    ]
