"""The statements that make incidents, their steps, closings and calls back, out of numbers and small tables of what there is.

Everything is chosen by a hash of the incident's number, so that a world of one size is always the same but for the day. The
small tables stand in the schema ``bench``: base grids with whose they are (``base``), texts with their search terms (``text``),
classes (``minor``), residents (``person``), seat operators (``seat``), what is fixed for the people measured (``plan``), and the
way of an incident to each state (``path``).
"""

TABLES = """
CREATE TABLE bench.base (n int PRIMARY KEY, code text, worker bigint, clerk bigint, secretary bigint, officer bigint,
    committee bigint, office bigint, longitude float8, latitude float8, entrances bigint[]);
CREATE TABLE bench.text (n int PRIMARY KEY, minor bigint, title text, description text, spot text, terms text[]);
CREATE TABLE bench.minor (id bigint PRIMARY KEY, door text, unit bigint, handlers bigint[], hours float8, is_public bool);
CREATE TABLE bench.person (n int PRIMARY KEY, id bigint, name text, phone text, terms text[]);
CREATE TABLE bench.seat (n int PRIMARY KEY, id bigint);
CREATE TABLE bench.plan (n int PRIMARY KEY, base int, door text, text int, status text, is_red bool, applicant bigint);
CREATE TABLE bench.path (status text, seq int, action text, label text, came text, went text, PRIMARY KEY (status, seq));
"""

#: The way to each state: action, label, state before, state after.
_BEGUN = [("open", "上报", "", "reported"), ("accept", "受理", "reported", "accepted")]
_SENT = [*_BEGUN, ("dispatch", "派遣", "accepted", "dispatched")]
_TAKEN = [*_SENT, ("receive", "接收", "dispatched", "handling")]
_DONE = [*_TAKEN, ("handle", "处置完成", "handling", "handled")]
_CLOSED = [*_DONE, ("verify_pass", "核查通过", "handled", "closed")]
PATHS = {
    "reported": _BEGUN[:1],
    "accepted": _BEGUN,
    "dispatched": _SENT,
    "returned": [*_SENT, ("return_back", "退回", "dispatched", "returned")],
    "disputed": [*_SENT, ("return_back", "退回", "dispatched", "disputed")],
    "handling": _TAKEN,
    "backlog": [*_TAKEN, ("put_off", "挂账", "handling", "backlog")],
    "handled": _DONE,
    "closed": _CLOSED,
    "rated": [*_CLOSED, ("rate", "评价", "closed", "rated")],
    "rejected": [*_BEGUN[:1], ("reject", "不予受理", "reported", "rejected")],
    "withdrawn": [*_BEGUN[:1], ("withdraw", "撤回", "reported", "withdrawn")],
    "merged": [*_BEGUN, ("merge", "并案", "accepted", "merged")],
    "referred": [*_BEGUN, ("refer", "转办", "accepted", "referred")],
}

