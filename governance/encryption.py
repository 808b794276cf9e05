"""Text that is encrypted at rest. Decides the key (from FIELD_KEY, apart from SECRET_KEY) and the one form such text has."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


class Unreadable(ValueError):
    """The text was not sealed with the present FIELD_KEY, or was changed since."""


def _box() -> Fernet:
    return Fernet(
        base64.urlsafe_b64encode(hashlib.sha256(b"portal.field:" + settings.FIELD_KEY.encode()).digest())
    )


def seal(text: str) -> str:
    """Return the text encrypted and authenticated, as ASCII."""
    return _box().encrypt(text.encode()).decode("ascii")


def unseal(sealed: str) -> str:
    """Return the text that was sealed. Raises Unreadable when the key is another one or the text was tampered with."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except (InvalidToken, UnicodeError) as wrong:
        raise Unreadable("not sealed with the present key") from wrong
