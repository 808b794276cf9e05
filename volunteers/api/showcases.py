"""Showcases in the API: the public wall, one's own stories, and their review."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from governance.api import fields, idempotency
from governance.api.filters import MatterFilter
from governance.api.matters import AvailableField, MatterSerializer, MatterViewSet, with_actions
from governance.api.parsers import JSONParser, MultiPartParser
from governance.api.photos import PhotoSerializer, photos_field
from governance.models import Matter
from volunteers.flow import SHOWCASES
from volunteers.models import Order, Showcase
from volunteers.models.showcases import ShowcaseStatus
from volunteers.services.showcases import MOST_PHOTOS, revise_showcase, submit_showcase


class ShowcaseSerializer(MatterSerializer):
    """A story. Its author goes by the signature she chose; name and phone are masked unless the rule allows contact."""

    author = serializers.SerializerMethodField()
    item_name = serializers.CharField(source="order.item.name", read_only=True)
    photos = PhotoSerializer(many=True, read_only=True)

    class Meta:
        model = Showcase
        fields = [*MatterSerializer.Meta.fields, "author", "item_name", "photos"]
        read_only_fields = fields

    def get_author(self, showcase: Showcase) -> str:
        return showcase.signature or "一位志愿者"

    def to_representation(self, instance: Showcase) -> dict[str, Any]:
        shown = super().to_representation(instance)
        if instance.pk not in self.context.get("clear", ()):
            # The wall's readers learn the signature alone, not even a masked name.
            shown["applicant_name"] = shown["applicant_phone"] = ""
        return shown


class ShowcaseDetailSerializer(ShowcaseSerializer):
    """One story, with what the caller may do now."""

    actions = AvailableField()

    class Meta(ShowcaseSerializer.Meta):
        fields = [*ShowcaseSerializer.Meta.fields, "consent", "consent_at", "actions"]
        read_only_fields = fields


class ConsentField(fields.MomentField):
    """When the beneficiary agreed."""

    default_error_messages = {"later": "同意的时间不能晚于现在。"}

    def to_internal_value(self, value: Any) -> datetime:
        moment = super().to_internal_value(value)
        if moment > timezone.now():
            self.fail("later")
        return moment


class ShowSerializer(serializers.Serializer):
    """A new story about an order that the caller served."""

    order = fields.KeyField("number", queryset=Order.objects.all(), action="show")
    title = serializers.CharField(max_length=80)
    story = serializers.CharField(max_length=2000)
    consent = serializers.ChoiceField(choices=Showcase.Consent.choices)
    consent_at = ConsentField()
    signature = fields.words(40, required=False)
    photos = photos_field(MOST_PHOTOS)


class ShowcaseFilter(MatterFilter):
    """A matter's filters, and those of a story."""

    status = filters.MultipleChoiceFilter(choices=ShowcaseStatus.choices, label="状态，可多选")

    class Meta:
        model = Showcase
        fields: list[str] = []


ACTIONS = {
    "revise": {
        "title": lambda: serializers.CharField(max_length=80, required=False),
        "story": lambda: serializers.CharField(max_length=2000, required=False),
        "consent": lambda: serializers.ChoiceField(choices=Showcase.Consent.choices, required=False),
        "consent_at": lambda: ConsentField(required=False),
        "signature": lambda: fields.words(40, required=False),
        "photos": lambda: photos_field(MOST_PHOTOS),
        "drop": lambda: serializers.ListField(
            child=serializers.CharField(max_length=40),
            required=False,
            max_length=MOST_PHOTOS,
            help_text="要去掉的照片的 token。",
        ),
    },
}


@with_actions(SHOWCASES, ACTIONS)
class ShowcaseViewSet(MatterViewSet):
    """What is on the wall is open to all; the rest is for authors and reviewers."""

    public = True
    queryset = (
        Showcase.objects.select_related("grid", "order__item")
        .defer("grid__boundary")
        .prefetch_related("photos")
    )
    serializer_class = ShowcaseSerializer
    detail_serializer_class = ShowcaseDetailSerializer
    filterset_class = ShowcaseFilter

    def get_parsers(self) -> list[Any]:
        with_pictures = getattr(self, "action_map", {}).get("post") in ("create", "do_revise")
        return [JSONParser(), MultiPartParser()] if with_pictures else [JSONParser()]

    @extend_schema(
        summary="晒单",
        parameters=[idempotency.PARAMETER],
        request={"application/json": ShowSerializer, "multipart/form-data": ShowSerializer},
        responses={201: ShowcaseDetailSerializer},
    )
    def create(self, request: Request) -> Response:
        """Tell the story of a service, with up to nine pictures; the community reviews it."""
        idempotency.key_of(request)
        data = self.take(ShowSerializer)
        return self.once(lambda: submit_showcase(data.pop("order"), by=request.user, **data))

    def carry_out(self, matter: Matter, name: str, version: int, note: str, data: dict[str, Any]) -> None:
        if name != "revise":
            super().carry_out(matter, name, version, note, data)
            return
        drop = matter.photos.filter(token__in=data.pop("drop", []))
        kept = {
            "title": matter.title,
            "story": matter.description,
            "consent": matter.consent,
            "consent_at": matter.consent_at,
            "signature": matter.signature,
        }
        revise_showcase(matter, by=self.request.user, version=version, drop=list(drop), **{**kept, **data})
