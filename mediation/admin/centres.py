"""The register of mediation at the desk: centres with their rooms and rosters, committees with their members, mediators."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from unfold.admin import TabularInline
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelect2Widget,
)

from governance import masks
from governance.admin.base import TerritorialAdmin, by_name, cleaned, masked_column
from governance.admin.choices import RestrictedChoices, could_be_key
from governance.admin.exporting import Exported
from governance.admin.filters import ChoiceFilter, PlaceFilter, ScopeFilter
from governance.models import Post, User
from governance.permissions import permission, rule_of
from governance.templatetags import ui
from governance.territory import GridLevel
from mediation import composition
from mediation.models import Category, Centre, Committee, DutyShift, Mediator, Member, Relation, Room
from mediation.services.centres import lay_out_roster


def in_words(categories: list[str]) -> str:
    """Return categories as people read them."""
    words = dict(Category.choices)
    return "、".join(words[each] for each in categories if each in words)


def categories_field(label: str, widget: type[forms.SelectMultiple]) -> forms.MultipleChoiceField:
    """Return a field for any number of the eighteen categories."""
    return forms.MultipleChoiceField(
        label=label,
        choices=Category.choices,
        required=False,
        widget=widget,
        error_messages={"invalid_choice": "没有这个类别，请重新选择。"},
    )


class AboveBase:
    """Mediation is organised by communities, streets and the district, never by a base grid."""

    def places(self, request: HttpRequest, grids: Any) -> Any:
        return super().places(request, grids).filter(level__lte=int(GridLevel.COMMUNITY))


class Part(RestrictedChoices, TabularInline):
    """Rows that belong to a centre, a committee or a mediator, on its page."""

    extra = 0
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> Any:
        return self.model.objects.restrict(request.user, "view").select_related(self.model.rule.via)


class RoomForm(forms.ModelForm):
    categories = categories_field("专长类别", UnfoldAdminSelect2MultipleWidget)


class RoomInline(Part):
    model = Room
    form = RoomForm
    fields = ("name", "categories", "is_active")
    readonly_fields = ("good_at",)

    def get_fields(self, request: HttpRequest, obj: Centre | None = None) -> tuple[str, ...]:
        # What is only read is read in words.
        writes = self.has_change_permission(request, obj)
        return self.fields if writes else ("name", "good_at", "is_active")

    @admin.display(description="专长类别")
    def good_at(self, room: Room) -> str:
        return in_words(room.categories)


class ShiftInline(Part):
    model = DutyShift
    fields = ("weekday", "body", "business", "begins", "ends", "room")

    def get_formset(self, request: HttpRequest, obj: Centre | None = None, **kwargs: Any) -> Any:
        request.centre = obj
        return super().get_formset(request, obj, **kwargs)

    def related_choices(self, db_field: Any, request: HttpRequest) -> Any:
        rooms = super().related_choices(db_field, request)
        return rooms.filter(centre=request.centre) if db_field.name == "room" else rooms


@admin.register(Centre)
class CentreAdmin(AboveBase, TerritorialAdmin):
    list_display = ("name", "level", "grid", "short_name", "phone", "hours", "rooms_number", "state")
    list_select_related = ("grid",)
    list_filter = (ScopeFilter, PlaceFilter, ("is_active", admin.BooleanFieldListFilter))
    search_fields = ("name", "short_name", "address")
    search_help_text = "搜名称、卷号简称或地址"
    fields = ("name", "short_name", "grid", "address", "phone", "hours", "is_active")
    autocomplete_fields = ("grid",)

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request).defer("grid__boundary")
        return rows.annotate(rooms_count=Count("rooms", filter=Q(rooms__is_active=True)))

    def get_inlines(self, request: HttpRequest, obj: Centre | None) -> tuple:
        return (RoomInline, ShiftInline) if obj is not None else ()

    def get_readonly_fields(self, request: HttpRequest, obj: Centre | None = None) -> tuple[str, ...]:
        # Case files carry both: the place decides who may read them, the short name stands in their numbers.
        return ("grid", "short_name") if obj is not None else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if not change and lay_out_roster(form.instance):
            self.message_user(request, "已按通行做法排好一周的轮值，请按实际约定修改。", level="warning")

    @admin.display(description="层级", ordering="grid")
    def level(self, centre: Centre) -> str:
        return centre.level

    @admin.display(description="调解室")
    def rooms_number(self, centre: Centre) -> str:
        return f"{centre.rooms_count} 间"

    @admin.display(description="状态", ordering="is_active")
    def state(self, centre: Centre) -> str:
        return ui.chip("启用", "good") if centre.is_active else ui.chip("停用")


# --- committees ---------------------------------------------------------------------------------------------------------
class MemberInline(Part):
    model = Member
    fields = ("name", "duty", "is_woman", "is_minority")


class TermFilter(ChoiceFilter):
    """How near the end of the term is."""

    title, parameter_name, column = "本届", "term", "term_until"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("soon", "两个月内届满"), ("over", "已届满"), ("running", "在任期内")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        chosen, today = self.checked(), timezone.localdate()
        within = {
            "soon": {f"{self.column}__gte": today, f"{self.column}__lte": today + composition.SOON},
            "over": {f"{self.column}__lt": today},
            "running": {f"{self.column}__gte": today},
        }
        return queryset.filter(**within[chosen]) if chosen else queryset


@admin.register(Committee)
class CommitteeAdmin(AboveBase, TerritorialAdmin):
    change_form_outer_before_template = "mediation/desk_hints.html"
    list_display = ("name", "kind", "grid", "term", "members_number", "hints_chip", "state")
    list_select_related = ("grid",)
    list_filter = (ScopeFilter, TermFilter, "kind", PlaceFilter, ("is_active", admin.BooleanFieldListFilter))
    search_fields = ("name",)
    search_help_text = "搜名称"
    fields = (
        "name", "kind", "grid", "centre", ("term_from", "term_until"), "is_mixed", "notified_on", "is_active",
    )  # fmt: skip
    autocomplete_fields = ("grid", "centre")
    inlines = (MemberInline,)

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request).defer("grid__boundary")
        return composition.with_changes(rows).prefetch_related("members")

    def related_choices(self, db_field: Any, request: HttpRequest) -> Any:
        if db_field.name == "centre":
            return Centre.objects.restrict(request.user, "change").filter(is_active=True)
        return super().related_choices(db_field, request)

    def get_readonly_fields(self, request: HttpRequest, obj: Committee | None = None) -> tuple[str, ...]:
        return ("grid",) if obj is not None else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        context = dict(extra_context or {})
        committee = self.get_object(request, object_id) if object_id is not None else None
        if committee is not None and request.method == "GET":
            context["hints"] = composition.of_committee(
                committee, committee.members.all(), timezone.localdate()
            )
            context["mediators_url"] = f"{link_to(Mediator)}?scope=all&committee={committee.pk}"
        return super().changeform_view(request, object_id, form_url, context)

    @admin.display(description="本届", ordering="term_until")
    def term(self, committee: Committee) -> str:
        return f"{committee.term_from:%Y-%m-%d} 至 {committee.term_until:%Y-%m-%d}"

    @admin.display(description="委员")
    def members_number(self, committee: Committee) -> str:
        return f"{len(committee.members.all())} 人"

    @admin.display(description="提示")
    def hints_chip(self, committee: Committee) -> str:
        number = composition.count_of(committee, timezone.localdate())
        return ui.chip(f"{number} 项提示", "caution") if number else ui.chip("齐全", "good")

    @admin.display(description="状态", ordering="is_active")
    def state(self, committee: Committee) -> str:
        return ui.chip("启用", "good") if committee.is_active else ui.chip("停用")


# --- mediators ----------------------------------------------------------------------------------------------------------
class CommitteeFilter(ChoiceFilter):
    """The mediators of one committee; its page leads here."""

    title, parameter_name = "调委会", "committee"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        named = self.named
        rows = Committee.objects.restrict(request.user, "change")
        if could_be_key(named):
            rows = rows | Committee.objects.restrict(request.user).filter(pk=named)
        return [(str(key), name) for key, name in rows.order_by("grid", "pk").values_list("pk", "name")[:200]]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        chosen = self.checked()
        return queryset.filter(committee=chosen) if chosen else queryset


class SpecialityFilter(ChoiceFilter):
    title, parameter_name = "专长", "speciality"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(Category.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        chosen = self.checked()
        return queryset.filter(specialities__contains=[chosen]) if chosen else queryset


class EngagementFilter(TermFilter):
    title, column = "聘期", "until"


class KnownRelations(Part):
    """What a mediator declared: masked to everyone, taken off or put down anew, never edited."""

    model = Relation
    verbose_name_plural = "已登记的须回避关系"
    fields = readonly_fields = ("kind", "masked_name", "masked_phone")
    masked_name = masked_column("name", "姓名")
    masked_phone = masked_column("phone", "手机号")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RelationForm(forms.ModelForm):
    class Meta:
        model = Relation
        fields = ("kind", "name", "phone")


class NewRelations(Part):
    """Relations to be put down."""

    model = Relation
    form = RelationForm
    verbose_name_plural = "登记须回避的关系"
    fields = ("kind", "name", "phone")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).none()


class MediatorForm(forms.ModelForm):
    specialities = categories_field("专长类别", UnfoldAdminCheckboxSelectMultipleWidget)


@admin.register(Mediator)
class MediatorAdmin(Exported, TerritorialAdmin):
    form = MediatorForm
    change_form_outer_before_template = "mediation/desk_hints.html"
    list_display = (
        "person",
        "committee",
        "skills",
        "languages",
        "phone",
        "engagement",
        "kind_chips",
        "state",
    )
    list_select_related = ("user", "committee")
    list_filter = (
        ScopeFilter, EngagementFilter, SpecialityFilter, CommitteeFilter, PlaceFilter,
        ("is_full_time", admin.BooleanFieldListFilter), ("is_invited", admin.BooleanFieldListFilter),
        ("is_active", admin.BooleanFieldListFilter),
    )  # fmt: skip
    search_fields = ("committee__name",)
    search_help_text = "搜姓名或调委会"
    fields = (
        "user", "committee", "specialities", ("languages", "phone"), ("since", "until"),
        ("is_full_time", "is_invited", "is_active"),
    )  # fmt: skip
    autocomplete_fields = ("committee",)
    export_columns = [
        ("姓名", 12, lambda row: masks.person(row.user)),
        ("调委会", 36, lambda row: row.committee.name),
        ("所在网格", 24, lambda row: str(row.grid)),
        ("专长类别", 36, lambda row: in_words(row.specialities)),
        ("语言", 16, lambda row: row.languages),
        ("专职", 8, lambda row: row.is_full_time),
        ("法院特邀", 10, lambda row: row.is_invited),
        ("公开电话", 18, lambda row: row.phone),
        ("聘任起", 14, lambda row: row.since),
        ("聘任至", 14, lambda row: row.until),
        ("在岗", 8, lambda row: row.is_active),
    ]

    # --- list -------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request).select_related("user", "committee", "grid")
        return rows.defer("grid__boundary")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        text = cleaned(search_term).strip()
        found = by_name(text, "user__") | Q(committee__name__icontains=text)
        return (queryset.filter(found) if text else queryset), False

    def row_title(self, obj: Mediator) -> str:
        return masks.person(obj.user)

    @admin.display(description="姓名", ordering="user__name")
    def person(self, mediator: Mediator) -> str:
        return format_html('<span class="dk-nowrap">{}</span>', masks.person(mediator.user))

    @admin.display(description="专长类别")
    def skills(self, mediator: Mediator) -> str:
        return in_words(mediator.specialities)

    @admin.display(description="聘期", ordering="until")
    def engagement(self, mediator: Mediator) -> str:
        until = f"{mediator.until:%Y-%m-%d}" if mediator.until else "未定"
        return format_html(
            '<span class="dk-nowrap">{} 至</span> <span class="dk-nowrap">{}</span>',
            f"{mediator.since:%Y-%m-%d}",
            until,
        )

    @admin.display(description="类别")
    def kind_chips(self, mediator: Mediator) -> str:
        kinds = [("专职" if mediator.is_full_time else "兼职", "info" if mediator.is_full_time else "quiet")]
        kinds += [("法院特邀", "brand")] if mediator.is_invited else []
        return format_html_join(" ", "{}", ((ui.chip(*kind),) for kind in kinds))

    @admin.display(description="状态", ordering="is_active")
    def state(self, mediator: Mediator) -> str:
        if not mediator.is_active:
            return ui.chip("已离任")
        over = mediator.until is not None and mediator.until < timezone.localdate()
        return ui.chip("聘期已满", "caution") if over else ui.chip("在岗", "good")

    # --- the form -----------------------------------------------------------------------------------------------------
    def related_choices(self, db_field: Any, request: HttpRequest) -> Any:
        """Return the committees whose register the person keeps, and the accounts that were appointed there."""
        if db_field.name == "committee":
            return Committee.objects.restrict(request.user, "change").filter(is_active=True)
        if db_field.name == "user":
            posts = Post.objects.in_force().filter(role__permissions__codename="view_dispute")
            if not request.user.is_superuser:
                needed = permission(Mediator, "add")
                nodes = [(post.code, None) for post in request.user.posts_with(needed)]
                posts = posts.filter(rule_of(Post).nodes_q(nodes))
            people = User.objects.filter(is_active=True, is_staff=True, pk__in=posts.values("user"))
            return people.order_by("name", "username")
        return super().related_choices(db_field, request)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":
            kwargs["widget"] = UnfoldAdminSelect2Widget
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "user":
            field.label_from_instance = masks.person
            field.help_text = "没有这个人？请安全管理员先任命“调解员”岗位。"
        return field

    def get_readonly_fields(self, request: HttpRequest, obj: Mediator | None = None) -> tuple[str, ...]:
        # Who goes to another committee leaves this register and is entered in that one.
        return ("user", "committee", "skills") if obj is not None else ()

    def get_fields(self, request: HttpRequest, obj: Mediator | None = None) -> tuple[Any, ...]:
        # What is only read is read in words.
        reads = obj is not None and not self.has_change_permission(request, obj)
        return tuple("skills" if each == "specialities" and reads else each for each in self.fields)

    def get_inlines(self, request: HttpRequest, obj: Mediator | None) -> tuple:
        may = self.has_change_permission(request, obj) if obj is not None else True
        return ((KnownRelations, NewRelations) if obj is not None else (NewRelations,)) if may else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Who once mediated stays in the register; she leaves it by a day or a tick.
        return False

    def save_model(self, request: HttpRequest, obj: Mediator, form: Any, change: bool) -> None:
        """Save, at the place of the committee."""
        obj.grid_id = obj.committee.grid_id
        super().save_model(request, obj, form, change)

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        context = dict(extra_context or {})
        mediator = self.get_object(request, object_id) if object_id is not None else None
        if mediator is not None and request.method == "GET":
            context["hints"] = composition.of_mediator(mediator, timezone.localdate())
        return super().changeform_view(request, object_id, form_url, context)


def link_to(model: Any) -> str:
    """Return the address of a model's list."""
    return admin.site.get_model_admin(model).link(None, "changelist")
