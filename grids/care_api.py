"""How an SOS button calls: one address, one thing to say. A device has a key of its own and learns nothing of anybody."""

from typing import Any

from django.urls import re_path
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import extend_schema
from rest_framework import authentication, exceptions, serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from governance.api.bases import PortalView
from governance.models import User
from grids.models import CareDevice
from grids.services.care import alarms


class DeviceAuthentication(authentication.BaseAuthentication):
    """``Authorization: Bearer <device key>``: ``request.auth`` is the device, ``request.user`` the portal's own account."""

    def authenticate(self, request: Request) -> tuple[User, CareDevice] | None:
        words = request.headers.get("Authorization", "").split()
        if not words or words[0].lower() != "bearer":
            return None
        device = alarms.find(words[1]) if len(words) == 2 else None
        if device is None:
            raise exceptions.AuthenticationFailed("密钥不对或已更换，请向社区核对。")
        return User.objects.system(), device

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class DeviceScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI description names a device's key."""

    target_class = DeviceAuthentication
    name = "device_key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "求助设备的密钥。"}


class IsDevice(BasePermission):
    """Known by a device's key."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, CareDevice)


class TooOften(exceptions.APIException):
    """More presses than are taken in; ``wait`` (seconds) becomes Retry-After."""

    status_code = 429
    default_code = "throttled"
    default_detail = f"求助太频繁，每分钟最多 {alarms.MOST_A_MINUTE} 次。前面的求助已经收到。"
    wait = 60


class SwitchedOff(exceptions.APIException):
    """The button is not in use."""

    status_code = 403
    default_code = "switched_off"
    default_detail = "这个设备已停用，没有人会接到求助。请联系社区；紧急情况请打 120。"


class PressSerializer(serializers.Serializer):
    """One press."""

    event_id = serializers.RegexField(
        r"\A[A-Za-z0-9._:-]{1,64}\Z",
        max_length=64,
        error_messages={"invalid": "事件编号只能用字母、数字和 . _ : -，不超过 64 个。"},
        help_text="设备自己的事件编号。同一编号只受理一次，再发得到第一次的结果。",
    )


class PressAnswerSerializer(serializers.Serializer):
    """What a device learns."""

    event_id = serializers.CharField()
    received_at = serializers.DateTimeField()
    number = serializers.CharField(
        allow_blank=True, help_text="平台的事件编号；没有开成事件时为空，人照样通知。"
    )
    repeated = serializers.BooleanField(help_text="这个编号以前收到过，或属于几分钟前的同一次求助。")


class SosView(PortalView):
    """Calling for help."""

    authentication_classes = (DeviceAuthentication,)
    permission_classes = (IsDevice,)

    @extend_schema(
        operation_id="sos_create",
        summary="求助设备发出求助",
        description=(
            "开一件紧急事件，并通知责任人、结对邻居和家人。同一 event_id 只受理一次：第一次 201，再发 200。"
            "几分钟内再按，归到前一次，不重复开事件、不重复通知。"
        ),
        request=PressSerializer,
        responses={201: PressAnswerSerializer, 200: PressAnswerSerializer},
    )
    def post(self, request: Request) -> Response:
        form = PressSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        try:
            alarm, new = alarms.press(request.auth, form.validated_data["event_id"])
        except alarms.TooOften:
            raise TooOften from None
        except alarms.SwitchedOff:
            raise SwitchedOff from None
        first = alarm.first or alarm
        told = {
            "event_id": alarm.event_id,
            "received_at": alarm.at,
            "number": first.number,
            "repeated": not new or alarm.first_id is not None,
        }
        return Response(PressAnswerSerializer(told).data, status=201 if new else 200)


urlpatterns = [re_path(r"^sos/?$", SosView.as_view(), name="api-sos")]
