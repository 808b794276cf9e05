"""The papers and the sealed file. The rows of a sealed file are frozen: the database refuses every change to them, until its
erasure was asked for by one person and approved by another; what is only ever appended may then be deleted with the rest."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import mediation.models.papers
from governance.models.audit import append_only_sql

#: Table, the column that leads to the dispute, and the table between where there is one.
SEALED = (
    ("mediation_disputestep", "matter_id", ""),
    *(
        (f"mediation_{table}", "dispute_id", "")
        for table in (
            "disputant", "mediation", "guest", "disputephoto", "inquiry", "session", "followup", "agreement", "paper",
        )
    ),
    *(
        (f"mediation_{table}", "agreement_id", "mediation_agreement")
        for table in ("term", "confirmation", "judicialconfirmation")
    ),
    *((f"mediation_{table}", "session_id", "mediation_session") for table in ("session_invited", "session_present")),
)  # fmt: skip

# Whoever writes into a file waits here for a sealing that is under way, and then finds it sealed.
FUNCTIONS = """
CREATE FUNCTION mediation_sealed_file() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    keys bigint[] := '{}';
    key bigint;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        keys := keys || (to_jsonb(OLD) ->> TG_ARGV[0])::bigint;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        keys := keys || (to_jsonb(NEW) ->> TG_ARGV[0])::bigint;
    END IF;
    FOREACH key IN ARRAY keys LOOP
        IF TG_ARGV[1] <> '' THEN
            EXECUTE format('SELECT dispute_id FROM %I WHERE id = $1', TG_ARGV[1]) INTO key USING key;
        END IF;
        PERFORM FROM mediation_dispute WHERE id = key FOR KEY SHARE;
        IF EXISTS (
            SELECT FROM mediation_archive
            WHERE dispute_id = key AND (erase_approved_at IS NULL OR erased_on IS NOT NULL)
        ) THEN
            RAISE EXCEPTION '% of a sealed file is frozen', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END IF;
    END LOOP;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION mediation_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT FROM mediation_archive
        WHERE dispute_id = (to_jsonb(OLD) ->> TG_ARGV[0])::bigint
        AND erase_approved_at IS NOT NULL AND erased_on IS NULL
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE FUNCTION mediation_sealed_archive() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'mediation_archive is kept' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.erased_on IS NOT NULL
        OR (NEW.id, NEW.dispute_id, NEW.sealed_at, NEW.sealed_by_id, NEW.pages, NEW.retention, NEW.keep_until, NEW.sha256)
            IS DISTINCT FROM
            (OLD.id, OLD.dispute_id, OLD.sealed_at, OLD.sealed_by_id, OLD.pages, OLD.retention, OLD.keep_until, OLD.sha256)
        OR OLD.erase_approved_at IS NULL AND NEW.manifest IS DISTINCT FROM OLD.manifest
        OR OLD.erase_approved_at IS NOT NULL AND (
            (NEW.erase_asked_at, NEW.erase_asked_by_id, NEW.erase_reason, NEW.erase_approved_at, NEW.erase_approved_by_id)
            IS DISTINCT FROM
            (OLD.erase_asked_at, OLD.erase_asked_by_id, OLD.erase_reason, OLD.erase_approved_at, OLD.erase_approved_by_id)
        )
    THEN
        RAISE EXCEPTION 'the seal in mediation_archive is frozen' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER mediation_archive_sealed BEFORE UPDATE OR DELETE ON mediation_archive
