"""The demo's sweeps: a survey that has ended, and an emergency that runs, half done, in one community. All of it is made up."""

from datetime import timedelta

from django.utils import timezone

from governance.models import User
from grids.flow import SWEEPS
from grids.models import Grid, Sweep, SweepTarget
from grids.models.sweeps import answerers
from grids.questionnaire import options_of, templates
from grids.services import sweeps as services

#: What workers write where something is not in order, by turns.
FOUND = {
    "gas": ("没装报警器，登记了，等统一安装。", "原来的报警器坏了，请燃气公司来看。"),
    "flood": ("一楼门口积水，住户想先到活动室避一避。", "屋里有老人，想请人帮着搬到亲戚家。"),
}


#: Each answer goes through the service, which takes its time.
MOST_ANSWERED = 400


def make_survey(community: str, *, by: User) -> Sweep:
    """Make a survey (日常摸排) of the households of a community, gone through and ended. ``by`` runs it; those who answer are the workers
    who have posts there. Returns it."""
    sweep = _start(community, "冬季燃气安全摸排", "gas", "survey", 10 * 24, by)
    for number, target in enumerate(_targets(sweep)):
        outcome = "absent" if number % 23 == 22 else "exempt" if number % 17 == 16 else "done"
        _answer(target, outcome, FOUND["gas"] if number % 9 == 4 else ())
    return SWEEPS.run(sweep, "close", by=by, note="家里没人的，由网格员在周末上门补查，结果记入走访。")


def make_emergency(community: str, *, by: User) -> Sweep:
    """Make an emergency sweep (应急排查) of the households of a community that has just begun. Returns it."""
    sweep = _start(community, "暴雨后漏雨排查", "flood", "emergency", 3, by)
    targets = _targets(sweep)
    # The last grid has not begun, which is what its people are reminded of.
    last = targets[-1].grid_id if targets else ""
    begun = [target for target in targets if target.grid_id != last] or targets[: len(targets) // 2]
    # Every third door is left in each grid, and more where there are many, so that whoever opens the demo finds something to do.
    step = max(1, len(begun) // MOST_ANSWERED)
    answered = [target for number, target in enumerate(begun[::step]) if number % 3 != 2]
    for number, target in enumerate(answered):
        _answer(target, "absent" if number % 11 == 10 else "done", FOUND["flood"] if number % 7 == 3 else ())
    return Sweep.objects.get(pk=sweep.pk)


def _start(community: str, title: str, template: str, kind: str, hours: int, by: User) -> Sweep:
    sweep = services.draw_up(
        by=by, grid=Grid.objects.get(pk=community), title=title, kind=kind, about="households", hours=hours,
        description="敲门前先说明来意，看一看、问一问、记一记。", template=template,
    )  # fmt: skip
    assert sweep.form == templates()[template]["form"]
    return SWEEPS.run(sweep, "start", by=by)


def _targets(sweep: Sweep) -> list[SweepTarget]:
    return list(SweepTarget.objects.filter(sweep=sweep).select_related("sweep").order_by("grid", "position"))


def _answer(target: SweepTarget, outcome: str, found: tuple[str, ...]) -> None:
    """Let whoever works in the grid answer; ``found``: words for something that is not in order. No picture is taken: what asks for one is answered as in order."""
    worker = answerers([target.grid_id]).last()
    answers, findings = {}, 0
    for question in target.sweep.questions if outcome == "done" else ():
        if question["kind"] == "number":
            answers[question["key"]] = 1 + target.position % 4
        elif choices := options_of(question):
            wrong = found and question["finding"] and not question["photo"] and not findings
            findings += bool(wrong)
            good = [each for each in choices if each not in question["finding"]]
            answers[question["key"]] = question["finding"][0] if wrong else good[target.position % len(good)]
    words = (
        found[target.position % len(found)]
        if findings
        else "空房，物业已确认。"
        if outcome == "exempt"
        else ""
    )
    services.answer(
        target.pk, by=worker, outcome=outcome, answers=answers, words=words, token=f"demo-{target.pk}",
        at=timezone.now() - timedelta(minutes=1),
    )  # fmt: skip
