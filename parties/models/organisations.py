"""The organisation tree, from a street's party committee down to a building-unit party group, and its chronicle.

Each organisation is a ``Unit`` too, so that a post of that unit reaches what is its own: every row of an organisation carries
the keys of the units above it (``units``), and the one rule asks whether the post's is among them. Several branches that share
a grid are told apart by nothing else.
"""

from collections.abc import Iterable
from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Left, Length
from django.db.models.lookups import Exact
from django.utils import timezone
from simple_history.models import HistoricalRecords

from governance.models import AppendOnly, Territorial, Unit, User
from governance.models.base import DERIVED
from governance.models.people import TELEPHONE
from governance.permissions import Jurisdiction, Published, RestrictedQuerySet, Through
from governance.territory import GridLevel, level_of


class PartyOrgType(models.IntegerChoices):
    """The kinds, the highest first: an organisation stands below one of a higher kind."""

    STREET_COMMITTEE = 1, "街道党工委"
    COMMITTEE = 2, "党委"
    GENERAL_BRANCH = 3, "党总支"
    BRANCH = 4, "党支部"
    GROUP = 5, "党小组"


#: Kinds that have members of their own.
WITH_MEMBERS = (PartyOrgType.COMMITTEE, PartyOrgType.GENERAL_BRANCH, PartyOrgType.BRANCH)


class BranchForm(models.TextChoices):
    """What a branch is formed around."""

    GRID = "grid", "网格党支部"
    NEW_SECTOR = "new_sector", "两新组织党支部"
    INSTITUTION = "institution", "机关企事业单位党支部"
    RETIRED = "retired", "离退休干部党支部"
    JOINT = "joint", "联合党支部"
    TEMPORARY = "temporary", "临时党支部"


class OrganisationQuerySet(RestrictedQuerySet):
    def in_force(self, on: date | None = None):
        """Return the organisations that have not been dissolved or merged by a day (today when None)."""
        return self.filter(Q(ended_on=None) | Q(ended_on__gt=on or timezone.localdate()))

    def below(self, organisation: "Organisation"):
        """Return an organisation and everything below it."""
        return self.filter(units__contains=[organisation.unit_id])

    def with_place(self):
        """Load with each organisation what names its place and its superior."""
        return self.select_related("grid", "parent", "entrance__building").defer(
            "grid__boundary", "parent__units"
        )


