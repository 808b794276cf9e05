"""Draw docs/flows.md, docs/roles.md and docs/glossary.md from the tables in the code, so that they cannot tell anything else."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from governance.checks import our_models
from governance.models import Matter
from governance.roles import BUILT_IN
from governance.territory import GridLevel


def flows_page() -> str:
    """Return docs/flows.md: for each kind of matter its diagram and its table."""
    parts = [
        "# 流程 Flows\n",
        "本页由 `bin/manage gen_docs` 从代码里的流转表生成，请勿手工修改。每一步都写入时间线：谁、何时、以什么身份、为什么。\n",
        "This page is generated from the transition tables; every change is one step with who, when and why.\n",
    ]
    for model in our_models():
        if not issubclass(model, Matter):
            continue
        flow = model.flow
        parts += [
            f"## {model._meta.verbose_name}（{model._meta.label}）\n",
            "```mermaid",
            flow.diagram(),
            "```\n",
        ]
        parts += [
            "| 动作 | 标识 | 从 | 到 | 所需权限 | 须写理由 | 由系统执行 |",
            "|---|---|---|---|---|---|---|",
        ]
        for action in flow.actions.values():
            sources = "、".join(str(flow.states[s]) for s in flow.states if s in action.sources)
            target = str(flow.states[action.target]) if action.target else "不变或依情况"
            needs = (
                "—"
                if action.system
                else f"`{model._meta.app_label}.{action.permission}_{model._meta.model_name}`"
            )
            parts.append(
                f"| {action.label} | `{action.name}` | {sources} | {target} | {needs} "
                f"| {'是' if action.reason else ''} | {'是' if action.system else ''} |"
            )
        parts.append("")
    return "\n".join(parts)


def roles_page() -> str:
    """Return docs/roles.md: what each built-in role may do, by model."""
    names = {}
    for model in our_models():
        verbs = {"add": "新增", "change": "修改", "delete": "删除", "view": "查看"}
        for verb in model._meta.default_permissions:
            names[f"{model._meta.app_label}.{verb}_{model._meta.model_name}"] = (model, verbs[verb])
        for codename, label in model._meta.permissions:
            names[f"{model._meta.app_label}.{codename}"] = (model, label)
    parts = [
        "# 角色 Roles\n",
        "本页由 `bin/manage gen_docs` 从 `governance/roles/` 生成，请勿手工修改。权限只在岗位所在网格及以下生效。\n",
    ]
    for spec in BUILT_IN:
        levels = "、".join(GridLevel(level).label for level in spec.levels)
        parts += [
            f"## {spec.name}（`{spec.key}`）\n",
            f"{spec.duty}。可任职：{levels}{'；须有所属单位' if spec.needs_unit else ''}。\n",
        ]
        by_model: dict[str, list[str]] = {}
        for name in sorted(spec.permissions):
            model, label = names[name]
            by_model.setdefault(str(model._meta.verbose_name), []).append(label)
        parts += [f"- {model}：{'、'.join(labels)}" for model, labels in sorted(by_model.items())]
        if not by_model:
            parts.append("- 目前没有权限，随后续业务增加。")
        parts.append("")
    return "\n".join(parts)


#: Words that no model or table carries, from the field's own usage and standards.
WORDS = [
    ("点单 / 派单 / 接单 / 晒单", "place an order / dispatch / claim / showcase"),
    ("代点单", "an order placed for someone (`placed_by`)"),
    ("接单大厅", "the hall of open orders (`open_orders_for`)"),
    ("暖心菜单", "the service menu (`ServiceItem`)"),
    ("候补", "the waiting list (`ClaimStatus.WAITING`, `OFFERED`)"),
    (
        "底册 / 需求清单 / 项目清单",
        "the grid's register (`Household`, `Resident`, `Premises`, `Facility`) / needs (`Need`) / projects (`Project`)",
    ),
    ("走访 / 走访覆盖", "a visit (`Visit`) / coverage (`visiting.coverage`)"),
    ("关爱需求", "a care need (`CareNeed`)"),
    ("九小场所", "the nine kinds of small premises (`Premises.small`)"),
    ("签到 / 签退", "check in / check out"),
    ("管辖范围", "reach, jurisdiction (`restrict`, `permissions.Jurisdiction`)"),
    ("个案授权", "a share of one row (`Share`)"),
    ("绿灯 / 黄灯 / 红灯", "the deadline light (`Matter.light`)"),
    ("工作小时", "an office hour (`worktime`)"),
    ("关怀模式", "care mode"),
    ("脱敏", "masked (`masks`)"),
    ("前门", "the front door (`intake`)"),
    (
        "1+3+4+N 工作队伍",
        "a grid's team (`TeamMember`): 1 grid worker, 3 resident staff, 4 volunteers, N others",
    ),
    ("楼门长", "a micro-grid worker (`TeamMember.Kind.MICRO`)"),
    ("离任 / 换人接替", "end a service / replace (`services.end_service`, `services.replace`)"),
    ("公示牌", "the public notice (`grids/notice.py`)"),
    ("巡查覆盖", "the coverage of points (`grids.reports.coverage`)"),
    ("应看（次）", "a stretch of days in which a point has its turn (`coverage.turns`)"),
    (
        "发现问题 / 出处",
        "a finding handed on through the front door, and where a matter was found (`governance.intake`, `grids.origins`)",
    ),
]


def glossary_page() -> str:
    """Return docs/glossary.md: every Chinese term of the pages with its name in the code."""
    parts = [
        "# 词汇表 Glossary\n",
        "本页由 `bin/manage gen_docs` 生成，请勿手工修改。页面用中文，代码用英文；一词一名。\n",
        "| 中文 | 代码中的名字 |",
        "|---|---|",
        *(f"| {chinese} | {english} |" for chinese, english in WORDS),
        *(f"| {level.label} | `GridLevel.{level.name}` |" for level in GridLevel),
        *(f"| {spec.name} | role `{spec.key}` |" for spec in BUILT_IN),
    ]
    for model in our_models():
        parts.append(f"| {model._meta.verbose_name} | `{model._meta.label}` |")
    for model in our_models():
        parts += [
            f"\n## {model._meta.verbose_name}（`{model._meta.label}`）\n",
            "| 中文 | 字段 | 取值 |",
            "|---|---|---|",
        ]
        for field in model._meta.fields:
            if field.auto_created or field.name == "id":
                continue
            choices = "、".join(
                f"{label} `{value}`" for value, label in (field.choices or []) if len(field.choices) <= 20
            )
            parts.append(f"| {field.verbose_name} | `{field.name}` | {choices} |")
    return "\n".join(parts) + "\n"


PAGES = {"flows.md": flows_page, "roles.md": roles_page, "glossary.md": glossary_page}


class Command(BaseCommand):
    help = "生成 docs 里的流程、角色和词汇表；--check 只检查是否与代码一致。"

    def add_arguments(self, parser) -> None:
        parser.add_argument("--check", action="store_true")

    def handle(self, *args, check: bool, **options) -> None:
        for name, page in PAGES.items():
            path: Path = settings.BASE_DIR / "docs" / name
            text = page()
            if not check:
                path.write_text(text, encoding="utf-8")
            elif not path.exists() or path.read_text(encoding="utf-8") != text:
                raise CommandError(f"docs/{name} 与代码不一致，请运行 bin/manage gen_docs。")
