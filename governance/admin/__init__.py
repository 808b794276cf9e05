"""The web admin's shared rooms. ``base`` and ``matters`` are what every app's admin builds on; the others register the kernel's own models when Django's admin discovers this package."""

from governance.admin import accounts, posts, records, roles, system  # noqa: F401  registers the kernel's models
