"""Why somebody may do something with a row: every ground of the rule by name, today or on a past day."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from governance import sharing
from governance.permissions import NOTHING, Holder, PostInForce, Through, rule_of


@dataclass(frozen=True)
class Ground:
    """Why someone reaches a row: a post, a share, an own relation, a publication or a switched-on superuser mode."""

    kind: str
    text: str


def explain(user: Any, obj: models.Model, action: str = "view", on: date | None = None) -> list[Ground]:
    """Name every ground by which ``user`` may do ``action`` with ``obj``, today or on a past day ``on``.

    For a past day, posts and shares are those of that day; own relations and publications are today's, because rows
    do not keep them. An empty list means: not at all.
    """
    today = timezone.localdate()
    day = on or today
    model, rule = type(obj), rule_of(type(obj))
    while isinstance(rule, Through):
        whole = rule.whole(model, action)
        if whole is None:
            return []
        obj = getattr(obj, rule.via)
        model, action = type(obj), whole[1]
        rule = rule_of(model)
    if not user.is_authenticated or not user.is_active:
        public = [p for p in rule.published if action in p.actions and p.to is None]
        return (
            []
            if user.is_authenticated
            else [
                Ground("public", p.label)
                for p in public
                if model._base_manager.filter(p.when, pk=obj.pk).exists()
            ]
        )
    grounds = []
    if day == today and user.is_superuser:
        grounds.append(Ground("superuser", "已开启超级管理模式"))
    barred = rule.barred(model, user, action)
    if barred is not NOTHING and model._base_manager.filter(barred, pk=obj.pk).exists():
        return grounds
    for post in user.posts_on(day):
        alone = _OnePost(user, post)
        if (
            post.permissions
            and model._base_manager.filter(rule.jurisdiction(model, alone, action), pk=obj.pk).exists()
        ):
            grounds.append(Ground("post", f"岗位：{post.label}"))
    grounds += [Ground("shared", text) for text in sharing.shares_on(user, obj, action, day)]
    for own in rule.own:
        if (
            action in own.actions
            and model._base_manager.filter(Q(**{own.path: user.pk}) & own.when, pk=obj.pk).exists()
        ):
            grounds.append(Ground("own", f"本人：{own.label}"))
    for published in rule.published:
        if (
            action in published.actions
            and model._base_manager.filter(rule._published_q(model, user, published), pk=obj.pk).exists()
        ):
            grounds.append(Ground("public", published.label))
    return grounds


class _OnePost(Holder):
    """A person seen as the holder of just one post: lets ``explain`` ask the rule itself, post by post."""

    is_authenticated = is_active = True
    is_superuser = False

    def __init__(self, user: Any, post: PostInForce) -> None:
        self.pk = user.pk
        self.posts_in_force = [post]
