"""The phone pages of incidents."""
