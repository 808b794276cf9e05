"""Decides how what someone typed survives a detour: signing in again, choosing another place. It stays in the session, on
the server, for one return; files and secrets do not."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, QueryDict

#: A draft larger than this is no form that a person filled in.
MOST_CHARACTERS = 20_000
MOST_DRAFTS = 3
_SLOT = "drafts"
#: What belongs to the page that was sent, not to what was typed.
_FRAME = {"csrfmiddlewaretoken", "version"}
_SECRET = ("password", "secret", "token")


def _is_typed(field: str) -> bool:
    """Whether a posted field holds words that may wait in a session: not the page's own frame, no password, no code."""
    last = field.rpartition("-")[2].lower()
    return len(field) < 60 and field not in _FRAME and last != "code" and not any(s in last for s in _SECRET)


def keep(request: HttpRequest, name: str, *, owner: Any = None) -> None:
    """Keep the posted fields under ``name`` (the page's path). What is far too large is not kept.

    ``owner`` is the account they belong to, where it is known: nobody else who signs in on this computer sees them.
    """
    fields = {key: values for key, values in request.POST.lists() if _is_typed(key)}
    size = sum(len(key) + sum(map(len, values)) for key, values in fields.items())
    if not fields or size > MOST_CHARACTERS:
        return
    drafts = request.session.get(_SLOT, {})
    drafts.pop(name, None)
    drafts[name] = {"owner": owner.pk if owner is not None else None, "fields": fields}
    request.session[_SLOT] = dict(list(drafts.items())[-MOST_DRAFTS:])


def take(request: HttpRequest, name: str) -> QueryDict | None:
    """Return the fields kept under ``name``, once; None where there are none, or where they are someone else's."""
    drafts = request.session.get(_SLOT)
    if not drafts or name not in drafts:
        return None
    kept = drafts.pop(name)
    request.session[_SLOT] = drafts
    if kept["owner"] not in (None, request.user.pk):
        return None
    if kept["owner"] is not None:
        messages.info(request, "已恢复您退出前填写的内容，请核对后再提交。密码、验证码和附件要重新填写。")
    found = QueryDict(mutable=True)
    for key, values in kept["fields"].items():
        found.setlist(key, values)
    return found
