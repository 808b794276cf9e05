"""What a program shows to act for a person: a token, kept only as a digest."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from governance.permissions import Own, OwnOnly, RestrictedQuerySet


class ApiTokenQuerySet(RestrictedQuerySet):
    def in_force(self):
        """Return the tokens that still open the API."""
        return self.filter(expires_at__gt=timezone.now())


class ApiToken(models.Model):
    """A key of one account to the API. ``system`` marks one that the administrator made for another system; the others
    came of a phone code and never serve a staff account."""

    user = models.ForeignKey(
        "governance.User", models.CASCADE, verbose_name="账号", related_name="api_tokens"
    )
    digest = models.CharField("摘要", max_length=64, unique=True, editable=False)
    label = models.CharField("名称", max_length=60)
    system = models.BooleanField("外部系统", default=False, editable=False)
    created_at = models.DateTimeField("时间", default=timezone.now, editable=False)
    expires_at = models.DateTimeField("有效期至")
    last_used_at = models.DateTimeField("最近使用", null=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()
    rule = OwnOnly(own=[Own("user", frozenset({"view", "delete"}), "本人的接口令牌")])

    class Meta:
        verbose_name = verbose_name_plural = "接口令牌"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["expires_at"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")),
                name="apitoken_ends",
                violation_error_message="有效期必须晚于现在。",
            ),
        ]

    def __str__(self) -> str:
        return self.label
