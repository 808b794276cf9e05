"""How an answer of the interface is written: XML, and JSON with the same names (the specification's "Spark" mapping, in which
a container of several is a bare array)."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

from django.http import HttpResponse
from django.utils import timezone

#: What stands in a container of several.
ITEMS = {
    "services": "service",
    "attributes": "attribute",
    "values": "value",
    "service_requests": "request",
    "notes": "note",
    "endpoints": "endpoint",
    "formats": "format",
    "errors": "error",
}
#: Characters that XML 1.0 has no way to write.
_UNWRITABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Problem(Exception):
    """A request that cannot be answered: the status, and a Chinese sentence for each thing that is wrong."""

    def __init__(self, status: int, *sentences: str) -> None:
        self.status, self.sentences = status, sentences
        super().__init__(status, *sentences)


def moment(at: datetime | None) -> str | None:
    """Return a moment as the W3C note writes it, in local time with its offset."""
    return timezone.localtime(at).isoformat(timespec="seconds") if at is not None else None


def as_xml(root: str, content: Any) -> str:
    """Return the document as XML; ``content`` is made of dicts, lists, texts, numbers, truth values and None."""
    tree = _element(root, content)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(tree, encoding="unicode")


def _element(name: str, content: Any) -> ElementTree.Element:
    element = ElementTree.Element(name)
    if isinstance(content, dict):
        element.extend(_element(key, value) for key, value in content.items())
    elif isinstance(content, list):
        element.extend(_element(ITEMS[name], value) for value in content)
    elif isinstance(content, bool):
        element.text = "true" if content else "false"
    elif content is not None:
        element.text = _UNWRITABLE.sub("", str(content))
    return element


def as_json(root: str, content: Any) -> str:
    """Return the document as JSON; the root's name is not written."""
    return json.dumps(content, ensure_ascii=False)


FORMATS: dict[str, tuple[str, Callable[[str, Any], str]]] = {
    "xml": ("text/xml; charset=utf-8", as_xml),
    "json": ("application/json; charset=utf-8", as_json),
}


def answer(form: str, root: str, content: Any, status: int = 200) -> HttpResponse:
    """Return the response in the form that the address names."""
    kind, write = FORMATS[form]
    return HttpResponse(write(root, content), content_type=kind, status=status)


def refusal(form: str, problem: Problem) -> HttpResponse:
    """Return what a request that cannot be answered gets."""
    errors = [{"code": problem.status, "description": sentence} for sentence in problem.sentences]
    return answer(form, "errors", errors, problem.status)
