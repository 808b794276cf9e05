"""Incidents: reporting one, what may be seen of it, and one route for each action of the transition table."""

from collections.abc import Iterable
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db.models import Model, Q, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action as route
from rest_framework.request import Request
from rest_framework.response import Response

from governance import intake
from governance.api import fields, idempotency
from governance.api.errors import Elsewhere
from governance.api.filters import MatterFilter
from governance.api.matters import AvailableField, MatterSerializer, MatterViewSet, with_actions
from governance.api.parsers import JSONParser, MultiPartParser
from governance.api.photos import PhotoSerializer, UploadSerializer, photos_field
from governance.flow import NotYours, Refused
from governance.models import ApiToken, Matter, User
from governance.permissions import any_of, permitted_actions, rule_of
from grids import geometry
from grids.models import Entrance, Grid
from incidents.api.actions import ACTIONS, WITH_PICTURES, data_for, minor_field
from incidents.flow import INCIDENTS
from incidents.flow.incidents import INSIDE
from incidents.forms.actions import MOST_PHOTOS
from incidents.forms.choices import AssigneeField
from incidents.likeness import guess_class, similar, suggest_classes
from incidents.models import Incident, IncidentPhoto, MinorClass
from incidents.models.incidents import IncidentStatus
from incidents.services.reporting import report_incident
from incidents.worklists import WORKLISTS, worklist


# --- what is shown ----------------------------------------------------------------------------------------------------
class IncidentSerializer(MatterSerializer):
    """An incident as a list shows it. Who reported it is named to those who handle it, to the desk and to herself."""

    minor_class = serializers.CharField(source="minor_class.code", read_only=True)
    minor_class_name = serializers.CharField(source="minor_class.name", read_only=True)
    major_class_name = serializers.CharField(source="minor_class.major.name", read_only=True)
    place = serializers.CharField(source="place_text", read_only=True)
    assignee = serializers.CharField(read_only=True, help_text="承办的网格员或单位。")
    channel_label = serializers.CharField(source="get_channel_display", read_only=True)
    is_supervised = serializers.SerializerMethodField(help_text="督办中；只告诉办理的人。")

    class Meta:
        model = Incident
        fields = [
            *MatterSerializer.Meta.fields,
            "minor_class",
            "minor_class_name",
            "major_class_name",
            "place",
            "spot",
            "longitude",
            "latitude",
            "captured_at",
            "is_urgent",
            "is_supervised",
            "channel",
            "channel_label",
            "assignee",
            "receive_by",
        ]
        read_only_fields = fields

    def is_inside(self, incident: Incident) -> bool:
        """Say whether the caller is one of those who handle it."""
        return incident.pk in self.context.get("inside", ())

    def get_is_supervised(self, incident: Incident) -> bool:
        return self.is_inside(incident) and incident.supervised_at is not None

    def to_representation(self, instance: Incident) -> dict[str, Any]:
        shown = super().to_representation(instance)
        mine = self.context["request"].user.pk in (instance.applicant_id, instance.placed_by_id)
        if not (mine or self.is_inside(instance)):
            shown |= dict.fromkeys(Incident.masked, "")
        return shown


class IncidentPhotoSerializer(PhotoSerializer):
    """A picture, and from which stage it is."""

    stage = serializers.ChoiceField(choices=IncidentPhoto.Stage.choices)
    stage_label = serializers.CharField(source="get_stage_display")


class RelatedSerializer(serializers.Serializer):
    """Another incident that belongs together with this one. The number is empty where it is out of the caller's reach."""

    number = serializers.CharField(allow_blank=True)
    title = serializers.CharField()
    status = serializers.ChoiceField(choices=IncidentStatus.choices)
    status_label = serializers.CharField(source="get_status_display")


