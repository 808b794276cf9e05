"""``manage.py load_demo``: fill an empty database with the demo district."""

import logging
import time
from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from demo.district import Made, build
from grids.models import Grid


class Command(BaseCommand):
    help = "载入演示区：真实区划、虚构的网格、人物和数百个订单。只在演示模式（PORTAL_DEMO=1）下、对空库使用。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=1, help="同一个种子得到同样的演示区")
        parser.add_argument("--small", action="store_true", help="只装一个街道的人物和几十个订单，供测试用")
        parser.add_argument(
            "--at", metavar="2026-11-22T10:00", help="演示区的“现在”，默认是此刻；数据都在此之前几个月内"
        )

    def handle(self, *args: Any, seed: int, small: bool, at: str | None, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("演示数据只能在演示模式（PORTAL_DEMO=1）下载入。")
        if Grid.objects.exists():
            raise CommandError("数据库里已有网格，不再载入。要重新开始，请用 bin/demo --fresh。")
        began = time.monotonic()
        # Thousands of registrations would otherwise scroll past as log lines.
        logging.disable(logging.INFO)
        try:
            made = build(seed=seed, now=self._moment(at), small=small, say=self._say)
        finally:
            logging.disable(logging.NOTSET)
        self._report(made, time.monotonic() - began)

    def _moment(self, at: str | None) -> datetime:
        if at is None:
            return timezone.now()
        try:
            moment = parse_datetime(at)
        except ValueError:  # well written, but no such day or hour
            moment = None
        if moment is None:
            raise CommandError("--at 要写成 2026-11-22T10:00 这样的时间。")
        return timezone.make_aware(moment) if timezone.is_naive(moment) else moment

    def _say(self, text: str) -> None:
        self.stdout.write(f"  {text}")
        self.stdout.flush()

    def _report(self, made: Made, seconds: float) -> None:
        for label, count in made.counts.items():
            self.stdout.write(f"  {label}：{count}")
        if made.cut_short:
            self.stdout.write(f"  有 {len(made.cut_short)} 件事被规则中止，例如：{made.cut_short[0]}")
        for fault in made.faults:
            self.stderr.write(f"  ! {fault}")
        self.stdout.write(f"  用时 {seconds:.0f} 秒。")
        if made.faults:
            raise CommandError("演示数据没有通过检查，原因见上。")
