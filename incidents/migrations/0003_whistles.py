"""Whistles, their slips, and the evaluation of departments; what is published or appended the database refuses to change."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.text
import django.utils.timezone
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import governance.models.files
import governance.search
from governance.models.audit import append_only_sql

APPEND_ONLY = ("whistlestep", "whistleslipstep", "evaluationstep", "answerline")

#: A published evaluation, its scores, deductions and what communities gave stay as they are.
FREEZE = """
CREATE FUNCTION portal_published_evaluation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    frozen boolean;
BEGIN
    IF TG_TABLE_NAME = 'incidents_evaluation' THEN
        frozen := OLD.status = 'published';
    ELSIF TG_TABLE_NAME = 'incidents_deduction' THEN
        frozen := EXISTS (
            SELECT FROM incidents_evaluationscore
            WHERE published_at IS NOT NULL
            AND (TG_OP <> 'INSERT' AND id = OLD.score_id OR TG_OP <> 'DELETE' AND id = NEW.score_id)
        );
    ELSE
        frozen := EXISTS (
            SELECT FROM incidents_evaluation
            WHERE status = 'published'
            AND (TG_OP <> 'INSERT' AND id = OLD.evaluation_id OR TG_OP <> 'DELETE' AND id = NEW.evaluation_id)
        );
        IF TG_TABLE_NAME = 'incidents_evaluationscore' AND TG_OP <> 'INSERT' THEN
            frozen := frozen OR OLD.published_at IS NOT NULL;
        END IF;
    END IF;
    IF frozen THEN
        RAISE EXCEPTION '% of a published evaluation is frozen', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER incidents_evaluation_published BEFORE UPDATE OR DELETE ON incidents_evaluation
