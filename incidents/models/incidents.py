"""An incident (事件), its steps and its pictures."""

from datetime import timedelta

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from governance import parameters
from governance.models import Matter, MatterQuerySet, Photo, Step
from governance.models.matters import Channel
from governance.models.people import PHONE, acts_for, people_of
from governance.permissions import (
    Jurisdiction,
    Own,
    Published,
    Through,
    nearest_holders,
)
from incidents.models.catalogue import MinorClass


class IncidentStatus(models.TextChoices):
    REPORTED = "reported", "待受理"
    ACCEPTED = "accepted", "待派遣"
    DISPATCHED = "dispatched", "待接收"
    RETURNED = "returned", "退回待派"
    DISPUTED = "disputed", "待裁定"
    HANDLING = "handling", "处置中"
    BACKLOG = "backlog", "挂账"
    HANDLED = "handled", "待核查"
    CLOSED = "closed", "已结案"
    RATED = "rated", "已评价"
    REJECTED = "rejected", "不予受理"
    WITHDRAWN = "withdrawn", "已撤回"
    MERGED = "merged", "已并案"
    REFERRED = "referred", "已转办"


S = IncidentStatus
#: With whoever decides who handles it.
AT_DESK = frozenset({S.REPORTED, S.ACCEPTED, S.RETURNED})
#: With whoever handles it.
IN_HAND = frozenset({S.DISPATCHED, S.HANDLING, S.BACKLOG})
#: Handled and found so.
DONE = frozenset({S.CLOSED, S.RATED})
#: Ended without anybody handling it here.
DROPPED = frozenset({S.REJECTED, S.WITHDRAWN, S.MERGED, S.REFERRED})
#: Whoever reports by these ways is called back: by phone, or on a phone.
CALLED_BACK = (Channel.HOTLINE, Channel.RESIDENT)
#: A reporter is to be spoken to within so long at most, whatever the parameter says. Whoever looks for the incidents whose
#: reporters were to be spoken to by a day finds them among those that came in so long before it, along the index on opened_at.
LONGEST_TO_RESPOND = timedelta(days=15)


class Satisfaction(models.IntegerChoices):
    """How the reporter answers; the first two count as satisfied (满意、基本满意)."""

    VERY = 5, "满意"
    FAIRLY = 4, "基本满意"
    SO_SO = 3, "一般"
    LITTLE = 2, "不太满意"
    NOT = 1, "不满意"


#: From here on an answer counts as satisfied.
SATISFIED = Satisfaction.FAIRLY


class IncidentQuerySet(MatterQuerySet):
    def for_page(self):
        """Load what an incident's line shows."""
        return self.select_related("minor_class", "unit").with_place()

    def unreceived(self, now=None):
        """Return the incidents that were dispatched and not taken in within the time for it."""
        # Said in these words, it is found in the index of what is unfinished.
        return self.ongoing().filter(status=S.DISPATCHED, receive_by__lte=now or timezone.now())

    def of_assignee(self, user, units: list[int]):
        """Return the unfinished incidents that wait for this person as a grid worker, or for one of these units."""
        mine = Q(worker=user) | Q(unit__in=units) if units else Q(worker=user)
        return self.ongoing().filter(mine, status__in=IN_HAND)

    def lately_closed(self, now=None):
        """Return the incidents of hotline and residents that were closed so lately that their reporters can be called back."""
        since = (now or timezone.now()) - timedelta(days=parameters.value("incidents.callback_days"))
        # Closings lie in an index by place and day; the last one of an incident was where the incident is now.
        closing = self._lines("closings").filter(
            incident=OuterRef("pk"),
            district_code=OuterRef("district_code"),
            street_code=OuterRef("street_code"),
            community_code=OuterRef("community_code"),
            at__gte=since,
        )
        return self.filter(
            Exists(closing), status__in=DONE, channel__in=CALLED_BACK, closed_at__gte=since
        ).exclude(applicant_phone="")

    def to_call_back(self, now=None):
        """Return those of them whom nobody has called, and who have not answered by themselves, since the closing."""
        return self.lately_closed(now).exclude(Exists(self._calls()))

    def not_reached(self, now=None):
        """Return those of them who were called and did not pick up."""
        return (
            self.lately_closed(now)
            .filter(Exists(self._calls()))
            .exclude(Exists(self._calls().filter(reached=True)))
        )

    def _calls(self):
        """Return the calls back since an incident's last closing, for the query in which it stands."""
        return self._lines("callbacks").filter(incident=OuterRef("pk"), at__gte=OuterRef("closed_at"))

    def _lines(self, name: str):
        """Return all lines of one kind that are kept about incidents (incidents/models/outcomes.py)."""
        return self.model._meta.get_field(name).related_model.objects


