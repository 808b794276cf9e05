"""Taking reports in over HTTP while the server is killed and started again: how many a second, and whether one is lost or doubled.

    python -m benchmarks.intake [seconds]

Environment: see benchmarks/databases.py. Eight systems, each with a key and a connection of its own, send incidents by the
sources' interface to a real server (granian, as bin/demo starts it) on a small world with its staff. In the middle
the server's processes are killed (SIGKILL) and started again at once. A client that gets no answer sends the same report again until
it has one. Afterwards what was answered is compared with what the database holds.
"""

import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import databases, timing, workers

NAME = "bench_intake"
CLIENTS = 8
PATH = "/api/v1/sources/incidents"
#: Seconds before a client asks again, and for which it waits for an answer.
PAUSE, PATIENCE = 0.1, 20
#: Of the server.
THREADS = "8"


# --- the world, in a worker ---------------------------------------------------------------------------------------------
def build() -> dict[str, list]:
    """Fill the empty database: territory, staff, catalogue and sources. Returns keys of sources, codes of grids and of classes."""
    from benchmarks import cast, world
    from governance.appointments import appoint
    from governance.models import User
    from grids.models import Grid
    from grids.services import make_up_base_grids
    from incidents.services.catalogue import load_catalogue, read_default
    from incidents.services.sources import create_source

    world.found()
    make_up_base_grids(cast.DISTRICT, world.BASE_GRIDS, seed=1)
    grids = list(Grid.objects.of_level(15).values_list("code", flat=True))
    for number, code in enumerate(sorted({code[:12] for code in grids})):
        user = User.objects.create_user(f"secretary-{number}", name=f"书记{number}", is_staff=True)
        appoint(user, "community_secretary", code, by=None)
    rows = read_default()
    for row in rows:
        row["unit"] = ""
    load_catalogue(rows)
    keys = [
        create_source(f"bench-{n}", f"来源{n}", "device", None, per_minute=6000)[1] for n in range(CLIENTS)
    ]
    return {"keys": keys, "grids": grids, "classes": [row["code"] for row in rows]}


def kept() -> dict[str, str]:
    """Return what the database holds: source and its own number -> the portal's number.

    Raises AssertionError for a report without exactly one incident, one first step and one line of the front door.
    """
    from governance.models import Intake
    from incidents.models import Incident, IncidentStep

    came = list(
        Intake.objects.filter(source__startswith="bench-").values_list("source", "source_id", "number")
    )
    numbers = {number for _, _, number in came}
    assert len(numbers) == len(came) == Incident.objects.count() == IncidentStep.objects.count()
    assert numbers == set(Incident.objects.values_list("number", flat=True))
    return {f"{source}/{own}": number for source, own, number in came}


