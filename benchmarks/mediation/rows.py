"""The statements that make case files out of numbers and small tables of what there is.

Everything is chosen by a hash of the dispute's number, so that a world of one size is always the same but for the day. The small
tables stand in the schema ``bench``: base grids (``base``), centres with whose they are (``centre``), texts with their search terms
(``text``), residents (``person``), firms (``body``), what is fixed for the people measured (``plan``), and the way of a file to each
state (``path``). Each dispute's whole life is drawn first (``life``); its state is where now falls in it.
"""

from collections.abc import Iterator

TABLES = """
CREATE TABLE bench.base (n int PRIMARY KEY, code text, entrances bigint[]);
CREATE TABLE bench.centre (code text PRIMARY KEY, id bigint, short text, terms text[], director bigint, mediators bigint[]);
CREATE TABLE bench.text (n int PRIMARY KEY, category text, title text, said text, asks text, blame text, agreed text,
    amount numeric, terms text[]);
CREATE TABLE bench.person (n int PRIMARY KEY, id bigint, name text, phone text, name_terms text[], terms text[]);
CREATE TABLE bench.body (n int PRIMARY KEY, name text, terms text[]);
CREATE TABLE bench.plan (n int PRIMARY KEY, base int, seat text, kind text, age float8, placed bigint, mediator bigint);
CREATE TABLE bench.path (way text, seq int, action text, label text, came text, went text, PRIMARY KEY (way, seq));
"""

