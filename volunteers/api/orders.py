"""Service orders: placing one, what may be seen of it, and the hall where volunteers find theirs."""

from collections.abc import Iterable
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Model, Prefetch, Q, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action as route
from rest_framework.request import Request
from rest_framework.response import Response

from governance import files, masks
from governance.api import fields, idempotency
from governance.api.bases import Listing, RestrictedViewSet
from governance.api.filters import MatterFilter
from governance.api.matters import AvailableField, MatterSerializer, MatterViewSet, with_actions
from governance.api.parsers import JSONParser, MultiPartParser
from governance.api.photos import PhotoSerializer, UploadSerializer, photos_field
from governance.flow import Refused
from governance.models import ApiToken, User
from governance.permissions import permitted_actions, rule_of
from grids.models import Entrance, Grid
from volunteers.flow import ORDERS
from volunteers.forms.orders import MOST_PHOTOS, MOST_PLACES
from volunteers.matching import suggest
from volunteers.models import Claim, Membership, Order, OrderPhoto, ServiceItem, Team, Volunteer
from volunteers.models.orders import RUNNING, ClaimStatus, OrderStatus
from volunteers.services.contacts import known_volunteers
from volunteers.services.orders import open_orders_for, place_order

ENDED = (ClaimStatus.VOID, ClaimStatus.DECLINED, ClaimStatus.EXPIRED, ClaimStatus.RELEASED)


# --- what is shown ----------------------------------------------------------------------------------------------------
class OrderSerializer(MatterSerializer):
    """An order as a list shows it: place to the door of the building, people masked unless the rule allows contact."""

    item = serializers.CharField(source="item.code", read_only=True)
    item_name = serializers.CharField(source="item.name", read_only=True)
    place = serializers.CharField(source="place_text", read_only=True)
    beneficiary_name = fields.MaskedField()
    beneficiary_phone = fields.MaskedField()
    address = fields.MaskedField()

    def to_representation(self, instance: Order) -> dict[str, Any]:
        shown = super().to_representation(instance)
        if not self.context.get("insider") and instance.pk not in self.context.get("clear", ()):
            shown |= dict.fromkeys(Order.masked, "")
        return shown

    class Meta:
        model = Order
        fields = [
            *MatterSerializer.Meta.fields,
            "item",
            "item_name",
            "place",
            "address",
            "beneficiary_name",
            "beneficiary_phone",
            "wanted_from",
            "wanted_until",
            "places",
            "taken",
            "rating",
            "complaint_open",
        ]
        read_only_fields = fields


class PlaceTakenSerializer(serializers.Serializer):
    """One volunteer on the order, named as the caller may know her."""

    id = serializers.IntegerField()
    volunteer = serializers.CharField(help_text="姓名，按权限脱敏。")
    phone = serializers.CharField(allow_blank=True)
    is_mine = serializers.BooleanField()
    status = serializers.ChoiceField(choices=ClaimStatus.choices)
    status_label = serializers.CharField()
    offer_until = serializers.DateTimeField(allow_null=True)
    checked_in_at = serializers.DateTimeField(allow_null=True)
    checked_out_at = serializers.DateTimeField(allow_null=True)
    half_hours = serializers.IntegerField(allow_null=True)


class OrderDetailSerializer(OrderSerializer):
    """One order, whole: who is on it, its pictures, what the caller may do now."""

    code = serializers.SerializerMethodField(help_text="签到码；只给受助方和社区。")
    claims = serializers.SerializerMethodField()
    photos = PhotoSerializer(many=True, read_only=True)
    actions = AvailableField()

    class Meta(OrderSerializer.Meta):
        fields = [*OrderSerializer.Meta.fields, "rating_words", "code", "claims", "photos", "actions"]
        read_only_fields = fields

    def get_code(self, order: Order) -> str:
        shows = order.status in RUNNING and "code" in self.context["allowed"]
        return order.code if shows else ""

    @extend_schema_field(PlaceTakenSerializer(many=True))
    def get_claims(self, order: Order) -> list[dict[str, Any]]:
        return taken_places(order, self.context)


