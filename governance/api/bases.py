"""The base of every view of the API: what it shows comes through the permission rule, and what is out of reach does not
exist (404, never 403).

A view names its model, its serializers and, for each of its own actions, the rule's action that stands for it; nothing
else decides who sees what. The global default of the framework is closed; these classes are what opens a view.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.db import models
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.filters import BaseFilterBackend
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from governance.api import idempotency
from governance.api.authentication import SessionAuthentication, TokenAuthentication
from governance.api.errors import Elsewhere
from governance.api.paging import Pages
from governance.api.parsers import JSONParser
from governance.api.throttles import Strangers


class RestrictFilter(BaseFilterBackend):
    """The rule on every queryset: the rows with which the caller may do what the view's action stands for."""

    def filter_queryset(self, request: Request, queryset: models.QuerySet, view: Any) -> models.QuerySet:
        return queryset.restrict(request.user, view.rule_action)


class RulePermission(BasePermission):
    """Signed in, or reading what is public; and on one row, what the rule says of that row."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.user.is_authenticated or (view.public and request.method in SAFE_METHODS)

    def has_object_permission(self, request: Request, view: Any, obj: models.Model) -> bool:
        rows = type(obj)._default_manager.restrict(request.user, getattr(view, "rule_action", "view"))
        if not rows.filter(pk=obj.pk).exists():
            raise Elsewhere
        return True


class PortalView(APIView):
    """Who may ask at all, in which form, how often. For views that show no rows of a model."""

    authentication_classes = (TokenAuthentication, SessionAuthentication)
    permission_classes = (RulePermission,)
    throttle_classes = (Strangers,)
    parser_classes = (JSONParser,)
    #: Whether strangers may read.
    public = False

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "no-store")
        return response


class RestrictedViewSet(PortalView, GenericViewSet):
    """Rows of one model, through the rule.

    ``rule_actions`` maps an action of the view to the rule's action where that is not ``view``. ``serializer_class`` is a
    line of a list, ``detail_serializer_class`` the whole row.
    """

    filter_backends = (RestrictFilter, DjangoFilterBackend)
    pagination_class = Pages
    cursor_ordering: tuple[str, ...] = ("-pk",)
    rule_actions: dict[str, str] = {}
    detail_serializer_class: type[BaseSerializer] | None = None

    @property
    def rule_action(self) -> str:
        """The rule's action that the present request stands for."""
        return self.rule_actions.get(self.action or "", "view")

    def filter_queryset(self, queryset: models.QuerySet) -> models.QuerySet:
        """Apply the rule, and a list's filters to a list alone."""
        for backend in self.filter_backends if self.action == "list" else (RestrictFilter,):
            queryset = backend().filter_queryset(self.request, queryset, self)
        return queryset

    def rows(self, action: str | None = None) -> models.QuerySet:
        """Return the rows that the caller may act on, without a list's filters."""
        return self.get_queryset().restrict(self.request.user, action or self.rule_action)

    def get_serializer_class(self) -> type[BaseSerializer]:
        if self.action != "list" and self.detail_serializer_class is not None:
            return self.detail_serializer_class
        return self.serializer_class

    # --- representation -----------------------------------------------------------------------------------------------
    def page_context(self, rows: Iterable[models.Model]) -> dict[str, Any]:
        """Return what the serializer needs to know about these rows, in a fixed number of queries: the keys of those
        whose personal data the caller may see in clear."""
        model = self.get_queryset().model
        keys = [row.pk for row in rows]
        if not keys or not hasattr(model, "masked") or not self.request.user.is_authenticated:
            return {"clear": set()}
        reach = model.objects.restrict(self.request.user, "contact").filter(pk__in=keys)
        return {"clear": set(reach.values_list("pk", flat=True))}

    def represent(self, rows: list[models.Model]) -> list[dict[str, Any]]:
        """Return the lines of a list."""
        context = {**self.get_serializer_context(), **self.page_context(rows)}
        return self.serializer_class(rows, many=True, context=context).data

    def represent_one(self, row: models.Model) -> dict[str, Any]:
        """Return the whole row."""
        context = {**self.get_serializer_context(), **self.page_context([row])}
        return (self.detail_serializer_class or self.serializer_class)(row, context=context).data

    def take(self, form: type[BaseSerializer], data: Any = None, **options: Any) -> dict[str, Any]:
        """Return the checked body of the request. Raises the framework's ValidationError, field by field."""
        serializer = form(
            data=self.request.data if data is None else data, context=self.get_serializer_context(), **options
        )
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def once(self, make: Callable[[], models.Model]) -> Response:
        """Create a row, once for each idempotency key, and answer with it as the caller may see it."""
        key, made = idempotency.once(self.request, make)
        row = self.get_queryset().restrict(self.request.user, "view").filter(pk=key).first()
        if row is None:
            raise Elsewhere
        return Response(self.represent_one(row), status=201, headers={} if made else idempotency.REPEATED)


class Listing:
    """``GET`` on the collection."""

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.represent(page))


class Retrieving:
    """``GET`` on one row."""

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self.represent_one(self.get_object()))
