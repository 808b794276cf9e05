"""Telling people: a notice in the portal, and a text message for those who are reached by phone only.

Everything is written in the transaction of the change it tells of; the worker sends text messages afterwards, so that
nothing is sent for a change that was rolled back, and nothing is lost when the gateway is down.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks import task

from governance import parameters
from governance.models import Matter, Notice, TextMessage


class SmsGateway:
    """What a text message provider must offer. The demo's keeps messages in the portal and sends nothing."""

    def send(self, phone: str, body: str) -> None:
        """Send one message to an 11-digit number.

        Raises Exception with a sentence when the provider refuses.
        """
        raise NotImplementedError


class DemoGateway(SmsGateway):
    """Sends nothing; refuses outside demo mode, so that it can never swallow real messages."""

    def send(self, phone: str, body: str) -> None:
        if not settings.DEMO:
            raise RuntimeError("演示短信通道只能在演示模式下使用，请设置 SMS_GATEWAY。")


def gateway() -> SmsGateway:
    """Return the provider that the environment names (SMS_GATEWAY, a dotted path)."""
    return import_string(settings.SMS_GATEWAY)()


def tell(people: Iterable[Any], title: str, *, body: str = "", number: str = "", url: str = "") -> int:
    """Write one notice for each person, once each, active accounts only. Returns how many were written."""
    seen = {person.pk: person for person in people if person is not None and person.is_active}
    notices = [
        Notice(recipient=person, title=title[:80], body=body[:300], number=number, url=url)
        for person in seen.values()
    ]
    if notices:
        Notice.objects.bulk_create(notices)
    return len(notices)


def tell_of(matter: Matter, people: Iterable[Any], title: str, *, note: str = "") -> None:
    """Tell people about a matter. Staff are led to its page on the desk, everyone else to her own."""
    people = list(people)
    if not people:
        return
    desk: list[Any] = []
    others: list[Any] = []
    for person in people:
        (desk if person.is_staff and not matter.concerns(person) else others).append(person)
    body = "，".join(filter(None, (matter.gist(), note)))
    tell(desk, title, body=body, number=matter.number, url=matter.get_desk_url())
    tell(others, title, body=body, number=matter.number, url=matter.get_absolute_url())


def read(person: Any, number: str) -> None:
    """Mark what a person was told of a matter as read."""
    person.notices.filter(number=number, read_at=None).update(read_at=timezone.now())


def text_of(matter: Matter, news: str) -> TextMessage | None:
    """Send the news of a matter to its applicant's phone: for who has no account. It names no place.

    Returns None where no phone was left, as with a device's alarm.
    """
    if not matter.applicant_phone:
        return None
    when = matter.gist(place=False)
    about = f"{matter.title}（{when}）" if when else matter.title
    phone = parameters.value("portal.phone")
    ask = f"有疑问请打 {phone}。" if phone else ""
    return text(matter.applicant_phone, f"{about}：{news}。编号 {matter.number}。{ask}")


def text(phone: str, body: str) -> TextMessage:
    """Queue a text message; the background worker sends it once the transaction has been committed.

    A number gets so many in a day at most (a parameter), whoever they are about; what is beyond is kept unsent with the reason.
    """
    message = TextMessage(phone=phone, body=body[:300])
    lately = TextMessage.objects.filter(phone=phone, created_at__gt=timezone.now() - timedelta(days=1))
    most = parameters.value("sms.daily_most")
    if lately.exclude(status=TextMessage.Status.FAILED).count() >= most:
        message.status, message.failure = TextMessage.Status.FAILED, f"24 小时内已给这个号码发了 {most} 条"
    message.save()
    if message.status == TextMessage.Status.QUEUED:
        send_text.enqueue(message.pk)
    return message


@task()
def send_text(message_pk: int) -> str:
    """Send a queued message once; a failure is kept with its reason for the administrator."""
    message = TextMessage.objects.get(pk=message_pk)
    if message.status == TextMessage.Status.SENT:
        return message.status
    try:
        gateway().send(message.phone, message.body)
    except Exception as failure:  # a provider may fail in any way; the reason is kept
        message.status, message.failure = TextMessage.Status.FAILED, str(failure)[:200]
    else:
        message.status, message.sent_at = TextMessage.Status.SENT, timezone.now()
    message.save(update_fields=["status", "failure", "sent_at"])
    return message.status
