"""What a phone keeps while it has no network, and sends once it is back (static/portal/outbox.js is the phone's side).

It sends to the form's own address, so one view checks and carries out what comes from the page and what comes later. A request that
accepts JSON is answered in JSON, with a ``state`` that the phone can act on: ``done``, ``refused``, ``stale``,
``incomplete`` or ``signed_out``; in every answer ``said`` is the sentence for the person.
"""

from django import forms
from django.http import HttpRequest, JsonResponse

from governance.flow import Stale
from governance.models import User
from governance.templatetags.ui import cn_short


def asked(request: HttpRequest) -> bool:
    """Say whether an answer is wanted for the outbox in place of a page."""
    return "application/json" in request.headers.get("Accept", "")


def is_later(request: HttpRequest) -> bool:
    """Say whether it is sent from what was kept, while the person looks at something else."""
    return asked(request) and "X-Kept" in request.headers


def is_owners(request: HttpRequest) -> bool:
    """Say whether the account that is signed in is the one that wrote it."""
    user = request.user
    return user.is_authenticated and request.headers.get("X-Account") == str(user.pk)


def signed_out(sentence: str = "请先登录，草稿还在。") -> JsonResponse:
    """Answer that the writer has to sign in before it is taken."""
    return JsonResponse({"state": "signed_out", "said": sentence}, status=401)


def done(url: str, sentence: str) -> JsonResponse:
    """Answer that it was carried out, now or before; ``url`` leads to what it became."""
    return JsonResponse({"state": "done", "url": url, "said": sentence})


def refused(form: forms.Form) -> JsonResponse:
    """Answer what must be mended, field by field."""
    errors = [
        {"field": name if name in form.fields else "", "text": str(text)}
        for name, texts in form.errors.items()
        for text in texts
    ]
    said = " ".join(
        f"{form[each['field']].label}：{each['text']}" if each["field"] else each["text"] for each in errors
    )
    return JsonResponse({"state": "refused", "said": said, "errors": errors}, status=422)


def incomplete() -> JsonResponse:
    """Answer that a picture which the form names has not come whole, so nothing was carried out."""
    return JsonResponse({"state": "incomplete", "said": "照片还没有传完，过一会儿自动再发。"}, status=409)


def stale(found: Stale, *, by: User, version: int | None, url: str) -> JsonResponse:
    """Answer that others were quicker: what happened since, and the ``version`` under which it may be sent all the same; None
    where the action is no longer offered."""
    steps = [
        {
            "said": f"{cn_short(step.at)} {step.label}"
            + (f"（{step.actor}）" if step.actor.is_staff else ""),
            "mine": step.actor_id == by.pk,
        }
        for step in found.steps
    ]
    said = (
        "您填写之后，这件事有了新进展。" if version is not None else "这件事有了新进展，现在不能再办这一步。"
    )
    return JsonResponse(
        {"state": "stale", "said": said, "steps": steps, "version": version, "url": url}, status=409
    )


def clash(sentence: str, versions: list[str], *, url: str) -> JsonResponse:
    """Answer that somebody else was quicker and that what was sent is not carried out: both versions, in words."""
    steps = [{"said": each, "mine": False} for each in versions]
    return JsonResponse(
        {"state": "stale", "said": sentence, "steps": steps, "version": None, "url": url}, status=409
    )
