"""Makes up names and phone numbers. Any likeness to a real person is chance; no number here is given out for real use."""

import random
from collections.abc import Iterator

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟"
    "汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
#: The first few carry most people, as in life.
_WEIGHTS = [12 if place < 5 else 5 if place < 25 else 1 for place in range(len(SURNAMES))]
WOMEN_OLD = [
    "秀英",
    "桂英",
    "玉兰",
    "淑珍",
    "凤英",
    "桂兰",
    "淑华",
    "玉珍",
    "秀珍",
    "淑英",
    "秀兰",
    "桂芳",
    "素珍",
    "玉华",
    "淑芬",
    "惠珍",
    "凤兰",
    "秀云",
    "玉梅",
    "淑琴",
    "桂荣",
    "文英",
    "美兰",
    "佩珍",
    "世芬",
    "宝珍",
    "金凤",
    "月娥",
    "翠花",
    "瑞芝",
]
WOMEN = [
    "丽娟",
    "晓燕",
    "海燕",
    "丽华",
    "春梅",
    "雪梅",
    "红梅",
    "志红",
    "建华",
    "晓红",
    "丽萍",
    "敏",
    "静",
    "艳",
    "娟",
    "芳",
    "颖",
    "倩",
    "婷",
    "雯",
    "佳",
    "欣怡",
    "雨桐",
    "思琪",
    "梦瑶",
    "雅婷",
    "晓雯",
    "文静",
    "佳琪",
    "诗涵",
    "子萱",
    "慧敏",
    "晓琳",
    "婉清",
    "玉洁",
    "若曦",
    "宁",
    "岚",
    "悦",
    "琳",
]
MEN_OLD = [
    "建国",
    "国强",
    "志刚",
    "永福",
    "德顺",
    "宝山",
    "玉林",
    "长贵",
    "振华",
    "文良",
    "世昌",
    "金生",
    "福生",
    "连生",
    "国栋",
    "树森",
    "庆祥",
    "广田",
    "景云",
    "学文",
    "家和",
    "恩泽",
    "守仁",
    "培根",
    "兆祥",
    "立本",
    "春生",
    "贵生",
    "万里",
    "天佑",
]
MEN = ["伟", "强", "磊", "军", "勇", "涛", "明", "超", "鹏", "斌", "志强", "建军", "海涛", "晓东", "俊杰", "子轩", "浩然", "宇航", "文博", "天宇", "家豪", "立新", "志远", "振宇", "云飞", "思远", "一鸣", "嘉诚", "晨光", "博文", "海波", "宏伟", "金龙", "少华", "东升", "新民", "凯", "翔", "晖", "峰"]  # fmt: skip


class Names:
    """Draws names and hands out phone numbers, each once."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self._phones = self._numbers()

    def name(self, *, old: bool = False, woman: bool | None = None) -> str:
        """Return a full name; ``old`` draws from the given names of grandparents, ``woman`` from hers or his alone."""
        hers, his = (WOMEN_OLD, MEN_OLD) if old else (WOMEN, MEN)
        given = self.chance.choice(hers + his if woman is None else hers if woman else his)
        return self.chance.choices(SURNAMES, _WEIGHTS)[0] + given

    def phone(self) -> str:
        """Return the next number of the made-up block 199 0000 0101 … 199 0000 9999; below are the demo people."""
        return next(self._phones)

    @staticmethod
    def _numbers() -> Iterator[str]:
        for number in range(101, 10_000):
            yield f"1990000{number:04d}"
