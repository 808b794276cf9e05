"""Benchmarks of incidents: a world of the district's size, lists, pages and figures in it."""