#: What is fixed of the last disputes is said by their kind: waiting for consent, registered, being mediated and overdue, agreed with
#: the visit due, closed.
#: Others: decided upon within three days, mediated for two to thirty days (one in twenty-five longer), closed after the visit two weeks
#: later, sealed one to three months after that (one in twenty not yet). Two per cent are not accepted, two withdrawn, four refused by
#: the other side at once; of the rest three quarters end in an agreement, three in ten of these by word of mouth. Three in a thousand
#: stay as they are for good.
LIFE = """
CREATE TABLE bench.life AS
SELECT *, CASE WHEN accepted IS NOT NULL THEN
        row_number() OVER (PARTITION BY seat, extract(year FROM accepted), accepted IS NULL ORDER BY accepted, i) END AS case_no,
    status || CASE WHEN status IN ('agreed', 'closed', 'archived', 'terminated', 'guided') THEN ':' || fate ELSE '' END AS way
FROM (
    SELECT i, now, base, seat, kind, placed, opened, fate,
        CASE WHEN decided <= now AND fate NOT IN ('declined', 'withdrawn', 'refused') THEN decided END AS accepted,
        CASE WHEN assigned <= now AND fate NOT IN ('declined', 'withdrawn', 'refused') THEN assigned END AS assigned,
        CASE WHEN ended <= now THEN ended END AS ended, CASE WHEN closed <= now THEN closed END AS closed,
        CASE WHEN visited <= now THEN visited END AS visited, CASE WHEN sealed <= now THEN sealed END AS sealed,
        CASE WHEN decided IS NULL OR decided > now THEN 'registered'
             WHEN fate IN ('declined', 'withdrawn') THEN fate
             WHEN sealed <= now THEN 'archived'
             WHEN fate = 'refused' THEN 'terminated'
             WHEN assigned > now THEN 'accepted'
             WHEN ended IS NULL OR ended > now THEN
                CASE WHEN kind IS NULL AND length(seat) = 9 AND bench.die(i, 12) < 0.15 THEN 'sent' ELSE 'mediating' END
             WHEN fate IN ('written', 'oral') THEN CASE WHEN closed <= now THEN 'closed' ELSE 'agreed' END
             WHEN fate = 'failed' THEN 'terminated' ELSE 'guided' END AS status,
        plan_mediator,
        floor(bench.die(i, 21) * %(texts)s)::int AS text, floor(bench.die(i, 16) * %(people)s)::int AS first,
        (floor(bench.die(i, 16) * %(people)s)::int + 1 + floor(bench.die(i, 17) * (%(people)s - 2))::int) %% %(people)s AS second,
        (floor(bench.die(i, 16) * %(people)s)::int + %(people)s / 2) %% %(people)s AS third,
        bench.die(i, 19) < 0.12 AS has_third, bench.die(i, 20) < 0.02 AS has_minor
    FROM (
        SELECT *, CASE WHEN kind IS NOT NULL OR fate IN ('declined', 'withdrawn') OR bench.die(i, 10) < 0.05 THEN NULL
                       ELSE closed + (20 + 60 * bench.die(i, 11)) * interval '1 day' END AS sealed
        FROM (
            SELECT *, CASE WHEN kind = 'visit' THEN NULL WHEN kind = 'closed' THEN visited + interval '3 days'
                           WHEN fate NOT IN ('written', 'oral') THEN ended WHEN bench.die(i, 7) < 0.003 THEN NULL
                           ELSE visited + (1 + 30 * bench.die(i, 8)) * interval '1 day' END AS closed
            FROM (
                SELECT *, CASE WHEN fate IN ('written', 'oral') AND kind IS DISTINCT FROM 'visit'
                               THEN ended + (14 + 10 * power(bench.die(i, 9), 3)) * interval '1 day' END AS visited
                FROM (
                    SELECT *,
                        CASE WHEN fate IN ('declined', 'withdrawn', 'refused') THEN decided WHEN kind = 'mediating' THEN NULL
                             WHEN kind = 'visit' THEN now - interval '20 days' WHEN kind = 'closed' THEN decided + interval '9 days'
                             WHEN bench.die(i, 4) < 0.003 THEN NULL
                             ELSE decided + (2 + 28 * power(bench.die(i, 5), 1.5)) * CASE WHEN bench.die(i, 6) < 0.04 THEN 1.6 ELSE 1 END
                                * interval '1 day' END AS ended,
                        decided + CASE WHEN kind IS NULL THEN 0.1 + 1.8 * bench.die(i, 3) ELSE 0.2 END * interval '1 day' AS assigned
                    FROM (
                        SELECT *, CASE WHEN kind IN ('consent', 'registered') THEN NULL WHEN kind IS NOT NULL THEN opened + interval '1 day'
                                       ELSE opened + (0.2 + 2.5 * bench.die(i, 13)) * interval '1 day' END AS decided
                        FROM (
                            SELECT i, %(now)s::timestamptz AS now, pl.kind, pl.placed, pl.mediator AS plan_mediator, b.code AS base,
                                CASE WHEN pl.seat IS NOT NULL THEN pl.seat WHEN bench.die(i, 14) < 0.80 THEN left(b.code, 12)
                                     WHEN bench.die(i, 14) < 0.96 THEN left(b.code, 9) ELSE left(b.code, 6) END AS seat,
                                CASE WHEN pl.n IS NOT NULL THEN %(now)s - pl.age * interval '1 day'
                                     ELSE least(date_trunc('day', %(since)s + sqrt(i::float8 / %(usual)s) * (%(now)s - %(since)s))
                                                + (8 + 10 * bench.die(i, 1)) * interval '1 hour',
                                                %(now)s - (1 + 179 * bench.die(i, 1)) * interval '1 minute') END AS opened,
                                CASE WHEN pl.n IS NOT NULL THEN 'written'
                                     WHEN bench.die(i, 2) < 0.02 THEN 'declined' WHEN bench.die(i, 2) < 0.04 THEN 'withdrawn'
                                     WHEN bench.die(i, 2) < 0.08 THEN 'refused' WHEN bench.die(i, 2) < 0.58 THEN 'written'
                                     WHEN bench.die(i, 2) < 0.80 THEN 'oral' WHEN bench.die(i, 2) < 0.94 THEN 'failed'
                                     ELSE 'guided' END AS fate
                            FROM generate_series(1, %(count)s) AS i LEFT JOIN bench.plan pl ON pl.n = i - %(usual)s
                            JOIN bench.base b ON b.n = coalesce(pl.base, floor(bench.die(i, 15) * %(bases)s)::int)
                            OFFSET 0
                        ) AS opened OFFSET 0
                    ) AS decided OFFSET 0
                ) AS ended OFFSET 0
            ) AS visited OFFSET 0
        ) AS closed OFFSET 0
    ) AS sealed OFFSET 0
) AS life;
ANALYZE bench.life;
"""

