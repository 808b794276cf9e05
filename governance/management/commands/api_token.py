"""manage.py api_token USER --label NAME --days N: makes a key for another system and prints it once."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from governance.accounts.tokens import issue_for_system
from governance.models import User


class Command(BaseCommand):
    help = "Make a token with which another system acts as USER in the API; it is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="login name of the account that the system acts as")
        parser.add_argument("--label", required=True, help="which system it is for")
        parser.add_argument(
            "--days", type=int, default=90, help="how many days it lasts (1 to 366, 90 unless told)"
        )

    def handle(self, *args: Any, user: str, label: str, days: int, **options: Any) -> None:
        account = User.objects.filter(username=user).first()
        if account is None:
            raise CommandError(f"没有登录名为“{user}”的账号。")
        try:
            token, row = issue_for_system(account, label, days)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stderr.write(
            f"{label}：以 {account} 的身份，有效期至 {row.expires_at:%Y-%m-%d}。令牌只显示这一次："
        )
        self.stdout.write(token)
