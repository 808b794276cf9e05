"""The report of an ended sweep as a Word document, from what was frozen when it ended."""

from governance.sheets import RIGHT, Sheet, day, moment
from grids.models import Sweep


def report_paper(sweep: Sweep, note: str) -> bytes:
    """Return the report. ``note``: what was said when it ended."""
    report, sheet = sweep.report, Sheet()
    total, unit = report["total"], sweep.measure
    sheet.begin()
    sheet.title(sweep.report_title, sweep.number)
    sheet.heading("一、基本情况")
    sheet.said("类别", sweep.get_kind_display())
    sheet.said("范围", sweep.selection_words())
    sheet.said("时间", f"{moment(sweep.started_at)}至{moment(sweep.closed_at)}")
    sheet.said("时限", moment(sweep.deadline))
    sheet.text(
        f"应查{total['total']}{unit}，查到{total['done']}{unit}，不用查{total['exempt']}{unit}，没人在{total['absent']}{unit}，"
        f"没查{total['left']}{unit}，完成{total['percent']}%；发现有问题的{total['findings']}{unit}"
        + (f"，其中已转办{report['handed_on']}{unit}。" if report.get("handed_on") else "。")
        + (f"超过时限才查的{report['late']}{unit}。" if report["late"] else "")
    )
    sheet.heading("二、各网格情况")
    sheet.table(
        [
            ("网格", "应查", "查到", "不用查", "没人在", "没查", "有问题", "完成"),
            *(
                (
                    place["name"] if len(place["code"]) < 15 else f"　{place['name']}",
                    *(place[key] for key in ("total", "done", "exempt", "absent", "left", "findings")),
                    f"{place['percent']}%",
                )
                for place in report["places"]
            ),
        ],
        (5, 2, 2, 2, 2, 2, 2, 2),
    )
    sheet.heading("三、各题情况")
    sheet.table(
        [("题目", "回答"), *((each["label"], answers_in_words(each)) for each in report["questions"])], (4, 6)
    )
    sheet.heading("四、没有查到的和后续安排")
    sheet.text(note or "全部查到。")
    sheet.gap()
    sheet.text(str(sweep.grid), align=RIGHT, indent=False)
    sheet.text(day(sweep.closed_at), align=RIGHT, indent=False)
    return sheet.to_bytes(sweep.report_title, sweep.closed_at)


def answers_in_words(tally: dict) -> str:
    """Return what was answered to one question, in a line."""
    if tally["kind"] in ("yes_no", "choice"):
        return "，".join(
            f"{each['answer']} {each['count']}{'（有问题）' if each['finding'] else ''}"
            for each in tally["answers"]
        )
    if tally["kind"] == "number" and tally["answered"]:
        return (
            f"{tally['answered']} 个回答，合计 {tally['sum']}{tally['unit']}，"
            f"最少 {tally['least']}{tally['unit']}，最多 {tally['most']}{tally['unit']}"
        )
    return f"{tally['answered']} 个回答"
