"""What can be reported by the interface: the classes in use that concern public places."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import Max, QuerySet
from django.utils import timezone

from governance.territory import GridLevel
from grids.models import Grid
from incidents.models import MinorClass
from incidents.open311.formats import FORMATS, Problem

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
#: The attributes of every class: code -> (datatype, question, hint, [(key, name)]).
ATTRIBUTES: dict[str, tuple[str, str, str, list[tuple[str, str]]]] = {
    "urgent": (
        "singlevaluelist",
        "是否危及人身或财产安全（正在伤人、起火、漏气的，请先打 110、119、120）",
        "",
        [("yes", "是"), ("no", "否")],
    ),
    "spot": ("string", "具体位置，例如：3号楼东侧", "不超过 100 字", []),
}


def offered() -> QuerySet[MinorClass]:
    """Return the classes that are offered, in the catalogue's order."""
    rows = MinorClass.objects.restrict(AnonymousUser())
    return rows.filter(is_active=True, is_public=True).select_related("major")


def service_of(code: str) -> MinorClass:
    """Return the class of a service code. Raises Problem (404) for one that is not offered."""
    found = offered().filter(code=code).first()
    if found is None:
        raise Problem(404, f"没有找到编号为“{code[:20]}”的服务类别（service_code）。")
    return found


def line(minor: MinorClass) -> dict[str, Any]:
    """Return a class as a line of the list of services."""
    return {
        "service_code": minor.code,
        "service_name": minor.name,
        "description": f"{minor.major.name}：{minor.name}，{notice(minor)}",
        "metadata": True,
        "type": "batch",
        "keywords": ", ".join(minor.keywords.split()),
        "group": minor.major.name,
    }


def notice(minor: MinorClass) -> str:
    """Return what can be expected of a class, in words."""
    return f"处置时限 {minor.limit_text}，从派遣时算起。"


def definition(minor: MinorClass) -> dict[str, Any]:
    """Return what may be answered besides the words of a report."""
    return {
        "service_code": minor.code,
        "attributes": [
            {
                "variable": True,
                "code": code,
                "datatype": datatype,
                "required": False,
                "datatype_description": hint or None,
                "order": order,
                "description": question,
                "values": [{"key": key, "name": name} for key, name in values],
            }
            for order, (code, (datatype, question, hint, values)) in enumerate(ATTRIBUTES.items(), start=1)
        ],
    }


def jurisdiction(code: str) -> str:
    """Return the code of the district that a request names, "" where it names none. Raises Problem (404) for another one."""
    districts = Grid.objects.restrict(AnonymousUser()).current().of_level(GridLevel.DISTRICT)
    if code and not districts.filter(code=code).exists():
        raise Problem(404, f"没有找到辖区“{code[:20]}”（jurisdiction_id）；它是区的 6 位编码，可以不填。")
    return code


def discovery(endpoint: str) -> dict[str, Any]:
    """Return where the interface is and in which forms. ``endpoint`` is its full address."""
    district = Grid.objects.restrict(AnonymousUser()).current().of_level(GridLevel.DISTRICT).first()
    name, phone = (district.name, district.phone) if district is not None else ("", "")
    changed = MinorClass.history.aggregate(last=Max("history_date"))["last"]
    changeset = f"{timezone.localtime(changed):%Y-%m-%d %H:%M}" if changed else "2026-01-01 00:00"
    return {
        "changeset": changeset,
        "contact": f"{name}社区治理平台{f'，电话 {phone}' if phone else ''}",
        "key_service": "上报需要密钥，请向本区的系统管理员申请；查询不需要密钥。",
        "endpoints": [
            {
                "specification": SPECIFICATION,
                "url": endpoint,
                "changeset": changeset,
                "type": "test" if settings.DEMO else "production",
                "formats": [kind.partition(";")[0] for kind, _ in FORMATS.values()],
            }
        ],
    }
