"""The transition tables of voluntary service: orders, registrations, showcases."""

from volunteers.flow import ticking  # noqa: F401  registers what time does
from volunteers.flow.orders import ORDERS
from volunteers.flow.registration import REGISTRATION
from volunteers.flow.showcases import SHOWCASES

__all__ = ["ORDERS", "REGISTRATION", "SHOWCASES"]
