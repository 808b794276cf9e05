"""The phone pages of what members do for a community: thin, for forms check, services and the flow write, and the rule decides."""
