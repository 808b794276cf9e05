"""The documents of a file: opened again with a Word library, and held against the rows they were written from."""

import io
import re
import shutil
import subprocess
import zipfile
from datetime import date

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from docx import Document
from docx.oxml.ns import qn

from governance.flow import NotYours, Refused
from governance.models import AccessEvent, User
from mediation import papers
from mediation.flow import DISPUTES
from mediation.models import Agreement, Disputant, Paper, PrivateNote, Term
from mediation.papers import catalogue
from mediation.services.papers import papers_of_party, papers_panel, take_out
from tests import disputes, factories
from tests.cast import BACKEND
from tests.concurrency import all_at_once
from tests.disputes import run
from tests.pictures import upload
from tests.standing import standing

pytestmark = pytest.mark.django_db
K = Paper.Kind
SECRET = "她私下说最多赔八百"


@standing
def director(territory):
    return disputes.make_director()


@standing
def mediator(territory):
    return disputes.make_mediator()


def written(dispute, kind: str) -> Document:
    """Produce a document and open it again."""
    content, _ = papers.produce(papers.Case(dispute), kind)
    return Document(io.BytesIO(content))


def words(document: Document) -> str:
    """Return all that a document says, tables, headers and footers too."""
    return "\n".join(
        "".join(text.text or "" for text in root.iter(qn("w:t")))
        for root in (
            document.element.body,
            *(s.header._element for s in document.sections),
            *(s.footer._element for s in document.sections),
        )
    )


def full(director, mediator, **fields):
    """Make a file with something in every part of it, its mediation ended with a written agreement."""
    dispute = disputes.make_mediating(director=director, mediator=mediator, **fields)
    first = dispute.disputants.first()
    Disputant.objects.filter(pk=first.pk).update(agent="孙律师", agent_power="代为承认、放弃、变更请求")
    run(dispute, "investigate", mediator.user, place="三号楼楼道", asked="邻居老赵", record="看到天花板漏水")
    disputes.hold(dispute, mediator, record="双方当面谈了赔偿数额")
    disputes.hold(dispute, mediator, mode="separate", record=SECRET)
    for kind in ("identity", "signed", "evidence"):
        run(dispute, "scan", director, kind=kind, photos=[upload(), upload()], words=f"材料{kind}")
    dispute = disputes.draft(dispute, mediator)
    for user in disputes.users(dispute):
        dispute = run(dispute, "confirm", user)
    return run(dispute, "conclude", mediator.user)


def finish(dispute, director, mediator):
    """Perform, visit, ask the court, close."""
    dispute = run(dispute, "ask_judicial", mediator.user, court="红桥区人民法院", all_agree=True)
    dispute = disputes.perform_all(dispute, mediator)
    dispute = run(
        dispute, "follow_up", mediator.user, disputant=dispute.disputants.first(),
        performance="done", is_satisfied=True, note="都履行了，两家和好",
    )  # fmt: skip
    return run(dispute, "close", director)


# --- what stands in them ---------------------------------------------------------------------------------------------------
def test_each_document_says_what_the_rows_say(director, mediator):
    dispute = finish(full(director, mediator, requests="赔偿损失"), director, mediator)
    first, second = dispute.disputants.order_by("pk")
    number, term = dispute.case_number, Term.objects.get(agreement__dispute=dispute)
    due = f"{term.due_on.year}年{term.due_on.month}月{term.due_on.day}日前"
    said = {
        K.COVER: ["人民调解卷宗", number, first.name, second.name, str(mediator), "卷内目录", "人民调解协议书"],
        K.APPLICATION: [first.name, first.phone, first.address, dispute.description, "赔偿损失"],
        K.ACCEPTANCE: ["当事人申请", "邻里", dispute.centre.name, "当面" if dispute.placed_by_id else "手机"],
        K.RIGHTS: ["接受调解、拒绝调解或者要求终止调解", "如实陈述纠纷事实", "不收取任何费用", second.name],
        K.AUTHORISATION: [first.name, "孙律师", "代为承认、放弃、变更请求"],
        K.INQUIRY: ["三号楼楼道", "邻居老赵", "看到天花板漏水", str(mediator.user)],
        K.SESSION: ["双方当面谈了赔偿数额", "面对面", "背对背", "不入卷"],
        K.AGREEMENT: [
            "第 1 版", first.name, second.name, first.address, "女", "楼上水管漏水", "承担责任", term.content,
            f"履行方式：{term.way}", f"履行地点：{term.place}", f"履行期限：{due}", "800.00 元",
            "本人在手机上确认", "一式3份", "印章", str(mediator.user),
        ],
        K.RECEIPT: [term.content, "已履行", "800.00 元"],
        K.FOLLOW_UP: ["都履行了，两家和好", "满意", "已履行"],
        K.JUDICIAL: ["红桥区人民法院", first.name, second.name, term.content, "共同", number],
        K.CLOSING: ["书面协议", "面对面 1 次，分别谈话 1 次", "红桥区人民法院", dispute.description],
        K.BACK: ["卷宗封底", "立卷人"],
    }  # fmt: skip
    for kind, expected in said.items():
        text = words(written(dispute, kind))
        assert [part for part in expected if part not in text] == [], kind
        assert number in text, kind
    assert set(said) == {form.kind for form in catalogue.FORMS.values()} - {K.ORAL, K.TERMINATION}
    # The other party's phone number is in no paper that both of them get.
    assert second.phone not in words(written(dispute, K.AGREEMENT))


