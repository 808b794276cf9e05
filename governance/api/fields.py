"""Fields that every representation shares: masked personal data, moments within sense, phones, plain text."""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from governance import masks
from governance.models import User
from governance.models.people import PHONE
from governance.territory import COLUMN, level_of

GRID_CODE = r"^([0-9]{6}|[0-9]{9}|[0-9]{12}|[0-9]{15})$"


@extend_schema_field(OpenApiTypes.STR)
class MaskedField(serializers.Field):
    """A personal field of the row, in clear only where the rule allows ``contact`` on that row (``context["clear"]``)."""

    def __init__(self, of: str | None = None, **kwargs: Any) -> None:
        self.of = of
        super().__init__(read_only=True, source="*", **kwargs)

    def to_representation(self, row: models.Model) -> str:
        clear = row.pk in self.context.get("clear", ())
        return masks.shown(row, self.of or self.field_name, clear=clear)


class MomentField(serializers.DateTimeField):
    """A moment with its time zone (local time without one), between 2000 and 2100."""

    default_error_messages = {"unlikely": "时间不对，请检查年份。"}

    def to_internal_value(self, value: Any) -> datetime:
        try:
            moment = super().to_internal_value(value)
        except OverflowError:
            self.fail("unlikely")
        if not 2000 <= moment.year <= 2100:
            self.fail("unlikely")
        return moment


def phone(**kwargs: Any) -> serializers.CharField:
    """Return a field for an 11-digit mobile number."""
    return serializers.CharField(max_length=11, validators=[PHONE], **kwargs)


def words(most: int, **kwargs: Any) -> serializers.CharField:
    """Return a field for text of at most so many characters."""
    if kwargs.get("required") is False:
        kwargs.setdefault("allow_blank", True)
    return serializers.CharField(max_length=most, **kwargs)


class KeyField(serializers.SlugRelatedField):
    """Another row, named by what people know it by (a code, a number), among those that the caller may reach.

    ``action`` is what the rule must allow on it.
    """

    default_error_messages = {
        "does_not_exist": "没有找到“{value}”，或者它不在您能选择的范围内。",
        "invalid": "格式不对。",
    }

    def __init__(self, slug_field: str, *, action: str = "view", **kwargs: Any) -> None:
        self.action = action
        super().__init__(slug_field=slug_field, **kwargs)

    def get_queryset(self) -> models.QuerySet:
        request = self.context.get("request")
        rows = super().get_queryset()
        return rows.restrict(request.user, self.action) if request is not None else rows.none()

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str | int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


def below(code: str, base: str = "grid") -> models.Q:
    """Return the rows at or below a grid. Raises ValidationError for what is no grid code."""
    try:
        return models.Q(**{COLUMN.get(level_of(code), base): code})
    except ValueError:
        raise ValidationError("网格编码是 6、9、12 或 15 位数字。") from None


def called(user: User | None, clear: bool) -> str:
    """Return how a person may be named: staff by name, others masked unless ``clear``."""
    if user is None:
        return ""
    return str(user) if clear else masks.person(user)
