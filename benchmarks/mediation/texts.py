"""What disputes are about: a pool of texts, so many of each category as people quarrel about it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.incidents.texts import SINCE
from demo.dispute_words import CASES

POOL = 2_000
#: A word in one dispute of fourteen, and one in one of two thousand.
COMMON, RARE = "漏水", "鱼缸"
#: Of a hundred disputes; each other category one.
FREQUENT = {
    "neighbours": 30, "family": 17, "property": 13, "housing": 8, "damages": 8, "consumer": 4, "contract": 4, "labour": 4, "traffic": 3,
}  # fmt: skip
EFFORTS = (
    "双方自己谈过两次，没有谈成", "社区网格员上门劝过", "已经报过警，民警建议调解", "物业协调过，没有结果", "对方一直不接电话", "两家原来关系不错",
)  # fmt: skip
WITNESSES = ("楼门长", "隔壁邻居", "物业维修工", "门口店主", "楼下老人", "社区网格员")


@dataclass(frozen=True)
class Text:
    """One dispute in words, with what is agreed in the end, and the yuan that it is about (0: none)."""

    category: str
    label: str
    said: str
    asks: str
    blame: str
    agreed: str
    amount: int


def pool(seed: int = 1) -> Sequence[Text]:
    """Return ``POOL`` texts."""
    from mediation.models import Category

    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    categories = list(Category.values)
    weights = [FREQUENT.get(category, 1) for category in categories]
    told = []
    for number in range(POOL):
        category = rng.choices(categories, weights)[0]
        label = Category(category).label
        usual = (
            (
                f"因{label}的事发生争执，说法不一。",
                "讲清责任，赔偿损失。",
                "双方都有不当。",
                "一方当面道歉并补偿损失",
                2000,
            ),
        )
        said, asks, blame, agreed, amount = rng.choice(CASES.get(category, usual))
        said = f"{rng.choice(SINCE)}，{said}{rng.choice(EFFORTS)}，{rng.choice(WITNESSES)}可以作证。"
        said += f"还打破了一个{RARE}。" if number == POOL // 2 else ""
        told.append(Text(category, label, said, asks, blame, agreed, amount))
    return told