class Organisation(Territorial):
    """A party organisation at a grid. Constraints hold the order of kinds and that a child lies within its parent."""

    name = models.CharField("名称", max_length=60)
    kind = models.PositiveSmallIntegerField("类别", choices=PartyOrgType.choices)
    form = models.CharField("支部类型", max_length=12, choices=BranchForm.choices, blank=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name="上级党组织", related_name="children"
    )
    #: Copies of the parent's, kept equal by a foreign key of three columns (migration 0002), for the constraints to look at.
    parent_kind = models.PositiveSmallIntegerField(null=True, editable=False)
    parent_grid = models.CharField(max_length=15, null=True, editable=False)
    unit = models.OneToOneField(
        Unit, models.PROTECT, verbose_name="单位", related_name="organisation", editable=False
    )
    units = ArrayField(models.BigIntegerField(), default=list, editable=False, verbose_name="隶属路径")
    entrance = models.ForeignKey(
        "grids.Entrance", models.PROTECT, null=True, blank=True, verbose_name="楼门", related_name="+"
    )
    phone = models.CharField("联系电话", max_length=30, blank=True, validators=[TELEPHONE])
    address = models.CharField("活动场所", max_length=120, blank=True)
    theme_day = models.PositiveSmallIntegerField(
        "主题党日", null=True, blank=True, help_text="每月固定在几号，1 到 28。"
    )
    established_on = models.DateField("成立日期", default=timezone.localdate)
    ended_on = models.DateField("撤销日期", null=True, blank=True, editable=False)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, verbose_name="并入", related_name="+", editable=False
    )
    term_from = models.DateField("本届起", null=True, blank=True)
    term_until = models.DateField("本届至", null=True, blank=True)
    history = HistoricalRecords(excluded_fields=["parent_kind", "parent_grid", "units", *DERIVED])

    objects = OrganisationQuerySet.as_manager()
    #: Whoever keeps members anywhere in the district may name an organisation of it as the other side of a transfer.
    rule = Jurisdiction(
        published=[
            Published(
                frozenset({"choose"}), when=Q(ended_on=None), to="district_code", holding="choose",
                label="本区党组织名录",
            )
        ],
        units="units",
    )  # fmt: skip

    class Meta:
        verbose_name = verbose_name_plural = "党组织"
        ordering = ["grid", "kind", "pk"]
        permissions = [
            ("choose_organisation", "选择本区的党组织"),
            ("keep_organisation", "维护本组织的资料"),
            ("export_organisation", "导出党组织"),
        ]
        indexes = [
            models.Index(fields=["district_code", "grid", "kind"], name="organisation_district"),
            models.Index(fields=["street_code", "grid", "kind"], name="organisation_street"),
            models.Index(fields=["community_code", "grid", "kind"], name="organisation_community"),
            models.Index(fields=["term_until"], name="organisation_term", condition=Q(ended_on=None)),
        ]
        constraints = [
            models.UniqueConstraint(fields=["id", "kind", "grid"], name="organisation_place"),
            models.UniqueConstraint(
                fields=["parent", "name"],
                condition=Q(ended_on=None),
                name="organisation_name_once",
                violation_error_message="这个上级党组织下已有同名的党组织，请换一个名称。",
            ),
            models.CheckConstraint(
                condition=~Q(name="") & Q(kind__in=PartyOrgType.values),
                name="organisation_named",
                violation_error_message="请填写名称，选择类别。",
            ),
            models.CheckConstraint(
                condition=Q(parent=None, parent_kind=None, parent_grid=None, kind=1)
                | Q(parent__isnull=False, parent_kind__isnull=False, parent_grid__isnull=False),
                name="organisation_root",
                violation_error_message="只有街道党工委没有上级党组织，其他的都要选择上级。",
            ),
            models.CheckConstraint(
                condition=Q(parent_kind=None) | Q(kind__gt=F("parent_kind")),
                name="organisation_kind_order",
                violation_error_message="上级党组织的类别要高于本组织：党工委、党委、党总支、党支部、党小组。",
            ),
            models.CheckConstraint(
                condition=Q(parent_grid=None)
                | Q(Exact(Left("grid", Length("parent_grid")), F("parent_grid"))),
                name="organisation_within_parent",
                violation_error_message="党组织所在的网格要在上级党组织的范围里。",
            ),
            models.CheckConstraint(
                condition=Q(form="") | Q(kind=4),
                name="organisation_form_of_branch",
                violation_error_message="只有党支部有支部类型。",
            ),
            models.CheckConstraint(
                condition=Q(theme_day=None) | Q(theme_day__gte=1, theme_day__lte=28),
                name="organisation_theme_day",
                violation_error_message="主题党日请填 1 到 28，每个月都有这一天。",
            ),
            models.CheckConstraint(
                condition=Q(ended_on=None) | Q(ended_on__gte=F("established_on")),
                name="organisation_ended_later",
                violation_error_message="撤销日期不能早于成立日期。",
            ),
            models.CheckConstraint(
                condition=Q(term_from=None, term_until=None)
                | Q(term_from__isnull=False, term_until__isnull=False, term_until__gt=F("term_from")),
                name="organisation_term_order",
                violation_error_message="本届的起止日期要一起填，截止日期要晚于开始日期。",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_ended(self) -> bool:
        return self.ended_on is not None and self.ended_on <= timezone.localdate()

    @property
    def has_members(self) -> bool:
        return self.kind in WITH_MEMBERS

    def stand_under(self, parent: "Organisation | None") -> None:
        """Take a place in the tree: the parent, the copies of its kind and grid, and the path of units. Saves nothing."""
        self.parent = parent
        self.parent_kind = parent.kind if parent is not None else None
        self.parent_grid = parent.grid_id if parent is not None else None
        self.units = [*(parent.units if parent is not None else ()), self.unit_id]

    def is_decided_by(self, user: User) -> bool:
        """Say whether a person decides about this organisation itself: whoever decides about its superior, and of a street's
        committee the district."""
        return may_decide_below(user, self.parent, self.grid_id)


def may_decide_below(user: User, parent: Organisation | None, code: str) -> bool:
    """Say whether a person sets up, renames, merges and dissolves what stands right below ``parent``, at ``code`` where that is
    None."""
    if parent is not None:
        return user.may("change", parent)
    return user.is_superuser or any(
        post.unit_id is None and level_of(post.code) is GridLevel.DISTRICT and code.startswith(post.code)
        for post in user.posts_with("parties.change_organisation")
    )


class OfOrganisation(Territorial):
    """The base of every row that belongs to an organisation: it stands where the organisation stands, and is reached with it."""

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, verbose_name="党组织", related_name="%(class)ss"
    )
    units = ArrayField(models.BigIntegerField(), default=list, editable=False, verbose_name="隶属路径")

    objects = RestrictedQuerySet.as_manager()
    rule = Jurisdiction(units="units")

    class Meta:
        abstract = True

    def stand(self) -> None:
        """Take the organisation's place and path. What is saved does so by itself; what is created in bulk is told to."""
        self.grid_id, self.units = self.organisation.grid_id, self.organisation.units

    def save(self, *args, **kwargs):
        self.stand()
        if (fields := kwargs.get("update_fields")) is not None and "organisation" in fields:
            kwargs["update_fields"] = {*fields, "grid", "units"}
        return super().save(*args, **kwargs)


class OrganisationChange(AppendOnly):
    """A line of the chronicle: set up, renamed, moved, merged, dissolved or newly elected, on which day and by which document."""

    class Kind(models.TextChoices):
        SET_UP = "set_up", "成立"
        RENAMED = "renamed", "更名"
        MOVED = "moved", "调整隶属"
        MERGED = "merged", "合并"
        DISSOLVED = "dissolved", "撤销"
        ELECTED = "elected", "换届"

    organisation = models.ForeignKey(
        Organisation, models.PROTECT, related_name="changes", verbose_name="党组织"
    )
    kind = models.CharField("事项", max_length=10, choices=Kind.choices)
    day = models.DateField("日期")
    document = models.CharField("批复文号", max_length=60, blank=True)
    words = models.CharField("内容", max_length=300)
    by = models.ForeignKey(User, models.PROTECT, null=True, verbose_name="登记人", related_name="+")
    at = models.DateTimeField("登记时间", default=timezone.now)

    rule = Through("organisation", view="view")

    class Meta:
        verbose_name = verbose_name_plural = "党组织沿革"
        ordering = ["-day", "-pk"]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.get_kind_display()}"


def paths(organisations: Iterable[Organisation]) -> set[int]:
    """Return the keys of all units on the ways down to these organisations."""
    return {unit for each in organisations for unit in each.units}
