"""How log lines look: one JSON object a line on standard output, without personal data.

Nobody logs personal data on purpose; the formatter is the net below: it drops the DETAIL part of database errors (which
quotes the offending values) and masks what looks like a mobile number or an identity number.
"""

import json
import logging
import re
from datetime import UTC, datetime

_NUMBERS = re.compile(r"(?<![0-9A-Za-z])(\d{6}(?:19|20)\d{9}[\dXx]|1[3-9]\d{9})(?![0-9A-Za-z])")
_DETAIL = re.compile(r"^(?:DETAIL|CONTEXT|QUERY):.*\n?", re.MULTILINE)


def clean(text: str) -> str:
    """Return ``text`` without database details, numbers of people masked.

    >>> clean("duplicate key\\nDETAIL:  Key (phone)=(13800138000) already exists.")
    'duplicate key\\n'
    >>> clean("call 13800138000")
    'call [masked]'
    """
    return _NUMBERS.sub("[masked]", _DETAIL.sub("", text))


class JsonLine(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": clean(record.getMessage()),
        }
        if record.exc_info:
            line["exception"] = clean(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)
