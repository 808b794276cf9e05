"""Parameters: the one table of everything a district may set, with defaults beside, edited one at a time and logged."""

from collections.abc import Iterable
from datetime import time
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from governance import audit, parameters
from governance.admin.base import TerritorialAdmin
from governance.admin.desk import Card
from governance.admin.verbs import verb_page
from governance.models import AccessEvent, Parameter
from governance.parameters import SPECS, Spec

#: The group that the first part of a key belongs to, in the order of the page.
GROUPS = {
    "orders": "点单与接单",
    "incidents": "事件",
    "whistles": "吹哨报到",
    "evaluation": "部门考评",
    "ladder": "超期上报",
    "work": "上班时间",
    "life": "组织生活",
    "care": "四色探视",
    "volunteers": "志愿者",
    "staff": "工作人员账号",
    "residents": "居民账号",
    "sms": "短信",
    "superuser": "超级管理模式",
    "exports": "导出",
    "portal": "平台信息",
}


def in_words(spec: Spec, value: Any) -> str:
    """Return a parameter's value as people read it."""
    if isinstance(spec.default, bool):
        return "是" if value else "否"
    text = str(value) or "（未填写）"
    return f"{text} {spec.unit}".strip()


def told_of(keys: Iterable[str]) -> dict[str, AccessEvent]:
    """Return, by key, the newest line of the access log on each of these parameters: who set it, when and why."""
    events = AccessEvent.objects.filter(
        content_type=ContentType.objects.get_for_model(Parameter), object_pk__in=list(keys)
    )
    newest = events.order_by("object_pk", "-at", "-pk").distinct("object_pk").select_related("actor")
    return {event.object_pk: event for event in newest}


class ParameterForm(forms.Form):
    """One value and why it is changed."""

    def __init__(self, *args: Any, spec: Spec, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.spec = spec
        label = f"{spec.label}（{spec.unit}）" if spec.unit else spec.label
        value: forms.Field
        if isinstance(spec.default, bool):
            value = forms.BooleanField(label=label, required=False)
        elif isinstance(spec.default, int):
            bounds = f"{spec.low} 到 {spec.high} 之间的整数。" if spec.low is not None else ""
            value = forms.IntegerField(
                label=label,
                min_value=spec.low,
                max_value=spec.high,
                help_text=bounds,
                error_messages={"invalid": "请填写整数。", "required": "请填写数值。"},
            )
        elif spec.key in parameters.WORKDAY:
            value = forms.TimeField(
                label=label,
                widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
                error_messages={"invalid": "请填写时间，例如 08:30。", "required": "请填写时间。"},
            )
        else:
            value = forms.CharField(label=label, required=False, max_length=200)
        self.fields["value"] = value
        self.fields["reason"] = forms.CharField(
            label="修改理由", max_length=200, error_messages={"required": "请填写修改理由，会记入访问日志。"}
        )

    def clean_value(self) -> Any:
        value = self.cleaned_data["value"]
        if isinstance(value, time):
            value = f"{value:%H:%M}"
        return parameters.check(self.spec.key, value)


@admin.register(Parameter)
class ParameterAdmin(TerritorialAdmin):
    """The table of parameters in place of a list of rows: most have no row, because the default holds."""

    def get_urls(self) -> list:
        edit = path(
            "set/<str:key>/", self.admin_site.admin_view(self.edit_view), name="governance_parameter_set"
        )
        return [edit, *super().get_urls()]

    def has_delete_permission(self, request: HttpRequest, obj=None) -> bool:
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context=None) -> HttpResponse:
        """Show every parameter by its group, with its value, its default and where the default comes from."""
        if not self.has_view_permission(request):
            raise Http404
        rows = {row.key: row for row in self.get_queryset(request)}
        stored = {key: row.value for key, row in rows.items()}
        told = told_of(stored)
        may_change = request.user.may("change", Parameter)
        groups: dict[str, list] = {}
        for key, spec in SPECS.items():
            groups.setdefault(key.partition(".")[0], []).append(
                {
                    "label": spec.label,
                    "value": in_words(spec, stored.get(key, spec.default)),
                    "default": in_words(spec, spec.default),
                    "changed": key in stored and stored[key] != spec.default,
                    "note": spec.note,
                    "told": told.get(key),
                    "changed_at": rows[key].changed_at if key in rows else None,
                    "url": reverse("admin:governance_parameter_set", args=[key]) if may_change else "",
                }
            )
        order = list(GROUPS)
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": "运行参数",
            "opts": self.model._meta,
            "groups": [
                (GROUPS.get(name, name), lines)
                for name, lines in sorted(
                    groups.items(), key=lambda g: order.index(g[0]) if g[0] in order else 99
                )
            ],
        }
        return TemplateResponse(request, "governance/desk_parameters.html", context)

    def changeform_view(
        self, request: HttpRequest, object_id=None, form_url="", extra_context=None
    ) -> HttpResponse:
        """Lead to the form of the parameter; rows are not added or edited by their columns."""
        if object_id is None:
            raise Http404
        row = self.reach(request, object_id)
        return HttpResponseRedirect(reverse("admin:governance_parameter_set", args=[row.pk]))

    def edit_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """Change one parameter, with a reason."""
        spec = SPECS.get(key)
        if spec is None or not request.user.may("change", Parameter):
            raise Http404
        current = parameters.value(key)

        @transaction.atomic
        def run(given: dict[str, Any]) -> None:
            parameters.change(key, given["value"])
            row = Parameter.objects.get(pk=key)
            words = f"{spec.label}：{in_words(spec, current)} → {in_words(spec, given['value'])}"
            audit.record(
                AccessEvent.Kind.CONFIGURE,
                request.user,
                words,
                obj=row,
                reason=given["reason"],
                request=request,
            )

        return verb_page(
            self,
            request,
            title=spec.label,
            form=ParameterForm(request.POST or None, spec=spec, initial={"value": current}),
            run=run,
            done=f"已保存：{spec.label}。",
            back=self.link(None, "changelist"),
            hint=f"默认值：{in_words(spec, spec.default)}。{spec.note}。",
        )

    def cards(self, request: HttpRequest) -> list[Card]:
        """Return how many parameters differ from their defaults."""
        if not request.user.may("change", Parameter):
            return []
        rows = self.get_queryset(request)
        return [
            Card(
                "已调整的参数", self.link(None, "changelist"), rows, icon="tune", order=40, calm="都是默认值"
            )
        ]