DISPUTES = """
INSERT INTO mediation_dispute (
    id, grid_id, number, title, description, applicant_id, applicant_name, applicant_phone, placed_by_id, entrance_id, unit_id,
    channel, status, version, opened_at, closed_at, clock_from, due_at, yellow_at, paused_at, escalation, search_terms,
    category, grade, origin, origin_number, requests, occurred_on, people_count, amount, has_minor, is_public,
    centre_id, seat_id, sent_from_id, case_number, accepted_at, informed_at, outcome, ended_at, extensions,
    follow_up_on, supervised_at, consultation, told_at)
SELECT i, base, number, title, said, applicant, name, phone, placed_by, entrance, NULL,
    CASE WHEN by_phone THEN 'resident' ELSE 'desk' END, status, version, opened, closed, clock_from, due,
    clock_from + (due - clock_from) * 0.75, NULL, 0, terms, category,
    CASE WHEN bench.die(i, 30) < 0.03 THEN 'A' WHEN bench.die(i, 30) < 0.20 THEN 'B' ELSE 'C' END,
    origin, '', asks, (opened - interval '9 days')::date, 2 + floor(power(bench.die(i, 31), 6) * 20)::int,
    CASE WHEN amount > 0 THEN round(amount * (0.5 + 1.5 * bench.die(i, 32))::numeric, 2) END, has_minor, bench.die(i, 33) < 0.1,
    centre, seat, CASE WHEN status = 'sent' THEN from_centre END, case_number, accepted,
    CASE WHEN assigned + interval '2 hours' <= now THEN assigned + interval '2 hours' END,
    CASE WHEN ended IS NULL OR fate = 'declined' THEN ''
         WHEN fate = 'failed' THEN CASE WHEN bench.die(i, 34) < 0.7 THEN 'failed' WHEN bench.die(i, 34) < 0.85 THEN 'overdue' ELSE 'refused' END
         WHEN fate = 'guided' THEN CASE WHEN bench.die(i, 34) < 0.6 THEN 'court' ELSE 'arbitration' END ELSE fate END,
    CASE WHEN fate <> 'declined' THEN ended END, CASE WHEN bench.die(i, 6) < 0.04 AND accepted IS NOT NULL THEN 1 ELSE 0 END,
    CASE WHEN status = 'agreed' AND visited IS NULL THEN (ended + interval '15 days')::date END, NULL,
    CASE WHEN bench.die(i, 35) < 0.3 THEN 'inquiry' WHEN bench.die(i, 35) < 0.5 THEN 'rounds' ELSE '' END,
    CASE WHEN due < now THEN due END
FROM (
    SELECT l.*, 'JF-' || left(base, 12) || to_char(opened, '-YYYYMMDD-') || to_char(i %% 100000, 'FM00000') AS number,
        t.title, t.said, t.asks, t.category, t.amount, p.id AS applicant, p.name, p.phone, c.id AS centre, f.id AS from_centre, w.version,
        x.by_phone, x.origin, coalesce(placed, CASE WHEN NOT x.by_phone THEN c.director END) AS placed_by,
        CASE WHEN bench.die(i, 36) < 0.7 THEN b.entrances[1 + floor(bench.die(i, 37) * cardinality(b.entrances))::int] END AS entrance,
        '(' || to_char(accepted, 'YYYY') || ')' || c.short || '人调字第' || case_no || '号' AS case_number,
        CASE status WHEN 'registered' THEN opened WHEN 'agreed' THEN ended WHEN 'accepted' THEN accepted WHEN 'mediating' THEN accepted
             WHEN 'sent' THEN accepted END AS clock_from,
        CASE status WHEN 'registered' THEN opened + interval '81 hours' WHEN 'agreed' THEN ended + (10 + 20 * bench.die(i, 38)) * interval '1 day'
             WHEN 'accepted' THEN accepted + interval '30 days' WHEN 'mediating' THEN accepted + interval '30 days'
             WHEN 'sent' THEN accepted + interval '30 days' END AS due,
        t.terms || ARRAY['jf', '+jf', left(base, 12), '+' || left(base, 12), to_char(opened, 'YYYYMMDD'), to_char(opened, '+YYYYMMDD'),
                         to_char(i %% 100000, 'FM00000'), '+' || to_char(i %% 100000, 'FM00000')]
            || CASE WHEN case_no IS NULL THEN '{}' ELSE c.terms || ARRAY[to_char(accepted, 'YYYY'), to_char(accepted, '+YYYY'),
                         case_no::text, '+' || case_no] END
            || p.terms || CASE WHEN x.is_body THEN y.terms ELSE q.name_terms END || CASE WHEN has_third THEN r.name_terms ELSE '{}' END
            AS terms
    FROM bench.life l
    JOIN bench.base b ON b.code = l.base
    JOIN bench.centre c ON c.code = l.seat
    JOIN bench.centre f ON f.code = left(l.base, 12)
    JOIN bench.text t ON t.n = l.text
    JOIN bench.person p ON p.n = l.first
    JOIN bench.person q ON q.n = l.second
    JOIN bench.person r ON r.n = l.third
    JOIN bench.body y ON y.n = floor(bench.die(i, 39) * %(bodies)s)::int
    JOIN (SELECT way, count(*) AS version FROM bench.path GROUP BY way) w ON w.way = l.way
    CROSS JOIN LATERAL (
        SELECT {is_body} AS is_body, o.origin, o.origin = 'applied' AND placed IS NULL AND bench.die(i, 40) < 0.6 AS by_phone
        FROM (SELECT CASE WHEN bench.die(i, 41) < 0.70 THEN 'applied' WHEN bench.die(i, 41) < 0.82 THEN 'initiative'
                          WHEN bench.die(i, 41) < 0.90 THEN 'police' WHEN bench.die(i, 41) < 0.94 THEN 'court'
                          WHEN bench.die(i, 41) < 0.97 THEN 'petition' ELSE 'incident' END AS origin) o
        OFFSET 0
    ) x
    OFFSET 0
) AS dispute;
ANALYZE mediation_dispute;
"""
#: Against firms quarrel all who quarrel about property, goods and wages, and one in seven of the rest.
_IS_BODY = "(t.category IN ('property', 'consumer', 'labour') OR bench.die(i, 18) < 0.14)"
DISPUTES = DISPUTES.replace("{is_body}", _IS_BODY)

