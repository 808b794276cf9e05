"""What is to be looked at before an item is disclosed, with its source: nothing is refused for it.

党务公开条例: 中国共产党党务公开条例（试行） (2017): proposed, reviewed for necessity, accuracy and secrecy, approved, carried out.
"""

import re
from datetime import date

from parties.hints import Hint
from parties.models import Category, Disclosure, Scope
from parties.models.disclosures import CLEARED

REVIEWED = "党务公开条例：公开前审核必要性、准确性，并作保密审查"
SCOPED = "党务公开条例：按公开范围分为向社会、在全党、在本地区本单位、向特定党组织和人员公开"
#: A mobile number, or the number of an identity card.
PERSONAL = re.compile(r"(?<!\d)(1[3-9]\d{9}|\d{17}[\dXx])(?!\d)")


def of_disclosure(disclosure: Disclosure, today: date | None = None) -> list[Hint]:
    """Return what whoever reviews an item should look at; nothing once it is approved."""
    if disclosure.status in CLEARED:
        return []
    hints = []
    if PERSONAL.search(disclosure.title + "\n" + disclosure.body):
        hints.append(Hint("正文里像有手机号或身份证号，请核对要不要公开。", REVIEWED))
    if disclosure.scope == Scope.SOCIETY and disclosure.category == Category.DISCIPLINE:
        hints.append(Hint("党的纪律方面的内容要向社会公开，请核对有没有点到个人。", SCOPED))
    return hints
