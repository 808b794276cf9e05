"""Ending one's own sessions on other phones and computers, as when a phone was lost."""

import secrets

from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest

from governance import audit
from governance.models import AccessEvent, User


@transaction.atomic
def end_other_sessions(request: HttpRequest) -> None:
    """End every session of the person who asks but this one, and write that into the access log. The others find themselves signed out
    at their next request. Repeating it changes nothing that is seen."""
    user = request.user
    user.session_mark = secrets.token_urlsafe(12)
    # No change of the account that its history would keep.
    User.objects.filter(pk=user.pk).update(session_mark=user.session_mark)
    update_session_auth_hash(request, user)
    audit.record(AccessEvent.Kind.LOGOUT, user, "退出其他设备", request=request)
