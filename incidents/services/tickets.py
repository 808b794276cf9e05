"""A row of a hotline's table as a report: which column means what, and what is wrong with a row, in words. Reads only what it
looks names up in; writing is imports.py's."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from governance.importers import BadRow, Column, RowReader, reach_of
from governance.models import User
from governance.models.people import PHONE
from governance.tables import Cell, Formula, moment_of, phone_of, plain, said
from grids.models import Entrance, Grid
from incidents.likeness import suggest_classes
from incidents.models import MinorClass
from incidents.services.places import Places, Unknown
from incidents.services.reporting import OLDEST_TICKET

ELSEWHERE = "这个地方不在您的管辖范围内，请交给管这里的街道或区级坐席导入。"
FIELDS = (
    Column(
        "ticket", "工单编号", "必填。热线系统里的编号，同一编号只登记一次；这一列请设为文本，长数字才不会变样。",
        ("工单号", "工单编码", "工单流水号", "受理编号", "受理单号", "诉求编号", "交办编号", "事项编号", "任务编号", "编号"), True,
    ),
    Column(
        "minor", "小类", "必填。填事件目录里的小类名称或编号，例如：暴露垃圾、0101。",
        ("事件小类", "小类编号", "小类名称", "诉求类别", "诉求分类", "诉求类型", "事项类别", "事项分类", "问题类别", "问题分类",
         "问题类型", "工单类别", "工单分类", "三级分类", "四级分类", "类别", "分类"), True,
    ),
    Column(
        "community", "社区", "填 12 位社区编码或社区全称；也可填 15 位网格编码。地址里写明了社区、小区的可以不填。",
        ("社区编码", "社区名称", "所属社区", "所在社区", "承办社区", "属地社区", "属地", "网格", "网格编码", "所属网格", "村居"),
    ),
    Column(
        "address", "地址", "发生的地方，例如：和苑里3号楼1门。认得出楼栋、楼门的会自动落到网格。",
        ("发生地址", "事发地址", "诉求地址", "问题地址", "详细地址", "发生地点", "事发地点", "问题地点", "地点", "具体位置"),
    ),
    Column(
        "description", "诉求内容", "必填。什么情况，不超过 2000 字。不要写身份证号。",
        ("工单内容", "问题描述", "事件描述", "诉求描述", "事项内容", "问题内容", "主要内容", "反映内容", "内容", "描述", "情况"), True,
    ),
    Column("name", "来电人", "可不填。不超过 40 字。",
          ("来电人姓名", "诉求人", "诉求人姓名", "反映人", "反映人姓名", "市民姓名", "联系人", "报告人", "姓名")),
    Column(
        "phone", "来电号码", "可不填。11 位手机号；固定电话请留空。",
        ("来电电话", "联系电话", "联系方式", "诉求人电话", "反映人电话", "报告人电话", "手机号码", "手机号", "手机", "电话", "主叫号码"),
    ),
    Column(
        "happened", "来电时间", f"可不填。日期或日期和时间，最近 {OLDEST_TICKET.days} 天以内，例如：2026-11-22 14:05。",
        ("诉求时间", "受理时间", "来件时间", "登记时间", "创建时间", "发生时间", "发现时间", "反映时间", "时间"),
    ),
    Column("urgent", "危及安全", "可不填。填“是”或“否”；“紧急”“特急”也当作是。",
          ("是否紧急", "紧急程度", "紧急", "加急", "是否危及安全")),
)  # fmt: skip
_URGENT = {"是", "1", "y", "yes", "true", "紧急", "特急", "加急", "危急", "重大"}
_CALM = {"", "否", "0", "n", "no", "false", "一般", "普通", "不紧急", "平急", "常规"}


@dataclass(frozen=True)
class Ticket:
    """A row that can be reported: ``data`` is what ``report_incident`` takes, with keys in the place of grid and door."""

    number: str
    data: dict[str, Any]
    grid_code: str
    entrance_id: int | None

    def report_data(self) -> dict[str, Any]:
        """Return what ``report_incident`` takes."""
        return {
            **self.data,
            "grid": Grid.objects.defer("boundary").get(pk=self.grid_code),
            "entrance": Entrance.objects.get(pk=self.entrance_id) if self.entrance_id else None,
        }


class Reader(RowReader):
    """Reads a hotline's rows as tickets."""

    def __init__(self, headings: list[str], mapping: Mapping[str, str], by: User) -> None:
        super().__init__(FIELDS, headings, mapping)
        self.places = Places()
        self.minors = list(MinorClass.objects.filter(is_active=True).select_related("major"))
        self._classes: dict[str, MinorClass] = {}
        for minor in self.minors:
            self._classes |= {minor.code: minor, plain(minor.name): minor}
        self._reach = reach_of(by, "incidents.report_incident")

    def number(self, cells: list[Cell]) -> str:
        return self.text(cells, "ticket")

    def read(self, line: int, cells: list[Cell]) -> Ticket:
        """Return a row as a ticket. Raises BadRow."""
        wrong = self.formulas(cells)
        given = {each.key: self.cell(cells, each.key) for each in FIELDS}
        number = self._number(given["ticket"], line, wrong)
        minor = self._minor(said(given["minor"]), said(given["description"]), wrong)
        code, door = self._place(said(given["community"]), said(given["address"]), wrong)
        words = said(given["description"])
        if not words:
            wrong.append("没有填写诉求内容。")
        elif len(words) > 2000:
            wrong.append(f"诉求内容有 {len(words)} 字，请缩短到 2000 字以内。")
        name = said(given["name"])
        if len(name) > 40:
            wrong.append("来电人超过 40 字，请只填姓名。")
        data = {
            "minor_class": minor,
            "description": words,
            "spot": said(given["address"])[:100],
            "applicant_name": name,
            "applicant_phone": self._phone(given["phone"], wrong),
            "captured_at": self._moment(given["happened"], wrong),
            "is_urgent": self._urgent(said(given["urgent"]), wrong),
        }
        if wrong:
            raise BadRow(wrong)
        self.seen[number] = line
        return Ticket(number, data, code, door)

    # --- one column each ----------------------------------------------------------------------------------------------
    def _number(self, cell: Cell, line: int, wrong: list[str]) -> str:
        number = said(cell)
        if isinstance(cell, float) and abs(cell) >= 1e15 or re.fullmatch(r"[0-9.]+[eE]\+[0-9]+", number):
            wrong.append("工单编号变成了数字，后几位已经丢失。请把这一列设为文本，从热线系统重新导出。")
        elif not number:
            if not isinstance(cell, Formula):
                wrong.append("没有填写工单编号。")
        elif len(number) > 100:
            wrong.append("工单编号超过 100 字。")
        elif number in self.seen and self.seen[number] != line:
            wrong.append(f"工单编号和第 {self.seen[number]} 行相同，同一编号只登记一次。")
        return number

    def _minor(self, text: str, description: str, wrong: list[str]) -> MinorClass | None:
        found = self._classes.get(plain(text)) or self._classes.get(text.zfill(4))
        if found is None and re.search(r"[-/>—－]", text):
            # “市容环境-暴露垃圾”: the last part is the class.
            found = self._classes.get(plain(re.split(r"[-/>—－]+", text)[-1]))
        if found is not None:
            return found
        near = suggest_classes(f"{text} {description}", self.minors, most=1)
        hint = f"，看内容像“{near[0].name}”" if near else "，可下载事件目录对照"
        wrong.append(f"事件目录里没有小类“{text[:20]}”{hint}。" if text else f"没有填写小类{hint}。")
        return None

    def _place(self, community: str, address: str, wrong: list[str]) -> tuple[str, int | None]:
        try:
            code = self.places.grid(community) if community else ""
            if len(code) == 6:
                raise Unknown("只写到区，请填到街道、社区或网格。")
            door = None
            if address and len(code) < 15:
                try:
                    code, door = self.places.address(address, code)
                except Unknown:
                    if not code:
                        raise
            if not code:
                raise Unknown("社区和地址至少要填一样。")
        except Unknown as unknown:
            wrong.append(f"“{community[:20]}”：{unknown}" if community else str(unknown))
            return "", None
        if not any(code.startswith(reach) for reach in self._reach):
            wrong.append(ELSEWHERE)
        return code, door

    def _phone(self, cell: Cell, wrong: list[str]) -> str:
        text = phone_of(cell)
        if text:
            try:
                PHONE(text)
            except ValidationError:
                wrong.append("来电号码不是 11 位手机号，请改正；固定电话请留空。")
                return ""
        return text

    def _moment(self, cell: Cell, wrong: list[str]) -> datetime | None:
        try:
            moment = moment_of(cell)
        except (ValueError, OverflowError, TypeError):
            wrong.append("来电时间认不出，请写成 2026-11-22 14:05 这样。")
            return None
        if moment is None:
            return None
        now = timezone.now()
        if not now - OLDEST_TICKET <= moment <= now + timedelta(minutes=10):
            wrong.append(f"来电时间应在最近 {OLDEST_TICKET.days} 天以内，不能晚于现在；更早的请留空。")
            return None
        return moment

    def _urgent(self, text: str, wrong: list[str]) -> bool:
        word = text.lower()
        if word not in _URGENT | _CALM:
            wrong.append("“危及安全”请填是或否。")
        return word in _URGENT
