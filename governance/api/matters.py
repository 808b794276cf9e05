"""The API of a matter: its list line, its timeline, and one route for each action of its transition table.

The routes are made from the table, so a new action is an address, a form and a line of the description at once; what the
form holds besides version and note is named by the app.
"""

from collections.abc import Callable, Mapping
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action as route
from rest_framework.request import Request
from rest_framework.response import Response

from governance import audit
from governance.api.bases import Listing, RestrictedViewSet, Retrieving
from governance.api.errors import Elsewhere
from governance.api.fields import MaskedField, called, words
from governance.flow import Action, Flow
from governance.models import Matter, Step

#: What a number looks like; anything else is no address at all.
NUMBER = "[A-Z]{2}-[0-9]{6,15}-[0-9]{8}-[0-9]{4,9}"

GONE = "已办理；这件事从此不在您的范围内。"

Fields = Mapping[str, Callable[[], serializers.Field]]


class ActionSerializer(serializers.Serializer):
    """One action that the table offers the caller on this matter now."""

    name = serializers.CharField()
    label = serializers.CharField()
    needs_reason = serializers.BooleanField(source="reason")
    danger = serializers.BooleanField()
    hint = serializers.CharField()


class MatterSerializer(serializers.ModelSerializer):
    """What every matter's list line has. The applicant is masked unless the rule allows ``contact``."""

    grid = serializers.CharField(source="grid_id", read_only=True)
    grid_name = serializers.CharField(source="grid.name", read_only=True)
    status_label = serializers.CharField(source="get_status_display", read_only=True)
    light = serializers.ChoiceField(
        choices=[
            ("red", "已超期"),
            ("yellow", "将到期"),
            ("green", "正常"),
            ("paused", "已暂停"),
            ("off", "不计时"),
        ],
        read_only=True,
    )
    applicant_name = MaskedField()
    applicant_phone = MaskedField()
    is_mine = serializers.SerializerMethodField()

    class Meta:
        fields = [
            "number",
            "title",
            "description",
            "grid",
            "grid_name",
            "status",
            "status_label",
            "version",
            "light",
            "opened_at",
            "closed_at",
            "due_at",
            "applicant_name",
            "applicant_phone",
            "is_mine",
        ]
        read_only_fields = fields

    def get_is_mine(self, matter: Matter) -> bool:
        """Whether the caller asked for it."""
        return matter.applicant_id is not None and matter.applicant_id == self.context["request"].user.pk


class AvailableField(serializers.Field):
    """What the caller may do with the matter now, in the table's order."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, source="*", **kwargs)

    def to_representation(self, matter: Matter) -> list[dict[str, Any]]:
        flow = type(matter).flow
        actions = [each for each in flow.available(matter, self.context["request"].user) if not each.hidden]
        return ActionSerializer(actions, many=True).data


extend_schema_field(ActionSerializer(many=True))(AvailableField)


class StepSerializer(serializers.Serializer):
    """One step of the timeline. People are named as the caller may know them."""

    seq = serializers.IntegerField()
    action = serializers.CharField()
    label = serializers.CharField()
    actor = serializers.SerializerMethodField()
    capacity = serializers.CharField()
    at = serializers.DateTimeField()
    from_status = serializers.CharField()
    to_status = serializers.CharField()
    note = serializers.CharField()
    due_at = serializers.DateTimeField(allow_null=True)

    def get_actor(self, step: Step) -> str:
        mine = step.actor_id == self.context["request"].user.pk
        return called(step.actor, mine or step.actor_id in self.context.get("known", ()))


class RevealSerializer(serializers.Serializer):
    """Which masked field, and why."""

    field = serializers.CharField(max_length=40)
    reason = words(200)


class RevealedSerializer(serializers.Serializer):
    """A masked field in clear."""

    field = serializers.CharField()
    value = serializers.CharField(allow_blank=True)


class VersionedSerializer(serializers.Serializer):
    """The body of every action: the version that the caller was shown, and a note."""

    version = serializers.IntegerField(min_value=1, max_value=2_147_483_647, help_text="看到的版本号。")
    note = serializers.CharField(
        max_length=1000, required=False, allow_blank=True, help_text="说明；须写理由的动作必填。"
    )


def body_of(flow: Flow, action: Action, fields: Fields) -> type[VersionedSerializer]:
    """Return the serializer of an action's body."""
    made: dict[str, Any] = {name: make() for name, make in fields.items()}
    if action.reason and "note" not in made:
        sentence = f"请填写{action.note_name}。"
        made["note"] = serializers.CharField(
            max_length=1000, error_messages={"required": sentence, "blank": sentence}, help_text="理由。"
        )
    made["__doc__"] = action.hint or f"{action.label}。"
    name = "".join(part.title() for part in (flow.model.__name__, *action.name.split("_")))
    return type(f"{name}Serializer", (VersionedSerializer,), made)


