"""The one permission rule: who reaches which rows, and by what ground.

    A person holds a *post*: a role, at a node, for a term. The role says what may be done; the node says where.
    A post reaches every row at or below its node. Nothing else does, save three stated exceptions: the row is the
    person's *own*, it was *shared* with her case by case, or a flow has *published* it.

Every model carries a ``rule``. ``Model.objects.restrict(user, action)`` is that rule as a queryset, and
``user.has_perm("app.action_model", obj)`` is the same queryset filtered to one key, so lists, pages, the API, the
admin and exports cannot disagree. An action needs the ordinary Django permission ``app.action_model`` in the role.

Speed: a post becomes an equality on one generated column; exceptions become a short literal list of keys, fetched
first and dropped where a post covers them already, so that the common query is the equality alone.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, Q, Value, When

from governance import sharing
from governance.grounds import GroundedQuerySet
from governance.territory import COLUMN, GridLevel, covers, following, level_of, lineage

EVERYTHING = Q()
NOTHING = Q(pk__in=())


class OutOfReach(ValidationError):
    """A row that was just saved lies outside what its author may reach; the save must roll back."""

    def __init__(self) -> None:
        super().__init__(
            "保存后这条记录将不在您的管辖范围内，已为您撤销。请检查所选的网格或承办单位。",
            code="out_of_reach",
        )


@dataclass(frozen=True)
class PostInForce:
    """One post of one person today: where it stands, for which unit, and what its role allows."""

    pk: int
    role: str
    label: str
    code: str
    unit_id: int | None
    permissions: frozenset[str]


class Holder:
    """Whoever holds posts; ``posts_in_force`` are those of today."""

    posts_in_force: list[PostInForce]

    def posts_with(self, perm: str) -> list[PostInForce]:
        """Return those of the posts in force whose role carries a permission, ``app.action_model``."""
        return [post for post in self.posts_in_force if perm in post.permissions]


@dataclass(frozen=True)
class Own:
    """Exception (1): rows that are the person's own.

    ``path`` leads from the row to the user (``applicant``, ``claims__volunteer__user``), ``when`` narrows it in the
    same join, ``actions`` are what the relation allows, ``label`` is how ``explain`` names it.
    """

    path: str
    actions: frozenset[str]
    label: str
    when: Q = field(default_factory=Q)


@dataclass(frozen=True)
class Published:
    """Exception (3): rows that a flow has published.

    ``when`` says which rows are out. Without ``to`` everyone sees them, signed in or not. With ``to``, the name of a
    column that holds a grid code, they are for people who hold the permission ``<app>.<holding>_<model>`` at a node
    at or below that code.
    """

    actions: frozenset[str]
    when: Q = field(default_factory=Q)
    to: str | None = None
    holding: str | None = None
    label: str = "已公开"


def permission(model: type[models.Model], action: str) -> str:
    """Return the Django permission that an action on a model needs, ``app.action_model``."""
    return f"{model._meta.app_label}.{action}_{model._meta.model_name}"


def any_of(parts: Iterable[Q]) -> Q:
    """Combine grounds: everything wins, nothing adds nothing."""
    combined = None
    for part in parts:
        if part is EVERYTHING:
            return EVERYTHING
        if part is not NOTHING:
            combined = part if combined is None else combined | part
    return NOTHING if combined is None else combined


def prefixed(q: Q, prefix: str) -> Q:
    """Return the condition as seen from a row that reaches the restricted one through ``prefix`` (a foreign key)."""
    if q is EVERYTHING or q is NOTHING:
        return q
    children = [
        prefixed(child, prefix) if isinstance(child, Q) else (f"{prefix}__{child[0]}", child[1])
        for child in q.children
    ]
    return Q(*children, _connector=q.connector, _negated=q.negated)


class Rule:
    """What all rules share: closed to the inactive, open to switched-on superusers, exceptions by key."""

    def __init__(self, own: Iterable[Own] = (), published: Iterable[Published] = ()) -> None:
        self.own = tuple(own)
        self.published = tuple(published)

    def q(self, model: type[models.Model], user: Any, action: str, memo: dict | None = None) -> Q:
        """Return the condition that a row must meet for ``user`` to do ``action`` with it.

        ``memo`` carries what was fetched between several actions on the same model within one question.
        """
        return any_of(self.grounds(model, user, action, {} if memo is None else memo))

    def grounds(
        self, model: type[models.Model], user: Any, action: str, memo: dict, row: Any = None
    ) -> list[Q]:
        """Return the alternatives of which a row must meet one.

        ``row``: the key of the only row in question. Then own rows are asked as conditions on that row instead of being
        fetched, and equal conditions of several actions are the same object, by ``memo``.
        """
        if user.is_authenticated and not user.is_active:
            return []
        if user.is_authenticated and user.is_superuser:
            return [EVERYTHING]
        parts = [
            memo.setdefault(each, self._published_q(model, user, each))
            for each in self.published
            if action in each.actions
        ]
        # What everyone may do needs no further question.
        if user.is_authenticated and not any(part is EVERYTHING for part in parts):
            jurisdiction = self.jurisdiction(model, user, action)
            jurisdiction = memo.setdefault(("posts", str(jurisdiction)), jurisdiction)
            parts.append(jurisdiction)
            if jurisdiction is not EVERYTHING:
                if row is None:
                    parts.append(self._keys_q(model, user, action, jurisdiction, memo))
                else:
                    parts += self._row_grounds(model, user, action, row, memo)
        return parts

    def jurisdiction(self, model: type[models.Model], user: Any, action: str) -> Q:
        """Return what the person's posts reach."""
        return NOTHING

    def barred(self, model: type[models.Model], user: Any, action: str, memo: dict | None = None) -> Q:
        """Return the rows with which the person may not do ``action``, whatever grounds she has."""
        return NOTHING

    def outside(self, model: type[models.Model], user: Any, action: str, jurisdiction: Q) -> Q:
        """Return what the person's posts do not reach, given what they do."""
        return ~jurisdiction

    def _published_q(self, model: type[models.Model], user: Any, published: Published) -> Q:
        when = published.when if published.when else EVERYTHING
        if published.to is None:
            return when
        if not user.is_authenticated:
            return NOTHING
        held = permission(model, published.holding)
        nodes = {code for post in user.posts_with(held) for code in lineage(post.code)}
        if not nodes:
            return NOTHING
        return Q(**{f"{published.to}__in": sorted(nodes)}) & when

    def _row_grounds(self, model, user, action: str, row: Any, memo: dict) -> list[Q]:
        parts = [Q(pk=row)] if row in sharing.shared_keys(user, model, action, memo) else []
        for own in self.own:
            if action in own.actions:
                if own not in memo:
                    memo[own] = Q(
                        models.Exists(model._base_manager.filter(Q(**{own.path: user.pk}) & own.when, pk=row))
                    )
                parts.append(memo[own])
        return parts

    def _keys_q(self, model, user, action: str, jurisdiction: Q, memo: dict) -> Q:
        outside = model._base_manager.order_by()
        if jurisdiction is not NOTHING:
            outside = outside.filter(self.outside(model, user, action, jurisdiction))
        keys: set[Any] = set(sharing.shared_keys(user, model, action, memo))
        if keys and jurisdiction is not NOTHING:
            keys = set(outside.filter(pk__in=keys).values_list("pk", flat=True))
        for own in self.own:
            if action in own.actions:
                # Someone who takes orders down on the telephone has thousands of her own, all of them within her post.
                slot = (own, jurisdiction)
                if slot not in memo:
                    rows = outside.filter(Q(**{own.path: user.pk}) & own.when)
                    memo[slot] = set(rows.values_list("pk", flat=True))
                keys |= memo[slot]
        return Q(pk__in=sorted(keys)) if keys else NOTHING


