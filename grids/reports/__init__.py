"""What is counted of the territory's work."""