FOR EACH ROW EXECUTE FUNCTION portal_published_evaluation();
CREATE TRIGGER incidents_evaluationscore_published BEFORE INSERT OR UPDATE OR DELETE ON incidents_evaluationscore
FOR EACH ROW EXECUTE FUNCTION portal_published_evaluation();
CREATE TRIGGER incidents_deduction_published BEFORE INSERT OR UPDATE OR DELETE ON incidents_deduction
FOR EACH ROW EXECUTE FUNCTION portal_published_evaluation();
CREATE TRIGGER incidents_communityscore_published BEFORE INSERT OR UPDATE OR DELETE ON incidents_communityscore
FOR EACH ROW EXECUTE FUNCTION portal_published_evaluation();
"""
UNFREEZE = """
DROP TRIGGER incidents_evaluation_published ON incidents_evaluation;
DROP TRIGGER incidents_evaluationscore_published ON incidents_evaluationscore;
DROP TRIGGER incidents_deduction_published ON incidents_deduction;
DROP TRIGGER incidents_communityscore_published ON incidents_communityscore;
DROP FUNCTION portal_published_evaluation();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("governance", "0006_alter_intake_channel"),
        ("grids", "0002_buildings"),
        ("incidents", "0002_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Evaluation",
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
                ("applicant_name", models.CharField(blank=True, max_length=40, verbose_name="发起人")),
                ("applicant_phone", models.CharField(blank=True, max_length=11, verbose_name="联系电话")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "待启动"),
                            ("scoring", "社区打分"),
                            ("review", "街道复核"),
                            ("published", "已公布"),
                            ("withdrawn", "已作废"),
                        ],
                        editable=False,
                        max_length=16,
                        verbose_name="状态",
                    ),
                ),
                ("period_from", models.DateField(verbose_name="考评期起")),
                ("period_until", models.DateField(verbose_name="考评期止")),
                (
                    "weight_completion",
                    models.PositiveSmallIntegerField(editable=False, verbose_name="办结率权重"),
                ),
                (
                    "weight_satisfaction",
                    models.PositiveSmallIntegerField(editable=False, verbose_name="满意度权重"),
                ),
                (
                    "weight_felt",
                    models.PositiveSmallIntegerField(editable=False, verbose_name="服务感受权重"),
                ),
                ("excellent_from", models.PositiveSmallIntegerField(editable=False, verbose_name="优秀线")),
                ("good_from", models.PositiveSmallIntegerField(editable=False, verbose_name="良好线")),
                ("share", models.PositiveSmallIntegerField(editable=False, verbose_name="占年度考核比重")),
                (
                    "whistles",
                    models.PositiveIntegerField(default=0, editable=False, verbose_name="本街道一次哨"),
                ),
                (
                    "incidents",
                    models.PositiveIntegerField(default=0, editable=False, verbose_name="本街道事件"),
                ),
                (
                    "district_whistles",
                    models.PositiveIntegerField(default=0, editable=False, verbose_name="全区一次哨"),
                ),
                (
                    "district_incidents",
                    models.PositiveIntegerField(default=0, editable=False, verbose_name="全区事件"),
                ),
                ("published_at", models.DateTimeField(editable=False, null=True, verbose_name="公布时间")),
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
                    "published_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="公布人",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="governance.unit",
                        verbose_name="承办单位",
                    ),
                ),
            ],
            options={
                "verbose_name": "部门考评",
                "verbose_name_plural": "部门考评",
                "ordering": ["-opened_at", "-pk"],
                "permissions": [
                    ("score_evaluation", "组织考评"),
                    ("give_evaluation", "社区打分"),
                    ("publish_evaluation", "公布考评"),
                ],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="CommunityScore",
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
                ("points", models.PositiveSmallIntegerField(verbose_name="打分")),
                ("words", models.CharField(blank=True, max_length=200, verbose_name="说明")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="打分时间")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="打分人",
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
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="governance.unit",
                        verbose_name="部门",
                    ),
                ),
                (
                    "evaluation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="given",
                        to="incidents.evaluation",
                        verbose_name="部门考评",
                    ),
                ),
            ],
            options={
                "verbose_name": "社区打分",
                "verbose_name_plural": "社区打分",
                "ordering": ["grid", "unit__code"],
            },
        ),
        migrations.CreateModel(
            name="EvaluationScore",
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
                ("completion_total", models.PositiveIntegerField(default=0, verbose_name="到期哨单")),
                ("completion_done", models.PositiveIntegerField(default=0, verbose_name="按时办结并认可")),
                (
                    "slip_keys",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        default=list,
                        size=None,
                        verbose_name="到期哨单编号",
                    ),
                ),
                (
                    "done_keys",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        default=list,
                        size=None,
                        verbose_name="办结哨单编号",
                    ),
                ),
                ("satisfaction_answered", models.PositiveIntegerField(default=0, verbose_name="回访和评价")),
                (
                    "satisfaction_satisfied",
                    models.PositiveIntegerField(default=0, verbose_name="满意和基本满意"),
                ),
                (
                    "satisfaction_adjusted",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="满意度调整为"),
                ),
                (
                    "satisfaction_reason",
                    models.CharField(blank=True, max_length=200, verbose_name="调整理由"),
                ),
                ("felt_count", models.PositiveIntegerField(default=0, verbose_name="打分社区")),
                ("felt_sum", models.PositiveIntegerField(default=0, verbose_name="打分合计")),
                ("deducted", models.PositiveSmallIntegerField(default=0, verbose_name="扣分")),
                (
                    "total",
                    models.DecimalField(decimal_places=1, max_digits=4, null=True, verbose_name="总分"),
                ),
                (
                    "band",
                    models.CharField(
                        blank=True,
                        choices=[("excellent", "优秀"), ("good", "良好"), ("fair", "一般")],
                        max_length=10,
                        verbose_name="等次",
                    ),
                ),
                ("published_at", models.DateTimeField(null=True, verbose_name="公布时间")),
                (
                    "evaluation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scores",
                        to="incidents.evaluation",
                        verbose_name="部门考评",
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
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="governance.unit",
                        verbose_name="部门",
                    ),
                ),
            ],
            options={
                "verbose_name": "考评结果",
                "verbose_name_plural": "考评结果",
                "ordering": ["-evaluation__period_until", "grid", "unit__code"],
                "permissions": [
                    ("answer_evaluationscore", "答复考评结果"),
                    ("export_evaluationscore", "导出考评结果"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Deduction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("points", models.PositiveSmallIntegerField(verbose_name="扣分")),
                ("reason", models.CharField(max_length=200, verbose_name="理由")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="登记时间")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="登记人",
                    ),
                ),
                (
                    "score",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deductions",
                        to="incidents.evaluationscore",
                        verbose_name="考评结果",
                    ),
                ),
            ],
            options={
                "verbose_name": "考评扣分",
                "verbose_name_plural": "考评扣分",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="AnswerLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("words", models.CharField(max_length=1000, verbose_name="答复")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="答复时间")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="答复人",
                    ),
                ),
                (
                    "score",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="incidents.evaluationscore",
                        verbose_name="考评结果",
                    ),
                ),
            ],
            options={
                "verbose_name": "考评答复",
                "verbose_name_plural": "考评答复",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="EvaluationStep",
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
                        to="incidents.evaluation",
                        verbose_name="部门考评",
                    ),
                ),
            ],
            options={
                "verbose_name": "考评记录",
                "verbose_name_plural": "考评记录",
                "ordering": ["seq"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="HistoricalWhistleSituation",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                (
                    "aspect",
                    models.CharField(
                        choices=[
                            ("dispute", "矛盾排查"),
                            ("service", "服务群众"),
                            ("enforcement", "综合执法"),
                            ("keywork", "重点工作"),
                            ("emergency", "应急处置"),
                        ],
                        max_length=12,
                        verbose_name="方面",
                    ),
                ),
                ("code", models.CharField(db_index=True, max_length=8, verbose_name="编号")),
                ("name", models.CharField(db_index=True, max_length=40, verbose_name="情形")),
                (
                    "colour",
                    models.CharField(
                        choices=[("red", "红色"), ("yellow", "黄色"), ("blue", "蓝色")],
                        default="blue",
                        max_length=6,
                        verbose_name="响应",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="启用")),
                ("order", models.PositiveSmallIntegerField(default=0, verbose_name="排序")),
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
                    "history_user",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="governance.unit",
                        verbose_name="牵头部门",
                    ),
                ),
            ],
            options={
                "verbose_name": "historical 吹哨情形",
                "verbose_name_plural": "historical 吹哨情形",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Whistle",
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
                ("applicant_name", models.CharField(blank=True, max_length=40, verbose_name="提请人")),
                ("applicant_phone", models.CharField(blank=True, max_length=11, verbose_name="联系电话")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("draft", "待吹哨"),
                            ("called", "待区级报到"),
                            ("blown", "办理中"),
                            ("verifying", "待核实"),
                            ("failed", "未通过"),
                            ("closed", "已办结"),
                            ("raised", "已二次吹哨"),
                            ("declined", "不吹哨"),
                            ("withdrawn", "已撤回"),
                        ],
                        editable=False,
                        max_length=16,
                        verbose_name="状态",
                    ),
                ),
                (
                    "round",
                    models.PositiveSmallIntegerField(
                        choices=[(1, "一次哨"), (2, "二次哨")], default=1, verbose_name="哨次"
                    ),
                ),
                (
                    "colour",
                    models.CharField(
                        choices=[("red", "红色"), ("yellow", "黄色"), ("blue", "蓝色")],
                        max_length=6,
                        verbose_name="响应",
                    ),
                ),
                (
                    "unit_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        default=list,
                        editable=False,
                        size=None,
                        verbose_name="被吹哨部门",
                    ),
                ),
                ("blown_at", models.DateTimeField(editable=False, null=True, verbose_name="吹哨时间")),
                ("answered_at", models.DateTimeField(editable=False, null=True, verbose_name="区级报到时间")),
                ("verified_at", models.DateTimeField(editable=False, null=True, verbose_name="核实时间")),
                (
                    "result",
                    models.CharField(blank=True, editable=False, max_length=1000, verbose_name="核实结果"),
                ),
                (
                    "answered_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="报到领导",
                    ),
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
                    "assisting",
                    models.ManyToManyField(
                        blank=True, related_name="+", to="governance.unit", verbose_name="配合部门"
                    ),
                ),
                (
                    "blown_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="吹哨人",
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
                    "incidents",
                    models.ManyToManyField(
                        blank=True, related_name="whistles", to="incidents.incident", verbose_name="关联事件"
                    ),
                ),
                (
                    "parent",
                    models.OneToOneField(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="second",
                        to="incidents.whistle",
                        verbose_name="一次哨",
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
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="governance.unit",
                        verbose_name="承办单位",
                    ),
                ),
                (
                    "verified_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="核实人",
                    ),
                ),
            ],
            options={
                "verbose_name": "吹哨",
                "verbose_name_plural": "吹哨",
                "ordering": ["-opened_at", "-pk"],
                "permissions": [
                    ("propose_whistle", "提请吹哨"),
                    ("blow_whistle", "吹哨"),
                    ("answer_whistle", "二次哨报到"),
                    ("verify_whistle", "核实吹哨"),
                    ("export_whistle", "导出吹哨"),
                    ("count_whistle", "公开统计"),
                ],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="WhistlePhoto",
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
                    "stage",
                    models.CharField(
                        choices=[("blown", "吹哨"), ("verified", "核实")],
                        default="blown",
                        max_length=8,
                        verbose_name="环节",
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
                (
                    "whistle",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="photos",
                        to="incidents.whistle",
                        verbose_name="吹哨",
                    ),
                ),
            ],
            options={
                "verbose_name": "吹哨照片",
                "verbose_name_plural": "吹哨照片",
                "ordering": ["pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="WhistleSituation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "aspect",
                    models.CharField(
                        choices=[
                            ("dispute", "矛盾排查"),
                            ("service", "服务群众"),
                            ("enforcement", "综合执法"),
                            ("keywork", "重点工作"),
                            ("emergency", "应急处置"),
                        ],
                        max_length=12,
                        verbose_name="方面",
                    ),
                ),
                ("code", models.CharField(max_length=8, unique=True, verbose_name="编号")),
                ("name", models.CharField(max_length=40, unique=True, verbose_name="情形")),
                (
                    "colour",
                    models.CharField(
                        choices=[("red", "红色"), ("yellow", "黄色"), ("blue", "蓝色")],
                        default="blue",
                        max_length=6,
                        verbose_name="响应",
                    ),
                ),
                ("is_active", models.BooleanField(default=True, verbose_name="启用")),
                ("order", models.PositiveSmallIntegerField(default=0, verbose_name="排序")),
                (
                    "lead",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="governance.unit",
                        verbose_name="牵头部门",
                    ),
                ),
            ],
            options={
                "verbose_name": "吹哨情形",
                "verbose_name_plural": "吹哨情形",
                "ordering": ["order", "code"],
            },
        ),
        migrations.AddField(
            model_name="whistle",
            name="situation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="whistles",
                to="incidents.whistlesituation",
                verbose_name="情形",
            ),
        ),
        migrations.CreateModel(
            name="WhistleSlip",
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
                ("applicant_name", models.CharField(blank=True, max_length=40, verbose_name="吹哨人")),
                ("applicant_phone", models.CharField(blank=True, max_length=11, verbose_name="联系电话")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("sent", "待签收"),
                            ("received", "待报到"),
                            ("arrived", "已报到"),
                            ("handling", "办理中"),
                            ("objected", "异议待裁"),
                            ("fed_back", "已反馈"),
                            ("accepted", "已认可"),
                            ("failed", "未通过"),
                            ("released", "免责"),
                            ("withdrawn", "已撤回"),
                        ],
                        editable=False,
                        max_length=16,
                        verbose_name="状态",
                    ),
                ),
                (
                    "part",
                    models.CharField(
                        choices=[("lead", "牵头"), ("assist", "配合")], max_length=6, verbose_name="职责"
                    ),
                ),
                ("report_by", models.DateTimeField(editable=False, verbose_name="报到时限")),
                ("settle_by", models.DateTimeField(editable=False, verbose_name="办结时限")),
                ("received_at", models.DateTimeField(editable=False, null=True, verbose_name="签收时间")),
                ("arrived_at", models.DateTimeField(editable=False, null=True, verbose_name="报到时间")),
                (
                    "reporter",
                    models.CharField(blank=True, editable=False, max_length=40, verbose_name="报到人"),
                ),
                ("on_site", models.BooleanField(editable=False, null=True, verbose_name="到现场")),
                ("fed_back_at", models.DateTimeField(editable=False, null=True, verbose_name="反馈时间")),
                (
                    "feedback",
                    models.CharField(blank=True, editable=False, max_length=1000, verbose_name="反馈"),
                ),
                (
                    "objection",
                    models.CharField(blank=True, editable=False, max_length=1000, verbose_name="异议"),
                ),
                ("overruled", models.BooleanField(default=False, editable=False, verbose_name="异议不成立")),
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
                    "arrived_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="登记人",
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
                    "fed_back_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="反馈人",
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
                    "received_by",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="签收人",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="governance.unit",
                        verbose_name="部门",
                    ),
                ),
                (
                    "whistle",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="slips",
                        to="incidents.whistle",
                        verbose_name="吹哨",
                    ),
                ),
            ],
            options={
                "verbose_name": "哨单",
                "verbose_name_plural": "哨单",
                "ordering": ["-opened_at", "-pk"],
                "permissions": [
                    ("handle_whistleslip", "办理哨单"),
                    ("arbitrate_whistleslip", "裁定哨单异议"),
                    ("supervise_whistleslip", "催办哨单"),
                    ("verify_whistleslip", "核实哨单"),
                    ("export_whistleslip", "导出哨单"),
                    ("count_whistleslip", "公开统计"),
                ],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SlipPhoto",
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
                    "stage",
                    models.CharField(
                        choices=[("arrived", "报到"), ("fed_back", "反馈")],
                        default="arrived",
                        max_length=8,
                        verbose_name="环节",
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
                (
                    "slip",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="photos",
                        to="incidents.whistleslip",
                        verbose_name="哨单",
                    ),
                ),
            ],
            options={
                "verbose_name": "哨单照片",
                "verbose_name_plural": "哨单照片",
                "ordering": ["pk"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="WhistleSlipStep",
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
                        to="incidents.whistleslip",
                        verbose_name="哨单",
                    ),
                ),
            ],
            options={
                "verbose_name": "哨单记录",
                "verbose_name_plural": "哨单记录",
                "ordering": ["seq"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="WhistleStep",
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
                        to="incidents.whistle",
                        verbose_name="吹哨",
                    ),
                ),
            ],
            options={
                "verbose_name": "吹哨记录",
                "verbose_name_plural": "吹哨记录",
                "ordering": ["seq"],
                "abstract": False,
            },
        ),
        migrations.AddIndex(
            model_name="evaluation",
            index=models.Index(fields=["district_code", "-opened_at", "-id"], name="evaluation_district"),
        ),
        migrations.AddIndex(
            model_name="evaluation",
            index=models.Index(fields=["street_code", "-opened_at", "-id"], name="evaluation_street"),
        ),
        migrations.AddIndex(
            model_name="evaluation",
            index=models.Index(fields=["community_code", "-opened_at", "-id"], name="evaluation_community"),
        ),
        migrations.AddIndex(
            model_name="evaluation",
            index=models.Index(fields=["grid", "-opened_at", "-id"], name="evaluation_grid"),
        ),
        migrations.AddIndex(
            model_name="evaluation",
            index=models.Index(
                condition=models.Q(("unit__isnull", False)),
                fields=["unit", "-opened_at", "-id"],
                name="evaluation_unit",
            ),
        ),
        migrations.AddIndex(
            model_name="evaluation",
            index=models.Index(
                condition=models.Q(("closed_at", None)),
                fields=["community_code", "due_at"],
                name="evaluation_open_community",
            ),
        ),
        migrations.AddIndex(
            model_name="evaluation",
            index=models.Index(
                condition=models.Q(("closed_at", None)),
                fields=["street_code", "due_at"],
                name="evaluation_open_street",
            ),
        ),
        migrations.AddIndex(
            model_name="evaluation",
            index=models.Index(
                condition=models.Q(("closed_at", None)), fields=["due_at"], name="evaluation_open"
            ),
        ),
        migrations.AddIndex(
            model_name="evaluation",
            index=models.Index(fields=["applicant", "-opened_at"], name="evaluation_applicant"),
        ),
        migrations.AddIndex(
            model_name="evaluation",
            index=models.Index(fields=["applicant_phone"], name="evaluation_phone"),
        ),
        migrations.AddIndex(
            model_name="evaluation",
            index=django.contrib.postgres.indexes.GinIndex(fields=["search_terms"], name="evaluation_search"),
        ),
        migrations.AddConstraint(
            model_name="evaluation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("closed_at", None), ("closed_at__gte", models.F("opened_at")), _connector="OR"
                ),
                name="evaluation_closed_later",
                violation_error_message="办结时间不能早于提交时间。",
            ),
        ),
        migrations.AddConstraint(
            model_name="evaluation",
            constraint=models.CheckConstraint(
                condition=models.Q(("status__in", ["draft", "scoring", "review", "published", "withdrawn"])),
                name="evaluation_status_known",
                violation_error_message="考评没有这个状态。",
            ),
        ),
        migrations.AddConstraint(
            model_name="evaluation",
            constraint=models.CheckConstraint(
                condition=models.Q(("period_until__gte", models.F("period_from"))),
                name="evaluation_period",
                violation_error_message="考评期止不能早于考评期起。",
            ),
        ),
        migrations.AddConstraint(
            model_name="evaluation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "withdrawn"), _negated=True),
                fields=("grid", "period_from", "period_until"),
                name="evaluation_once",
                violation_error_message="这个街道已有同一考评期的考评。",
            ),
        ),
        migrations.AddConstraint(
            model_name="evaluation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("weight_completion__gt", 0),
                    ("weight_satisfaction__gt", 0),
                    ("weight_felt__gt", 0),
                    _connector="OR",
                ),
                name="evaluation_weighs_something",
                violation_error_message="三项权重不能都是 0。",
            ),
        ),
        migrations.AddConstraint(
            model_name="evaluation",
            constraint=models.CheckConstraint(
                condition=models.Q(("excellent_from__gt", models.F("good_from"))),
                name="evaluation_bands",
                violation_error_message="优秀线要高于良好线。",
            ),
        ),
        migrations.AddConstraint(
            model_name="evaluation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "published"), _negated=True),
                    models.Q(("published_at__isnull", False), ("published_by__isnull", False)),
                    _connector="OR",
                ),
                name="evaluation_published_by_someone",
                violation_error_message="公布的考评须有公布人和时间。",
            ),
        ),
        migrations.AddConstraint(
            model_name="communityscore",
            constraint=models.UniqueConstraint(
                fields=("evaluation", "unit", "grid"),
                name="communityscore_once",
                violation_error_message="本社区已给这个部门打过分。",
            ),
        ),
        migrations.AddConstraint(
            model_name="communityscore",
            constraint=models.CheckConstraint(
                condition=models.Q(("points__lte", 100)),
                name="communityscore_points",
                violation_error_message="打分在 0 到 100 之间。",
            ),
        ),
        migrations.AddIndex(
            model_name="evaluationscore",
            index=models.Index(fields=["district_code", "unit"], name="evaluationscore_district"),
        ),
        migrations.AddIndex(
            model_name="evaluationscore",
            index=models.Index(fields=["street_code", "unit"], name="evaluationscore_street"),
        ),
        migrations.AddConstraint(
            model_name="evaluationscore",
            constraint=models.UniqueConstraint(
                fields=("evaluation", "unit"),
                name="evaluationscore_once",
                violation_error_message="这个部门已在本次考评里。",
            ),
        ),
        migrations.AddConstraint(
            model_name="evaluationscore",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("completion_done__lte", models.F("completion_total")),
                    ("satisfaction_satisfied__lte", models.F("satisfaction_answered")),
                    (
                        "felt_sum__lte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("felt_count"), "*", models.Value(100)
                        ),
                    ),
                ),
                name="evaluationscore_parts_of_wholes",
                violation_error_message="分子不能大于分母。",
            ),
        ),
        migrations.AddConstraint(
            model_name="evaluationscore",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("satisfaction_adjusted", None), ("satisfaction_reason", "")),
                    models.Q(
                        ("satisfaction_adjusted__lte", 100),
                        models.Q(("satisfaction_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="evaluationscore_adjusted_with_reason",
                violation_error_message="调整满意度须在 0 到 100 之间，并写明理由。",
            ),
        ),
        migrations.AddConstraint(
            model_name="evaluationscore",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("total", None), models.Q(("total__gte", 0), ("total__lte", 100)), _connector="OR"
                ),
                name="evaluationscore_total",
                violation_error_message="总分在 0 到 100 之间。",
            ),
        ),
        migrations.AddConstraint(
            model_name="deduction",
            constraint=models.CheckConstraint(
                condition=models.Q(("points__gte", 1), ("points__lte", 100)),
                name="deduction_points",
                violation_error_message="一次扣 1 到 100 分。",
            ),
        ),
        migrations.AddConstraint(
            model_name="deduction",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True),
                name="deduction_reason",
                violation_error_message="扣分须写明理由。",
            ),
        ),
        migrations.AddConstraint(
            model_name="evaluationstep",
            constraint=models.UniqueConstraint(
                fields=("matter", "seq"),
                name="evaluationstep_seq",
                violation_error_message="这一步已经记录过。",
            ),
        ),
        migrations.AddConstraint(
            model_name="whistlesituation",
            constraint=models.CheckConstraint(
                condition=models.Q(("colour__in", ["red", "yellow", "blue"])),
                name="situation_colour",
                violation_error_message="响应只有红色、黄色、蓝色。",
            ),
        ),
        migrations.AddIndex(
            model_name="whistle",
            index=models.Index(fields=["district_code", "-opened_at", "-id"], name="whistle_district"),
        ),
        migrations.AddIndex(
            model_name="whistle",
            index=models.Index(fields=["street_code", "-opened_at", "-id"], name="whistle_street"),
        ),
        migrations.AddIndex(
            model_name="whistle",
            index=models.Index(fields=["community_code", "-opened_at", "-id"], name="whistle_community"),
        ),
        migrations.AddIndex(
            model_name="whistle",
            index=models.Index(fields=["grid", "-opened_at", "-id"], name="whistle_grid"),
        ),
        migrations.AddIndex(
            model_name="whistle",
            index=models.Index(
                condition=models.Q(("unit__isnull", False)),
                fields=["unit", "-opened_at", "-id"],
                name="whistle_unit",
            ),
        ),
        migrations.AddIndex(
            model_name="whistle",
            index=models.Index(
                condition=models.Q(("closed_at", None)),
                fields=["community_code", "due_at"],
                name="whistle_open_community",
            ),
        ),
        migrations.AddIndex(
            model_name="whistle",
            index=models.Index(
                condition=models.Q(("closed_at", None)),
                fields=["street_code", "due_at"],
                name="whistle_open_street",
            ),
        ),
        migrations.AddIndex(
            model_name="whistle",
            index=models.Index(
                condition=models.Q(("closed_at", None)), fields=["due_at"], name="whistle_open"
            ),
        ),
        migrations.AddIndex(
            model_name="whistle",
            index=models.Index(fields=["applicant", "-opened_at"], name="whistle_applicant"),
        ),
        migrations.AddIndex(
            model_name="whistle",
            index=models.Index(fields=["applicant_phone"], name="whistle_phone"),
        ),
        migrations.AddIndex(
            model_name="whistle",
            index=django.contrib.postgres.indexes.GinIndex(fields=["search_terms"], name="whistle_search"),
        ),
        migrations.AddIndex(
            model_name="whistle",
            index=models.Index(fields=["street_code", "blown_at"], name="whistle_blown_street"),
        ),
        migrations.AddIndex(
            model_name="whistle",
            index=django.contrib.postgres.indexes.GinIndex(fields=["unit_ids"], name="whistle_units"),
        ),
        migrations.AddConstraint(
            model_name="whistle",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("closed_at", None), ("closed_at__gte", models.F("opened_at")), _connector="OR"
                ),
                name="whistle_closed_later",
                violation_error_message="办结时间不能早于提交时间。",
            ),
        ),
        migrations.AddConstraint(
            model_name="whistle",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "draft",
                            "called",
                            "blown",
                            "verifying",
                            "failed",
                            "closed",
                            "raised",
                            "declined",
                            "withdrawn",
                        ],
                    )
                ),
                name="whistle_status_known",
                violation_error_message="吹哨没有这个状态。",
            ),
        ),
        migrations.AddConstraint(
            model_name="whistle",
            constraint=models.CheckConstraint(
                condition=models.Q(("colour__in", ["red", "yellow", "blue"])),
                name="whistle_colour_known",
                violation_error_message="响应只有红色、黄色、蓝色。",
            ),
        ),
        migrations.AddConstraint(
            model_name="whistle",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("parent", None), ("round", 1)),
                    models.Q(("parent__isnull", False), ("round", 2)),
                    _connector="OR",
                ),
                name="whistle_second_of_a_first",
                violation_error_message="二次哨须接着一次哨，一次哨前面没有别的哨。",
            ),
        ),
        migrations.AddConstraint(
            model_name="whistle",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["draft", "declined", "withdrawn"]),
                    models.Q(("blown_at__isnull", False), ("blown_by__isnull", False)),
                    _connector="OR",
                ),
                name="whistle_blown_by_someone",
                violation_error_message="吹响的哨须有吹哨人和时间。",
            ),
        ),
        migrations.AddConstraint(
            model_name="whistle",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "closed"), _negated=True),
                    models.Q(
                        ("verified_at__isnull", False),
                        ("verified_by__isnull", False),
                        models.Q(("result", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="whistle_closed_with_result",
                violation_error_message="办结的哨须有核实人和结果。",
            ),
        ),
        migrations.AddIndex(
            model_name="whistleslip",
            index=models.Index(fields=["district_code", "-opened_at", "-id"], name="whistleslip_district"),
        ),
        migrations.AddIndex(
            model_name="whistleslip",
            index=models.Index(fields=["street_code", "-opened_at", "-id"], name="whistleslip_street"),
        ),
        migrations.AddIndex(
            model_name="whistleslip",
            index=models.Index(fields=["community_code", "-opened_at", "-id"], name="whistleslip_community"),
        ),
        migrations.AddIndex(
            model_name="whistleslip",
            index=models.Index(fields=["grid", "-opened_at", "-id"], name="whistleslip_grid"),
        ),
        migrations.AddIndex(
            model_name="whistleslip",
            index=models.Index(
                condition=models.Q(("unit__isnull", False)),
                fields=["unit", "-opened_at", "-id"],
                name="whistleslip_unit",
            ),
        ),
        migrations.AddIndex(
            model_name="whistleslip",
            index=models.Index(
                condition=models.Q(("closed_at", None)),
                fields=["community_code", "due_at"],
                name="whistleslip_open_community",
            ),
        ),
        migrations.AddIndex(
            model_name="whistleslip",
            index=models.Index(
                condition=models.Q(("closed_at", None)),
                fields=["street_code", "due_at"],
                name="whistleslip_open_street",
            ),
        ),
        migrations.AddIndex(
            model_name="whistleslip",
            index=models.Index(
                condition=models.Q(("closed_at", None)), fields=["due_at"], name="whistleslip_open"
            ),
        ),
        migrations.AddIndex(
            model_name="whistleslip",
            index=models.Index(fields=["applicant", "-opened_at"], name="whistleslip_applicant"),
        ),
        migrations.AddIndex(
            model_name="whistleslip",
            index=models.Index(fields=["applicant_phone"], name="whistleslip_phone"),
        ),
        migrations.AddIndex(
            model_name="whistleslip",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["search_terms"], name="whistleslip_search"
            ),
        ),
        migrations.AddIndex(
            model_name="whistleslip",
            index=models.Index(fields=["street_code", "unit", "settle_by"], name="whistleslip_evaluated"),
        ),
        migrations.AddIndex(
            model_name="whistleslip",
            index=models.Index(
                condition=models.Q(("closed_at", None)),
                fields=["unit", "due_at"],
                name="whistleslip_unit_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="whistleslip",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("closed_at", None), ("closed_at__gte", models.F("opened_at")), _connector="OR"
                ),
                name="whistleslip_closed_later",
                violation_error_message="办结时间不能早于提交时间。",
            ),
        ),
        migrations.AddConstraint(
            model_name="whistleslip",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "sent",
                            "received",
                            "arrived",
                            "handling",
                            "objected",
                            "fed_back",
                            "accepted",
                            "failed",
                            "released",
                            "withdrawn",
                        ],
                    )
                ),
                name="whistleslip_status_known",
                violation_error_message="哨单没有这个状态。",
            ),
        ),
        migrations.AddConstraint(
            model_name="whistleslip",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at", None)),
                fields=("whistle", "unit"),
                name="whistleslip_once",
                violation_error_message="这个部门在这次吹哨里还有没办完的哨单。",
            ),
        ),
        migrations.AddConstraint(
            model_name="whistleslip",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at", None), ("part", "lead")),
                fields=("whistle",),
                name="whistleslip_one_lead",
                violation_error_message="一次吹哨只有一个牵头部门。",
            ),
        ),
        migrations.AddConstraint(
            model_name="whistleslip",
            constraint=models.CheckConstraint(
                condition=models.Q(("settle_by__gte", models.F("report_by"))),
                name="whistleslip_settle_after_report",
                violation_error_message="办结时限不能早于报到时限。",
            ),
        ),
        migrations.AddConstraint(
            model_name="whistleslip",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("arrived_at", None), ("on_site", None)),
                    models.Q(("arrived_at__isnull", False), ("on_site__isnull", False)),
                    _connector="OR",
                ),
                name="whistleslip_arrived_how",
                violation_error_message="报到要写明是否到现场。",
            ),
        ),
        migrations.AddConstraint(
            model_name="whistleslip",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["fed_back", "accepted", "failed"]), _negated=True),
                    models.Q(("fed_back_at__isnull", False), ("fed_back_by__isnull", False)),
                    _connector="OR",
                ),
                name="whistleslip_fed_back",
                violation_error_message="已反馈的哨单须有反馈人和时间。",
            ),
        ),
        migrations.AddConstraint(
            model_name="whistleslipstep",
            constraint=models.UniqueConstraint(
                fields=("matter", "seq"),
                name="whistleslipstep_seq",
                violation_error_message="这一步已经记录过。",
            ),
        ),
        migrations.AddConstraint(
            model_name="whistlestep",
            constraint=models.UniqueConstraint(
                fields=("matter", "seq"), name="whistlestep_seq", violation_error_message="这一步已经记录过。"
            ),
        ),
        *(migrations.RunSQL(*append_only_sql(f"incidents_{table}")) for table in APPEND_ONLY),
        migrations.RunSQL(FREEZE, UNFREEZE),
    ]
