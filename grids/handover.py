"""What a grid worker may have in hand when she leaves. Each app that gives her something says what of it is open; the list of a
hand-over is what all of them say. What it shows of each thing is what the rule lets the reader see of the thing itself."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.contrib.contenttypes.models import ContentType

from governance.models import Matter, User
from grids.models import HandoverItem

#: Returns the open matters of a kind that are a person's to hand over, in these grids.
Finder = Callable[[User, list[str]], Iterable[Matter]]
#: Lets one thing, named by its key, go on with who takes over: (key, who leaves, who takes over if somebody does, who says so). It asks
#: the rule itself.
GoesOn = Callable[[int, User, User | None, User], None]


@dataclass(frozen=True)
class Offer:
    """One kind of open things. ``confidential``: the list keeps neither title nor number, which only the thing itself tells. Without
    ``goes_on`` ticking one off says that it is known, and changes nothing of it."""

    label: str
    finder: Finder
    confidential: bool = False
    goes_on: GoesOn | None = None


_offers: dict[str, Offer] = {}


def offer(
    kind: str, label: str, finder: Finder, *, confidential: bool = False, goes_on: GoesOn | None = None
) -> None:
    """Let an app add a kind. Raises ValueError when another finder has it already."""
    if kind in _offers and _offers[kind].finder is not finder:
        raise ValueError(f"two finders for the kind {kind!r} of hand-overs")
    _offers[kind] = Offer(label, finder, confidential, goes_on)


def go_on(items: Iterable[HandoverItem], leaving: User, taking: User | None, by: User) -> None:
    """Let what was ticked off go on with who takes over. Raises what the apps raise: NotYours or Refused."""
    for item in items:
        known = _offers.get(item.kind)
        if known is not None and known.goes_on is not None:
            known.goes_on(item.object_pk, leaving, taking, by)


def kinds() -> dict[str, str]:
    """Return the registered kinds with their Chinese names."""
    return {kind: each.label for kind, each in _offers.items()}


def open_things(user: User, codes: list[str]) -> list[HandoverItem]:
    """Return what is open of a person in these grids, as items of no hand-over yet."""
    items = []
    for kind, each in _offers.items():
        for row in each.finder(user, codes):
            items.append(
                HandoverItem(
                    kind=kind,
                    label=each.label if each.confidential else row.title[:80],
                    number="" if each.confidential else row.number,
                    content_type=ContentType.objects.get_for_model(type(row)),
                    object_pk=row.pk,
                )
            )
    return items


@dataclass(frozen=True)
class Line:
    """An item as one person sees it. Without ``matter`` it is out of her reach, and its kind is all that she is told."""

    item: HandoverItem
    kind: str
    matter: Matter | None

    @property
    def words(self) -> str:
        return self.item.label if self.matter is not None else ""

    @property
    def remark(self) -> str:
        return self.item.remark if self.matter is not None else ""

    @property
    def number(self) -> str:
        return self.matter.number if self.matter is not None else ""

    @property
    def gist(self) -> str:
        """What tells it from others of its name, first of all where it is; what is confidential tells that itself."""
        known = _offers.get(self.item.kind)
        hidden = self.matter is None or known is None or known.confidential
        return "" if hidden else self.matter.gist()

    @property
    def is_closed(self) -> bool:
        """Whether the thing has ended meanwhile."""
        return self.matter is not None and self.matter.closed_at is not None

    @property
    def desk_url(self) -> str:
        return self.matter.get_desk_url() if self.matter is not None else ""

    @property
    def url(self) -> str:
        """Where it stands on a phone; what is confidential has no page there but its parties'."""
        if self.matter is None:
            return ""
        known = _offers.get(self.item.kind)
        return self.desk_url if known is None or known.confidential else self.matter.get_absolute_url()


def lines(items: Iterable[HandoverItem], user: User) -> list[Line]:
    """Return items as a person sees them: one query for each type of thing among them."""
    items = list(items)
    keys: dict[int, list[int]] = defaultdict(list)
    for item in items:
        keys[item.content_type_id].append(item.object_pk)
    seen = {}
    for kind, wanted in keys.items():
        model = ContentType.objects.get_for_id(kind).model_class()
        rows = model.objects.restrict(user).filter(pk__in=wanted).with_place()
        seen |= {(kind, row.pk): row for row in rows}
    named = kinds()
    return [
        Line(item, named.get(item.kind, "其他"), seen.get((item.content_type_id, item.object_pk)))
        for item in items
    ]
