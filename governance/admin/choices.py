"""What a form of the admin lets someone choose: related rows within the rule, in controls that survive hostile values."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import (
    AutocompleteSelect,
    AutocompleteSelectMultiple,
    RelatedFieldWidgetWrapper,
)
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.fields.related import RelatedField
from django.http import HttpRequest

from governance.permissions import Jurisdiction, permission, rule_of

#: The longest number that a row may have in an address.
MOST_DIGITS = 10


class _Sturdy:
    """Leaves values out that no key can be, before the control looks them up to show them again."""

    def optgroups(self, name: str, value: list[str], attr: dict | None = None) -> list:
        key = self.field.remote_field.get_related_field()
        return super().optgroups(name, [each for each in value if could_be(key, each)], attr)


def could_be(key: models.Field, value: Any) -> bool:
    """Say whether a value that came from outside can be a key of this column at all."""
    if "\x00" in str(value):
        return False
    try:
        key.to_python(value)
    except ValidationError:
        return False
    return True


def could_be_key(text: str) -> bool:
    """Say whether a text of an address can be the number of a row at all."""
    return text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS


class ChoiceBox(_Sturdy, AutocompleteSelect):
    """Django's autocomplete of one row."""


class ChoiceBoxes(_Sturdy, AutocompleteSelectMultiple):
    """Django's autocomplete of several rows."""


class RestrictedChoices:
    """Narrows the choices of a model admin or an inline to what the rule lets the person see."""

    #: The rule's action that adding needs.
    add_action = "add"

    def related_choices(self, db_field: RelatedField, request: HttpRequest) -> models.QuerySet | None:
        """Return the rows that a form may choose for ``db_field``: what the person may view; for the place of a row, only
        nodes where she may add or change such rows. None for a model without a rule."""
        related = db_field.related_model
        if not hasattr(related, "rule"):
            return None
        rule = rule_of(self.model)
        if isinstance(rule, Jurisdiction) and db_field.name == rule.base and db_field.model is self.model:
            return self.places(request, related)
        return related._default_manager.restrict(request.user, "view")

    def places(self, request: HttpRequest, grids: type[models.Model]) -> models.QuerySet:
        """Return the nodes in use where the person may put a row of this model."""
        current = grids._default_manager.current()
        if request.user.is_superuser:
            return current
        needed = {permission(self.model, action) for action in (self.add_action, "change")}
        nodes = [(p.code, None) for p in request.user.posts_in_force if needed & p.permissions]
        return current.filter(rule_of(grids).nodes_q(nodes)) if nodes else current.none()

    def formfield_for_foreignkey(self, db_field, request: HttpRequest, **kwargs):
        return self._narrowed(super().formfield_for_foreignkey, ChoiceBox, db_field, request, kwargs)

    def formfield_for_manytomany(self, db_field, request: HttpRequest, **kwargs):
        return self._narrowed(super().formfield_for_manytomany, ChoiceBoxes, db_field, request, kwargs)

    def _narrowed(self, build: Any, box: type, db_field: RelatedField, request: HttpRequest, kwargs: dict):
        choices = self.related_choices(db_field, request)
        if choices is not None:
            kwargs.setdefault("queryset", choices)
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", box(db_field, self.admin_site))
        field = build(db_field, request, **kwargs)
        chooser = self.admin_site._registry.get(db_field.related_model)
        if hasattr(field, "label_from_instance") and hasattr(chooser, "choice_title"):
            # What is chosen already is called as the box calls it, masked where it masks.
            field.label_from_instance = chooser.choice_title
        return field

    def formfield_for_dbfield(self, db_field, request: HttpRequest, **kwargs):
        """Return the form field, without the little links that add or edit a related row in a window of its own."""
        field: forms.Field | None = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field
