"""Whose account a proven phone opens. Decides that an account comes to be only once its phone is proven, and that staff
never come in by phone alone."""

import secrets

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from governance import intake
from governance.models import User


def account_of(phone: str) -> User:
    """Return the account of a phone that was just proven, made when there was none, with the matters placed for it.

    Raises ValidationError for a closed account (code ``closed``) and for a staff account (code ``staff``).
    """
    with transaction.atomic():
        user = User.objects.select_for_update().filter(phone=phone).first() or _new_account(phone)
        if not user.is_active:
            raise ValidationError("这个手机号的账号已停用，请联系社区工作人员。", code="closed")
        if user.is_staff:
            raise ValidationError("这是工作人员账号，请用登录名、密码和动态验证码登录。", code="staff")
        if not user.phone_verified:
            user.phone_verified = True
            user.save(update_fields=["phone_verified"])
        intake.adopt(user)
    return user


def _new_account(phone: str) -> User:
    try:
        with transaction.atomic():
            return User.objects.create_user("p" + secrets.token_hex(8), phone=phone, phone_verified=True)
    except IntegrityError:
        # The same phone came in on another connection; its account is ours.
        return User.objects.select_for_update().get(phone=phone)
