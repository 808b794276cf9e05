"""The teams of grids at the desk: the register with its form, the ways in and out."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from governance import masks
from governance.admin.base import HIDDEN, TerritorialAdmin, cleaned
from governance.admin.choices import could_be_key
from governance.admin.desk import Card
from governance.admin.exporting import Exported
from governance.admin.filters import ChoiceFilter, PlaceFilter
from governance.admin.verbs import reveal_page, verb_page
from governance.models import Post
from governance.permissions import NOTHING, rule_of
from governance.templatetags import ui
from governance.territory import GridLevel
from grids import services
from grids.admin.team_figures import TeamFigures
from grids.forms import DoorsForm, HoldersForm, LeaveForm, ReplaceForm, TeamForm
from grids.models import Entrance, Grid, Handover, TeamMember
from grids.models.team import BY_DUTY, WORKERS
from grids.reports import team as reports

K = TeamMember.Kind
TONES = {K.LEADER: "brand", K.FULL_TIME: "good", K.PART_TIME: "info", K.RESIDENT: "caution"}
#: Holders of posts that are entered at once.
MOST_HOLDERS = 2_000


class KindFilter(ChoiceFilter):
    title, parameter_name = "类别", "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("workers", "网格员（专职和兼职）"), *K.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.checked()
        if chosen == "workers":
            return queryset.workers()
        return queryset.filter(kind=chosen) if chosen else queryset


class OfficeFilter(ChoiceFilter):
    """Those in office, unless others are asked for."""

    title, parameter_name, usual = "任期", "term", "在任"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("leaving", "已登记离任日期的"),
            ("ahead", "还没有到任的"),
            ("past", "已离任"),
            ("all", "全部"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen, today = self.checked(), timezone.localdate()
        if chosen == "all":
            return queryset
        if chosen == "past":
            return queryset.filter(until__lt=today)
        if chosen == "ahead":
            return queryset.filter(since__gt=today)
        rows = queryset.in_office(today)
        return rows.exclude(until=None) if chosen == "leaving" else rows


class MissingFilter(ChoiceFilter):
    """What a line lacks."""

    title, parameter_name = "缺什么", "missing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("phone", "没有工作电话"), ("post", "网格员没有岗位"), ("consent", "没有同意公示"), ("doors", "微网格员没有楼门")]  # fmt: skip

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return {
            None: lambda rows: rows,
            "phone": lambda rows: rows.filter(phone=""),
            "post": lambda rows: rows.workers().filter(post=None),
            "consent": lambda rows: rows.exclude(kind__in=BY_DUTY).filter(consented_on=None),
            "doors": lambda rows: rows.filter(kind=K.MICRO, entrances=None),
        }[self.checked()](queryset)


def shown(member: TeamMember, field: str) -> str:
    """Return the name or phone of somebody: what the notice tells everyone in clear, else as the rule opens it (``clear``)."""
    return masks.shown(member, field, clear=member.is_public or getattr(member, "clear", False))


def doors_of(version: Any) -> str:
    """Return the doors of a version of a line in words."""
    kept = version.entrances.select_related("entrance__building")
    return "、".join(str(each.entrance) for each in kept) or "（空）"


@admin.register(TeamMember)
class TeamMemberAdmin(TeamFigures, Exported, TerritorialAdmin):
    form = TeamForm
    list_display = (
        "heading",
        "kind_chip",
        "place",
        "phone_shown",
        "posted",
        "account_state",
        "since",
        "state",
    )
    list_display_links = ("heading",)
    list_filter = (KindFilter, OfficeFilter, MissingFilter, PlaceFilter)
    search_fields = ("name", "employer")
    search_help_text = "搜姓名、单位、工作电话或网格名称"
    autocomplete_fields = ("grid",)
    ordering = ("grid", "sort", "pk")
    fieldsets = (
        (None, {"fields": (("grid", "kind"), ("name", "duty"), ("employer", "phone"))}),
        ("任职和公示", {"fields": (("since", "until"), ("consented_on", "sort"))}),
        ("账号和岗位", {"fields": ("account",)}),
    )
    change_form_outer_before_template = "grids/desk_member.html"
    change_list_template = "grids/desk_members.html"
    export_columns = [
        ("网格编码", 20, lambda row: row.grid_id),
        ("网格", 24, lambda row: str(row.grid)),
        ("类别", 14, lambda row: row.get_kind_display()),
        ("姓名", 12, lambda row: masks.shown(row, "name", clear=row.is_public)),
        ("身份", 16, lambda row: row.duty),
        ("所在单位", 28, lambda row: row.employer),
        ("工作电话", 18, lambda row: masks.shown(row, "phone", clear=row.is_public)),
        ("公示", 8, lambda row: "是" if row.is_public else "否"),
        ("有岗位", 8, lambda row: "是" if row.post_id else "否"),
        ("任职起", 14, lambda row: row.since),
        ("任职至", 14, lambda row: row.until),
    ]

    # --- list -------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Return the lines within reach, each with ``clear``: whether what is masked is open to the person."""
        rows = super().get_queryset(request).select_related("grid", "user").defer("grid__boundary")
        return rows.with_clear(request.user)

    def get_search_results(self, request: HttpRequest, queryset: QuerySet, search_term: str) -> Any:
        """Search by place and unit, and by name and phone where these are open: a search over masked ones would tell them."""
        text = cleaned(search_term).strip()
        if not text:
            return queryset, False
        today = timezone.localdate()
        known = Q(clear=True) | Q(kind__in=BY_DUTY, since__lte=today) & (Q(until=None) | Q(until__gte=today))
        open_words = Q(grid__name__icontains=text) | Q(employer__icontains=text)
        return queryset.filter(open_words | Q(known, Q(name__icontains=text) | Q(phone=text))), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        context = {"figures_url": self.link(None, "figures"), **(extra_context or {})}
        if request.user.may("add", TeamMember) and self.holders(request).exists():
            context["holders_url"] = self.link(None, "holders")
        return super().changelist_view(request, context)

    # Sorted by, a masked name would be told.
    @admin.display(description="姓名 / 身份")
    def heading(self, member: TeamMember) -> str:
        words = "，".join(filter(None, (member.employer, member.duty)))
        return format_html(
            '<span class="dk-heading">{}<small>{}</small></span>', self.row_title(member), words
        )

    @admin.display(description="类别", ordering="kind")
    def kind_chip(self, member: TeamMember) -> str:
        return ui.chip(member.get_kind_display(), TONES.get(member.kind, "quiet"))

    @admin.display(description="网格", ordering="grid")
    def place(self, member: TeamMember) -> str:
        return str(member.grid)

    @admin.display(description="工作电话")
    def phone_shown(self, member: TeamMember) -> str:
        return shown(member, "phone")

    @admin.display(description="公示")
    def posted(self, member: TeamMember) -> str:
        return ui.chip("已公示", "good") if member.is_public else ui.chip("不公示")

    @admin.display(description="岗位")
    def account_state(self, member: TeamMember) -> str:
        if member.user_id is None:
            return ui.chip("没有账号", "caution") if member.is_worker and member.is_in_office else ""
        if not member.user.is_active:
            return ui.chip("账号已停用", "danger")
        return "有岗位" if member.post_id is not None and member.is_in_office else ""

    @admin.display(description="状态")
    def state(self, member: TeamMember) -> str:
        today = timezone.localdate()
        if member.since > today:
            return ui.chip("还没有到任", "info")
        if member.until is None:
            return ui.chip("在任", "good")
        if member.until < today:
            return ui.chip(f"{date_format(member.until)} 离任")
        return ui.chip(f"任到 {date_format(member.until)}", "caution")

    @admin.display(description="账号")
    def account_shown(self, member: TeamMember) -> str:
        post = "，有网格员岗位" if member.post_id is not None else ""
        return f"{member.user}（{member.user.username}）{post}" if member.user_id else ""

    def row_title(self, member: TeamMember) -> str:
        return shown(member, "name")

    def history_changes(self, row: Any, before: Any) -> list[tuple[str, str, str]]:
        """Return the changes as everywhere; an account says whose it is, which the mask hides."""
        told = []
        for field, old, new in super().history_changes(row, before):
            if field == "账号":
                old = new = HIDDEN
            elif field == "负责的楼门":
                old, new = doors_of(before), doors_of(row)
            told.append((field, old, new))
        return told

    # --- the form ---------------------------------------------------------------------------------------------------
    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Start a line from the address that leads to the form: of a grid, or of whoever holds a post without one."""
        code, key = request.GET.get("grid", ""), request.GET.get("post", "")
        given: dict[str, Any] = {}
        if code.isascii() and code.isdigit() and len(code) in GridLevel.values:
            given["grid"] = code
        if request.GET.get("kind") in K.values:
            given["kind"] = request.GET["kind"]
        post = self.holders(request).filter(pk=key).first() if could_be_key(key) else None
        if post is not None:
            given |= {
                "grid": post.grid_id, "name": post.user.name, "account": post.user.username, "since": post.valid_from,
                "kind": K.FULL_TIME,
            }  # fmt: skip
        return given

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        # The theme begins with the first choice; nobody is to become a leader because nothing was chosen.
        if db_field.name == "kind":
            kwargs["choices"] = [("", "请选择"), *K.choices]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: TeamMember | None = None) -> tuple[str, ...]:
        return ("until", "heading", "phone_shown", "account_shown") if obj is None else (
            "grid", "until", "heading", "phone_shown", "account_shown", *(("since",) if obj.post_id else ()),
        )  # fmt: skip

    def get_fieldsets(self, request: HttpRequest, obj: TeamMember | None = None) -> Any:
        (_, who), (term, when), (account, _) = self.fieldsets
        if obj is None:
            return ((None, who), (term, {"fields": ("since", ("consented_on", "sort"))}), self.fieldsets[2])
        if not (obj.is_public or request.user.may("contact", obj)):
            who = {"fields": (("grid", "kind"), ("heading", "phone_shown"), ("employer", "duty"))}
            return ((None, who), (term, when))
        changes = self.has_change_permission(request, obj)
        hers = ("account_shown",) if obj.user_id else ("account",) if changes else ()
        return ((None, who), (term, when), *([(account, {"fields": hers})] if hers else []))

    def has_change_permission(self, request: HttpRequest, obj: TeamMember | None = None) -> bool:
        over = obj is not None and obj.until is not None and obj.until < timezone.localdate()
        return super().has_change_permission(request, obj) and not over

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: TeamMember, form: Any, change: bool) -> None:
        account = form.cleaned_data.get("account") or ""
        if change:
            services.amend(obj, by=request.user, account=account)
        else:
            services.enrol(obj, by=request.user, account=account)

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show or save a line; above the form stands what may be done with it besides."""
        context = dict(extra_context or {})
        member = self.get_object(request, object_id) if object_id is not None else None
        if member is not None and request.method == "GET":
            context |= {
                "state": self.state(member),
                "buttons": self.buttons(request, member),
                "doors": list(member.entrances.all()[:100]),
            }
        return super().changeform_view(request, object_id, form_url, context)

    def buttons(self, request: HttpRequest, member: TeamMember) -> list[dict[str, Any]]:
        """Return what the person may do with a line besides mending its columns."""
        user, found = request.user, []
        if not (member.is_public or member.clear) and user.may("reveal", member):
            found += [
                {"words": f"查看{words}", "url": self.link(member, "reveal", field)}
                for field, words in (("name", "姓名"), ("phone", "工作电话"))
                if getattr(member, field)
            ]
        handover = Handover.objects.restrict(user).filter(leaving=member).first()
        if handover is not None:
            found.append(
                {"words": "工作移交", "url": reverse("admin:grids_handover_change", args=[handover.pk])}
            )
        found.append({"words": "网格的队伍", "url": reverse("admin:grids_grid_team", args=[member.grid_id])})
        if not self.has_change_permission(request, member):
            return found
        if member.kind == K.MICRO:
            found.append({"words": "负责的楼门", "url": self.link(member, "doors")})
        if handover is None:
            if member.is_worker:
                found.append({"words": "换人接替", "url": self.link(member, "replace")})
            found.append({"words": "离任", "url": self.link(member, "leave"), "danger": True})
        return found

    # --- addresses --------------------------------------------------------------------------------------------------
    def get_urls(self) -> list:
        view, name = self.admin_site.admin_view, "grids_teammember"
        return [
            path("figures/", view(self.figures_view), name=f"{name}_figures"),
            path("holders/", view(self.holders_view), name=f"{name}_holders"),
            path("<int:object_id>/leave/", view(self.leave_view), name=f"{name}_leave"),
            path("<int:object_id>/replace/", view(self.replace_view), name=f"{name}_replace"),
            path("<int:object_id>/doors/", view(self.doors_view), name=f"{name}_doors"),
            path("<int:object_id>/reveal/<slug:field>/", view(self.reveal_view), name=f"{name}_reveal"),
            *super().get_urls(),
        ]

    def changing(self, request: HttpRequest, object_id: int) -> TeamMember:
        """Return a line that the person may change. Raises Http404 otherwise."""
        member = self.reach(request, str(object_id))
        if not self.has_change_permission(request, member):
            raise Http404
        return member

    def takers(self, request: HttpRequest, member: TeamMember) -> QuerySet:
        """Return who may take over from a grid worker."""
        rows = TeamMember.objects.restrict(request.user).workers().filter(grid=member.grid_id)
        rows = rows.filter(Q(until=None) | Q(until__gte=timezone.localdate()))
        return rows.exclude(pk=member.pk)

    def leave_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """End somebody's service."""
        member = self.changing(request, object_id)
        hands_over = member.is_worker and member.user_id is not None
        form = LeaveForm(request.POST or None, takers=self.takers(request, member) if hands_over else None)

        def run(given: dict[str, Any]) -> str | None:
            handover = services.end_service(member, by=request.user, **given)
            return (
                reverse("admin:grids_handover_change", args=[handover.pk]) if handover is not None else None
            )

        hint = (
            "最后一天过后，网格员岗位随之结束，公示牌上不再有她。她手上没办完的，列成移交清单。"
            if hands_over
            else ""
        )
        return verb_page(
            self, request, title="离任", form=form, run=run, done="已登记离任。", back=self.link(member), obj=member, danger=True,
            hint=hint,
        )  # fmt: skip

    def replace_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Let another person take a grid worker's place."""
        member = self.changing(request, object_id)
        if not member.is_worker:
            raise Http404
        form = ReplaceForm(request.POST or None, initial={"kind": member.kind})

        def run(given: dict[str, Any]) -> str:
            reason, account = given.pop("reason"), given.pop("account")
            taking = services.replace(
                member, TeamMember(**given), by=request.user, reason=reason, account=account
            )
            return self.link(taking)

        return verb_page(
            self, request, title="换人接替", form=form, run=run, done="已登记接替，移交清单已列好。", back=self.link(member),
            obj=member, button="登记接替", hint="原网格员离任、接替人到任一起登记；没办完的列成移交清单，由接替人逐件接手。",
        )  # fmt: skip

    def doors_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Say which doors a micro-grid worker looks after."""
        member = self.changing(request, object_id)
        if member.kind != K.MICRO:
            raise Http404
        doors = Entrance.objects.restrict(request.user).filter(grid=member.grid_id).select_related("building")
        form = DoorsForm(
            request.POST if request.method == "POST" else None,
            doors=doors.order_by("building__compound", "building__name", "name"),
            initial={"entrances": list(member.entrances.values_list("pk", flat=True))},
        )

        def run(given: dict[str, Any]) -> None:
            services.amend(member, by=request.user, entrances=given["entrances"])

        return verb_page(
            self, request, title="负责的楼门", form=form, run=run, done="已保存。", back=self.link(member), obj=member,
            button="保存",
        )  # fmt: skip

    def reveal_view(self, request: HttpRequest, object_id: int, field: str) -> HttpResponse:
        """Show one masked column in clear, once, for a reason that the access log keeps."""
        return reveal_page(self, request, self.reach(request, str(object_id)), field)

    # --- holders of posts in no team ----------------------------------------------------------------------------------
    def holders(self, request: HttpRequest) -> QuerySet:
        """Return the posts of grid workers that no line names, where the person keeps the register."""
        rows = services.unenrolled(Post.objects.restrict(request.user))
        if not request.user.is_superuser:
            codes = [p.code for p in request.user.posts_with("grids.add_teammember")]
            within = rule_of(Post).nodes_q((code, None) for code in codes)
            rows = rows.none() if within is NOTHING else rows.filter(within)
        return rows.select_related("user", "grid").defer("grid__boundary").order_by("grid", "pk")

    def holders_view(self, request: HttpRequest) -> HttpResponse:
        """Enter whoever holds a grid worker's post and is in no team yet."""
        if not request.user.may("add", TeamMember):
            raise Http404
        found = list(self.holders(request)[:MOST_HOLDERS])

        def run(given: dict[str, Any]) -> str:
            number = services.enrol_holders(found, by=request.user, kind=lambda post: given["kind"])
            self.message_user(request, f"已登记 {number} 人。", messages.SUCCESS)
            return self.link(None, "changelist")

        names = "、".join(f"{post.grid} {masks.person(post.user)}" for post in found[:20])
        more = f" 等 {len(found)} 人" if len(found) > 20 else ""
        return verb_page(
            self, request, title="按岗位登记网格员", form=HoldersForm(request.POST or None), run=run, done="登记办完了。",
            back=self.link(None, "changelist"), button="登记",
            hint=f"有网格员岗位、还没有登记在队伍里的：{names}{more}。" if found else "没有这样的人。",
        )  # fmt: skip

    # --- the desk ---------------------------------------------------------------------------------------------------
    def cards(self, request: HttpRequest) -> list[Card]:
        """Return what is lacking, for whoever keeps the register."""
        if not request.user.may("add", TeamMember):
            return []
        grids, url = reports.grids_of(request.user), reverse("admin:grids_grid_changelist")
        words = {"worker": "没有网格员的网格", "leader": "没有网格长的网格"}
        return [
            Card(label, f"{url}?team={what}", reports.lacking(grids, what), tone="caution", icon="person_off", order=order)
            for order, (what, label) in enumerate(words.items(), start=30)
        ] + [
            Card("有岗位没登记的网格员", self.link(None, "holders"), self.holders(request), tone="caution", icon="person_add", order=32)
        ]  # fmt: skip


def team_of(request: HttpRequest, grid: Grid) -> dict[str, Any]:
    """Return the team of a grid for its page: those who are there or are to come, by kind, and the last who left."""
    rows = TeamMember.objects.restrict(request.user).filter(grid=grid.pk).with_clear(request.user)
    today = timezone.localdate()
    now: dict[str, list[TeamMember]] = {}
    for member in rows.filter(Q(until=None) | Q(until__gte=today)).order_by("sort", "pk"):
        now.setdefault(member.kind, []).append(member)
    past = list(rows.filter(until__lt=today).order_by("-until", "-pk")[:20])
    for member in [*past, *(each for several in now.values() for each in several)]:
        member.told, member.work_phone = shown(member, "name"), shown(member, "phone")
    return {
        "groups": [(label, now[kind]) for kind, label in K.choices if kind in now],
        "past": past,
        "lacks": [
            words
            for words, kinds in (("网格员", WORKERS), ("网格长", (K.LEADER,)))
            if grid.grid_level is GridLevel.BASE
            and not any(member.is_in_office for kind in kinds for member in now.get(kind, []))
        ],
    }