#: ``%(count)s`` is how many, those after ``%(usual)s`` are the plan's, ``%(since)s`` and ``%(now)s`` are when the first and the
#: last came in: as many more each day, up to twice the average; a day goes from seven in the morning to nine in the evening.
#: Two in a thousand are open, all of them of the newest hundredth, and two in ten thousand of any age.
INCIDENTS = """
INSERT INTO incidents_incident (
    id, grid_id, number, title, description, applicant_id, applicant_name, applicant_phone, placed_by_id, entrance_id, unit_id,
    channel, status, version, opened_at, closed_at, clock_from, due_at, yellow_at, paused_at, escalation, search_terms,
    minor_class_id, spot, longitude, latitude, captured_at, is_urgent, worker_id, first_receiver_id, handler_id, accepted_at,
    dispatched_at, receive_by, received_at, respond_by, responded_at, handled_at, handled_due, backlog_until, reopen_until,
    published_at, returns, designated, rework, reopened, merged_into_id, public_words, solved, satisfaction, rating_words)
SELECT i, code, number, title, description, applicant, name, phone, placed_by, entrance, unit,
    channel, status, version, opened, closed, clock_from, due, clock_from + (due - clock_from) * 0.75,
    CASE WHEN due > now AND bench.die(i, 40) < 0.02 THEN now - interval '1 hour' END, 0,
    terms || ARRAY['sj', '+sj', left(code, 12), '+' || left(code, 12), day, '+' || day, serial, '+' || serial] || name_terms,
    minor, spot, longitude, latitude, NULL, is_urgent, worker, CASE WHEN accepted IS NOT NULL THEN secretary END, handler,
    accepted, dispatched, dispatched + interval '1 day', received, respond_by,
    CASE WHEN respond_by < now OR closed IS NOT NULL THEN least(opened + (respond_by - opened) * 1.03 * bench.die(i, 41), now) END,
    handled, CASE WHEN handled IS NOT NULL THEN dispatched + hours * interval '1 hour' END,
    CASE WHEN status = 'backlog' THEN (now + interval '90 days')::date END,
    CASE WHEN status IN ('closed', 'rated') THEN closed + interval '15 days' END,
    CASE WHEN is_public THEN accepted END,
    CASE WHEN status = 'disputed' THEN 3 WHEN status = 'returned' OR bench.die(i, 42) < 0.04 THEN 1 ELSE 0 END,
    FALSE, CASE WHEN handled IS NOT NULL AND bench.die(i, 43) < 0.03 THEN 1 ELSE 0 END, 0,
    CASE WHEN status = 'merged' THEN i - i %% 100 + 1 END, '',
    CASE WHEN status = 'rated' THEN bench.die(i, 44) < 0.9 END,
    CASE WHEN status = 'rated' THEN 5 - floor(power(bench.die(i, 44), 4) * 5) END, ''
FROM (
    SELECT *, to_char(opened, 'YYYYMMDD') AS day, to_char(i %% 100000, 'FM00000') AS serial,
        'SJ-' || left(code, 12) || to_char(opened, '-YYYYMMDD-') || to_char(i %% 100000, 'FM00000') AS number,
        CASE WHEN phone <> '' THEN opened + interval '1 day' END AS respond_by,
        CASE WHEN by_worker AND accepted IS NOT NULL AND is_sent THEN its_worker END AS worker,
        CASE WHEN NOT by_worker AND is_sent THEN its_unit END AS unit,
        CASE WHEN received IS NOT NULL THEN CASE WHEN by_worker THEN its_worker ELSE its_handler END END AS handler,
        CASE WHEN closed IS NULL THEN coalesce(dispatched, accepted, opened) END AS clock_from,
        CASE WHEN closed IS NULL THEN CASE WHEN is_red THEN now - bench.die(i, 30) * interval '20 hours'
             ELSE now + (0.1 + 4 * bench.die(i, 30)) * interval '1 day' END END AS due
    FROM (
        -- When: each moment after the one before it, none in the future.
        SELECT *,
            CASE WHEN handled IS NOT NULL AND is_finished THEN least(handled + (0.2 + 8 * bench.die(i, 25)) * interval '1 hour', now)
                 WHEN is_finished THEN coalesce(accepted, opened) END AS closed
        FROM (
            SELECT *, CASE WHEN received IS NOT NULL AND (is_finished AND is_sent OR status = 'handled')
                THEN least(received + hours * (CASE WHEN bench.die(i, 26) < 0.05 THEN 1 + bench.die(i, 24) ELSE 0.6 * bench.die(i, 24) END)
                    * interval '1 hour', now) END AS handled
            FROM (
                SELECT *, CASE WHEN is_sent AND status <> 'dispatched'
                    THEN least(dispatched + (0.05 + 3 * power(bench.die(i, 23), 3)) * interval '1 hour', now) END AS received
                FROM (
                    SELECT *, CASE WHEN is_sent OR status IN ('returned', 'disputed')
                        THEN least(accepted + (1 + 119 * bench.die(i, 22)) * interval '1 minute', now) END AS dispatched
                    FROM (
                        SELECT *, status IN ('dispatched', 'handling', 'backlog', 'handled', 'closed', 'rated') AS is_sent,
                            CASE WHEN status NOT IN ('reported', 'rejected', 'withdrawn')
                                THEN least(opened + (2 + 58 * bench.die(i, 21)) * interval '1 minute', now) END AS accepted
                        FROM ({chosen} OFFSET 0) AS chosen
                    ) AS a OFFSET 0
                ) AS d OFFSET 0
            ) AS r OFFSET 0
        ) AS h OFFSET 0
    ) AS times OFFSET 0
) AS incident
"""

