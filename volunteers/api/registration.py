"""Registering as a volunteer in the API."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from governance.api import fields, idempotency
from governance.api.filters import MatterFilter
from governance.api.matters import AvailableField, MatterSerializer, MatterViewSet, with_actions
from grids.models import Entrance, Grid
from volunteers.flow import REGISTRATION
from volunteers.models import Skill, Volunteer
from volunteers.models.people import WEEK_PARTS, VolunteerStatus
from volunteers.services.registration import change_preferences, register_volunteer


class VolunteerSerializer(MatterSerializer):
    """A registration. The person is masked unless the rule allows contact."""

    skills = serializers.SlugRelatedField("name", many=True, read_only=True)
    birth_date = fields.MaskedField()
    guardian_name = fields.MaskedField()
    guardian_phone = fields.MaskedField()

    class Meta:
        model = Volunteer
        fields = [
            *MatterSerializer.Meta.fields,
            "skills",
            "free_times",
            "reach",
            "birth_date",
            "guardian_name",
            "guardian_phone",
        ]
        read_only_fields = fields


class VolunteerDetailSerializer(VolunteerSerializer):
    """One registration, with what the caller may do now."""

    actions = AvailableField()

    class Meta(VolunteerSerializer.Meta):
        fields = [*VolunteerSerializer.Meta.fields, "actions"]
        read_only_fields = fields


class PreferencesSerializer(serializers.Serializer):
    """What a volunteer can do, when, and how far she goes."""

    skills = serializers.ListField(
        child=fields.KeyField("name", queryset=Skill.objects.all()), required=False, max_length=50
    )
    free_times = serializers.ListField(
        child=serializers.ChoiceField(choices=WEEK_PARTS), required=False, max_length=len(WEEK_PARTS)
    )
    reach = serializers.ChoiceField(choices=Volunteer.Reach.choices, required=False)
    description = fields.words(500, required=False)


class RegisterSerializer(PreferencesSerializer):
    """An application."""

    name = serializers.CharField(max_length=40)
    birth_date = serializers.DateField()
    entrance = fields.KeyField(
        "token", queryset=Entrance.objects.select_related("grid"), required=False, allow_null=True
    )
    grid = fields.KeyField("code", queryset=Grid.objects.defer("boundary"), required=False, allow_null=True)
    guardian_name = fields.words(40, required=False)
    guardian_phone = fields.phone(required=False, allow_blank=True)
    guardian_consent = serializers.BooleanField(default=False, help_text="监护人已在场并同意。")
    consent = serializers.BooleanField(help_text="已阅读并同意信息使用说明。")

    def validate_consent(self, value: bool) -> bool:
        if not value:
            raise serializers.ValidationError("请阅读信息使用说明，同意后才能登记。")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        entrance = attrs.get("entrance")
        attrs["grid"] = entrance.grid if entrance is not None else attrs.get("grid")
        if attrs["grid"] is None:
            raise serializers.ValidationError({"grid": ["请给出楼门（entrance）或网格（grid）。"]})
        if len(attrs["grid"].pk) < 12:
            raise serializers.ValidationError({"grid": ["请选择到社区或基础网格。"]})
        return attrs


class VolunteerFilter(MatterFilter):
    """A matter's filters, and those of a registration."""

    status = filters.MultipleChoiceFilter(choices=VolunteerStatus.choices, label="状态，可多选")
    skill = filters.CharFilter(method="with_skill", max_length=30, label="技能名称")

    class Meta:
        model = Volunteer
        fields: list[str] = []

    def with_skill(self, rows: QuerySet, name: str, skill: str) -> QuerySet:
        having = Volunteer.skills.through.objects.filter(skill__name=skill)
        return rows.filter(pk__in=having.values("volunteer"))


@with_actions(REGISTRATION)
class VolunteerViewSet(MatterViewSet):
    """Registrations: one's own (``mine=true``), and those of the places one works for."""

    queryset = Volunteer.objects.select_related("grid").defer("grid__boundary").prefetch_related("skills")
    serializer_class = VolunteerSerializer
    detail_serializer_class = VolunteerDetailSerializer
    filterset_class = VolunteerFilter
    rule_actions = {"partial_update": "change"}

    @extend_schema(
        summary="登记为志愿者",
        parameters=[idempotency.PARAMETER],
        request=RegisterSerializer,
        responses={201: VolunteerDetailSerializer},
    )
    def create(self, request: Request) -> Response:
        """Apply for registration as a volunteer; the community reviews it."""
        idempotency.key_of(request)
        data = self.take(RegisterSerializer)
        data.pop("consent")
        agreed = timezone.now() if data.pop("guardian_consent") else None
        return self.once(lambda: register_volunteer(request.user, guardian_consent_at=agreed, **data))

    @extend_schema(
        summary="修改服务意愿", request=PreferencesSerializer, responses={200: VolunteerDetailSerializer}
    )
    def partial_update(self, request: Request, number: str) -> Response:
        """Change skills, times, reach and introduction; what is left out stays. No review is needed."""
        volunteer, data = self.get_object(), self.take(PreferencesSerializer)
        change_preferences(
            volunteer,
            by=request.user,
            skills=data.get("skills", list(volunteer.skills.all())),
            free_times=data.get("free_times", volunteer.free_times),
            reach=data.get("reach", volunteer.reach),
            description=data.get("description", volunteer.description),
        )
        return Response(self.represent_one(self.rows("view").get(pk=volunteer.pk)))
