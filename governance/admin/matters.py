"""The admin of every kind of matter: a list with lights, a page with what may be done next and what has happened, the pages
of its actions, looks at masked columns, the question why someone can see it, bulk actions and the Excel table.

A matter is never edited by a form of its columns; whatever changes it is a row of its transition table.
"""

from types import SimpleNamespace
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html

from governance import audit, intake, masks, worktime
from governance.admin import bulk
from governance.admin.actions import TIME_FORMS, DeskActionView, dress
from governance.admin.base import DeskList, Named, ReadOnlyAdmin, cleaned
from governance.admin.desk import Card, Urgent
from governance.admin.exporting import Exported
from governance.admin.filters import ChannelFilter, DayFilter, LightFilter, PlaceFilter, StatusFilter
from governance.explaining import explain
from governance.forms import ActionForm, day_field
from governance.models import Matter, User
from governance.models.matters import Channel
from governance.permissions import (
    holders,
    permission,
    permitted_actions,
)
from governance.templatetags import ui

#: Of the people who may see a matter by their posts, so many are offered in the question why.
MOST_PEOPLE = 200


class WhyForm(forms.Form):
    """Whose reach is asked about, and on which day."""

    who = forms.ChoiceField(label="人员", required=False)
    day = day_field("日期", required=False, help_text="留空为今天。过去的日期按当天的任期和授权回答。")

    def clean_day(self):
        day = self.cleaned_data["day"]
        if day is not None and not 2000 <= day.year <= timezone.localdate().year:
            raise ValidationError("请填写过去的日期。")
        return day


class MatterList(DeskList):
    """A list of matters, of which the page reads what its lines show."""

    def get_results(self, request: HttpRequest) -> None:
        read = self.model_admin.read_in_line
        if read is not None:
            columns, related = read
            self.queryset = self.queryset.in_lines(*columns, **related)
        super().get_results(request)
        self.model_admin.fetch_besides(request, self.result_list)


