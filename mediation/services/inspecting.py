"""Showing a superior one file, for a reason and for a time (调阅)."""

from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from governance import audit, notices, parameters
from governance.models import AccessEvent, User
from mediation.models import Dispute, Viewing

#: Nobody learns from the answer whether there is such a file.
NOT_FOUND = "您的管辖范围内没有这个编号的卷宗，请核对。"


@transaction.atomic
def inspect(number: str, *, by: User, reason: str, request: Any = None) -> Dispute:
    """Open one file to a superior for the set number of hours, write it down and tell the centre's director. Returns it.

    ``number`` is the dispute's number or the file's. Raises ValidationError at ``number`` or ``reason``.
    """
    reason, number = reason.strip(), number.strip()
    if len(reason) < 4:
        raise ValidationError(
            {"reason": "请写明调阅理由（至少 4 个字），理由会记入访问日志并告知矛调中心主任。"}
        )
    if len(reason) > 200:
        raise ValidationError({"reason": "理由不超过 200 字。"})
    rows = Dispute.objects.restrict(by, "inspect")
    dispute = rows.filter(number=number.upper()).first() or rows.filter(case_number=number).first()
    if dispute is None:
        raise ValidationError({"number": NOT_FOUND})
    now = timezone.now()
    if by.may("view", dispute):
        return dispute
    hours = parameters.value("mediation.viewing_hours")
    Viewing.objects.create(
        dispute=dispute, user=by, reason=reason, at=now, until=now + timedelta(hours=hours)
    )
    audit.record(
        AccessEvent.Kind.INSPECT,
        by,
        f"调阅卷宗 {dispute.number}，{hours} 小时",
        obj=dispute,
        reason=reason,
        request=request,
    )
    notices.tell_of(dispute, dispute.audience("directors"), f"{by}调阅了卷宗", note=reason)
    return dispute
