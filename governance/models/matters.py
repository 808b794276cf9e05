"""The abstract matter and its step: what every kind of request, incident or case has in common.

A status is never assigned here: governance/flow.py moves matters by their transition table.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, Q, Value, When
from django.urls import reverse
from django.utils import timezone

from governance.models.audit import AppendOnly
from governance.models.base import Territorial
from governance.models.people import PHONE
from governance.permissions import EVERYTHING, NOTHING, OwnOnly, RestrictedQuerySet, any_of, rule_of
from governance.search import SearchTerms, index, marked, terms_of_query


class NumberSeries(models.Model):
    """The last number given out in one series (kind, place, day); the row lock makes numbers unique."""

    series = models.CharField("号段", max_length=40, primary_key=True)
    last = models.PositiveIntegerField("末号", default=0)

    objects = RestrictedQuerySet.as_manager()
    rule = OwnOnly()

    class Meta:
        verbose_name = verbose_name_plural = "编号号段"

    def __str__(self) -> str:
        return self.series


class Channel(models.TextChoices):
    """By which way a matter came in."""

    RESIDENT = "resident", "居民手机"
    WORKER = "worker", "网格员"
    DESK = "desk", "社区窗口"
    HOTLINE = "hotline", "12345 热线"
    UPPER = "upper", "上级交办"
    OPINION = "opinion", "网络舆情"
    DEVICE = "device", "设备告警"
    OPEN311 = "open311", "开放接口"
    API = "api", "外部系统"
    REFERRAL = "referral", "内部转办"


#: What of a matter's grid, door and building is read to name its place.
PLACE_NAMES = {
    "grid": ("code", "name"),
    "entrance": ("id", "building", "name"),
    "entrance__building": ("id", "compound", "name"),
}
#: What every line of a list reads of the matter itself.
LINE = frozenset(
    {
        "id", "grid", "entrance", "number", "title", "status", "channel", "version", "opened_at", "closed_at", "due_at",
        "yellow_at", "paused_at",
    }
)  # fmt: skip


class MatterQuerySet(RestrictedQuerySet):
    def ongoing(self):
        """Return the matters that are not finished."""
        return self.filter(closed_at=None)

    def red(self, now=None):
        """Return ongoing matters whose deadline has passed."""
        return self.ongoing().filter(paused_at=None, due_at__lte=now or timezone.now())

    def yellow(self, now=None):
        """Return ongoing matters with less than a quarter of their time left."""
        now = now or timezone.now()
        return self.ongoing().filter(paused_at=None, yellow_at__lte=now, due_at__gt=now)

    def search(self, text: str, by: Any):
        """Return the matters whose words or number hold every word of ``text``.

        Names and the last four digits of phones count only on rows where ``by`` may call these people or lift the mask
        (``contact``, ``reveal``): to everyone else a search would tell what the mask hides.
        """
        words = terms_of_query(text)
        if not words:
            return self.none()
        rule, memo, everywhere = rule_of(self.model), {}, Q(search_terms__contains=words)
        named = any_of(rule.q(self.model, by, action, memo) for action in ("contact", "reveal"))
        # Who may lift the mask on all that she sees, as at a community's desk, gets the plain condition.
        if named is EVERYTHING or named == rule.q(self.model, by, "view", memo):
            return self.filter(everywhere)
        shown = Q(search_terms__contains=marked(words))
        # Each marked term stands there without the mark too: said of all rows first, so that the index is asked once.
        return self.filter(shown if named is NOTHING else everywhere & (shown | named))

    def with_place(self):
        """Load with each row what names its place, in one statement, and neither the boundary nor anything else of the place.

        The search terms, which no line shows, stay behind too.
        """
        return self.select_related(*PLACE_NAMES).defer("search_terms", *self._unread(PLACE_NAMES))

    def in_lines(self, *columns: str, **related: Sequence[str]):
        """Load what a line of a list shows and nothing else: the matter's place, number, state and light, these further
        ``columns``, and of each relation these columns by name.
        """
        read = {*LINE, *columns, *(path for path in related if "__" not in path)}
        unread = [f.name for f in self.model._meta.concrete_fields if f.name not in read]
        rows = self.select_related(*PLACE_NAMES, *related)
        return rows.defer(*unread, *self._unread(PLACE_NAMES), *self._unread(related))

    def _unread(self, read: Mapping[str, Sequence[str]]) -> list[str]:
        unread = []
        for path, names in read.items():
            model = self.model
            for step in path.split("__"):
                model = model._meta.get_field(step).related_model
            unread += [f"{path}__{f.name}" for f in model._meta.concrete_fields if f.name not in names]
        return unread

    def with_light(self, now=None):
        """Annotate ``light_rank``: 0 red, 1 yellow, 2 green, 3 finished or paused; for sorting lists."""
        now = now or timezone.now()
        return self.annotate(
            light_rank=Case(
                When(Q(closed_at__isnull=False) | Q(paused_at__isnull=False) | Q(due_at=None), then=Value(3)),
                When(due_at__lte=now, then=Value(0)),
                When(yellow_at__lte=now, then=Value(1)),
                default=Value(2),
            )
        )


class Matter(Territorial):
    """Something that someone asked for or reported, at a place, with a state, a clock and a timeline."""

    #: Two letters that begin the number; each concrete matter sets its own.
    prefix = ""
    #: Fields shown masked unless the rule allows ``contact`` (or a logged reveal) on the row.
    masked = {"applicant_name": "name", "applicant_phone": "phone"}

    number = models.CharField("编号", max_length=40, unique=True, editable=False)
    title = models.CharField("标题", max_length=80)
    description = models.TextField("说明", max_length=2000, blank=True)
    applicant = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, blank=True, verbose_name="申请人账号", related_name="+"
    )
    applicant_name = models.CharField("申请人", max_length=40)
    applicant_phone = models.CharField("联系电话", max_length=11, validators=[PHONE])
    placed_by = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, blank=True, verbose_name="代办人", related_name="+"
    )
    entrance = models.ForeignKey(
        "grids.Entrance", models.PROTECT, null=True, blank=True, verbose_name="楼门", related_name="+"
    )
    unit = models.ForeignKey(
        "governance.Unit", models.PROTECT, null=True, blank=True, verbose_name="承办单位", related_name="+"
    )
    channel = models.CharField("来源", max_length=12, choices=Channel.choices, default=Channel.RESIDENT)
    status = models.CharField("状态", max_length=16, editable=False)
    version = models.PositiveIntegerField("版本", default=0, editable=False)
    opened_at = models.DateTimeField("提交时间", default=timezone.now, editable=False)
    closed_at = models.DateTimeField("办结时间", null=True, editable=False)
    clock_from = models.DateTimeField("计时开始", null=True, editable=False)
    due_at = models.DateTimeField("时限", null=True, editable=False)
    yellow_at = models.DateTimeField("黄灯时间", null=True, editable=False)
    paused_at = models.DateTimeField("暂停时间", null=True, editable=False)
    escalation = models.PositiveSmallIntegerField("已上报层级", default=0, editable=False)
    search_terms = SearchTerms()

    objects = MatterQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["-opened_at", "-pk"]
        indexes = [
            models.Index(fields=["district_code", "-opened_at", "-id"], name="%(class)s_district"),
            models.Index(fields=["street_code", "-opened_at", "-id"], name="%(class)s_street"),
            models.Index(fields=["community_code", "-opened_at", "-id"], name="%(class)s_community"),
            models.Index(fields=["grid", "-opened_at", "-id"], name="%(class)s_grid"),
            models.Index(
                fields=["unit", "-opened_at", "-id"], name="%(class)s_unit", condition=Q(unit__isnull=False)
            ),
            # The desk and the ladder look at unfinished matters only, a small part of a long history.
            models.Index(
                fields=["community_code", "due_at"],
                name="%(class)s_open_community",
                condition=Q(closed_at=None),
            ),
            models.Index(
                fields=["street_code", "due_at"], name="%(class)s_open_street", condition=Q(closed_at=None)
            ),
            models.Index(fields=["due_at"], name="%(class)s_open", condition=Q(closed_at=None)),
            models.Index(fields=["applicant", "-opened_at"], name="%(class)s_applicant"),
            models.Index(fields=["applicant_phone"], name="%(class)s_phone"),
            GinIndex(fields=["search_terms"], name="%(class)s_search"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_at=None) | Q(closed_at__gte=models.F("opened_at")),
                name="%(class)s_closed_later",
                violation_error_message="办结时间不能早于提交时间。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def light(self) -> str:
        """The deadline light: ``red``, ``yellow``, ``green``, ``paused``, or ``off`` when nothing runs."""
        if self.closed_at is not None or self.due_at is None:
            return "off"
        if self.paused_at is not None:
            return "paused"
        now = timezone.now()
        if self.due_at <= now:
            return "red"
        return "yellow" if self.yellow_at is not None and self.yellow_at <= now else "green"

    def concerns(self, person: Any) -> bool:
        """Say whether the matter is this person's own affair, so that she finds it on her own pages and not at the desk."""
        return person.pk in (self.applicant_id, self.placed_by_id)

    def echoes(self) -> list["Matter"]:
        """Return the matters whose applicants hear what this one's applicant hears, each under her own number."""
        return []

    def goes_on_in(self) -> "Matter | None":
        """Return the matter of the same kind that has taken this one in, None where none has."""
        return None

    def search_text(self) -> str:
        """What everyone who sees this matter may search by, besides its number."""
        return f"{self.title} {self.description}"

    def masked_text(self) -> str:
        """What only those may search by to whom the masked columns are open, besides the phone's last four digits."""
        return ""

    def indexed_words(self) -> tuple[str, ...]:
        """Return what actions may change of what ``search_terms`` is made of; changed, the engine makes it anew.

        A matter whose masked text stands in other rows leaves that out here, and whoever changes those rows makes it anew.
        """
        return (self.title, self.description, self.masked_text())

    def index(self) -> list[str]:
        """Return what ``search_terms`` holds."""
        return index((self.search_text(), self.number), (self.masked_text(), self.applicant_phone[-4:]))

    def get_absolute_url(self) -> str:
        """The page of the person it belongs to; staff have the admin's."""
        raise NotImplementedError

    def get_desk_url(self) -> str:
        """Its page in the web admin."""
        return reverse(f"admin:{self._meta.app_label}_{self._meta.model_name}_change", args=[self.pk])

    def gist(self, *, place: bool = True) -> str:
        """In a few words, beside the title, what tells this matter from others of its kind: for notices and text messages.

        Nothing that is masked may stand here. ``place``: with the place, down to the door.
        """
        return self.place_text if place else ""

    @property
    def place_text(self) -> str:
        """Where it is, to the building door: what may be shown before acceptance."""
        return f"{self.grid} {self.entrance}" if self.entrance_id else str(self.grid)

    def audience(self, key: str) -> list:
        """Return the users whom ``key`` of the transition table means; each app adds its own keys.

        Raises KeyError for a key nobody knows.
        """
        if key == "applicant":
            return [self.applicant] if self.applicant_id else []
        raise KeyError(key)


class Step(AppendOnly):
    """One change of a matter: what happened, who did it, when and why. Never edited.

    Concrete steps add ``matter``, a foreign key to their matter with ``related_name="steps"``.
    """

    seq = models.PositiveIntegerField("序号")
    action = models.CharField("动作", max_length=24)
    label = models.CharField("事项", max_length=40)
    actor = models.ForeignKey("governance.User", models.PROTECT, verbose_name="办理人", related_name="+")
    capacity = models.CharField("身份", max_length=120, blank=True)
    at = models.DateTimeField("时间", default=timezone.now)
    from_status = models.CharField("原状态", max_length=16, blank=True)
    to_status = models.CharField("新状态", max_length=16)
    note = models.TextField("说明", max_length=1000, blank=True)
    due_at = models.DateTimeField("时限", null=True)
    seen_version = models.PositiveIntegerField("所见版本", null=True)
    data = models.JSONField("附加信息", default=dict)

    class Meta:
        abstract = True
        ordering = ["seq"]
        constraints = [
            models.UniqueConstraint(
                fields=["matter", "seq"], name="%(class)s_seq", violation_error_message="这一步已经记录过。"
            )
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.label}"