class Jurisdiction(Rule):
    """The rule of every territorial model: a post reaches the rows at or below its node.

    A post with a unit reaches only rows whose ``unit`` column names that unit, or whose ``units`` column, an array of keys,
    holds it; a model without such a column is out of reach for it. ``unit_when`` says which of the unit's rows are out for
    it already; posts of the place itself do not wait for that. ``when`` says which rows posts reach at all. ``base`` names
    the column of the row's place and ``columns`` those of its ancestors, where they have other names.
    """

    def __init__(
        self,
        own=(),
        published=(),
        *,
        unit: str | None = None,
        units: str | None = None,
        unit_when: Q | None = None,
        when: Q = EVERYTHING,
        base: str = "grid",
        columns: Mapping[GridLevel, str] = COLUMN,
    ) -> None:
        super().__init__(own, published)
        self.columns = columns
        self.unit = unit
        self.units = units
        self.unit_when = unit_when
        self.when = when
        self.base = base

    def jurisdiction(self, model: type[models.Model], user: Any, action: str) -> Q:
        needed = permission(model, action)
        reached = self.nodes_q((p.code, p.unit_id) for p in user.posts_with(needed))
        return reached if reached is NOTHING or self.when is EVERYTHING else reached & self.when

    def outside(self, model: type[models.Model], user: Any, action: str, jurisdiction: Q) -> Q:
        """Return what lies between the nodes, as ranges of the code: an index on it finds the few rows there at once, where
        "not this district" reads all that somebody ever took down.
        """
        needed = permission(model, action)
        nodes = {(p.code, p.unit_id) for p in user.posts_with(needed)}
        if self.when is not EVERYTHING or any(unit is not None for _, unit in nodes):
            return ~jurisdiction
        codes = sorted(code for code, _ in nodes)
        widest = [code for code in codes if not any(covers(other, code) for other in codes if other != code)]
        gaps, after = [], EVERYTHING
        for code in widest:
            gaps.append(after & Q(**{f"{self.base}__lt": code}))
            after = Q(**{f"{self.base}__gte": following(code)})
        return any_of([*gaps, after])

    def nodes_q(self, nodes: Iterable[tuple[str, int | None]]) -> Q:
        """Return the rows that posts at these (code, unit) nodes reach."""
        codes: dict[tuple[str, int | None], list[str]] = {}
        for code, unit_id in sorted(set(nodes), key=str):
            column = self.columns.get(level_of(code), self.base)
            codes.setdefault((column, unit_id), []).append(code)
        parts = []
        for (column, unit_id), several in codes.items():
            part = Q(**{column: several[0]}) if len(several) == 1 else Q(**{f"{column}__in": several})
            if unit_id is not None:
                if self.unit is None and self.units is None:
                    continue
                part &= Q(**{self.unit: unit_id} if self.unit else {f"{self.units}__contains": [unit_id]})
                if self.unit_when is not None:
                    part &= self.unit_when
            parts.append(part)
        return any_of(parts)


