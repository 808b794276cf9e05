"""A column whose text is encrypted at rest; in Python it is plain text."""

from typing import Any

from django.db import models

from governance.encryption import seal, unseal


class SealedTextField(models.TextField):
    """Text that the database holds encrypted (governance/encryption.py). It cannot be searched, sorted or compared.

    Reading raises Unreadable where the key is another one than it was written with.
    """

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return seal(text) if text else text

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return unseal(value) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        # Only whether there is something can be asked.
        return super().get_lookup(lookup_name) if lookup_name in ("isnull", "exact") else None
