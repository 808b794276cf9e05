"""Roles and units: what a post may do, and the bodies that matters are given to. The built-in roles are the table in
governance/roles/; a district adds its own beside them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db.models import Q
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from governance import audit
from governance.admin.base import TerritorialAdmin
from governance.admin.filters import PlaceFilter, ScopeFilter
from governance.checks import our_models
from governance.models import AccessEvent, Role, Unit
from governance.templatetags import ui
from governance.territory import GridLevel

VERBS = {"add": "新增", "change": "修改", "delete": "删除", "view": "查看"}


class PermissionChoices(forms.ModelMultipleChoiceField):
    """Permissions in Chinese, by what they are about."""

    def label_from_instance(self, held: Permission) -> str:
        model = held.content_type.model_class()
        verb, _, rest = held.codename.partition("_")
        words = VERBS[verb] if verb in VERBS and rest == held.content_type.model else held.name
        return f"{model._meta.verbose_name if model else held.content_type.model} · {words}"


class RoleForm(forms.ModelForm):
    levels = forms.TypedMultipleChoiceField(
        label="可任职层级",
        choices=[(int(level), level.label) for level in GridLevel],
        coerce=int,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        error_messages={"required": "请至少选择一个层级。"},
    )
    permissions = PermissionChoices(
        label="权限",
        queryset=Permission.objects.none(),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = Role
        fields = ["key", "name", "duty", "levels", "needs_unit", "permissions"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "permissions" in self.fields:
            self.fields["permissions"].queryset = grantable()


def grantable():
    """Return the permissions that roles are made of: those of models that have a rule."""
    ours = Q()
    for model in our_models():
        ours |= Q(content_type__app_label=model._meta.app_label, content_type__model=model._meta.model_name)
    return (
        Permission.objects.filter(ours)
        .select_related("content_type")
        .order_by("content_type__app_label", "content_type__model", "codename")
    )


@admin.register(Role)
class RoleAdmin(TerritorialAdmin):
    form = RoleForm
    list_display = ("name", "key", "duty", "levels_text", "builtin")
    search_fields = ("name", "key")
    list_filter = (("is_builtin", admin.BooleanFieldListFilter),)
    fields = ("key", "name", "duty", "levels", "needs_unit", "permissions")

    def has_change_permission(self, request: HttpRequest, obj: Role | None = None) -> bool:
        # The built-in roles are the table in governance/roles/; a role that one holds oneself is not one's own to widen.
        if obj is not None and (obj.is_builtin or request.user.holds(obj.pk)):
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Role | None = None):
        return () if obj is None else ("key",)

    def get_fields(self, request: HttpRequest, obj: Role | None = None):
        if obj is not None and not self.has_change_permission(request, obj):
            return ("key", "name", "duty", "levels_text", "needs_unit", "permissions_text")
        return self.fields

    def get_form(self, request: HttpRequest, obj=None, change: bool = False, **kwargs: Any):
        if obj is not None and not self.has_change_permission(request, obj):
            kwargs["fields"] = ["name", "duty", "needs_unit"]
        return super().get_form(request, obj, change, **kwargs)

    def save_related(self, request: HttpRequest, form, formsets, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        audit.record(
            AccessEvent.Kind.CONFIGURE,
            request.user,
            f"{'修改' if change else '新建'}角色 {form.instance.name}",
            obj=form.instance,
            request=request,
        )

    def get_exclude(self, request: HttpRequest, obj=None):
        return None

    @admin.display(description="可任职层级")
    def levels_text(self, role: Role) -> str:
        return (
            "、".join(GridLevel(level).label for level in role.levels if level in GridLevel.values) or "不限"
        )

    @admin.display(description="权限")
    def permissions_text(self, role: Role) -> str:
        say = PermissionChoices(queryset=Permission.objects.none()).label_from_instance
        return "；".join(say(held) for held in grantable().filter(pk__in=role.permissions.values("pk")))

    @admin.display(description="来源", ordering="is_builtin")
    def builtin(self, role: Role) -> str:
        return ui.chip("内置") if role.is_builtin else ui.chip("本区自设", "info")


@admin.register(Unit)
class UnitAdmin(TerritorialAdmin):
    list_display = ("name", "code", "kind", "grid", "phone", "active")
    list_select_related = ("grid",)
    list_filter = (ScopeFilter, "kind", PlaceFilter)
    search_fields = ("name", "code")
    search_help_text = "搜名称或编号"
    fields = ("code", "name", "kind", "grid", "phone", "is_active")
    autocomplete_fields = ("grid",)

    def get_readonly_fields(self, request: HttpRequest, obj: Unit | None = None):
        return () if obj is None else ("code",)

    @admin.display(description="状态", ordering="is_active")
    def active(self, unit: Unit) -> str:
        return ui.chip("启用", "good") if unit.is_active else ui.chip("停用")