def test_they_are_good_to_edit_print_and_sign(director, mediator):
    dispute = full(director, mediator)
    document = written(dispute, K.AGREEMENT)
    section = document.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    fonts = {run.get(qn("w:eastAsia")) for run in document.element.body.iter(qn("w:rFonts"))}
    assert fonts == {"仿宋", "黑体", "宋体"}
    codes = [code.text.strip() for code in section.footer._element.iter(qn("w:instrText"))]
    assert codes == ["PAGE", "NUMPAGES"]
    text = words(document)
    assert text.count("签名、盖章或者按指印") >= 2 and "（印章）" in text and "　　年　　月　　日" in text


def test_an_oral_agreement_and_a_termination_have_papers_of_their_own(director, mediator):
    dispute = disputes.make_mediating(director=director, mediator=mediator)
    dispute = run(
        dispute, "conclude_orally", mediator.user, facts="吵架", duties="都有不对", all_agree=True,
        terms=[disputes.term(amount=None, content="互相道歉")],
    )  # fmt: skip
    text = words(written(dispute, K.ORAL))
    assert "互相道歉" in text and "口头协议方式" in text and "都有不对" in text
    with pytest.raises(Refused, match="还不到"):
        written(dispute, K.AGREEMENT)
    failed = disputes.make_mediating(director=director, mediator=mediator)
    failed = run(failed, "terminate", mediator.user, outcome="failed", note="内部备注：态度恶劣")
    text = words(written(failed, K.TERMINATION))
    assert (
        "未能达成协议" in text and "仲裁机构" in text and "人民法院提起诉讼" in text and "第二十六条" in text
    )
    assert "态度恶劣" not in text and "态度恶劣" in words(written(failed, K.CLOSING))


def test_what_was_said_in_confidence_stands_in_no_document(director, mediator):
    dispute = finish(full(director, mediator), director, mediator)
    assert PrivateNote.objects.get().words == SECRET
    dispute = run(dispute, "archive", director)
    for paper in dispute.papers.all():
        with zipfile.ZipFile(paper.file.open("rb")) as packed:
            everything = b"".join(packed.read(name) for name in packed.namelist()).decode("utf-8", "replace")
        assert SECRET not in everything and "八百" not in everything, paper.kind


def test_the_same_rows_give_the_same_bytes(director, mediator):
    dispute = full(director, mediator)
    for kind in (K.AGREEMENT, K.VOLUME, K.COVER):
        one, other = (papers.produce(papers.Case(dispute), kind)[0] for _ in range(2))
        assert one == other, kind


def test_signs_that_no_document_can_hold_do_no_harm(director, mediator):
    dispute = disputes.make_accepted(director=director, description="漏水\x0b\x01<w:p>&amp;\r\n第二行\ufffe")
    text = words(written(dispute, K.APPLICATION))
    assert "<w:p>&amp;" in text and "第二行" in text


