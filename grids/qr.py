"""Draws the QR codes that are posted at doors, and decides which addresses they carry.

The address is fixed by SITE_URL, not by the request: a printed code must not depend on how the clerk reached the page.
"""

import segno
from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from grids.models import Entrance, Grid, Premises


def entrance_url(entrance: Entrance) -> str:
    """Return the address that opens the resident's page already placed at this door."""
    return settings.SITE_URL.rstrip("/") + reverse("entrance_scan", args=[entrance.token])


def grid_url(grid: Grid) -> str:
    """Return the address that opens the resident's page already placed in this grid."""
    return settings.SITE_URL.rstrip("/") + reverse("in_grid", args=[grid.code])


def entrance_qr_svg(entrance: Entrance) -> SafeString:
    """Return the door's QR code as inline SVG, of any size on paper."""
    return _svg(entrance_url(entrance), f"{entrance}的二维码")


def grid_qr_svg(grid: Grid) -> SafeString:
    """Return the grid's QR code as inline SVG, of any size on paper."""
    return _svg(grid_url(grid), f"{grid}的二维码")


def premises_url(premises: Premises) -> str:
    """Return the address at which a shop checks its own safety."""
    return settings.SITE_URL.rstrip("/") + reverse("selfcheck", args=[premises.token])


def premises_qr_svg(premises: Premises) -> SafeString:
    """Return the shop's QR code as inline SVG, of any size on paper."""
    return _svg(premises_url(premises), f"{premises}安全自查的二维码")


def _svg(address: str, title: str) -> SafeString:
    # Level Q still reads with a quarter of the code scratched or dirty, as codes at doors become.
    code = segno.make_qr(address, error="q")
    drawing = code.svg_inline(
        border=4, omitsize=True, light="#fff", title=title, svgclass=None, lineclass=None
    )
    # A screen reader says the title; segno escapes it.
    return mark_safe(drawing.replace("<svg ", '<svg role="img" ', 1))  # noqa: S308
