"""Accounts: the work of the security administrator, who sees no case. Nobody widens her own powers here, and of residents
only whether an account is in use is the office's to decide.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.password_validation import validate_password
from django.db.models import Exists, OuterRef, Prefetch, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from unfold.widgets import UnfoldAdminPasswordWidget

from governance import audit, masks
from governance.accounts import totp
from governance.admin.base import TerritorialAdmin, by_name, cleaned
from governance.admin.desk import Card
from governance.admin.filters import ChoiceFilter
from governance.admin.verbs import ReasonForm, verb_page
from governance.models import AccessEvent, Post, User
from governance.templatetags import ui


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
        if "name" in self.fields:
            # An old account without a name can still be changed otherwise.
            self.fields["name"].required = self.instance.pk is None or bool(self.instance.name)
            self.fields["name"].help_text = "填真实姓名，办理记录、名单和公示牌上都这样显示。"
            self.fields["name"].error_messages["required"] = "请填写姓名。"
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


class ResetForm(ReasonForm):
    """A first password in place of the old one, and why."""

    new_password = forms.CharField(
        label="初始密码",
        strip=False,
        max_length=128,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text="至少 10 位，含大写、小写、数字、符号中的三类。请当面交给本人，下次登录时须修改。",
        error_messages={"required": "请填写初始密码。"},
    )

    def __init__(self, *args: Any, owner: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.owner = owner

    def clean_new_password(self) -> str:
        validate_password(self.cleaned_data["new_password"], self.owner)
        return self.cleaned_data["new_password"]


@admin.register(User)
class UserAdmin(TerritorialAdmin):
    form = AccountForm
    change_form_outer_before_template = "governance/desk_account_tools.html"
    list_display = ("username", "person", "phone_masked", "kind", "posts_today", "active", "joined")
    list_display_links = ("username", "person")
    list_filter = (KindFilter, ("is_active", admin.BooleanFieldListFilter))
    search_fields = ("=phone",)
    search_help_text = "搜工作人员的登录名、姓名，或完整手机号"
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

    def get_search_results(self, request: HttpRequest, queryset, search_term: str):
        """Search by the whole phone number, and by name where names are shown."""
        text = cleaned(search_term).strip()
        return (queryset.filter(by_name(text) | Q(phone=text)) if text else queryset), False

    def get_queryset(self, request: HttpRequest):
        posts = Post.objects.in_force().select_related("role", "grid", "unit")
        return super().get_queryset(request).prefetch_related(Prefetch("posts", posts, to_attr="today"))

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None):
        if obj is not None and obj.is_staff and not self.has_change_permission(request, obj):
            return ((None, {"fields": ("username", "name", "phone")}), *self.fieldsets[1:])
        if obj is None or obj.is_staff:
            return super().get_fieldsets(request, obj)
        # A resident's account: only whether it is in use is the office's to decide.
        return ((None, {"fields": ("username", "person", "phone_masked", "joined", "is_active")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None):
        if obj is None:
            return ()
        if not obj.is_staff:
            return ("username", "person", "phone_masked", "joined")
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

    # --- a lost phone -----------------------------------------------------------------------------------------------
    def get_urls(self) -> list:
        view = self.admin_site.admin_view(self.reset_totp_view)
        return [path("<int:object_id>/totp/", view, name="governance_user_totp"), *super().get_urls()]

    def may_reset(self, request: HttpRequest, user: User) -> bool:
        """Whether the person may take this account's second factor away: a colleague's, never her own."""
        mine = user.pk == request.user.pk
        return user.is_staff and not mine and "change" in self.permitted(request, user)

    def changeform_view(self, request: HttpRequest, object_id=None, form_url="", extra_context=None):
        context = {"reset_url": "", **(extra_context or {})}
        if object_id is not None:
            user = self.reach(request, object_id)
            if self.may_reset(request, user):
                context["reset_url"] = self.link(user, "totp")
        return super().changeform_view(request, object_id, form_url, context)

    def reset_totp_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Let a member of staff who lost phone and recovery codes begin anew, with a reason."""
        user = self.reach(request, str(object_id))
        if not self.may_reset(request, user):
            raise Http404

        def run(given: dict[str, Any]) -> None:
            totp.reset(user, given["new_password"], by=request.user, reason=given["reason"], request=request)

        return verb_page(
            self,
            request,
            title="重置动态验证码",
            form=ResetForm(request.POST or None, owner=user),
            run=run,
            done=f"已重置 {user} 的动态验证码和密码，原有登录已全部退出。",
            back=self.link(user),
            obj=user,
            hint="只在本人手机和备用码都丢失时使用，请先当面核实身份。动态验证码、备用码和密码同时作废，"
            "本人下次登录时重新设置。",
            danger=True,
        )

    def row_title(self, obj: User) -> str:
        return masks.person(obj)

    def choice_title(self, obj: User) -> str:
        return f"{masks.person(obj)} · {obj.username}"

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
            Card("无岗位的工作人员", f"{here}?kind=idle", without_post(rows), icon="person_off", order=30),
            Card(
                "已停用的账号",
                f"{here}?is_active__exact=0",
                rows.filter(is_active=False),
                icon="block",
                order=40,
            ),
        ]

    @admin.display(description="姓名")
    def person(self, user: User) -> str:
        return masks.person(user)

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