# --- what is missing refuses ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda d: Disputant.objects.filter(dispute=d, side="respondent").update(sex=""),
            "被申请人的基本情况",
        ),
        (lambda d: Disputant.objects.filter(dispute=d).update(phone="", address=""), "申请人的基本情况"),
        (lambda d: Agreement.objects.filter(dispute=d).update(facts=" "), "主要事实"),
        (lambda d: Agreement.objects.filter(dispute=d).update(duties=""), "责任"),
        (lambda d: Term.objects.filter(agreement__dispute=d).update(way=""), "第 1 条的履行方式"),
        (lambda d: Term.objects.filter(agreement__dispute=d).update(place=""), "第 1 条的履行地点"),
        (lambda d: Term.objects.filter(agreement__dispute=d).update(content=""), "第 1 条的协议内容"),
        (lambda d: Term.objects.filter(agreement__dispute=d).delete(), "达成协议的内容"),
    ],
)
def test_an_agreement_without_all_that_the_law_asks_for_is_not_issued(director, mediator, change, said):
    dispute = full(director, mediator)
    change(dispute)
    with pytest.raises(Refused, match=said):
        take_out(dispute, K.AGREEMENT, by=mediator.user)
    assert not Paper.objects.exists()
    line = next(x for x in papers_panel(dispute, mediator.user)["lines"] if x["label"] == "人民调解协议书")
    assert line["state"] == "不能出具" and said in line["words"] and not line["url"]


def test_a_paper_whose_time_has_not_come_is_not_issued(director, mediator):
    dispute = disputes.make_mediating(director=director, mediator=mediator)
    for kind in (K.AGREEMENT, K.ORAL, K.JUDICIAL, K.TERMINATION, K.CLOSING, K.FOLLOW_UP, K.SESSION):
        with pytest.raises(Refused, match="还不到"):
            take_out(dispute, kind, by=mediator.user)
    with pytest.raises(NotYours):
        take_out(dispute, "nonsense", by=mediator.user)


# --- who takes them out ------------------------------------------------------------------------------------------------------------
def test_what_was_issued_is_kept_with_who_and_when_and_logged(director, mediator):
    dispute = full(director, mediator)
    taken = take_out(dispute, K.AGREEMENT, by=mediator.user)
    take_out(dispute, K.AGREEMENT, by=director)
    paper = Paper.objects.get()
    assert paper.issued_by == mediator.user and paper.file.read() == taken.content
    assert taken.filename == f"{dispute.case_number}-人民调解协议书.docx"
    assert AccessEvent.objects.filter(kind="export", object_pk=str(dispute.pk)).count() == 2
    Agreement.objects.update(facts="另一种说法")
    take_out(dispute, K.AGREEMENT, by=director)
    assert Paper.objects.count() == 2


def test_a_draft_is_marked_and_a_new_version_is_another_paper(director, mediator):
    dispute = disputes.draft(disputes.make_mediating(director=director, mediator=mediator), mediator)
    assert "第 1 版　待各方签署" in words(written(dispute, K.AGREEMENT))
    dispute = disputes.draft(dispute, mediator, facts="重新查明")
    text = words(written(dispute, K.AGREEMENT))
    assert "第 2 版" in text and "重新查明" in text


def test_only_those_who_see_the_file_get_its_papers_and_parties_their_own(director, mediator):
    dispute = full(director, mediator)
    first, second = disputes.users(dispute)
    stranger, above = factories.make_user(), disputes.make_director(factories.STREET)
    secretary = factories.make_staff("community_secretary", factories.COMMUNITY)
    clients = {}
    for name, user in {
        "director": director, "mediator": mediator.user, "first": first, "second": second,
        "stranger": stranger, "above": above, "secretary": secretary,
    }.items():  # fmt: skip
        clients[name] = Client()
        clients[name].force_login(User.objects.get(pk=user.pk), backend=BACKEND)

    def answer(name, kind):
        return clients[name].get(reverse("dispute_paper", args=[dispute.number, kind])).status_code

    every = [form.kind for form in catalogue.FORMS.values() if form.offered(papers.Case(dispute))]
    for kind in every:
        for name in ("director", "mediator"):
            assert answer(name, kind) == 200, (name, kind)
        for name in ("stranger", "above", "secretary"):
            assert answer(name, kind) == 404, (name, kind)
        for name in ("first", "second"):
            assert answer(name, kind) == (200 if kind in (K.RIGHTS, K.AGREEMENT) else 404), (name, kind)
    assert Client().get(reverse("dispute_paper", args=[dispute.number, K.RIGHTS])).status_code == 302
    response = clients["second"].get(reverse("dispute_paper", args=[dispute.number, K.AGREEMENT]))
    assert "attachment" in response["Content-Disposition"] and response["Cache-Control"].startswith(
        "no-store"
    )
    assert Document(io.BytesIO(response.content))
    assert [x["label"] for x in papers_of_party(dispute, first)] == ["权利义务告知书", "人民调解协议书"]
    assert papers_of_party(dispute, stranger) == []
    # By the rule of the rows too.
    reached = Paper.objects.within_reach(first)
    assert set(reached.values_list("kind", flat=True)) == {K.RIGHTS, K.AGREEMENT}
    assert not Paper.objects.within_reach(above).exists() and not Paper.objects.restrict(first).exists()
    assert Paper.objects.within_reach(director).count() == Paper.objects.count()