class Incident(Matter):
    """Something that is wrong or happens at a place, from whichever channel it came in, followed to its end."""

    prefix = "SJ"
    masked = {"applicant_name": "name", "applicant_phone": "phone"}

    # An alarm has nobody behind it, and a passer-by need not say who she is.
    applicant_name = models.CharField("报告人", max_length=40, blank=True)
    applicant_phone = models.CharField("报告人电话", max_length=11, blank=True, validators=[PHONE])
    status = models.CharField("状态", max_length=16, choices=IncidentStatus.choices, editable=False)
    minor_class = models.ForeignKey(MinorClass, models.PROTECT, verbose_name="小类", related_name="incidents")
    spot = models.CharField("具体位置", max_length=100, blank=True)
    longitude = models.FloatField("经度", null=True, blank=True)
    latitude = models.FloatField("纬度", null=True, blank=True)
    captured_at = models.DateTimeField("发现时间", null=True, blank=True)
    is_urgent = models.BooleanField("危及安全", default=False)

    # --- who ---
    worker = models.ForeignKey(
        "governance.User",
        models.PROTECT,
        null=True,
        verbose_name="承办网格员",
        related_name="+",
        editable=False,
    )
    first_receiver = models.ForeignKey(
        "governance.User",
        models.PROTECT,
        null=True,
        verbose_name="首接责任人",
        related_name="+",
        editable=False,
    )
    handler = models.ForeignKey(
        "governance.User", models.PROTECT, null=True, verbose_name="处置人", related_name="+", editable=False
    )

    # --- when ---
    accepted_at = models.DateTimeField("受理时间", null=True, editable=False)
    dispatched_at = models.DateTimeField("派遣时间", null=True, editable=False)
    receive_by = models.DateTimeField("接收时限", null=True, editable=False)
    received_at = models.DateTimeField("接收时间", null=True, editable=False)
    receive_told_at = models.DateTimeField("接收超时提醒时间", null=True, editable=False)
    respond_by = models.DateTimeField("联系时限", null=True, editable=False)
    responded_at = models.DateTimeField("联系诉求人时间", null=True, editable=False)
    handled_at = models.DateTimeField("处置完成时间", null=True, editable=False)
    handled_due = models.DateTimeField("处置时的时限", null=True, editable=False)
    backlog_until = models.DateField("挂账至", null=True, editable=False)
    reopen_until = models.DateTimeField("可重办至", null=True, editable=False)
    supervised_at = models.DateTimeField("督办时间", null=True, editable=False)
    published_at = models.DateTimeField("公开时间", null=True, editable=False)

    # --- how it went ---
    returns = models.PositiveSmallIntegerField("退回次数", default=0, editable=False)
    designated = models.BooleanField("裁定指派", default=False, editable=False)
    rework = models.PositiveSmallIntegerField("整改次数", default=0, editable=False)
    reopened = models.PositiveSmallIntegerField("重办次数", default=0, editable=False)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, verbose_name="并入", related_name="merged", editable=False
    )
    part_of = models.ForeignKey(
        "self", models.PROTECT, null=True, verbose_name="拆分自", related_name="parts", editable=False
    )
    public_words = models.CharField("公开说明", max_length=200, blank=True, editable=False)
    solved = models.BooleanField("是否解决", null=True, editable=False)
    satisfaction = models.PositiveSmallIntegerField(
        "满意度", null=True, choices=Satisfaction.choices, editable=False
    )
    rating_words = models.CharField("评价", max_length=500, blank=True, editable=False)

    objects = IncidentQuerySet.as_manager()
    rule = Jurisdiction(
        unit="unit",
        own=[
            Own(
                "applicant",
                frozenset({"view", "contact", "supplement", "withdraw", "urge", "rate", "reopen"}),
                "报告人",
            ),
            Own("placed_by", frozenset({"view", "supplement", "withdraw"}), "上报人"),
            Own("placed_by", frozenset({"contact"}), "上报人", when=Q(closed_at=None)),
            Own("worker", frozenset({"view", "handle"}), "承办网格员"),
            # Who handles it may call the reporter, until it is done.
            Own("worker", frozenset({"contact"}), "承办网格员", when=Q(closed_at=None)),
        ],
        published=[
            # How many there are, and of what kind, is for everyone to know; which ones, only of the published.
            Published(frozenset({"count"}), label="公开的统计"),
            Published(frozenset({"disclose"}), when=Q(published_at__isnull=False), label="公开的事件"),
        ],
    )

    class Meta(Matter.Meta):
        verbose_name = verbose_name_plural = "事件"
        permissions = [
            ("report_incident", "上报事件"),
            ("import_incident", "批量导入事件"),
            ("dispatch_incident", "受理和派遣"),
            ("handle_incident", "处置"),
            ("verify_incident", "核查"),
            ("supervise_incident", "督办和挂账"),
            ("arbitrate_incident", "裁定承办单位"),
            ("callback_incident", "回访"),
            ("supplement_incident", "补充说明"),
            ("withdraw_incident", "撤回"),
            ("urge_incident", "催办"),
            ("rate_incident", "评价"),
            ("reopen_incident", "重新办理"),
            ("contact_incident", "查看联系方式"),
            ("reveal_incident", "查看脱敏信息"),
            ("export_incident", "导出事件"),
            ("count_incident", "公开统计"),
            ("disclose_incident", "公开查看"),
        ]
        indexes = [
            *Matter.Meta.indexes,
            models.Index(
                fields=["worker", "due_at"], name="incident_worker_open", condition=Q(closed_at=None)
            ),
            models.Index(fields=["unit", "due_at"], name="incident_unit_open", condition=Q(closed_at=None)),
            models.Index(
                fields=["district_code", "due_at"], name="incident_open_district", condition=Q(closed_at=None)
            ),
            models.Index(fields=["grid", "due_at"], name="incident_open_grid", condition=Q(closed_at=None)),
            models.Index(
                fields=["receive_by"],
                name="incident_unreceived",
                condition=Q(status="dispatched", receive_told_at=None),
            ),
            models.Index(fields=["placed_by", "-opened_at"], name="incident_placed_by"),
            # Her own rows outside her post, among thousands inside it, read off the index alone.
            models.Index(
                fields=["worker", "grid"],
                include=["id"],
                name="incident_worker_place",
                condition=Q(worker__isnull=False),
            ),
            models.Index(
                fields=["placed_by", "grid"],
                include=["id"],
                name="incident_placed_place",
                condition=Q(placed_by__isnull=False),
            ),
            models.Index(
                fields=["merged_into"], name="incident_merged", condition=Q(merged_into__isnull=False)
            ),
            models.Index(fields=["part_of"], name="incident_parts", condition=Q(part_of__isnull=False)),
            models.Index(
                fields=["-opened_at", "-id"],
                name="incident_published",
                condition=Q(published_at__isnull=False),
            ),
        ]
        constraints = [
            *Matter.Meta.constraints,
            models.CheckConstraint(
                condition=Q(status__in=IncidentStatus.values),
                name="incident_status_known",
                violation_error_message="事件没有这个状态。",
            ),
            models.CheckConstraint(
                condition=Q(unit=None) | Q(worker=None),
                name="incident_one_assignee",
                violation_error_message="一件事只能派给一个网格员或一个单位。",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["dispatched", "handling"])
                | Q(unit__isnull=False)
                | Q(worker__isnull=False),
                name="incident_has_assignee",
                violation_error_message="派遣的事件须有承办的网格员或单位。",
            ),
            models.CheckConstraint(
                condition=Q(status="merged", merged_into__isnull=False)
                | ~Q(status="merged") & Q(merged_into=None),
                name="incident_merged_somewhere",
                violation_error_message="并案的事件须写明并入哪一件。",
            ),
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=F("id")),
                name="incident_not_into_itself",
                violation_error_message="事件不能并入自己。",
            ),
            models.CheckConstraint(
                condition=Q(longitude=None, latitude=None)
                | Q(longitude__gte=-180, longitude__lte=180, latitude__gte=-90, latitude__lte=90),
                name="incident_point",
                violation_error_message="经度和纬度要一起填写，并在范围以内。",
            ),
            models.CheckConstraint(
                condition=Q(satisfaction=None) | Q(satisfaction__gte=1, satisfaction__lte=5),
                name="incident_satisfaction",
                violation_error_message="满意度在 1 到 5 之间。",
            ),
            models.CheckConstraint(
                condition=Q(respond_by=None)
                | Q(respond_by__gte=F("opened_at"), respond_by__lte=F("opened_at") + LONGEST_TO_RESPOND),
                name="incident_responded_soon",
                violation_error_message="联系诉求人的时限在提交以后 15 天以内。",
            ),
        ]

    def get_absolute_url(self) -> str:
        return reverse("incident", args=[self.number])

    def search_text(self) -> str:
        return f"{self.title} {self.description} {self.spot} {self.minor_class.name}"

    def masked_text(self) -> str:
        return self.applicant_name

    def gist(self, *, place: bool = True) -> str:
        return self.where if place else ""

    @property
    def where(self) -> str:
        """The place with the words that find it."""
        return f"{self.place_text} {self.spot}".strip()

    @property
    def assignee(self) -> str:
        """Who has it in hand, in words; empty while nobody has."""
        return str(self.worker) if self.worker_id else str(self.unit) if self.unit_id else ""

    @property
    def responsible(self):
        """Who answers for it: whoever has taken it in to handle, and until then who received it first (首接负责)."""
        return self.handler or self.first_receiver

    def is_assignee(self, user) -> bool:
        """Say whether the incident is this person's to handle: as its worker, or by a post of, or at the place of, its unit."""
        if self.worker_id is not None:
            return self.worker_id == user.pk
        return self.unit_id is not None and acts_for(user, self.unit, "incidents.handle_incident")

    def people_of_unit(self):
        """Return those for whom ``is_assignee`` holds by a post of, or at the place of, the unit that has it in hand."""
        return people_of(self.unit, "incidents.handle_incident", self.grid_id)

    def echoes(self) -> list[Matter]:
        return list(self.merged.select_related("applicant", "minor_class").with_place()) if self.pk else []

    def goes_on_in(self) -> "Incident | None":
        return self.merged_into

    def audience(self, key: str) -> list:
        if key == "reporter":
            return [self.placed_by] if self.placed_by_id else []
        if key == "dispatchers":
            return list(nearest_holders("incidents.dispatch_incident", self.grid_id))
        if key == "verifiers":
            return list(nearest_holders("incidents.verify_incident", self.grid_id))
        if key == "arbiters":
            return list(nearest_holders("incidents.arbitrate_incident", self.grid_id))
        if key == "assignee":
            if self.worker_id:
                return [self.worker]
            return list(self.people_of_unit()) if self.unit_id is not None else []
        return super().audience(key)


class IncidentStep(Step):
    """A step of an incident."""

    matter = models.ForeignKey(Incident, models.PROTECT, related_name="steps", verbose_name="事件")

    rule = Through("matter", view="view")

    class Meta(Step.Meta):
        verbose_name = verbose_name_plural = "事件记录"


class IncidentPhoto(Photo):
    """A picture of an incident: as it was reported, as it was left, or as it was found on verification."""

    class Stage(models.TextChoices):
        REPORTED = "reported", "上报"
        HANDLED = "handled", "处置"
        VERIFIED = "verified", "核查"

    incident = models.ForeignKey(Incident, models.PROTECT, related_name="photos", verbose_name="事件")
    stage = models.CharField("环节", max_length=8, choices=Stage.choices, default=Stage.REPORTED)
    #: As the phone says; a picture that waited for the network was taken long before it came.
    taken_at = models.DateTimeField("拍摄时间", null=True, editable=False)

    rule = Through("incident", view="view", add="supplement")

    class Meta(Photo.Meta):
        verbose_name = verbose_name_plural = "事件照片"
