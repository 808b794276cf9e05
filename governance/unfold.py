"""The look of the web admin: title, palette, style sheets and the words that mark a demo.

The palette is the phone pages' own (static/portal/portal.css) in the steps that the theme asks for. What the sidebar
holds is governance/admin/navigation.py's.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static


def environment(request: HttpRequest) -> list[str] | None:
    """Return the label at the top of every page of a demo, so that nobody takes made-up people for real ones."""
    return ["演示 · 人物虚构", "warning"] if settings.DEMO else None


def icon_url(request: HttpRequest) -> str:
    """Return the address of the portal's own mark."""
    return static("portal/icon.svg")


def style_urls() -> list[Any]:
    """Return the style sheets of the admin's pages, resolved at each request because their names carry a hash."""
    return [
        lambda request: static("portal/parts.css"),
        lambda request: static("portal/desk.css"),
        lambda request: static("portal/mediation.css"),
    ]


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "社区治理平台",
    "SITE_HEADER": "社区治理平台",
    "SITE_SUBHEADER": "工作台",
    "SITE_URL": "/",
    "SITE_ICON": icon_url,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": icon_url}],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "ENVIRONMENT": "governance.unfold.environment",
    "STYLES": style_urls(),
    "SCRIPTS": [lambda request: static("portal/desk.js")],
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "base": {
            "50": "#faf9f8",
            "100": "#f4f2f0",
            "200": "#e7e4e1",
            "300": "#d6d2ce",
            "400": "#8a847f",
            "500": "#6b6662",
            "600": "#57524e",
            "700": "#44403c",
            "800": "#2a2725",
            "900": "#1c1a19",
            "950": "#0e0d0c",
        },
        # 600 carries white words on the light theme (6.5 to 1); 500 is the dark theme's word colour (6 to 1).
        "primary": {
            "50": "#fdf3f2",
            "100": "#fbe4e1",
            "200": "#f7ccc7",
            "300": "#f2aea7",
            "400": "#f2968d",
            "500": "#ee8377",
            "600": "#b5251c",
            "700": "#8f1b14",
            "800": "#74150f",
            "900": "#5c120d",
            "950": "#350805",
        },
        "font": {
            "subtle-light": "var(--color-base-500)",
            "subtle-dark": "var(--color-base-300)",
            "default-light": "var(--color-base-700)",
            "default-dark": "var(--color-base-200)",
            "important-light": "var(--color-base-900)",
            "important-dark": "var(--color-base-50)",
        },
    },
    "SIDEBAR": {
        "show_search": True,
        "command_search": False,
        "show_all_applications": False,
    },
}
