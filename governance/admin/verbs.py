"""A page that asks for what a service needs and runs it: the desk's way to verbs that are no column edit (dismiss, adjust)."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from governance import audit, drafts
from governance.admin.actions import dress
from governance.admin.base import Named
from governance.forms import tell


class ReasonForm(forms.Form):
    """A reason, and nothing else."""

    reason = forms.CharField(
        label="理由",
        max_length=200,
        widget=forms.Textarea({"rows": 3}),
        error_messages={"required": "请填写理由，会记入访问日志。"},
    )


def reveal_page(admin: Any, request: HttpRequest, obj: models.Model, field: str) -> HttpResponse:
    """Ask for a reason, then show one masked column of a row in clear, once; the access log keeps who, what and why.

    Raises Http404 for a column that is not masked, and for whoever may not look.
    """
    if field not in obj.masked or not request.user.may("reveal", obj):
        raise Http404
    label, back = str(obj._meta.get_field(field).verbose_name), admin.link(obj)

    def run(given: dict[str, Any]) -> HttpResponse:
        try:
            value = audit.reveal(obj, field, by=request.user, reason=given["reason"], request=request)
        except PermissionDenied as refusal:
            raise Http404 from refusal
        context = {
            **admin.admin_site.each_context(request),
            "title": f"查看{label}",
            "label": label,
            "value": value,
            "opts": admin.model._meta,
            "back": back,
        }
        return TemplateResponse(request, "governance/desk_revealed.html", context)

    return verb_page(
        admin,
        request,
        title=f"查看{label}",
        form=ReasonForm(request.POST or None),
        run=run,
        done="",
        back=back,
        obj=obj,
        button="查看",
        hint="查看理由会记入访问日志。",
    )


def verb_page(
    admin: Any,
    request: HttpRequest,
    *,
    title: str,
    form: forms.Form,
    run: Callable[[dict[str, Any]], Any],
    done: str,
    back: str,
    obj: models.Model | None = None,
    hint: str = "",
    danger: bool = False,
    intro: str = "",
    button: str = "",
    template: str = "governance/desk_form.html",
    extra: dict[str, Any] | None = None,
) -> HttpResponse:
    """Show the form (GET) or run the service with its data (POST) and go back.

    What the service refuses is shown at its field with everything typed kept. ``run`` may return an address to go to, or
    itself the page to show, where that can be shown only once. ``button``: what is written on it.
    """
    dress(form)
    draft = drafts.take(request, request.path) if request.method == "GET" else None
    if draft is not None:
        form.data, form.is_bound = draft, True
    if request.method == "POST" and form.is_valid():
        try:
            answer = run(form.cleaned_data)
        except ValidationError as refusal:
            tell(form, refusal)
        else:
            if isinstance(answer, HttpResponse):
                return answer
            admin.message_user(request, done)
            return HttpResponseRedirect(answer if isinstance(answer, str) else back)
    request.current_app = admin.admin_site.name
    context = {
        **admin.admin_site.each_context(request),
        "title": title,
        "subtitle": admin.row_title(obj) if obj is not None else None,
        "opts": admin.model._meta,
        "original": Named(obj, admin.row_title(obj)) if obj is not None else None,
        "form": form,
        "hint": hint,
        "intro": intro,
        "danger": danger,
        "button": button,
        "back": back,
        "media": admin.media + form.media,
        **(extra or {}),
    }
    return TemplateResponse(request, template, context)