#: What an incident is, where, by whom: joined from the small tables.
_CHOSEN = """
SELECT x.i, x.now, x.opened, x.channel, x.is_finished,
    b.code, b.secretary, b.worker AS its_worker,
    b.longitude + (bench.die(i, 10) - 0.5) * 0.003 AS longitude, b.latitude + (bench.die(i, 11) - 0.5) * 0.002 AS latitude,
    CASE WHEN bench.die(i, 12) < 0.4 THEN b.entrances[1 + floor(bench.die(i, 13) * cardinality(b.entrances))::int] END AS entrance,
    t.title, t.description, t.spot, t.terms, m.id AS minor, m.hours, m.is_public, x.is_urgent,
    x.by_worker OR (x.plan_door IS NULL AND m.door = 'worker') AS by_worker,
    CASE coalesce(x.plan_door, m.door) WHEN 'community' THEN b.committee
         WHEN 'street' THEN b.office ELSE m.unit END AS its_unit,
    CASE coalesce(x.plan_door, m.door) WHEN 'community' THEN b.clerk WHEN 'street' THEN b.officer
         ELSE m.handlers[1 + floor(bench.die(i, 14) * cardinality(m.handlers))::int] END AS its_handler,
    coalesce(x.applicant, CASE WHEN x.channel = 'resident' THEN p.id END) AS applicant,
    CASE WHEN x.channel IN ('resident', 'hotline', 'desk', 'upper') THEN p.name ELSE '' END AS name,
    CASE WHEN x.channel IN ('resident', 'hotline', 'desk', 'upper') THEN p.phone ELSE '' END AS phone,
    CASE WHEN x.channel IN ('resident', 'hotline', 'desk', 'upper') THEN p.terms ELSE '{{}}' END AS name_terms,
    CASE x.channel WHEN 'worker' THEN b.worker WHEN 'desk' THEN b.clerk WHEN 'hotline' THEN s.id END AS placed_by,
    CASE WHEN x.state <> 'closed' THEN x.state WHEN x.channel = 'resident' AND bench.die(i, 15) < 0.6 THEN 'rated'
         ELSE 'closed' END AS status,
    CASE WHEN x.state = 'closed' AND x.channel = 'resident' AND bench.die(i, 15) < 0.6 THEN 7 ELSE w.steps END AS version,
    x.is_red
FROM (
    SELECT *, state IN ('closed', 'rejected', 'withdrawn', 'merged', 'referred') AS is_finished,
        coalesce(plan_red, bench.die(i, 8) < 0.09 AND opened < now - interval '2 days') AS is_red,
        coalesce(plan_door = 'worker', channel = 'worker' AND bench.die(i, 9) < 0.5) AS by_worker
    FROM (
        SELECT i, %(now)s::timestamptz AS now, pl.base AS plan_base, pl.text AS plan_text, pl.door AS plan_door,
            pl.is_red AS plan_red, pl.applicant,
            bench.die(i, 2) < 0.005 AS is_urgent,
            CASE WHEN pl.n IS NOT NULL THEN %(now)s - (3 + 7 * bench.die(i, 1)) * interval '1 day'
                 ELSE least(date_trunc('day', %(since)s + sqrt(i::float8 / %(usual)s) * (%(now)s - %(since)s))
                            + (7 + 14 * bench.die(i, 1)) * interval '1 hour',
                            %(now)s - (1 + 179 * bench.die(i, 1)) * interval '1 minute') END AS opened,
            CASE WHEN bench.die(i, 3) < 0.45 THEN 'worker' WHEN bench.die(i, 3) < 0.70 THEN 'resident'
                 WHEN bench.die(i, 3) < 0.86 THEN 'hotline' WHEN bench.die(i, 3) < 0.91 THEN 'device'
                 WHEN bench.die(i, 3) < 0.95 THEN 'desk' WHEN bench.die(i, 3) < 0.98 THEN 'upper'
                 WHEN bench.die(i, 3) < 0.99 THEN 'opinion' ELSE 'open311' END AS channel,
            CASE WHEN pl.status IS NOT NULL THEN pl.status
                 WHEN i > %(usual)s * 0.99 AND bench.die(i, 4) < 0.2 THEN
                    (ARRAY['reported','reported','accepted','accepted','dispatched','dispatched','dispatched','dispatched','returned',
                           'disputed','handling','handling','handling','handling','handling','handling','handling','handled',
                           'handled','handled'])[1 + floor(bench.die(i, 5) * 20)::int]
                 WHEN bench.die(i, 4) < 0.0002 THEN CASE WHEN bench.die(i, 5) < 0.7 THEN 'backlog' ELSE 'handling' END
                 WHEN bench.die(i, 6) < 0.90 OR i %% 100 < 2 THEN 'closed'
                 WHEN bench.die(i, 6) < 0.93 THEN 'rejected' WHEN bench.die(i, 6) < 0.95 THEN 'withdrawn'
                 WHEN bench.die(i, 6) < 0.985 THEN 'merged' ELSE 'referred' END AS state
        FROM generate_series(1, %(count)s) AS i LEFT JOIN bench.plan pl ON pl.n = i - %(usual)s
        OFFSET 0
    ) AS thrown
    OFFSET 0
) AS x
JOIN bench.base b ON b.n = coalesce(x.plan_base, floor(bench.die(i, 16) * {bases})::int)
JOIN bench.text t ON t.n = coalesce(x.plan_text, floor(bench.die(i, 17) * {texts})::int)
JOIN bench.minor m ON m.id = t.minor
JOIN bench.person p ON p.n = floor(bench.die(i, 18) * {people})::int
JOIN bench.seat s ON s.n = floor(bench.die(i, 19) * {seats})::int
JOIN (SELECT status, count(*) AS steps FROM bench.path GROUP BY status) w ON w.status = x.state
"""


