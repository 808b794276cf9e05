"""A volunteer's own claims and hours."""

from typing import Any

from django.db.models import QuerySet, Sum
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action as route
from rest_framework.request import Request
from rest_framework.response import Response

from governance.api.bases import Listing, RestrictedViewSet
from governance.models import User
from volunteers.models import Claim, HoursEntry
from volunteers.models.orders import ClaimStatus


class ClaimSerializer(serializers.ModelSerializer):
    """One place that the caller took, is asked to take, or waits for."""

    order = serializers.CharField(source="order.number", read_only=True)
    title = serializers.CharField(source="order.title", read_only=True)
    order_status = serializers.CharField(source="order.status", read_only=True)
    version = serializers.IntegerField(source="order.version", read_only=True)
    place = serializers.CharField(source="order.place_text", read_only=True)
    wanted_from = serializers.DateTimeField(source="order.wanted_from", read_only=True)
    wanted_until = serializers.DateTimeField(source="order.wanted_until", read_only=True)
    status_label = serializers.CharField(source="get_status_display", read_only=True)

    class Meta:
        model = Claim
        fields = [
            "id",
            "order",
            "title",
            "order_status",
            "version",
            "place",
            "wanted_from",
            "wanted_until",
            "status",
            "status_label",
            "created_at",
            "offer_until",
            "checked_in_at",
            "checked_out_at",
            "half_hours",
        ]
        read_only_fields = fields


class ClaimFilter(filters.FilterSet):
    """By state."""

    status = filters.MultipleChoiceFilter(choices=ClaimStatus.choices, label="状态，可多选")


class ClaimViewSet(Listing, RestrictedViewSet):
    """The caller's own claims, latest first."""

    queryset = Claim.objects.select_related("order__grid", "order__entrance__building").defer(
        "order__grid__boundary"
    )
    serializer_class = ClaimSerializer
    filterset_class = ClaimFilter

    def get_queryset(self) -> QuerySet[Claim]:
        return super().get_queryset().filter(volunteer__applicant=self.request.user.pk)


class HoursEntrySerializer(serializers.ModelSerializer):
    """One line of the ledger."""

    kind_label = serializers.CharField(source="get_kind_display", read_only=True)
    order = serializers.CharField(source="claim.order.number", default=None, allow_null=True, read_only=True)
    title = serializers.CharField(source="claim.order.title", default=None, allow_null=True, read_only=True)

    class Meta:
        model = HoursEntry
        fields = ["id", "kind", "kind_label", "half_hours", "reason", "at", "order", "title"]


class TotalSerializer(serializers.Serializer):
    """The sum of the ledger."""

    half_hours = serializers.IntegerField()


class HoursViewSet(Listing, RestrictedViewSet):
    """The caller's own hours, latest first."""

    queryset = HoursEntry.objects.select_related("claim__order")
    serializer_class = HoursEntrySerializer
    cursor_ordering = ("-at", "-pk")

    def get_queryset(self) -> QuerySet[HoursEntry]:
        user: User = self.request.user
        return super().get_queryset().filter(volunteer__applicant=user.pk)

    @extend_schema(summary="时长合计", responses=TotalSerializer)
    @route(detail=False, pagination_class=None)
    def total(self, request: Request) -> Response:
        """The sum of the caller's hours, in half hours."""
        total: dict[str, Any] = self.rows().aggregate(total=Sum("half_hours"))
        return Response({"half_hours": total["total"] or 0})
