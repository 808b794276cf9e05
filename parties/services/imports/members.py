"""Loading members."""

from typing import Any

from django.utils import timezone

from governance import masks
from governance.importers import Column, Importer, refuse, register
from governance.models import User
from governance.models.people import PHONE
from governance.tables import Cell, Limits, phone_of
from parties.models import WITH_MEMBERS, Member, MemberImport, MemberRow, Organisation, PartyOrgType
from parties.services.imports.reading import PartyReader
from parties.services.members import check_member, keep_member

COLUMNS = (
    Column("name", "姓名", "必填。", ("党员姓名",), True),
    Column("organisation", "党组织", "必填。所在党支部（党总支、党委）的全称。", ("所在党支部", "所属党支部", "党支部", "党组织名称"), True),
    Column("group", "党小组", "党小组的名称，没有就不填。", ("所在党小组",)),
    Column("phone", "手机号", "11 位手机号码，没有就不填。", ("联系电话", "手机", "电话")),
    Column("stage", "党员类别", "正式党员或预备党员；不填就是正式党员。", ("人员类别", "类别")),
    Column("joined_on", "入党日期", "例如 1995-07-01，只知道年月的写 1995.07。", ("入党时间", "加入党组织日期")),
    Column("full_on", "转正日期", "例如 1996-07-01。", ("转正时间", "转为正式党员日期")),
    Column("mobility", "流动情况", "在本地、流出或流入；不填就是在本地。", ("是否流动",)),
    Column("employer", "工作单位", "在职党员填写。", ("工作单位及职务", "单位")),
    Column("since", "转入日期", "转到这个党组织的日期；不填就是今天。", ("转入时间", "进入支部日期")),
)  # fmt: skip


ON_ANOTHER_ROLL = next(
    each for each in Member._meta.constraints if each.name == "member_once"
).violation_error_message


class Reader(PartyReader):
    def __init__(self, headings: list[str], mapping: Any, by: User) -> None:
        super().__init__(COLUMNS, headings, mapping, by, "parties.add_member")

    def number(self, cells: list[Cell]) -> str:
        return masks.name(self.text(cells, "name"))

    def key(self, cells: list[Cell]) -> str:
        return "/".join(
            (self.text(cells, "name"), self.text(cells, "organisation"), phone_of(self.cell(cells, "phone")))
        )

    def read(self, line: int, cells: list[Cell]) -> dict[str, Any]:
        wrong, name = self.formulas(cells), self.short(cells, "name", [], 40)
        if not name:
            wrong.append("没有填写姓名。")
        if len(self.text(cells, "name")) > 40:
            wrong.append("姓名太长，不超过 40 个字。")
        organisation = self.organisation(cells, "organisation", wrong, WITH_MEMBERS)
        if not self.text(cells, "organisation"):
            wrong.append("没有填写党组织。")
        group = None
        if called := self.text(cells, "group"):
            inside = [
                each[0] for each in self.organisations.get(called, ())
                if each[1] == PartyOrgType.GROUP and each[2] == organisation
            ]  # fmt: skip
            group = inside[0] if inside else None
            if organisation is not None and group is None:
                wrong.append(f"这个党支部下面没有叫“{called}”的党小组。")
        phone = phone_of(self.cell(cells, "phone"))
        if phone and not PHONE.regex.match(phone):
            wrong.append("手机号不是 11 位手机号码，请改正或不填。")
        today = timezone.localdate()
        row = {
            "name": name, "organisation": organisation, "group": group, "phone": phone,
            "stage": self.choice(cells, "stage", wrong, Member.Stage.choices, Member.Stage.FULL),
            "joined_on": self.day(cells, "joined_on", wrong),
            "full_on": self.day(cells, "full_on", wrong),
            "mobility": self.choice(cells, "mobility", wrong, Member.Mobility.choices),
            "employer": self.short(cells, "employer", wrong, 80),
            "since": self.day(cells, "since", wrong) or today,
        }  # fmt: skip
        if not wrong:
            wrong += self.cannot_be(row)
        key = self.key(cells)
        if key in self.seen:
            wrong.append(f"和第 {self.seen[key]} 行重复。")
        refuse(wrong)
        self.seen[key] = line
        return row

    def cannot_be(self, row: dict[str, Any]) -> list[str]:
        """Return what the roll's own check says of a row, without asking the database."""
        member = as_member(row, kind=PartyOrgType.BRANCH)
        try:
            check_member(member)
        except Exception as refusal:  # a ValidationError of one field
            return list(refusal.messages)
        return []

    def pass_by(self, line: int, cells: list[Cell]) -> None:
        self.seen.setdefault(self.key(cells), line)


def as_member(row: dict[str, Any], *, kind: int | None = None) -> Member:
    """Return a row as a member, not saved; with ``kind``, its organisation is only thought of."""
    fields = {name: value for name, value in row.items() if name not in ("organisation", "group")}
    if kind is not None:
        return Member(organisation=Organisation(pk=row["organisation"], kind=kind), **fields)
    return Member(
        organisation=Organisation.objects.select_related("grid").get(pk=row["organisation"]),
        group=Organisation.objects.get(pk=row["group"]) if row["group"] else None,
        **fields,
    )


class MemberImporter(Importer):
    batch, permission, columns, noun = MemberImport, "parties.add_member", COLUMNS, "党员"
    limits = Limits(50_000, 16)
    example = {
        "name": "（示例）王某", "organisation": "和苑家园社区第1网格党支部", "group": "3号楼1门党小组", "phone": "", "stage": "正式党员",
        "joined_on": "1995-07-01", "full_on": "1996-07-01", "mobility": "在本地", "employer": "", "since": "2021-06-18",
    }  # fmt: skip

    def reader(self, headings: list[str], mapping: Any, by: User) -> Reader:
        return Reader(headings, mapping, by)

    def known(self, batch: MemberImport, rows: list[dict[str, Any]]) -> int:
        there = set(
            Member.objects.on_roll()
            .filter(name__in={row["name"] for row in rows}, organisation__in={row["organisation"] for row in rows})
            .values_list("name", "organisation", "phone")
        )  # fmt: skip
        return sum((row["name"], row["organisation"], row["phone"]) in there for row in rows)

    def clashes(self, batch: MemberImport, rows: list[dict[str, Any]]) -> dict[int, str]:
        """A member is on one roll at a time."""
        phones = {row["phone"] for row in rows} - {""}
        there = {
            (name, phone): organisation
            for name, phone, organisation in Member.objects.on_roll()
            .filter(phone__in=phones)
            .values_list("name", "phone", "organisation")
        }
        return {
            at: ON_ANOTHER_ROLL
            for at, row in enumerate(rows)
            if there.get((row["name"], row["phone"]), row["organisation"]) != row["organisation"]
        }

    def take(self, batch: MemberImport, row: dict[str, Any]) -> tuple[str, Member]:
        there = Member.objects.on_roll().filter(
            name=row["name"], organisation=row["organisation"], phone=row["phone"]
        )
        if (known := there.first()) is not None:
            return MemberRow.Outcome.REPEATED, known
        return MemberRow.Outcome.NEW, keep_member(as_member(row), by=batch.by)


MEMBERS = register(MemberImporter())
