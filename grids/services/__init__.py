"""What changes the territory, its outlines and its teams. Each function is one transaction."""

from grids.services.boundaries import (
    apply_draft,
    boundary_misfits,
    drop_draft,
    faults_of,
    keep_boundaries,
    load_outlines,
    make_up_base_grids,
    open_draft,
    outlines_of,
)
from grids.services.handovers import assign_handover, relist, remark_items, take_items
from grids.services.team import amend, end_service, enrol, enrol_holders, replace, unenrolled
from grids.services.territory import (
    Report,
    Retirement,
    load_divisions,
    renew_token,
    retire_grid,
    save_building,
    save_grid,
)

__all__ = [
    "Report",
    "Retirement",
    "amend",
    "apply_draft",
    "assign_handover",
    "boundary_misfits",
    "drop_draft",
    "end_service",
    "enrol",
    "enrol_holders",
    "faults_of",
    "keep_boundaries",
    "load_divisions",
    "load_outlines",
    "make_up_base_grids",
    "open_draft",
    "outlines_of",
    "relist",
    "remark_items",
    "renew_token",
    "replace",
    "retire_grid",
    "save_building",
    "save_grid",
    "take_items",
    "unenrolled",
]
