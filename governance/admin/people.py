"""Accounts, posts, roles and units: the work of the security administrator, who sees no case.

Nobody widens her own powers here: not by a post, not by a mark on her own account.
"""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminPasswordWidget

from governance import appointments, audit, masks
from governance.admin.base import TerritorialAdmin, put_error
from governance.admin.desk import Card
from governance.admin.filters import ChoiceFilter, PlaceFilter, ScopeFilter
from governance.admin.verbs import ReasonForm, verb_page
from governance.checks import our_models
from governance.models import AccessEvent, Post, Role, Unit, User
from governance.permissions import look_again
from governance.templatetags import ui
from governance.territory import GridLevel

VERBS = {"add": "新增", "change": "修改", "delete": "删除", "view": "查看"}


# --- accounts ---------------------------------------------------------------------------------------------------------
class KindFilter(ChoiceFilter):
    title, parameter_name = "身份", "kind"

    def lookups(self, request, model_admin):
        return [
            ("staff", "工作人员"),
            ("resident", "居民和志愿者"),
            ("elevate", "可开启超级管理模式"),
            ("idle", "无岗位的工作人员"),
        ]

    def queryset(self, request, queryset):
        chosen = self.checked()
        if chosen == "staff":
            return queryset.filter(is_staff=True)
        if chosen == "resident":
            return queryset.filter(is_staff=False)
        if chosen == "elevate":
            return queryset.filter(may_elevate=True)
        return without_post(queryset) if chosen == "idle" else queryset


def without_post(accounts):
    """Return the active staff accounts that hold no post today."""
    posts = Post.objects.in_force().filter(user=OuterRef("pk"))
    return accounts.filter(~Exists(posts), is_staff=True, is_active=True, may_elevate=False)


