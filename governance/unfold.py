"""The look of the web admin: title, palette, sidebar, style sheets and the words that mark a demo.

The palette is the phone pages' own (static/portal/portal.css) in the steps that the theme asks for. The sidebar is one
table of addresses and permissions; what a deployment does not serve, or a person may not see, is left out.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse

#: (group, [(word, Material symbol, address name, permission or None)]). Order is the order on the page: the day's work
#: first, what is rarely touched last.
SIDEBAR = (
    ("", (("工作台", "dashboard", "admin:index", None),)),
    (
        "志愿服务",
        (
            ("服务订单", "volunteer_activism", "admin:volunteers_order_changelist", "volunteers.view_order"),
            ("晒单审核", "photo_library", "admin:volunteers_showcase_changelist", "volunteers.view_showcase"),
            ("志愿者", "diversity_3", "admin:volunteers_volunteer_changelist", "volunteers.view_volunteer"),
            ("志愿服务队", "groups", "admin:volunteers_team_changelist", "volunteers.view_team"),
            ("服务站点", "storefront", "admin:volunteers_station_changelist", "volunteers.view_station"),
            ("暖心菜单", "restaurant_menu", "admin:volunteers_menu_changelist", "volunteers.view_menu"),
            ("服务项目", "list_alt", "admin:volunteers_item_changelist", "volunteers.view_item"),
            ("时长台账", "schedule", "admin:volunteers_hourentry_changelist", "volunteers.view_hourentry"),
        ),
    ),
    (
        "来件与通知",
        (
            ("来件", "inbox", "admin:governance_intake_changelist", "governance.view_intake"),
            ("通知", "notifications", "admin:governance_notice_changelist", "governance.view_notice"),
            ("短信", "sms", "admin:governance_textmessage_changelist", "governance.view_textmessage"),
        ),
    ),
    (
        "网格",
        (
            ("网格", "grid_view", "admin:grids_grid_changelist", "grids.view_grid"),
            ("楼栋", "apartment", "admin:grids_building_changelist", "grids.view_building"),
            ("楼门", "door_front", "admin:grids_entrance_changelist", "grids.view_entrance"),
        ),
    ),
    (
        "人员与岗位",
        (
            ("账号", "person", "admin:governance_user_changelist", "governance.view_user"),
            ("岗位", "badge", "admin:governance_post_changelist", "governance.view_post"),
            ("单位", "domain", "admin:governance_unit_changelist", "governance.view_unit"),
            ("角色", "admin_panel_settings", "admin:governance_role_changelist", "governance.view_role"),
        ),
    ),
    (
        "日志与设置",
        (
            ("访问日志", "history", "admin:governance_accessevent_changelist", "governance.view_accessevent"),
            ("超级管理模式", "key", "admin:governance_elevation_changelist", "governance.view_elevation"),
            ("个案授权", "share", "admin:governance_share_changelist", "governance.view_share"),
            ("参数", "tune", "admin:governance_parameter_changelist", "governance.view_parameter"),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sidebar for this person: groups that still have an entry, without what she may not see anywhere."""
    groups = []
    for title, entries in SIDEBAR:
        items = []
        for word, symbol, name, permission in entries:
            if permission is not None and not request.user.has_perm(permission):
                continue
            try:
                link = reverse(name)
            except NoReverseMatch:
                continue
            items.append({"title": word, "icon": symbol, "link": link})
        if items:
            groups.append({"title": title, "separator": bool(title), "collapsible": False, "items": items})
    return groups


def environment(request: HttpRequest) -> list[str] | None:
    """Return the label at the top of every page of a demo, so that nobody takes made-up people for real ones."""
    return ["演示环境 · 人物均为虚构", "warning"] if settings.DEMO else None


def icon_url(request: HttpRequest) -> str:
    """Return the address of the portal's own mark."""
    return static("portal/icon.svg")


def style_urls() -> list[Any]:
    """Return the style sheets of the admin's pages, resolved at each request because their names carry a hash."""
    return [lambda request: static("portal/parts.css"), lambda request: static("portal/desk.css")]


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
        "navigation": navigation,
    },
}
