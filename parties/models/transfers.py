"""The transfer of a member from one organisation of the district to another (组织关系转接): a matter that lies with both."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from governance import masks
from governance.models import Matter, MatterQuerySet, Step, User
from governance.models.base import ancestor_column
from governance.permissions import Either, Jurisdiction, RestrictedQuerySet, Through, nearest_holders
from governance.territory import GridLevel
from parties.models.members import Member
from parties.models.organisations import Organisation


class TransferStatus(models.TextChoices):
    ASKED = "asked", "待双方同意"
    DONE = "done", "已转接"
    REFUSED = "refused", "未同意"
    WITHDRAWN = "withdrawn", "已撤回"


#: The place that a transfer leads to, besides the one it comes from.
TARGET = {
    GridLevel.DISTRICT: "to_district_code",
    GridLevel.STREET: "to_street_code",
    GridLevel.COMMUNITY: "to_community_code",
}


#: Steps by which a side agrees.
CONSENTS = ("release", "accept")


class Transfer(Matter):
    """One transfer. ``grid`` and ``units`` are the origin's, ``to_grid`` and ``to_units`` the target's: whoever reaches one of the
    two reaches it, and each side says for itself whether it agrees."""

    prefix = "ZJ"
    masked = {}

    applicant_name = models.CharField("申请人", max_length=40, blank=True)
    applicant_phone = models.CharField("联系电话", max_length=11, blank=True)
    status = models.CharField("状态", max_length=16, choices=TransferStatus.choices, editable=False)
    member = models.ForeignKey(Member, models.PROTECT, verbose_name="党员", related_name="transfers")
    origin = models.ForeignKey(Organisation, models.PROTECT, verbose_name="转出党组织", related_name="+")
    target = models.ForeignKey(Organisation, models.PROTECT, verbose_name="转入党组织", related_name="+")
    units = ArrayField(models.BigIntegerField(), default=list, editable=False, verbose_name="转出隶属路径")
    to_units = ArrayField(models.BigIntegerField(), default=list, editable=False, verbose_name="转入隶属路径")
    to_grid = models.ForeignKey("grids.Grid", models.PROTECT, verbose_name="转入网格", related_name="+")
    to_district_code = ancestor_column(GridLevel.DISTRICT, "to_grid")
    to_street_code = ancestor_column(GridLevel.STREET, "to_grid")
    to_community_code = ancestor_column(GridLevel.COMMUNITY, "to_grid")
    released_at = models.DateTimeField("同意转出时间", null=True, editable=False)
    accepted_at = models.DateTimeField("同意转入时间", null=True, editable=False)

    objects = MatterQuerySet.as_manager()
    rule = Either(Jurisdiction(units="units"), Jurisdiction(units="to_units", base="to_grid", columns=TARGET))

    class Meta(Matter.Meta):
        verbose_name = verbose_name_plural = "组织关系转接"
        permissions = [
            ("ask_transfer", "提出转接"),
            ("decide_transfer", "同意或不同意转接"),
            ("export_transfer", "导出转接"),
        ]
        indexes = [
            *Matter.Meta.indexes,
            models.Index(fields=["to_community_code", "-opened_at", "-id"], name="transfer_to_community"),
            models.Index(fields=["to_street_code", "-opened_at", "-id"], name="transfer_to_street"),
            models.Index(fields=["to_grid", "-opened_at", "-id"], name="transfer_to_grid"),
        ]
        constraints = [
            *Matter.Meta.constraints,
            models.CheckConstraint(
                condition=Q(status__in=TransferStatus.values),
                name="transfer_status_known",
                violation_error_message="转接没有这个状态。",
            ),
            models.CheckConstraint(
                condition=~Q(origin=F("target")),
                name="transfer_elsewhere",
                violation_error_message="转入的要是另一个党组织。",
            ),
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(status="asked"),
                name="transfer_one_at_a_time",
                violation_error_message="这名党员的转接正在办理，办完或撤回以后才能再办。",
            ),
            models.CheckConstraint(
                condition=~Q(status="done") | Q(released_at__isnull=False, accepted_at__isnull=False),
                name="transfer_both_agreed",
                violation_error_message="双方都同意了才算转接。",
            ),
        ]

    def get_absolute_url(self) -> str:
        return self.get_desk_url()

    def concerns(self, person: Any) -> bool:
        return False

    def search_text(self) -> str:
        return f"{self.origin} {self.target} {self.description}"

    @property
    def subject(self) -> str:
        """The member as lists and notices name her."""
        return masks.name(self.member.name)

    def is_of_origin(self, user: User) -> bool:
        """Say whether a person decides for the organisation that is left."""
        return decides_for(user, self.origin)

    def is_of_target(self, user: User) -> bool:
        """Say whether a person decides for the organisation that is joined."""
        return decides_for(user, self.target)

    def agreed_by(self) -> set[int]:
        """Return the keys of those who have agreed, for one side or the other."""
        return set(self.steps.filter(action__in=CONSENTS).order_by().values_list("actor", flat=True))

    def is_agreed_by(self, user: User) -> bool:
        """Say whether a person has agreed for one of the sides: then she does not for the other."""
        return user.pk in self.agreed_by()

    def audience(self, key: str) -> list[User]:
        if key == "origin":
            return deciders(self.origin, without=self.agreed_by())
        if key == "target":
            return deciders(self.target, without=self.agreed_by())
        if key == "opener":
            return [self.placed_by] if self.placed_by_id else []
        return super().audience(key)


def decides_for(user: User, organisation: Organisation) -> bool:
    """Say whether a person agrees to transfers for an organisation: she keeps its members."""
    return user.is_superuser or any(
        organisation.grid_id.startswith(post.code)
        and (post.unit_id is None or post.unit_id in organisation.units)
        for post in user.posts_with("parties.decide_transfer")
    )


def deciders(organisation: Organisation, *, without: set[int]) -> list[User]:
    """Return those who are asked whether an organisation agrees: its own people where it has some, else those nearest above;
    nobody of ``without``, who agreed for the other side."""
    return list(
        nearest_holders(
            "parties.decide_transfer", organisation.grid_id, unit_id=organisation.unit_id, without=without
        )
    )


class TransferStep(Step):
    """A step of a transfer."""

    matter = models.ForeignKey(Transfer, models.PROTECT, related_name="steps", verbose_name="组织关系转接")

    objects = RestrictedQuerySet.as_manager()
    rule = Through("matter", view="view")

    class Meta(Step.Meta):
        verbose_name = verbose_name_plural = "转接记录"