FOR EACH ROW EXECUTE FUNCTION mediation_sealed_archive();
CREATE TRIGGER mediation_dispute_sealed BEFORE UPDATE OR DELETE ON mediation_dispute
FOR EACH ROW WHEN (OLD.status = 'archived') EXECUTE FUNCTION mediation_sealed_file('id', '');
"""
NO_FUNCTIONS = """
DROP TRIGGER mediation_archive_sealed ON mediation_archive;
DROP TRIGGER mediation_dispute_sealed ON mediation_dispute;
DROP FUNCTION mediation_sealed_archive();
DROP FUNCTION mediation_append_only();
DROP FUNCTION mediation_sealed_file();
"""


def freeze(table: str, column: str, between: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE TRIGGER {table}_sealed BEFORE INSERT OR UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION mediation_sealed_file('{column}', '{between}');",
        f"DROP TRIGGER {table}_sealed ON {table};",
    )


def until_erased(table: str, column: str) -> migrations.RunSQL:
    before, after = append_only_sql(f"mediation_{table}")
    return migrations.RunSQL(
        f"{after} CREATE TRIGGER mediation_{table}_append_only BEFORE UPDATE OR DELETE ON mediation_{table}"
        f" FOR EACH ROW EXECUTE FUNCTION mediation_append_only('{column}');",
        f"{after} {before}",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("mediation", "0003_centres"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="dispute",
            options={
                "ordering": ["-opened_at", "-pk"],
                "permissions": [
                    ("register_dispute", "登记纠纷"),
                    ("record_dispute", "记录当事人意见"),
                    ("direct_dispute", "受理、指派和结案"),
                    ("mediate_dispute", "调解"),
                    ("follow_dispute", "了解进展"),
                    ("answer_dispute", "当事人答复"),
                    ("contact_dispute", "查看联系方式"),
                    ("reveal_dispute", "查看脱敏信息"),
                    ("export_dispute", "导出卷宗"),
                    ("count_dispute", "统计纠纷"),
                    ("inspect_dispute", "调阅卷宗"),
                    ("supervise_dispute", "督办"),
                    ("erase_dispute", "批准销毁卷宗"),
                ],
                "verbose_name": "矛盾纠纷",
                "verbose_name_plural": "矛盾纠纷",
            },
        ),
        migrations.CreateModel(
            name="Archive",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sealed_at", models.DateTimeField(editable=False, verbose_name="封存时间")),
                ("pages", models.PositiveIntegerField(editable=False, verbose_name="页数")),
                (
                    "retention",
                    models.CharField(
                        choices=[("short", "短期"), ("medium", "中期"), ("long", "长期")],
                        max_length=8,
                        verbose_name="保管期限",
                    ),
                ),
                ("keep_until", models.DateField(verbose_name="保管至")),
                ("manifest", models.JSONField(editable=False, verbose_name="封存清单")),
                ("sha256", models.CharField(editable=False, max_length=64, verbose_name="封存摘要")),
                ("hold_reason", models.CharField(blank=True, max_length=200, verbose_name="暂停销毁的原因")),
                ("held_at", models.DateTimeField(editable=False, null=True, verbose_name="暂停销毁时间")),
                (
                    "erase_asked_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="申请销毁时间"),
                ),
                ("erase_reason", models.CharField(blank=True, max_length=200, verbose_name="销毁理由")),
                (
                    "erase_approved_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="批准销毁时间"),
                ),
                ("erased_on", models.DateField(editable=False, null=True, verbose_name="销毁日期")),
                (
                    "dispute",
                    models.OneToOneField(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="archive",
                        to="mediation.dispute",
                        verbose_name="纠纷",
                    ),
                ),
                (
                    "erase_approved_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="批准销毁的人",
                    ),
                ),
                (
                    "erase_asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="申请销毁的人",
                    ),
                ),
                (
                    "held_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="暂停销毁的人",
                    ),
                ),
                (
                    "sealed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="立卷人",
                    ),
                ),
            ],
            options={
                "verbose_name": "卷宗档案",
                "verbose_name_plural": "卷宗档案",
                "ordering": ["-sealed_at"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("erase_approved_at", None), ("erase_asked_at__isnull", False)),
                        fields=["erase_asked_at"],
                        name="archive_erasing",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("held_at", None), ("held_by", None), ("hold_reason", "")),
                            models.Q(
                                models.Q(("hold_reason", ""), _negated=True),
                                ("held_at__isnull", False),
                                ("held_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="archive_hold",
                        violation_error_message="暂停销毁须写明原因。",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("erase_asked_at", None), ("erase_asked_by", None), ("erase_reason", "")
                            ),
                            models.Q(
                                models.Q(("erase_reason", ""), _negated=True),
                                ("erase_asked_at__isnull", False),
                                ("erase_asked_by__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="archive_erasure_asked",
                        violation_error_message="申请销毁须写明理由。",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("erase_approved_at", None), ("erase_approved_by", None)),
                            models.Q(
                                ("erase_approved_at__isnull", False),
                                ("erase_approved_by__isnull", False),
                                ("erase_asked_by__isnull", False),
                                ("hold_reason", ""),
                                models.Q(("erase_approved_by", models.F("erase_asked_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="archive_erasure_by_two",
                        violation_error_message="销毁由一人申请、另一人批准，暂停销毁的不能批准。",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("erased_on", None),
                            models.Q(
                                ("erase_approved_at__isnull", False),
                                ("erased_on__gt", models.F("keep_until")),
                            ),
                            _connector="OR",
                        ),
                        name="archive_erased_in_time",
                        violation_error_message="保管期限未满，不能销毁。",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Paper",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("cover", "卷宗封面和目录"),
                            ("application", "人民调解申请书"),
                            ("acceptance", "人民调解受理登记表"),
                            ("rights", "权利义务告知书"),
                            ("authorisation", "授权委托书"),
                            ("inquiry", "调查记录"),
                            ("session", "调解记录"),
                            ("agreement", "人民调解协议书"),
                            ("oral", "口头协议登记表"),
                            ("receipt", "履行情况记录"),
                            ("follow_up", "回访记录"),
                            ("judicial", "司法确认申请书"),
                            ("termination", "终止调解通知书"),
                            ("closing", "结案报告"),
                            ("back", "卷宗封底"),
                            ("volume", "整卷（合订本）"),
                        ],
                        max_length=16,
                        verbose_name="文书",
                    ),
                ),
                (
                    "token",
                    models.CharField(
                        default=mediation.models.papers.paper_token,
                        editable=False,
                        max_length=32,
                        unique=True,
                        verbose_name="标识",
                    ),
                ),
                (
                    "file",
                    models.FileField(
                        max_length=120, upload_to=mediation.models.papers.paper_path, verbose_name="文件"
                    ),
                ),
                ("pages", models.PositiveSmallIntegerField(editable=False, verbose_name="页数")),
                ("sha256", models.CharField(editable=False, max_length=64, verbose_name="摘要")),
                ("is_sealed", models.BooleanField(default=False, editable=False, verbose_name="封存件")),
                (
                    "issued_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="出具时间"),
                ),
                (
                    "dispute",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="papers",
                        to="mediation.dispute",
                        verbose_name="纠纷",
                    ),
                ),
                (
                    "issued_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="出具人",
                    ),
                ),
            ],
            options={
                "verbose_name": "卷内文书",
                "verbose_name_plural": "卷内文书",
                "ordering": ["dispute", "pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("dispute", "kind", "sha256", "is_sealed"),
                        name="paper_once",
                        violation_error_message="这份文书已经出具。",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("is_sealed", True)),
                        fields=("dispute", "kind"),
                        name="paper_one_sealed",
                        violation_error_message="封存的文书每种一份。",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FUNCTIONS, NO_FUNCTIONS),
        *(freeze(*each) for each in SEALED),
        until_erased("disputestep", "matter_id"),
        until_erased("viewing", "dispute_id"),
    ]
