"""The frame of the phone pages: care mode, light or dark, the community's phone, the accessibility statement, and the
gallery of parts that developers look at in demo mode.

Decides where a person's choices about the look are kept: in a cookie of the phone, for a year, so that they hold before
signing in and no server needs to know who needs large type.
"""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django import forms
from django.apps import apps
from django.conf import settings
from django.contrib.messages import ERROR, INFO, SUCCESS, WARNING
from django.contrib.messages.storage.base import Message
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from governance import parameters
from governance.territory import GridLevel

YEAR = 365 * 24 * 3600


def frame(request: HttpRequest) -> dict[str, Any]:
    """Give every template the frame's words, each asked for only where a page shows it: ``portal`` (who runs it, its
    record number) and ``community_phone`` (the number care mode keeps on screen).
    """
    return {
        "portal": {
            "organiser": SimpleLazyObject(lambda: parameters.value("portal.organiser")),
            "record_number": SimpleLazyObject(lambda: parameters.value("portal.record_number")),
        },
        "community_phone": SimpleLazyObject(lambda: community_phone(request)),
    }


def community_phone(request: HttpRequest) -> str:
    """Return the public number of the community whose door or grid was scanned or chosen, else of the person's own
    address, else of whoever runs the portal; an empty string where none is known (the page then shows 12345)."""
    session, user = getattr(request, "session", None), getattr(request, "user", None)
    doors = apps.get_model("grids", "Entrance").objects.all()
    scanned = session.get("entrance") if session is not None else None
    chosen = session.get("grid") if session is not None and not scanned else None
    if chosen:
        grids = apps.get_model("grids", "Grid").objects.filter(code=chosen[: GridLevel.COMMUNITY])
        return grids.values_list("phone", flat=True).first() or parameters.value("portal.phone")
    if scanned:
        doors = doors.filter(**{"pk" if isinstance(scanned, int) else "token": scanned})
    elif user is not None and user.is_authenticated and user.entrance_id:
        doors = doors.filter(pk=user.entrance_id)
    else:
        doors = doors.none()
    grids = apps.get_model("grids", "Grid").objects.filter(code__in=doors.values("community_code"))
    return grids.values_list("phone", flat=True).first() or parameters.value("portal.phone")


def _back(request: HttpRequest) -> HttpResponseRedirect:
    """Return to the page the switch was pressed on; to the home page when the address is not one of ours."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        target = "/"
    return HttpResponseRedirect(target)


def _keep(response: HttpResponse, name: str, value: str) -> HttpResponse:
    response.set_cookie(
        name, value, max_age=YEAR, samesite="Lax", httponly=True, secure=settings.SESSION_COOKIE_SECURE
    )
    return response


@require_POST
def care_mode(request: HttpRequest) -> HttpResponse:
    """Switch care mode (关怀模式) on (``care=1``) or off, and go back."""
    if request.POST.get("care") == "1":
        return _keep(_back(request), "care", "1")
    response = _back(request)
    response.delete_cookie("care", samesite="Lax")
    return response


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Choose ``light`` or ``dark``; anything else follows the phone's own setting."""
    chosen = request.POST.get("theme")
    if chosen in ("light", "dark"):
        return _keep(_back(request), "theme", chosen)
    response = _back(request)
    response.delete_cookie("theme", samesite="Lax")
    return response


@require_GET
def accessibility(request: HttpRequest) -> HttpResponse:
    """Show the accessibility statement (无障碍说明)."""
    return render(request, "accessibility.html")


