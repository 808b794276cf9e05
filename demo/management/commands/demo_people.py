"""``manage.py demo_people``: print the table of people to try the demo with."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from demo.people import FICTIONAL, PEOPLE, as_markdown, as_text


class Command(BaseCommand):
    help = "列出演示人物：怎样登录，能看到什么。"
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--markdown", action="store_true", help="写成 README 里的表格")

    def handle(self, *args: Any, markdown: bool, **options: Any) -> None:
        self.stdout.write(as_markdown(PEOPLE) if markdown else as_text(PEOPLE))
        self.stdout.write(f"\n{FICTIONAL}验证码和动态码会显示在页面上。")
