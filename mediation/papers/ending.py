"""The papers with which a file ends: the joint application to the court, the notice of termination, the closing report."""

from governance.sheets import Sheet, day
from mediation.models import DisputeStatus, Outcome
from mediation.models.disputes import AGREEMENTS, GUIDES
from mediation.papers.case import Case, about, money

#: What the parties are told of each reason why mediation ended.
WHY = {
    Outcome.REFUSED: "当事人明确表示不愿意调解",
    Outcome.WITHDRAWN: "申请人撤回调解申请",
    Outcome.FAILED: "经调解，当事人未能达成协议",
    Outcome.OVERDUE: "在调解期限内，当事人未能达成协议",
    Outcome.UNSUITABLE: "本纠纷不宜继续通过人民调解方式处理",
    Outcome.ARBITRATION: "本纠纷宜通过仲裁解决",
    Outcome.REVIEW: "本纠纷宜通过行政复议、行政裁决解决",
    Outcome.COURT: "本纠纷宜通过诉讼解决",
}
WAYS = (
    "有仲裁协议，或者法律规定可以仲裁的（如劳动争议、农村土地承包纠纷），向仲裁机构申请仲裁；",
    "依法可以由行政机关处理的，向有管辖权的行政机关申请裁决、复议或者处理；",
    "向有管辖权的人民法院提起诉讼。",
)


def judicial(sheet: Sheet, case: Case) -> None:
    """The parties' joint application to the court (司法确认申请书; article 33)."""
    row, asked = case.agreement, case.judicial
    sheet.title("司法确认申请书", case.number)
    for party in case.parties:
        sheet.text(f"申请人：{about(party, phone=True)}。")
    sheet.heading("请求事项")
    sheet.text(f"依法确认{case.number}{row.get_form_display()}调解协议有效。")
    sheet.heading("事实和理由")
    sheet.text(
        f"申请人因{case.dispute.get_category_display()}纠纷，经{case.body}主持调解，于{day(row.effective_at)}自愿达成调解协议，内容如下："
    )
    for term in case.terms:
        amount = f"，金额 {money(term.amount)}" if term.amount is not None else ""
        sheet.text(
            f"{term.order}．{term.content}{amount}；履行方式：{term.way}；履行地点：{term.place}；履行期限：{day(term.due_on)}前。"
        )
    sheet.text("现自协议生效之日起三十日内，共同向人民法院申请司法确认。申请人共同承诺：")
    sheet.text("（一）出于解决纠纷的目的自愿达成协议，没有恶意串通、规避法律的行为；")
    sheet.text(
        "（二）协议不涉及确认婚姻、收养、亲子等身份关系，不涉及物权、知识产权确权，不损害国家、集体和他人的利益；"
    )
    sheet.text("（三）如因协议内容给他人造成损害，愿意承担相应的民事责任和其他法律责任。")
    sheet.text("此致")
    sheet.text(asked.court if asked else "＿＿＿＿＿＿＿＿人民法院", indent=False)
    sheet.signed(*(f"申请人（签名、盖章或者按指印）{party.name}" for party in case.parties))
    sheet.text(f"申请日期：{day(asked.asked_on if asked else None)}", indent=False)
    sheet.text("附：调解协议、调解组织主持调解的证明、身份证明、与协议有关的财产权利证明。", indent=False)


def termination(sheet: Sheet, case: Case) -> None:
    """That mediation has ended, and which ways are open (终止调解通知书; article 26)."""
    dispute = case.dispute
    sheet.title("终止人民调解通知书", case.number)
    sheet.text("、".join(case.called(party) for party in case.parties) + "：", indent=False)
    sheet.text(
        f"你们之间的{dispute.get_category_display()}纠纷，{WHY[dispute.outcome]}。根据《中华人民共和国人民调解法》第二十六条，"
        f"{case.body}自{day(dispute.ended_at)}起终止调解。"
    )
    sheet.text("当事人可以依法通过下列途径维护自己的权利：")
    for number, words in enumerate(WAYS, 1):
        sheet.text(f"{number}．{words}")
    if dispute.outcome in GUIDES:
        sheet.text(f"建议：{dispute.get_outcome_display()}。")
    sheet.text("请注意仲裁时效、诉讼时效等法定期限。当事人又都愿意调解的，可以重新申请。")
    sheet.sealed(case.body, dispute.ended_at)
    sheet.signed(*(f"{party.get_side_display()}（签收）{case.called(party)}" for party in case.parties))


def closing(sheet: Sheet, case: Case) -> None:
    """The closing report (结案报告)."""
    dispute = case.dispute
    joint = sum(session.mode == "joint" for session in case.sessions)
    sheet.title("人民调解结案报告", case.number)
    rows = [
        ("卷号", case.number, "纠纷类型", dispute.get_category_display()),
        ("案件来源", dispute.get_origin_display(), "纠纷等级", dispute.get_grade_display()),
        ("受理日期", day(dispute.accepted_at) if dispute.accepted_at else "未受理", "调解结束", day(dispute.ended_at)),
        ("人民调解员", case.mediators or "未指定", "调解单位", case.body),
        ("调解次数", f"面对面 {joint} 次，分别谈话 {len(case.sessions) - joint} 次", "延期次数", f"{dispute.extensions} 次"),
        ("涉及金额", money(dispute.amount) or "无", "调解结果", dispute.get_outcome_display()),
    ]  # fmt: skip
    sheet.table(rows, (16, 34, 16, 34), head=False)
    sheet.heading("当事人")
    for party in case.parties:
        sheet.text(f"{party.get_side_display()}：{party.name}")
    sheet.heading("纠纷情况")
    sheet.text(dispute.description)
    sheet.heading("处理结果")
    if case.agreement is not None and dispute.outcome in AGREEMENTS:
        sheet.text(
            f"{day(case.agreement.effective_at)}达成{case.agreement.get_form_display()}协议，共 {len(case.terms)} 条。"
        )
        for term in case.terms:
            sheet.text(f"第{term.order}条　{term.content}（{term.get_state_display()}）")
    else:
        sheet.text(f"{WHY.get(dispute.outcome, '')}，已告知其他途径。")
    if case.judicial is not None:
        ruling = f"，{case.judicial.ruling}" if case.judicial.ruling else ""
        sheet.said("司法确认", f"{case.judicial.court}，{case.judicial.get_result_display()}{ruling}")
    if case.visits:
        content = sum(visit.is_satisfied for visit in case.visits)
        sheet.said("回访", f"{len(case.visits)} 次，其中满意 {content} 次")
    if case.closing_words:
        sheet.heading("说明")
        sheet.text(case.closing_words)
    sheet.signed("人民调解员（签名）", "负责人（签名）")
    sheet.sealed(case.body)


#: Mediation has ended, whatever has become of the file since.
ENDED = (DisputeStatus.CLOSED, DisputeStatus.TERMINATED, DisputeStatus.GUIDED, DisputeStatus.ARCHIVED)
