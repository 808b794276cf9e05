"""The territory in the API: grids by code and by their place in the tree, a point's grid, a scanned door.

Doors have no list: a door's token is what its QR code proves, so it is looked up, never given away.
"""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action as route
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter

from governance.api.bases import Listing, RestrictedViewSet, Retrieving
from governance.api.errors import Elsewhere
from governance.api.filters import grid_filter
from governance.territory import GridLevel
from grids import care_api, geometry
from grids.models import Entrance, Grid


class GridSerializer(serializers.ModelSerializer):
    """A grid as everyone may know it."""

    parent = serializers.CharField(source="parent_id", allow_null=True, read_only=True)
    level = serializers.ChoiceField(choices=GridLevel.choices, read_only=True)
    successors = serializers.SerializerMethodField(help_text="停用后由哪些网格承接。")

    class Meta:
        model = Grid
        fields = [
            "code",
            "name",
            "level",
            "parent",
            "kind",
            "household_count",
            "extent",
            "phone",
            "supervision_phone",
            "valid_from",
            "valid_until",
            "successors",
        ]
        read_only_fields = fields

    def get_successors(self, grid: Grid) -> list[str]:
        return [each.pk for each in grid.successors.all()]


class GridFilter(filters.FilterSet):
    """Level, parent, place, a part of the name; retired grids only when asked for."""

    level = filters.TypedChoiceFilter(choices=GridLevel.choices, coerce=int, label="层级（编码长度）")
    parent = filters.CharFilter(field_name="parent_id", max_length=15, label="上级网格编码")
    within = grid_filter("code")
    name = filters.CharFilter(field_name="name", lookup_expr="icontains", max_length=60, label="名称里的字")
    retired = filters.BooleanFilter(method="also_retired", label="true 也看已停用的")

    class Meta:
        model = Grid
        fields: list[str] = []

    def also_retired(self, rows: QuerySet, name: str, value: bool) -> QuerySet:
        return rows

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        rows = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("retired") else rows.filter(valid_until=None)


class PointSerializer(serializers.Serializer):
    """A point on the map, in degrees."""

    longitude = serializers.FloatField(min_value=-180, max_value=180)
    latitude = serializers.FloatField(min_value=-90, max_value=90)


class GridViewSet(Listing, Retrieving, RestrictedViewSet):
    """The four-level grid tree, open to all."""

    public = True
    queryset = Grid.objects.defer("boundary").prefetch_related(
        Prefetch("successors", Grid.objects.only("code"))
    )
    serializer_class = GridSerializer
    filterset_class = GridFilter
    lookup_value_regex = "[0-9]{6,15}"
    cursor_ordering = ("code",)

    @extend_schema(summary="下级网格", filters=False, responses=GridSerializer(many=True))
    @route(detail=True, filterset_class=None)
    def children(self, request: Request, pk: str) -> Response:
        """The grids in force right below this one."""
        below = self.rows().filter(parent_id=self.get_object().pk, valid_until=None)
        return self.get_paginated_response(self.represent(self.paginate_queryset(below)))

    @extend_schema(
        summary="定位到基础网格",
        parameters=[PointSerializer],
        responses=GridSerializer,
    )
    @route(detail=False, pagination_class=None, filterset_class=None)
    def locate(self, request: Request) -> Response:
        """The base grid that holds a point; 404 outside the district or where no boundary is known."""
        point = self.take(PointSerializer, request.query_params)
        code = geometry.locate(point["longitude"], point["latitude"])
        grid = self.rows().filter(code=code).first() if code else None
        if grid is None:
            raise Elsewhere("这个位置不在本区的网格内，请手动选择。")
        return Response(self.represent_one(grid))


class EntranceSerializer(serializers.ModelSerializer):
    """A door and where it is."""

    building = serializers.CharField(source="building.name", read_only=True)
    compound = serializers.CharField(source="building.compound", read_only=True)
    grid = GridSerializer(read_only=True)

    class Meta:
        model = Entrance
        fields = ["name", "building", "compound", "grid"]


class EntranceViewSet(Retrieving, RestrictedViewSet):
    """A door by the token in its QR code, open to all."""

    public = True
    queryset = Entrance.objects.select_related("building", "grid").defer("grid__boundary")
    serializer_class = EntranceSerializer
    lookup_field = "token"
    lookup_value_regex = "[A-Za-z0-9_-]{8,16}"


router = SimpleRouter()
router.register("grids", GridViewSet, "api-grid")
router.register("entrances", EntranceViewSet, "api-entrance")
urlpatterns: list[Any] = [*router.urls, *care_api.urlpatterns]
