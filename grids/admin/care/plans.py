"""Care plans at the desk: the list, a plan's page with its people, look-ins and SOS buttons, and the verbs."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.http import urlencode

from governance import audit, masks
from governance.admin.actions import dress
from governance.admin.base import Named, ReadOnlyAdmin, cleaned
from governance.admin.desk import Card
from governance.admin.exporting import Exported
from governance.admin.filters import PlaceFilter
from governance.admin.verbs import ReasonForm, verb_page
from governance.permissions import permitted_actions
from governance.templatetags import ui
from grids.admin.care.figures import figures_page
from grids.admin.care.filters import SOON, CarerFilter, ColourFilter, StandFilter
from grids.admin.care.words import colour_words, names_of, state_chip, timeline
from grids.forms import care as care_forms
from grids.models import (
    CareCarer,
    CareContact,
    CareDevice,
    CarePlan,
    Resident,
)
from grids.services import care as services
from grids.services.care.plans import able_carers

#: Residents among whom one is chosen.
MOST_FOUND = 20


@admin.register(CarePlan)
class CarePlanAdmin(Exported, ReadOnlyAdmin):
    change_list_template = "governance/desk_counted.html"
    list_display = ("who", "door", "colour_chip", "looked_in", "due", "carer_names", "until")
    list_display_links = ("who",)
    list_filter = (StandFilter, ColourFilter, CarerFilter, PlaceFilter)
    search_fields = ("resident__household__room", "resident__household__entrance__building__name")
    search_help_text = "搜楼栋或门牌号"
    ordering = ("due_on", "pk")
    export_columns = [
        ("居民", 10, lambda row: masks.shown(row.resident, "name")),
        ("网格", 22, lambda row: str(row.grid)),
        ("楼门", 26, lambda row: str(row.resident.household.entrance)),
        ("颜色", 8, lambda row: row.get_colour_display()),
        ("多久一次", 14, lambda row: row.frequency),
        ("责任人", 20, lambda row: names_of(row)),
        ("开始日期", 14, lambda row: row.since),
        ("最近看到", 14, lambda row: row.looked_in_on),
        ("下次到期", 14, lambda row: None if row.ended_on else row.due_on),
        ("同意到期", 14, lambda row: row.until),
        ("结束日期", 14, lambda row: row.ended_on),
    ]

    # --- list -------------------------------------------------------------------------------------------------------
    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Return the plans with what names them, and their responsible people as ``carers_now``."""
        carers = CareCarer.objects.filter(until=None).select_related("user")
        return (
            super()
            .get_queryset(request)
            .with_door()
            .prefetch_related(Prefetch("carers", carers, to_attr="carers_now"))
        )

    def row_title(self, plan: CarePlan) -> str:
        return f"{masks.shown(plan.resident, 'name')}，{plan.resident.household.entrance}"

    @admin.display(description="居民")
    def who(self, plan: CarePlan) -> str:
        return format_html('<span class="dk-heading">{}</span>', masks.shown(plan.resident, "name"))

    @admin.display(description="楼门", ordering="grid")
    def door(self, plan: CarePlan) -> str:
        return str(plan.resident.household.entrance)

    @admin.display(description="颜色", ordering="every")
    def colour_chip(self, plan: CarePlan) -> str:
        return colour_words(plan)

    @admin.display(description="最近看到", ordering="looked_in_on")
    def looked_in(self, plan: CarePlan) -> str:
        return date_format(plan.looked_in_on) if plan.looked_in_on else "还没有"

    @admin.display(description="下次到期", ordering="due_on")
    def due(self, plan: CarePlan) -> str:
        return state_chip(plan)

    @admin.display(description="责任人")
    def carer_names(self, plan: CarePlan) -> str:
        return names_of(plan) or ui.chip("没有", "danger")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        counts = request.user.may("count", CarePlan)
        context = {"figures_url": self.link(None, "figures") if counts else "", **(extra_context or {})}
        return super().changelist_view(request, context)

    def cards(self, request: HttpRequest) -> list[Card]:
        """Return what is late, due today, ending and without anybody, for those who keep plans."""
        if not request.user.may("change", CarePlan):
            return []
        rows, here, today = (
            CarePlan.objects.restrict(request.user),
            self.link(None, "changelist"),
            timezone.localdate(),
        )
        lines = (
            ("overdue", "探视已逾期", rows.overdue(today), "danger", "notification_important"),
            ("today", "今天该探视", rows.open().filter(due_on=today), "caution", "today"),
            ("ending", "探视同意将到期", rows.ending(today + SOON), "caution", "event_busy"),
            ("uncared", "探视没有责任人", rows.uncared(), "danger", "person_off"),
        )
        return [
            Card(label, f"{here}?state={key}", found, tone=tone, icon=icon, order=order)
            for order, (key, label, found, tone, icon) in enumerate(lines, start=60)
        ]

    # --- addresses --------------------------------------------------------------------------------------------------
    def get_urls(self) -> list:
        view, name = self.admin_site.admin_view, "grids_careplan"
        verbs = {
            "mend": self.mend_view,
            "colour": self.colour_view,
            "renew": self.renew_view,
            "carers": self.carers_view,
            "contact": self.contact_view,
            "device": self.device_view,
            "end": self.end_view,
        }
        return [
            path("figures/", view(self.figures_view), name=f"{name}_figures"),
            *(
                path(f"<int:object_id>/{key}/", view(each), name=f"{name}_{key}")
                for key, each in verbs.items()
            ),
            path("<int:object_id>/look/<slug:what>/", view(self.look_view), name=f"{name}_look"),
            path("<int:object_id>/contact/<int:key>/drop/", view(self.drop_view), name=f"{name}_drop"),
            path("<int:object_id>/device/<int:key>/key/", view(self.key_view), name=f"{name}_key"),
            path("<int:object_id>/device/<int:key>/off/", view(self.off_view), name=f"{name}_off"),
            *super().get_urls(),
        ]

    # --- the page ---------------------------------------------------------------------------------------------------
    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show a plan: who, how often, its people, its buttons, and what has happened. A neighbour's page is the phone's."""
        if object_id is None:
            raise Http404
        plan, user = self.reach(request, object_id), request.user
        allowed = permitted_actions(user, plan, {"change", "look", "reveal", "meet", "contact"})
        if not allowed & {"change", "reveal", "contact"}:
            return HttpResponseRedirect(reverse("care_plan", args=[plan.pk]))
        changes, open_ = "change" in allowed, plan.ended_on is None
        buttons = [
            {"words": "调整颜色", "url": self.link(plan, "colour")},
            {"words": "续期", "url": self.link(plan, "renew")},
            {"words": "责任人", "url": self.link(plan, "carers")},
            {"words": "修改内容", "url": self.link(plan, "mend")},
            {"words": "结束", "url": self.link(plan, "end"), "danger": True},
        ]
        may_look = "look" in allowed and plan.runs
        record = [{"words": "记录探视", "url": reverse("care_plan", args=[plan.pk])}] if may_look else []
        contacts = list(CareContact.objects.restrict(user).filter(plan=plan).with_clear(user))
        for each in contacts:
            for field in CareContact.masked:
                setattr(each, f"shown_{field}", masks.shown(each, field, clear=each.clear))
                setattr(each, f"{field}_url", self.link(plan, "look", f"{field}-{each.pk}"))
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": self.row_title(plan),
            "opts": self.model._meta,
            "original": Named(plan, self.row_title(plan)),
            "plan": plan,
            "state": state_chip(plan),
            "colour": self.colour_chip(plan),
            "name": masks.shown(plan.resident, "name", clear="meet" in allowed),
            "phone": masks.shown(plan.resident, "phone", clear="meet" in allowed),
            "reveals": "reveal" in allowed,
            "contacts": [(each, self.link(plan, "drop", each.pk)) for each in contacts],
            "devices": [
                (each, self.link(plan, "key", each.pk), self.link(plan, "off", each.pk))
                for each in CareDevice.objects.restrict(user).filter(plan=plan)
            ],
            "changes": changes and open_,
            "buttons": [*record, *(buttons if changes and open_ else [])],
            "contact_url": self.link(plan, "contact"),
            "device_url": self.link(plan, "device"),
            "lines": timeline(plan, user),
            "back": self.link(None, "changelist"),
            "has_permission": True,
        }
        return TemplateResponse(request, "grids/desk_care.html", context)

    def look_view(self, request: HttpRequest, object_id: int, what: str) -> HttpResponse:
        """Ask for a reason, then show the resident's or a contact's name or phone in clear, once; the log keeps it.

        ``what``: ``name``, ``phone``, or one of them with the key of a contact, such as ``phone-7``.
        """
        plan = self.reach(request, str(object_id))
        field, _, key = what.partition("-")
        if field not in CareContact.masked or not request.user.may("reveal", plan):
            raise Http404
        contact = None
        if key:
            if not (key.isascii() and key.isdigit() and len(key) < 18):
                raise Http404
            contact = get_object_or_404(CareContact.objects.restrict(request.user), plan=plan, pk=key)
        label = f"{contact.get_kind_display() if contact else '居民'}{CareContact._meta.get_field(field).verbose_name}"

        def run(given: dict[str, Any]) -> HttpResponse:
            options = {"by": request.user, "reason": given["reason"], "request": request}
            try:
                value = (
                    audit.reveal(contact, field, **options)
                    if contact
                    else services.reveal(plan, field, **options)
                )
            except PermissionDenied as refusal:
                raise Http404 from refusal
            return self.shown_once(request, plan, f"查看{label}", label, value or "（没有登记）")

        return verb_page(
            self, request, title=f"查看{label}", form=ReasonForm(request.POST or None), run=run, done="",
            back=self.link(plan), obj=plan, button="查看", hint="查看理由会记入访问日志。",
        )  # fmt: skip

    def shown_once(
        self, request: HttpRequest, plan: CarePlan, title: str, label: str, value: str
    ) -> HttpResponse:
        """Return the page of a value that is shown once."""
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "label": label,
            "value": value,
            "opts": self.model._meta,
            "back": self.link(plan),
        }
        return TemplateResponse(request, "governance/desk_revealed.html", context)

    # --- verbs ------------------------------------------------------------------------------------------------------
    def changing(self, request: HttpRequest, object_id: int) -> CarePlan:
        """Return an open plan. Raises Http404 for one that the person may not change."""
        plan = self.reach(request, str(object_id))
        if plan.ended_on is not None or not request.user.may("change", plan):
            raise Http404
        return plan

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.may("add", CarePlan)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Make a plan: for the resident that the address names, else find one first."""
        if not self.has_add_permission(request):
            raise Http404
        key = request.GET.get("resident", "")
        if not key:
            return self.find_view(request)
        if not (key.isascii() and key.isdigit() and len(key) < 18):
            raise Http404
        rows = Resident.objects.restrict(request.user, "care").current()
        rows = rows.select_related("household__entrance__building", "household__grid")
        resident = get_object_or_404(rows.defer("household__grid__boundary"), pk=key)
        able = able_carers(resident.grid_id)
        mine = [request.user.pk] if able.filter(pk=request.user.pk).exists() else []
        form = care_forms.PlanForm(request.POST or None, able=able, initial={"carers": mine})
        contacts = care_forms.ContactFormSet(request.POST or None, prefix="contact")

        def run(given: dict[str, Any]) -> str:
            plan = services.open_plan(
                resident, by=request.user, colour=given["colour"], purpose=given["purpose"], agreement=form.agreement(),
                items=form.chosen(), carers=given["carers"],
                contacts=[each.contact() for each in contacts if each.has_changed()],
            )  # fmt: skip
            return self.link(plan)

        form.is_valid()
        if request.method == "POST" and not contacts.is_valid():
            form.add_error(None, "联系人还有要修改的，见下面。")
        for each in contacts:
            dress(each)
        return verb_page(
            self, request, title="制定探视计划", form=form, run=run, button="保存", done="计划已制定，已通知责任人。",
            back=self.link(None, "changelist"), template="grids/desk_care_new.html",
            intro=f"{resident.household}　{masks.shown(resident, 'name', clear=request.user.may('contact', resident))}",
            hint="先征得本人或监护人同意。颜色只说多久看一次。", extra={"contacts": contacts},
        )  # fmt: skip

    def find_view(self, request: HttpRequest) -> HttpResponse:
        """Find the resident for whom a plan is made, by name, phone, door or room."""
        text = cleaned(request.GET.get("q", "")).strip()[:30]
        found: list[Resident] = []
        if text:
            rows = Resident.objects.restrict(request.user, "care").current().with_clear(request.user)
            named = Q(name__startswith=text) | Q(phone=text)
            place = Q(household__room=text) | Q(household__entrance__building__name=text)
            # A name or a phone is looked for where it may be read; elsewhere a hit would tell it.
            found = list(
                rows.filter(place | named & Q(clear=True))
                .select_related("household__entrance__building")
                .order_by("household__entrance", "household__room", "pk")[:MOST_FOUND]
            )
        taken = set(CarePlan.objects.open().filter(resident__in=found).values_list("resident", flat=True))
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": "制定探视计划：选居民",
            "opts": self.model._meta,
            "q": text,
            "rows": [
                (
                    masks.shown(each, "name", clear=each.clear),
                    each.household,
                    "" if each.pk in taken else f"?{urlencode({'resident': each.pk})}",
                )
                for each in found
            ],
            "most": MOST_FOUND if len(found) == MOST_FOUND else 0,
            "back": self.link(None, "changelist"),
            "has_permission": True,
        }
        return TemplateResponse(request, "grids/desk_care_find.html", context)

    def mend_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        plan = self.changing(request, object_id)
        form = care_forms.MendForm(request.POST or None, items=plan.items, initial={"purpose": plan.purpose})

        def run(given: dict[str, Any]) -> None:
            services.mend_plan(plan, by=request.user, purpose=given["purpose"], items=form.chosen())

        return self.verb(request, plan, "修改内容", form, run, "已保存。")

    def colour_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        plan = self.changing(request, object_id)
        form = care_forms.ColourForm(request.POST or None, now=plan.colour)

        def run(given: dict[str, Any]) -> None:
            services.recolour(plan, given["colour"], by=request.user, reason=given["reason"])

        hint = f"现在是{plan.get_colour_display()}，{plan.frequency}。下次到期的日子随之调整。"
        return self.verb(request, plan, "调整颜色", form, run, "颜色已调整。", hint=hint)

    def renew_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        plan = self.changing(request, object_id)
        form = care_forms.AgreementFields(request.POST or None)

        def run(given: dict[str, Any]) -> None:
            services.renew(plan, form.agreement(), by=request.user)

        hint = f"原来的同意到 {date_format(plan.until)}。要重新征得同意才能续。"
        return self.verb(request, plan, "续期", form, run, "已续期。", hint=hint)

    def carers_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        plan = self.changing(request, object_id)
        now = [each.user_id for each in plan.carers_now]
        form = care_forms.CarersForm(
            request.POST or None, able=able_carers(plan.grid_id), initial={"carers": now}
        )

        def run(given: dict[str, Any]) -> None:
            services.set_carers(plan, given["carers"], by=request.user)

        return self.verb(request, plan, "责任人", form, run, "责任人已调整。", button="保存")

    def contact_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        plan = self.changing(request, object_id)
        form = care_forms.ContactForm(request.POST or None)

        def run(given: dict[str, Any]) -> None:
            services.add_contact(plan, form.contact(), by=request.user)

        hint = "邻居的手机号已在平台验证过的，登录后能看到这一户并记录探视。请核对手机号。"
        return self.verb(request, plan, "登记联系人", form, run, "已登记。", hint=hint, button="登记")

    def end_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        plan = self.changing(request, object_id)

        def run(given: dict[str, Any]) -> None:
            services.end_plan(plan, by=request.user, reason=given["reason"])

        hint = "求助设备同时停用；责任人和邻居马上看不到这一户。联系人和探视内容以后自动清除。"
        form = care_forms.EndForm(request.POST or None)
        return self.verb(request, plan, "结束探视计划", form, run, "已结束。", hint=hint, danger=True)

    def drop_view(self, request: HttpRequest, object_id: int, key: int) -> HttpResponse:
        plan = self.changing(request, object_id)
        contact = get_object_or_404(CareContact.objects.restrict(request.user, "change"), plan=plan, pk=key)
        hint = f"{masks.shown(contact, 'name')} {masks.shown(contact, 'phone')}，删除后找不回来。"

        def run(given: dict[str, Any]) -> None:
            services.drop_contact(contact, by=request.user)

        return self.verb(request, plan, "删除联系人", care_forms.NoForm(request.POST or None), run, "已删除。", hint=hint, danger=True)  # fmt: skip

    def device_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        plan = self.changing(request, object_id)

        def run(given: dict[str, Any]) -> HttpResponse:
            device, key = services.bind_device(plan, by=request.user, request=request, **given)
            return self.shown_once(request, plan, f"设备 {device.serial} 的密钥", "密钥（只显示这一次）", key)

        hint = "设备只在按下按钮时求助，不上报别的。要征得本人或监护人同意。"
        form = care_forms.DeviceForm(request.POST or None)
        return self.verb(request, plan, "启用求助设备", form, run, "", hint=hint, button="启用")

    def key_view(self, request: HttpRequest, object_id: int, key: int) -> HttpResponse:
        plan, device = self.device(request, object_id, key)

        def run(given: dict[str, Any]) -> HttpResponse:
            secret = services.renew_key(device, by=request.user, request=request)
            return self.shown_once(
                request, plan, f"设备 {device.serial} 的密钥", "密钥（只显示这一次）", secret
            )

        form = care_forms.NoForm(request.POST or None)
        return self.verb(request, plan, "换密钥", form, run, "", hint="原来的密钥马上失效。", button="换密钥")

    def off_view(self, request: HttpRequest, object_id: int, key: int) -> HttpResponse:
        plan, device = self.device(request, object_id, key)

        def run(given: dict[str, Any]) -> None:
            services.unbind_device(device, by=request.user, request=request)

        hint = f"设备 {device.serial} 再按就没有人接到求助，请把它收回。"
        return self.verb(request, plan, "停用求助设备", care_forms.NoForm(request.POST or None), run, "已停用。", hint=hint, danger=True)  # fmt: skip

    def device(self, request: HttpRequest, object_id: int, key: int) -> tuple[CarePlan, CareDevice]:
        """Return an open plan and a button of it in use. Raises Http404."""
        plan = self.changing(request, object_id)
        rows = CareDevice.objects.restrict(request.user, "change").filter(plan=plan, unbound_on=None)
        return plan, get_object_or_404(rows, pk=key)

    def verb(
        self, request: HttpRequest, plan: CarePlan, title: str, form: Any, run: Any, done: str, **more: Any
    ) -> HttpResponse:
        """Show or run a verb on a plan."""
        more.setdefault("button", title)
        return verb_page(self, request, title=title, form=form, run=run, done=done, back=self.link(plan), obj=plan, **more)  # fmt: skip

    def figures_view(self, request: HttpRequest) -> HttpResponse:
        return figures_page(self, request)
