"""Where the OpenAPI description is served, and a page that lists the operations for people (no script, no foreign host)."""

from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from governance.api.throttles import Strangers


@cache
def description() -> dict[str, Any]:
    """Return the OpenAPI description. The code does not change while it runs, so it is made once for each process."""
    return SchemaGenerator().get_schema(request=None, public=True)


class SchemaView(SpectacularAPIView):
    """The OpenAPI description, open to all."""

    permission_classes = (AllowAny,)
    authentication_classes = ()
    throttle_classes = (Strangers,)

    def _get_schema_response(self, request: Request) -> Response:
        return Response(description(), headers={"Content-Disposition": 'inline; filename="openapi.yaml"'})


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List the operations of the API on one page."""
    groups: dict[str, list[dict[str, str]]] = {}
    for path, operations in description()["paths"].items():
        for method, operation in operations.items():
            words = operation.get("summary") or operation.get("description", "").partition("\n")[0]
            line = {"method": method.upper(), "path": path, "summary": words}
            groups.setdefault(operation["tags"][0], []).append(line)
    return render(request, "api/index.html", {"groups": list(groups.items()), "info": description()["info"]})
