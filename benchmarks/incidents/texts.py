"""What reports say: a pool of texts for the catalogue's classes, so many for each class as it is reported often."""

import random
from collections.abc import Sequence

POOL = 2_000
#: A word in one incident of two thousand.
RARE = "马蜂窝"
#: The classes that make up most of what comes in; each other class stands once where these stand so many times.
FREQUENT = {
    "0101": 14, "0102": 8, "0103": 7, "0104": 10, "0105": 8, "0201": 4, "0203": 4, "0305": 5, "0306": 5, "0404": 4,
    "0501": 3, "0502": 9, "0503": 7, "0504": 12, "0601": 9, "0604": 4, "0701": 3, "0801": 3,
}  # fmt: skip
SPOTS = (
    "小区南门", "3号楼西侧", "超市门口", "便道上", "小广场", "学校对面", "公交站旁", "二单元门口", "地下车库入口", "菜市场后门",
    "垃圾投放点", "楼道三层", "绿地东边", "路口西南角", "快递柜旁", "社区办公室门前",
)  # fmt: skip
SINCE = (
    "从昨天开始", "已经三天了", "今天早上发现", "反映过一次没人来", "这几天一直这样", "刚才路过看到", "上周也有过", "晚上更严重",
)  # fmt: skip
WISHES = (
    "请尽快来看看", "麻烦派人处理", "老人小孩走路不方便", "希望彻底解决", "怕出危险", "影响大家休息", "请先打电话联系", "附近居民都有意见",
)  # fmt: skip


def pool(classes: Sequence[tuple[str, str, str]], seed: int = 1) -> list[tuple[str, str, str]]:
    """Return ``POOL`` texts for classes given as (code, name, words): the class's code, what is described, the spot."""
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    weights = [FREQUENT.get(code, 1) for code, *_ in classes]
    told = []
    for number in range(POOL):
        code, name, words = rng.choices(classes, weights)[0]
        spot = rng.choice(SPOTS)
        what = rng.choice(words.split() or [name])
        description = f"{spot}{what}，{rng.choice(SINCE)}，{rng.choice(WISHES)}。"
        told.append((code, description + (f"树上还有{RARE}。" if number == POOL // 2 else ""), spot))
    return told
