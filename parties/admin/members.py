"""The roll at the desk: the list with its filters, a member's page, and what is done with her besides: transfer, leaving, her account."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse

from governance import masks
from governance.admin.base import TerritorialAdmin, cleaned
from governance.admin.choices import could_be_key
from governance.admin.exporting import Exported
from governance.admin.filters import ChoiceFilter, PlaceFilter
from governance.admin.verbs import reveal_page, verb_page
from governance.templatetags import ui
from parties.admin import choosing
from parties.admin.filters import OrganisationFilter
from parties.forms.members import AccountForm, MemberForm, StrikeOffForm, TransferForm
from parties.models import WITH_MEMBERS, Member, Organisation, PartyOrgType, Transfer
from parties.services.members import ask_transfer, keep_member, link_account, strike_off

S = Member.Stage


class StageFilter(ChoiceFilter):
    title, parameter_name = "党员类别", "stage"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*S.choices, ("in_service", "在职党员"), ("out", "流出党员"), ("in", "流入党员")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        if chosen in ("out", "in"):
            return queryset.filter(mobility=chosen)
        if chosen == "in_service":
            return queryset.exclude(employer="")
        return queryset.filter(stage=chosen) if chosen else queryset


class RollFilter(ChoiceFilter):
    """Those on the roll, unless others are asked for."""

    title, parameter_name, usual = "名册", "roll", "在册"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("left", "已离开"), ("all", "全部")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        if chosen == "all":
            return queryset
        return queryset.exclude(left_on=None) if chosen == "left" else queryset.on_roll()


@admin.register(Member)
class MemberAdmin(Exported, TerritorialAdmin):
    form = MemberForm
    change_form_outer_before_template = "parties/desk_member.html"
    list_display = (
        "heading",
        "organisation_name",
        "group_name",
        "stage_chip",
        "phone_shown",
        "mobility",
        "since",
    )
    list_display_links = ("heading",)
    list_filter = (StageFilter, RollFilter, PlaceFilter, OrganisationFilter)
    search_fields = ("name",)
    search_help_text = "搜姓名、手机号或党组织名称"
    ordering = ("organisation_id", "pk")
    autocomplete_fields = ("organisation", "group")
    fieldsets = (
        (None, {"fields": (("organisation", "group"), ("name", "phone"), ("stage", "mobility"))}),
        ("党龄", {"fields": (("joined_on", "full_on"),)}),
        ("来源和工作", {"fields": (("since", "came_from"), "employer")}),
    )
    export_columns = [
        ("姓名", 10, lambda row: masks.name(row.name)),
        ("手机号", 16, lambda row: masks.phone(row.phone)),
        ("党组织", 30, lambda row: row.organisation.name),
        ("党小组", 22, lambda row: row.group.name if row.group_id else ""),
        ("党员类别", 12, lambda row: row.get_stage_display()),
        ("入党日期", 14, lambda row: row.joined_on),
        ("转正日期", 14, lambda row: row.full_on),
        ("流动情况", 10, lambda row: row.get_mobility_display()),
        ("转入日期", 14, lambda row: row.since),
        ("离开日期", 14, lambda row: row.left_on),
        ("离开原因", 12, lambda row: row.get_leaving_display()),
    ]  # fmt: skip

    # --- list -------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Return the members within reach, each with ``clear``: whether her name and phone are open to the person."""
        return super().get_queryset(request).with_place().with_clear(request.user)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> Any:
        """Search by organisation, and by name and phone where these are open: a search over masked names would tell them."""
        text = cleaned(search_term).strip()
        if not text:
            return queryset, False
        named = Q(name__startswith=text) | Q(phone=text)
        return queryset.filter(Q(organisation__name__icontains=text) | Q(named, clear=True)), False

    def row_title(self, member: Member) -> str:
        return masks.shown(member, "name", clear=getattr(member, "clear", False))

    def choice_title(self, member: Member) -> str:
        return f"{self.row_title(member)}（{member.organisation.name}）"

    @admin.display(description="姓名")
    def heading(self, member: Member) -> str:
        return self.row_title(member)

    @admin.display(description="党组织", ordering="organisation_id")
    def organisation_name(self, member: Member) -> str:
        return member.organisation.name

    @admin.display(description="党小组", ordering="group_id")
    def group_name(self, member: Member) -> str:
        return member.group.name if member.group_id else ""

    @admin.display(description="党员类别", ordering="stage")
    def stage_chip(self, member: Member) -> str:
        if member.left_on is not None:
            return ui.chip(f"已离开：{member.get_leaving_display()}")
        return ui.chip(member.get_stage_display(), "good" if member.stage == S.FULL else "caution")

    @admin.display(description="手机号")
    def phone_shown(self, member: Member) -> str:
        return masks.shown(member, "phone", clear=member.clear)

    # --- addresses --------------------------------------------------------------------------------------------------
    def get_urls(self) -> list:
        view, name = self.admin_site.admin_view, "parties_member"
        return [
            path("<int:object_id>/transfer/", view(self.transfer_view), name=f"{name}_transfer"),
            path("<int:object_id>/leave/", view(self.leave_view), name=f"{name}_leave"),
            path("<int:object_id>/account/", view(self.account_view), name=f"{name}_account"),
            path("<int:object_id>/reveal/<slug:field>/", view(self.reveal_view), name=f"{name}_reveal"),
            *super().get_urls(),
        ]

    # --- the form ---------------------------------------------------------------------------------------------------
    def related_choices(self, db_field: Any, request: HttpRequest) -> Any:
        rows = Organisation.objects.restrict(request.user).in_force()
        if db_field.name == "organisation":
            return rows.filter(kind__in=WITH_MEMBERS)
        if db_field.name == "group":
            return rows.filter(kind=PartyOrgType.GROUP)
        return super().related_choices(db_field, request)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        given = request.GET.get("organisation", "")
        return {"organisation": given if could_be_key(given) else None}

    def get_readonly_fields(self, request: HttpRequest, obj: Member | None = None) -> tuple[str, ...]:
        # Whoever goes to another organisation is transferred there; what is masked is not shown by a form either.
        if obj is None:
            return ()
        closed = () if request.user.may("contact", obj) else ("heading", "phone_shown")
        return ("organisation", *closed)

    def get_fieldsets(self, request: HttpRequest, obj: Member | None = None) -> Any:
        sets = super().get_fieldsets(request, obj)
        if obj is None or request.user.may("contact", obj):
            return sets
        first = (("organisation", "group"), ("heading", "phone_shown"), ("stage", "mobility"))
        return ((None, {"fields": first}), *sets[1:])

    def has_change_permission(self, request: HttpRequest, obj: Member | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.is_on_roll)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Member, form: Any, change: bool) -> None:
        keep_member(obj, by=request.user)
        same = Member.objects.restrict(request.user, "contact").on_roll().filter(phone=obj.phone)
        if obj.phone and (others := same.exclude(pk=obj.pk).count()):
            self.message_user(
                request, f"名册上还有 {others} 名党员用这个手机号，请核对是不是同一个人。", messages.WARNING
            )

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show or save a member; above the form stands what may be done with her besides."""
        context = dict(extra_context or {})
        member = self.get_object(request, object_id) if object_id is not None else None
        if member is not None and request.method == "GET":
            context |= {"buttons": self.buttons(request, member), "state": self.state_of(request, member)}
        return super().changeform_view(request, object_id, form_url, context)

    def buttons(self, request: HttpRequest, member: Member) -> list[dict[str, Any]]:
        """Return what the person may do with a member besides mending her columns."""
        user, found = request.user, []
        if not user.may("contact", member) and user.may("reveal", member):
            found += [
                {"words": f"查看{words}", "url": self.link(member, "reveal", field)}
                for field, words in (("name", "姓名"), ("phone", "手机号"))
                if getattr(member, field)
            ]
        if not member.is_on_roll or not user.may("change", member):
            return found
        if user.may("ask", Transfer) and not member.transfers.ongoing().exists():
            found.append({"words": "转接组织关系", "url": self.link(member, "transfer")})
        if self.links_accounts(request, member):
            found.append({"words": "关联账号", "url": self.link(member, "account")})
        return [*found, {"words": "离开名册", "url": self.link(member, "leave"), "danger": True}]

    def state_of(self, request: HttpRequest, member: Member) -> str:
        """Return what is to be known of a member at once."""
        if not member.is_on_roll:
            to = f"，去向：{member.went_to}" if member.went_to else ""
            return f"{ui.cn_date(member.left_on)} 离开名册，原因：{member.get_leaving_display()}{to}。"
        passing = Transfer.objects.restrict(request.user).ongoing().filter(member=member).first()
        if passing is not None:
            return f"正在办组织关系转接（{passing.number}），转入：{passing.target.name}。"
        held = member.duties.in_office().select_related("organisation")
        words = "、".join(str(each) for each in held)
        return f"担任{words}。" if words else ""

    # --- what is done besides ---------------------------------------------------------------------------------------
    def changing(self, request: HttpRequest, object_id: int) -> Member:
        """Return a member on the roll. Raises Http404 for one whom the person may not change."""
        member = self.reach(request, str(object_id))
        if not member.is_on_roll or not request.user.may("change", member):
            raise Http404
        return member

    def transfer_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Ask for a transfer to another organisation of the district."""
        member = self.changing(request, object_id)
        if not request.user.may("ask", Transfer):
            raise Http404
        targets = Organisation.objects.restrict(request.user, "choose").filter(kind__in=WITH_MEMBERS)
        form = TransferForm(request.POST or None, targets=targets.exclude(pk=member.organisation_id))
        form.fields["target"].widget = choosing.box(Transfer, "target")
        form.fields["target"].widget.choices = form.fields["target"].choices

        def run(given: dict[str, Any]) -> str:
            transfer = ask_transfer(by=request.user, member=member, **given)
            return reverse("admin:parties_transfer_change", args=[transfer.pk])

        return verb_page(
            self, request, title="转接组织关系", form=form, run=run, button="提出转接",
            done="已提出，对方同意以后组织关系就转过去。", back=self.link(member), obj=member,
            hint=f"现在在“{member.organisation.name}”。双方都同意才转；转到本区以外的，请办“离开名册”。",
        )  # fmt: skip

    def leave_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Take a member off the roll."""
        member = self.changing(request, object_id)

        def run(given: dict[str, Any]) -> None:
            strike_off(member, by=request.user, **given)

        return verb_page(
            self, request, title="离开名册", form=StrikeOffForm(request.POST or None), run=run, done="已离开名册。",
            back=self.link(member), obj=member, danger=True, hint="转到本区另一个党组织的，请办“转接组织关系”。",
        )  # fmt: skip

    def links_accounts(self, request: HttpRequest, member: Member) -> bool:
        """Say whether the person may say which account is the member's: as duties bring posts, whoever decides about these does."""
        organisation = Organisation.objects.select_related("parent").get(pk=member.organisation_id)
        return organisation.is_decided_by(request.user)

    def account_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Say which account is the member's."""
        member = self.changing(request, object_id)
        if not self.links_accounts(request, member):
            raise Http404
        now = f"现在关联的是 {masks.person(member.user)}。" if member.user_id else "现在没有关联账号。"

        def run(given: dict[str, Any]) -> None:
            link_account(member, by=request.user, **given)

        return verb_page(
            self, request, title="关联账号", form=AccountForm(request.POST or None), run=run, done="已关联。",
            back=self.link(member), obj=member, button="关联",
            hint=f"{now}担任书记、组长的，关联以后就能登录办理本组织的事。",
        )  # fmt: skip

    def reveal_view(self, request: HttpRequest, object_id: int, field: str) -> HttpResponse:
        """Show one masked column in clear, once, for a reason that the access log keeps."""
        return reveal_page(self, request, self.reach(request, str(object_id)), field)
