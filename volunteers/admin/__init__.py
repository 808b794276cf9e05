"""The desk of voluntary service: orders, showcases, volunteers, teams, stations, the menu and the hours ledger."""

from volunteers.admin import menu, orders, people, showcases  # noqa: F401  registers the models
