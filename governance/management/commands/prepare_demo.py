"""manage.py prepare_demo: everything between an empty database and a demo that can be served, in one process.

bin/demo calls it at every start, so what is done already must cost next to nothing.
"""

from argparse import ArgumentParser
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management import CommandError, call_command, get_commands
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


class Command(BaseCommand):
    help = "Migrate, collect the static files and load the demo district where they are missing (demo mode only)."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--fresh", action="store_true", help="empty the database first")

    def handle(self, *args: Any, fresh: bool, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is for the demo (PORTAL_DEMO=1) only.")
        if fresh:
            self._say("Emptying the database…  正在清空数据库…")
            with connection.cursor() as cursor:
                cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self._say("Bringing the database up to date…  正在更新数据库结构…")
            call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        if "load_demo" in get_commands() and not apps.get_model("grids", "Grid")._base_manager.exists():
            self._say("Loading the demo district (a minute or two)…  正在载入演示区（约一两分钟）…")
            call_command("load_demo")

    def _say(self, text: str) -> None:
        self.stdout.write(f"• {text}")
        self.stdout.flush()
