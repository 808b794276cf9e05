"""What time alone does to incidents; governance.flow.tick runs it. Late or twice, it ends in the same rows."""

from datetime import datetime

from governance.deadlines import climb_all
from governance.flow import Refused, on_tick
from governance.models import User
from incidents.flow.incidents import INCIDENTS
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