class MatterViewSet(Listing, Retrieving, RestrictedViewSet):
    """Matters of one kind: list, one by its number, its timeline, and the table's actions (``with_actions``)."""

    lookup_field = "number"
    lookup_value_regex = NUMBER
    cursor_ordering = ("-opened_at", "-pk")
    flow: Flow

    @extend_schema(summary="办理记录", responses=StepSerializer(many=True))
    @route(detail=True, pagination_class=None, filter_backends=())
    def steps(self, request: Request, number: str) -> Response:
        """The matter's timeline, oldest first, at most its newest 500 steps."""
        matter = self.get_object()
        context = {**self.get_serializer_context(), **self.page_context([matter])}
        context["known"] = self.known_people(matter, context)
        shows = self.timeline_shows(matter, context)
        steps = reversed(self.flow.timeline(matter, request.user, most=500)) if shows else []
        return Response(StepSerializer(steps, many=True, context=context).data)

    def known_people(self, matter: Matter, context: dict[str, Any]) -> set[int | None]:
        """Return the keys of those whom the caller may know by name, besides staff and herself."""
        return {matter.applicant_id, matter.placed_by_id} if matter.pk in context["clear"] else set()

    def timeline_shows(self, matter: Matter, context: dict[str, Any]) -> bool:
        """Say whether the timeline is for the caller; the rule has let her see the matter."""
        return True

    @extend_schema(summary="查看脱敏信息", request=RevealSerializer, responses=RevealedSerializer)
    @route(detail=True, methods=["post"])
    def reveal(self, request: Request, number: str) -> Response:
        """One masked field in clear, with a reason; the look is written into the access log."""
        matter, asked = self.get_object(), self.take(RevealSerializer)
        if asked["field"] not in matter.masked:
            raise serializers.ValidationError({"field": ["没有这个脱敏字段。"]})
        value = audit.reveal(matter, asked["field"], by=request.user, reason=asked["reason"], request=request)
        return Response({"field": asked["field"], "value": "" if value is None else str(value)})

    def perform(self, name: str, form: type[VersionedSerializer]) -> Response:
        """Run one action of the table. Answers 204 when it took the matter out of the caller's reach."""
        matter = self.rows("view").filter(number=self.kwargs["number"]).first()
        if matter is None:
            self.answer_again(name)
            return Response(status=204)
        data = self.take(form)
        self.carry_out(matter, name, data.pop("version"), data.pop("note", ""), data)
        row = self.rows("view").filter(pk=matter.pk).first()
        return Response(status=204) if row is None else Response(self.represent_one(row))

    def carry_out(self, matter: Matter, name: str, version: int, note: str, data: dict[str, Any]) -> None:
        """Hand the action to the engine. An app overrides it where a service does more than the flow alone."""
        self.flow.run(matter, name, by=self.request.user, version=version, note=note, **data)

    def answer_again(self, name: str) -> None:
        """Pass where this very request was carried out before and took the matter out of reach. Raises Elsewhere."""
        data = self.request.data
        version = data.get("version") if isinstance(data, dict) else None
        if type(version) is not int or not 0 < version < 2**31:
            raise Elsewhere
        done = self.flow.step._base_manager.filter(
            matter__number=self.kwargs["number"], action=name, actor=self.request.user, seen_version=version
        )
        if not done.exists():
            raise Elsewhere


def with_actions(flow: Flow, fields: Mapping[str, Fields] | None = None) -> Callable[[type], type]:
    """Give a MatterViewSet one POST route, ``actions/<name>/``, for each action that people take.

    ``fields``: for an action, the makers of what its body holds besides version and note. Raises KeyError for an action
    that the table does not have.
    """
    fields = fields or {}
    for name in fields:
        flow.actions[name]

    def decorate(viewset: type[MatterViewSet]) -> type[MatterViewSet]:
        viewset.flow = flow
        for action in flow.actions.values():
            if not (action.system or action.hidden):
                form = body_of(flow, action, fields.get(action.name, {}))
                setattr(
                    viewset, f"do_{action.name}", _endpoint(action, form, viewset.detail_serializer_class)
                )
        return viewset

    return decorate


def _endpoint(action: Action, form: type[VersionedSerializer], answer: Any) -> Callable[..., Response]:
    def endpoint(self: MatterViewSet, request: Request, number: str) -> Response:
        return self.perform(action.name, form)

    endpoint.__name__ = endpoint.__qualname__ = f"do_{action.name}"
    endpoint.__doc__ = form.__doc__
    made = route(
        detail=True, methods=["post"], url_path=f"actions/{action.name}", url_name=f"do-{action.name}"
    )(endpoint)
    return extend_schema(
        summary=action.label, request=form, responses={200: answer, 204: OpenApiResponse(description=GONE)}
    )(made)
