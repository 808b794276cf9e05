"""The table of figures finds what was accepted or ended in a period by an index: a month of a history of years."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("mediation", "0005_rhythm")]

    operations = [
        migrations.AddIndex(
            model_name="dispute",
            index=models.Index(
                fields=["accepted_at"], name="dispute_accepted", condition=Q(accepted_at__isnull=False)
            ),
        ),
        migrations.AddIndex(
            model_name="dispute",
            index=models.Index(
                fields=["ended_at"], name="dispute_ended", condition=Q(ended_at__isnull=False)
            ),
        ),
    ]
