"""How other systems send incidents and ask what became of them: device alarms, a hotline's system, a higher level's platform.

A source has a key of its own, a rate, a switch and a log; it sees what it sent and nothing else.
"""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import authentication, exceptions, serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from governance.api import fields
from governance.api.bases import PortalView
from governance.api.errors import Elsewhere
from governance.flow import Refused
from governance.models import Intake, User
from grids import geometry
from grids.models import Entrance, Grid
from incidents.models import Incident, MinorClass, Source
from incidents.services import sources
from incidents.services.places import Places, Unknown
from incidents.services.reporting import report_incident


class SourceAuthentication(authentication.BaseAuthentication):
    """``Authorization: Bearer <source key>``: ``request.user`` is the source's account, ``request.auth`` the source."""

    def authenticate(self, request: Request) -> tuple[User, Source] | None:
        words = request.headers.get("Authorization", "").split()
        if not words or words[0].lower() != "bearer":
            return None
        source = sources.find(words[1]) if len(words) == 2 else None
        if source is None:
            raise exceptions.AuthenticationFailed("密钥不对或已更换，请向本区的系统管理员核对。")
        return source.account, source

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class SourceScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI description names a source's key."""

    target_class = SourceAuthentication
    name = "source_key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "来源系统的密钥。"}


class IsSource(BasePermission):
    """Known by a source's key."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.auth, Source)


class TooOften(exceptions.APIException):
    """More calls in this minute than the source may make; ``wait`` (seconds) becomes Retry-After."""

    status_code = 429
    default_code = "throttled"

    def __init__(self, source: Source) -> None:
        self.wait = sources.seconds_left()
        super().__init__(f"来件太频繁，每分钟最多 {source.per_minute} 次，请 {self.wait} 秒后再发。")


class SwitchedOff(exceptions.APIException):
    """The source may not send for now."""

    status_code = 403
    default_code = "switched_off"
    default_detail = "这个来源系统已停用，暂不接收。请联系本区的系统管理员。"


class SourceView(PortalView):
    """The base of what a source may call. Every call is written down as it was answered."""

    authentication_classes = (SourceAuthentication,)
    permission_classes = (IsSource,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if not sources.allow(request.auth):
            raise TooOften(request.auth)
        if not sources.is_on(request.auth):
            raise SwitchedOff

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        if isinstance(getattr(request, "auth", None), Source):
            sources.record(request.auth, response.status_code, self.words(response), self.reference(request))
        return response

    def words(self, response: Response) -> str:
        """Return how it was answered, for the log: numbers and the names of fields, nothing that was sent."""
        data = response.data if isinstance(response.data, dict) else {}
        if response.status_code < 400:
            number = data.get("number", "")
            told = (
                "查询" if self.request.method == "GET" else "重复来件" if data.get("repeated") else "新登记"
            )
            return f"{told} {number}".strip()
        return "；".join(f"{e['attr'] or ''} {e['detail']}".strip() for e in data.get("errors", ())[:5])

    def reference(self, request: Request) -> str:
        """Return the source's own number in this call, as far as it gave one."""
        return self.kwargs.get("source_id", "")


class ReferenceField(serializers.CharField):
    """A source's own number of a report."""

    default_error_messages = {"shape": "来源编号不能有空格和 / \\ ? # %，不超过 100 字。"}

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if not sources.is_reference(text):
            self.fail("shape")
        return text


class SendSerializer(serializers.Serializer):
    """One incident. Its place is an entrance, a grid, a point or an address in words; the nearest that is given counts."""

    source_id = ReferenceField(
        max_length=100, help_text="来源系统自己的编号。同一编号只登记一次，再发得到第一次的结果。"
    )
    minor_class = fields.KeyField(
        "code",
        queryset=MinorClass.objects.filter(is_active=True).select_related("major"),
        source="minor",
        help_text="小类编号，例如 0101。",
        # What was sent is not repeated: the sentence goes into the log.
        error_messages={"does_not_exist": "事件目录里没有这个小类编号，或已停用。"},
    )
    grid = serializers.CharField(
        max_length=15, required=False, allow_blank=True, help_text="9、12 或 15 位网格编码。"
    )
    entrance = serializers.CharField(
        max_length=16, required=False, allow_blank=True, help_text="楼门二维码的标识。"
    )
    longitude = serializers.FloatField(
        min_value=-180, max_value=180, required=False, allow_null=True, help_text="度，CGCS2000 或 WGS 84。"
    )
    latitude = serializers.FloatField(min_value=-90, max_value=90, required=False, allow_null=True)
    address = fields.words(200, required=False, help_text="地址，例如：和苑里3号楼1门。")
    description = fields.words(2000, required=False, help_text="什么情况。")
    spot = fields.words(100, required=False, help_text="具体位置；不填时用 address。")
    happened_at = fields.MomentField(
        required=False, allow_null=True, help_text="发现时间；没有时区的按本地时间。"
    )
    urgent = serializers.BooleanField(required=False, default=False, help_text="危及人身或财产安全。")
    applicant_name = fields.words(40, required=False)
    applicant_phone = fields.phone(required=False, allow_blank=True)

    def get_fields(self) -> dict[str, serializers.Field]:
        """Return the fields with ``class`` under its own name, which is no name in the language."""
        return {"class" if name == "minor_class" else name: f for name, f in super().get_fields().items()}

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if (given.get("longitude") is None) != (given.get("latitude") is None):
            raise serializers.ValidationError({"latitude": ["经度和纬度要一起填写。"]})
        grid, entrance = self.named(given)
        point = given.get("longitude"), given.get("latitude")
        located = geometry.locate(*point) if None not in point else None
        if entrance is None and located is None:
            if given.get("address"):
                grid, entrance = self.by_words(given["address"], grid)
            elif grid is None and None not in point:
                raise serializers.ValidationError({"longitude": ["这个位置不在本区的网格里。"]})
            elif grid is None:
                raise serializers.ValidationError(
                    {"grid": ["请填写 grid、entrance、经纬度或 address 之一。"]}
                )
        return {**given, "grid": grid, "entrance": entrance}

    @staticmethod
    def named(given: dict[str, Any]) -> tuple[Grid | None, Entrance | None]:
        """Return the grid or the door that is named by its code."""
        if given.get("entrance"):
            rows = Entrance.objects.filter(grid__valid_until=None).select_related("grid")
            entrance = rows.filter(token=given["entrance"]).first()
            if entrance is None:
                raise serializers.ValidationError({"entrance": ["没有这个楼门标识，或所在网格已停用。"]})
            return None, entrance
        grid = None
        if given.get("grid"):
            grid = Grid.objects.current().defer("boundary").filter(code=given["grid"]).first()
            if grid is None:
                raise serializers.ValidationError({"grid": ["没有这个网格编码，或已停用。"]})
        return grid, None

    @staticmethod
    def by_words(address: str, grid: Grid | None) -> tuple[Grid | None, Entrance | None]:
        """Return the place that an address names, within the grid that is known already."""
        try:
            code, door = Places().address(address, grid.pk if grid is not None else "")
        except Unknown as unknown:
            raise serializers.ValidationError({"address": [str(unknown)]}) from None
        entrance = Entrance.objects.filter(pk=door).first() if door is not None else None
        return Grid.objects.defer("boundary").get(pk=code), entrance


