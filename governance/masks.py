"""How personal data looks before someone is allowed to see it. Conventions: phone 138 **** 5678, name 张*, address to
the building."""

import re
from collections.abc import Callable

#: How the login names of other systems' accounts begin; nobody signs in by them.
MACHINE = "source-"
#: An identity number: a division, a day of birth, a serial and a check digit, written together or apart.
IDENTITY_NUMBER = re.compile(
    r"(?<!\d)\d{6}[\s-]?(?:18|19|20)\d\d[\s-]?(?:0[1-9]|1[0-2])[\s-]?(?:0[1-9]|[12]\d|3[01])[\s-]?\d{3}[\s-]?[\dXx](?!\d)"
)


def phone(text: str) -> str:
    """Return a phone number with its middle hidden; the whole number hidden when it is too short for that."""
    return f"{text[:3]} **** {text[-4:]}" if len(text) >= 11 else "*" * len(text)


def name(text: str) -> str:
    """Return the family name and stars."""
    return text[:1] + "*" * max(1, min(2, len(text) - 1)) if text else ""


def person(user) -> str:
    """Return how somebody is named to whom her contact is not open: staff and machines in full, others masked."""
    in_full = user.is_staff or user.username == "system" or user.username.startswith(MACHINE)
    return str(user) if in_full else name(user.name or user.username)


def address(text: str) -> str:
    """Return nothing of a room number; the building and door beside it stay readable."""
    return "***" if text else ""


def birthday(text: str) -> str:
    """Return only the year."""
    return f"{text[:4]} 年" if text else ""


def hidden(text: str) -> str:
    """Return nothing of the text but that there is some."""
    return "***" if text else ""


MASKS: dict[str, Callable[[str], str]] = {
    "phone": phone,
    "name": name,
    "address": address,
    "birthday": birthday,
    "hidden": hidden,
}


def shown(obj, field: str, *, clear: bool = False) -> str:
    """Return a field as it may be shown: masked as the model declares, or in clear when the rule allows it.

    Raises KeyError for a field that the model does not declare as masked.
    """
    kind = obj.masked[field]
    value = getattr(obj, field)
    text = "" if value is None else str(value)
    return text if clear else MASKS[kind](text)