_PARTY = (
    "INSERT INTO mediation_disputant (dispute_id, side, user_id, name, is_body, phone, sex, birth_year, ethnicity, occupation, address,"
    " is_minor, guardian, agent, agent_power, consent, consent_means, consent_at, satisfaction, rating_words)"
)
#: The applicant, then the other side, of whom seven in ten have not answered yet where the file is only registered, then third parties.
DISPUTANTS = f"""
{_PARTY}
SELECT i, 'applicant', p.id, p.name, FALSE, p.phone, CASE WHEN bench.die(i, 50) < 0.5 THEN 'F' ELSE 'M' END,
    1950 + floor(bench.die(i, 51) * 50)::int, '汉族', '', '本社区', FALSE, '', '', '', 'agreed', 'face', l.opened,
    CASE WHEN l.ended IS NOT NULL AND bench.die(i, 52) < 0.4 THEN 5 - floor(power(bench.die(i, 53), 4) * 5)::int END, ''
FROM bench.life l JOIN bench.person p ON p.n = l.first;
{_PARTY}
SELECT i, 'respondent', CASE WHEN NOT is_body THEN q.id END, CASE WHEN is_body THEN y.name ELSE q.name END, is_body,
    CASE WHEN is_body THEN '' ELSE q.phone END, CASE WHEN is_body THEN '' WHEN bench.die(i, 54) < 0.5 THEN 'F' ELSE 'M' END,
    CASE WHEN NOT is_body THEN 1950 + floor(bench.die(i, 55) * 50)::int END, '', '', '本社区', has_minor AND NOT is_body,
    CASE WHEN has_minor AND NOT is_body THEN '其父' ELSE '' END, '', '', consent,
    CASE WHEN consent = 'asked' THEN '' WHEN is_body THEN 'call' ELSE 'page' END,
    CASE WHEN consent <> 'asked' THEN least(opened + interval '4 hours', now) END, NULL, ''
FROM (
    SELECT l.*, {_IS_BODY} AS is_body,
        CASE WHEN status = 'registered' AND (kind = 'consent' OR kind IS NULL AND bench.die(i, 56) < 0.7) THEN 'asked'
             WHEN fate = 'refused' AND status <> 'registered' THEN 'refused' ELSE 'agreed' END AS consent
    FROM bench.life l JOIN bench.text t ON t.n = l.text OFFSET 0
) l
JOIN bench.person q ON q.n = l.second
JOIN bench.body y ON y.n = floor(bench.die(i, 39) * %(bodies)s)::int;
{_PARTY}
SELECT i, 'third', NULL, r.name, FALSE, '', 'M', NULL, '', '', '', FALSE, '', '', '', 'agreed', 'face', l.opened, NULL, ''
FROM bench.life l JOIN bench.person r ON r.n = l.third WHERE has_third;
ANALYZE mediation_disputant;
"""

