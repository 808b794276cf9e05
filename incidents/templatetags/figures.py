"""How the figures of incidents are drawn: a number with the list behind it, a rate with its whole and its bar."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_tag
def bar(percent: float | None) -> SafeString:
    """Return a bar that is filled to a percentage. The number stands beside it, so it is hidden from screen readers."""
    return format_html(
        '<svg class="cg-bar-of" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="cg-bar-of__all" width="100" height="6"/><rect class="cg-bar-of__part" width="{}" height="6"/></svg>',
        min(max(round(percent or 0, 1), 0), 100),
    )


@register.simple_tag
def figure_cell(shown: Any) -> SafeString:
    """Return the cell of a table for one number (incidents.admin.figures.Shown)."""
    value = shown.value
    number = _link(shown.url, str(value))
    if not value.figure.is_rate:
        return format_html('<td class="dk-count">{}</td>', number)
    if value.rate is None:
        return mark_safe('<td><span class="dk-quiet" title="分母为 0">—</span></td>')
    few = mark_safe(' <span class="cg-chip cg-chip_quiet">样本少</span>') if value.is_small else ""
    return format_html(
        '<td class="dk-rate">{}{}<small>共 {}{}</small></td>',
        number,
        bar(value.rate),
        _link(shown.all_url, f"{value.all:,}"),
        few,
    )


def _link(url: str, words: str) -> SafeString:
    return format_html('<a class="dk-link" href="{}">{}</a>', url, words) if url else format_html("{}", words)
