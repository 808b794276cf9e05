"""What leaves the rhythm of the work as a Word document: a review's record, a month's bulletin."""

from typing import Any

from governance.sheets import RIGHT, Sheet, day, moment
from mediation.models import Bulletin, Review
from mediation.reports.rhythm import labels


def review_paper(review: Review, said: list[tuple[str, str]]) -> bytes:
    """Return the record of a review (研判记录). ``said``: of each file that was talked over, its number and what was said."""
    sheet = Sheet()
    sheet.begin()
    sheet.title(f"{review.centre}{review.get_rhythm_display()}记录", str(review.period))
    sheet.said("主持人", review.held_by)
    sheet.said("参加人员", review.attendees)
    sheet.said("记录时间", moment(review.held_at))
    sheet.heading("一、数字")
    _compared(sheet, review.figures)
    sheet.heading("二、研判意见和安排")
    sheet.text(review.points)
    if said:
        sheet.heading("三、研判的纠纷")
        sheet.table([("卷号或编号", "研判意见"), *said], (3, 7))
    return sheet.to_bytes(str(review), review.held_at)


def bulletin_paper(bulletin: Bulletin) -> bytes:
    """Return the bulletin (月通报) with the numbers as they were when it was issued."""
    sheet = Sheet()
    sheet.begin()
    sheet.title(
        f"{bulletin.month.year}年{bulletin.month.month}月矛盾纠纷化解情况通报",
        f"{bulletin.centre.short_name}（{bulletin.month.year}）第 {bulletin.number} 期",
    )
    if bulletin.withdrawn_at:
        sheet.text(f"本期已于 {day(bulletin.withdrawn_at)}撤回：{bulletin.withdrawn_reason}")
    sheet.heading("一、基本情况")
    sheet.text(bulletin.situation)
    _compared(sheet, bulletin.figures)
    heads = [words for _, words in labels()]
    widths = (4, *(3 for _ in heads))
    for heading, first, key in (
        ("二、分类别情况", "类别", "categories"),
        ("三、分地区情况", "地区", "places"),
    ):
        sheet.heading(heading)
        rows = [(name, *(values[each] for each, _ in labels())) for name, values in bulletin.figures[key]]
        sheet.table(
            [(first, *heads), *rows] if rows else [(first, *heads), ("没有", *("" for _ in heads))], widths
        )
    sheet.heading("四、下一步要求")
    sheet.text(bulletin.demands)
    sheet.gap()
    sheet.text(bulletin.centre.name, align=RIGHT, indent=False)
    sheet.text(day(bulletin.issued_at), align=RIGHT, indent=False)
    return sheet.to_bytes(str(bulletin), bulletin.issued_at)


def _compared(sheet: Sheet, figures: dict[str, Any]) -> None:
    total, before = figures["total"], figures["before"]
    sheet.table(
        [
            ("", *(words for _, words in labels())),
            *(
                (name, *(values[key] for key, _ in labels()))
                for name, values in (("本期", total), ("上期", before))
            ),
        ],
        (2, *(3 for _ in labels())),
    )
