"""Backlog matters under supervision; their steps can only grow."""

import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import governance.models.files
import governance.search
from governance.models.audit import append_only_sql


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0009_inspect_event"),
        ("grids", "0002_buildings"),
        ("mediation", "0007_screening"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Backlog",
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
                ("number", models.CharField(editable=False, max_length=40, unique=True, verbose_name="编号")),
                ("title", models.CharField(max_length=80, verbose_name="标题")),
                ("description", models.TextField(blank=True, max_length=2000, verbose_name="说明")),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("resident", "居民手机"),
                            ("worker", "网格员"),
                            ("desk", "社区窗口"),
                            ("hotline", "12345 热线"),
                            ("upper", "上级交办"),
                            ("opinion", "网络舆情"),
                            ("device", "设备告警"),
                            ("open311", "开放接口"),
                            ("api", "外部系统"),
                            ("referral", "内部转办"),
                        ],
                        default="resident",
                        max_length=12,
                        verbose_name="来源",
                    ),
                ),
                ("version", models.PositiveIntegerField(default=0, editable=False, verbose_name="版本")),
                (
                    "opened_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="提交时间"
                    ),
                ),
                ("closed_at", models.DateTimeField(editable=False, null=True, verbose_name="办结时间")),
                ("clock_from", models.DateTimeField(editable=False, null=True, verbose_name="计时开始")),
                ("due_at", models.DateTimeField(editable=False, null=True, verbose_name="时限")),
                ("yellow_at", models.DateTimeField(editable=False, null=True, verbose_name="黄灯时间")),
                ("paused_at", models.DateTimeField(editable=False, null=True, verbose_name="暂停时间")),
                (
                    "escalation",
                    models.PositiveSmallIntegerField(default=0, editable=False, verbose_name="已上报层级"),
                ),
                (
                    "search_terms",
                    governance.search.SearchTerms(
                        base_field=models.TextField(),
                        default=list,
                        editable=False,
                        size=None,
                        verbose_name="检索词",
                    ),
                ),
                ("applicant_name", models.CharField(blank=True, max_length=40, verbose_name="申请人")),
                ("applicant_phone", models.CharField(blank=True, max_length=11, verbose_name="联系电话")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("assigned", "待接收"),
                            ("handling", "化解中"),
                            ("settled", "待核实"),
                            ("verified", "待挂销"),
                            ("closed", "已挂销"),
                            ("withdrawn", "已撤销"),
                        ],
                        editable=False,
                        max_length=16,
                        verbose_name="状态",
                    ),
                ),
                ("year", models.PositiveSmallIntegerField(verbose_name="年度")),
                ("supervisor", models.CharField(max_length=60, verbose_name="市级督办单位")),
                (
                    "measures",
                    models.CharField(blank=True, editable=False, max_length=1000, verbose_name="化解措施"),
                ),
                (
                    "result",
                    models.CharField(blank=True, editable=False, max_length=1000, verbose_name="化解结果"),
                ),
                (
                    "applicant",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="申请人账号",
                    ),
                ),
                (
                    "dispute",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="mediation.dispute",
                        verbose_name="关联纠纷",
                    ),
                ),
                (
                    "entrance",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="grids.entrance",
                        verbose_name="楼门",
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
                    "placed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="代办人",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="governance.unit",
                        verbose_name="区级主办单位",
                    ),
                ),
            ],
            options={
                "verbose_name": "督办积案",
                "verbose_name_plural": "督办积案",
                "ordering": ["-opened_at", "-pk"],
                "permissions": [
                    ("direct_backlog", "挂牌、核实和挂销"),
                    ("handle_backlog", "主办"),
                    ("assist_backlog", "协办"),
                    ("export_backlog", "导出督办积案"),
                ],
                "abstract": False,
                "indexes": [
                    models.Index(fields=["district_code", "-opened_at", "-id"], name="backlog_district"),
                    models.Index(fields=["street_code", "-opened_at", "-id"], name="backlog_street"),
                    models.Index(fields=["community_code", "-opened_at", "-id"], name="backlog_community"),
                    models.Index(fields=["grid", "-opened_at", "-id"], name="backlog_grid"),
                    models.Index(
                        condition=models.Q(("unit__isnull", False)),
                        fields=["unit", "-opened_at", "-id"],
                        name="backlog_unit",
                    ),
                    models.Index(
                        condition=models.Q(("closed_at", None)),
                        fields=["community_code", "due_at"],
                        name="backlog_open_community",
                    ),
                    models.Index(
                        condition=models.Q(("closed_at", None)),
                        fields=["street_code", "due_at"],
                        name="backlog_open_street",
                    ),
                    models.Index(
                        condition=models.Q(("closed_at", None)), fields=["due_at"], name="backlog_open"
                    ),
                    models.Index(fields=["applicant", "-opened_at"], name="backlog_applicant"),
                    models.Index(fields=["applicant_phone"], name="backlog_phone"),
                    django.contrib.postgres.indexes.GinIndex(fields=["search_terms"], name="backlog_search"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("closed_at", None), ("closed_at__gte", models.F("opened_at")), _connector="OR"
                        ),
                        name="backlog_closed_later",
                        violation_error_message="办结时间不能早于提交时间。",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "status__in",
                                ["assigned", "handling", "settled", "verified", "closed", "withdrawn"],
                            )
                        ),
                        name="backlog_status_known",
                        violation_error_message="积案没有这个状态。",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("year__gte", 2000), ("year__lte", 2100)),
                        name="backlog_year",
                        violation_error_message="年度要在 2000 到 2100 之间。",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status__in", ["settled", "verified", "closed"]), _negated=True),
                            models.Q(("result", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="backlog_settled_with_result",
                        violation_error_message="化解了的积案须写明结果。",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BacklogPhoto",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "token",
                    models.CharField(
                        default=governance.models.files.photo_token,
                        editable=False,
                        max_length=32,
                        unique=True,
                        verbose_name="标识",
                    ),
                ),
                (
                    "image",
                    models.ImageField(
                        height_field="height",
                        upload_to=governance.models.files.photo_path,
                        verbose_name="图片",
                        width_field="width",
                    ),
                ),
                (
                    "thumb",
                    models.ImageField(upload_to=governance.models.files.thumb_path, verbose_name="缩略图"),
                ),
                ("width", models.PositiveIntegerField(editable=False, verbose_name="宽")),
                ("height", models.PositiveIntegerField(editable=False, verbose_name="高")),
                ("sha256", models.CharField(editable=False, max_length=64, verbose_name="摘要")),
                (
                    "uploaded_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="上传时间"),
                ),
                (
                    "backlog",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="photos",
                        to="mediation.backlog",
                        verbose_name="督办积案",
                    ),
                ),
                (
                    "uploaded_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="上传人",
                    ),
                ),
            ],
            options={
                "verbose_name": "积案照片",
                "verbose_name_plural": "积案照片",
                "ordering": ["pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="BacklogStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("seq", models.PositiveIntegerField(verbose_name="序号")),
                ("action", models.CharField(max_length=24, verbose_name="动作")),
                ("label", models.CharField(max_length=40, verbose_name="事项")),
                ("capacity", models.CharField(blank=True, max_length=120, verbose_name="身份")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="时间")),
                ("from_status", models.CharField(blank=True, max_length=16, verbose_name="原状态")),
                ("to_status", models.CharField(max_length=16, verbose_name="新状态")),
                ("note", models.TextField(blank=True, max_length=1000, verbose_name="说明")),
                ("due_at", models.DateTimeField(null=True, verbose_name="时限")),
                ("seen_version", models.PositiveIntegerField(null=True, verbose_name="所见版本")),
                ("data", models.JSONField(default=dict, verbose_name="附加信息")),
                (
                    "actor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="办理人",
                    ),
                ),
                (
                    "matter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="mediation.backlog",
                        verbose_name="督办积案",
                    ),
                ),
            ],
            options={
                "verbose_name": "积案办理记录",
                "verbose_name_plural": "积案办理记录",
                "ordering": ["seq"],
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(
                        fields=("matter", "seq"),
                        name="backlogstep_seq",
                        violation_error_message="这一步已经记录过。",
                    )
                ],
            },
        ),
        migrations.RunSQL(*append_only_sql("mediation_backlogstep"), elidable=False),
    ]
