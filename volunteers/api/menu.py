"""What can be ordered and who offers it: open to all."""

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from rest_framework import serializers

from governance.api.bases import Listing, RestrictedViewSet, Retrieving
from governance.api.filters import grid_filter
from volunteers.models import ServiceItem, Skill, Station, Team


class SkillSerializer(serializers.ModelSerializer):
    """Something a volunteer can do that not everyone can."""

    class Meta:
        model = Skill
        fields = ["id", "name", "needs_licence"]


class SkillViewSet(Listing, RestrictedViewSet):
    """The list of skills."""

    public = True
    queryset = Skill.objects.all()
    serializer_class = SkillSerializer
    cursor_ordering = ("name",)


class ItemSerializer(serializers.ModelSerializer):
    """One dish of the service menu."""

    category_label = serializers.CharField(source="get_category_display", read_only=True)
    skills = serializers.SlugRelatedField("name", many=True, read_only=True)

    class Meta:
        model = ServiceItem
        fields = [
            "code",
            "name",
            "category",
            "category_label",
            "summary",
            "skills",
            "usual_minutes",
            "two_volunteers",
            "at_home",
            "is_active",
        ]


class ItemFilter(filters.FilterSet):
    """One category; what is no longer offered only when asked for."""

    category = filters.ChoiceFilter(choices=ServiceItem.Category.choices)
    withdrawn = filters.BooleanFilter(method="as_it_is", label="true 也看已下架的")

    class Meta:
        model = ServiceItem
        fields: list[str] = []

    def as_it_is(self, rows: QuerySet, name: str, value: bool) -> QuerySet:
        return rows

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        rows = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("withdrawn") else rows.filter(is_active=True)


class ItemViewSet(Listing, Retrieving, RestrictedViewSet):
    """The service menu (暖心菜单)."""

    public = True
    queryset = ServiceItem.objects.prefetch_related("skills")
    serializer_class = ItemSerializer
    filterset_class = ItemFilter
    lookup_field = "code"
    lookup_value_regex = "[A-Za-z0-9_-]{1,20}"
    cursor_ordering = ("order", "code")


class PlaceFilter(filters.FilterSet):
    """The rows at or below a grid."""

    grid = grid_filter()


class StationSerializer(serializers.ModelSerializer):
    """A place of the practice system."""

    grid = serializers.CharField(source="grid_id", read_only=True)
    kind_label = serializers.CharField(source="get_kind_display", read_only=True)

    class Meta:
        model = Station
        fields = ["id", "name", "kind", "kind_label", "grid", "address", "phone", "hours"]


class StationViewSet(Listing, RestrictedViewSet):
    """Stations that are open."""

    public = True
    queryset = Station.objects.filter(is_active=True)
    serializer_class = StationSerializer
    filterset_class = PlaceFilter
    cursor_ordering = ("grid_id", "pk")


class TeamSerializer(serializers.ModelSerializer):
    """A volunteer team."""

    grid = serializers.CharField(source="grid_id", read_only=True)

    class Meta:
        model = Team
        fields = ["id", "name", "grid", "about"]


class TeamViewSet(Listing, RestrictedViewSet):
    """Teams that take orders."""

    public = True
    queryset = Team.objects.filter(is_active=True)
    serializer_class = TeamSerializer
    filterset_class = PlaceFilter
    cursor_ordering = ("grid_id", "pk")