class AnswerSerializer(serializers.Serializer):
    """What became of a report, without persons."""

    source_id = serializers.CharField()
    number = serializers.CharField(help_text="平台的事件编号。")
    repeated = serializers.BooleanField(required=False, help_text="这个编号以前登记过；只在 POST 时给出。")
    state = serializers.CharField(help_text="状态代码。")
    state_name = serializers.CharField(help_text="状态，给人看的。")
    is_open = serializers.BooleanField(help_text="还没有办结。")
    reported_at = serializers.DateTimeField()
    accepted_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    handled_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)


def answer(incident: Incident, source_id: str, **more: Any) -> dict[str, Any]:
    """Return what a source learns of an incident that it sent."""
    told = {
        "source_id": source_id,
        "number": incident.number,
        "state": incident.status,
        "state_name": incident.get_status_display(),
        "is_open": incident.is_open,
        "reported_at": incident.opened_at,
        "accepted_at": incident.accepted_at,
        "due_at": incident.due_at,
        "handled_at": incident.handled_at,
        "closed_at": incident.closed_at,
    }
    return AnswerSerializer(told | more).data


def came_as(source: Source, source_id: str) -> Incident | None:
    """Return the incident that came from a source under its number, if one did."""
    if not sources.is_reference(source_id):
        return None
    came = Intake.objects.filter(source=source.key, source_id=source_id, kind="incident").first()
    return Incident.objects.filter(pk=came.object_id).first() if came is not None else None


#: Fields of the front door under the names by which a source knows them.
NAMES = {"minor_class": "class", "captured_at": "happened_at", "is_urgent": "urgent"}


class SourceIncidentsView(SourceView):
    """Sending."""

    @extend_schema(
        operation_id="source_incidents_create",
        summary="来源系统上报一件事件",
        description="同一来源的同一 source_id 只登记一次：第一次 201，再发 200，编号相同，repeated 为 true。",
        request=SendSerializer,
        responses={201: AnswerSerializer, 200: AnswerSerializer},
    )
    def post(self, request: Request) -> Response:
        number = request.data.get("source_id")
        self.sent_id = number if isinstance(number, str) else ""
        first = came_as(request.auth, self.sent_id)
        if first is not None:
            # Whatever has changed since, a class gone or a day too old: it was taken in.
            return Response(answer(first, self.sent_id, repeated=True))
        form = SendSerializer(data=request.data, context={"request": request})
        form.is_valid(raise_exception=True)
        given, source = form.validated_data, request.auth
        phone = given.get("applicant_phone", "")
        owner = (
            User.objects.filter(phone=phone, phone_verified=True, is_active=True).first() if phone else None
        )
        try:
            incident, new = report_incident(
                by=request.user,
                source=source.key,
                source_id=given["source_id"],
                channel=source.channel,
                minor_class=given["minor"],
                grid=given["grid"],
                entrance=given["entrance"],
                longitude=given.get("longitude"),
                latitude=given.get("latitude"),
                spot=given.get("spot") or given.get("address", "")[:100],
                description=given.get("description", ""),
                applicant=owner,
                applicant_name=given.get("applicant_name", ""),
                applicant_phone=phone,
                is_urgent=given["urgent"],
                captured_at=given.get("happened_at"),
            )
        except Refused as refusal:
            if refusal.field is None:
                raise
            raise Refused("".join(refusal.messages), NAMES.get(refusal.field, refusal.field)) from None
        told = answer(incident, given["source_id"], repeated=not new)
        return Response(told, status=201 if new else 200)

    def reference(self, request: Request) -> str:
        return getattr(self, "sent_id", "")


class SourceIncidentView(SourceView):
    """Asking what became of it."""

    @extend_schema(
        operation_id="source_incidents_retrieve",
        summary="来源系统查询自己上报的事件",
        parameters=[OpenApiParameter("source_id", OpenApiTypes.STR, OpenApiParameter.PATH)],
        responses={200: AnswerSerializer},
    )
    def get(self, request: Request, source_id: str) -> Response:
        incident = came_as(request.auth, source_id)
        if incident is None or not request.user.may("view", incident):
            raise Elsewhere("没有用这个编号上报过的事件。")
        return Response(answer(incident, source_id))