def test_a_party_gets_no_draft_and_nothing_that_she_did_not_sign(director, mediator):
    dispute = disputes.draft(disputes.make_mediating(director=director, mediator=mediator), mediator)
    first, second = disputes.users(dispute)
    run(dispute, "confirm", first)
    for user in (first, second):
        with pytest.raises(NotYours):
            take_out(dispute, K.AGREEMENT, by=user)
    dispute = run(dispute, "confirm_paper", mediator.user, disputant=dispute.disputants.get(user=second),
                  photos=[upload()])  # fmt: skip
    dispute = run(dispute, "conclude", mediator.user)
    assert take_out(dispute, K.AGREEMENT, by=second).content


# --- the panel, and scans ---------------------------------------------------------------------------------------------------------
def test_the_panel_says_what_is_there_in_order_and_what_is_missing(director, mediator, rf):
    dispute = disputes.make_mediating(director=director, mediator=mediator)
    panel = papers_panel(dispute, director)
    assert [line["label"] for line in panel["lines"]] == [
        "卷宗封面和目录", "人民调解申请书", "人民调解受理登记表", "权利义务告知书", "身份证明（扫描件）",
        "证据（扫描件）", "签字的文书（扫描件）", "履行凭证（扫描件）",
    ]  # fmt: skip
    assert panel["missing"] == ["身份证明"] and panel["scan_url"]
    take_out(dispute, K.RIGHTS, by=mediator.user)
    run(dispute, "scan", mediator.user, kind="identity", photos=[upload()])
    panel = papers_panel(dispute, director)
    state = {line["label"]: line["state"] for line in panel["lines"]}
    assert (state["权利义务告知书"], state["人民调解申请书"]) == ("已出具", "未出具")
    assert state["身份证明（扫描件）"] == "1 张" and panel["missing"] == []
    page = render_to_string(panel["template"], {"panel": panel}, request=rf.get("/"))
    assert "权利义务告知书" in page and reverse("dispute_paper", args=[dispute.number, "rights"]) in page
    assert papers_panel(dispute, factories.make_user())["lines"] == []
    assert "scan_url" not in papers_panel(dispute, factories.make_user())


def test_signed_sheets_are_scanned_back_and_checked_like_all_uploads(director, mediator):
    dispute = disputes.make_mediating(director=director, mediator=mediator)
    client = Client()
    client.force_login(User.objects.get(pk=mediator.user.pk), backend=BACKEND)
    url = reverse("dispute_scan", args=[dispute.number])
    assert client.get(url).status_code == 405
    client.post(url, {"kind": "signed", "words": "告知书\0", "photos": [upload()]})
    client.post(url, {"kind": "other", "photos": [upload()]})
    client.post(url, {"kind": "signed"})
    broken = upload("x.jpg")
    broken.file.truncate(20)
    client.post(url, {"kind": "signed", "photos": [upload(), broken]})
    assert not dispute.photos.exists()
    answer = client.post(url, {"kind": "signed", "words": "告知书", "photos": [upload(), upload()]})
    assert answer.status_code == 302 and dispute.photos.filter(kind="signed", words="告知书").count() == 2
    assert dispute.steps.filter(action="scan").count() == 1
    party = Client()
    party.force_login(User.objects.get(pk=disputes.users(dispute)[0].pk), backend=BACKEND)
    assert party.post(url, {"kind": "signed", "photos": [upload()]}).status_code == 404
    assert "scan" not in {action.name for action in DISPUTES.available(dispute, disputes.users(dispute)[0])}


