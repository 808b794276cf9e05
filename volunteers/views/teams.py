"""A team leader's phone page: the orders that were given to her team."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View

from governance.slices import page_of
from governance.views import SignedIn
from volunteers.models import Order, Team


class TeamOrders(SignedIn, View):
    """What the team has to do, soonest first; done with ``done=1``."""

    def get(self, request: HttpRequest) -> HttpResponse:
        units = {post.unit_id for post in request.user.posts_with("volunteers.muster_order")}
        teams = list(Team.objects.restrict(request.user).filter(unit__in=units - {None}))
        if not teams:
            raise Http404
        done = request.GET.get("done") == "1"
        rows = Order.objects.restrict(request.user, "muster").filter(
            unit__in=[team.unit_id for team in teams]
        )
        rows = self.ordered(rows, done).for_page()
        context = {"teams": teams, "page": page_of(rows, request.GET.get("page")), "done": done}
        return render(request, "volunteers/team_orders.html", context)

    @staticmethod
    def ordered(rows: Any, done: bool) -> Any:
        if done:
            return rows.exclude(closed_at=None).order_by("-closed_at", "-pk")
        return rows.ongoing().order_by("wanted_from", "pk")