class IncidentDetailSerializer(IncidentSerializer):
    """One incident, whole: how far it is, its pictures, what it belongs together with, what the caller may do now."""

    responsible = serializers.SerializerMethodField(help_text="责任人；只告诉办理的人。")
    lead = serializers.SerializerMethodField(help_text="并入的那一件。")
    parts = serializers.SerializerMethodField(help_text="拆分出来的、您能看到的。")
    photos = IncidentPhotoSerializer(many=True, read_only=True)
    actions = AvailableField()

    class Meta(IncidentSerializer.Meta):
        fields = [
            *IncidentSerializer.Meta.fields,
            "responsible",
            "accepted_at",
            "dispatched_at",
            "received_at",
            "handled_at",
            "backlog_until",
            "published_at",
            "public_words",
            "solved",
            "satisfaction",
            "rating_words",
            "lead",
            "parts",
            "photos",
            "actions",
        ]
        read_only_fields = fields

    def get_responsible(self, incident: Incident) -> str:
        shows = self.is_inside(incident) and incident.is_open and incident.responsible
        return str(incident.responsible) if shows else ""

    @extend_schema_field(RelatedSerializer(allow_null=True))
    def get_lead(self, incident: Incident) -> dict[str, Any] | None:
        if incident.merged_into_id is None:
            return None
        told = RelatedSerializer(incident.merged_into).data
        reach = Incident.objects.restrict(self.context["request"].user).filter(pk=incident.merged_into_id)
        return told if reach.exists() else {**told, "number": ""}

    @extend_schema_field(RelatedSerializer(many=True))
    def get_parts(self, incident: Incident) -> list[dict[str, Any]]:
        rows = Incident.objects.restrict(self.context["request"].user).filter(part_of=incident)
        return RelatedSerializer(rows.order_by("pk")[:9], many=True).data


class ChoiceSerializer(serializers.Serializer):
    """One of several to choose from."""

    id = serializers.CharField()
    name = serializers.CharField()
    group = serializers.CharField()
    usual = serializers.BooleanField(help_text="通常选这个。")


class LikenessSerializer(serializers.Serializer):
    """An incident that may be the same, and why."""

    number = serializers.CharField(source="incident.number")
    title = serializers.CharField(source="incident.title")
    where = serializers.CharField(source="incident.where")
    status_label = serializers.CharField(source="incident.get_status_display")
    opened_at = serializers.DateTimeField(source="incident.opened_at")
    reasons = serializers.ListField(child=serializers.CharField())


# --- what is asked ----------------------------------------------------------------------------------------------------
class IncidentFilter(MatterFilter):
    """A matter's filters, and those of an incident."""

    status = filters.MultipleChoiceFilter(choices=IncidentStatus.choices, label="状态，可多选")
    minor_class = filters.CharFilter(field_name="minor_class__code", max_length=8, label="小类编号")
    major_class = filters.CharFilter(field_name="minor_class__major__code", max_length=4, label="大类编号")
    mine = filters.ChoiceFilter(
        method="own",
        choices=[*WORKLISTS, ("true", "我报的")],
        label="hand 要处置，verify 要核查，new 新上报，sent 我上报的，true 我报的和我代报的",
    )

    class Meta:
        model = Incident
        fields: list[str] = []

    def own(self, rows: QuerySet, name: str, which: str) -> QuerySet:
        user = self.request.user
        if which != "true":
            return worklist(rows, user, which)
        return rows.filter(Q(applicant=user.pk) | Q(placed_by=user.pk))


