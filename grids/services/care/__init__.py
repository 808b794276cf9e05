"""Care plans (四色探视): what makes and changes them (plans), look-ins (look_ins), SOS buttons (alarms), and what time does (clock)."""

from grids.services.care.alarms import bind_device, press, renew_key, unbind_device
from grids.services.care.look_ins import look_in
from grids.services.care.plans import (
    add_contact,
    drop_contact,
    end_plan,
    end_plans_of,
    mend_plan,
    open_plan,
    recolour,
    renew,
    reveal,
    set_carers,
)

__all__ = [
    "add_contact",
    "bind_device",
    "drop_contact",
    "end_plan",
    "end_plans_of",
    "look_in",
    "mend_plan",
    "open_plan",
    "press",
    "recolour",
    "renew",
    "renew_key",
    "reveal",
    "set_carers",
    "unbind_device",
]
