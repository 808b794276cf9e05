"""The small pages on which one action of a transition table is carried out from the desk.

What happens is governance/views/actions.py's; this puts it into the admin's frame: rows are found within the admin's
reach, forms wear the theme's clothes, and one comes back to the admin's page of the matter.
"""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.http import Http404, HttpResponse
from django.template.response import TemplateResponse
from unfold.widgets import (
    CHECKBOX_CLASSES,
    FILE_CLASSES,
    INPUT_CLASSES,
    RADIO_CLASSES,
    SELECT_CLASSES,
    TEXTAREA_CLASSES,
)

from governance.admin.base import Named
from governance.flow import Stale
from governance.forms import ActionForm
from governance.models import Matter
from governance.views import FlowActionView


class ExtendForm(ActionForm):
    """More time, in office hours."""

    hours = forms.IntegerField(
        label="延长多少工作小时",
        min_value=1,
        max_value=400,
        help_text="只计上班时间，一个工作日约 7.5 小时。",
    )


#: Forms of the rows that every table has (governance/deadlines.py).
TIME_FORMS: dict[str, type[ActionForm]] = {"extend": ExtendForm}


def dress(form: forms.BaseForm) -> forms.BaseForm:
    """Give a form's controls the theme's classes; returns the form.

    What is left empty is called by its name, and what is pasted too long comes whole, so that the form can say by how much: a
    browser would cut it off without a word.
    """
    for field in form.fields.values():
        widget = field.widget
        widget.attrs.pop("maxlength", None)
        if (
            field.label
            and field.error_messages.get("required") == forms.Field.default_error_messages["required"]
        ):
            verb = "选择" if hasattr(field, "choices") else "填写"
            field.error_messages["required"] = f"请{verb}{field.label}。"
        if isinstance(widget, forms.HiddenInput | AutocompleteSelect):
            continue
        if isinstance(widget, forms.CheckboxInput | forms.CheckboxSelectMultiple):
            classes = CHECKBOX_CLASSES
        elif isinstance(widget, forms.RadioSelect):
            classes = RADIO_CLASSES
        elif isinstance(widget, forms.FileInput):
            classes = FILE_CLASSES
        elif isinstance(widget, forms.Textarea):
            classes = TEXTAREA_CLASSES
        elif isinstance(widget, forms.Select):
            classes = SELECT_CLASSES
            if not widget.allow_multiple_selected:
                widget.template_name = "unfold/widgets/select.html"
        else:
            classes = INPUT_CLASSES
        if "class" not in widget.attrs:
            widget.attrs["class"] = " ".join(classes)
    return form


class DeskActionView(FlowActionView):
    """One action on one matter, from the desk. ``admin`` is the matter's admin."""

    admin: Any = None

    def setup(self, request, *args: Any, **kwargs: Any) -> None:
        self.flow = self.admin.model.flow
        super().setup(request, *args, **kwargs)
        if self.action.hidden:
            raise Http404

    def form_class(self, name: str) -> type[ActionForm]:
        return self.admin.form_of_action(name)

    def find(self) -> Matter | None:
        """Return the matter within the admin's reach, or None."""
        found = self.admin.get_object(self.request, str(self.kwargs["object_id"]))
        if found is not None:
            self.kwargs["number"] = found.number
        return found

    def was_mine(self) -> bool:
        """Whether this very request took the matter out of her reach before."""
        number = self.flow.model._base_manager.filter(pk=self.kwargs["object_id"]).values_list(
            "number", flat=True
        )
        self.kwargs["number"] = number.first()
        return super().was_mine()

    def form(self, matter: Matter, data=None) -> ActionForm:
        return dress(super().form(matter, data))

    def page(self, matter: Matter, form: ActionForm, changed: Stale | None = None) -> HttpResponse:
        """Show the form in the admin's frame."""
        self.request.current_app = self.admin.admin_site.name
        context = {
            **self.admin.admin_site.each_context(self.request),
            "title": self.action.label,
            "subtitle": self.admin.row_title(matter),
            "opts": self.admin.model._meta,
            "original": Named(matter, self.admin.row_title(matter)),
            "matter": matter,
            "tone": self.admin.tones.get(matter.status, "quiet"),
            "action": self.action,
            "form": form,
            "changed": changed,
            "back": self.admin.link(matter),
            "media": self.admin.media + form.media,
            **self.admin.background(self.request, matter),
            "aside": self.admin.action_asides.get(self.action.name, ""),
        }
        return TemplateResponse(self.request, "governance/desk_action.html", context)

    def next_page(self, matter: Matter) -> str:
        """Return the matter's page, or that of the one it goes on as, or the list when the action took it out of reach."""
        if elsewhere := self.admin.goes_on_at(self.request, self.action.name):
            return elsewhere
        there = self.admin.get_object(self.request, str(matter.pk)) is not None
        return self.admin.link(self.admin.continued(matter)) if there else self.admin.link(None, "changelist")

    @property
    def fallback(self) -> str:
        meta = self.admin.model._meta
        return f"admin:{meta.app_label}_{meta.model_name}_changelist"
