"""How values and controls look on a page: dates, numbers and phones as people write them in Chinese, lights, icons,
form fields and the tab bar. Decides the words and the markup of these parts, never what someone may see.

The parts themselves are templates/components/; docs/design-language.md shows when to use which.
"""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django import forms, template
from django.contrib.staticfiles import finders
from django.forms.boundfield import BoundField
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from governance import home, masks

register = template.Library()

WEEKDAYS = "一二三四五六日"

#: light -> (what it says, its shape); colour comes from the style sheet, so that it is never the only sign.
LIGHTS = {
    "green": ("绿·正常", "circle-check"),
    "yellow": ("黄·将到期", "triangle-alert"),
    "red": ("红·已超期", "octagon-alert"),
    "paused": ("已暂停计时", "circle-pause"),
}

#: A tab bar: address name, word, icon. Names that a deployment does not serve are left out.
TABS = {
    "resident": (
        ("home", "首页", "house"),
        ("my_matters", "我的事项", "clipboard-list"),
        ("wall", "晒单墙", "images"),
        ("me", "我的", "user"),
    ),
    "worker": (
        ("home", "首页", "house"),
        ("my_work", "我的任务", "list-checks"),
        ("my_matters", "我的事项", "clipboard-list"),
        ("me", "我的", "user"),
    ),
}

#: Django's message level -> icon.
MESSAGE_ICONS = {"success": "circle-check", "warning": "triangle-alert", "error": "circle-alert"}


