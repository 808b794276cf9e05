"""What an address under /api that is none answers: a refusal in the API's own shape."""

from django.urls import re_path
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from governance.api.bases import PortalView
from governance.api.errors import Elsewhere


@extend_schema(exclude=True)
class NothingHere(PortalView):
    """Any other address under the API: a refusal in the API's own shape."""

    permission_classes = (AllowAny,)
    authentication_classes = ()

    def refuse(self, request: Request, *args: object, **kwargs: object) -> Response:
        raise Elsewhere("没有这个接口地址。")

    get = post = put = patch = delete = refuse


urlpatterns = [re_path(r"^.*$", NothingHere.as_view())]
