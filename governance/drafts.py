"""Decides how what someone typed survives a detour: signing in again, choosing another place. It stays in the session, on
the server, for one return; files do not."""

from django.http import HttpRequest, QueryDict

#: A draft larger than this is no form that a person filled in.
MOST_CHARACTERS = 20_000
MOST_DRAFTS = 3
_SLOT = "drafts"


def keep(request: HttpRequest, name: str) -> None:
    """Keep the posted fields under ``name`` (the page's path). What is far too large is not kept."""
    fields = {
        key: values
        for key, values in request.POST.lists()
        if key not in ("csrfmiddlewaretoken", "version") and len(key) < 60
    }
    if sum(len(value) for values in fields.values() for value in values) > MOST_CHARACTERS:
        return
    drafts = request.session.get(_SLOT, {})
    drafts.pop(name, None)
    drafts[name] = fields
    request.session[_SLOT] = dict(list(drafts.items())[-MOST_DRAFTS:])


def take(request: HttpRequest, name: str) -> QueryDict | None:
    """Return the fields kept under ``name``, once; None where there are none."""
    drafts = request.session.get(_SLOT)
    if not drafts or name not in drafts:
        return None
    fields = drafts.pop(name)
    request.session[_SLOT] = drafts
    found = QueryDict(mutable=True)
    for key, values in fields.items():
        found.setlist(key, values)
    return found
