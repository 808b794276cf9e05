"""What changes the territory and its outlines. Each function is one transaction."""

from grids.services.boundaries import (
    apply_draft,
    boundary_misfits,
    drop_draft,
    faults_of,
    keep_boundaries,
    load_outlines,
    make_up_base_grids,
    moves_of,
    open_draft,
    outdated,
    outlines_of,
)
from grids.services.redraw import Change, Moves, Numbered, Part, joined, numbered, without_worker
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
    "Change",
    "Moves",
    "Numbered",
    "Part",
    "Report",
    "Retirement",
    "apply_draft",
    "boundary_misfits",
    "drop_draft",
    "faults_of",
    "joined",
    "keep_boundaries",
    "load_divisions",
    "load_outlines",
    "make_up_base_grids",
    "moves_of",
    "numbered",
    "open_draft",
    "outdated",
    "outlines_of",
    "renew_token",
    "retire_grid",
    "save_building",
    "save_grid",
    "without_worker",
]