# --- pages ------------------------------------------------------------------------------------------------------------------------
def test_pages_are_numbered_through_the_file(director, mediator):
    dispute = finish(full(director, mediator), director, mediator)
    case = papers.Case(dispute)
    content, pages = papers.produce(case, K.VOLUME)
    document = Document(io.BytesIO(content))
    listed = case.listed
    assert [line.first for line in listed] == [1, *(line.last + 1 for line in listed[:-1])]
    assert listed[-1].last == pages
    assert [line.label for line in listed] == [
        "人民调解申请书", "权利义务告知书", "身份证明", "授权委托书", "调查记录", "证据", "调解记录",
        "人民调解协议书", "签字的文书", "履行情况记录", "回访记录", "司法确认申请书", "结案报告",
    ]  # fmt: skip
    marks = [mark.get(qn("w:name")) for mark in document.element.body.iter(qn("w:bookmarkStart"))]
    codes = [code.text.strip() for code in document.element.body.iter(qn("w:instrText"))]
    assert codes == [f"PAGEREF {mark}" for mark in marks] and len(marks) == len(listed)
    starts = [s._sectPr.find(qn("w:pgNumType")) for s in document.sections]
    assert [start is not None and start.get(qn("w:start")) for start in starts] == [False, "1", False]
    assert len(document.inline_shapes) == 6


SOFFICE, TO_TEXT = shutil.which("soffice"), shutil.which("pdftotext")


@pytest.mark.skipif(not (SOFFICE and TO_TEXT), reason="LibreOffice (soffice) or pdftotext is not installed")
def test_printed_pages_are_those_that_were_counted(director, mediator, tmp_path):
    long = "楼上卫生间长期漏水，泡坏了天花板、吊柜和地板，多次交涉没有结果。" * 40
    dispute = finish(full(director, mediator, description=long, requests=long[:900]), director, mediator)
    case = papers.Case(dispute)
    content, pages = papers.produce(case, K.VOLUME)
    (tmp_path / "volume.docx").write_bytes(content)
    counted = {}
    for form in catalogue.FORMS.values():
        if form.offered(case) and not form.lacks(case):
            made, counted[form.kind] = papers.produce(case, form.kind)
            (tmp_path / f"{form.kind}.docx").write_bytes(made)
    subprocess.run(
        [SOFFICE, f"-env:UserInstallation=file://{tmp_path}/office", "--headless", "--convert-to", "pdf",
         "--outdir", tmp_path, *sorted(tmp_path.glob("*.docx"))],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip

    def printed(name: str) -> list[str]:
        made = subprocess.run(
            [TO_TEXT, "-layout", tmp_path / f"{name}.pdf", "-"], check=True, capture_output=True
        )
        return made.stdout.decode().split("\f")[:-1]

    assert {kind: len(printed(kind)) for kind in counted} == counted
    through = printed("volume")
    assert len(through) == pages + 3
    foot = [re.findall(r"第\s*(\d+)\s*页\s*$", page.strip()) for page in through]
    assert foot == [[], [], *([str(number)] for number in range(1, pages + 1)), []]
    for line in case.listed:
        if not line.key.startswith("scan_"):
            assert re.search(rf"{line.label}\s+{line.first}\b", through[1]), (line, through[1])


# --- numbers ------------------------------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_file_numbers_have_no_gap_and_no_repeat_when_some_fall_back(transactional_db):
    factories.make_territory()
    director = disputes.make_director()
    rows = []
    for _ in range(12):
        dispute = disputes.make_dispute()
        for user in disputes.users(dispute):
            if dispute.disputants.get(user=user).consent == "asked":
                run(dispute, "agree", user)
        rows.append(dispute.pk)

    class FallsBackError(Refused):
        pass

    def accepting(key: int, falls: bool):
        def job():
            from django.db import transaction

            with transaction.atomic():
                DISPUTES.run(key, "accept", by=director)
                if falls:
                    raise FallsBackError("fell back after the number was given")
            return key

        return job

    outcomes = all_at_once(*(accepting(key, index % 3 == 0) for index, key in enumerate(rows)))
    assert sum(isinstance(each, FallsBackError) for each in outcomes) == 4

    def numbers() -> list[int]:
        from mediation.models import Dispute

        found = Dispute.objects.exclude(case_number=None).values_list("case_number", flat=True)
        assert all(name.startswith(f"({date.today().year})") for name in found)  # noqa: DTZ011
        return sorted(int(re.search(r"第(\d+)号$", name).group(1)) for name in found)

    assert numbers() == list(range(1, 9))
    all_at_once(*(accepting(key, False) for index, key in enumerate(rows) if index % 3 == 0))
    assert numbers() == list(range(1, 13))
