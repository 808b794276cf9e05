"""Incidents in the API: the catalogue, reports and what becomes of them."""
