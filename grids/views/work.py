"""A grid worker's own pages: her grids with their teams, and what she hands over or takes over."""

from collections import defaultdict
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views import View

from governance import drafts, masks
from governance.flow import NotYours
from governance.permissions import permitted_actions
from governance.territory import GridLevel
from governance.views import SignedIn
from grids import handover as registry
from grids import services
from grids.forms import ItemsForm
from grids.models import Grid, Handover, HandoverItem, TeamMember
from grids.models.team import ROLE

#: Hand-overs on one page, grids on the other.
MOST = 20


def own_codes(user: Any) -> list[str]:
    """Return the grids where a person works: those of her posts as a grid worker, and those whose teams name her account."""
    codes = {post.code for post in user.posts_in_force if post.role == ROLE}
    if user.is_staff:
        codes |= set(
            TeamMember.objects.restrict(user).filter(user=user).in_office().values_list("grid", flat=True)
        )
    return sorted(codes)[:MOST]


class MyGrid(SignedIn, View):
    """Her grids: who works there with one tap to call, the public notice, and what waits to be taken over."""

    def get(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        codes = own_codes(user)
        if not codes:
            raise Http404
        grids = (
            Grid.objects.restrict(user).current().filter(code__in=codes).defer("boundary").order_by("code")
        )
        team: dict[str, dict[str, list]] = {code: defaultdict(list) for code in codes}
        rows = TeamMember.objects.restrict(user).serving().filter(grid__in=codes).with_clear(user)
        for member in rows.order_by("sort", "pk"):
            clear = member.is_public or member.clear
            member.told = masks.shown(member, "name", clear=clear)
            member.call = member.phone if clear else ""
            team[member.grid_id][member.kind].append(member)
        kinds = TeamMember.Kind.choices
        mine = [
            {
                "grid": grid,
                "groups": [(label, team[grid.code][kind]) for kind, label in kinds if team[grid.code][kind]],
                "is_base": grid.grid_level is GridLevel.BASE,
            }
            for grid in grids
        ]
        waiting = sum(line.item.taken_at is None for _, lines in own_handovers(user) for line in lines)
        return render(request, "grids/my_grid.html", {"grids": mine, "waiting": waiting})


def own_handovers(user: Any) -> list[tuple[Handover, list[registry.Line]]]:
    """Return what a person hands over or has to take over, each with its list as she sees it, in a fixed number of queries."""
    mine = Q(taking__user=user, pk__in=Handover.objects.unfinished().values("pk"))
    rows = Handover.objects.restrict(user).filter(mine | Q(leaving__user=user, day__gte=timezone.localdate()))
    rows = rows.select_related("grid", "leaving", "taking").defer("grid__boundary")
    found = {row.pk: (row, []) for row in rows.order_by("-created_at", "-pk")[:MOST]}
    items = HandoverItem.objects.filter(handover__in=found).select_related("taken_by").order_by("pk")
    for line in registry.lines(items, user):
        found[line.item.handover_id][1].append(line)
    return list(found.values())


def form_of(handover: Handover, lines: list[registry.Line], user: Any, data: Any = None) -> ItemsForm:
    """Return the form of a hand-over for who leaves or who takes over."""
    allowed = permitted_actions(user, handover, {"take", "remark"})
    form = ItemsForm(
        data,
        lines=lines,
        takes=lambda line: "take" in allowed and line.matter is not None,
        remarks="remark" in allowed,
        auto_id=f"id_{handover.pk}_%s",
    )
    form.takes_over, form.leaves = "take" in allowed, "remark" in allowed
    form.open_number = sum(line.item.taken_at is None for line in lines)
    return form


class MyHandovers(SignedIn, View):
    """What she hands over, and what she has to take over."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.page(request)

    def page(self, request: HttpRequest, wrong: ItemsForm | None = None, of: int = 0) -> HttpResponse:
        """Show the hand-overs, with the form that was refused in the place of its own."""
        found = own_handovers(request.user)
        if not found and not own_codes(request.user):
            raise Http404
        shown = [
            {"handover": row, "form": wrong if row.pk == of else form_of(row, lines, request.user)}
            for row, lines in found
        ]
        return render(request, "grids/my_handovers.html", {"shown": shown})


class HandoverItems(MyHandovers):
    """Ticks off what was taken over, or keeps what is said of it."""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the list again to who signed in anew after sending it, with what she had filled in."""
        user, draft = request.user, drafts.take(request, request.path)
        handover = get_object_or_404(Handover.objects.restrict(user), pk=pk)
        if draft is None:
            return redirect("my_handovers")
        lines = registry.lines(handover.items.select_related("taken_by").order_by("pk"), user)
        return self.page(request, wrong=form_of(handover, lines, user, draft), of=pk)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        user = request.user
        handover = get_object_or_404(
            Handover.objects.restrict(user).select_related("leaving", "taking"), pk=pk
        )
        lines = registry.lines(handover.items.select_related("taken_by").order_by("pk"), user)
        form = form_of(handover, lines, user, request.POST)
        if not (form.takes_over or form.leaves):
            raise Http404
        if not form.is_valid():
            return self.page(request, wrong=form, of=pk)
        try:
            changed = services.remark_items(handover, form.remarks, by=user) if form.leaves else 0
            taken = services.take_items(handover, form.ticked, by=user) if form.takes_over else 0
        except NotYours:
            raise Http404 from None
        except ValidationError as refusal:
            messages.error(request, " ".join(refusal.messages))
            return redirect("my_handovers")
        if taken:
            messages.success(request, f"已确认接手 {taken} 件。")
        elif changed:
            messages.success(request, "已保存移交说明。")
        else:
            messages.warning(request, "没有改动。" if form.leaves else "请先勾选已接手的。")
        return redirect("my_handovers")


my_grid = MyGrid.as_view()
my_handovers = MyHandovers.as_view()
handover_items = HandoverItems.as_view()
