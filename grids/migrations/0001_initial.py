import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("governance", "__first__"),
    ]

    operations = [
        migrations.CreateModel(
            name="Grid",
            fields=[
                (
                    "code",
                    models.CharField(
                        max_length=15,
                        primary_key=True,
                        serialize=False,
                        validators=[
                            django.core.validators.RegexValidator(
                                "^(\\d{6}|\\d{9}|\\d{12}|\\d{15})$", "网格编码是 6、9、12 或 15 位数字。"
                            )
                        ],
                        verbose_name="编码",
                    ),
                ),
                ("name", models.CharField(max_length=60, verbose_name="名称")),
                (
                    "kind",
                    models.CharField(
                        choices=[("resident", "居民网格"), ("dedicated", "专属网格")],
                        default="resident",
                        max_length=12,
                        verbose_name="类别",
                    ),
                ),
                ("household_count", models.PositiveIntegerField(blank=True, null=True, verbose_name="户数")),
                ("extent", models.CharField(blank=True, max_length=200, verbose_name="四至范围")),
                (
                    "phone",
                    models.CharField(
                        blank=True,
                        help_text="居民可以拨打的电话，会显示在居民页面上。",
                        max_length=30,
                        verbose_name="公开电话",
                    ),
                ),
                ("supervision_phone", models.CharField(blank=True, max_length=30, verbose_name="监督电话")),
                ("boundary", models.JSONField(blank=True, editable=False, null=True, verbose_name="边界")),
                (
                    "boundary_made_up",
                    models.BooleanField(default=False, editable=False, verbose_name="边界为演示虚构"),
                ),
                (
                    "valid_from",
                    models.DateField(default=django.utils.timezone.localdate, verbose_name="启用日期"),
                ),
                (
                    "valid_until",
                    models.DateField(blank=True, editable=False, null=True, verbose_name="停用日期"),
                ),
                (
                    "level",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Length("code"),
                        output_field=models.PositiveSmallIntegerField(),
                        verbose_name="层级",
                    ),
                ),
                (
                    "district_code",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Left("code", 6),
                        output_field=models.CharField(max_length=15),
                        verbose_name="所属区",
                    ),
                ),
                (
                    "street_code",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Left("code", 9),
                        output_field=models.CharField(max_length=15),
                        verbose_name="所属街道",
                    ),
                ),
                (
                    "community_code",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Left("code", 12),
                        output_field=models.CharField(max_length=15),
                        verbose_name="所属社区",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="grids.grid",
                        verbose_name="上级网格",
                    ),
                ),
                (
                    "successors",
                    models.ManyToManyField(
                        blank=True, related_name="predecessors", to="grids.grid", verbose_name="承接网格"
                    ),
                ),
            ],
            options={
                "verbose_name": "网格",
                "verbose_name_plural": "网格",
                "ordering": ["code"],
            },
        ),
    ]
