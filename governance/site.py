"""The admin site itself: what it serves, whom it lets in, and that what is out of reach answers 404.

Decides the frame alone. Which rows someone reaches is the rule's; signing in and out is governance/accounts. It stands
outside governance/admin, because Django makes the site before it may import what registers with it.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.http import urlencode
from unfold.sites import UnfoldAdminSite

#: Django's doors that the portal keeps shut: a redirect that tells where any row lives, and a page nobody is sent to.
#: The theme's menu links to ``password_change``; governance/accounts/urls.py answers that address with our own page.
CLOSED = {"view_on_site", "password_change_done"}


class RestrictedAutocomplete(AutocompleteJsonView):
    """Django's autocomplete, narrowed to what the asking form would accept."""

    def get_queryset(self) -> models.QuerySet:
        rows = super().get_queryset()
        asking = self.admin_site._registry.get(self.source_field.model)
        narrow = getattr(asking, "related_choices", None)
        choices = narrow(self.source_field, self.request) if narrow else None
        return rows if choices is None else rows.filter(pk__in=choices.values("pk"))

    def serialize_result(self, obj: models.Model, to_field_name: str) -> dict[str, str]:
        """Return one choice under the name that the person may read."""
        named = getattr(self.model_admin, "choice_title", str)
        return {"id": str(getattr(obj, to_field_name)), "text": named(obj)}


class PortalSite(UnfoldAdminSite):
    """The desk of everyone who works for the district. Staff accounts only."""

    site_title = site_header = "社区治理平台"
    index_title = "工作台"
    index_template = "governance/desk.html"
    enable_nav_sidebar = True

    def register(
        self,
        model_or_iterable: type[models.Model] | Iterable[type[models.Model]],
        admin_class: type[ModelAdmin] | None = None,
        **options: Any,
    ) -> None:
        """Register models that have a permission rule; other packages' models are reached only through ours."""
        given = (
            [model_or_iterable]
            if isinstance(model_or_iterable, type) and issubclass(model_or_iterable, models.Model)
            else model_or_iterable
        )
        ours = [model for model in given if hasattr(model, "rule")]
        if ours:
            super().register(ours, admin_class, **options)

    def get_urls(self) -> list:
        return [each for each in super().get_urls() if getattr(each, "name", None) not in CLOSED]

    def admin_view(self, view: Callable, cacheable: bool = False) -> Callable:
        """Wrap a view as Django does, and answer 404 where it would answer 403."""

        @wraps(view)
        def hidden(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                return view(request, *args, **kwargs)
            except PermissionDenied as refusal:
                raise Http404 from refusal

        return super().admin_view(hidden, cacheable)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        return RestrictedAutocomplete.as_view(admin_site=self)(request)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Return Django's list of models, made where it is shown: every page is given it, and the sidebar is our own."""
        return SimpleLazyObject(lambda: super(PortalSite, self).get_app_list(request, app_label))

    def get_sidebar_list(self, request: HttpRequest) -> Any:
        """Return the menu, made where it is drawn, by templates/unfold/helpers/app_list.html: the theme looks over every entry twice
        more, for what ours do not have."""
        from governance.admin.navigation import navigation

        return SimpleLazyObject(lambda: navigation(request))

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the desk: what waits, what is late, what is new."""
        from governance.admin.desk import desk

        return super().index(request, {**desk(self, request), **(extra_context or {})})

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the desk; the sidebar lists the models."""
        return redirect("admin:index")

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Find pages of the admin by name. The page number, which the theme takes on trust, is left out."""
        asked = request.GET.copy()
        asked.pop("page", None)
        asked["s"] = asked.get("s", "").replace("\x00", "")[:100]
        request.GET = asked
        return super().search(request, extra_context)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to where staff sign in with password and second factor."""
        query = f"?{urlencode({'next': request.GET['next']})}" if "next" in request.GET else ""
        return HttpResponseRedirect(reverse("staff_login") + query)

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the portal's own sign-out."""
        return redirect("account_logout")