MEDIATIONS = """
INSERT INTO mediation_mediation (dispute_id, mediator_id, is_lead, is_chosen, since, until)
SELECT i, coalesce(plan_mediator, c.mediators[1 + floor(bench.die(i, 60) * cardinality(c.mediators))::int]), TRUE,
    bench.die(i, 61) < 0.15, assigned, NULL
FROM bench.life l JOIN bench.centre c ON c.code = l.seat WHERE assigned IS NOT NULL;
ANALYZE mediation_mediation;
"""
_BY = "JOIN mediation_mediation md ON md.dispute_id = l.i JOIN mediation_mediator m ON m.id = md.mediator_id"

#: Held ones: one, in four of ten files two; one in four apart. Planned ones: six in ten files that are being mediated have one, of
#: these one in five with the day past.
SESSIONS = f"""
INSERT INTO mediation_session (dispute_id, mode, state, starts_at, ends_at, place, others, record, by_id)
SELECT i, mode, 'held', at, at + interval '90 minutes', '调解室', '', CASE WHEN mode = 'joint' THEN {{record}} ELSE '' END, by
FROM (
    SELECT l.i, m.user_id AS by, CASE WHEN bench.die(l.i, 70 + k) < 0.25 THEN 'separate' ELSE 'joint' END AS mode,
        assigned + (coalesce(ended, now) - assigned) * (0.3 + 0.3 * k) AS at
    FROM bench.life l {_BY} CROSS JOIN generate_series(0, 1) k
    WHERE (k = 0 OR bench.die(l.i, 72) < 0.4) AND (ended IS NOT NULL OR bench.die(l.i, 73) < 0.5)
    OFFSET 0
) held;
INSERT INTO mediation_session (dispute_id, mode, state, starts_at, ends_at, place, others, record, by_id)
SELECT l.i, 'joint', 'planned', now + (bench.die(l.i, 74) * 10 - 2) * interval '1 day', NULL, '调解室', '', '', m.user_id
FROM bench.life l {_BY} WHERE status = 'mediating' AND bench.die(l.i, 75) < 0.6;
ANALYZE mediation_session;
INSERT INTO mediation_session_invited (session_id, disputant_id)
SELECT s.id, d.id FROM mediation_session s JOIN mediation_disputant d ON d.dispute_id = s.dispute_id;
INSERT INTO mediation_session_present (session_id, disputant_id)
SELECT s.id, d.id FROM mediation_session s JOIN mediation_disputant d ON d.dispute_id = s.dispute_id WHERE s.state = 'held';
""".replace(
    "{record}",
    "'双方各自说了经过，对事实没有大的分歧。请社区法律顾问讲了相关规定，双方态度缓和，愿意各让一步，约定再议。'",
)