# --- dates, numbers, phones ----------------------------------------------------------------------------------------
@register.filter
def time_left(until: datetime) -> str:
    """Return how long it is until a moment to come: whole days, below two days hours, below an hour minutes."""
    minutes = max(0, int((until - timezone.now()).total_seconds() // 60))
    if minutes >= 48 * 60:
        return f"{minutes // (24 * 60)} 天"
    if minutes >= 60:
        return f"{minutes // 60} 小时" + (f" {minutes % 60} 分钟" if minutes % 60 else "")
    return f"{minutes} 分钟"


@register.filter
def square_metres(area: float) -> str:
    """Return an area in square metres as a number with groups of three."""
    return f"{area:,.0f}"


@register.filter
def person(user) -> str:
    """Return how somebody is named to whom her contact is not open."""
    return masks.person(user)


@register.filter
def cn_date(value: date | datetime | None) -> str:
    """Return 2026年11月22日 周日 in local time; nothing for nothing."""
    if not value:
        return ""
    day = _local(value)
    return f"{day.year}年{day.month}月{day.day}日 周{WEEKDAYS[day.weekday()]}"


@register.filter
def cn_time(value: datetime | None) -> str:
    """Return 14:05 in local time; nothing for nothing."""
    return f"{_local(value):%H:%M}" if value else ""


@register.filter
def cn_datetime(value: datetime | None) -> str:
    """Return 2026年11月22日 周日 14:05 in local time; nothing for nothing."""
    return f"{cn_date(value)} {cn_time(value)}" if value else ""


@register.filter
def cn_short(value: datetime | None) -> str:
    """Return 11月22日 14:05, with the year when it is not this one, for lists and timelines."""
    if not value:
        return ""
    moment = _local(value)
    year = "" if moment.year == timezone.localdate().year else f"{moment.year}年"
    return f"{year}{moment.month}月{moment.day}日 {moment:%H:%M}"


def _local(value: date | datetime) -> date | datetime:
    return timezone.localtime(value) if isinstance(value, datetime) and timezone.is_aware(value) else value


@register.filter
def wan(value: int | float | Decimal | None) -> str:
    """Return a number as people say it: 9,999, 12.3 万, 418 万, 1.2 亿; one decimal place at most."""
    if value is None or value == "":
        return ""
    number = Decimal(str(value))
    if abs(number) < 10**4:
        return f"{number:,f}"
    scaled, unit = _tenths(number / 10**4), "万"
    if abs(scaled) >= 10**4:
        scaled, unit = _tenths(number / 10**8), "亿"
    whole = scaled == scaled.to_integral_value()
    return f"{scaled:,.0f} {unit}" if whole else f"{scaled:,f} {unit}"


def _tenths(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.1"), ROUND_HALF_UP)


@register.filter
def mask_phone(value: str | None) -> str:
    """Return 138 **** 5678."""
    return masks.phone(value) if value else ""


@register.filter
def phone(value: str | None) -> str:
    """Return a mobile number in its three groups, 138 0000 5678; anything else as it is."""
    if value and len(value) == 11 and value.isdigit() and value[0] == "1":
        return f"{value[:3]} {value[3:7]} {value[7:]}"
    return value or ""


@register.filter
def tel(value: str | None) -> str:
    """Return what goes after ``tel:`` in a link: digits, a leading plus and nothing else."""
    return "".join(sign for sign in value or "" if sign.isdigit() or sign == "+")


# --- icons, lights, chips --------------------------------------------------------------------------------------------
@cache
def _drawing(name: str) -> str:
    """Return what is inside the icon's svg element. Raises LookupError for an icon that is not vendored."""
    path = finders.find(f"vendor/lucide/{name}.svg")
    if path is None:
        raise LookupError(f"no icon named {name}; add it to static/vendor/vendor.json and run bin/vendor")
    text = Path(path).read_text("utf-8")
    return " ".join(text[text.index("<svg") :].partition(">")[2].rpartition("</svg>")[0].split())


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """Return an icon as inline SVG in the colour of the words beside it, hidden from screen readers."""
    return format_html(
        # How its lines are drawn stands in parts.css, once for all of a page's icons.
        '<svg class="cg-icon{}" viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor"'
        ' aria-hidden="true">{}</svg>',
        f" {extra}" if extra else "",
        mark_safe(_drawing(name)),  # noqa: S308 our own vendored file
    )


@register.simple_tag
def light(state: str, words: str = "") -> SafeString:
    """Return a deadline light: colour, word and shape. ``off`` (finished, or no deadline) shows nothing."""
    if state not in LIGHTS:
        return mark_safe("")
    said, shape = LIGHTS[state]
    return format_html('<span class="cg-light cg-light_{}">{}{}</span>', state, icon(shape), words or said)


@register.simple_tag
def chip(words: str, tone: str = "quiet") -> SafeString:
    """Return a status chip. Tones: quiet, info, good, caution, danger, brand."""
    return format_html('<span class="cg-chip cg-chip_{}">{}</span>', tone, words) if words else mark_safe("")


@register.simple_tag
def score(stars: int | None) -> SafeString:
    """Return a rating from 1 to 5 as stars and, for those who do not see them, in words."""
    if not stars:
        return mark_safe("")
    drawn = "".join(icon("star", "cg-score__on" if place < stars else "") for place in range(5))
    return format_html(
        '<span class="cg-score">{}<span class="cg-hidden">{} 星（满分 5 星）</span></span>',
        mark_safe(drawn),
        stars,
    )


@register.filter
def message_icon(level_tag: str) -> SafeString:
    """Return the icon of a message's level."""
    return icon(MESSAGE_ICONS.get(level_tag, "info"))


# --- forms -----------------------------------------------------------------------------------------------------------
@register.simple_tag
def field(bound: BoundField, kind: str = "", unit: str = "", **attrs: Any) -> SafeString:
    """Return a form field as one row of a form: label, control, help, error, tied together for screen readers.

    ``kind`` overrides the layout that the widget suggests (line, tall, select, switch, choices, stars, photos);
    What need not be filled in is marked 选填; a form field may say when it must be (``asked_when``), which stands there instead.
    ``unit`` is a word shown after the control; other arguments become attributes of the control (``_`` means ``-``).
    """
    if bound.is_hidden:
        return bound.as_widget()
    kind = kind or _kind(bound.field.widget)
    given = {key.replace("_", "-"): value for key, value in attrs.items()}
    if kind not in ("choices", "stars", "photos"):
        given["class"] = "weui-switch" if kind == "switch" else "cg-input"
        if kind == "switch":
            given["role"] = "switch"
    return mark_safe(
        render_to_string(
            "components/field.html",
            {
                "bound": bound,
                "kind": kind,
                "unit": unit,
                "control": None if kind in ("choices", "stars", "photos") else bound.as_widget(attrs=given),
                "attrs": given,
                "tall": kind in ("tall", "choices", "stars", "photos"),
                "max_length": bound.field.widget.attrs.get("maxlength") if kind == "tall" else None,
                "most": getattr(bound.field, "max_files", 9),
            },
        )
    )


def _kind(widget: forms.Widget) -> str:
    """Return the layout that fits a widget."""
    if isinstance(widget, forms.CheckboxInput):
        return "switch"
    if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple):
        return "choices"
    if isinstance(widget, forms.FileInput):
        return "photos" if str(widget.attrs.get("accept", "")).startswith("image/") else "line"
    if isinstance(widget, forms.Textarea):
        return "tall"
    return "select" if isinstance(widget, forms.Select) else "line"


@register.inclusion_tag("components/fields.html")
def fields(form: forms.BaseForm) -> dict[str, Any]:
    """Render all fields of a form, hidden ones first."""
    return {"form": form}


@register.inclusion_tag("components/form_errors.html")
def form_errors(form: forms.BaseForm) -> dict[str, Any]:
    """Render the summary of what is wrong, with a link to each field; nothing when all is well."""
    wrong = [form[name] for name in form.errors if name in form.fields]
    return {"form": form, "wrong": wrong}


# --- the frame -------------------------------------------------------------------------------------------------------
@register.inclusion_tag("components/tabbar.html", takes_context=True)
def tabbar(context: template.Context) -> dict[str, Any]:
    """Render the bottom tabs; the one that the present address lies under is marked as current. Who has tasks finds them here."""
    request = context.get("request")
    path, user = getattr(request, "path", ""), getattr(request, "user", None)
    works = user is not None and user.is_authenticated and user.is_staff and home.shown(request, "my_work")
    kind = "worker" if works else "resident"
    tabs = []
    for name, word, picture in TABS[kind]:
        try:
            url = reverse(name)
        except NoReverseMatch:
            continue
        here = path == url if url == "/" else path.startswith(url)
        tabs.append({"url": url, "word": word, "icon": picture, "here": here})
    return {"tabs": tabs}
