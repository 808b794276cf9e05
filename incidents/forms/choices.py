"""The fields that several forms share: a minor class by its major class, to whom an incident can be given, and when the
pictures were taken."""

from collections.abc import Iterable
from typing import Any

from django import forms

from governance.models import Unit, User
from governance.territory import GridLevel
from grids.models import Grid
from incidents.flow.assignees import units_over, usual_assignee, workers_near
from incidents.models import Incident, MinorClass


def grouped_minors(rows: Iterable[MinorClass]) -> list[tuple[str, list[tuple[int, str]]]]:
    """Return minor classes under the names of their major classes, as a select shows them."""
    groups: dict[str, list[tuple[int, str]]] = {}
    for minor in rows:
        groups.setdefault(minor.major.name, []).append((minor.pk, minor.name))
    return list(groups.items())


class MinorField(forms.ModelChoiceField):
    """One minor class in use."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", "类别")
        options.setdefault("error_messages", {})
        options["error_messages"] |= {
            "required": "请选择类别。",
            "invalid_choice": "这个类别已停用，请另选。",
        }
        super().__init__(queryset=MinorClass.objects.none(), **options)

    def offer(self, user: Any) -> list[MinorClass]:
        """Offer the classes in use, and return them. Asked for once by each form."""
        self.queryset = MinorClass.objects.restrict(user).filter(is_active=True, major__isnull=False)
        rows = list(self.queryset.select_related("major"))
        empty = [] if self.required and self.initial else [("", "请选择")]
        self.choices = [*empty, *grouped_minors(rows)]
        return rows


class AssigneeField(forms.ChoiceField):
    """One grid worker of the community, or one unit whose ground it is."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", "派给")
        options.setdefault("error_messages", {})
        options["error_messages"] |= {
            "required": "请选择派给谁。",
            "invalid_choice": "现在不能派给所选的，请另选。",
        }
        super().__init__(**options)
        self.people: dict[str, User | Unit] = {}

    def offer(self, incident: Incident) -> None:
        """Offer who can be given this incident; whoever usually handles its class comes chosen."""
        workers = list(workers_near(incident.grid_id).order_by("pk"))
        units = list(units_over(incident.grid_id).order_by("-grid", "code"))
        codes = dict(self._places(incident.grid_id, workers))
        near = [w for w in workers if codes.get(w.pk) == incident.grid_id]
        far = [w for w in workers if w not in near]
        names = self._grid_names(codes.values())
        self.people = {f"w{w.pk}": w for w in workers} | {f"u{u.pk}": u for u in units}
        groups = [
            ("本网格网格员", [(f"w{w.pk}", str(w)) for w in near]),
            ("社区、街道", [(f"u{u.pk}", u.name) for u in units if u.kind != Unit.Kind.DEPARTMENT]),
            ("职能部门", [(f"u{u.pk}", u.name) for u in units if u.kind == Unit.Kind.DEPARTMENT]),
            ("本社区其他网格员", [(f"w{w.pk}", f"{w}（{names.get(codes.get(w.pk), '')}）") for w in far]),
        ]
        self.choices = [("", "请选择"), *((name, rows) for name, rows in groups if rows)]
        usual = usual_assignee(incident)
        if usual is not None:
            self.initial = f"{'u' if isinstance(usual, Unit) else 'w'}{usual.pk}"

    @staticmethod
    def _places(code: str, workers: list[User]) -> list[tuple[int, str]]:
        from governance.models import Post

        posts = Post.objects.in_force().filter(user__in=workers, community_code=code[: GridLevel.COMMUNITY])
        return list(posts.filter(grid__level=GridLevel.BASE).values_list("user", "grid"))

    @staticmethod
    def _grid_names(codes: Iterable[str]) -> dict[str, str]:
        return dict(Grid.objects.filter(code__in=set(codes)).values_list("code", "name"))

    def data(self, chosen: str) -> dict[str, Any]:
        """Return what the flow takes for a choice."""
        who = self.people[chosen]
        return {"unit": who} if isinstance(who, Unit) else {"worker": who}
