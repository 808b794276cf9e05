"""The one shape of every refusal: ``{"type", "errors": [{"code", "detail", "attr"}]}``, in Chinese, never a 500 for what
someone sent. What the flow refuses keeps its sentence and its field."""

from dataclasses import asdict
from typing import Any

from django.core.exceptions import (
    NON_FIELD_ERRORS,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import DataError, IntegrityError
from django.http import Http404
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from rest_framework import exceptions, serializers, status

from governance.constraints import sentence
from governance.flow import NotYours, Stale


class Conflict(exceptions.APIException):
    """Someone else was faster; ``steps`` is what happened meanwhile."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"
    default_detail = "与已有的记录冲突，请刷新后重试。"


class Mismatch(exceptions.APIException):
    """An idempotency key that was used for another request."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_code = "idempotency_mismatch"
    default_detail = "这个幂等键已用于另一个请求，请换一个新的。"


class TooLarge(exceptions.APIException):
    """A body beyond what the portal takes."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = "提交的内容太大，请减少文字或照片后重试。"


class Elsewhere(exceptions.NotFound):
    """What is out of reach does not exist."""

    default_detail = "没有找到，或者您没有查看、办理的权限。"


def _listed(error: ValidationError) -> list[exceptions.ErrorDetail]:
    details = []
    for each in error.error_list:
        code = each.code if isinstance(each.code, str) and each.code else "invalid"
        details += [exceptions.ErrorDetail(message, code=code) for message in each.messages]
    return details


def translated(error: ValidationError) -> exceptions.ValidationError:
    """Return Django's ValidationError as the framework's, with every field, code and sentence kept."""
    if hasattr(error, "error_dict"):
        return exceptions.ValidationError(
            {
                "non_field_errors" if field == NON_FIELD_ERRORS else field: _listed(ValidationError(errors))
                for field, errors in error.error_dict.items()
            }
        )
    return exceptions.ValidationError({"non_field_errors": _listed(error)})


class Handler(ExceptionHandler):
    """Turns what the portal's own layers raise into answers."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        match exc:
            case NotYours():
                return Elsewhere(exc.messages[0])
            case Stale():
                return Conflict(exc.messages[0], code="stale")
            case ValidationError():
                return translated(exc)
            case Http404() | PermissionDenied():
                return Elsewhere()
            case RequestDataTooBig():
                return TooLarge()
            case SuspiciousOperation():
                return exceptions.ParseError("请求的内容不合格式。")
            case IntegrityError():
                told = sentence(exc)
                return Conflict(told) if told else exc
            case DataError():
                # The database could not take a value that passed every check (a date out of its range).
                return exceptions.ValidationError("有一项内容超出了允许的范围。")
        return exc


class Formatter(ExceptionFormatter):
    """Adds to a conflict what has happened since the version that the caller saw."""

    def format_error_response(self, error_response: Any) -> dict[str, Any]:
        told = asdict(error_response)
        if isinstance(self.original_exc, Stale):
            told["steps"] = [
                {"seq": step.seq, "action": step.action, "label": step.label, "at": step.at.isoformat()}
                for step in self.original_exc.steps
            ]
        return told


class ErrorSerializer(serializers.Serializer):
    """One thing that is wrong."""

    code = serializers.CharField(help_text="给程序判断用的短代码。")
    detail = serializers.CharField(help_text="给人看的一句话。")
    attr = serializers.CharField(allow_null=True, help_text="出错的字段；不针对字段时为空。")


class StepSinceSerializer(serializers.Serializer):
    """One step that others took meanwhile."""

    seq = serializers.IntegerField()
    action = serializers.CharField()
    label = serializers.CharField()
    at = serializers.DateTimeField()


class ProblemSerializer(serializers.Serializer):
    """The answer to a request that was not carried out."""

    type = serializers.ChoiceField(
        choices=[
            ("validation_error", "提交的内容有误"),
            ("client_error", "请求不能办理"),
            ("server_error", "系统出错"),
        ]
    )
    errors = ErrorSerializer(many=True)
    steps = StepSinceSerializer(many=True, required=False, help_text="只在 409 stale 时给出。")
