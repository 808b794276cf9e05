"""The records of what was done: investigation, sessions, visits afterwards."""

from governance.sheets import Sheet, day, moment
from mediation.models import Session, SessionMode
from mediation.papers.case import Case


def inquiry(sheet: Sheet, case: Case) -> None:
    """The investigation records, each on a page of its own (调查记录)."""
    for index, row in enumerate(case.inquiries):
        if index:
            sheet.begin()
        sheet.title("人民调解调查记录", case.number)
        sheet.said("时间", moment(row.at))
        sheet.said("地点", row.place)
        sheet.said("参加人（调查人）", row.by)
        sheet.said("被调查人", row.asked)
        sheet.said("与当事人的关系", row.relation or "无")
        sheet.heading("记录")
        sheet.text(row.record)
        sheet.signed("被调查人（签名、盖章或者按指印）", "调查人（签名）", "记录人（签名）")


def session(sheet: Sheet, case: Case) -> None:
    """The records of mediation, each on a page of its own (调解记录). Of a separate one there stands only that it was held."""
    for index, row in enumerate(case.sessions):
        if index:
            sheet.begin()
        sheet.title("人民调解记录", case.number)
        sheet.said("时间", f"{moment(row.starts_at)}至{moment(row.ends_at)}")
        sheet.said("地点", row.place)
        sheet.said("方式", row.get_mode_display())
        sheet.said(
            "当事人",
            "、".join(f"{party.name}（{party.get_side_display()}）" for party in row.present.all()),
        )
        if row.others:
            sheet.said("其他参加人", row.others)
        sheet.said("人民调解员", case.mediators)
        sheet.heading("人民调解委员会已将人民调解的相关规定告知各方当事人。调解情况如下")
        sheet.text(_words(row))
        if row.mode == SessionMode.JOINT:
            sheet.signed(
                *(f"当事人（签名、盖章或者按指印）{party.name}" for party in row.present.all()),
                "人民调解员（签名）",
                "记录人（签名）",
            )
        else:
            sheet.signed("人民调解员（签名）")


def _words(row: Session) -> str:
    if row.mode == SessionMode.JOINT:
        return row.record
    return "本次为分别谈话（背对背），谈话内容依保密要求由调解员本人保存，不入卷。"


def follow_up(sheet: Sheet, case: Case) -> None:
    """The visits after the agreement, each on a page of its own (回访记录)."""
    for index, row in enumerate(case.visits):
        if index:
            sheet.begin()
        sheet.title("人民调解回访记录", case.number)
        sheet.said("回访时间", moment(row.at))
        sheet.said("被回访人", f"{row.visited.name}（{row.visited.get_side_display()}）")
        sheet.said("调解协议编号", case.number)
        sheet.said("回访事由", "了解协议履行情况和当事人意见")
        sheet.said("履行情况", row.get_performance_display())
        sheet.said("当事人是否满意", "满意" if row.is_satisfied else "不满意")
        sheet.said("有无错调、激化或者其他隐患", f"有。采取的措施：{row.measures}" if row.has_risk else "无")
        sheet.heading("回访情况")
        sheet.text(row.words)
        sheet.signed("被回访人（签名）", "回访人（签名）")
        sheet.text(f"回访人：{row.by}　　{day(row.at)}", indent=False)
