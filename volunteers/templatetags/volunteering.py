"""How voluntary service's own numbers are said: hours from half hours, places that are left."""

from django import template

register = template.Library()


@register.filter
def hours(half_hours: int | None) -> str:
    """Return half hours as hours: 3 is 1.5 小时."""
    return "" if half_hours is None else f"{half_hours / 2:g} 小时"


@register.filter
def places_left(left: int) -> str:
    """Return how many people an order still needs."""
    return f"还要 {left} 人"
