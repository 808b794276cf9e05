"""Voluntary service in the API: the menu, orders and their hall, claims, registrations, showcases."""