class Either(Rule):
    """For what lies at two places, as what passes between them does: whoever reaches one of them reaches it."""

    def __init__(self, *places: Jurisdiction, own: Iterable[Own] = ()) -> None:
        super().__init__(own)
        self.places = places

    def jurisdiction(self, model: type[models.Model], user: Any, action: str) -> Q:
        return any_of(place.jurisdiction(model, user, action) for place in self.places)


class DistrictWide(Rule):
    """For what belongs to the whole district (accounts, logs): a post at district level, of no unit, reaches all."""

    def jurisdiction(self, model: type[models.Model], user: Any, action: str) -> Q:
        needed = permission(model, action)
        held = any(
            level_of(post.code) is GridLevel.DISTRICT and post.unit_id is None
            for post in user.posts_with(needed)
        )
        return EVERYTHING if held else NOTHING


class Reference(DistrictWide):
    """Public reference data without a place (skills, menus, parameters): everyone reads, the district maintains.

    Which models use it is listed in governance/checks.py, so that nothing becomes public by accident.
    """

    def __init__(self) -> None:
        super().__init__(published=[Published(frozenset({"view"}), label="公开的基础数据")])


class OwnOnly(Rule):
    """For what is between the system and one person (notices): no post reaches it.

    The relation is a column of the row itself and there is no post beside it, so it is asked as an equality: one person's
    notices are many, not a short list of keys.
    """

    def _keys_q(self, model, user, action: str, jurisdiction: Q, memo: dict) -> Q:
        shared = sharing.shared_keys(user, model, action, memo)
        parts = [Q(**{own.path: user.pk}) & own.when for own in self.own if action in own.actions]
        return any_of([*parts, Q(pk__in=sorted(shared)) if shared else NOTHING])


