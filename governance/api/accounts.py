"""Signing in by phone and code, the own account, its tokens, its notices and its matters."""

from copy import copy
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.decorators import action as route
from rest_framework.mixins import DestroyModelMixin
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from governance import audit, mine, parameters
from governance.accounts import codes, sms, tokens
from governance.accounts.arrivals import account_of
from governance.accounts.forms import CodeForm, PhoneField, ProfileForm
from governance.api.bases import Listing, PortalView, RestrictedViewSet, Retrieving
from governance.api.errors import Elsewhere, translated
from governance.api.fields import words
from governance.api.throttles import SigningIn
from governance.models import AccessEvent, ApiToken, Matter, Notice
from governance.slices import LAST_PAGE
from governance.views import pages

_Sessions = import_module(settings.SESSION_ENGINE).SessionStore


# --- phone and code ---------------------------------------------------------------------------------------------------
class PhoneSerializer(serializers.Serializer):
    """The phone that a code is to be sent to."""

    phone = serializers.CharField(max_length=40)

    def validate_phone(self, value: str) -> str:
        return PhoneField().clean(value)


class SentSerializer(serializers.Serializer):
    """A code that is on its way. ``shown`` is the code itself, in demo mode only."""

    challenge = serializers.CharField()
    seconds = serializers.IntegerField(help_text="验证码的有效秒数。")
    shown = serializers.CharField(allow_blank=True)


class CodeSerializer(serializers.Serializer):
    """The code that came, for the challenge it belongs to."""

    challenge = serializers.RegexField(
        r"^[a-z0-9]{32}$", error_messages={"invalid": "验证码已失效，请重新获取。"}
    )
    code = serializers.CharField(max_length=40)
    label = serializers.CharField(max_length=60, default="手机", help_text="这台设备的名称。")

    def validate_code(self, value: str) -> str:
        form = CodeForm({"code": value})
        if not form.is_valid():
            raise serializers.ValidationError(form.errors["code"])
        return form.cleaned_data["code"]


class IssuedSerializer(serializers.Serializer):
    """A token, shown this once."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()


class SigningInView(PortalView):
    """What strangers may send. A session or an old token that comes along is not looked at."""

    permission_classes = (AllowAny,)
    authentication_classes = ()
    throttle_classes = (SigningIn,)


class CodeView(SigningInView):
    """Asking for a code."""

    @extend_schema(summary="获取短信验证码", request=PhoneSerializer, responses=SentSerializer)
    def post(self, request: Request) -> Response:
        """Send a code to a phone. The answer is the same whether or not the phone has an account."""
        form = PhoneSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        phone = form.validated_data["phone"]
        try:
            codes.count_request(request._request, phone)
        except codes.TooOften as refusal:
            raise exceptions.Throttled(detail=refusal.message, code=refusal.code) from None
        # The challenge is a session that no browser holds: the same rules hold for it as for the page's code.
        session = _Sessions()
        code, minutes = codes.issue(session, phone), parameters.value("sms.code_minutes")
        if not sms.send_code(phone, code, minutes):
            raise serializers.ValidationError(
                {"phone": ["短信没有发出去，请一分钟后再试，或打电话请社区工作人员帮您办理。"]}
            )
        session.set_expiry(minutes * 60)
        session.save()
        shown = code if settings.DEMO else ""
        return Response({"challenge": session.session_key, "seconds": minutes * 60, "shown": shown})


class TokenView(PortalView):
    """Getting and giving back a token."""

    def get_permissions(self) -> list[Any]:
        return [AllowAny()] if self.request.method == "POST" else super().get_permissions()

    def get_authenticators(self) -> list[Any]:
        # While the description is made there is no request.
        posting = self.request is not None and self.request.method == "POST"
        return [] if posting else super().get_authenticators()

    def get_throttles(self) -> list[Any]:
        return [SigningIn()] if self.request.method == "POST" else super().get_throttles()

    @extend_schema(
        summary="用验证码换取令牌", request=CodeSerializer, responses={201: IssuedSerializer}, auth=[]
    )
    def post(self, request: Request) -> Response:
        """Exchange the right code for a token; the phone's account is made when there was none."""
        form = CodeSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        session = _Sessions(session_key=form.validated_data["challenge"])
        # The request's own session stays as it is: nobody signs in to the pages here.
        asking = copy(request._request)
        asking.session = session
        try:
            proven = codes.redeem(asking, form.validated_data["code"])
        except ValidationError as refusal:
            raise translated(ValidationError({"code": refusal})) from None
        finally:
            if codes.pending(session) is None:
                session.delete()
        user = account_of(proven.phone)
        token, row = tokens.issue_by_phone(user, form.validated_data["label"], request=request)
        return Response({"token": token, "expires_at": row.expires_at}, status=201)

    @extend_schema(summary="注销当前令牌", request=None, responses={204: None})
    def delete(self, request: Request) -> Response:
        """Take back the token that this request carries."""
        if not isinstance(request.auth, ApiToken):
            raise Elsewhere
        request.auth.delete()
        audit.record(AccessEvent.Kind.LOGOUT, request.user, "注销接口令牌", request=request)
        return Response(status=204)


class ApiTokenSerializer(serializers.ModelSerializer):
    """A token of the own account; never the token itself."""

    class Meta:
        model = ApiToken
        fields = ["id", "label", "system", "created_at", "expires_at", "last_used_at"]


class ApiTokenViewSet(Listing, DestroyModelMixin, RestrictedViewSet):
    """The own account's tokens: which phones are signed in, and signing one out."""

    queryset = ApiToken.objects.in_force()
    serializer_class = ApiTokenSerializer
    lookup_value_regex = "[0-9]{1,18}"
    rule_actions = {"destroy": "delete"}


