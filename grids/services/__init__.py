"""What changes the territory and its outlines. Each function is one transaction."""

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
    "apply_draft",
    "boundary_misfits",
    "drop_draft",
    "faults_of",
    "keep_boundaries",
    "load_divisions",
    "load_outlines",
    "make_up_base_grids",
    "open_draft",
    "outlines_of",
    "renew_token",
    "retire_grid",
    "save_building",
    "save_grid",
]