#: One in seven was drawn up twice; one in seven files that are being mediated has a draft. An agreement has one term or two.
AGREEMENTS = f"""
INSERT INTO mediation_agreement (dispute_id, version, form, facts, duties, copies, drafted_at, drafted_by_id, signed_by_id, effective_at)
SELECT l.i, k, CASE WHEN fate = 'oral' THEN 'oral' ELSE 'written' END, t.said, t.blame, 3, coalesce(ended, now) - interval '1 hour' * (4 - k),
    m.user_id, CASE WHEN last AND ended IS NOT NULL THEN m.user_id END, CASE WHEN last THEN ended END
FROM bench.life l {_BY} JOIN bench.text t ON t.n = l.text CROSS JOIN generate_series(1, 2) k
CROSS JOIN LATERAL (SELECT k = CASE WHEN bench.die(l.i, 80) < 0.15 THEN 2 ELSE 1 END AS last, k <= CASE WHEN bench.die(l.i, 80) < 0.15 THEN 2 ELSE 1 END AS is) v
WHERE v.is AND (fate IN ('written', 'oral') AND ended IS NOT NULL
    OR status = 'mediating' AND assigned < now - interval '1 day' AND bench.die(l.i, 81) < 0.15);
ANALYZE mediation_agreement;
"""
#: Nineteen in twenty terms of closed files were performed; of those that run, four in ten.
TERMS = """
INSERT INTO mediation_term (agreement_id, "order", content, way, place, due_on, amount, state, performed_on)
SELECT id, k, agreed, '一次付清', '社区居委会', due, amount, state, CASE WHEN state = 'done' THEN least(due, now::date) END
FROM (
    SELECT a.id, k, t.agreed, l.now, CASE WHEN k = 1 THEN o.amount END AS amount,
        (a.drafted_at + (10 + 20 * bench.die(l.i, 38)) * interval '1 day')::date AS due,
        CASE WHEN a.effective_at IS NULL THEN 'pending' WHEN l.closed IS NOT NULL THEN CASE WHEN bench.die(l.i, 82) < 0.95 THEN 'done' ELSE 'defaulted' END
             WHEN bench.die(l.i, 82) < 0.4 THEN 'done' WHEN bench.die(l.i, 82) < 0.5 THEN 'partial' ELSE 'pending' END AS state
    FROM mediation_agreement a JOIN bench.life l ON l.i = a.dispute_id JOIN mediation_dispute o ON o.id = l.i
    JOIN bench.text t ON t.n = l.text CROSS JOIN generate_series(1, 2) k
    WHERE k = 1 OR bench.die(l.i, 83) < 0.5
    OFFSET 0
) term;
"""
CONFIRMATIONS = """
INSERT INTO mediation_confirmation (agreement_id, disputant_id, means, at, by_id)
SELECT a.id, d.id, CASE WHEN d.user_id IS NULL THEN 'paper' ELSE 'page' END, a.effective_at - interval '20 minutes', coalesce(d.user_id, a.drafted_by_id)
FROM mediation_agreement a JOIN mediation_disputant d ON d.dispute_id = a.dispute_id
WHERE a.effective_at IS NOT NULL AND a.form = 'written';
INSERT INTO mediation_judicialconfirmation (agreement_id, court, asked_on, asked_by_id, result, ruling, decided_on)
SELECT id, '区人民法院', asked, drafted_by_id, CASE WHEN NOT over THEN 'asked' WHEN bench.die(dispute_id, 91) < 0.92 THEN 'effective' ELSE 'dismissed' END,
    CASE WHEN over THEN '司确字第' || id || '号' ELSE '' END, CASE WHEN over THEN asked + 15 END
FROM (SELECT *, (effective_at + interval '5 days')::date AS asked, effective_at < %(now)s - interval '21 days' AS over FROM mediation_agreement) a
WHERE form = 'written' AND effective_at < %(now)s - interval '6 days' AND bench.die(dispute_id, 90) < 0.05;
"""
FOLLOW_UPS = f"""
INSERT INTO mediation_followup (dispute_id, at, visited_id, performance, is_satisfied, has_risk, measures, words, by_id)
SELECT l.i, l.visited, d.id, CASE WHEN l.closed IS NOT NULL THEN 'done' ELSE 'partial' END, bench.die(l.i, 92) < 0.93, FALSE, '',
    '双方都说没有再闹，见面能打招呼。', m.user_id
FROM bench.life l {_BY} JOIN mediation_disputant d ON d.dispute_id = l.i AND d.side = 'applicant' WHERE l.visited IS NOT NULL;
"""
ARCHIVES = """
INSERT INTO mediation_archive (dispute_id, sealed_at, sealed_by_id, pages, retention, keep_until, manifest, sha256, hold_reason, erase_reason)
SELECT i, sealed, c.director, 14, 'short', (sealed + interval '5 years')::date, '{"version": 1, "contents": [], "rows": {}, "files": {}}',
    encode(sha256(i::text::bytea), 'hex'), '', ''
FROM bench.life l JOIN bench.centre c ON c.code = l.seat WHERE sealed IS NOT NULL AND status = 'archived';
"""
STEPS = """
INSERT INTO mediation_disputestep
    (matter_id, seq, action, label, actor_id, capacity, at, from_status, to_status, note, due_at, data)
SELECT l.i, w.seq, w.action, w.label,
    CASE WHEN w.action IN ('inform', 'plan_session', 'hold_session', 'draft', 'confirm_paper', 'conclude', 'conclude_orally', 'perform',
                           'follow_up', 'terminate', 'guide') THEN coalesce(m.user_id, c.director)
         WHEN w.action = 'open' THEN coalesce(o.placed_by_id, o.applicant_id) ELSE c.director END, '',
    CASE w.action WHEN 'open' THEN l.opened WHEN 'record_consent' THEN least(l.opened + interval '4 hours', now) WHEN 'accept' THEN l.accepted
        WHEN 'assign' THEN l.assigned WHEN 'inform' THEN least(l.assigned + interval '2 hours', now)
        WHEN 'plan_session' THEN least(l.assigned + interval '3 hours', now)
        WHEN 'hold_session' THEN l.assigned + (coalesce(l.ended, now) - l.assigned) * 0.3 WHEN 'send_up' THEN least(l.assigned + interval '1 day', now)
        WHEN 'draft' THEN l.ended - interval '3 hours' WHEN 'confirm_paper' THEN l.ended - interval '20 minutes'
        WHEN 'perform' THEN l.ended + (coalesce(l.closed, now) - l.ended) * 0.3 WHEN 'follow_up' THEN l.visited
        WHEN 'close' THEN l.closed WHEN 'archive' THEN l.sealed ELSE coalesce(l.ended, l.closed, l.opened) END,
    w.came, w.went, CASE w.action WHEN 'follow_up' THEN '双方都说没有再闹，见面能打招呼。' ELSE '' END, NULL, '{}'
FROM bench.life l JOIN mediation_dispute o ON o.id = l.i JOIN bench.centre c ON c.code = l.seat JOIN bench.path w ON w.way = l.way
LEFT JOIN mediation_mediation md ON md.dispute_id = l.i LEFT JOIN mediation_mediator m ON m.id = md.mediator_id
WHERE w.action <> 'follow_up' OR l.visited IS NOT NULL
"""

