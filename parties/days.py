"""Days that people write down: none in the future, and none in a year that can only be a slip of the pen."""

from datetime import date

from django.utils import timezone

from governance.flow import Refused

#: Nothing of the party's is older than the party.
FIRST_DAY = date(1921, 7, 1)


def check_past(day: date, field: str, *, since: date = FIRST_DAY, what: str = "") -> None:
    """Raise Refused at ``field`` for a day in the future, or before ``since``, the day of ``what``."""
    today = timezone.localdate()
    if day > today:
        raise Refused(f"不能晚于今天（{today:%Y-%m-%d}）。", field)
    if day < since:
        raise Refused(f"不能早于{what}（{since:%Y-%m-%d}）。" if what else "年份太早了，请核对。", field)
