"""What a request of the interface asks for, read as the specification says: an empty parameter is none, a list is separated by
commas or declared several times, a moment names its zone."""

import re
from collections.abc import Iterable
from datetime import datetime, time

from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from incidents.open311.formats import Problem

#: The plus sign of an offset that was not escaped arrives as a space.
_LOST_PLUS = re.compile(r" (\d\d:?\d\d)$")


class Asked:
    """The parameters of a request; what the first of several sources does not name is looked for in the next."""

    def __init__(self, *sources: QueryDict) -> None:
        self.sources = sources

    def values(self, name: str) -> list[str]:
        """Return every value of a parameter that is not empty. Raises Problem (400) for what is no text."""
        for source in self.sources:
            found = [value.strip() for value in source.getlist(name) if value.strip()]
            if any("\0" in value for value in found):
                raise Problem(400, f"参数 {name} 含有不能识别的字符。")
            if found:
                return found
        return []

    def text(self, name: str) -> str:
        """Return a parameter, "" without one."""
        return (self.values(name) or [""])[-1]

    def several(self, name: str) -> list[str]:
        """Return the members of a list."""
        return [part.strip() for value in self.values(name) for part in value.split(",") if part.strip()]

    def among(self, name: str, allowed: Iterable[str]) -> set[str]:
        """Return the members of a list of known words. Raises Problem (400) for another word."""
        words = {word.lower() for word in self.several(name)}
        if words - set(allowed):
            raise Problem(400, f"参数 {name} 只能是 {'、'.join(allowed)}。")
        return words

    def count(self, name: str, default: int, most: int) -> int:
        """Return a number from 1 on. Raises Problem (400) for what is none, or beyond ``most``."""
        text = self.text(name)
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= most):
            raise Problem(400, f"参数 {name} 要填 1 到 {most} 的整数。")
        return int(text)

    def degrees(self, name: str, most: int) -> float | None:
        """Return a coordinate in degrees, None without one. Raises Problem (400) for what is none."""
        text = self.text(name)
        if not text:
            return None
        try:
            found = float(text) if text.isascii() else most + 1.0
        except ValueError:
            found = most + 1.0
        if not -most <= found <= most:  # not a number is not within them either
            raise Problem(400, f"参数 {name} 要填 -{most} 到 {most} 的度数（WGS 84）。")
        return found

    def moment(self, name: str) -> datetime | None:
        """Return a moment in the W3C form, None without one; a day alone is its beginning here. Raises Problem (400)."""
        text = _LOST_PLUS.sub(r"+\1", self.text(name))
        if not text:
            return None
        try:
            found = parse_datetime(text)
            if found is None and (day := parse_date(text)) is not None:
                found = datetime.combine(day, time.min)
        except ValueError:
            found = None
        if found is None or not 2000 <= found.year <= 2100:
            raise Problem(400, f"参数 {name} 要填带时区的时间，例如 2026-11-22T09:00:00+08:00。")
        return timezone.make_aware(found) if timezone.is_naive(found) else found