class Through(Rule):
    """For parts of a whole (steps, claims, photos): whoever may act on the whole may act on the part.

    ``actions`` maps the part's action to the action needed on the whole; what is not mapped nobody may do.
    """

    def __init__(self, via: str, **actions: str) -> None:
        super().__init__()
        self.via = via
        self.actions = actions or {"view": "view"}

    def grounds(self, model, user: Any, action: str, memo: dict, row: Any = None) -> list[Q]:
        if user.is_authenticated and not user.is_active:
            return []
        if action not in self.actions:
            return [EVERYTHING] if user.is_authenticated and user.is_superuser else []
        whole = model._meta.get_field(self.via).related_model
        return [prefixed(rule_of(whole).q(whole, user, self.actions[action], memo), self.via)]

    def whole(self, model: type[models.Model], action: str) -> tuple[type[models.Model], str] | None:
        """Return the whole and the action on it that stand for ``action`` on the part; None where there is none."""
        if action not in self.actions:
            return None
        return model._meta.get_field(self.via).related_model, self.actions[action]


class History(Rule):
    """For simple-history's tables: a row's history is seen by whoever may see the row, and changed by nobody."""

    def grounds(self, model, user: Any, action: str, memo: dict, row: Any = None) -> list[Q]:
        if action != "view":
            return []
        tracked = model.instance_type
        inner = rule_of(tracked).q(tracked, user, "view", memo)
        if inner is EVERYTHING or inner is NOTHING:
            return [inner]
        key = tracked._meta.pk.name
        return [Q(**{f"{key}__in": tracked._base_manager.filter(inner).values(key)})]


HISTORY = History()


def rule_of(model: type[models.Model]) -> Rule:
    """Return the model's rule.

    Raises LookupError for a model without one; governance/checks.py makes that a startup error.
    """
    if hasattr(model, "instance_type") and hasattr(model, "history_id"):
        return HISTORY
    rule = getattr(model, "rule", None)
    if rule is None:
        raise LookupError(f"{model._meta.label} has no permission rule")
    return rule


class RestrictedQuerySet(GroundedQuerySet):
    """The base of every queryset in the portal."""

    def restrict(self, user: Any, action: str = "view"):
        """Return the rows with which ``user`` may do ``action`` (an action's name, not a permission string)."""
        q = rule_of(self.model).q(self.model, user, action)
        if q is EVERYTHING:
            return self.all()
        return self.none() if q is NOTHING else self.on_grounds(q)

    def with_clear(self, user: Any, action: str = "contact"):
        """Return the rows, each with ``clear``: whether ``action``, which opens its masked columns, is the person's there."""
        q = rule_of(self.model).q(self.model, user, action)
        flag: Any = Value(q is EVERYTHING, output_field=models.BooleanField())
        if q is not EVERYTHING and q is not NOTHING:
            flag = Case(When(q, then=Value(True)), default=Value(False))
        return self.annotate(clear=flag)


def permitted_actions(user: Any, obj: models.Model, actions: Iterable[str]) -> set[str]:
    """Return those of ``actions`` that the rule allows ``user`` on this one row, in a fixed number of queries.

    It is the rule of the lists, asked of one row: each ground once, however many actions stand on it.
    """
    model, rule, actions = type(obj), rule_of(type(obj)), set(actions)
    if isinstance(rule, Through):
        return _permitted_through(user, obj, rule, actions)
    memo: dict = {}
    grounds = {action: rule.grounds(model, user, action, memo, obj.pk) for action in actions}
    granted = {action for action, parts in grounds.items() if any(part is EVERYTHING for part in parts)}
    asked = {
        f"ground_{id(part)}": part
        for action, parts in grounds.items()
        if action not in granted
        for part in parts
        if part is not NOTHING
    }
    if asked:
        flags = {
            name: Case(When(part, then=Value(True)), default=Value(False)) for name, part in asked.items()
        }
        met = model._base_manager.order_by().filter(pk=obj.pk).annotate(**flags).values(*flags).first() or {}
        granted |= {
            action
            for action, parts in grounds.items()
            if any(met.get(f"ground_{id(part)}") for part in parts)
        }
    return granted


def _permitted_through(user: Any, part: models.Model, rule: "Through", actions: set[str]) -> set[str]:
    """``permitted_actions`` for a part of a whole: what is allowed on the whole, as the database has it."""
    if not user.is_authenticated or not user.is_superuser:
        actions = actions & set(rule.actions)
    elif not user.is_active:
        return set()
    unmapped = actions - set(rule.actions)
    saved = type(part)._base_manager.select_related(rule.via).filter(pk=part.pk).first()
    if saved is None or actions == unmapped:
        return unmapped
    whole = getattr(saved, rule.via)
    allowed = permitted_actions(user, whole, {rule.actions[action] for action in actions - unmapped})
    return unmapped | {action for action in actions - unmapped if rule.actions[action] in allowed}


