"""A report that comes by the interface: read, checked, handed to the front door, and answered with a token.

The token is the report's name at the front door. It is made of the sender and the whole report with a key, so that nobody
guesses it and a report that is sent again within ten minutes gets the same one.
"""

import re
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.crypto import salted_hmac

from governance.models import Intake, User
from governance.models.people import PHONE
from governance.territory import GridLevel
from grids import geometry
from grids.models import Grid
from incidents.models import Incident, Source
from incidents.open311.asked import Asked
from incidents.open311.formats import Problem
from incidents.open311.requests import published
from incidents.open311.services import ATTRIBUTES, service_of
from incidents.services.reporting import report_incident

#: For so long the same report of the same sender is one report.
AGAIN = timedelta(minutes=10)
#: What belongs to the request and not to the report.
NOT_THE_REPORT = {"api_key", "jurisdiction_id"}
MOST_WORDS, MOST_SPOT, MOST_NAME = 4000, 100, 40
_ATTRIBUTE = re.compile(r"attribute\[([^\]]*)\](?:\[\])?")


# --- the token ---------------------------------------------------------------------------------------------------------
def token_of(source: Source, body: QueryDict) -> str:
    """Return the token of a report: the one that the same report got within the last ten minutes, or a new one."""
    now = timezone.now()
    window = int(now.timestamp() // AGAIN.total_seconds())
    tokens = [_token(source, body, each) for each in (window, window - 1)]
    earlier = Intake.objects.filter(source=source.key, source_id__in=tokens, received_at__gte=now - AGAIN)
    return earlier.order_by("-received_at").values_list("source_id", flat=True).first() or tokens[0]


def _token(source: Source, body: QueryDict, window: int) -> str:
    said = sorted((name, values) for name, values in body.lists() if name not in NOT_THE_REPORT)
    return salted_hmac("incidents.open311", repr((source.key, window, said)), algorithm="sha256").hexdigest()[
        :32
    ]


def number_of(token: str, district: str) -> str | None:
    """Return the number of the report that got this token, None while the desk has not accepted it.

    Whoever holds the token has sent the report, so the rule is not asked. One that was merged leads to the number under which
    it is handled, where that is published. Raises Problem (404) for a token that was never given, and for a report that
    was not accepted.
    """
    came = Intake.objects.filter(
        kind="incident", channel="open311", source__in=Source.objects.values("key"), source_id=token
    )
    came = came.filter(district_code=district) if district else came
    key = came.values_list("object_id", flat=True).first()
    rows = Incident.objects.only("number", "accepted_at", "closed_at", "merged_into")
    row = rows.filter(pk=key).first() if key else None
    if row is None:
        raise Problem(404, "没有找到这个受理凭证（token）。")
    if row.accepted_at is None:
        if row.closed_at is not None:
            raise Problem(404, "这条上报没有受理，不会有受理编号。")
        return None
    lead = published().filter(pk=row.merged_into_id).first() if row.merged_into_id else None
    return lead.number if lead is not None else row.number


# --- the report ----------------------------------------------------------------------------------------------------------
def take_report(source: Source, body: QueryDict, district: str) -> tuple[str, Incident, bool]:
    """Report what the request says. Returns its token, the incident, and False when this very report had been taken in before.

    Raises Problem: 404 for an unknown service, 400 with a sentence for each thing that is wrong.
    """
    asked = Asked(body)
    if not asked.text("service_code"):
        raise Problem(400, "请填写服务类别（service_code），可用的类别见 services。")
    minor = service_of(asked.text("service_code"))
    said, wrong = {}, []
    for read in (lambda: _place(asked, district), lambda: _words(asked), lambda: _reporter(asked),
                 lambda: _attributes(asked, body)):  # fmt: skip
        try:
            said |= read()
        except Problem as problem:
            wrong += problem.sentences
    if wrong:
        raise Problem(400, *wrong)
    # The words of an address that was only read for its community still say where.
    said["spot"] = said["spot"] or asked.text("address_string")[:MOST_SPOT]
    token = token_of(source, body)
    try:
        incident, new = report_incident(
            by=source.account,
            source=source.key,
            source_id=token,
            channel="open311",
            minor_class=minor,
            **said,
        )
    except ValidationError as refusal:
        raise Problem(400, *refusal.messages) from refusal
    return token, incident, new


def _place(asked: Asked, district: str) -> dict[str, Any]:
    """Read where it is: a point, else a grid's code, else the words of an address."""
    latitude, longitude = asked.degrees("lat", 90), asked.degrees("long", 180)
    if (latitude is None) != (longitude is None):
        raise Problem(400, "纬度（lat）和经度（long）要一起填写。")
    grids = Grid.objects.restrict(AnonymousUser()).current().defer("boundary")
    grids = grids.filter(district_code=district) if district else grids
    if latitude is not None:
        code = geometry.locate(longitude, latitude)
        if code is None or not code.startswith(district):
            raise Problem(400, "这个位置不在本区范围内，请核对 lat 和 long（WGS 84）。")
        return {"longitude": longitude, "latitude": latitude}
    if address_id := asked.text("address_id"):
        grid = grids.filter(code=address_id).first()
        if grid is None or grid.grid_level < GridLevel.STREET:
            raise Problem(400, "没有找到这个地址编号（address_id）；它是街道、社区或基础网格的编码。")
        return {"grid": grid}
    if address := asked.text("address_string"):
        levels = (GridLevel.STREET, GridLevel.COMMUNITY)
        return {"grid": _grid_in(address, *(list(grids.of_level(level)) for level in levels))}
    raise Problem(400, "请填写位置：lat 和 long，或 address_string，或 address_id。")


def _grid_in(address: str, streets: list[Grid], communities: list[Grid]) -> Grid:
    """Return the community, else the street, that the words of an address name; of two of one name the named street's.

    Raises Problem (400) where they name none, or leave open which.
    """
    named = [street for street in streets if street.name in address]
    rest = address
    for street in named:
        rest = rest.replace(street.name, " ")  # many a street has a community of its own name
    named = named or [street for street in streets if _short(street) in address]
    found = [community for community in communities if _short(community) in rest]
    # Of two names of which one holds the other, the longer one was meant.
    short = {_short(community) for community in found}
    found = [each for each in found if not any(_short(each) != one and _short(each) in one for one in short)]
    within = {street.pk for street in named}
    found = [each for each in found if each.parent_id in within] or found
    if len(found) > 1:
        names = "、".join(sorted({each.name for each in found})[:3])
        raise Problem(400, f"地址里的社区（{names}）不止一个，请写明街道和社区，或填写 lat 和 long。")
    if not found and len(named) != 1:
        raise Problem(
            400, "地址（address_string）里没有本区的社区名称，请写明街道和社区，或填写 lat 和 long。"
        )
    return found[0] if found else named[0]


def _short(grid: Grid) -> str:
    """Return a grid's name as people write it, without what kind of grid it is; two characters at least remain."""
    for ending in ("社区居委会", "社区", "街道"):
        short = grid.name.removesuffix(ending)
        if short != grid.name and len(short) >= 2:
            return short
    return grid.name


def _words(asked: Asked) -> dict[str, Any]:
    words = asked.text("description")
    if len(words) > MOST_WORDS:
        raise Problem(400, f"说明（description）不超过 {MOST_WORDS} 字。")
    return {"description": words}


def _reporter(asked: Asked) -> dict[str, Any]:
    """Read who reports it: family name first, and the phone whose owner can then follow it here."""
    name = asked.text("last_name") + asked.text("first_name")
    if len(name) > MOST_NAME:
        raise Problem(400, f"姓名（last_name、first_name）合计不超过 {MOST_NAME} 字。")
    phone = re.sub(r"[\s-]", "", asked.text("phone")).removeprefix("+86")
    if not phone:
        return {"applicant_name": name}
    try:
        PHONE(phone)
    except ValidationError:
        raise Problem(400, "电话（phone）要填 11 位手机号码；没有可以不填。") from None
    owner = User.objects.filter(phone=phone, phone_verified=True, is_active=True).first()
    return {"applicant_name": name, "applicant_phone": phone, "applicant": owner}


def _attributes(asked: Asked, body: QueryDict) -> dict[str, Any]:
    """Read the answers to the service's definition."""
    answers = {"urgent": "", "spot": ""}
    for name in body:
        found = _ATTRIBUTE.fullmatch(name)
        if found is None:
            continue
        if found[1] not in ATTRIBUTES:
            raise Problem(400, f"没有“{found[1][:20]}”这一项（attribute），可填的项见服务类别的定义。")
        answers[found[1]] = asked.text(name) or answers[found[1]]
    if answers["urgent"] not in ("", "yes", "no"):
        raise Problem(400, "是否危及安全（attribute[urgent]）只能是 yes 或 no。")
    if len(answers["spot"]) > MOST_SPOT:
        raise Problem(400, f"具体位置（attribute[spot]）不超过 {MOST_SPOT} 字。")
    return {"is_urgent": answers["urgent"] == "yes", "spot": answers["spot"]}
