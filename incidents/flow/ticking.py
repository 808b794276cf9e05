"""What time alone does to incidents, whistles and evaluations; governance.flow.tick runs it. Late or twice, it ends in the same rows."""

from datetime import datetime

from governance.deadlines import climb_all
from governance.flow import Refused, on_tick
from governance.models import User
from incidents.flow.evaluation import EVALUATIONS
from incidents.flow.incidents import INCIDENTS
from incidents.flow.slips import SLIPS
from incidents.flow.whistles import WHISTLES
from incidents.models import Incident

#: Rows that one run looks at; the next run goes on.
BATCH = 1000


@on_tick
def tell_unreceived(now: datetime) -> int:
    """Tell of what was dispatched and not taken in within the time for it."""
    late = Incident.objects.unreceived(now).filter(receive_told_at=None).order_by("receive_by")
    system, done = User.objects.system(), 0
    for key in list(late.values_list("pk", flat=True)[:BATCH]):
        try:
            INCIDENTS.run(key, "tell_unreceived", by=system)
        except Refused:
            continue  # somebody took it in meanwhile
        done += 1
    return done


@on_tick
def climb(now: datetime) -> int:
    """Tell the next level about overdue incidents."""
    return climb_all(INCIDENTS, now)


@on_tick
def climb_whistles(now: datetime) -> int:
    """Tell of departments that have not reported in or have no result in time, of streets and heads who have not decided."""
    return climb_all(SLIPS, now) + climb_all(WHISTLES, now)


@on_tick
def climb_evaluations(now: datetime) -> int:
    """Remind of scores that communities owe, and streets."""
    return climb_all(EVALUATIONS, now)
