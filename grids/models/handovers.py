"""What a grid worker leaves behind: one hand-over for each service that ended, with what was open then, and who has taken over what."""

from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from governance.models import User
from governance.models.base import Territorial
from governance.permissions import Jurisdiction, Own, RestrictedQuerySet, Through
from grids.models.team import TODAY, TeamMember


class HandoverQuerySet(RestrictedQuerySet):
    def unfinished(self):
        """Return those of which something is not taken over."""
        return self.filter(Exists(HandoverItem.objects.filter(handover=OuterRef("pk"), taken_at=None)))

    def finished(self):
        """Return those of which everything is taken over, or nothing was open."""
        return self.exclude(Exists(HandoverItem.objects.filter(handover=OuterRef("pk"), taken_at=None)))


class Handover(Territorial):
    """A hand-over at the grid where a service ends. ``taking`` is who comes after, empty until that is known."""

    leaving = models.OneToOneField(
        TeamMember, models.PROTECT, verbose_name="移交人", related_name="handover", editable=False
    )
    taking = models.ForeignKey(
        TeamMember, models.PROTECT, null=True, blank=True, verbose_name="接手人", related_name="takeovers"
    )
    day = models.DateField("最后一天", editable=False)
    note = models.CharField("说明", max_length=200, blank=True)
    by = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name="登记人", related_name="+", editable=False
    )
    created_at = models.DateTimeField("登记时间", default=timezone.now, editable=False)
    relist_on = models.DateField("再列一次", null=True, blank=True, editable=False)

    objects = HandoverQuerySet.as_manager()
    #: Who leaves has it as long as she is there, and who takes over as long as she is.
    rule = Jurisdiction(
        own=[
            Own("leaving__user", frozenset({"view", "remark"}), "移交人", when=Q(day__gte=TODAY)),
            Own(
                "taking__user",
                frozenset({"view", "take"}),
                "接手人",
                when=Q(taking__until=None) | Q(taking__until__gte=TODAY),
            ),
        ]
    )

    class Meta:
        verbose_name = verbose_name_plural = "工作移交"
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["district_code", "-created_at", "-id"], name="handover_district"),
            models.Index(fields=["street_code", "-created_at", "-id"], name="handover_street"),
            models.Index(fields=["community_code", "-created_at", "-id"], name="handover_community"),
            models.Index(fields=["grid", "-created_at", "-id"], name="handover_grid"),
            models.Index(fields=["relist_on"], condition=Q(relist_on__isnull=False), name="handover_relist"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(taking=None) | ~Q(taking=models.F("leaving")),
                name="handover_two",
                violation_error_message="接手人不能是移交人自己。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.grid}工作移交"


class HandoverItem(models.Model):
    """One thing that was open: what it is, and when who took it over. What it says beyond its kind is shown to whoever may see the
    thing itself (grids/handover.py)."""

    handover = models.ForeignKey(Handover, models.PROTECT, related_name="items", verbose_name="移交")
    kind = models.CharField("类别", max_length=20)
    label = models.CharField("事项", max_length=80)
    number = models.CharField("编号", max_length=40, blank=True)
    content_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+", verbose_name="所指的类型")
    object_pk = models.BigIntegerField("所指的主键")
    remark = models.CharField("移交说明", max_length=300, blank=True)
    taken_at = models.DateTimeField("接手时间", null=True, blank=True)
    taken_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="确认人"
    )

    objects = RestrictedQuerySet.as_manager()
    rule = Through("handover", view="view", take="take", remark="remark", change="change")

    class Meta:
        verbose_name = verbose_name_plural = "移交事项"
        ordering = ["handover", "pk"]
        indexes = [
            models.Index(fields=["handover"], condition=Q(taken_at=None), name="handoveritem_open"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["handover", "content_type", "object_pk"],
                name="handoveritem_once",
                violation_error_message="这一件已经在移交清单里。",
            ),
            models.CheckConstraint(
                condition=Q(taken_at=None, taken_by=None) | Q(taken_at__isnull=False, taken_by__isnull=False),
                name="handoveritem_taken",
                violation_error_message="请一起记下接手的人和时间。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.number}".strip()
