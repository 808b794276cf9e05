"""The demo's service menu (暖心菜单): 27 dishes in eight categories, and the skills they take."""

from volunteers.models import ServiceItem, Skill

#: Name, and whether it takes a licence.
SKILLS = [
    ("理发", False), ("电工", True), ("水暖维修", False), ("家电维修", False), ("护理", True), ("健康测量", False),
    ("心理疏导", True), ("法律咨询", True), ("课业辅导", False), ("手机教学", False), ("烹饪", False), ("驾驶", True),
    ("书法绘画", False), ("摄影", False), ("手语", False), ("急救", True),
]  # fmt: skip

H, R, M, E, K, C, A, P = ServiceItem.Category

#: Code, name, category, summary, skills, usual minutes, two volunteers, at home, weight among orders.
MENU = [
    ("home-clean", "居室清洁", H, "帮行动不便的老人打扫房间、擦窗台", [], 120, False, True, 8),
    ("home-shopping", "代买代取", H, "代买菜、代取药、代取快递送到家", [], 60, False, True, 12),
    ("home-carry", "搬抬重物", H, "搬桌椅、抬米面，上下楼搭把手", [], 60, True, True, 5),
    ("home-quilt", "换洗晾晒", H, "换洗被褥窗帘，帮忙晾晒收纳", [], 90, False, True, 3),
    ("fix-light", "换灯检线", R, "换灯泡灯管，检查插座线路", ["电工"], 60, False, True, 6),
    ("fix-water", "水管小修", R, "换水龙头、通下水、修马桶水箱", ["水暖维修"], 60, False, True, 7),
    ("fix-device", "家电检修", R, "看看不转的风扇、不响的电视", ["家电维修"], 90, False, True, 4),
    ("fix-safety", "安全查看", R, "入户查看燃气、烟感和防滑扶手", [], 60, True, True, 4),
    ("health-pressure", "血压血糖", M, "上门量血压血糖，记在健康本上", ["健康测量"], 30, False, True, 6),
    ("health-visit", "陪同就医", M, "陪挂号、陪检查、陪取药，送回家", [], 240, False, True, 9),
    ("health-walk", "助行散步", M, "扶老人下楼散步晒太阳", [], 60, True, True, 3),
    ("health-care", "照护喘息", M, "替家人照看半日，让照护者歇一歇", ["护理"], 180, True, True, 2),
    ("elder-hair", "上门理发", E, "给下不了楼的老人理发修面", ["理发"], 60, False, True, 9),
    ("elder-meal", "助餐送餐", E, "从长者食堂把热饭送到家", [], 60, False, True, 9),
    ("elder-phone", "手机课堂", E, "教老人用手机挂号、缴费、防诈骗", ["手机教学"], 60, False, True, 8),
    ("elder-cook", "年节做饭", E, "节日里陪老人包饺子、做一桌菜", ["烹饪"], 180, True, True, 2),
    ("child-lesson", "课业辅导", K, "放学后辅导作业、陪读", ["课业辅导"], 90, False, False, 6),
    ("child-escort", "接送护学", K, "双职工家庭孩子上下学护送", [], 60, True, False, 3),
    ("child-art", "小小画室", K, "周末教孩子写字画画", ["书法绘画"], 120, False, False, 3),
    ("company-chat", "陪聊读报", C, "陪独居老人聊天、读报、下棋", [], 60, False, True, 10),
    ("company-heart", "心理疏导", C, "持证志愿者倾听和疏导", ["心理疏导"], 60, False, True, 2),
    ("company-birthday", "庆生陪伴", C, "给独居老人过生日，拍张纪念照", ["摄影"], 120, True, True, 2),
    ("advice-law", "法律咨询", A, "房屋、继承、消费等问题问一问", ["法律咨询"], 60, False, False, 4),
    ("advice-policy", "政策代办", A, "代办高龄津贴、医保等手续", [], 90, False, True, 6),
    ("advice-sign", "手语协助", A, "陪听障居民办事、看病", ["手语"], 120, False, True, 1),
    ("public-stairs", "楼道清理", P, "清理楼道杂物，擦扶手", [], 90, True, False, 5),
    ("public-green", "楼前绿化", P, "给楼前花坛松土、浇水、补苗", [], 120, False, False, 3),
]  # fmt: skip


def load_menu() -> dict[str, ServiceItem]:
    """Write skills and dishes. Returns the items by code, each with ``skill_names``, the names of the skills it takes, and
    ``weight``, how often it is ordered in relation to the others."""
    skills = {name: Skill.objects.create(name=name, needs_licence=licence) for name, licence in SKILLS}
    items = {}
    for order, (code, name, category, summary, needed, minutes, two, at_home, weight) in enumerate(
        MENU, start=1
    ):
        item = ServiceItem.objects.create(
            code=code, name=name, category=category, summary=summary, usual_minutes=minutes, two_volunteers=two,
            at_home=at_home, order=order,
        )  # fmt: skip
        item.skills.set([skills[each] for each in needed])
        item.skill_names, item.weight = frozenset(needed), weight
        items[code] = item
    return items
