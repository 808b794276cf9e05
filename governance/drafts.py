"""Decides how what someone typed survives a detour: signing in again, choosing another place. It stays in the session, on
the server and encrypted, for one return; files and secrets do not."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, QueryDict
from django.utils.http import urlencode

from governance.ahead import is_ahead
from governance.encryption import Unreadable, seal, unseal

#: A draft larger than this is no form that a person filled in.
MOST_CHARACTERS = 20_000
MOST_DRAFTS = 3
_SLOT = "drafts"
#: What belongs to the page that was sent, not to what was typed.
_FRAME = {"csrfmiddlewaretoken", "version", "change_place"}
_SECRET = ("password", "secret", "token")


def _is_typed(field: str) -> bool:
    """Whether a posted field holds words that may wait in a session: not the page's own frame, no password, no code."""
    last = field.rpartition("-")[2].lower()
    return len(field) < 60 and field not in _FRAME and last != "code" and not any(s in last for s in _SECRET)


def _slot_of(request: HttpRequest, name: str) -> str:
    """Return where a form's draft lies: its path with the query, whatever the order of its parts."""
    query = sorted((key, value) for key, values in request.GET.lists() for value in values)
    return f"{name}?{urlencode(query)}" if query else name


def keep(request: HttpRequest, name: str, *, owner: Any = None) -> None:
    """Keep the posted fields under ``name`` (the page's path) and what the address asks for, since one path may have
    several forms. What is far too large is not kept.

    ``owner`` is the account they belong to when it has just been signed out; else it is the visitor's, where there is one.
    Nobody else who signs in on this computer sees them.
    """
    fields = {key: values for key, values in request.POST.lists() if _is_typed(key)}
    size = sum(len(key) + sum(map(len, values)) for key, values in fields.items())
    if not fields or size > MOST_CHARACTERS:
        return
    drafts = request.session.get(_SLOT, {})
    slot, whose = _slot_of(request, name), owner or getattr(request, "user", None)
    drafts.pop(slot, None)
    drafts[slot] = {
        "owner": whose.pk if whose is not None and whose.is_authenticated else None,
        "signed_out": owner is not None,
        "files": bool(request.FILES),
        # A session is a row of the database; what somebody typed may be what is encrypted everywhere else.
        "fields": seal(json.dumps(fields)),
    }
    request.session[_SLOT] = dict(list(drafts.items())[-MOST_DRAFTS:])


def take(request: HttpRequest, name: str) -> QueryDict | None:
    """Return the fields kept under ``name``, once; None where there are none, where they are someone else's, and where nobody looks
    at the page yet."""
    if is_ahead(request):
        return None
    drafts = request.session.get(_SLOT)
    slot = _slot_of(request, name)
    if not drafts or slot not in drafts:
        return None
    kept = drafts.pop(slot)
    request.session[_SLOT] = drafts
    if kept["owner"] not in (None, request.user.pk):
        return None
    try:
        fields = json.loads(unseal(str(kept["fields"])))
    except Unreadable:
        return None
    if kept.get("signed_out"):
        sentence = "已恢复您退出前填写的内容，请核对后再提交。密码、验证码和附件要重新填写。"
    else:
        sentence = "已恢复您上次没填完的内容。" + ("照片要重新选择。" if kept.get("files") else "")
    messages.info(request, sentence, fail_silently=True)
    found = QueryDict(mutable=True)
    for key, values in fields.items():
        found.setlist(key, values)
    return found
