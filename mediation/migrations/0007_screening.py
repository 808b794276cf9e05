"""Screenings: campaigns, reports, and by which report a dispute was found."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("grids", "0002_buildings"),
        ("mediation", "0006_figures"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="HistoricalScreening",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("name", models.CharField(max_length=60, verbose_name="名称")),
                ("since", models.DateField(verbose_name="开始日期")),
                ("until", models.DateField(verbose_name="结束日期")),
                ("focus", models.TextField(blank=True, max_length=1000, verbose_name="排查重点")),
                (
                    "opened_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="发起时间"
                    ),
                ),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1
                    ),
                ),
                (
                    "grid",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="grids.grid",
                        verbose_name="所在网格",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="发起人",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical 排查行动",
                "verbose_name_plural": "historical 排查行动",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Screening",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "district_code",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Left("grid", 6),
                        output_field=models.CharField(max_length=15),
                        verbose_name="所属区",
                    ),
                ),
                (
                    "street_code",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Left("grid", 9),
                        output_field=models.CharField(max_length=15),
                        verbose_name="所属街道",
                    ),
                ),
                (
                    "community_code",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Left("grid", 12),
                        output_field=models.CharField(max_length=15),
                        verbose_name="所属社区",
                    ),
                ),
                ("name", models.CharField(max_length=60, verbose_name="名称")),
                ("since", models.DateField(verbose_name="开始日期")),
                ("until", models.DateField(verbose_name="结束日期")),
                ("focus", models.TextField(blank=True, max_length=1000, verbose_name="排查重点")),
                (
                    "opened_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="发起时间"
                    ),
                ),
                (
                    "grid",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="grids.grid",
                        verbose_name="所在网格",
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="发起人",
                    ),
                ),
            ],
            options={
                "verbose_name": "排查行动",
                "verbose_name_plural": "排查行动",
                "ordering": ["-since", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("name", ""), _negated=True),
                        name="screening_named",
                        violation_error_message="请填写名称。",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("until__gte", models.F("since"))),
                        name="screening_dates",
                        violation_error_message="结束日期不能早于开始日期。",
                    ),
                    models.UniqueConstraint(
                        fields=("grid", "name", "since"),
                        name="screening_once",
                        violation_error_message="这里已有同一天开始的同名行动。",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalScreeningReport",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("day", models.DateField(default=django.utils.timezone.localdate, verbose_name="排查日期")),
                (
                    "times",
                    models.PositiveIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(1, "至少是 1。"),
                            django.core.validators.MaxValueValidator(999, "不能超过 999，请检查。"),
                        ],
                        verbose_name="排查次数",
                    ),
                ),
                (
                    "households",
                    models.PositiveIntegerField(
                        default=0,
                        validators=[
                            django.core.validators.MinValueValidator(0, "不能是负数。"),
                            django.core.validators.MaxValueValidator(99999, "不能超过 99,999，请检查。"),
                        ],
                        verbose_name="走访户数",
                    ),
                ),
                (
                    "prevented",
                    models.PositiveIntegerField(
                        default=0,
                        validators=[
                            django.core.validators.MinValueValidator(0, "不能是负数。"),
                            django.core.validators.MaxValueValidator(99999, "不能超过 99,999，请检查。"),
                        ],
                        verbose_name="预防纠纷（件）",
                    ),
                ),
                (
                    "crime_cases",
                    models.PositiveIntegerField(
                        default=0,
                        validators=[
                            django.core.validators.MinValueValidator(0, "不能是负数。"),
                            django.core.validators.MaxValueValidator(99999, "不能超过 99,999，请检查。"),
                        ],
                        verbose_name="防止民转刑（件）",
                    ),
                ),
                (
                    "crime_people",
                    models.PositiveIntegerField(
                        default=0,
                        validators=[
                            django.core.validators.MinValueValidator(0, "不能是负数。"),
                            django.core.validators.MaxValueValidator(99999, "不能超过 99,999，请检查。"),
                        ],
                        verbose_name="防止民转刑（人）",
                    ),
                ),
                (
                    "petition_cases",
                    models.PositiveIntegerField(
                        default=0,
                        validators=[
                            django.core.validators.MinValueValidator(0, "不能是负数。"),
                            django.core.validators.MaxValueValidator(99999, "不能超过 99,999，请检查。"),
                        ],
                        verbose_name="防止群体性上访（件）",
                    ),
                ),
                (
                    "petition_people",
                    models.PositiveIntegerField(
                        default=0,
                        validators=[
                            django.core.validators.MinValueValidator(0, "不能是负数。"),
                            django.core.validators.MaxValueValidator(99999, "不能超过 99,999，请检查。"),
                        ],
                        verbose_name="防止群体性上访（人）",
                    ),
                ),
                ("words", models.CharField(blank=True, max_length=500, verbose_name="情况")),
                (
                    "reported_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="记录时间"
                    ),
                ),
                ("history_id", models.AutoField(primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                ("history_change_reason", models.CharField(max_length=100, null=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1
                    ),
                ),
                (
                    "committee",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="mediation.committee",
                        verbose_name="人民调解委员会",
                    ),
                ),
                (
                    "grid",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="grids.grid",
                        verbose_name="所在网格",
                    ),
                ),
                (
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reported_by",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="记录人",
                    ),
                ),
                (
                    "seat",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="grids.grid",
                        verbose_name="哪一级中心",
                    ),
                ),
                (
                    "screening",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="mediation.screening",
                        verbose_name="排查行动",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical 排查记录",
                "verbose_name_plural": "historical 排查记录",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="ScreeningReport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "district_code",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Left("grid", 6),
                        output_field=models.CharField(max_length=15),
                        verbose_name="所属区",
                    ),
                ),
                (
                    "street_code",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Left("grid", 9),
                        output_field=models.CharField(max_length=15),
                        verbose_name="所属街道",
                    ),
                ),
                (
                    "community_code",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.functions.text.Left("grid", 12),
                        output_field=models.CharField(max_length=15),
                        verbose_name="所属社区",
                    ),
                ),
                ("day", models.DateField(default=django.utils.timezone.localdate, verbose_name="排查日期")),
                (
                    "times",
                    models.PositiveIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(1, "至少是 1。"),
                            django.core.validators.MaxValueValidator(999, "不能超过 999，请检查。"),
                        ],
                        verbose_name="排查次数",
                    ),
                ),
                (
                    "households",
                    models.PositiveIntegerField(
                        default=0,
                        validators=[
                            django.core.validators.MinValueValidator(0, "不能是负数。"),
                            django.core.validators.MaxValueValidator(99999, "不能超过 99,999，请检查。"),
                        ],
                        verbose_name="走访户数",
                    ),
                ),
                (
                    "prevented",
                    models.PositiveIntegerField(
                        default=0,
                        validators=[
                            django.core.validators.MinValueValidator(0, "不能是负数。"),
                            django.core.validators.MaxValueValidator(99999, "不能超过 99,999，请检查。"),
                        ],
                        verbose_name="预防纠纷（件）",
                    ),
                ),
                (
                    "crime_cases",
                    models.PositiveIntegerField(
                        default=0,
                        validators=[
                            django.core.validators.MinValueValidator(0, "不能是负数。"),
                            django.core.validators.MaxValueValidator(99999, "不能超过 99,999，请检查。"),
                        ],
                        verbose_name="防止民转刑（件）",
                    ),
                ),
                (
                    "crime_people",
                    models.PositiveIntegerField(
                        default=0,
                        validators=[
                            django.core.validators.MinValueValidator(0, "不能是负数。"),
                            django.core.validators.MaxValueValidator(99999, "不能超过 99,999，请检查。"),
                        ],
                        verbose_name="防止民转刑（人）",
                    ),
                ),
                (
                    "petition_cases",
                    models.PositiveIntegerField(
                        default=0,
                        validators=[
                            django.core.validators.MinValueValidator(0, "不能是负数。"),
                            django.core.validators.MaxValueValidator(99999, "不能超过 99,999，请检查。"),
                        ],
                        verbose_name="防止群体性上访（件）",
                    ),
                ),
                (
                    "petition_people",
                    models.PositiveIntegerField(
                        default=0,
                        validators=[
                            django.core.validators.MinValueValidator(0, "不能是负数。"),
                            django.core.validators.MaxValueValidator(99999, "不能超过 99,999，请检查。"),
                        ],
                        verbose_name="防止群体性上访（人）",
                    ),
                ),
                ("words", models.CharField(blank=True, max_length=500, verbose_name="情况")),
                (
                    "reported_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="记录时间"
                    ),
                ),
                (
                    "token",
                    models.CharField(editable=False, max_length=40, null=True, verbose_name="表单编号"),
                ),
                (
                    "committee",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="mediation.committee",
                        verbose_name="人民调解委员会",
                    ),
                ),
                (
                    "grid",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="grids.grid",
                        verbose_name="所在网格",
                    ),
                ),
                (
                    "reported_by",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="记录人",
                    ),
                ),
                (
                    "screening",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reports",
                        to="mediation.screening",
                        verbose_name="排查行动",
                    ),
                ),
                (
                    "seat",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="grids.grid",
                        verbose_name="哪一级中心",
                    ),
                ),
            ],
            options={
                "verbose_name": "排查记录",
                "verbose_name_plural": "排查记录",
                "ordering": ["-day", "-pk"],
                "indexes": [
                    models.Index(fields=["community_code", "-day", "-id"], name="screened_community"),
                    models.Index(fields=["street_code", "-day", "-id"], name="screened_street"),
                    models.Index(fields=["district_code", "-day", "-id"], name="screened_district"),
                    models.Index(fields=["screening", "community_code"], name="screened_in_campaign"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("times__gte", 1)),
                        name="screening_report_times",
                        violation_error_message="排查次数至少是 1。",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("crime_cases", 0), ("crime_people", 0)),
                            models.Q(("crime_cases__gt", 0), ("crime_people__gte", models.F("crime_cases"))),
                            _connector="OR",
                        ),
                        name="screening_report_crimes",
                        violation_error_message="防止民转刑的人数不能少于件数；没有件数的，人数也是 0。",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("petition_cases", 0), ("petition_people", 0)),
                            models.Q(
                                ("petition_cases__gt", 0),
                                ("petition_people__gte", models.F("petition_cases")),
                            ),
                            _connector="OR",
                        ),
                        name="screening_report_petitions",
                        violation_error_message="防止群体性上访的人数不能少于件数；没有件数的，人数也是 0。",
                    ),
                    models.UniqueConstraint(
                        fields=("reported_by", "token"),
                        name="screening_report_once",
                        violation_error_message="这一条刚才已经保存过了。",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="dispute",
            name="found_in",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="disputes",
                to="mediation.screeningreport",
                verbose_name="排查发现",
            ),
        ),
    ]
