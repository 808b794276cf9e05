"""A small wish (微心愿): what a resident says in a few words, reviewed, published to the party members of her community, claimed by one
of them and fulfilled as an order of voluntary service, which the front door makes of it."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse

from governance.models import Matter, MatterQuerySet, Step, User
from governance.permissions import Jurisdiction, Own, Published, RestrictedQuerySet, Through, nearest_holders
from parties.models.organisations import Organisation
from parties.models.serving import Pairing


class WishStatus(models.TextChoices):
    ASKED = "asked", "待审核"
    RETURNED = "returned", "待补充"
    PUBLISHED = "published", "待认领"
    CLAIMED = "claimed", "已认领"
    FULFILLED = "fulfilled", "已实现"
    REFUSED = "refused", "未采纳"
    LAPSED = "lapsed", "未能实现"
    WITHDRAWN = "withdrawn", "已撤回"


class MicroWish(Matter):
    """One wish. ``title`` and ``summary`` are what members read; ``description`` is the resident's own words, for her, the community's
    desk and whoever claimed it."""

    prefix = "WX"
    masked = {"applicant_name": "name", "applicant_phone": "phone", "address": "address"}

    status = models.CharField("状态", max_length=16, choices=WishStatus.choices, editable=False)
    address = models.CharField(
        "门牌号", max_length=100, blank=True, help_text="楼门以内的门牌，例如 301 室。"
    )
    summary = models.CharField("公布的简介", max_length=200, blank=True, editable=False)
    #: What the front door makes of it, as ``intake.referrals`` names it.
    service = models.CharField("服务项目", max_length=60, blank=True, editable=False)
    published_to = models.CharField("公布范围", max_length=15, blank=True, editable=False)
    claimer = models.ForeignKey(
        User, models.PROTECT, null=True, verbose_name="认领人", related_name="+", editable=False
    )
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, null=True, verbose_name="认领党组织", related_name="wishes", editable=False
    )  # fmt: skip
    pairing = models.ForeignKey(
        Pairing, models.PROTECT, null=True, verbose_name="认领的结对单位", related_name="wishes", editable=False
    )  # fmt: skip
    times_claimed = models.PositiveSmallIntegerField("认领次数", default=0, editable=False)
    thanks = models.CharField("感谢的话", max_length=500, blank=True, editable=False)

    objects = MatterQuerySet.as_manager()
    rule = Jurisdiction(
        own=[
            Own("applicant", frozenset({"view", "contact", "amend", "withdraw", "thank"}), "许愿人"),
            Own("placed_by", frozenset({"view"}), "代填人"),
            Own("placed_by", frozenset({"contact", "amend", "withdraw"}), "代填人", when=Q(closed_at=None)),
            Own(
                "claimer",
                frozenset({"view"}),
                "认领人",
                when=Q(status__in=["claimed", "fulfilled"]),
            ),
            # Name, phone and door are open to her only while she has it in hand.
            Own("claimer", frozenset({"contact", "serve"}), "认领人", when=Q(status="claimed")),
        ],
        published=[
            Published(
                frozenset({"view", "claim"}),
                when=Q(status="published"),
                to="published_to",
                holding="seek",
                label="微心愿墙",
            )
        ],
    )

    class Meta(Matter.Meta):
        verbose_name = verbose_name_plural = "微心愿"
        permissions = [
            ("place_microwish", "代居民填微心愿"),
            ("review_microwish", "审核和公布微心愿"),
            ("seek_microwish", "浏览微心愿墙"),
            ("claim_microwish", "认领微心愿"),
            ("serve_microwish", "实现认领的微心愿"),
            ("amend_microwish", "补充微心愿"),
            ("withdraw_microwish", "撤回微心愿"),
            ("thank_microwish", "写感谢的话"),
            ("contact_microwish", "查看联系方式"),
            ("reveal_microwish", "查看脱敏信息"),
            ("export_microwish", "导出微心愿"),
        ]
        indexes = [
            *Matter.Meta.indexes,
            models.Index(
                fields=["published_to", "-opened_at", "-id"],
                name="microwish_wall",
                condition=Q(status="published"),
            ),
            models.Index(fields=["claimer", "-opened_at"], name="microwish_claimer"),
            models.Index(fields=["placed_by", "-opened_at"], name="microwish_placed_by"),
        ]
        constraints = [
            *Matter.Meta.constraints,
            models.CheckConstraint(
                condition=Q(status__in=WishStatus.values),
                name="microwish_status_known",
                violation_error_message="微心愿没有这个状态。",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["claimed", "fulfilled"])
                | Q(claimer__isnull=False)
                | Q(pairing__isnull=False),
                name="microwish_claimed_by_somebody",
                violation_error_message="认领了的微心愿要写明由谁认领。",
            ),
            models.CheckConstraint(
                condition=Q(claimer=None) | Q(pairing=None),
                name="microwish_claimed_once",
                violation_error_message="一个微心愿由一名党员或一个结对单位认领。",
            ),
            models.CheckConstraint(
                condition=~Q(status="published") | (~Q(summary="") & ~Q(service="") & ~Q(published_to="")),
                name="microwish_published_whole",
                violation_error_message="公布的微心愿要有简介和服务项目。",
            ),
        ]

    def get_absolute_url(self) -> str:
        return reverse("wish", args=[self.number])

    def search_text(self) -> str:
        return f"{self.title} {self.summary}"

    def masked_text(self) -> str:
        return f"{self.applicant_name} {self.description}"

    def gist(self, *, place: bool = True) -> str:
        return str(self.grid) if place else ""

    def audience(self, key: str) -> list[User]:
        if key == "reviewers":
            return list(nearest_holders("parties.review_microwish", self.grid_id))
        if key == "claimer":
            return [self.claimer] if self.claimer_id else []
        if key == "collector":
            return [self.placed_by] if self.placed_by_id else []
        return super().audience(key)

    def is_of(self, person: Any) -> bool:
        """Say whether this is the person's own wish, even one placed for her phone before she had an account."""
        return self.applicant_id == person.pk or bool(person.phone) and self.applicant_phone == person.phone


class MicroWishStep(Step):
    """A step of a wish."""

    matter = models.ForeignKey(MicroWish, models.PROTECT, related_name="steps", verbose_name="微心愿")

    objects = RestrictedQuerySet.as_manager()
    rule = Through("matter", view="view")

    class Meta(Step.Meta):
        verbose_name = verbose_name_plural = "微心愿记录"
