"""What lists of matters can be narrowed by. A filter only ever narrows what the rule has let through."""

from datetime import date, datetime, time
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters

from governance.api.fields import GRID_CODE, below
from governance.models import MatterQuerySet

LIGHTS = [("red", "已超期"), ("yellow", "将到期"), ("green", "正常"), ("paused", "已暂停"), ("off", "不计时")]
_SENSIBLE = [
    MinValueValidator(date(2000, 1, 1), "请检查年份。"),
    MaxValueValidator(date(2100, 12, 31), "请检查年份。"),
]


def grid_filter(base: str = "grid") -> filters.CharFilter:
    """Return a filter for the rows at or below a grid; ``base`` is the column with the row's own code."""
    return filters.CharFilter(
        method=lambda rows, name, code: rows.filter(below(code, base)),
        label="网格编码：它和它下级的",
        max_length=15,
        validators=[RegexValidator(GRID_CODE, "网格编码是 6、9、12 或 15 位数字。")],
    )


class MatterFilter(filters.FilterSet):
    """Place, light, day, words, and what is the caller's own. A kind adds its ``status``."""

    grid = grid_filter()
    light = filters.ChoiceFilter(method="of_light", choices=LIGHTS, label="时限灯")
    opened_from = filters.DateFilter(method="since", validators=_SENSIBLE, label="提交日期起")
    opened_until = filters.DateFilter(method="until", validators=_SENSIBLE, label="提交日期止（含当日）")
    q = filters.CharFilter(method="search", max_length=100, label="编号、标题、说明里的词，或电话后四位")
    mine = filters.BooleanFilter(method="own", label="true 只看我的")

    def of_light(self, rows: MatterQuerySet, name: str, light: str) -> QuerySet:
        if light in ("red", "yellow"):
            return getattr(rows, light)()
        if light == "paused":
            return rows.ongoing().filter(paused_at__isnull=False, due_at__isnull=False)
        if light == "off":
            return rows.filter(Q(closed_at__isnull=False) | Q(due_at=None))
        now = timezone.now()
        running = rows.ongoing().filter(paused_at=None, due_at__gt=now)
        return running.filter(Q(yellow_at=None) | Q(yellow_at__gt=now))

    def since(self, rows: QuerySet, name: str, day: date) -> QuerySet:
        return rows.filter(opened_at__gte=timezone.make_aware(datetime.combine(day, time.min)))

    def until(self, rows: QuerySet, name: str, day: date) -> QuerySet:
        return rows.filter(opened_at__lte=timezone.make_aware(datetime.combine(day, time.max)))

    def search(self, rows: MatterQuerySet, name: str, text: str) -> QuerySet:
        return rows.search(text, self.request.user)

    def own(self, rows: QuerySet, name: str, only: bool) -> QuerySet:
        return rows.filter(self.mine_q(self.request.user)) if only else rows

    def mine_q(self, user: Any) -> Q:
        """Return which rows are a person's own."""
        return Q(applicant=user.pk) if user.is_authenticated else Q(pk__in=())
