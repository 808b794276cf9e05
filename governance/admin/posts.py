"""Posts: who holds which role where, and for how long. A post is given and ended by governance/appointments.py, never edited,
and nobody gives one to herself."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone

from governance import appointments, masks
from governance.admin.base import TerritorialAdmin, by_name, cleaned, put_error
from governance.admin.desk import Card
from governance.admin.filters import ChoiceFilter, PlaceFilter
from governance.admin.verbs import ReasonForm, verb_page
from governance.models import Post, Role, User
from governance.permissions import look_again
from governance.roles import BY_PHONE
from governance.templatetags import ui


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


class HolderFilter(ChoiceFilter):
    """Whose posts: those of the staff, or of volunteers and team leaders, who are many. Begins with the former, unless a
    role is chosen."""

    title, parameter_name = "人员", "who"
    as_switch = True

    def lookups(self, request, model_admin):
        self.role_chosen = bool(request.GET.get(RoleFilter.parameter_name))
        return [("staff", "工作人员"), ("volunteers", "志愿者和队长"), ("all", "全部")]

    def shown(self) -> str:
        """Return which of the three the list shows."""
        return self.checked() or ("all" if self.role_chosen else "staff")

    def choices(self, changelist) -> Any:
        for value, words in self.lookup_choices:
            address = changelist.get_query_string({self.parameter_name: value}, [RoleFilter.parameter_name])
            yield {"selected": self.shown() == value, "query_string": address, "display": words}

    def queryset(self, request, queryset):
        shown = self.shown()
        if shown == "all":
            return queryset
        among = Q(role__in=BY_PHONE)
        return queryset.filter(among) if shown == "volunteers" else queryset.exclude(among)


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
        if user is not None and role is not None:
            try:
                appointments.check_person(user, role)
            except ValidationError as refusal:
                put_error(self, refusal)
        if role is not None and grid is not None:
            try:
                appointments.check_place(role, grid.pk, cleaned.get("unit"))
            except ValidationError as refusal:
                put_error(self, refusal)
        return cleaned


@admin.register(Post)
class PostAdmin(TerritorialAdmin):
    form = PostForm
    list_display = ("holder", "role", "grid", "unit", "valid_from", "valid_until", "state")
    list_select_related = ("user", "role", "grid", "unit")
    list_filter = (HolderFilter, TermFilter, RoleFilter, PlaceFilter)
    search_fields = ("grid__name",)
    search_help_text = "搜工作人员的姓名、登录名，或网格名称"
    autocomplete_fields = ("user", "grid", "unit")
    fields = ("user", "role", "grid", "unit", "valid_from", "valid_until", "note")
    change_form_outer_before_template = "governance/desk_post_tools.html"

    def has_change_permission(self, request: HttpRequest, obj: Post | None = None) -> bool:
        # A post that was given stands as it was given; it ends by a dismissal, on a page of its own.
        return False

    def get_search_results(self, request: HttpRequest, queryset, search_term: str):
        """Search by place, and by name where names are shown."""
        text = cleaned(search_term).strip()
        found = by_name(text, "user__") | Q(grid__name__icontains=text)
        return (queryset.filter(found) if text else queryset), False

    def get_fields(self, request: HttpRequest, obj: Post | None = None):
        return self.fields if obj is None else ("holder", *self.fields[1:], "appointed_by")

    def get_readonly_fields(self, request: HttpRequest, obj: Post | None = None):
        return () if obj is None else ("holder", "appointed_by")

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
        if "change" not in self.permitted(request, post):
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
            if running and "change" in self.permitted(request, post):
                context["dismiss_url"] = self.link(post, "dismiss")
        return super().changeform_view(request, object_id, form_url, context)

    def row_title(self, obj: Post) -> str:
        return f"{masks.person(obj.user)} · {obj}"

    def cards(self, request: HttpRequest) -> list[Card]:
        """Return the posts that end soon, for who appoints."""
        if not request.user.may("add", Post):
            return []
        rows = ending_soon(self.model.objects.restrict(request.user, "view"))
        url = f"{self.link(None, 'changelist')}?who=all&term=soon"
        return [Card("30 天内到期的岗位", url, rows, tone="caution", icon="event_upcoming", order=20)]

    @admin.display(description="人员")
    def holder(self, post: Post) -> str:
        return masks.person(post.user)

    @admin.display(description="状态")
    def state(self, post: Post) -> str:
        today = timezone.localdate()
        if post.valid_from > today:
            return ui.chip("未到任", "info")
        if post.valid_until is not None and post.valid_until < today:
            return ui.chip("已卸任")
        return ui.chip("在任", "good")
