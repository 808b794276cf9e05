"""What people fill in about incidents: a report, and the form of each action."""
