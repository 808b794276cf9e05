"""Benchmarks of disputes: a district's case files, their lists, pages and the statistical table."""
