"""The disclosure of party affairs (党务公开): what an organisation lets others know, and how far.

Who sees an item is asked of the one rule. Posts of the organisation and above work with it in every state. Once it is out it is
published, each scope in its own way: to everyone; to whoever holds ``read`` in the district; in the organisation's own area; or to
certain people, with whom it is shared. Nothing else opens it.
"""

from datetime import date, timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now
from django.urls import reverse
from django.utils import timezone

from governance.models import Matter, MatterQuerySet, Photo, Step, User
from governance.permissions import (
    EVERYTHING,
    NOTHING,
    Jurisdiction,
    Published,
    RestrictedQuerySet,
    Through,
    any_of,
    nearest_holders,
    permission,
    prefixed,
    rule_of,
)
from governance.territory import GridLevel, level_of, lineage
from parties.models.members import Member
from parties.models.organisations import OfOrganisation, Organisation


class DisclosureStatus(models.TextChoices):
    DRAFT = "draft", "草稿"
    PROPOSED = "proposed", "待审核"
    RETURNED = "returned", "已退回"
    REVIEWED = "reviewed", "待审批"
    APPROVED = "approved", "待公开"
    SCHEDULED = "scheduled", "到期公开"
    PUBLISHED = "published", "公开中"
    EXPIRED = "expired", "公开期满"
    WITHDRAWN = "withdrawn", "已撤下"
    REPLACED = "replaced", "已更正"
    DROPPED = "dropped", "不公开"


S = DisclosureStatus
#: On the way: nobody outside the organisation's posts has seen it.
UNDER_WAY = (S.DRAFT, S.PROPOSED, S.RETURNED, S.REVIEWED, S.APPROVED, S.SCHEDULED)
#: Approved, whatever became of it afterwards.
CLEARED = (S.APPROVED, S.SCHEDULED, S.PUBLISHED, S.EXPIRED, S.WITHDRAWN, S.REPLACED)
#: Steps by which somebody has a hand in what an item says.
AUTHORS = ("open", "revise", "propose")


class Category(models.TextChoices):
    """What base organisations disclose, by the seven kinds of the regulation (党务公开条例)."""

    DECISIONS = "decisions", "学习贯彻和执行上级决定"
    GOALS = "goals", "任期目标、阶段规划和重点工作"
    EDUCATION = "education", "教育培训和三会一课"
    BUILDING = "building", "选举、发展党员、党费等自身建设"
    CONDUCT = "conduct", "纠正四风、联系服务群众"
    DISCIPLINE = "discipline", "党的纪律"
    OTHER = "other", "其他应当公开的事项"


class Scope(models.TextChoices):
    """How far an item goes."""

    SOCIETY = "society", "向社会公开"
    WHOLE_PARTY = "whole_party", "在全区党内公开"
    AREA = "area", "在本地区、本单位公开"
    CERTAIN = "certain", "向特定人员公开"


#: What is out now. Asked of the database's clock, so that nothing stays visible for want of a ticker.
OUT = Q(status=S.PUBLISHED) & (Q(public_until=None) | Q(public_until__gt=Now()))
VIEW = frozenset({"view"})
TO_SOCIETY = Published(VIEW, when=OUT & Q(scope=Scope.SOCIETY), label="党务公开：向社会公开")
TO_PARTY = Published(
    VIEW, when=OUT & Q(scope=Scope.WHOLE_PARTY), to="district_code", holding="read", label="党务公开：全区党内公开"
)  # fmt: skip
TO_AREA = Published(
    VIEW, when=OUT & Q(scope=Scope.AREA), to="grid", holding="read", label="党务公开：本地区、本单位公开"
)  # fmt: skip


