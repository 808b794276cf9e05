"""The nouns of voluntary service: menu, stations, teams, volunteers, orders, claims, hours, showcases."""

from volunteers.models.menu import ServiceItem, Skill, Station
from volunteers.models.orders import Claim, HoursEntry, Order, OrderPhoto, OrderStep
from volunteers.models.people import Membership, Team, Volunteer, VolunteerStep
from volunteers.models.showcases import Showcase, ShowcasePhoto, ShowcaseStep

__all__ = [
    "Claim",
    "HoursEntry",
    "Membership",
    "Order",
    "OrderPhoto",
    "OrderStep",
    "ServiceItem",
    "Showcase",
    "ShowcasePhoto",
    "ShowcaseStep",
    "Skill",
    "Station",
    "Team",
    "Volunteer",
    "VolunteerStep",
]
