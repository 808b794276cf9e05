"""What is written once and never changed: looks at personal data, sign-ins, superuser mode, shares."""

from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from governance.permissions import DistrictWide, Own, RestrictedQuerySet


class AppendOnly(models.Model):
    """Rows that only ever get added. The database itself refuses UPDATE and DELETE (governance.models.audit.append_only_sql
    in the migration of each concrete model)."""

    objects = RestrictedQuerySet.as_manager()

    class Meta:
        abstract = True


def append_only_sql(table: str) -> tuple[str, str]:
    """Return the SQL that makes a table append-only, and the SQL that undoes it, for a RunSQL operation."""
    return (
        f"""
        CREATE OR REPLACE FUNCTION portal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$;
        CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
        FOR EACH ROW EXECUTE FUNCTION portal_append_only();
        """,
        f"DROP TRIGGER {table}_append_only ON {table};",
    )


class AccessEvent(AppendOnly):
    """One line of the access log: who looked at or did something sensitive, when, from where and why."""

    class Kind(models.TextChoices):
        LOGIN = "login", "登录"
        LOGIN_FAILED = "login_failed", "登录失败"
        LOGOUT = "logout", "退出"
        REVEAL = "reveal", "查看个人信息"
        EXPORT = "export", "导出"
        ELEVATE = "elevate", "开启超级管理模式"
        ELEVATE_END = "elevate_end", "结束超级管理模式"
        APPOINT = "appoint", "任命"
        DISMISS = "dismiss", "免职"
        SHARE = "share", "个案授权"
        UNSHARE = "unshare", "收回个案授权"
        CONFIGURE = "configure", "修改设置"
        INSPECT = "inspect", "调阅卷宗"

    at = models.DateTimeField("时间", default=timezone.now, editable=False)
    kind = models.CharField("事项", max_length=20, choices=Kind.choices)
    actor = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, verbose_name="操作人", related_name="+"
    )
    content_type = models.ForeignKey(
        ContentType, models.PROTECT, null=True, verbose_name="对象类别", related_name="+"
    )
    object_pk = models.CharField("对象编号", max_length=64, blank=True)
    summary = models.CharField("内容", max_length=200)
    reason = models.CharField("理由", max_length=200, blank=True)
    address = models.GenericIPAddressField("网络地址", null=True)

    rule = DistrictWide()

    class Meta:
        verbose_name = verbose_name_plural = "访问日志"
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["-at", "-id"]),
            models.Index(fields=["actor", "-at"]),
            models.Index(fields=["content_type", "object_pk"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.summary}"


class ElevationQuerySet(RestrictedQuerySet):
    def running(self):
        """Return the superuser modes that are on now."""
        return self.filter(ended_at=None, until__gt=timezone.now())


class Elevation(models.Model):
    """A superuser mode: switched on by its owner with a reason, ends by itself."""

    user = models.ForeignKey(
        "governance.User", models.PROTECT, verbose_name="人员", related_name="elevations"
    )
    reason = models.CharField("理由", max_length=200)
    started_at = models.DateTimeField("开始", default=timezone.now)
    until = models.DateTimeField("自动结束")
    ended_at = models.DateTimeField("提前结束", null=True, blank=True)

    objects = ElevationQuerySet.as_manager()
    rule = DistrictWide(own=[Own("user", frozenset({"view"}), "本人开启")])

    class Meta:
        verbose_name = verbose_name_plural = "超级管理模式"
        ordering = ["-started_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(until__gt=F("started_at")),
                name="elevation_ends",
                violation_error_message="结束时间必须晚于开始时间。",
            ),
            models.CheckConstraint(
                condition=~Q(reason=""), name="elevation_reason", violation_error_message="请填写理由。"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.started_at:%Y-%m-%d %H:%M}"


class Share(models.Model):
    """The record of one case-by-case share; the living grant is a guardian row (governance/sharing.py)."""

    user = models.ForeignKey("governance.User", models.PROTECT, verbose_name="获授权人", related_name="+")
    content_type = models.ForeignKey(ContentType, models.PROTECT, verbose_name="对象类别", related_name="+")
    object_pk = models.CharField("对象编号", max_length=64)
    actions = ArrayField(models.CharField(max_length=40), verbose_name="可做的事")
    reason = models.CharField("理由", max_length=200)
    given_by = models.ForeignKey("governance.User", models.PROTECT, verbose_name="授权人", related_name="+")
    given_at = models.DateTimeField("授权时间", default=timezone.now)
    ended_by = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, verbose_name="收回人", related_name="+"
    )
    ended_at = models.DateTimeField("收回时间", null=True)

    objects = RestrictedQuerySet.as_manager()
    rule = DistrictWide(own=[Own("user", frozenset({"view"}), "授权给本人")])

    class Meta:
        verbose_name = verbose_name_plural = "个案授权"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "content_type", "object_pk"],
                condition=Q(ended_at=None),
                name="share_open_once",
                violation_error_message="这个人已获这条记录的授权。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.content_type} {self.object_pk}"
