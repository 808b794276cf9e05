"""The papers with which a file begins: application, acceptance register, notice of rights and duties, authorisation."""

from governance.sheets import Sheet, day
from mediation.models import Disputant
from mediation.papers.case import Case, money

SIDE = Disputant.Side


def application(sheet: Sheet, case: Case) -> None:
    """The application for mediation (人民调解申请书)."""
    sheet.title("人民调解申请书", case.number)
    people(sheet, case)
    sheet.heading("纠纷简要情况")
    sheet.text(case.dispute.description)
    sheet.heading("当事人申请事项")
    sheet.text(case.dispute.requests or "请求依法调解上述纠纷。")
    sheet.text(
        "人民调解委员会已将申请人民调解的相关规定告知我，现自愿申请人民调解委员会进行调解。人民调解不收取任何费用。"
    )
    for party in case.of_side(SIDE.APPLICANT):
        sheet.signed(f"申请人（签名、盖章或者按指印）{party.name}")
    sheet.text(f"申请日期：{day(case.dispute.opened_at)}", indent=False)


def people(sheet: Sheet, case: Case) -> None:
    """The table of the parties."""
    rows = [("地位", "姓名或名称", "性别", "出生年份", "民族", "职业或职务", "住址或地址", "联系方式")]
    for party in case.parties:
        name = party.name
        if party.is_minor:
            name += f"\n（监护人{party.guardian}）"
        if party.agent:
            name += f"\n（代理人{party.agent}）"
        rows.append(
            (
                party.get_side_display(),
                name,
                "" if party.is_body else party.get_sex_display(),
                party.birth_year or "",
                party.ethnicity,
                party.occupation,
                party.address,
                party.phone,
            )
        )
    sheet.table(rows, (11, 15, 7, 9, 8, 14, 21, 15))


def acceptance(sheet: Sheet, case: Case) -> None:
    """The register of acceptance (人民调解受理登记表)."""
    dispute = case.dispute
    sheet.title("人民调解受理登记表", case.number)
    people(sheet, case)
    source = dispute.get_origin_display() + (f"（{dispute.origin_number}）" if dispute.origin_number else "")
    sheet.table(
        [
            ("登记日期", day(dispute.opened_at), "受理日期", day(dispute.accepted_at)),
            ("纠纷类型", dispute.get_category_display(), "纠纷等级", dispute.get_grade_display()),
            ("案件来源", source, "发生日期", day(dispute.occurred_on) if dispute.occurred_on else "不详"),
            ("涉及人数", f"{dispute.people_count} 人", "涉及金额", money(dispute.amount) or "无"),
            ("纠纷发生地", str(dispute.grid), "受理单位", dispute.centre.name),
        ],
        (18, 32, 18, 32),
        head=False,
    )
    sheet.heading("纠纷简要情况")
    sheet.text(dispute.description)
    if dispute.requests:
        sheet.heading("请求事项")
        sheet.text(dispute.requests)
    sheet.heading("当事人意愿")
    for party in case.parties:
        how = f"（{party.get_consent_means_display()}，{day(party.consent_at)}）" if party.consent_at else ""
        sheet.text(f"{party.get_side_display()}{party.name}：{party.get_consent_display()}{how}")
    sheet.signed("当事人（签名、盖章或者按指印）", "登记人（签名）")
    sheet.sealed(case.body, dispute.accepted_at)


RIGHTS = (
    "选择或者接受人民调解员；",
    "接受调解、拒绝调解或者要求终止调解；",
    "要求调解公开进行或者不公开进行；",
    "自主表达意愿、自愿达成调解协议。",
)
DUTIES = (
    "如实陈述纠纷事实；",
    "遵守调解现场秩序，尊重人民调解员；",
    "尊重对方当事人行使权利。",
)
NATURE = (
    "人民调解在当事人自愿、平等的基础上进行，不违背法律、法规和国家政策，不收取任何费用。",
    "当事人可以不经调解，或者在调解中随时通过仲裁、行政、司法等途径维护自己的权利，任何人不得因调解而阻止。",
    "调解员不得偏袒一方、侮辱当事人、索取或者收受财物，不得泄露当事人的个人隐私、商业秘密。与本纠纷有利害关系的，当事人可以要求回避。",
    "经调解达成的协议具有法律约束力，当事人应当按照约定履行。一方不履行，或者对履行、内容有争议的，可以向人民法院起诉。",
    "达成协议后，双方当事人认为有必要的，可以自协议生效之日起三十日内共同向人民法院申请司法确认。",
)


def rights(sheet: Sheet, case: Case) -> None:
    """The notice of rights and duties (权利义务告知书; People's Mediation Law, articles 3, 4, 15, 23, 24, 31 to 33)."""
    sheet.title("人民调解权利义务告知书", case.number)
    sheet.text("、".join(case.called(party) for party in case.parties) + "：", indent=False)
    sheet.text(
        f"你们之间的{case.dispute.get_category_display()}纠纷，由{case.body}调解。根据《中华人民共和国人民调解法》，现将有关事项告知如下："
    )
    for heading, lines in (
        ("一、人民调解的性质和效力", NATURE),
        ("二、当事人在调解中的权利", RIGHTS),
        ("三、当事人在调解中的义务", DUTIES),
    ):
        sheet.heading(heading)
        for number, words in enumerate(lines, 1):
            sheet.text(f"{number}．{words}")
    if case.mediators:
        sheet.said("人民调解员", case.mediators)
    sheet.text("以上内容已经知晓。")
    sheet.signed(*(f"{party.get_side_display()}（签名）{case.called(party)}" for party in case.parties))
    sheet.sealed(case.body, case.dispute.informed_at)


def authorisation(sheet: Sheet, case: Case) -> None:
    """The authorisation of each party who has an agent (授权委托书)."""
    for index, party in enumerate(represented(case)):
        if index:
            sheet.begin()
        sheet.title("授权委托书", case.number)
        sheet.said("委托人", party.name)
        sheet.said("住址或地址", party.address)
        sheet.said("联系电话", party.phone)
        sheet.said("受委托人", party.agent)
        sheet.text(
            f"委托人因{case.dispute.get_category_display()}纠纷申请（接受）人民调解，现委托{party.agent}作为我的代理人参加调解。"
        )
        sheet.said("代理权限", party.agent_power)
        sheet.signed(
            f"委托人（签名、盖章或者按指印）{party.name}", f"受委托人（签名、盖章或者按指印）{party.agent}"
        )


def represented(case: Case) -> list[Disputant]:
    """Return the parties who have an agent."""
    return [party for party in case.parties if party.agent]
