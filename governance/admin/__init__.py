"""The web admin's shared rooms. ``base`` and ``matters`` are what every app's admin builds on; ``people``, ``records`` and
``system`` register the kernel's own models when Django's admin discovers this package."""

from governance.admin import people, records, system  # noqa: F401  registers the kernel's models