class MatterAdmin(Exported, ReadOnlyAdmin):
    """The base of the admins of matters.

    Subclasses name their forms (``action_forms``: action -> form), the actions that many rows may take at once
    (``bulk_actions``), the chips' tones, the facts and panels of the page, and the columns of the Excel table.
    """

    action_forms: dict[str, type[ActionForm]] = {}
    #: Templates shown beside the form of an action.
    action_asides: dict[str, str] = {}
    bulk_actions: tuple[str, ...] = ()
    #: The action that stands out and comes first, if it is offered: the first of these. Where none are named, the first of all.
    main_actions: tuple[str, ...] = ()
    tones: dict[str, str] = {}
    #: The action that clears masked columns on the page.
    contact_action = "contact"
    #: Whether a line of the list shows them too, to whom they are open: then each row carries ``clear``.
    lines_clear = True
    on_desk = True
    #: What a line shows besides the matter and its place.
    also_shown: tuple[str, ...] = ()
    #: What a line reads, for lists of very many rows: columns of the matter besides the usual ones, and, by relation, columns of
    #: what ``also_shown`` names. Where it is None a line reads all of them.
    read_in_line: tuple[tuple[str, ...], dict[str, tuple[str, ...]]] | None = None

    list_display = ("heading", "status_chip", "light_badge", "place", "due", "channel", "opened")
    list_display_links = ("heading",)
    list_filter = (StatusFilter, LightFilter, PlaceFilter, ChannelFilter, DayFilter)
    search_fields = ("number",)
    search_help_text = "搜编号、姓名、词语或电话后四位"
    ordering = ("-opened_at", "-pk")
    actions_on_top = True

    # --- list -------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        """Return the rows within reach, where ``lines_clear`` each with ``clear``: whether its personal columns are open to the
        person."""
        rows = super().get_queryset(request).with_place()
        if self.lines_clear:
            rows = rows.with_clear(request.user, self.contact_action)
        return rows.select_related(*self.also_shown) if self.also_shown else rows

    @admin.display(description="事项 / 编号", ordering="number")
    def heading(self, matter: Matter) -> str:
        return format_html(
            '<span class="dk-heading">{}<small>{}</small></span>', self.row_title(matter), matter.number
        )

    @admin.display(description="状态", ordering="status")
    def status_chip(self, matter: Matter) -> str:
        return ui.chip(matter.get_status_display(), self.tones.get(matter.status, "quiet"))

    @admin.display(description="时限灯", ordering="due_at")
    def light_badge(self, matter: Matter) -> str:
        return ui.light(matter.light)

    @admin.display(description="地点", ordering="grid")
    def place(self, matter: Matter) -> str:
        return f"{matter.grid} {matter.entrance}" if matter.entrance_id else str(matter.grid)

    @admin.display(description="时限", ordering="due_at")
    def due(self, matter: Matter) -> str:
        return ui.cn_short(matter.due_at) if matter.is_open else ""

    @admin.display(description="提交", ordering="opened_at")
    def opened(self, matter: Matter) -> str:
        return ui.cn_short(matter.opened_at)

    def get_search_results(self, request: HttpRequest, queryset, search_term: str):
        """Search within reach by number, name, words of the matter or the last four digits of its phone."""
        text = cleaned(search_term).strip()
        return (queryset.search(text, request.user) if text else queryset), False

    def changelist_view(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        text = request.GET.get("q", "").strip()
        if len(text) == 1 and not text.isascii():
            self.message_user(request, "请至少输入两个字再搜索。", level="warning")
        return super().changelist_view(request, extra_context)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[DeskList]:
        return MatterList

    def get_actions(self, request: HttpRequest) -> dict:
        """Return the flow's actions that this person may take on many rows at once."""
        offered = {}
        for name in self.bulk_actions:
            action = self.model.flow.actions[name]
            if request.user.may(action.permission, self.model):
                key = f"bulk_{name}"
                offered[key] = (_bulk(name), key, f"批量{action.label}")
        return offered

    # --- addresses --------------------------------------------------------------------------------------------------
    def get_urls(self) -> list:
        name = f"{self.model._meta.app_label}_{self.model._meta.model_name}"
        view = self.admin_site.admin_view
        return [
            path("bulk/<slug:action>/", view(self.bulk_view), name=f"{name}_bulk"),
            path("<int:object_id>/do/<slug:action>/", view(self.action_view), name=f"{name}_do"),
            path("<int:object_id>/reveal/<slug:field>/", view(self.reveal_view), name=f"{name}_reveal"),
            path("<int:object_id>/why/", view(self.why_view), name=f"{name}_why"),
            *super().get_urls(),
        ]

    def action_view(self, request: HttpRequest, object_id: int, action: str) -> HttpResponse:
        return DeskActionView.as_view(admin=self)(request, object_id=object_id, action=action)

    def form_of_action(self, name: str) -> type[ActionForm]:
        """Return the form of an action."""
        return self.action_forms.get(name) or TIME_FORMS.get(name) or ActionForm

    def bulk_view(self, request: HttpRequest, action: str) -> HttpResponse:
        return bulk.apply_page(self, request, action)

    # --- the page ---------------------------------------------------------------------------------------------------
    def changeform_view(
        self, request: HttpRequest, object_id=None, form_url: str = "", extra_context=None
    ) -> HttpResponse:
        """Show a matter. There is no form to save: what changes it are its actions."""
        if object_id is None:
            raise Http404
        return self.matter_page(request, self.reach(request, object_id))

    def matter_page(
        self, request: HttpRequest, matter: Matter, revealed: dict[str, str] | None = None
    ) -> HttpResponse:
        """Return a matter's page; ``revealed`` holds what was just looked at, column -> value in clear."""
        user = request.user
        asked = {self.contact_action, "reveal"} & known_actions(self.model)
        granted = permitted_actions(user, matter, asked)
        clear = self.contact_action in granted
        due_day = timezone.localdate(matter.due_at) if matter.due_at else None
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": self.row_title(matter),
            "opts": self.model._meta,
            "original": Named(matter, self.row_title(matter)),
            "matter": matter,
            "tone": self.tones.get(matter.status, "quiet"),
            "actions": self.offered(matter, user),
            "estimate": due_day is not None and matter.is_open and worktime.is_estimate(due_day),
            "contacts": self.contacts(matter, clear, "reveal" in granted, revealed or {}),
            **self.background(request, matter, clear),
            "panels": [*self.panels(request, matter, clear), *self.referred(request, matter)],
            "why": self.link(matter, "why"),
            "history": self.link(matter, "history") if self.keeps_history else "",
            **dict(zip(("back", "back_words"), self.way_back(request), strict=True)),
            "has_permission": True,
        }
        return TemplateResponse(request, "governance/desk_matter.html", context)

    def way_back(self, request: HttpRequest) -> tuple[str, str]:
        """Return where a matter's page leads back to, and the words for it: the list, or the desk of whoever has no list."""
        if self.has_module_permission(request):
            return self.link(None, "changelist"), "返回列表"
        return reverse("admin:index"), "返回工作台"

    def row_title(self, matter: Matter) -> str:
        return matter.title

    def main_actions_of(self, matter: Matter, user: User) -> tuple[str, ...]:
        """Return what comes next with this matter, the first of it that is offered; nothing where the first action of all does."""
        return self.main_actions

    def offered(self, matter: Matter, user: User) -> list[SimpleNamespace]:
        """Return the buttons: what the table lets this person do now, the main one first; a bare one needs nothing filled in."""
        actions = [action for action in matter.flow.available(matter, user) if not action.hidden]
        names = self.main_actions_of(matter, user) or tuple(action.name for action in actions[:1])
        main = next((action for name in names for action in actions if action.name == name), None)
        return [
            SimpleNamespace(
                name=action.name,
                main=action is main,
                label=action.label,
                hint=action.hint,
                danger=action.danger,
                url=self.link(matter, "do", action.name),
                bare=self.form_of_action(action.name) is ActionForm and not action.reason,
            )
            for action in sorted(actions, key=lambda action: action is not main)
        ]

    def goes_on_at(self, request: HttpRequest, action: str) -> str:
        """Return the page that an action was begun from and leads back to, empty for the matter's own."""
        return ""

    def continued(self, matter: Matter) -> Matter:
        """Return the matter as which this one goes on, itself where it is none other."""
        return matter

    def background(self, request: HttpRequest, matter: Matter, clear: bool = False) -> dict[str, Any]:
        """Return what whoever decides wants to have before her: the facts that say something, the pictures, what happened."""
        return {
            "facts": [
                (label, value) for label, value in self.facts(request, matter) if value not in ("", None)
            ],
            "photos": photo_links(matter, request.user),
            "steps": self.timeline(request, matter, clear),
        }

    def facts(self, request: HttpRequest, matter: Matter) -> list[tuple[str, Any]]:
        """Return what the page says of the matter, label and value; empty values are left out."""
        return [
            ("编号", matter.number),
            ("地点", self.place(matter)),
            ("来源", matter.get_channel_display()),
            ("提交时间", ui.cn_datetime(matter.opened_at)),
            ("办结时间", ui.cn_datetime(matter.closed_at)),
            ("承办单位", matter.unit),
            ("说明", matter.description),
        ]

    def contacts(self, matter: Matter, clear: bool, may_reveal: bool, revealed: dict[str, str]) -> list[dict]:
        """Return the personal columns as they may be shown, with the way to look at a masked one."""
        lines = []
        for field in matter.masked:
            if not getattr(matter, field):
                continue
            open_now = clear or field in revealed
            lines.append(
                {
                    "label": matter._meta.get_field(field).verbose_name,
                    "text": masks.shown(matter, field, clear=open_now),
                    "is_phone": matter.masked[field] == "phone" and open_now,
                    "url": self.link(matter, "reveal", field) if may_reveal and not open_now else "",
                    "id": f"reveal-{field}",
                }
            )
        return lines

    def timeline(self, request: HttpRequest, matter: Matter, clear: bool) -> list[SimpleNamespace]:
        """Return what happened, newest first. Who is no member of staff is named in full only to whom the contact is open."""
        known = set() if clear else self.in_full(request, matter)
        steps = matter.flow.timeline(matter, request.user)
        labels = self.step_labels(steps)
        return [
            SimpleNamespace(
                label=labels.get(step.pk, step.label),
                actor=str(step.actor) if clear or step.actor_id in known else masks.person(step.actor),
                capacity=step.capacity,
                at=step.at,
                note=step.note,
                due_at=step.due_at,
            )
            for step in steps
        ]

    def step_labels(self, steps: list[Any]) -> dict[int, str]:
        """Return how some steps are called where the action's label alone says too little: key of the step -> words."""
        return {}

    def in_full(self, request: HttpRequest, matter: Matter) -> set[int]:
        """Return the keys of those whom this matter's page names in full, besides its staff."""
        return set()

    def panels(self, request: HttpRequest, matter: Matter, clear: bool) -> list[dict[str, Any]]:
        """Return further parts of the page: ``title``, ``template`` and what it needs."""
        return []

    def referred(self, request: HttpRequest, matter: Matter) -> list[dict[str, Any]]:
        """Return the panel of what this matter was referred to or came from, as far as the person may see that; none without."""
        found = [("转到", row.matter) for row in intake.referred_to(matter, request.user)]
        if matter.channel == Channel.REFERRAL:
            found += [("转自", row.matter) for row in intake.referred_from(matter, request.user)]
        lines = [
            {"how": how, "words": f"{other.title}　{other.number}", "url": other.get_desk_url()}
            for how, other in found
        ]
        return (
            [{"title": "转办", "template": "governance/desk_referred.html", "lines": lines}] if lines else []
        )

    # --- looking at masked columns ------------------------------------------------------------------------------------
    def reveal_view(self, request: HttpRequest, object_id: int, field: str) -> HttpResponse:
        """Show one masked column in clear, once, for a reason that the access log keeps."""
        matter = self.reach(request, str(object_id))
        if field not in matter.masked:
            raise Http404
        if request.method != "POST":
            return HttpResponseRedirect(self.link(matter))
        try:
            value = audit.reveal(
                matter, field, by=request.user, reason=request.POST.get("reason", ""), request=request
            )
        except PermissionDenied as refusal:
            raise Http404 from refusal
        except ValidationError as refusal:
            self.message_user(request, "".join(refusal.messages), level="error")
            return self.matter_page(request, matter)
        self.message_user(request, "已记入访问日志。")
        return self.matter_page(request, matter, {field: str(value)})

    # --- why can someone see it --------------------------------------------------------------------------------------
    def why_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Name every ground by which someone may see this matter, today or on a past day."""
        matter = self.reach(request, str(object_id))
        viewers = holders(permission(self.model, "view"), matter.grid_id, unit_id=matter.unit_id)
        people = {str(p.pk): p for p in [request.user, *viewers[:MOST_PEOPLE]]}
        form = dress(WhyForm(request.GET or None))
        form.fields["who"].choices = [
            (key, f"{p}（本人）" if p.pk == request.user.pk else masks.person(p)) for key, p in people.items()
        ]
        who, day = request.user, timezone.localdate()
        if form.is_bound and form.is_valid():
            who = people.get(form.cleaned_data["who"], request.user)
            day = form.cleaned_data["day"] or day
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": "为什么能看到",
            "subtitle": self.row_title(matter),
            "opts": self.model._meta,
            "original": Named(matter, self.row_title(matter)),
            "matter": matter,
            "form": form,
            "who": who if who == request.user else masks.person(who),
            "day": day,
            # Whether it is a colleague's own affair would tell whom it is about.
            "grounds": []
            if form.errors
            else [
                ground
                for ground in explain(who, matter, "view", on=day)
                if who == request.user or ground.kind != "own"
            ],
            "back": self.link(matter),
        }
        return TemplateResponse(request, "governance/desk_why.html", context)

    # --- the desk -----------------------------------------------------------------------------------------------------
    def urgent(self, request: HttpRequest, most: int = 10) -> list[Urgent]:
        """Return the unfinished matters whose deadlines come first."""
        if not (self.on_desk and request.user.may("view", self.model)):
            return []
        rows = self.urgent_rows(request).filter(due_at__isnull=False, paused_at=None)
        rows = rows.with_place().order_by("due_at", "pk")[:most]
        return [
            Urgent(
                matter=matter,
                title=self.urgent_title(matter),
                place=self.place(matter),
                url=self.link(matter),
                tone=self.tones.get(matter.status, "quiet"),
            )
            for matter in rows
        ]

    def urgent_rows(self, request: HttpRequest) -> models.QuerySet:
        """Return the unfinished matters among which the most urgent are looked for; an admin that can tell leaves out what waits for
        somebody else."""
        return self.get_queryset(request).ongoing()

    def urgent_title(self, matter: Matter) -> str:
        """Return what a matter is called among those of all kinds."""
        return matter.title

    def card(self, request: HttpRequest, label: str, query: str, rows: models.QuerySet, **more: Any) -> Card:
        """Return a card that counts rows and leads to the list filtered to them."""
        return Card(label, f"{self.link(None, 'changelist')}?{query}", rows=rows, **more)


def _bulk(name: str):
    def run(modeladmin: MatterAdmin, request: HttpRequest, queryset) -> HttpResponse | None:
        return bulk.choose_page(modeladmin, request, queryset, name)

    return run


def known_actions(model: type[models.Model]) -> set[str]:
    """Return the actions that the model has a permission for."""
    end = f"_{model._meta.model_name}"
    return {name.removesuffix(end) for name, _ in model._meta.permissions} | set(
        model._meta.default_permissions
    )


def photo_links(matter: Matter, user: User) -> list[Any]:
    """Return the matter's pictures that the person may see."""
    if not hasattr(matter, "photos"):
        return []
    kept = matter.photos.model.objects.restrict(user, "view").filter(pk__in=matter.photos.values("pk"))
    pictures = list(kept)
    for number, picture in enumerate(pictures, 1):
        picture.alt = (
            f"{picture.get_stage_display()}照片 {number}" if hasattr(picture, "stage") else f"照片 {number}"
        )
    return pictures


def link_to(url: str, words: str) -> str:
    """Return a link as the desk's pages draw it."""
    return format_html('<a class="cg-link" href="{}">{}</a>', url, words)
