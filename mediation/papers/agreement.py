"""What came of mediation: the written agreement, the register of an oral one, and how it was performed."""

from governance.sheets import Sheet, day, moment
from mediation.models import Agreement
from mediation.papers.case import Case, about, money

#: What the law asks of a term: column and what it is called.
TERM = (("content", "协议内容"), ("way", "履行方式"), ("place", "履行地点"), ("due_on", "履行期限"))


def lacks_agreement(case: Case) -> list[str]:
    """Return what an agreement lacks of what the law asks for (article 29; 75号令 article 35); without it none is issued."""
    agreement = case.agreement
    if agreement is None:
        return ["还没有拟定协议"]
    lacking = [
        f"{party.get_side_display()}的基本情况（姓名，性别，住址或电话）"
        for party in case.parties
        if not party.name or not (party.phone or party.address) or not (party.is_body or party.sex)
    ]
    if len(case.parties) < 2:
        lacking.append("双方当事人")
    if not agreement.facts.strip():
        lacking.append("纠纷主要事实和争议事项")
    if not agreement.duties.strip():
        lacking.append("各方当事人的责任")
    if not case.terms:
        lacking.append("达成协议的内容")
    lacking += [
        f"第 {term.order} 条的{label}"
        for term in case.terms
        for column, label in TERM
        if not str(getattr(term, column) or "").strip()
    ]
    if not case.mediators:
        lacking.append("人民调解员")
    return lacking


def _body(sheet: Sheet, case: Case, agreement: Agreement) -> None:
    sheet.heading("当事人基本情况")
    for party in case.parties:
        sheet.text(f"{party.get_side_display()}：{about(party)}。")
    sheet.heading("纠纷主要事实、争议事项以及各方当事人的责任")
    sheet.text(agreement.facts)
    sheet.text(agreement.duties)
    sheet.heading("经调解，自愿达成如下协议")
    for term in case.terms:
        amount = f"，金额 {money(term.amount)}" if term.amount is not None else ""
        sheet.text(f"第{term.order}条　{term.content}{amount}。")
        sheet.text(f"履行方式：{term.way}；履行地点：{term.place}；履行期限：{day(term.due_on)}前。")


def agreement(sheet: Sheet, case: Case) -> None:
    """The written agreement (人民调解协议书), with its version and who has confirmed it."""
    row = case.agreement
    state = f"自{day(row.effective_at)}起生效" if row.effective_at else "待各方签署"
    sheet.title("人民调解协议书", case.number)
    sheet.text(f"第 {row.version} 版　{state}", align=1, indent=False, size=12)
    _body(sheet, case, row)
    sheet.heading("协议的效力")
    sheet.text(
        f"本协议一式{row.copies}份，各方当事人各执一份，{case.body}存档一份。自各方当事人签名、盖章或者按指印，"
        "人民调解员签名并加盖人民调解委员会印章之日起生效，具有法律约束力，当事人应当按照约定履行。"
    )
    sheet.text(
        "当事人就协议的履行或者内容发生争议的，可以向人民法院起诉；各方可以自协议生效之日起三十日内共同申请司法确认。"
    )
    if case.confirmations:
        sheet.table(
            [
                ("当事人", "地位", "确认方式", "确认时间"),
                *(
                    (
                        each.disputant.name,
                        each.disputant.get_side_display(),
                        each.get_means_display(),
                        moment(each.at),
                    )
                    for each in case.confirmations
                ),
            ],
            (22, 18, 28, 32),
        )
    sheet.signed(
        *(f"{party.get_side_display()}（签名、盖章或者按指印）{party.name}" for party in case.parties),
        f"人民调解员（签名）{row.signed_by or case.mediators}",
    )
    sheet.sealed(case.body, row.effective_at)


def oral(sheet: Sheet, case: Case) -> None:
    """The register of an oral agreement, which the mediator keeps (口头协议登记表; articles 28 and 30)."""
    row = case.agreement
    sheet.title("人民调解口头协议登记表", case.number)
    sheet.text(f"自{day(row.effective_at)}达成之日起生效", align=1, indent=False, size=12)
    _body(sheet, case, row)
    sheet.text("各方当事人认为无需制作调解协议书，采取口头协议方式，由人民调解员记录协议内容。")
    sheet.signed(f"人民调解员（签名）{row.signed_by or case.mediators}")
    sheet.sealed(case.body, row.effective_at)


def receipt(sheet: Sheet, case: Case) -> None:
    """What was performed of the agreement, with a place for the receipt (履行情况记录)."""
    sheet.title("调解协议履行情况记录", case.number)
    sheet.table(
        [
            ("条", "协议内容", "金额", "履行期限", "履行情况", "履行日期"),
            *(
                (
                    term.order,
                    term.content,
                    money(term.amount),
                    day(term.due_on),
                    term.get_state_display(),
                    day(term.performed_on) if term.performed_on else "",
                )
                for term in case.terms
            ),
        ],
        (6, 34, 16, 17, 12, 15),
    )
    sheet.text("以上履行情况属实。款物已经当面点清的，由收到的一方在此签收。")
    sheet.signed(
        *(f"{party.get_side_display()}（签名）{party.name}" for party in case.parties), "人民调解员（签名）"
    )
