"""Loads the catalogue of incident classes and the list of whistle situations: the shipped defaults, or a district's own tables."""

import csv
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from incidents.services import catalogue
from incidents.services import situations as _situations


class Command(BaseCommand):
    help = (
        "Load the classes of incidents and the situations of whistles; without files, the labelled defaults."
    )

    def add_arguments(self, parser) -> None:
        parser.add_argument("--classes", type=Path, help="a CSV file of classes (UTF-8)")
        parser.add_argument("--situations", type=Path, help="a CSV file of situations (UTF-8)")

    @transaction.atomic
    def handle(self, *args, classes: Path | None, situations: Path | None, **options) -> None:
        """Load both tables, or nothing when either has a mistake."""
        for label, path, room, load in (
            ("事件小类", classes, catalogue, catalogue.load_catalogue),
            ("吹哨情形", situations, _situations, _situations.load_situations),
        ):
            rows = self.read(path) if path else room.read_default()
            try:
                kept, gone = load(rows)
            except catalogue.CatalogueError as error:
                raise CommandError(f"{path or '默认表'}：\n" + "\n".join(error.reasons)) from error
            print(f"{label}：启用 {kept}，停用 {gone}" + ("" if path else "（随平台提供的默认表）"))

    @staticmethod
    def read(path: Path) -> list[dict[str, str]]:
        """Return the rows of a CSV file; raises CommandError where it cannot be read."""
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                return list(csv.DictReader(file))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise CommandError(f"读不了 {path}：{error}") from error
