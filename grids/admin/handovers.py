"""Hand-overs at the desk: which are unfinished, and one with its list, where the desk says who takes over and ticks off."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html

from governance import masks
from governance.admin.actions import dress
from governance.admin.base import Named, ReadOnlyAdmin
from governance.admin.desk import Card
from governance.admin.filters import ChoiceFilter, PlaceFilter
from governance.admin.verbs import verb_page
from governance.flow import NotYours
from governance.templatetags import ui
from grids import handover as registry
from grids import services
from grids.forms import ItemsForm, TakerForm
from grids.models import Handover, HandoverItem, TeamMember


class ProgressFilter(ChoiceFilter):
    """The unfinished ones, unless others are asked for."""

    title, parameter_name, usual = "进度", "state", "没有交接完的"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("nobody", "还没有接手人的"), ("done", "已交接完"), ("all", "全部")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return {
            None: lambda rows: rows.unfinished(),
            "nobody": lambda rows: rows.unfinished().filter(taking=None),
            "done": lambda rows: rows.finished(),
            "all": lambda rows: rows,
        }[self.checked()](queryset)


def of_each(items: QuerySet) -> Coalesce:
    """Return how many of these items each hand-over has."""
    counted = items.filter(handover=OuterRef("pk")).order_by().values("handover").annotate(n=Count("pk"))
    return Coalesce(Subquery(counted.values("n")), 0)


@admin.register(Handover)
class HandoverAdmin(ReadOnlyAdmin):
    list_display = ("heading", "leaving_name", "taking_name", "day", "progress", "state")
    list_display_links = ("heading",)
    list_filter = (ProgressFilter, PlaceFilter)
    search_fields = ("grid__name",)
    search_help_text = "搜网格名称"
    ordering = ("-created_at", "-pk")
    fields = ("heading",)
    readonly_fields = ("heading",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request).select_related("grid", "leaving", "taking", "by")
        rows = rows.defer("grid__boundary")
        items = HandoverItem.objects.all()
        return rows.annotate(all_items=of_each(items), open_items=of_each(items.filter(taken_at=None)))

    def row_title(self, handover: Handover) -> str:
        return str(handover)

    @admin.display(description="网格", ordering="grid")
    def heading(self, handover: Handover) -> str:
        note = ui.cn_short(handover.created_at) + " 登记"
        return format_html('<span class="dk-heading">{}<small>{}</small></span>', handover.grid, note)

    @admin.display(description="移交人")
    def leaving_name(self, handover: Handover) -> str:
        return name_of(handover.leaving)

    @admin.display(description="接手人")
    def taking_name(self, handover: Handover) -> str:
        return name_of(handover.taking) if handover.taking_id else ui.chip("还没有定", "caution")

    @admin.display(description="已接手 / 全部")
    def progress(self, handover: Handover) -> str:
        return f"{handover.all_items - handover.open_items} / {handover.all_items}"

    @admin.display(description="状态")
    def state(self, handover: Handover) -> str:
        return ui.chip("没有交接完", "caution") if handover.open_items else ui.chip("已交接完", "good")

    # --- one hand-over -----------------------------------------------------------------------------------------------
    def get_urls(self) -> list:
        view, name = self.admin_site.admin_view, "grids_handover"
        return [
            path("<int:object_id>/assign/", view(self.assign_view), name=f"{name}_assign"),
            path("<int:object_id>/relist/", view(self.relist_view), name=f"{name}_relist"),
            *super().get_urls(),
        ]

    def changing(self, request: HttpRequest, object_id: Any) -> Handover:
        """Return a hand-over that the person may work with. Raises Http404 otherwise."""
        handover = self.reach(request, str(object_id))
        if not request.user.may("change", handover):
            raise Http404
        return handover

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show a hand-over with its list (GET); tick off or remark what was sent (POST)."""
        if object_id is None:
            raise Http404
        handover = self.reach(request, object_id)
        changes = request.user.may("change", handover)
        if request.method == "POST" and not changes:
            raise Http404
        lines = registry.lines(handover.items.select_related("taken_by").order_by("pk"), request.user)
        form = ItemsForm(request.POST or None, lines=lines, takes=lambda line: changes, remarks=changes)
        dress(form)
        if request.method == "POST" and form.is_valid():
            return self.ticked_off(request, handover, form)
        open_lines = [line for line in lines if line.item.taken_at is None]
        buttons = []
        if changes and open_lines:
            words = "换接手人" if handover.taking_id else "指定接手人"
            buttons.append({"words": words, "url": self.link(handover, "assign")})
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": self.row_title(handover),
            "opts": self.model._meta,
            "original": Named(handover, self.row_title(handover)),
            "handover": handover,
            "leaving": name_of(handover.leaving),
            "taking": name_of(handover.taking) if handover.taking_id else "",
            "by": masks.person(handover.by) if handover.by_id else "",
            "form": form,
            "open_number": len(open_lines),
            "changes": changes,
            "buttons": buttons,
            "leaving_url": reverse("admin:grids_teammember_change", args=[handover.leaving_id]),
            "relist_url": self.link(handover, "relist") if changes else "",
            "back": self.link(None, "changelist"),
            "has_permission": True,
        }
        return TemplateResponse(request, "grids/desk_handover.html", context)

    def ticked_off(self, request: HttpRequest, handover: Handover, form: ItemsForm) -> HttpResponse:
        """Carry out what the list's form was sent for."""
        try:
            changed = services.remark_items(handover, form.remarks, by=request.user)
            taken = (
                services.take_items(handover, form.ticked, by=request.user) if "take" in request.POST else 0
            )
        except NotYours:
            raise Http404 from None
        except ValidationError as refusal:
            self.message_user(request, " ".join(refusal.messages), messages.ERROR)
            return HttpResponseRedirect(self.link(handover))
        if taken:
            self.message_user(request, f"已确认接手 {taken} 件。", messages.SUCCESS)
        elif changed:
            self.message_user(request, "已保存移交说明。", messages.SUCCESS)
        else:
            self.message_user(request, "没有改动：请先勾选，或填写移交说明。", messages.WARNING)
        return HttpResponseRedirect(self.link(handover))

    def assign_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Say who takes over."""
        handover = self.changing(request, object_id)
        takers = TeamMember.objects.restrict(request.user).workers().filter(grid=handover.grid_id)
        takers = takers.filter(Q(until=None) | Q(until__gte=timezone.localdate())).exclude(
            pk=handover.leaving_id
        )
        form = TakerForm(request.POST or None, takers=takers, initial={"taking": handover.taking_id})

        def run(given: dict[str, Any]) -> None:
            services.assign_handover(handover, by=request.user, **given)

        hint = "名单里没有的，先到“网格队伍”里登记为这个网格的网格员。"
        if not takers.exists():
            hint = "这个网格还没有别的网格员，请先到“网格队伍”里登记新的网格员，清单会自动交给她。"
        return verb_page(
            self, request, title="指定接手人", form=form, run=run, done="已指定接手人。", back=self.link(handover), obj=handover,
            button="指定", hint=hint,
        )  # fmt: skip

    def relist_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Look again for what is open."""
        handover = self.changing(request, object_id)
        if request.method == "POST":
            try:
                added = services.relist(handover, by=request.user)
            except ValidationError:
                raise Http404 from None
            words = f"清单添了 {added} 件。" if added else "没有新的事项。"
            self.message_user(request, words, messages.SUCCESS)
        return HttpResponseRedirect(self.link(handover))

    def cards(self, request: HttpRequest) -> list[Card]:
        """Return the unfinished ones, for whoever sees to them."""
        if not request.user.may("change", Handover):
            return []
        rows = Handover.objects.restrict(request.user, "change").unfinished()
        return [
            Card(
                "没有交接完的移交",
                self.link(None, "changelist"),
                rows,
                tone="caution",
                icon="swap_horiz",
                order=33,
            )
        ]


def name_of(member: TeamMember) -> str:
    """Return the name of a grid worker, who is named by her duty."""
    return member.name