#: In the order of the references; what each makes.
JOBS = {
    "lives": LIFE,
    "disputes": DISPUTES,
    "parties": DISPUTANTS,
    "mediators": MEDIATIONS,
    "sessions": SESSIONS,
    "agreements": AGREEMENTS,
    "terms": TERMS,
    "confirmations": CONFIRMATIONS,
    "visits": FOLLOW_UPS,
    "archives": ARCHIVES,
    "steps": STEPS,
}

# --- the way to each state ----------------------------------------------------------------------------------------------------
_OPENED = ("open", "record_consent")
_TAKEN = (*_OPENED, "accept", "assign", "inform", "plan_session", "hold_session")
_AGREED = {
    "written": (*_TAKEN, "draft", "confirm_paper", "confirm_paper", "conclude"),
    "oral": (*_TAKEN, "conclude_orally"),
}
#: Where an action leads that changes the state.
_LEADS = {
    "open": "registered", "accept": "accepted", "assign": "mediating", "conclude": "agreed", "conclude_orally": "agreed",
    "terminate": "terminated", "guide": "guided", "send_up": "sent", "close": "closed", "archive": "archived", "decline": "declined",
    "withdraw": "withdrawn",
}  # fmt: skip


def ways() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Return the actions that lead to each end."""
    yield "registered", _OPENED[:1]
    yield "accepted", _TAKEN[:3]
    yield "mediating", _TAKEN
    yield "sent", (*_TAKEN[:4], "send_up")
    yield "declined", ("open", "decline")
    yield "withdrawn", ("open", "withdraw")
    for fate, end in (
        ("refused", (*_OPENED, "terminate")),
        ("failed", (*_TAKEN, "terminate")),
        ("guided", (*_TAKEN, "guide")),
    ):
        yield f"{'guided' if fate == 'guided' else 'terminated'}:{fate}", end
        yield f"archived:{fate}", (*end, "archive")
    for fate, end in _AGREED.items():
        yield f"agreed:{fate}", end
        yield f"closed:{fate}", (*end, "perform", "follow_up", "close")
        yield f"archived:{fate}", (*end, "perform", "follow_up", "close", "archive")


def paths(labels: dict[str, str]) -> Iterator[tuple]:
    """Return the lines of ``bench.path``; ``labels``: action -> what the timeline calls it."""
    for way, actions in ways():
        came = ""
        for number, action in enumerate(actions, 1):
            went = _LEADS.get(action, came)
            yield way, number, action, labels[action], came, went
            came = went
