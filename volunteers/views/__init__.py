"""The pages of voluntary service: thin, for forms check, services and the flow write, and the rule decides what is shown."""
