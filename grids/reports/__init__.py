"""What is counted of the grids' rounds and of the shops' self-checks. Nothing here counts for a person."""
