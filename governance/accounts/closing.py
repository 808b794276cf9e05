"""Closing the own account. Decides what is erased (who someone is, how to reach them, also in the account's history)
and what stays (matters, hours and logs that the law tells us to keep, now without a living account behind them)."""

from django.core.exceptions import ValidationError
from django.db import transaction

from governance.models import User

#: What goes, and what it becomes. Erased in the account and in every older version of it.
ERASED = {"name": "", "phone": None, "phone_verified": False, "address": "", "entrance": None}


def obstacle(user: User) -> str:
    """Return why the person cannot close the account alone, as a sentence; empty when nothing is in the way."""
    if user.is_staff:
        return "工作人员账号由安全管理员停用，不能自行注销。"
    if user.posts_in_force:
        return "您目前还担任岗位，请先联系社区办理卸任，再注销账号。"
    return ""


@transaction.atomic
def close(user: User) -> None:
    """Close the account for good: nobody can sign in to it, and it no longer says whose it was.

    The phone is free to open a new account, which does not get the old one's matters. Raises ValidationError when the
    person still holds a post or works here. Repeating it changes nothing.
    """
    user = User.objects.select_for_update().get(pk=user.pk)
    if not user.is_active:
        return
    if reason := obstacle(user):
        raise ValidationError(reason)
    for field, blank in ERASED.items():
        setattr(user, field, blank)
    user.is_active = False
    user.set_unusable_password()
    user._change_reason = "本人注销账号"
    user.save()
    # Erasure is the one thing that may touch older versions: they held the very data that is to go.
    user.history.update(**ERASED)