# --- the server -----------------------------------------------------------------------------------------------------------
class Server:
    """The portal's web server on a port of its own."""

    def __init__(self, url: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.environment = databases.environment(url) | {"SITE_URL": f"http://127.0.0.1:{self.port}"}
        self.log = databases.ROOT / "var" / "bench" / "web.log"
        self.start()

    def start(self) -> None:
        """Start it, in a process group of its own."""
        sys.path.insert(0, str(databases.ROOT / "bin"))
        from local import serving

        command = serving.web(Path(sys.executable), "127.0.0.1", self.port, THREADS)
        with open(self.log, "a") as output:
            self.process = subprocess.Popen(
                command,
                env=self.environment,
                cwd=databases.ROOT,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def kill(self) -> None:
        """End all of its processes at once, whatever they are doing."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def wait(self, patience: float = 60) -> None:
        """Wait until it answers.

        Raises TimeoutError when it does not.
        """
        until = time.monotonic() + patience
        while time.monotonic() < until:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", PATH)
                connection.getresponse().read()
                return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError(f"The server does not answer; see {self.log}.")


# --- the clients ------------------------------------------------------------------------------------------------------------
@dataclass
class Client:
    """One system that sends reports, one after the other."""

    name: str
    key: str
    port: int
    world: dict[str, list]
    #: Of each report: its own number, the portal's, when it was first sent, when it was answered, how often it was sent, and
    #: whether the answer called it a repeat.
    answered: list[tuple[str, str, float, float, int, bool]] = field(default_factory=list)
    failure: str = ""

    def run(self, until: float) -> None:
        """Send reports until the moment (of ``time.monotonic``)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        serial = len(self.answered)
        while time.monotonic() < until and not self.failure:
            serial += 1
            began, tries = time.monotonic(), 0
            while not self.failure:
                tries += 1
                told = self.send(connection, serial)
                if told is not None:
                    self.answered.append(
                        (
                            f"{self.name}/{serial}",
                            told["number"],
                            began,
                            time.monotonic(),
                            tries,
                            told["repeated"],
                        )
                    )
                    break
                connection.close()
                time.sleep(PAUSE)

    def send(self, connection: http.client.HTTPConnection, serial: int) -> dict | None:
        """Send one report once. Returns the answer, None where there was none."""
        grids, classes = self.world["grids"], self.world["classes"]
        pick = serial * CLIENTS + int(self.name[-1])
        report = {
            "source_id": str(serial),
            "class": classes[pick % len(classes)],
            "grid": grids[pick * 37 % len(grids)],
            "description": "烟感报警，三号楼二单元，请派人查看",
            "spot": "3号楼2单元",
        }
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        try:
            connection.request("POST", PATH, json.dumps(report), headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            return None
        if answer.status in (200, 201):
            return json.loads(text)
        if answer.status < 500:
            self.failure = f"{answer.status}: {text[:500].decode(errors='replace')}"
        return None


# --- the run ----------------------------------------------------------------------------------------------------------------
def main(seconds: int) -> None:
    """Build, send, kill, compare, print."""
    with databases.server() as found:
        databases.remove(found, NAME)
        databases.prepare(found, NAME)
        url = databases.url_of(found, NAME)
        with workers.hired(url) as [worker]:
            made = worker.ask("intake.build")
            clients, down, up, ended = rush(url, made, seconds)
            failures = {client.failure for client in clients} - {""}
            if failures:
                raise SystemExit(f"Refused: {failures}")
            there = worker.ask("intake.kept")
        databases.finish(found, NAME)
        databases.remove(found, NAME)
    answered = [each for client in clients for each in client.answered]
    sent = {own: number for own, number, *_ in answered}
    assert len(sent) == len(answered)
    lost = [own for own, number in sent.items() if there.get(own) != number]
    print(report(answered, down, up, ended))
    print(
        f"\n{len(sent):,} reports were answered; {len(there):,} are in the database; lost {len(lost)}, besides"
        f" {len(there.keys() - sent.keys())}, doubled 0 (each has one line of the front door, one incident and one first step)."
    )
    assert not lost and there.keys() == sent.keys()


def rush(url: str, made: dict[str, list], seconds: int) -> tuple[list[Client], float, float, float]:
    """Let the clients send. Returns them, when the server was killed, when it answered again, and the end, in seconds since
    the beginning; the clients' times become the same."""
    server = Server(url)
    try:
        server.wait()
        clients = [Client(f"bench-{n}", key, server.port, made) for n, key in enumerate(made["keys"])]
        # The first requests load what the server needs only once.
        for client in clients:
            client.run(time.monotonic() + 0.01)
        began = time.monotonic()
        threads = [threading.Thread(target=client.run, args=(began + seconds,)) for client in clients]
        for thread in threads:
            thread.start()
        time.sleep(seconds / 2)
        down = time.monotonic()
        server.kill()
        server.start()
        for thread in threads:
            thread.join()
        ended = time.monotonic()
    finally:
        server.kill()
    for client in clients:
        client.answered = [(o, n, a - began, z - began, t, r) for o, n, a, z, t, r in client.answered]
    answers = sorted(each[3] for client in clients for each in client.answered)
    up = next((moment for moment in answers if moment > down - began + 0.05), ended - began)
    return clients, down - began, up, ended - began


def report(answered: list[tuple], down: float, up: float, ended: float) -> str:
    """Return the table of the run."""

    def line(words: str, since: float, until: float) -> tuple:
        found = [each for each in answered if since <= each[3] < until]
        waits = sorted((each[3] - each[2]) * 1000 for each in found)
        middle = statistics.median(waits) if waits else 0.0
        late = waits[int(len(waits) * 0.95)] if waits else 0.0
        again = sum(each[4] > 1 for each in found)
        return (
            words,
            len(found),
            len(found) / (until - since),
            middle,
            late,
            again,
            sum(each[5] for each in found),
        )

    rows = [
        line("before the kill", 0, down),
        line("after the server answers again", up, ended),
        line("the whole run", 0, ended),
    ]
    headings = (
        "",
        "answered",
        "a second",
        "median, ms",
        "95 %, ms",
        "sent more than once",
        "answered as repeats",
    )
    return timing.table(headings, rows) + f"\n\nNo answer for {up - down:.1f} s after the kill."


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