# --- the gallery ------------------------------------------------------------------------------------------------------
class GalleryForm(forms.Form):
    """One field of each kind, for the gallery."""

    name = forms.CharField(label="姓名", max_length=40, widget=forms.TextInput({"autocomplete": "name"}))
    phone = forms.CharField(
        label="手机号",
        help_text="只有接单的志愿者能看到。",
        widget=forms.TextInput(
            {"inputmode": "tel", "autocomplete": "tel-national", "placeholder": "11 位手机号码"}
        ),
    )
    item = forms.ChoiceField(
        label="服务项目",
        choices=[("", "请选择"), ("haircut", "上门理发"), ("meal", "助餐送餐"), ("repair", "小修小补")],
    )
    when = forms.DateField(label="希望日期", widget=forms.DateInput({"type": "date"}), required=False)
    places = forms.IntegerField(
        label="需要人数", min_value=1, widget=forms.NumberInput({"inputmode": "numeric"}), initial=1
    )
    note = forms.CharField(
        label="具体情况",
        max_length=500,
        widget=forms.Textarea({"placeholder": "请写明需要帮什么忙，有什么要注意的"}),
    )
    way = forms.ChoiceField(
        label="怎样联系您",
        choices=[("phone", "打电话"), ("door", "上门"), ("none", "不用联系")],
        widget=forms.RadioSelect,
        initial="phone",
    )
    photos = forms.FileField(
        label="照片",
        required=False,
        help_text="最多 9 张，每张不超过 10 MB。",
        widget=forms.FileInput({"accept": "image/*"}),
    )
    stars = forms.ChoiceField(
        label="您满意吗",
        choices=[(1, "很差"), (2, "较差"), (3, "一般"), (4, "满意"), (5, "很满意")],
        widget=forms.RadioSelect,
        initial=4,
    )
    told = forms.BooleanField(label="有进展时发短信告诉我", required=False, initial=True)


@require_GET
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show every part of the phone pages on one page; only in demo mode. ``?wrong=1`` shows the form's mistakes."""
    if not settings.DEMO:
        raise Http404
    now = timezone.now()
    wrong = "wrong" in request.GET
    form = (
        GalleryForm({"name": "张", "phone": "138", "way": "phone", "stars": "4"}) if wrong else GalleryForm()
    )
    if wrong:
        form.add_error("phone", "请填写 11 位手机号码，例如 13800001234。")

    def matter(title: str, light: str, status: str, hours: int, text: str = "") -> SimpleNamespace:
        return SimpleNamespace(
            title=title, light=light, description=text, number=f"VO-120106012-20261122-{hours:04}",
            get_status_display=status, opened_at=now - timedelta(hours=hours),
        )  # fmt: skip

    def step(label: str, actor: str, hours: int, capacity: str = "", note: str = "") -> SimpleNamespace:
        return SimpleNamespace(
            label=label,
            actor=actor,
            capacity=capacity,
            note=note,
            at=now - timedelta(hours=hours),
            due_at=None,
        )

    return render(
        request,
        "styleguide.html",
        {
            "form": form,
            "now": now,
            "community_phone": "022-26371234",
            "community_name": "示例社区",
            "matters": [
                matter(
                    "家里水龙头漏水，想请人帮忙修",
                    "red",
                    "待派单",
                    30,
                    "厨房的水龙头一直滴水，已经接了两盆。老人一个人在家，希望尽快。",
                ),
                matter("陪同去医院取药", "yellow", "待接单", 9, "周一上午去红桥医院取药，大约两小时。"),
                matter("上门理发", "green", "服务中", 2),
                matter("代买米面", "paused", "已暂停", 50),
                matter("教用智能手机", "off", "已办结", 200),
            ],
            "steps": [
                step("签到，开始服务", "李*", 1, "红桥志愿者 · 金牌帮帮团"),
                step("接单", "李*", 3, "红桥志愿者 · 金牌帮帮团", "我住在隔壁楼，工具都有，下午两点过去。"),
                step("派单", "王秀芳", 8, "示例社区 · 社区书记"),
                step("点单", "张**", 9, "居民", "厨房水龙头漏水。"),
            ],
            "page_of": SimpleNamespace(
                has_previous=True, has_next=True, number=2, previous_page_number=1, next_page_number=3
            ),
            "samples": [
                Message(SUCCESS, "已提交，编号 VO-120106012-20261122-0001。"),
                Message(WARNING, "这个时间段志愿者较少，可能要多等一会儿。"),
                Message(ERROR, "这个名额刚刚被别人接走了，为您排到候补第 1 位。"),
                Message(INFO, "今天 18:00 至 20:00 系统维护，期间请打电话。"),
            ],
        },
    )