def incidents(bases: int, texts: int, people: int, seats: int) -> str:
    """Return the statement that makes the incidents, for small tables of these lengths."""
    chosen = _CHOSEN.format(bases=bases, texts=texts, people=people, seats=seats)
    return INCIDENTS.replace("{chosen}", chosen)


#: Each step of each incident's way, by whoever takes it, when it was taken.
STEPS = """
INSERT INTO incidents_incidentstep
    (matter_id, seq, action, label, actor_id, capacity, at, from_status, to_status, note, due_at, data)
SELECT n.id, w.seq, w.action, w.label,
    CASE w.action WHEN 'open' THEN coalesce(n.placed_by_id, n.applicant_id, b.clerk)
        WHEN 'rate' THEN coalesce(n.applicant_id, b.clerk) WHEN 'withdraw' THEN coalesce(n.applicant_id, n.placed_by_id, b.clerk)
        WHEN 'receive' THEN coalesce(n.handler_id, b.worker) WHEN 'handle' THEN coalesce(n.handler_id, b.worker)
        WHEN 'return_back' THEN b.clerk
        WHEN 'verify_pass' THEN CASE WHEN n.worker_id IS NULL THEN b.worker ELSE b.clerk END ELSE b.secretary END,
    CASE w.action WHEN 'accept' THEN '社区书记' WHEN 'dispatch' THEN '社区书记' ELSE '' END,
    CASE w.action WHEN 'open' THEN n.opened_at WHEN 'accept' THEN n.accepted_at WHEN 'dispatch' THEN n.dispatched_at
        WHEN 'return_back' THEN n.dispatched_at + interval '10 minutes' WHEN 'receive' THEN n.received_at
        WHEN 'put_off' THEN n.received_at + interval '10 minutes' WHEN 'handle' THEN n.handled_at
        WHEN 'rate' THEN least(n.closed_at + interval '2 hours', %(now)s) ELSE coalesce(n.closed_at, n.opened_at) END,
    w.came, w.went, CASE w.action WHEN 'handle' THEN '已到现场处理完毕，拍照留存' ELSE '' END, NULL, '{}'
FROM incidents_incident n JOIN bench.base b ON b.code = n.grid_id JOIN bench.path w ON w.status = n.status
"""
#: A line of the figures for each closing.
CLOSINGS = """
INSERT INTO incidents_closing
    (grid_id, incident_id, at, opened_at, handled_at, due_at, on_time, minor_class_id, unit_id, worker_id, channel, verified_by_id)
SELECT n.grid_id, n.id, n.closed_at, n.opened_at, n.handled_at, n.handled_due, n.handled_at <= n.handled_due, n.minor_class_id,
    n.unit_id, n.worker_id, n.channel, CASE WHEN n.worker_id IS NULL THEN b.worker ELSE b.clerk END
FROM incidents_incident n JOIN bench.base b ON b.code = n.grid_id WHERE n.status IN ('closed', 'rated')
"""
#: What reporters answered by themselves, and when the seat called those who had called.
CALLBACKS = """
INSERT INTO incidents_callback
    (grid_id, incident_id, at, by_id, reached, solved, satisfaction, counted, words, minor_class_id, unit_id, channel)
SELECT grid_id, id, at, coalesce(applicant_id, placed_by_id), reached, CASE WHEN reached THEN content < 0.9 END,
    CASE WHEN reached THEN 5 - floor(power(content, 4) * 5) END, TRUE, '', minor_class_id, unit_id, channel
FROM (
    SELECT *, status = 'rated' OR bench.die(id, 51) < 0.9 AS reached, bench.die(id, 44) AS content,
        least(closed_at + interval '2 hours', %(now)s) AS at
    FROM incidents_incident
    WHERE status = 'rated' OR status = 'closed' AND channel = 'hotline' AND bench.die(id, 50) < 0.85
) AS asked
"""
