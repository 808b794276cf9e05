"""`manage.py load_divisions FILE.csv [--outline FILE [--system gcj02]] [--dry-run]`: bring the territory up to a division file."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from grids.boundary_files import OutlineFileError, read_outlines
from grids.coordinates import System
from grids.divisions import DivisionFileError, read_divisions
from grids.services import load_divisions, load_outlines

#: A report longer than this many lines of one kind is cut, with the number of the rest.
SHOWN = 50


class Command(BaseCommand):
    help = "导入区划文件（CSV，列为 code,name,level）；可同时导入边界（GeoJSON 或带 WKT 的 CSV）。有误则整份拒绝。"

    def add_arguments(self, parser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv", help="区划文件，UTF-8 编码的 CSV")
        parser.add_argument(
            "--outline",
            type=Path,
            metavar="FILE",
            help="边界文件：GeoJSON（要素属性 code 为网格编码），或者有“编码”和“WKT”两列的 CSV",
        )
        parser.add_argument(
            "--system",
            choices=System.values,
            default=System.WGS84,
            help="边界文件的坐标系："
            + "，".join(f"{value} 是 {label}" for value, label in System.choices)
            + "。不写是 WGS 84。",
        )
        parser.add_argument("--dry-run", action="store_true", help="只报告，不写入")

    def handle(self, *args, file: Path, outline: Path | None, system: str, dry_run: bool, **options) -> None:
        try:
            rows = read_divisions(self._content(file))
            outlines = read_outlines(self._content(outline), system) if outline else None
            with transaction.atomic():
                report = load_divisions(rows)
                drawn = load_outlines(outlines) if outlines else 0
                transaction.set_rollback(dry_run)
        except DivisionFileError as refused:
            raise CommandError(
                self._refusal(file, [f"第 {line} 行：{reason}" for line, reason in refused.errors])
            ) from None
        except OutlineFileError as refused:
            raise CommandError(self._refusal(outline, refused.reasons)) from None
        self._list("新增", [f"{row.code} {row.name}" for row in report.new])
        self._list("更名", [f"{code} {old} → {new}" for code, old, new in report.renamed])
        self._list("文件中没有（保留未动）", [f"{code} {name}" for code, name in report.missing])
        done = "试运行，未写入" if dry_run else "已导入"
        self.stdout.write(
            f"{done}：不变 {report.unchanged}，新增 {len(report.new)}，更名 {len(report.renamed)}，"
            f"文件中没有 {len(report.missing)}" + (f"，边界 {drawn}" if outline else "") + "。"
        )

    def _content(self, file: Path) -> bytes:
        try:
            return file.read_bytes()
        except OSError:
            raise CommandError(f"无法读取文件 {file}，请检查路径和权限。") from None

    def _refusal(self, file: Path, reasons: list[str]) -> str:
        lines = [f"{file} 有 {len(reasons)} 处错误，整份未导入：", *reasons[:SHOWN]]
        if len(reasons) > SHOWN:
            lines.append(f"……另有 {len(reasons) - SHOWN} 处。")
        return "\n".join(lines)

    def _list(self, word: str, lines: list[str]) -> None:
        if not lines:
            return
        self.stdout.write(f"{word} {len(lines)}：")
        for line in lines[:SHOWN]:
            self.stdout.write(f"  {line}")
        if len(lines) > SHOWN:
            self.stdout.write(f"  ……另有 {len(lines) - SHOWN} 个。")