def taken_places(order: Order, context: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the order's claims for those inside it; for a visitor of the hall her own alone."""
    user, allowed = context["request"].user, context["allowed"]
    claims = [
        claim
        for claim in order.claims.all()
        if claim.status not in ENDED and (context["insider"] or claim.volunteer.applicant_id == user.pk)
    ]
    known = known_volunteers(user, order, claims, allowed)
    rows = []
    for claim in claims:
        mine = claim.volunteer.applicant_id == user.pk
        rows.append(
            {
                "id": claim.pk,
                "volunteer": masks.shown(claim.volunteer, "applicant_name", clear=known[claim.pk].name),
                "phone": masks.shown(claim.volunteer, "applicant_phone", clear=known[claim.pk].phone),
                "is_mine": mine,
                "status": claim.status,
                "status_label": claim.get_status_display(),
                "offer_until": claim.offer_until,
                "checked_in_at": claim.checked_in_at,
                "checked_out_at": claim.checked_out_at,
                "half_hours": claim.half_hours,
            }
        )
    return PlaceTakenSerializer(rows, many=True).data


class SuggestionSerializer(serializers.Serializer):
    """One volunteer who suits the order, and why."""

    number = serializers.CharField(source="volunteer.number")
    name = serializers.SerializerMethodField()
    score = serializers.IntegerField()
    reasons = serializers.ListField(child=serializers.CharField())

    def get_name(self, suggestion: Any) -> str:
        volunteer = suggestion.volunteer
        return masks.shown(volunteer, "applicant_name", clear=volunteer.pk in self.context["clear"])


class OrderFilter(MatterFilter):
    """A matter's filters, and those of an order."""

    status = filters.MultipleChoiceFilter(choices=OrderStatus.choices, label="状态，可多选")
    item = filters.CharFilter(field_name="item__code", max_length=20, label="服务项目编号")

    class Meta:
        model = Order
        fields: list[str] = []

    def mine_q(self, user: User) -> Q:
        if not user.is_authenticated:
            return Q(pk__in=())
        return Q(applicant=user.pk) | Q(beneficiary=user.pk) | Q(placed_by=user.pk)


# --- what is sent -----------------------------------------------------------------------------------------------------
class PlaceOrderSerializer(serializers.Serializer):
    """A new order. Where: a door's token, or a grid from the community down. For whom: oneself, someone else
    (``beneficiary_*``), or, by a worker on duty, a resident (``for_someone`` with ``applicant_*``)."""

    item = fields.KeyField("code", queryset=ServiceItem.objects.filter(is_active=True))
    entrance = fields.KeyField(
        "token", queryset=Entrance.objects.select_related("grid"), required=False, allow_null=True
    )
    grid = fields.KeyField("code", queryset=Grid.objects.defer("boundary"), required=False, allow_null=True)
    wanted_from = fields.MomentField()
    wanted_until = fields.MomentField()
    beneficiary_name = fields.words(40, required=False)
    beneficiary_phone = fields.phone(required=False, allow_blank=True)
    address = fields.words(100, required=False)
    description = fields.words(2000, required=False)
    places = serializers.IntegerField(min_value=1, max_value=MOST_PLACES, default=1)
    for_someone = serializers.BooleanField(default=False)
    applicant_name = fields.words(40, required=False)
    applicant_phone = fields.phone(required=False, allow_blank=True)
    photos = photos_field(MOST_PHOTOS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        wrong: dict[str, list[str]] = {}
        grid = attrs["entrance"].grid if attrs.get("entrance") else attrs.get("grid")
        if grid is None:
            wrong["grid"] = ["请给出楼门（entrance）或网格（grid）。"]
        elif len(grid.pk) < 12:
            wrong["grid"] = ["请选择到社区或基础网格。"]
        if attrs["for_someone"]:
            for name, label in (("applicant_name", "居民姓名"), ("applicant_phone", "居民电话")):
                if not attrs.get(name):
                    wrong[name] = [f"请填写{label}。"]
        else:
            user = self.context["request"].user
            attrs["applicant_name"] = user.name or attrs.get("applicant_name", "")
            attrs["applicant_phone"] = user.phone or attrs.get("applicant_phone", "")
        attrs["beneficiary_name"] = attrs.get("beneficiary_name") or attrs.get("applicant_name", "")
        attrs["beneficiary_phone"] = attrs.get("beneficiary_phone") or attrs.get("applicant_phone", "")
        if not attrs["for_someone"]:
            for name, label in (("beneficiary_name", "受助人姓名"), ("beneficiary_phone", "受助人电话")):
                if not attrs[name]:
                    wrong[name] = [f"请填写{label}。"]
        if wrong:
            raise serializers.ValidationError(wrong)
        return attrs


class MemberField(fields.KeyField):
    """A volunteer among the members of the teams that the caller leads."""

    def get_queryset(self) -> QuerySet[Volunteer]:
        request = self.context.get("request")
        if request is None:
            return Volunteer.objects.none()
        members = Membership.objects.restrict(request.user).filter(left_on=None)
        return Volunteer.objects.filter(pk__in=members.values("volunteer"))


class CandidateField(fields.KeyField):
    """A volunteer whom the caller may ask: within her reach, or suggested for this very order."""

    def get_queryset(self) -> QuerySet[Volunteer]:
        request, view = self.context.get("request"), self.context.get("view")
        if request is None:
            return Volunteer.objects.none()
        order = view.rows("dispatch").filter(number=view.kwargs["number"]).first()
        found = [each.volunteer.pk for each in suggest(order)] if order is not None else []
        within = Volunteer.objects.restrict(request.user)
        return Volunteer.objects.filter(Q(pk__in=within.values("pk")) | Q(pk__in=found))


def _volunteers(kind: type[fields.KeyField]) -> serializers.Field:
    return serializers.ListField(
        child=kind("number", queryset=Volunteer.objects.all()),
        min_length=1,
        max_length=50,
        help_text="志愿者编号。",
    )


ARRIVE = {
    "code": lambda: fields.words(12, required=False, help_text="受助人念出的 6 位签到码。"),
    "entrance": lambda: fields.words(16, required=False, help_text="刚扫到的楼门二维码标识。"),
}
CLAIM = {
    "claim": lambda: serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, help_text="订单 claims 里的 id。"
    )
}
WINDOW = {
    "wanted_from": lambda: fields.MomentField(required=False),
    "wanted_until": lambda: fields.MomentField(required=False),
}
ACTIONS = {
    "assign_people": {"volunteers": lambda: _volunteers(CandidateField)},
    "muster": {"volunteers": lambda: _volunteers(MemberField)},
    "assign_team": {
        "team": lambda: fields.KeyField(
            "id", queryset=Team.objects.filter(is_active=True), help_text="队伍 id。"
        )
    },
    "check_in": ARRIVE,
    "check_out": ARRIVE,
    "enter_times": {**CLAIM, "checked_in_at": fields.MomentField, "checked_out_at": fields.MomentField},
    "mark_absent": CLAIM,
    "rate": {"stars": lambda: serializers.IntegerField(min_value=1, max_value=5)},
    "amend": {
        **WINDOW,
        "description": lambda: fields.words(2000, required=False),
        "address": lambda: fields.words(100, required=False),
        "beneficiary_name": lambda: serializers.CharField(max_length=40, required=False),
        "beneficiary_phone": lambda: fields.phone(required=False),
    },
    "reschedule": {
        **WINDOW,
        "places": lambda: serializers.IntegerField(min_value=1, max_value=50, required=False),
    },
    "extend": {"hours": lambda: serializers.IntegerField(min_value=1, max_value=400, help_text="工作小时。")},
}


# --- the views --------------------------------------------------------------------------------------------------------
class OrderPages:
    """What an order's representation needs to know."""

    def page_context(self, rows: Iterable[Model]) -> dict[str, Any]:
        context = super().page_context(rows)
        # Whoever sees an order in the hall alone learns nothing of the people, not even their masked names.
        context["insider"] = self.request.user.has_perm("volunteers.view_order")
        if self.action != "list" and rows:
            order, user = next(iter(rows)), self.request.user
            context["allowed"] = permitted_actions(
                user, order, {"contact", "code", "answer", "dispatch", "muster"}
            )
            context["insider"] = bool(context["allowed"]) or by_post(order, user)
        return context


def by_post(order: Order, user: User) -> bool:
    """Say whether a post of hers, not the hall, is why she sees the order."""
    return (
        user.is_staff
        and Order.objects.filter(rule_of(Order).jurisdiction(Order, user, "view"), pk=order.pk).exists()
    )


@with_actions(ORDERS, ACTIONS)
class OrderViewSet(OrderPages, MatterViewSet):
    """Orders that the caller may see, by her posts, as her own, or in the hall."""

    queryset = Order.objects.for_page()
    serializer_class = OrderSerializer
    detail_serializer_class = OrderDetailSerializer
    filterset_class = OrderFilter
    rule_actions = {"photos": "amend", "suggestions": "dispatch"}

    def known_people(self, matter: Order, context: dict[str, Any]) -> set[int | None]:
        claims = list(matter.claims.all())
        known = known_volunteers(self.request.user, matter, claims, context["allowed"])
        people = {claim.volunteer.applicant_id for claim in claims if known[claim.pk].name}
        if matter.pk in context["clear"]:
            people |= {matter.applicant_id, matter.beneficiary_id, matter.placed_by_id}
        return people

    def get_queryset(self) -> QuerySet[Order]:
        if self.action == "list":
            return super().get_queryset()
        claims = Claim.objects.select_related("volunteer").order_by("created_at", "pk")
        return super().get_queryset().prefetch_related(Prefetch("claims", claims), "photos")

    def get_parsers(self) -> list[Any]:
        with_pictures = getattr(self, "action_map", {}).get("post") in ("create", "photos")
        return [JSONParser(), MultiPartParser()] if with_pictures else [JSONParser()]

    @extend_schema(
        summary="点单",
        parameters=[idempotency.PARAMETER],
        request={"application/json": PlaceOrderSerializer, "multipart/form-data": PlaceOrderSerializer},
        responses={201: OrderDetailSerializer},
    )
    def create(self, request: Request) -> Response:
        """Place an order. The same ``Idempotency-Key`` with the same body answers with the same order."""
        idempotency.key_of(request)
        data = self.take(PlaceOrderSerializer)

        def place() -> Order:
            for_someone, user = data.pop("for_someone"), request.user
            owner: User | None = user
            if for_someone:
                same = User.objects.filter(phone=data["applicant_phone"], phone_verified=True, is_active=True)
                owner = same.first()
            grid = data.pop("grid", None)
            entrance = data.pop("entrance", None)
            system = isinstance(request.auth, ApiToken) and request.auth.system
            order, _ = place_order(
                by=user,
                source="api",
                source_id=idempotency.key_of(request),
                channel="api" if system else "worker" if for_someone else "resident",
                applicant=owner,
                grid=entrance.grid if entrance is not None else grid,
                entrance=entrance,
                **data,
            )
            return order

        return self.once(place)

    def timeline_shows(self, matter: Order, context: dict[str, Any]) -> bool:
        """The hall's visitors see what is wanted, not what has happened."""
        return context["insider"]

    @extend_schema(
        summary="补照片",
        parameters=[idempotency.PARAMETER],
        request={"multipart/form-data": UploadSerializer},
        responses={201: OrderDetailSerializer},
    )
    @route(detail=True, methods=["post"])
    def photos(self, request: Request, number: str) -> Response:
        """Add pictures to an order that may still be amended."""
        order = self.get_object()
        uploads: list[UploadedFile] = self.take(UploadSerializer)["photos"]

        @transaction.atomic
        def add() -> Order:
            locked = Order.objects.select_for_update(of=("self",)).get(pk=order.pk)
            if locked.status not in ORDERS.actions["amend"].sources:
                raise Refused(f"“{locked.get_status_display()}”的订单不能再补照片。", "photos")
            if locked.photos.count() + len(uploads) > MOST_PHOTOS:
                raise serializers.ValidationError({"photos": [f"一共最多 {MOST_PHOTOS} 张照片。"]})
            files.attach(OrderPhoto, uploads, by=request.user, order=locked)
            return locked

        return self.once(add)

    @extend_schema(summary="推荐志愿者", responses=SuggestionSerializer(many=True))
    @route(detail=True, pagination_class=None, filterset_class=None)
    def suggestions(self, request: Request, number: str) -> Response:
        """Volunteers who suit the order, best first, with the reasons; for those who dispatch it."""
        found = suggest(self.get_object())
        within = Volunteer.objects.restrict(request.user, "contact")
        keys = within.filter(pk__in=[each.volunteer.pk for each in found]).values_list("pk", flat=True)
        context = {**self.get_serializer_context(), "clear": set(keys)}
        return Response(SuggestionSerializer(found, many=True, context=context).data)


class HallFilter(filters.FilterSet):
    """By dish and day."""

    item = filters.CharFilter(field_name="item__code", max_length=20, label="服务项目编号")

    class Meta:
        model = Order
        fields: list[str] = []


class HallViewSet(OrderPages, Listing, RestrictedViewSet):
    """Orders with a free place that the caller may claim now, soonest first."""

    queryset = Order.objects.all()
    serializer_class = OrderSerializer
    filterset_class = HallFilter
    cursor_ordering = ("wanted_from", "pk")
    rule_actions = {"list": "claim"}

    def get_queryset(self) -> QuerySet[Order]:
        return open_orders_for(self.request.user)
