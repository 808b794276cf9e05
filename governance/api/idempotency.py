"""Creating once: a request that is sent again with the same ``Idempotency-Key`` gets the same answer.

The key is the caller's; what is kept is which row came of it, not the answer's text, so that no second copy of personal
data lies about. Only what succeeded is kept: after a refusal the same key may be used for the mended request.
"""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import models, transaction
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from governance.api.errors import Mismatch
from governance.models import IdempotencyKey

HEADER = "Idempotency-Key"
#: Marks an answer that repeats an earlier one.
REPEATED = {"Idempotency-Replayed": "true"}
_KEY = re.compile(r"[A-Za-z0-9_.:\-]{8,64}", re.ASCII)

PARAMETER = OpenApiParameter(
    HEADER,
    {"type": "string", "pattern": "^[A-Za-z0-9_.:-]{8,64}$"},
    OpenApiParameter.HEADER,
    required=True,
    description="调用方为这次创建取的唯一标识（例如 UUID）。同一标识、同一内容重发，得到同一结果。",
)


def key_of(request: Request) -> str:
    """Return the request's key. Raises ValidationError without one, or with one that is not 8 to 64 plain characters."""
    key = request.headers.get(HEADER, "")
    if not key:
        raise ValidationError({HEADER: ["创建请求须带 Idempotency-Key 请求头。"]}, code="required")
    if not _KEY.fullmatch(key):
        raise ValidationError({HEADER: ["幂等键须为 8 到 64 位字母、数字或 _ . : -。"]}, code="invalid")
    return key


def fingerprint(request: Request) -> str:
    """Return the digest of what was asked: address and body, pictures by their content."""

    def plain(value: Any) -> Any:
        if isinstance(value, UploadedFile):
            digest = hashlib.sha256()
            for chunk in value.chunks():
                digest.update(chunk)
            value.seek(0)
            return digest.hexdigest()
        return value

    data = request.data
    if hasattr(data, "lists"):
        data = {name: [plain(value) for value in values] for name, values in data.lists()}
    asked = json.dumps([request.method, request.path, data], sort_keys=True, default=str)
    return hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()


def once(request: Request, make: Callable[[], models.Model]) -> tuple[Any, bool]:
    """Run ``make`` unless it ran for this caller and key before. Returns the row's primary key, and whether it is new.

    Two requests with one key at the same time: the second waits for the first on the key's unique index. Raises Mismatch
    when the key was used for another request, and what ``make`` raises; then nothing is kept.
    """
    key, asked = key_of(request), fingerprint(request)
    with transaction.atomic():
        kept, new = IdempotencyKey.objects.get_or_create(
            user=request.user, key=key, defaults={"fingerprint": asked}
        )
        if kept.fingerprint != asked:
            raise Mismatch
        if not new:
            return kept.body["pk"], False
        row = make()
        kept.status, kept.body = 201, {"pk": row.pk}
        kept.save(update_fields=["status", "body"])
        return row.pk, True
