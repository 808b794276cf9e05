"""What people type to get in and to keep their account: how it is tidied, and the sentence when it does not fit."""

import re
import unicodedata
from typing import Any

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from allauth.mfa.base import forms as factor_forms
from allauth.mfa.totp import forms as totp_forms
from django import forms

from governance.accounts import codes
from governance.models import User

#: ASCII digits only: other scripts' digits look alike and are another number.
MOBILE = re.compile(r"1[3-9][0-9]{9}")
ONE_TIME = {
    "inputmode": "numeric",
    "autocomplete": "one-time-code",
    "placeholder": "6 位数字",
    "autocapitalize": "off",
}


class PhoneField(forms.CharField):
    """A mainland mobile number as people write it: spaces, dashes, full-width digits and +86 are taken off."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label="手机号",
            max_length=40,
            widget=forms.TextInput(
                {
                    "inputmode": "tel",
                    "autocomplete": "tel-national",
                    "placeholder": "11 位手机号码",
                    "type": "tel",
                }
            ),
            error_messages={"required": "请填写手机号。", "max_length": "手机号太长，请填写 11 位手机号码。"},
            **kwargs,
        )

    def clean(self, value: str) -> str:
        typed = unicodedata.normalize("NFKC", super().clean(value))
        number = re.sub(r"[\s()\-]", "", typed).removeprefix("+")
        if len(number) == 13:
            number = number.removeprefix("86")
        if not MOBILE.fullmatch(number):
            raise forms.ValidationError("请填写 11 位手机号码，例如 13800001234。", code="invalid")
        return number


class CodeField(forms.CharField):
    """A code of six digits; spaces and full-width digits are taken care of."""

    def __init__(self, label: str) -> None:
        super().__init__(
            label=label,
            max_length=40,
            widget=forms.TextInput(dict(ONE_TIME)),
            error_messages={"required": f"请填写{label}。", "max_length": f"{label}太长。"},
        )

    def clean(self, value: str) -> str:
        code = re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", super().clean(value)))
        if not (code.isascii() and code.isdigit()):
            raise forms.ValidationError(f"{self.label}只含数字。", code="invalid")
        return code


class PhoneForm(forms.Form):
    """The phone that a code is to be sent to."""

    phone = PhoneField()


class CodeForm(forms.Form):
    """The code that came by text message."""

    code = CodeField("短信验证码")

    def clean_code(self) -> str:
        code = self.cleaned_data["code"]
        if len(code) != codes.DIGITS:
            raise forms.ValidationError(f"验证码是 {codes.DIGITS} 位数字。", code="invalid")
        return code


class StaffLoginForm(allauth_forms.LoginForm):
    """Name and password of a staff account; anyone else's are answered as a wrong password is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name, password = self.fields["login"], self.fields["password"]
        name.label, password.label, password.help_text = "登录名", "密码", ""
        name.widget.attrs.update({"placeholder": "单位发给您的登录名", "autocapitalize": "off"})
        password.widget.attrs["placeholder"] = "区分大小写"
        password.max_length = 128
        password.validators.append(forms.fields.validators.MaxLengthValidator(128, "密码最长 128 个字符。"))
        name.error_messages["required"], password.error_messages["required"] = (
            "请填写登录名。",
            "请填写密码。",
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.user is not None and not (self.user.is_active and self.user.is_staff):
            raise get_adapter().validation_error("username_password_mismatch")
        return cleaned


class PasswordForm(allauth_forms.ChangePasswordForm):
    """A new password for the own staff account; the present one is asked for, and may not be taken again."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in (
            ("oldpassword", "当前密码"),
            ("password1", "新密码"),
            ("password2", "再填一遍新密码"),
        ):
            field = self.fields[name]
            field.label, field.help_text = label, ""
            field.widget.attrs.pop("placeholder", None)
            field.error_messages["required"] = f"请填写{label}。"
            field.validators.append(forms.fields.validators.MaxLengthValidator(128, "密码最长 128 个字符。"))
        self.fields[
            "password1"
        ].help_text = "至少 10 位，含大写字母、小写字母、数字、其他符号中的三类，不要用姓名或常见密码。"

    def clean(self) -> dict[str, Any]:
        # allauth's own clean adds the repetition's message in English; the rule is the same.
        cleaned = forms.Form.clean(self)
        new, again, old = (self.cleaned_data.get(name) for name in ("password1", "password2", "oldpassword"))
        if new and again and new != again:
            self.add_error("password2", "两遍新密码不一样。")
        if new and new == old:
            self.add_error("password1", "新密码不能与当前密码相同。")
        return cleaned


class ReauthenticateForm(allauth_forms.ReauthenticateForm):
    """The own password once more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["password"]
        field.label, field.help_text = "密码", ""
        field.widget.attrs.pop("placeholder", None)
        field.error_messages["required"] = "请填写密码。"


class _OneTimeCode:
    """The look of allauth's code fields; what counts as right stays allauth's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["code"]
        field.label, field.max_length = "动态验证码", 40
        field.widget.attrs.update(ONE_TIME)
        field.validators.append(forms.fields.validators.MaxLengthValidator(40, "动态验证码太长。"))
        field.error_messages["required"] = "请填写动态验证码。"


class SecondFactorForm(_OneTimeCode, factor_forms.AuthenticateForm):
    """The app's code, or a recovery code, at sign-in."""


class SecondFactorAgainForm(_OneTimeCode, factor_forms.ReauthenticateForm):
    """The app's code, or a recovery code, before something weighty."""


class SecondFactorSetUpForm(_OneTimeCode, totp_forms.ActivateTOTPForm):
    """The first code of an app that was just given its secret."""


def plain_text(value: str, label: str) -> str:
    """Return the text trimmed. Raises ValidationError for control and direction marks, which make text look other than
    it is; the joiner inside emoji stays."""
    if any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co") and sign != "\u200d" for sign in value):
        raise forms.ValidationError(f"{label}里有看不见的控制字符，请删去后重新填写。", code="control")
    return value.strip()


class ProfileForm(forms.ModelForm):
    """How the community may call the person, and where to find her."""

    class Meta:
        model = User
        fields = ["name", "address"]
        widgets = {
            "name": forms.TextInput(
                {"autocomplete": "name", "placeholder": "请填写真实姓名，方便工作人员联系"}
            ),
            "address": forms.TextInput({"autocomplete": "off", "placeholder": "例如 3 号楼 2 门 501"}),
        }
        help_texts = {
            "name": "只有为您办事的工作人员和接单的志愿者能看到。",
            "address": "平时打码显示，接单的志愿者在服务期间才能看到。",
        }

    def clean_name(self) -> str:
        return plain_text(self.cleaned_data["name"], "姓名")

    def clean_address(self) -> str:
        return plain_text(self.cleaned_data["address"], "门牌号")


class CloseForm(forms.Form):
    """A clear yes to closing the account."""

    sure = forms.BooleanField(
        label="我已了解，确认注销", error_messages={"required": "请先打开“我已了解，确认注销”。"}
    )


class ElevateForm(forms.Form):
    """Why superuser mode is needed."""

    reason = forms.CharField(
        label="开启理由",
        min_length=4,
        max_length=200,
        widget=forms.Textarea({"rows": 3, "placeholder": "例如：按工单 20261122-03 恢复误停用的角色"}),
        error_messages={
            "required": "请写明开启理由，理由会记入访问日志。",
            "min_length": "请写明开启理由（至少 4 个字），理由会记入访问日志。",
            "max_length": "理由最多 200 个字。",
        },
    )

    def clean_reason(self) -> str:
        return plain_text(self.cleaned_data["reason"].replace("\r\n", " ").replace("\n", " "), "理由")