def holds_anywhere(user: Any, perm: str) -> bool:
    """Say whether any post of the person carries the permission: the question of menus and buttons."""
    if not (user.is_authenticated and user.is_active):
        return False
    return user.is_superuser or bool(user.posts_with(perm))


class JurisdictionBackend:
    """Django's authentication backend for authorisation: answers "on something?" and "on this?" by the rule."""

    def authenticate(self, request, **credentials):
        """Sign nobody in: allauth's backend does that."""
        return

    def has_perm(self, user: Any, perm: str, obj: models.Model | None = None) -> bool:
        """Answer for ``perm`` as ``app.action_model``; with ``obj``, on that very row.

        A permission that is not one of the object's own model answers False.
        """
        parsed = parse(perm)
        if parsed is None:
            return holds_anywhere(user, perm) if obj is None else False
        model, action = parsed
        if obj is None:
            rule = rule_of(model)
            if isinstance(rule, Through) and not user.is_superuser:
                whole = rule.whole(model, action)
                return whole is not None and self.has_perm(user, permission(*whole))
            return holds_anywhere(user, perm)
        if type(obj)._meta.concrete_model is not model._meta.concrete_model or obj.pk is None:
            return False
        return action in permitted_actions(user, obj, {action})

    def has_module_perms(self, user: Any, app_label: str) -> bool:
        """Say whether any post carries any permission of the app."""
        if not (user.is_authenticated and user.is_active):
            return False
        return user.is_superuser or any(
            perm.startswith(f"{app_label}.") for post in user.posts_in_force for perm in post.permissions
        )


def parse(perm: str) -> tuple[type[models.Model], str] | None:
    """Split ``app.action_model`` into the model and the action; None where no such model has a rule."""
    app_label, _, codename = perm.partition(".")
    action, _, model_name = codename.rpartition("_")
    from django.apps import apps

    try:
        model = apps.get_model(app_label, model_name)
    except LookupError:
        return None
    return (model, action) if action and (hasattr(model, "rule") or hasattr(model, "instance_type")) else None


def look_again(user: Any, obj: models.Model, action: str = "view") -> None:
    """Check, inside the transaction that saved ``obj``, that its author still reaches it.

    Raises OutOfReach, which rolls the transaction back, when the row was created in, or moved to, a place that the
    author may not act on.
    """
    if action not in permitted_actions(user, obj, {action}):
        raise OutOfReach


def holders(perm: str, code: str, *, unit_id: int | None = None, on: date | None = None):
    """Return the active users who may use ``perm`` at the grid ``code`` by a post of theirs.

    ``unit_id``: the row's unit, so that posts of that unit count too; posts of another unit never do.
    """
    return _active(_posts_with(perm, code, unit_id, on))


def nearest_holders(perm: str, code: str, *, unit_id: int | None = None, without: Iterable[int | None] = ()):
    """Return those of ``holders`` who stand nearest to the grid: a community's own people before the street's, the street's
    before the district's. It is they who are told of what comes in. ``without``: people whose turn it cannot be."""
    posts = _posts_with(perm, code, unit_id, None).filter(user__is_active=True)
    if without := [key for key in without if key is not None]:
        posts = posts.exclude(user__in=without)
    nodes = set(posts.values_list("grid_id", flat=True))
    return _active(posts.filter(grid=max(nodes, key=len)) if nodes else posts)


def _posts_with(perm: str, code: str, unit_id: int | None, on: date | None):
    from governance.models import Post

    app_label, _, codename = perm.partition(".")
    return (
        Post.objects.in_force(on)
        .filter(grid__in=lineage(code))
        .filter(role__permissions__codename=codename, role__permissions__content_type__app_label=app_label)
        .filter(Q(unit=None) if unit_id is None else Q(unit=None) | Q(unit_id=unit_id))
    )


def _active(posts):
    from governance.models import User

    return User.objects.filter(is_active=True, pk__in=posts.values("user")).order_by("pk")


#: The type of what answers "who is asking": a User or Django's AnonymousUser.
Actor = AnonymousUser | Any
Guard = Callable[[Any], None]
