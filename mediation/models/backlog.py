"""A backlog matter under supervision (挂牌督办的积案): an old problem of a community that the city supervises (市级督办), a unit of
the district runs (区级主办) and the street helps with (街道协办).

It names nobody: what concerns parties stays in the case file of a dispute, to which it may only point.
"""

from typing import Any

from django.db import models
from django.db.models import Q

from governance.models import Matter, MatterQuerySet, Photo, Step, User
from governance.permissions import Jurisdiction, RestrictedQuerySet, Through, holders
from governance.territory import GridLevel, covers, level_of
from mediation.models.disputes import Dispute


class BacklogStatus(models.TextChoices):
    ASSIGNED = "assigned", "待接收"
    HANDLING = "handling", "化解中"
    SETTLED = "settled", "待核实"
    VERIFIED = "verified", "待挂销"
    CLOSED = "closed", "已挂销"
    WITHDRAWN = "withdrawn", "已撤销"


#: Settled, and the district has seen for itself.
DONE = frozenset({BacklogStatus.VERIFIED, BacklogStatus.CLOSED})


class BacklogQuerySet(MatterQuerySet):
    def of_year(self, year: int):
        """Return what was taken up for a year; what was withdrawn does not count."""
        return self.filter(year=year).exclude(status=BacklogStatus.WITHDRAWN)


class Backlog(Matter):
    """One matter: ``grid`` is its community, ``unit`` the lead unit, ``placed_by`` who put it under supervision."""

    prefix = "JA"
    masked = {}

    applicant_name = models.CharField("申请人", max_length=40, blank=True)
    applicant_phone = models.CharField("联系电话", max_length=11, blank=True)
    unit = models.ForeignKey("governance.Unit", models.PROTECT, verbose_name="区级主办单位", related_name="+")
    status = models.CharField("状态", max_length=16, choices=BacklogStatus.choices, editable=False)
    year = models.PositiveSmallIntegerField("年度")
    supervisor = models.CharField("市级督办单位", max_length=60)
    dispute = models.ForeignKey(
        Dispute, models.PROTECT, null=True, blank=True, verbose_name="关联纠纷", related_name="+"
    )
    measures = models.CharField("化解措施", max_length=1000, blank=True, editable=False)
    result = models.CharField("化解结果", max_length=1000, blank=True, editable=False)

    objects = BacklogQuerySet.as_manager()
    rule = Jurisdiction(unit="unit")

    class Meta(Matter.Meta):
        verbose_name = verbose_name_plural = "督办积案"
        permissions = [
            ("direct_backlog", "挂牌、核实和挂销"),
            ("handle_backlog", "主办"),
            ("assist_backlog", "协办"),
            ("export_backlog", "导出督办积案"),
        ]
        constraints = [
            *Matter.Meta.constraints,
            models.CheckConstraint(
                condition=Q(status__in=BacklogStatus.values),
                name="backlog_status_known",
                violation_error_message="积案没有这个状态。",
            ),
            models.CheckConstraint(
                condition=Q(year__gte=2000, year__lte=2100),
                name="backlog_year",
                violation_error_message="年度要在 2000 到 2100 之间。",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["settled", "verified", "closed"]) | ~Q(result=""),
                name="backlog_settled_with_result",
                violation_error_message="化解了的积案须写明结果。",
            ),
        ]

    def get_absolute_url(self) -> str:
        # Whoever has to do with it works at the desk.
        return self.get_desk_url()

    def concerns(self, person: Any) -> bool:
        return False

    def search_text(self) -> str:
        return f"{self.title} {self.description} {self.supervisor}"

    def is_of(self, user: User) -> bool:
        """Say whether this person answers for the lead unit."""
        return any(post.unit_id == self.unit_id for post in user.posts_with("mediation.handle_backlog"))

    def is_directed_by(self, user: User) -> bool:
        """Say whether this person decides for the district; not where her own unit leads."""
        return not self.is_of(user) and stands_at(GridLevel.DISTRICT, user, "direct", self.grid_id)

    def is_helped_by(self, user: User) -> bool:
        """Say whether this person acts for the helping street."""
        return stands_at(GridLevel.STREET, user, "assist", self.grid_id)

    def audience(self, key: str) -> list[User]:
        if key == "lead":
            people = holders("mediation.handle_backlog", self.grid_id, unit_id=self.unit_id)
            return [person for person in people if self.is_of(person)]
        if key == "street":
            people = holders("mediation.assist_backlog", self.grid_id[: GridLevel.STREET])
            return [person for person in people if self.is_helped_by(person)]
        if key == "opener":
            # Whoever put it under supervision; where she has gone, those who decide for the district now.
            opener = self.placed_by
            if opener is not None and stands_at(GridLevel.DISTRICT, opener, "direct", self.grid_id):
                return [opener]
            people = holders("mediation.direct_backlog", self.grid_id[: GridLevel.DISTRICT])
            return [person for person in people if self.is_directed_by(person)]
        return super().audience(key)


def stands_at(level: GridLevel, user: User, action: str, code: str = "") -> bool:
    """Say whether a person may do this with backlog matters by a post of the place itself at this very level, over ``code``
    where one is given."""
    return user.is_superuser or any(
        post.unit_id is None and level_of(post.code) is level and (not code or covers(post.code, code))
        for post in user.posts_with(f"mediation.{action}_backlog")
    )


class BacklogStep(Step):
    """A step of a backlog matter."""

    matter = models.ForeignKey(Backlog, models.PROTECT, related_name="steps", verbose_name="督办积案")

    objects = RestrictedQuerySet.as_manager()
    rule = Through("matter", view="view")

    class Meta(Step.Meta):
        verbose_name = verbose_name_plural = "积案办理记录"


class BacklogPhoto(Photo):
    """A picture or a scan that goes with the result."""

    backlog = models.ForeignKey(Backlog, models.PROTECT, related_name="photos", verbose_name="督办积案")

    rule = Through("backlog", view="view")

    class Meta(Photo.Meta):
        verbose_name = verbose_name_plural = "积案照片"