# --- the own account --------------------------------------------------------------------------------------------------
class PostSerializer(serializers.Serializer):
    """A post of the caller, in force today."""

    role = serializers.CharField()
    label = serializers.CharField()
    grid = serializers.CharField(source="code")


class AccountSerializer(serializers.Serializer):
    """The own account."""

    name = words(40, required=False)
    address = words(100, required=False)
    phone = serializers.CharField(read_only=True, allow_null=True)
    is_staff = serializers.BooleanField(read_only=True)
    posts = PostSerializer(source="posts_in_force", many=True, read_only=True)
    unread = serializers.SerializerMethodField(help_text="未读通知数，最多数到 100。")

    def get_unread(self, user: Any) -> int:
        rows = Notice.objects.restrict(user).filter(recipient=user, read_at=None)
        return rows[:100].count()


class MeView(PortalView):
    """The own account."""

    @extend_schema(summary="我的账号", responses=AccountSerializer)
    def get(self, request: Request) -> Response:
        """Name, phone and posts of the caller."""
        return Response(AccountSerializer(request.user).data)

    @extend_schema(summary="修改我的资料", request=AccountSerializer, responses=AccountSerializer)
    def patch(self, request: Request) -> Response:
        """Change the own name and door number."""
        given = AccountSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user = request.user
        form = ProfileForm(
            {"name": user.name, "address": user.address, **given.validated_data}, instance=user
        )
        if not form.is_valid():
            raise translated(ValidationError(form.errors.as_data()))
        return Response(AccountSerializer(form.save()).data)


# --- notices ----------------------------------------------------------------------------------------------------------
class NoticeSerializer(serializers.ModelSerializer):
    """A message to the caller."""

    class Meta:
        model = Notice
        fields = ["id", "title", "body", "number", "created_at", "read_at"]


class NoticeFilter(filters.FilterSet):
    """``unread=true`` leaves out what was read."""

    unread = filters.BooleanFilter(method="only_unread", label="只看未读")

    class Meta:
        model = Notice
        fields: list[str] = []

    def only_unread(self, rows: QuerySet, name: str, value: bool) -> QuerySet:
        return rows.filter(read_at__isnull=value)


class ReadSerializer(serializers.Serializer):
    """How many notices were marked."""

    marked = serializers.IntegerField()


class NoticeViewSet(Listing, Retrieving, RestrictedViewSet):
    """What the portal told the caller, newest first."""

    queryset = Notice.objects.all()
    serializer_class = NoticeSerializer
    filterset_class = NoticeFilter
    lookup_value_regex = "[0-9]{1,18}"
    cursor_ordering = ("-created_at", "-pk")
    rule_actions = {"read": "change", "read_all": "change"}

    @extend_schema(summary="标为已读", request=None, responses=NoticeSerializer)
    @route(detail=True, methods=["post"])
    def read(self, request: Request, pk: str) -> Response:
        """Mark one notice as read; again is harmless."""
        notice = self.get_object()
        if notice.read_at is None:
            notice.read_at = timezone.now()
            notice.save(update_fields=["read_at"])
        return Response(self.represent_one(notice))

    @extend_schema(
        summary="全部标为已读", operation_id="notices_read_all", request=None, responses=ReadSerializer
    )
    @route(detail=False, methods=["post"], url_path="read", url_name="read-all")
    def read_all(self, request: Request) -> Response:
        """Mark every notice of the caller as read."""
        marked = self.rows().filter(recipient=request.user, read_at=None).update(read_at=timezone.now())
        return Response({"marked": marked})


# --- my matters -------------------------------------------------------------------------------------------------------
class MyMatterSerializer(serializers.Serializer):
    """One matter of the caller's, of whichever kind."""

    number = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()
    status = serializers.CharField()
    status_label = serializers.CharField(source="get_status_display")
    light = serializers.CharField()
    grid = serializers.CharField(source="grid_id")
    opened_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)


class MyMattersSerializer(serializers.Serializer):
    """One page of them."""

    page = serializers.IntegerField()
    has_next = serializers.BooleanField()
    results = MyMatterSerializer(many=True)


class MyMattersView(PortalView):
    """Everything the caller asked for, across the apps."""

    @extend_schema(
        summary="我的事项",
        parameters=[
            OpenApiParameter(
                "page", {"type": "integer", "minimum": 1, "maximum": LAST_PAGE}, description="页码。"
            ),
            OpenApiParameter("finished", bool, description="true 只看已办结的，否则只看未办结的。"),
        ],
        responses=MyMattersSerializer,
    )
    def get(self, request: Request) -> Response:
        """The caller's matters of all kinds, newest first."""
        finished = request.query_params.get("finished", "").lower() in ("true", "1")
        page = mine.newest(request.user, finished=finished, number=request.query_params.get("page") or 1)
        rows: list[Matter] = list(page)
        return Response(
            {
                "page": page.number,
                "has_next": page.has_next,
                "results": MyMatterSerializer(rows, many=True).data,
            }
        )


class PhotoView(PortalView):
    """A stored picture."""

    public = True

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:
        # A caller that wants a picture does not accept JSON; only a refusal is JSON.
        return JSONRenderer(), JSONRenderer.media_type

    @extend_schema(
        summary="照片",
        parameters=[
            OpenApiParameter("size", {"type": "string", "enum": ["large", "thumb"]}, OpenApiParameter.PATH),
        ],
        responses={(200, "image/jpeg"): {"type": "string", "format": "binary"}},
    )
    def get(self, request: Request, app: str, model: str, token: str, size: str) -> Any:
        """One picture, for whoever may see what it belongs to."""
        return pages.photo(request._request, app, model, token, size)
