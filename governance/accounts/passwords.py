"""What a staff password must be, beside Django's own validators, and when it has to be changed."""

import unicodedata
from datetime import timedelta

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.core.exceptions import ValidationError
from django.utils import timezone

from governance import parameters
from governance.models import User


class LengthValidator(MinimumLengthValidator):
    """Django's own, with the sentence that its Chinese catalogue lost when the English one was reworded."""

    def get_error_message(self) -> str:
        return f"密码太短，至少要 {self.min_length} 个字符。"

    def get_help_text(self) -> str:
        return f"密码至少 {self.min_length} 个字符。"


class KindsOfCharacterValidator:
    """At least three of: capital letters, small letters, digits, other signs (the usual reading of GB/T 22239-2019)."""

    sentence = "密码要在大写字母、小写字母、数字、其他符号这四类中至少包含三类。"

    def validate(self, password: str, user: User | None = None) -> None:
        """Raise ValidationError when the password has fewer than three kinds."""
        if len({self._kind(sign) for sign in password}) < 3:
            raise ValidationError(self.sentence, code="password_too_plain")

    def get_help_text(self) -> str:
        """Return the rule as a sentence."""
        return self.sentence

    @staticmethod
    def _kind(sign: str) -> str:
        category = unicodedata.category(sign)
        return category if category in ("Lu", "Ll", "Nd") else "other"


def out_of_date(user: User) -> bool:
    """Say whether a staff password must be changed first: one that an administrator gave (``password_changed_at`` is
    empty), or one older than the set number of days (``staff.password_days``, 0 for never)."""
    if not user.has_usable_password():
        return False
    if user.password_changed_at is None:
        return True
    days = parameters.value("staff.password_days")
    return bool(days) and timezone.now() - user.password_changed_at > timedelta(days=days)
