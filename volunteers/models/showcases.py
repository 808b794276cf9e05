"""A volunteer's story of a service (晒单): reviewed by the community, shown on the public wall."""

from django.db import models
from django.db.models import Q
from django.urls import reverse

from governance.models import Matter, Photo, Step
from governance.permissions import Jurisdiction, Own, Published, Through, nearest_holders
from volunteers.models.orders import Order
from volunteers.models.people import Volunteer


class ShowcaseStatus(models.TextChoices):
    SUBMITTED = "submitted", "待审核"
    RETURNED = "returned", "待修改"
    PUBLISHED = "published", "已展示"
    WITHDRAWN = "withdrawn", "已撤下"


class Showcase(Matter):
    """A story with up to nine photos. The title is the headline, the description the story; the applicant is the
    volunteer."""

    class Consent(models.TextChoices):
        ORAL = "oral", "受助人口头同意"
        WRITTEN = "written", "受助人书面同意"
        NOBODY = "nobody", "不涉及受助人形象和姓名"

    #: Where someone agreed, and when is kept.
    AGREED = (Consent.ORAL, Consent.WRITTEN)

    prefix = "SD"

    status = models.CharField("状态", max_length=16, choices=ShowcaseStatus.choices, editable=False)
    order = models.ForeignKey(Order, models.PROTECT, related_name="showcases", verbose_name="订单")
    volunteer = models.ForeignKey(Volunteer, models.PROTECT, related_name="showcases", verbose_name="志愿者")
    consent = models.CharField("受助人同意", max_length=10, choices=Consent.choices)
    consent_at = models.DateTimeField("同意时间", null=True, blank=True)
    signature = models.CharField(
        "署名", max_length=40, blank=True, help_text="晒单墙上的署名，留空则显示“一位志愿者”。"
    )
    published_to = models.CharField("展示范围", max_length=15, blank=True, editable=False)

    rule = Jurisdiction(
        own=[Own("applicant", frozenset({"view", "contact", "revise", "retract"}), "作者")],
        published=[Published(frozenset({"view"}), when=Q(status="published"), label="晒单墙")],
    )

    class Meta(Matter.Meta):
        verbose_name = verbose_name_plural = "晒单"
        permissions = [
            ("review_showcase", "审核晒单"),
            ("revise_showcase", "修改晒单"),
            ("retract_showcase", "撤回晒单"),
            ("contact_showcase", "查看作者联系方式"),
            ("reveal_showcase", "查看脱敏信息"),
        ]
        indexes = [
            *Matter.Meta.indexes,
            models.Index(
                fields=["community_code", "-closed_at", "-id"],
                name="showcase_wall",
                condition=Q(status="published"),
            ),
            models.Index(
                fields=["-closed_at", "-id"], name="showcase_wall_all", condition=Q(status="published")
            ),
        ]
        constraints = [
            *Matter.Meta.constraints,
            models.CheckConstraint(
                condition=Q(status__in=ShowcaseStatus.values),
                name="showcase_status_known",
                violation_error_message="晒单没有这个状态。",
            ),
            models.CheckConstraint(
                condition=Q(consent="nobody", consent_at=None)
                | Q(consent__in=("oral", "written"), consent_at__isnull=False),
                name="showcase_consent_dated",
                violation_error_message="请填写哪一天同意的。",
            ),
            models.UniqueConstraint(
                fields=["order", "volunteer"],
                name="showcase_once",
                condition=~Q(status="withdrawn"),
                violation_error_message="这次服务您已经晒过单。",
            ),
        ]

    def get_absolute_url(self) -> str:
        return reverse("showcase", args=[self.number])

    def audience(self, key: str) -> list:
        if key == "reviewers":
            return list(nearest_holders("volunteers.review_showcase", self.grid_id))
        return super().audience(key)


class ShowcaseStep(Step):
    """A step of a showcase."""

    matter = models.ForeignKey(Showcase, models.PROTECT, related_name="steps", verbose_name="晒单")

    # The timeline names reviewers and reasons: for the author and the reviewers, not for the wall's readers.
    rule = Through("matter", view="contact")

    class Meta(Step.Meta):
        verbose_name = verbose_name_plural = "晒单记录"


class ShowcasePhoto(Photo):
    """A picture of a showcase."""

    showcase = models.ForeignKey(Showcase, models.PROTECT, related_name="photos", verbose_name="晒单")

    rule = Through("showcase", view="view", add="revise")

    class Meta(Photo.Meta):
        verbose_name = verbose_name_plural = "晒单照片"
