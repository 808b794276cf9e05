"""The admin of every model: lists, pages, choices, saves and histories go through the permission rule.

Nothing here decides who may do what; it asks ``restrict`` and ``permitted_actions``, and answers 404 for the rest.
"""

from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import IntegrityError, models
from django.db.models.fields.related import RelatedField
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from simple_history.utils import get_history_manager_for_model
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from governance import drafts, masks
from governance.admin.choices import RestrictedChoices, could_be
from governance.admin.paging import CappedPaginator
from governance.constraints import sentence
from governance.forms import tell as put_error
from governance.permissions import (
    look_again,
    permitted_actions,
)
from governance.templatetags import ui

#: Characters of a search that are looked at.
LONGEST_SEARCH = 100
#: Django's mark for a list that was asked for something it does not offer.
ERROR_VAR = "e"
#: What a history shows in place of a masked value.
HIDDEN = "（已隐去）"


class DeskList(ChangeList):
    """A list that says which filters are on, and never how many rows there are without them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        # The theme would print this number in the heading; the capped count stands below the list.
        self.full_result_count = self.result_count

    def active_filters(self) -> list[dict[str, str]]:
        """Return the filters that are on: name, chosen value in words, and the address without it."""
        active = []
        for spec in self.filter_specs:
            if not spec.used_parameters or getattr(spec, "as_switch", False):
                continue
            chosen = [choice["display"] for choice in spec.choices(self) if choice.get("selected")]
            if chosen:
                without = self.get_query_string(remove=spec.expected_parameters())
                active.append(
                    {"title": str(spec.title), "words": str(chosen[0]).strip("　 "), "without": without}
                )
        return active

    def switches(self) -> list[dict[str, Any]]:
        """Return the filters that stand above the list as a row of links, because the list begins with one of them on."""
        return [
            {"title": str(spec.title), "choices": list(spec.choices(self))}
            for spec in self.filter_specs
            if getattr(spec, "as_switch", False)
        ]


class Named:
    """A row under the name that the person may read, for the theme's headings; everything else is the row's."""

    def __init__(self, row: models.Model, title: str) -> None:
        self._row, self._title = row, title

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, name)

    def __str__(self) -> str:
        return self._title


class TerritorialAdmin(RestrictedChoices, ModelAdmin):
    """The base of every admin of the portal.

    Subclasses say what to show. ``add_action`` names the rule's action that adding needs when it is not ``add``.
    """

    list_per_page = 50
    list_max_show_all = 200
    paginator = CappedPaginator
    show_full_result_count = False
    list_disable_select_all = True
    list_filter_sheet = False
    list_editable = ()
    save_on_top = False
    save_as = False
    compressed_fields = True
    empty_value_display = "—"
    show_facets = False
    history_template = "governance/desk_history.html"
    change_list_template = "governance/desk_list.html"

    # --- list -------------------------------------------------------------------------------------------------------
    def changelist_view(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        """Show the list. Django leads here with a mark when an address asked for what the list does not offer."""
        if ERROR_VAR in request.GET:
            asked = request.GET.copy()
            del asked[ERROR_VAR]
            request.GET = asked
            self.message_user(request, "没有这样的筛选条件，已为您显示全部。", level="warning")
        context = {"title": self.model._meta.verbose_name_plural, **(extra_context or {})}
        return super().changelist_view(request, context)

    # --- which rows -------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        """Return the rows that the person may view, in the model's order."""
        rows = self.model._default_manager.restrict(request.user, "view")
        ordering = self.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the row within reach, or None."""
        return None if "\x00" in object_id else super().get_object(request, object_id, from_field)

    def reach(self, request: HttpRequest, object_id: str) -> Any:
        """Return the row within reach.

        Raises Http404 for one that does not exist, and in the same words for one out of reach.
        """
        from django.contrib.admin.utils import unquote

        found = self.get_object(request, unquote(str(object_id)))
        if found is None:
            raise Http404
        return found

    def _get_obj_does_not_exist_redirect(self, request, opts, object_id) -> HttpResponse:
        raise Http404

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow the list's own filters and nothing else, so that no address guesses at masked columns.

        Raises IncorrectLookupParameters, upon which the list is shown without filters.
        """
        allowed = set()
        for each in self.get_list_filter(request):
            if isinstance(each, type):
                allowed.add(each.parameter_name)
                continue
            name = each[0] if isinstance(each, tuple | list) else each
            allowed |= {
                f"{name}__{end}" for end in ("exact", "isnull", "gte", "lt", "id__exact", "code__exact")
            }
            allowed |= {f"{name}__{self._related_key(name)}__exact", name}
        allowed |= {f"{self.date_hierarchy}__{part}" for part in ("year", "month", "day", "gte", "lt")}
        if lookup not in allowed or "\x00" in value:
            raise IncorrectLookupParameters
        return True

    def _related_key(self, name: str) -> str:
        field = self.model._meta.get_field(name)
        return field.related_model._meta.pk.name if isinstance(field, RelatedField) else name

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet, search_term: str
    ) -> tuple[models.QuerySet, bool]:
        return super().get_search_results(request, queryset, cleaned(search_term))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return DeskList

    def get_actions(self, request: HttpRequest) -> dict:
        """Return the list's bulk actions; deleting in bulk is not one of them."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def response_action(self, request: HttpRequest, queryset: models.QuerySet) -> HttpResponse | None:
        """Run the list's chosen action on the ticked rows; what no key can be was never ticked."""
        asked = request.POST.copy()
        ticked = asked.getlist(ACTION_CHECKBOX_NAME)
        asked.setlist(ACTION_CHECKBOX_NAME, [each for each in ticked if could_be(self.model._meta.pk, each)])
        request.POST = asked
        return super().response_action(request, queryset)

    # --- what may be done -------------------------------------------------------------------------------------------
    def permitted(self, request: HttpRequest, obj: models.Model) -> set[str]:
        """Return which of view, change, add and delete the rule allows on this row; asked once for each page."""
        asked = request.__dict__.setdefault("_permitted_on", {})
        key = (self.model, obj.pk)
        if key not in asked:
            asked[key] = permitted_actions(request.user, obj, {"view", "change", "delete"})
        return asked[key]

    def _may(self, request: HttpRequest, action: str, obj: models.Model | None) -> bool:
        if obj is not None and obj.pk is not None and isinstance(obj, self.model):
            return action in self.permitted(request, obj)
        return request.user.may(action, self.model)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.may("view", self.model)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._may(request, "view", obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.may(self.add_action, self.model)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._may(request, "change", obj)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        # The list's own question stays "no": a row is deleted on its own page, where the rule looks at that row.
        return obj is not None and self._may(request, "delete", obj)

    # --- saving -----------------------------------------------------------------------------------------------------
    def changeform_view(
        self, request: HttpRequest, object_id=None, form_url: str = "", extra_context=None
    ) -> HttpResponse:
        """Show or save the form. What the rule, a service or the database refuses rolls back and is shown in the form,
        with everything typed kept. So does a form that was sent after the session had ended."""
        context = {"show_history": self.keeps_history, **(extra_context or {})}
        if request.method == "GET":
            request.restored = drafts.take(request, request.path)
        try:
            return super().changeform_view(request, object_id, form_url, context)
        except ValidationError as refusal:
            request.refusal = refusal
        except IntegrityError as error:
            request.refusal = ValidationError(sentence(error) or "与已有的记录冲突，没有保存。请检查后再试。")
        request.__dict__.pop("_permitted_on", None)
        return super().changeform_view(request, object_id, form_url, context)

    def get_form(
        self, request: HttpRequest, obj=None, change: bool = False, **kwargs: Any
    ) -> type[forms.Form]:
        """Return the form; one whose save was refused says why at the field it concerns. Who may only read is not told how to fill it in."""
        if change and not self.has_change_permission(request, obj):
            kwargs["help_texts"] = {
                field.name: "" for field in (*self.model._meta.fields, *self.model._meta.many_to_many)
            }
        form = super().get_form(request, obj, change, **kwargs)
        refusal: ValidationError | None = getattr(request, "refusal", None)
        restored: QueryDict | None = getattr(request, "restored", None)
        if restored is not None:

            class Restored(form):
                def __init__(self, *args: Any, **options: Any) -> None:
                    super().__init__(*(args or (restored,)), **options)

            return Restored
        if refusal is None:
            return form

        class Refused(form):
            def clean(self):
                cleaned_data = super().clean()
                put_error(self, refusal)
                return cleaned_data

        return Refused

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        given = super().get_formset_kwargs(request, obj, inline, prefix)
        restored: QueryDict | None = getattr(request, "restored", None)
        if restored is not None and f"{prefix}-TOTAL_FORMS" in restored:
            given["data"] = restored
        return given

    def save_related(self, request: HttpRequest, form, formsets, change: bool) -> None:
        """Save what belongs to the row, then look again: a row that left the person's reach rolls everything back."""
        super().save_related(request, form, formsets, change)
        look_again(request.user, form.instance, "change" if change else self.add_action)
        for formset in formsets:
            for row in [
                *getattr(formset, "new_objects", []),
                *(r for r, _ in getattr(formset, "changed_objects", [])),
            ]:
                look_again(request.user, row, "view")

    # --- history ----------------------------------------------------------------------------------------------------
    @property
    def keeps_history(self) -> bool:
        return hasattr(self.model._meta, "simple_history_manager_attribute")

    def history_view(self, request: HttpRequest, object_id: str, extra_context=None) -> HttpResponse:
        """Show who changed what and when; masked columns stay hidden. 404 for a row out of reach and for a model that
        keeps no history."""
        obj = self.reach(request, object_id)
        if not self.keeps_history:
            raise Http404
        entries = get_history_manager_for_model(self.model).filter(**{self.model._meta.pk.attname: obj.pk})
        entries = entries.select_related("history_user").order_by("-history_date", "-history_id")
        page = Paginator(entries, 20).get_page(request.GET.get("p"))
        # One row more than the page shows, so that its oldest line can say what changed too.
        start = page.start_index() - 1 if page.paginator.count else 0
        rows = list(entries[start : start + 21])
        lines = []
        for index, row in enumerate(rows[:20]):
            before = rows[index + 1] if index + 1 < len(rows) else None
            by = masks.person(row.history_user) if row.history_user is not None else ""
            lines.append({"row": row, "by": by, "changes": self.history_changes(row, before)})
        context = {
            **self.admin_site.each_context(request),
            "title": f"修改历史：{self.row_title(obj)}",
            "opts": self.model._meta,
            "original": Named(obj, self.row_title(obj)),
            "lines": lines,
            "page_obj": page,
            "back": self.link(obj),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, self.history_template, context)

    def history_changes(self, row: Any, before: Any) -> list[tuple[str, str, str]]:
        """Return (field, old, new) between two versions; masked columns without their values."""
        if before is None:
            return []
        masked = getattr(self.model, "masked", {})
        told = []
        for change in row.diff_against(before, foreign_keys_are_objs=True).changes:
            field = self.model._meta.get_field(change.field)
            if change.field in masked:
                told.append((str(field.verbose_name), HIDDEN, HIDDEN))
            else:
                told.append(
                    (str(field.verbose_name), in_words(field, change.old), in_words(field, change.new))
                )
        return told

    # --- the desk ---------------------------------------------------------------------------------------------------
    def cards(self, request: HttpRequest) -> list:
        """Return this model's cards on the desk (governance.admin.desk.Card)."""
        return []

    # --- words and addresses ----------------------------------------------------------------------------------------
    def row_title(self, obj: models.Model) -> str:
        """Return what a row is called on its page and in choices: its name, masked where the model says so."""
        return str(obj)

    def choice_title(self, obj: models.Model) -> str:
        """Return what a row is called among the choices of an autocomplete."""
        return self.row_title(obj)

    def render_change_form(
        self, request: HttpRequest, context: dict, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Render the form's page, headed with the name that the person may read."""
        row = context.get("original")
        if row is not None:
            title = self.row_title(row)
            context |= {"original": Named(row, title), "subtitle": title}
        return super().render_change_form(request, context, *args, **kwargs)

    def link(self, obj: models.Model | None = None, page: str = "change", *args: Any) -> str:
        """Return the address of one of this model's pages."""
        from django.urls import reverse

        meta = self.model._meta
        keys = ([obj.pk] if obj is not None else []) + list(args)
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=keys)


def cleaned(text: str) -> str:
    """Return a search text that PostgreSQL accepts and that stays short."""
    return text.replace("\x00", "")[:LONGEST_SEARCH]


def in_words(field: models.Field, value: Any) -> str:
    """Return a stored value as people read it."""
    if value is None or value == "":
        return "（空）"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return ui.cn_datetime(value)
    if isinstance(value, date):
        return ui.cn_date(value)
    if isinstance(value, list):
        return (
            "、".join(str(next(iter(v.values()))) if isinstance(v, dict) else str(v) for v in value)
            or "（空）"
        )
    return str(dict(field.flatchoices).get(value, value) if getattr(field, "choices", None) else value)


class ReadOnlyAdmin(TerritorialAdmin):
    """For what is written by services and machines alone: lists and pages, never a form that saves."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False


def masked_column(field: str, label: str, *, kind: str = ""):
    """Return a list column that shows a personal column masked. It cannot be sorted by: order would tell values."""

    def column(self, obj: models.Model) -> str:
        if kind:
            return masks.MASKS[kind](str(getattr(obj, field) or ""))
        return masks.shown(obj, field)

    column.short_description = label
    return column


def by_name(text: str, prefix: str = "") -> models.Q:
    """Return the accounts whose name or login holds ``text``, as far as ``masks.person`` shows names: staff alone.

    ``prefix``: where the account stands, such as ``user__``. A search over masked names would tell what the mask hides.
    """
    holds = models.Q(**{f"{prefix}name__icontains": text}) | models.Q(
        **{f"{prefix}username__icontains": text}
    )
    return holds & models.Q(**{f"{prefix}is_staff": True})