class Disclosed(Jurisdiction):
    """The rule of disclosures. It differs from every other in one thing: what an organisation's own area is.

    A post of a place (a community's secretary, a party officer) reads what organisations at her place or above it disclose in
    their area. A post of an organisation reads what her organisation and those above it do, by the path of units and not by the
    grid: branches share grids, and what a branch tells its own people is not the neighbouring branch's.
    """

    def _published_q(self, model: type[models.Model], user: Any, published: Published) -> Q:
        if published is not TO_AREA:
            return super()._published_q(model, user, published)
        if not user.is_authenticated:
            return NOTHING
        needed = permission(model, "read")
        held = user.posts_with(needed)
        nodes = {code for post in held if post.unit_id is None for code in lineage(post.code)}
        units = {post.unit_id for post in held if post.unit_id is not None}
        parts = [Q(grid__in=sorted(nodes))] if nodes else []
        if units:
            found = Organisation.objects.filter(unit__in=units).values_list("units", flat=True)
            # A row carries its organisation's path: one of those that lead down to hers.
            ways = {tuple(path[:length]) for path in found for length in range(1, len(path) + 1)}
            parts += [Q(units__in=[list(way) for way in sorted(ways)])] if ways else []
        reached = any_of(parts)
        return reached if reached is NOTHING else reached & published.when


class DisclosureQuerySet(MatterQuerySet):
    def out(self):
        """Return what is disclosed at this moment."""
        return self.filter(OUT)

    def written_by(self, user: User):
        """Return the items in whose words a person had a hand, in this edition or another: a correction takes the words over."""
        steps = DisclosureStep.objects.filter(actor=user, action__in=AUTHORS)
        first = steps.values(first=Coalesce("matter__original", "matter"))
        return self.filter(Q(pk__in=first) | Q(original__in=first))

    def to_review_by(self, user: User):
        """Return what a person may review now, by her posts."""
        mine = self.model.objects.written_by(user).values("pk")
        return self.filter(_by_posts(self.model, user, "review"), status=S.PROPOSED).exclude(pk__in=mine)

    def to_approve_by(self, user: User):
        """Return what a person may approve now, by her posts: she decides about the organisation, and did neither write nor review
        the item."""
        mine = self.model.objects.written_by(user).values("pk")
        decided = _by_posts(Organisation, user, "change")
        if decided is not EVERYTHING:
            # Above a street's committee stands the district.
            districts = [
                post.code
                for post in user.posts_with(permission(Organisation, "change"))
                if post.unit_id is None and level_of(post.code) is GridLevel.DISTRICT
            ]
            decided = any_of(
                [
                    prefixed(decided, "organisation__parent") if decided is not NOTHING else NOTHING,
                    Q(organisation__parent=None, district_code__in=districts) if districts else NOTHING,
                ]
            )
        rows = self.filter(_by_posts(self.model, user, "approve"), decided, status=S.REVIEWED)
        return rows.exclude(pk__in=mine).exclude(reviewed_by=user)


def _by_posts(model: type[models.Model], user: User, action: str) -> Q:
    return EVERYTHING if user.is_superuser else rule_of(model).jurisdiction(model, user, action)


