"""What people fill in on the pages of voluntary service."""
