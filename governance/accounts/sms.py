"""Sending the sign-in code. Decides its wording, and that the code itself is never stored with the sent messages.

It goes out at once, not through the queue: the person waits for it, learns right away when the provider fails, and a
queued message would keep the code in clear in the database.
"""

import logging

from django.utils import timezone

from governance import notices
from governance.models import TextMessage

logger = logging.getLogger(__name__)


def send_code(phone: str, code: str, minutes: int) -> bool:
    """Send the code to an 11-digit number. Returns whether the provider took it; a failure is kept with its reason."""
    kept = TextMessage(
        phone=phone, body="登录验证码（内容不留存）", status=TextMessage.Status.SENT, sent_at=timezone.now()
    )
    body = f"【社区治理平台】您的登录验证码是 {code}，{minutes} 分钟内有效。工作人员不会向您索要验证码，请勿告诉他人。"
    try:
        notices.gateway().send(phone, body)
    except Exception as failure:  # a provider may fail in any way; the reason is kept, the code is not
        kept.status, kept.sent_at = TextMessage.Status.FAILED, None
        kept.failure = str(failure).replace(code, "******")[:200]
        logger.warning("the SMS gateway refused a sign-in code: %s", type(failure).__name__)
    kept.save()
    return kept.status == TextMessage.Status.SENT