class Disclosure(OfOrganisation, Matter):
    """One item. A correction is an item of its own, the next ``edition`` of ``original``: it takes the place of the one before
    on the day it is published, and both remain as they were."""

    prefix = "GK"
    masked = {}

    title = models.CharField("标题", max_length=60)
    applicant_name = models.CharField("申请人", max_length=40, blank=True)
    applicant_phone = models.CharField("联系电话", max_length=11, blank=True)
    status = models.CharField("状态", max_length=16, choices=S.choices, editable=False)
    category = models.CharField("公开内容", max_length=12, choices=Category.choices)
    scope = models.CharField("公开范围", max_length=12, choices=Scope.choices)
    body = models.TextField("正文", max_length=6000)
    readers = models.ManyToManyField(Member, blank=True, verbose_name="特定人员", related_name="+")
    proposed_by = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name="提出人", related_name="+", editable=False
    )
    proposed_at = models.DateTimeField("提出时间", null=True, editable=False)
    reviewed_by = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name="审核人", related_name="+", editable=False
    )
    reviewed_at = models.DateTimeField("审核时间", null=True, editable=False)
    approved_by = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name="审批人", related_name="+", editable=False
    )
    approved_at = models.DateTimeField("审批时间", null=True, editable=False)
    public_from = models.DateTimeField("公开起", null=True, editable=False)
    #: The first moment at which it is no longer out.
    public_until = models.DateTimeField("公开至", null=True, editable=False)
    original = models.ForeignKey(
        "self", models.PROTECT, null=True, verbose_name="原公开事项", related_name="editions", editable=False
    )
    edition = models.PositiveSmallIntegerField("版次", default=1, editable=False)
    correction = models.CharField("更正说明", max_length=200, blank=True, editable=False)

    objects = DisclosureQuerySet.as_manager()
    rule = Disclosed(published=[TO_SOCIETY, TO_PARTY, TO_AREA], units="units")

    class Meta(Matter.Meta):
        verbose_name = verbose_name_plural = "党务公开"
        permissions = [
            ("keep_disclosure", "提出和办理党务公开"),
            ("review_disclosure", "审核党务公开"),
            ("approve_disclosure", "审批党务公开"),
            ("read_disclosure", "阅读党内公开的党务"),
            ("export_disclosure", "导出党务公开台账"),
        ]
        indexes = [
            *Matter.Meta.indexes,
            *(
                models.Index(
                    fields=[column, "-public_from", "-id"], name=f"disclosure_out_{name}", condition=Q(status="published")
                )
                for column, name in (
                    ("district_code", "district"), ("street_code", "street"), ("community_code", "community"), ("grid", "grid"),
                )
            ),
            models.Index(fields=["-public_from", "-id"], name="disclosure_out", condition=Q(status="published")),
            models.Index(fields=["public_until"], name="disclosure_until", condition=Q(status="published")),
        ]  # fmt: skip
        constraints = [
            *Matter.Meta.constraints,
            models.CheckConstraint(
                condition=Q(status__in=S.values)
                & Q(scope__in=Scope.values)
                & Q(category__in=Category.values),
                name="disclosure_known",
                violation_error_message="党务公开没有这个状态、范围或内容类别。",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=CLEARED)
                | Q(proposed_by__isnull=False, reviewed_by__isnull=False, approved_by__isnull=False),
                name="disclosure_four_steps",
                violation_error_message="提出、审核、审批都办过了才能公开。",
            ),
            models.CheckConstraint(
                condition=(Q(reviewed_by=None) | ~Q(reviewed_by=F("proposed_by")))
                & (Q(approved_by=None) | ~Q(approved_by=F("proposed_by")) & ~Q(approved_by=F("reviewed_by"))),
                name="disclosure_by_others",
                violation_error_message="提出、审核、审批要由三个人分别办理。",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[S.SCHEDULED, S.PUBLISHED, S.EXPIRED, S.WITHDRAWN, S.REPLACED])
                | Q(public_from__isnull=False),
                name="disclosure_out_since",
                violation_error_message="公开的事项要有公开日期。",
            ),
            models.CheckConstraint(
                condition=Q(public_until=None) | Q(public_until__gt=F("public_from")),
                name="disclosure_until_later",
                violation_error_message="公开的截止日期不能早于开始日期。",
            ),
            models.CheckConstraint(
                condition=Q(original=None, edition=1, correction="")
                | Q(original__isnull=False, edition__gt=1) & ~Q(correction=""),
                name="disclosure_edition",
                violation_error_message="更正要写明原因。",
            ),
            models.UniqueConstraint(
                fields=["original"],
                condition=Q(status__in=UNDER_WAY),
                name="disclosure_one_correction",
                violation_error_message="这一事项的更正正在办理，请先办完或取消。",
            ),
            models.UniqueConstraint(
                fields=["original", "edition"],
                condition=~Q(status="dropped"),
                name="disclosure_edition_once",
                violation_error_message="这一版已经有了。",
            ),
        ]

    # --- what it is -------------------------------------------------------------------------------------------------
    @property
    def is_out(self) -> bool:
        """Whether it is disclosed at this moment."""
        return self.status == S.PUBLISHED and (
            self.public_until is None or self.public_until > timezone.now()
        )

    @property
    def last_day(self) -> date | None:
        """The last day on which it is out."""
        if self.public_until is None:
            return None
        return timezone.localdate(self.public_until - timedelta(seconds=1))

    @property
    def paragraphs(self) -> list[str]:
        """The text as plain paragraphs."""
        return [line.strip() for line in self.body.splitlines() if line.strip()]

    def get_absolute_url(self) -> str:
        return reverse("disclosure", args=[self.number])

    def concerns(self, person: Any) -> bool:
        # Whoever only reads it finds it on her phone.
        return not person.may("keep", self)

    def gist(self, *, place: bool = True) -> str:
        return self.organisation.name

    def search_text(self) -> str:
        return f"{self.title} {self.body} {self.organisation.name}"

    def indexed_words(self) -> tuple[str, ...]:
        return (self.title, self.body)

    # --- who --------------------------------------------------------------------------------------------------------
    def authors(self) -> set[int]:
        """Return the keys of those who had a hand in its words, in this edition or another: a correction takes the words over."""
        first = self.original_id or self.pk
        steps = DisclosureStep.objects.filter(Q(matter=first) | Q(matter__original=first), action__in=AUTHORS)
        return set(steps.order_by().values_list("actor", flat=True))

    def is_reviewed_by(self, user: User) -> bool:
        """Say whether this person is another than those who wrote it."""
        return user.pk not in self.authors()

    def is_approved_by(self, user: User) -> bool:
        """Say whether this person decides about the organisation, and neither wrote nor reviewed the item."""
        return (
            user.pk != self.reviewed_by_id
            and self.organisation.is_decided_by(user)
            and user.pk not in self.authors()
        )

    def audience(self, key: str) -> list[User]:
        if key == "authors":
            return list(User.objects.filter(pk__in=self.authors(), is_active=True).order_by("pk"))
        if key == "reviewers":
            found = nearest_holders(
                permission(Disclosure, "review"), self.grid_id, unit_id=self.organisation.unit_id, without=self.authors()
            )  # fmt: skip
            return list(found)
        if key == "deciders":
            parent = self.organisation.parent
            code = parent.grid_id if parent is not None else self.grid_id[: GridLevel.DISTRICT]
            others = self.authors() | {self.reviewed_by_id}
            return list(nearest_holders(permission(Disclosure, "approve"), code, without=others))
        if key == "readers":
            if self.scope != Scope.CERTAIN:
                return []
            rows = self.readers.on_roll().exclude(user=None).select_related("user")
            return [member.user for member in rows]
        return super().audience(key)


class DisclosureStep(Step):
    """A step of an item. Readers do not see it, those who work with the item do."""

    matter = models.ForeignKey(Disclosure, models.PROTECT, related_name="steps", verbose_name="党务公开")

    objects = RestrictedQuerySet.as_manager()
    rule = Through("matter", view="keep")

    class Meta(Step.Meta):
        verbose_name = verbose_name_plural = "党务公开记录"
        indexes = [models.Index(fields=["actor", "action"], name="disclosurestep_actor")]


class DisclosurePhoto(Photo):
    """A picture or a scan of an item. No browser keeps it, so that it goes when the item goes."""

    may_be_kept = False

    disclosure = models.ForeignKey(Disclosure, models.PROTECT, related_name="photos", verbose_name="党务公开")

    rule = Through("disclosure", view="view")

    class Meta(Photo.Meta):
        verbose_name = verbose_name_plural = "党务公开图片"
