"""The API under /api/v1: the same rule, the same actions and the same sentences as the pages, for a mini program and for
other systems. Each app adds its own routes; docs/api.md tells a newcomer how to begin."""
