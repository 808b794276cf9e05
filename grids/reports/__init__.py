"""Figures that are counted from rows."""
