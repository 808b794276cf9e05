"""Jobs that really run at once, each on a database connection of its own."""

import threading

from django.db import connection, connections

from governance.flow import FlowError


def all_at_once(*jobs):
    """Run every job in a thread of its own with a connection of its own, started together; return their outcomes."""
    ready, outcomes = threading.Barrier(len(jobs)), [None] * len(jobs)

    def work(index, job):
        try:
            connection.ensure_connection()
            ready.wait(timeout=60)
            outcomes[index] = job()
        except FlowError as error:
            outcomes[index] = error
        except Exception as error:  # handed to the assertion below, which names it
            outcomes[index] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(i, job)) for i, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    unexpected = [o for o in outcomes if isinstance(o, Exception) and not isinstance(o, FlowError)]
    assert not unexpected, unexpected[:3]
    return outcomes
