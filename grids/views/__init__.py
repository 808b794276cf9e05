"""The pages of the territory."""

from grids.views.places import (
    choose_place,
    entrance_qr,
    entrance_scan,
    grid_notice,
    grid_outlines,
    in_grid,
    my_worker,
    renew_entrance,
)
from grids.views.work import handover_items, my_grid, my_handovers

__all__ = [
    "choose_place",
    "entrance_qr",
    "entrance_scan",
    "grid_notice",
    "grid_outlines",
    "handover_items",
    "in_grid",
    "my_grid",
    "my_handovers",
    "my_worker",
    "renew_entrance",
]