class ReportSerializer(serializers.Serializer):
    """A new report. Where: a door's token, a grid, or a point; a point makes a chosen grid finer. ``on_duty``: reported by a
    post, for a resident who tells of it or because the worker found it herself."""

    description = serializers.CharField(
        max_length=2000,
        error_messages=dict.fromkeys(("required", "blank"), "请写几个字，说明是什么情况。"),
    )
    minor_class = minor_field(required=False)
    entrance = fields.KeyField(
        "token", queryset=Entrance.objects.select_related("grid"), required=False, allow_null=True
    )
    grid = fields.KeyField("code", queryset=Grid.objects.defer("boundary"), required=False, allow_null=True)
    longitude = serializers.FloatField(min_value=-180, max_value=180, required=False, allow_null=True)
    latitude = serializers.FloatField(min_value=-90, max_value=90, required=False, allow_null=True)
    spot = fields.words(100, required=False)
    is_urgent = serializers.BooleanField(default=False)
    captured_at = fields.MomentField(required=False, allow_null=True, help_text="发现时间，最近 7 天以内。")
    on_duty = serializers.BooleanField(default=False)
    applicant_name = fields.words(40, required=False)
    applicant_phone = fields.phone(required=False, allow_blank=True)
    photos = photos_field(MOST_PHOTOS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if (attrs.get("longitude") is None) != (attrs.get("latitude") is None):
            raise serializers.ValidationError({"longitude": ["经度和纬度要一起填写。"]})
        if attrs.get("minor_class") is None:
            attrs["minor_class"] = guess_class(attrs["description"], classes_in_use(self.context["request"]))
            if attrs["minor_class"] is None:
                raise serializers.ValidationError({"minor_class": ["请选择类别。"]})
        return attrs


def classes_in_use(request: Request) -> list[MinorClass]:
    """Return the classes that are offered, in the catalogue's order."""
    return list(MinorClass.objects.restrict(request.user).filter(is_active=True).select_related("major"))


class LookSerializer(serializers.Serializer):
    """What somebody has written so far, and where she is."""

    description = fields.words(500, required=False)
    minor_class = minor_field(required=False)
    grid = fields.KeyField("code", queryset=Grid.objects.defer("boundary"), required=False)
    longitude = serializers.FloatField(min_value=-180, max_value=180, required=False)
    latitude = serializers.FloatField(min_value=-90, max_value=90, required=False)


class SuggestedSerializer(serializers.Serializer):
    """A class that the words speak of."""

    code = serializers.CharField()
    name = serializers.CharField()


class AlikeSerializer(serializers.Serializer):
    """An incident as anybody may know of it: what, in which grid, since when, how far. No words, no names, no number."""

    title = serializers.CharField()
    grid_name = serializers.CharField(source="grid.name")
    opened_at = serializers.DateTimeField()
    status_label = serializers.CharField(source="get_status_display")


class LookedSerializer(serializers.Serializer):
    """Which class the words speak of, in which grid the point lies, and what alike is already being handled there."""

    classes = SuggestedSerializer(many=True)
    grid = serializers.CharField(allow_null=True)
    similar = AlikeSerializer(many=True)


# --- the views --------------------------------------------------------------------------------------------------------
@with_actions(INCIDENTS, ACTIONS)
class IncidentViewSet(MatterViewSet):
    """Incidents that the caller may see: by her posts, as hers, or as hers to handle."""

    queryset = Incident.objects.for_page().select_related("minor_class__major", "worker")
    serializer_class = IncidentSerializer
    detail_serializer_class = IncidentDetailSerializer
    filterset_class = IncidentFilter
    rule_actions = {"photos": "supplement", "similar": "dispatch"}

    @property
    def public(self) -> bool:
        """Strangers may look before they report, and nothing else."""
        return self.action == "look"

    def get_queryset(self) -> QuerySet[Incident]:
        if self.action == "list":
            return super().get_queryset()
        whole = super().get_queryset().select_related("handler", "first_receiver", "merged_into")
        return whole.prefetch_related("photos")

    def get_parsers(self) -> list[Any]:
        posted = getattr(self, "action_map", {}).get("post", "")
        with_pictures = posted in ("create", "photos") or posted.removeprefix("do_") in WITH_PICTURES
        return [JSONParser(), MultiPartParser()] if with_pictures else [JSONParser()]

    def page_context(self, rows: Iterable[Model]) -> dict[str, Any]:
        """Return, besides whose contact is open, the keys of those that the caller is one to handle."""
        context, user, rule = super().page_context(rows), self.request.user, rule_of(Incident)
        memo: dict = {}
        inside = any_of(rule.q(Incident, user, action, memo) for action in sorted(INSIDE))
        found = Incident.objects.filter(inside, pk__in=[row.pk for row in rows]).order_by()
        return {**context, "inside": set(found.values_list("pk", flat=True))}

    def known_people(self, matter: Incident, context: dict[str, Any]) -> set[int | None]:
        return {matter.applicant_id} if matter.pk in context["clear"] else set()

    @extend_schema(
        summary="上报事件",
        parameters=[idempotency.PARAMETER],
        request={"application/json": ReportSerializer, "multipart/form-data": ReportSerializer},
        responses={201: IncidentDetailSerializer},
    )
    def create(self, request: Request) -> Response:
        """Report an incident. The same ``Idempotency-Key`` with the same body answers with the same incident."""
        key = idempotency.key_of(request)
        data = self.take(ReportSerializer)
        user, on_duty = request.user, data.pop("on_duty")
        if on_duty and not user.has_perm("incidents.report_incident"):
            raise Elsewhere
        owner: User | None = user
        if on_duty:
            phone = data.get("applicant_phone")
            same = User.objects.filter(phone=phone, phone_verified=True, is_active=True) if phone else None
            owner = same.first() if same is not None else None
        else:
            data.pop("applicant_name", None)
            data.pop("applicant_phone", None)
        system = isinstance(request.auth, ApiToken) and request.auth.system

        def report() -> Incident:
            try:
                incident, _ = report_incident(
                    by=user,
                    source="api",
                    source_id=f"{user.pk}:{key}",
                    channel="api" if system else "worker" if on_duty else "resident",
                    applicant=owner,
                    **data,
                )
            except NotYours:
                raise Refused(
                    "这个位置不在您负责的范围内，请换成您负责的网格，或以居民身份上报。", "grid"
                ) from None
            return incident

        return self.once(report)

    @extend_schema(
        summary="补照片",
        parameters=[idempotency.PARAMETER],
        request={"multipart/form-data": UploadSerializer},
        responses={201: IncidentDetailSerializer},
    )
    @route(detail=True, methods=["post"])
    def photos(self, request: Request, number: str) -> Response:
        """Add pictures to an incident that is not over: a supplement without words, sent once."""
        incident = self.get_object()
        uploads: list[UploadedFile] = self.take(UploadSerializer)["photos"]
        if len(uploads) > MOST_PHOTOS:
            raise serializers.ValidationError({"photos": [f"最多 {MOST_PHOTOS} 张照片，请重新选择。"]})
        return self.once(lambda: INCIDENTS.run(incident, "supplement", by=request.user, photos=uploads))

    def carry_out(self, matter: Matter, name: str, version: int, note: str, data: dict[str, Any]) -> None:
        needed = self.flow.actions[name].permission
        if needed not in permitted_actions(self.request.user, matter, {needed}):
            raise NotYours
        super().carry_out(matter, name, version, note, data_for(matter, name, self.request.user, data))

    @extend_schema(summary="可以派给谁", responses=ChoiceSerializer(many=True))
    @route(detail=True, pagination_class=None, filterset_class=None)
    def assignees(self, request: Request, number: str) -> Response:
        """The grid workers and units that this incident can be given to, for those who dispatch or arbitrate."""
        incident = self.get_object()
        if not permitted_actions(request.user, incident, {"dispatch", "arbitrate"}):
            raise Elsewhere
        field = AssigneeField()
        field.offer(incident)
        return Response(_choices(field.choices, field.initial))

    @extend_schema(summary="可以转到哪里", responses=ChoiceSerializer(many=True))
    @route(detail=True, pagination_class=None, filterset_class=None)
    def referrals(self, request: Request, number: str) -> Response:
        """The other kinds of matters that this incident can be turned into, for those who dispatch."""
        if not permitted_actions(request.user, self.get_object(), {"dispatch"}):
            raise Elsewhere
        return Response(_choices(intake.referrals("incident")))

    @extend_schema(summary="可能是同一件事", responses=LikenessSerializer(many=True))
    @route(detail=True, pagination_class=None, filterset_class=None)
    def similar(self, request: Request, number: str) -> Response:
        """The incidents within reach that may be the same thing, best first, for those who dispatch."""
        incident = self.get_object()
        found = similar(
            Incident.objects.restrict(request.user, "dispatch"),
            code=incident.grid_id,
            minor_class=incident.minor_class,
            description=incident.description,
            spot=incident.spot,
            entrance_id=incident.entrance_id,
            point=(incident.longitude, incident.latitude) if incident.longitude is not None else None,
            leave_out=incident.pk,
        )
        return Response(LikenessSerializer(found, many=True).data)

    @extend_schema(summary="上报前看一看", parameters=[LookSerializer], responses=LookedSerializer)
    @route(detail=False, pagination_class=None, filterset_class=None)
    def look(self, request: Request) -> Response:
        """Which class the words speak of, and what alike was reported here already. Households are left out."""
        asked = self.take(LookSerializer, request.query_params)
        words, point = asked.get("description", ""), (asked.get("longitude"), asked.get("latitude"))
        located = geometry.locate(*point) if None not in point else None
        suggested = [] if asked.get("minor_class") else suggest_classes(words, classes_in_use(request))
        minor = asked.get("minor_class") or (suggested[0] if suggested else None)
        code = located or (asked["grid"].pk if asked.get("grid") else None)
        found = []
        if code and minor is not None:
            rows = Incident.objects.restrict(request.user, "count").ongoing()
            rows = rows.filter(minor_class__is_public=True)
            # Others' words are not compared: who may not read them could guess at them, two characters at a time.
            found = similar(rows, code=code, minor_class=minor, point=point if located else None)
        told = {"classes": suggested, "grid": located, "similar": [each.incident for each in found]}
        return Response(LookedSerializer(told).data)


def _choices(groups: Iterable[Any], usual: str | None = None) -> list[dict[str, Any]]:
    """Return the grouped choices of a form as lines."""
    return [
        {"id": key, "name": name, "group": group, "usual": key == usual}
        for group, some in groups
        if group
        for key, name in some
    ]