class AccountForm(forms.ModelForm):
    """An account of a member of staff. A password set here is a first one: its owner must change it."""

    new_password = forms.CharField(
        label="初始密码",
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="至少 10 位，含大写、小写、数字、符号中的三类。本人下次登录时须修改。",
    )
    #: Who fills the form in; set by the admin.
    asked_by: User

    class Meta:
        model = User
        fields = ["username", "name", "phone", "is_active", "is_staff", "may_elevate"]
        error_messages = {
            "username": {"unique": "这个登录名已经有人使用。"},
            "phone": {"unique": "这个手机号已经登记过。"},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "new_password" in self.fields:
            self.fields["new_password"].required = self.instance.pk is None
            if self.instance.pk is not None:
                self.fields["new_password"].label = "重设密码"

    def clean_phone(self) -> str | None:
        return self.cleaned_data["phone"] or None

    def clean_new_password(self) -> str:
        password = self.cleaned_data["new_password"]
        if password:
            validate_password(password, self.instance)
        return password

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.instance.pk == self.asked_by.pk:
            for field, words in (
                ("is_active", "不能停用自己的账号。"),
                ("is_staff", "不能改变自己的身份。"),
                ("may_elevate", "不能给自己开通超级管理模式。"),
            ):
                if field in cleaned and cleaned[field] != self.initial.get(field):
                    self.add_error(field, words)
        return cleaned


@admin.register(User)
class UserAdmin(TerritorialAdmin):
    form = AccountForm
    list_display = ("username", "name", "phone_masked", "kind", "posts_today", "active", "joined")
    list_display_links = ("username", "name")
    list_filter = (KindFilter, ("is_active", admin.BooleanFieldListFilter))
    search_fields = ("username", "name", "=phone")
    search_help_text = "搜登录名、姓名或完整手机号"
    ordering = ("username",)
    fieldsets = (
        (None, {"fields": ("username", "name", "phone", "new_password")}),
        (
            "权限",
            {
                "fields": ("is_active", "is_staff", "may_elevate"),
                "description": "能做什么由岗位决定，请到“岗位”任命。",
            },
        ),
    )

    def get_queryset(self, request: HttpRequest):
        posts = Post.objects.in_force().select_related("role", "grid", "unit")
        return super().get_queryset(request).prefetch_related(Prefetch("posts", posts, to_attr="today"))

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None):
        if obj is None or obj.is_staff:
            return super().get_fieldsets(request, obj)
        # A resident's account: only whether it is in use is the office's to decide.
        return ((None, {"fields": ("username", "name_masked", "phone_masked", "joined", "is_active")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None):
        if obj is None:
            return ()
        if not obj.is_staff:
            return ("username", "name_masked", "phone_masked", "joined")
        return ("username",)

    def get_form(self, request: HttpRequest, obj=None, change: bool = False, **kwargs: Any):
        if obj is not None and not obj.is_staff:
            kwargs.setdefault("fields", ["is_active"])
        form = super().get_form(request, obj, change, **kwargs)
        if "new_password" in form.base_fields and obj is not None and not obj.is_staff:
            form.base_fields.pop("new_password")
            form.declared_fields.pop("new_password", None)
        form.asked_by = request.user
        if obj is None:
            form.base_fields["is_staff"].initial = True
        return form

    def save_model(self, request: HttpRequest, obj: User, form: AccountForm, change: bool) -> None:
        password = form.cleaned_data.get("new_password")
        if password:
            obj.set_password(password)
            obj.password_changed_at = None  # a first password: its owner changes it
        elif not change:
            obj.set_unusable_password()
        obj._history_user = request.user
        super().save_model(request, obj, form, change)
        told = [str(form.fields[name].label) for name in form.changed_data if name in form.fields]
        if told or not change:
            audit.record(
                AccessEvent.Kind.CONFIGURE,
                request.user,
                f"{'修改' if change else '新建'}账号 {obj.username}：{'、'.join(told)}",
                obj=obj,
                request=request,
            )

    def row_title(self, obj: User) -> str:
        return obj.username if not obj.is_staff else str(obj)

    def history_changes(self, row, before):
        """Name what changed on an account; phone, name and address without their values."""
        return [
            (label, "（已隐去）", "（已隐去）")
            if label in ("手机号", "姓名", "门牌号")
            else (label, old, new)
            for label, old, new in super().history_changes(row, before)
        ]

    def cards(self, request: HttpRequest) -> list[Card]:
        """Return what the security administrator looks after."""
        if not request.user.may("change", User):
            return []
        rows, here = self.model.objects.restrict(request.user, "view"), self.link(None, "changelist")
        return [
            Card.of("无岗位的工作人员", f"{here}?kind=idle", without_post(rows), icon="person_off", order=30),
            Card.of(
                "已停用的账号",
                f"{here}?is_active__exact=0",
                rows.filter(is_active=False),
                icon="block",
                order=40,
            ),
        ]

    @admin.display(description="姓名")
    def name_masked(self, user: User) -> str:
        return masks.name(user.name)

    @admin.display(description="手机号")
    def phone_masked(self, user: User) -> str:
        return masks.phone(user.phone or "")

    @admin.display(description="身份", ordering="is_staff")
    def kind(self, user: User) -> str:
        return ui.chip("工作人员", "info") if user.is_staff else ui.chip("居民")

    @admin.display(description="现任岗位")
    def posts_today(self, user: User) -> str:
        return "；".join(str(post) for post in user.today)

    @admin.display(description="状态", ordering="is_active")
    def active(self, user: User) -> str:
        return ui.chip("启用", "good") if user.is_active else ui.chip("停用", "danger")

    @admin.display(description="注册时间", ordering="date_joined")
    def joined(self, user: User) -> str:
        return ui.cn_short(user.date_joined)


# --- posts ------------------------------------------------------------------------------------------------------------
class TermFilter(ChoiceFilter):
    title, parameter_name = "任期", "term"

    def lookups(self, request, model_admin):
        return [("now", "在任"), ("soon", "30 天内到期"), ("ahead", "未到任"), ("past", "已卸任")]

    def queryset(self, request, queryset):
        chosen, today = self.checked(), timezone.localdate()
        if chosen == "now":
            return queryset.in_force(today)
        if chosen == "soon":
            return ending_soon(queryset)
        if chosen == "ahead":
            return queryset.filter(valid_from__gt=today)
        return queryset.filter(valid_until__lt=today) if chosen == "past" else queryset


def ending_soon(posts):
    """Return the posts in force that end within 30 days."""
    today = timezone.localdate()
    return posts.in_force(today).filter(valid_until__lte=today + timedelta(days=30))


class RoleFilter(ChoiceFilter):
    title, parameter_name = "角色", "role"

    def lookups(self, request, model_admin):
        return list(Role.objects.order_by("key").values_list("key", "name"))

    def queryset(self, request, queryset):
        chosen = self.checked()
        return queryset.filter(role=chosen) if chosen else queryset


class PostForm(forms.ModelForm):
    """An appointment: who, as what, where, for whom, how long."""

    asked_by: User

    class Meta:
        model = Post
        fields = ["user", "role", "grid", "unit", "valid_from", "valid_until", "note"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        user, role, grid = (cleaned.get(name) for name in ("user", "role", "grid"))
        if user is not None and user.pk == self.asked_by.pk:
            self.add_error("user", "不能给自己任命岗位，请由另一位安全管理员办理。")
        if user is not None and not user.is_active:
            self.add_error("user", "这个账号已停用，请先启用。")
        if role is not None and grid is not None:
            try:
                appointments.check_place(role, grid.pk, cleaned.get("unit"))
            except ValidationError as refusal:
                put_error(self, refusal)
        return cleaned


@admin.register(Post)
class PostAdmin(TerritorialAdmin):
    form = PostForm
    list_display = ("user", "role", "grid", "unit", "valid_from", "valid_until", "state")
    list_select_related = ("user", "role", "grid", "unit")
    list_filter = (TermFilter, RoleFilter, PlaceFilter)
    search_fields = ("user__name", "user__username", "grid__name")
    search_help_text = "搜姓名、登录名或网格名称"
    autocomplete_fields = ("user", "grid", "unit")
    fields = ("user", "role", "grid", "unit", "valid_from", "valid_until", "note")
    change_form_outer_before_template = "governance/desk_post_tools.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Post | None = None):
        # A post that was given stands as it was given; it ends by a dismissal.
        return () if obj is None else (*self.fields, "appointed_by")

    def get_fields(self, request: HttpRequest, obj: Post | None = None):
        return self.fields if obj is None else (*self.fields, "appointed_by")

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def get_form(self, request: HttpRequest, obj=None, change: bool = False, **kwargs: Any):
        form = super().get_form(request, obj, change, **kwargs)
        form.asked_by = request.user
        return form

    def save_model(self, request: HttpRequest, obj: Post, form: PostForm, change: bool) -> None:
        """Appoint through the service, which checks level, unit and separation, and writes the log."""
        given = form.cleaned_data
        saved = appointments.appoint(
            given["user"],
            given["role"].pk,
            given["grid"].pk,
            by=request.user,
            unit=given["unit"],
            since=given["valid_from"],
            until=given["valid_until"],
            note=given["note"],
            within_reach=True,
        )
        obj.__dict__.update(saved.__dict__)

    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.dismiss_view)
        return [path("<int:object_id>/dismiss/", view, name="governance_post_dismiss"), *super().get_urls()]

    def dismiss_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """End a post as of yesterday, with a reason."""
        post = self.reach(request, str(object_id))
        if not self.has_change_permission(request, post):
            raise Http404

        def run(given: dict[str, Any]) -> None:
            ended = appointments.dismiss(post, by=request.user, reason=given["reason"])
            look_again(request.user, ended, "change")

        return verb_page(
            self,
            request,
            title="免职",
            form=ReasonForm(request.POST or None),
            run=run,
            done=f"已免去：{post}。",
            back=self.link(post),
            obj=post,
            hint="免职后立即失去这个岗位的一切权限；任期止记为昨天。",
            danger=True,
        )

    def changeform_view(self, request: HttpRequest, object_id=None, form_url="", extra_context=None):
        context = {"dismiss_url": "", **(extra_context or {})}
        if object_id is not None:
            post = self.reach(request, object_id)
            running = post.valid_until is None or post.valid_until >= timezone.localdate()
            if running and self.has_change_permission(request, post):
                context["dismiss_url"] = self.link(post, "dismiss")
            context |= {
                "show_save": False,
                "show_save_and_continue": False,
                "show_save_and_add_another": False,
            }
        return super().changeform_view(request, object_id, form_url, context)

    def row_title(self, obj: Post) -> str:
        return f"{obj.user} · {obj}"

    def cards(self, request: HttpRequest) -> list[Card]:
        """Return the posts that end soon, for who appoints."""
        if not request.user.may("add", Post):
            return []
        rows = ending_soon(self.model.objects.restrict(request.user, "view"))
        url = f"{self.link(None, 'changelist')}?term=soon"
        return [Card.of("30 天内到期的岗位", url, rows, tone="caution", icon="event_upcoming", order=20)]

    @admin.display(description="状态")
    def state(self, post: Post) -> str:
        today = timezone.localdate()
        if post.valid_from > today:
            return ui.chip("未到任", "info")
        if post.valid_until is not None and post.valid_until < today:
            return ui.chip("已卸任")
        return ui.chip("在任", "good")


# --- roles ------------------------------------------------------------------------------------------------------------
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
        # The built-in roles are the table in governance/roles.py; a role that one holds oneself is not one's own to widen.
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


# --- units ------------------------------------------------------------------------------------------------------------
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
