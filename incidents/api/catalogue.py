"""What can be reported: two levels of classes, open to all."""

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from rest_framework import serializers

from governance.api.bases import Listing, RestrictedViewSet, Retrieving
from incidents.models import MajorClass, MinorClass


class MajorClassSerializer(serializers.ModelSerializer):
    """A major class (大类)."""

    class Meta:
        model = MajorClass
        fields = ["code", "name"]


class MajorClassViewSet(Listing, RestrictedViewSet):
    """The major classes, in the catalogue's order."""

    public = True
    queryset = MajorClass.objects.all()
    serializer_class = MajorClassSerializer
    cursor_ordering = ("order", "code")


class MinorClassSerializer(serializers.ModelSerializer):
    """A minor class (小类), with its limits and who usually handles it."""

    major = serializers.CharField(source="major.code", read_only=True)
    major_name = serializers.CharField(source="major.name", read_only=True)
    receipt_label = serializers.CharField(source="get_receipt_display", read_only=True)
    limit_text = serializers.CharField(read_only=True)
    door_label = serializers.CharField(source="get_door_display", read_only=True)
    keywords = serializers.SerializerMethodField()

    class Meta:
        model = MinorClass
        fields = [
            "code",
            "name",
            "major",
            "major_name",
            "receipt",
            "receipt_label",
            "limit",
            "limit_unit",
            "limit_text",
            "needs_photo",
            "door",
            "door_label",
            "is_public",
            "keywords",
            "is_active",
        ]

    def get_keywords(self, minor: MinorClass) -> list[str]:
        return minor.keywords.split()


class MinorClassFilter(filters.FilterSet):
    """One major class; what is no longer offered only when asked for."""

    major = filters.CharFilter(field_name="major__code", max_length=4, label="大类编号")
    withdrawn = filters.BooleanFilter(method="as_it_is", label="true 也看已停用的")

    class Meta:
        model = MinorClass
        fields: list[str] = []

    def as_it_is(self, rows: QuerySet, name: str, value: bool) -> QuerySet:
        return rows

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        rows = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("withdrawn") else rows.filter(is_active=True)


class MinorClassViewSet(Listing, Retrieving, RestrictedViewSet):
    """The minor classes, in the catalogue's order."""

    public = True
    queryset = MinorClass.objects.select_related("major")
    serializer_class = MinorClassSerializer
    filterset_class = MinorClassFilter
    lookup_field = "code"
    lookup_value_regex = "[A-Za-z0-9_-]{1,8}"
    cursor_ordering = ("order", "code")
