-- open_run --
INSERT INTO run (started) VALUES (:started)

-- get_meta --
SELECT value FROM meta WHERE key = :key

-- set_meta --
INSERT INTO meta (key, value) VALUES (:key, :value) ON CONFLICT (key) DO UPDATE SET value = excluded.value

-- has_fire --
SELECT 1 FROM fire WHERE plan = :plan AND order_name = :order_name AND fire = :fire

-- claim_fire --
INSERT INTO fire (plan, order_name, fire, due, state, reason, run, claimed_at, epoch)
VALUES (:plan, :order_name, :fire, :due, :state, :reason, :run, :claimed_at, :epoch)

-- recorded_of --
SELECT f.plan, f.order_name, f.fire FROM json_each(:fires) CROSS JOIN fire f
ON f.plan = json_extract(json_each.value, '$[0]') AND f.order_name = json_extract(json_each.value, '$[1]')
AND f.fire = json_extract(json_each.value, '$[2]')

-- reclaim_fire --
UPDATE fire SET due = :due, state = :state, reason = :reason, run = :run, claimed_at = :claimed_at, epoch = :epoch
WHERE plan = :plan AND order_name = :order_name AND fire = :fire

-- waits --
SELECT count(*), min(i.claimed_at) FROM fire f JOIN intent i USING (plan, order_name, fire)
WHERE f.plan = :plan AND f.order_name = :order_name AND f.fire = :fire AND f.state IS NULL AND f.epoch = :epoch
AND i.state = 'planned' AND i.route_id = 0

-- waiting --
SELECT DISTINCT plan, order_name, fire FROM intent WHERE state = 'planned' AND closed_with_run = 0 AND route_id = 0

-- waiting_of --
SELECT payload, price, claimed_at FROM intent
WHERE plan = :plan AND order_name = :order_name AND fire = :fire AND state = 'planned' AND route_id = 0

-- give_back_orders --
DELETE FROM intent
WHERE plan = :plan AND order_name = :order_name AND fire = :fire AND state = 'planned' AND route_id = 0

-- give_back_fire --
DELETE FROM fire WHERE plan = :plan AND order_name = :order_name AND fire = :fire AND state IS NULL

-- set_number --
UPDATE intent SET client_id = :client_id, route_id = :route_id, claimed_at = :claimed_at WHERE order_ref = :order_ref

-- set_fire --
UPDATE fire SET state = :state
WHERE plan = :plan AND order_name = :order_name AND fire = :fire

-- sent_fires --
SELECT count(*) FROM fire WHERE plan = :plan AND order_name = :order_name AND (state IS NULL OR state = 'sent')

-- missed_in_a_row --
SELECT count(*) FROM fire WHERE plan = :plan AND order_name = :order_name AND state = 'missed'
AND due > coalesce(
    (SELECT max(due) FROM fire WHERE plan = :plan AND order_name = :order_name AND (state IS NULL OR state = 'sent')), '')

-- last_attempt --
SELECT max(attempt) FROM intent WHERE plan = :plan AND order_name = :order_name AND fire = :fire

-- add_intent --
INSERT INTO intent (order_ref, plan, order_name, fire, role, attempt, payload, state, run, claimed_at, client_id,
route_id, pair, side, price)
VALUES (:order_ref, :plan, :order_name, :fire, :role, :attempt, :payload, :state, :run, :claimed_at, :client_id,
:route_id, :pair, :side, :price)

-- set_route --
UPDATE intent SET client_id = :client_id, route_id = :route_id, state = :state WHERE order_ref = :order_ref

-- set_order --
UPDATE intent
SET state = :state, filled = :filled, average_price = :average_price, perm_id = :perm_id, note = :note
WHERE order_ref = :order_ref

-- close_open --
UPDATE intent SET closed_with_run = 1, note = :note
WHERE closed_with_run = 0 AND state IN ('planned', 'sent', 'working', 'held', 'cancel_pending')

-- close_unknown --
UPDATE intent SET closed_with_run = 1 WHERE closed_with_run = 0 AND state = 'unknown'

-- adopt_open --
UPDATE intent SET run = :run
WHERE closed_with_run = 0 AND state IN ('planned', 'sent', 'working', 'held', 'cancel_pending', 'unknown')

-- put_execution --
INSERT INTO execution (root, exec_id, order_ref, contract, side, price, quantity, at)
VALUES (:root, :exec_id, :order_ref, :contract, :side, :price, :quantity, :at)
ON CONFLICT (root) DO UPDATE SET exec_id = excluded.exec_id, price = excluded.price, quantity = excluded.quantity,
at = excluded.at

-- put_commission --
INSERT INTO commission (root, amount, currency) VALUES (:root, :amount, :currency)
ON CONFLICT (root) DO UPDATE SET amount = excluded.amount, currency = excluded.currency

-- add_remark --
INSERT INTO remark (order_ref, at, text) VALUES (:order_ref, :at, :text)

-- unlisted --
SELECT order_ref, at, text FROM remark WHERE at >= :since AND text GLOB 'execution * list*' ORDER BY at, rowid

-- executions_beside --
SELECT e.order_ref, i.plan, e.exec_id, e.contract, e.side, e.price, e.quantity, e.at, c.amount, c.currency,
CASE WHEN length(e.contract) > 7 THEN json_extract(i.payload, '$.contract.multiplier') END, i.run
FROM execution e JOIN intent i USING (order_ref) LEFT JOIN commission c USING (root)
WHERE e.at >= :since AND i.client_id = :client_id AND e.root NOT IN (SELECT value FROM json_each(:roots))
ORDER BY e.rowid

-- put_arrival --
INSERT INTO arrival (plan, order_name, fire, attempt, at, bid, ask, quoted_at)
VALUES (:plan, :order_name, :fire, :attempt, :at, :bid, :ask, :quoted_at) ON CONFLICT DO NOTHING

-- put_rate --
INSERT INTO rate (at, currency, rate, account_currency) VALUES (:at, :currency, :rate, :account_currency)
ON CONFLICT DO NOTHING

-- fires --
SELECT plan, order_name, fire, due, state, reason FROM fire WHERE run = :run ORDER BY due, plan, order_name

-- orders --
SELECT payload, state, filled, average_price, perm_id, closed_with_run, note FROM intent
WHERE run = :run ORDER BY rowid

-- executions --
SELECT e.order_ref, i.plan, e.exec_id, e.contract, e.side, e.price, e.quantity, e.at, c.amount, c.currency,
CASE WHEN length(e.contract) > 7 THEN json_extract(i.payload, '$.contract.multiplier') END, i.run
FROM execution e JOIN intent i USING (order_ref) LEFT JOIN commission c USING (root)
WHERE i.run = :run ORDER BY e.at, e.rowid

-- executions_of --
SELECT e.order_ref, i.plan, e.exec_id, e.contract, e.side, e.price, e.quantity, e.at, c.amount, c.currency,
CASE WHEN length(e.contract) > 7 THEN json_extract(i.payload, '$.contract.multiplier') END, i.run
FROM execution e JOIN intent i USING (order_ref) LEFT JOIN commission c USING (root)
WHERE e.order_ref = :order_ref ORDER BY e.at, e.rowid

-- open_orders --
SELECT i.payload, i.state, i.filled, i.average_price, i.perm_id, i.closed_with_run, i.note, i.client_id, i.route_id,
i.claimed_at, f.due, (SELECT group_concat(p.perm_id) FROM order_perm p WHERE p.order_ref = i.order_ref)
FROM intent i JOIN fire f USING (plan, order_name, fire)
WHERE i.closed_with_run = 0 AND i.state IN ('planned', 'sent', 'working', 'held', 'cancel_pending', 'unknown')
AND NOT (i.state = 'planned' AND i.route_id IS 0)
ORDER BY i.rowid

-- order_of --
SELECT i.payload, i.state, i.filled, i.average_price, i.perm_id, i.closed_with_run, i.note, i.client_id, i.route_id,
i.claimed_at, f.due, (SELECT group_concat(p.perm_id) FROM order_perm p WHERE p.order_ref = i.order_ref)
FROM intent i JOIN fire f USING (plan, order_name, fire)
WHERE i.order_ref = :order_ref

-- orders_in --
SELECT i.payload, i.state, i.filled, i.average_price, i.perm_id, i.closed_with_run, i.note, i.client_id, i.route_id,
i.claimed_at, f.due, (SELECT group_concat(p.perm_id) FROM order_perm p WHERE p.order_ref = i.order_ref)
FROM intent i JOIN fire f USING (plan, order_name, fire)
WHERE i.state IN (SELECT value FROM json_each(:states))
ORDER BY i.rowid

-- orders_claimed --
SELECT i.payload, i.state, i.filled, i.average_price, i.perm_id, i.closed_with_run, i.note, i.client_id, i.route_id,
i.claimed_at, f.due, (SELECT group_concat(p.perm_id) FROM order_perm p WHERE p.order_ref = i.order_ref)
FROM intent i JOIN fire f USING (plan, order_name, fire)
WHERE i.claimed_at >= :start AND i.claimed_at < :until
ORDER BY i.rowid

-- orders_of_fire --
SELECT i.payload, i.state, i.filled, i.average_price, i.perm_id, i.closed_with_run, i.note, i.client_id, i.route_id,
i.claimed_at, f.due, (SELECT group_concat(p.perm_id) FROM order_perm p WHERE p.order_ref = i.order_ref)
FROM intent i JOIN fire f USING (plan, order_name, fire)
WHERE i.plan = :plan AND i.order_name = :order_name AND i.fire = :fire
ORDER BY i.rowid

-- all_orders --
SELECT i.payload, i.state, i.filled, i.average_price, i.perm_id, i.closed_with_run, i.note, i.client_id, i.route_id,
i.claimed_at, f.due, (SELECT group_concat(p.perm_id) FROM order_perm p WHERE p.order_ref = i.order_ref)
FROM intent i JOIN fire f USING (plan, order_name, fire)
ORDER BY i.rowid

-- all_executions --
SELECT e.order_ref, i.plan, e.exec_id, e.contract, e.side, e.price, e.quantity, e.at, c.amount, c.currency,
CASE WHEN length(e.contract) > 7 THEN json_extract(i.payload, '$.contract.multiplier') END, i.run
FROM execution e JOIN intent i USING (order_ref) LEFT JOIN commission c USING (root)
ORDER BY e.rowid

-- highest_order_id --
SELECT max(route_id) FROM intent WHERE client_id = :client_id

-- add_perm --
INSERT INTO order_perm (order_ref, perm_id) VALUES (:order_ref, :perm_id) ON CONFLICT DO NOTHING

-- stops_of_all --
SELECT s.plan, s.reason, s.at FROM json_each(:plans) CROSS JOIN stop s ON s.plan = json_each.value

-- stops_of --
SELECT plan, reason, at FROM stop WHERE plan IN ('', :plan)

-- halt --
SELECT plan, reason, at FROM stop WHERE plan = ''

-- pauses --
SELECT plan, reason FROM stop WHERE plan > '' ORDER BY plan

-- put_stop --
INSERT INTO stop (plan, reason, at) VALUES (:plan, :reason, :at)
ON CONFLICT (plan) DO UPDATE SET reason = excluded.reason, at = excluded.at

-- lift_stop --
DELETE FROM stop WHERE plan = :plan

-- arming_of --
SELECT plan, digest, account, at, until FROM arming WHERE plan = :plan

-- armings_of --
SELECT a.plan, a.digest, a.account, a.at, a.until FROM json_each(:plans) CROSS JOIN arming a ON a.plan = json_each.value

-- armings --
SELECT plan, digest, account, at, until FROM arming ORDER BY plan

-- put_arming --
INSERT INTO arming (plan, digest, account, at, until) VALUES (:plan, :digest, :account, :at, :until)
ON CONFLICT (plan) DO UPDATE SET digest = excluded.digest, account = excluded.account, at = excluded.at,
until = excluded.until

-- unknown_of --
SELECT order_ref FROM intent WHERE state = 'unknown' AND closed_with_run = 0 AND plan = :plan ORDER BY rowid

-- unknown_of_all --
SELECT plan, order_ref FROM intent WHERE state = 'unknown' AND closed_with_run = 0 ORDER BY rowid

-- tallies --
SELECT pair, quantity, notional FROM tally WHERE day = :day

-- tally_of --
SELECT pair, quantity, notional FROM tally WHERE day = :day AND pair = :pair

-- put_tally --
INSERT INTO tally (day, pair, quantity, notional) VALUES (:day, :pair, :quantity, :notional)
ON CONFLICT (day, pair) DO UPDATE SET quantity = excluded.quantity, notional = excluded.notional

-- count_fire --
INSERT INTO fire_count (day, plan, fires) VALUES (:day, :plan, 1)
ON CONFLICT (day, plan) DO UPDATE SET fires = fires + 1

-- uncount_fire --
UPDATE fire_count SET fires = fires - 1 WHERE day = :day AND plan = :plan

-- drop_count --
DELETE FROM fire_count WHERE day = :day AND plan = :plan AND fires <= 0

-- drop_tally --
DELETE FROM tally WHERE day = :day AND pair = :pair

-- entries_of_day --
SELECT payload, price FROM intent WHERE pair = :pair AND claimed_at >= :day AND claimed_at < :day || 'T~'
AND route_id IS NOT NULL AND state <> 'denied'

-- unpriced_of_day --
SELECT 1 FROM intent WHERE pair = :pair AND claimed_at >= :day AND claimed_at < :day || 'T~'
AND route_id IS NOT NULL AND state <> 'denied' AND role = 'entry' AND price IS NULL
ORDER BY claimed_at DESC LIMIT 1

-- fires_today_of --
SELECT c.plan, c.fires FROM json_each(:plans) CROSS JOIN fire_count c ON c.plan = json_each.value AND c.day = :day

-- fires_today --
SELECT fires FROM fire_count WHERE day = :day AND plan = :plan

-- claimed_since --
SELECT (SELECT count(*) FROM intent WHERE claimed_at > :since AND route_id IS NOT NULL) + (
    SELECT count(*) FROM intent
    WHERE state = 'planned' AND closed_with_run = 0 AND route_id = 0 AND claimed_at <= :since)

-- count_open --
SELECT count(*) FROM intent
WHERE pair = :pair AND side = :side AND closed_with_run = 0
AND state IN ('planned', 'sent', 'working', 'held', 'cancel_pending', 'unknown')
AND NOT (state = 'planned' AND route_id IS 0)

-- epoch --
SELECT epoch FROM owner WHERE id = 1

-- take_over --
INSERT INTO owner (id, epoch) VALUES (1, :epoch) ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch

-- reached --
SELECT value FROM sequence WHERE id = 1

-- count_on --
INSERT INTO sequence (id, value) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET value = value + 1 RETURNING value

-- evaluated --
SELECT at FROM evaluated WHERE plan = :plan AND order_name = :order_name

-- put_evaluated --
INSERT INTO evaluated (plan, order_name, at) VALUES (:plan, :order_name, :at)
ON CONFLICT (plan, order_name) DO UPDATE SET at = max(at, excluded.at)

-- plans --
SELECT plan, file, digest, next_fire FROM plan ORDER BY plan

-- put_plan --
INSERT INTO plan (plan, file, digest, next_fire) VALUES (:plan, :file, :digest, :next_fire)
ON CONFLICT (plan) DO UPDATE SET file = excluded.file, digest = excluded.digest, next_fire = excluded.next_fire

-- keep_plans --
DELETE FROM plan WHERE plan NOT IN (SELECT value FROM json_each(:plans))

-- link --
SELECT state, detail, at FROM link WHERE id = 1

-- put_link --
INSERT INTO link (id, state, detail, at) VALUES (1, :state, :detail, :at)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, detail = excluded.detail, at = excluded.at

-- controls --
SELECT id, kind, target, detail, at, done_at, note FROM control WHERE done_at IS NULL ORDER BY id

-- control_of --
SELECT id, kind, target, detail, at, done_at, note FROM control WHERE id = :id

-- add_control --
INSERT INTO control (kind, target, detail, at) VALUES (:kind, :target, :detail, :at)

-- add_halt --
INSERT INTO control (kind, target, detail, at, done_at) VALUES ('halt', '--all', :reason, :at, :at)

-- halts_after --
SELECT at FROM control WHERE done_at > :since AND kind = 'halt' ORDER BY at

-- is_declared --
SELECT 1 FROM control WHERE done_at = :at AND kind = 'halt'

-- control_done --
UPDATE control SET done_at = :at, note = :note WHERE id = :id

-- resolve --
UPDATE intent SET state = :state, filled = :filled, note = :note WHERE order_ref = :order_ref

-- fires_of --
SELECT plan, order_name, fire, due, state, reason FROM fire WHERE plan = :plan ORDER BY due DESC, order_name LIMIT :limit

-- fires_since --
SELECT f.plan, f.order_name, f.fire, f.due, f.state, f.reason FROM plan p CROSS JOIN fire f ON f.plan = p.plan
WHERE f.due >= :since AND f.state = :state ORDER BY f.due DESC, f.plan, f.order_name LIMIT :limit

-- count_fires --
SELECT f.state, count(*) FROM plan p CROSS JOIN fire f ON f.plan = p.plan
WHERE f.due >= :since AND f.state IS NOT NULL GROUP BY f.state

-- count_fires_of --
SELECT f.plan, f.state, count(*) FROM json_each(:plans) CROSS JOIN fire f ON f.plan = json_each.value
WHERE f.due >= :since AND f.state IS NOT NULL GROUP BY f.plan, f.state

-- count_all_fires --
SELECT state, count(*) FROM fire WHERE state IS NOT NULL GROUP BY state

-- count_all_orders --
SELECT state, count(*) FROM intent WHERE closed_with_run = 0 GROUP BY state

-- rejected_since --
SELECT i.payload, i.state, i.filled, i.average_price, i.perm_id, i.closed_with_run, i.note, i.client_id, i.route_id,
i.claimed_at, f.due, (SELECT group_concat(p.perm_id) FROM order_perm p WHERE p.order_ref = i.order_ref)
FROM intent i JOIN fire f USING (plan, order_name, fire)
WHERE i.state = 'rejected' AND i.claimed_at >= :since ORDER BY i.rowid DESC LIMIT :limit

-- last_executions --
SELECT e.order_ref, i.plan, e.exec_id, e.contract, e.side, e.price, e.quantity, e.at, c.amount, c.currency,
CASE WHEN length(e.contract) > 7 THEN json_extract(i.payload, '$.contract.multiplier') END, i.run
FROM (SELECT rowid AS number, * FROM execution ORDER BY rowid DESC LIMIT :limit) e
JOIN intent i USING (order_ref) LEFT JOIN commission c USING (root)
ORDER BY e.at DESC, e.number DESC

-- miss_fire --
UPDATE fire SET state = 'missed', reason = :reason
WHERE plan = :plan AND order_name = :order_name AND fire = :fire

-- fire --
SELECT plan, order_name, fire, due, state, reason FROM fire
WHERE plan = :plan AND order_name = :order_name AND fire = :fire

-- entries_counted --
SELECT payload, price, claimed_at FROM intent
WHERE claimed_at IS NOT NULL AND route_id IS NOT NULL AND state <> 'denied' ORDER BY rowid

-- fires_counted --
SELECT substr(first, 1, 10), plan, count(*) FROM (
    SELECT min(claimed_at) AS first, plan FROM intent
    WHERE claimed_at IS NOT NULL AND route_id IS NOT NULL AND state <> 'denied' GROUP BY plan, order_name, fire, attempt
) GROUP BY 1, 2

-- all_tallies --
SELECT day, pair, quantity, notional FROM tally

-- all_fire_counts --
SELECT day, plan, fires FROM fire_count

-- fires_without_intents --
SELECT plan, order_name, fire FROM fire f WHERE (state IS NULL OR state = 'sent') AND NOT EXISTS (
    SELECT 1 FROM intent i WHERE i.plan = f.plan AND i.order_name = f.order_name AND i.fire = f.fire)

-- intents_without_fire --
SELECT order_ref FROM intent i WHERE NOT EXISTS (
    SELECT 1 FROM fire f WHERE i.plan = f.plan AND i.order_name = f.order_name AND i.fire = f.fire)

-- open_too_early --
SELECT order_ref FROM intent i JOIN fire f USING (plan, order_name, fire)
WHERE f.state IS NULL AND i.claimed_at IS NOT NULL AND i.route_id IS NULL AND i.state <> 'denied'

-- order_states --
SELECT DISTINCT state FROM intent

-- fire_states --
SELECT DISTINCT state FROM fire WHERE state IS NOT NULL

-- assume_sent --
UPDATE fire SET state = 'sent'
WHERE plan = :plan AND order_name = :order_name AND fire = :fire AND state IS NULL

-- left_claimed --
SELECT f.plan, f.order_name, f.fire, f.due, f.state, f.reason FROM fire f
WHERE f.state IS NULL AND NOT EXISTS (
    SELECT 1 FROM intent i WHERE i.plan = f.plan AND i.order_name = f.order_name AND i.fire = f.fire
    AND i.closed_with_run = 0 AND i.state IN ('planned', 'sent', 'working', 'held', 'cancel_pending', 'unknown')
)
ORDER BY f.due, f.plan, f.order_name

-- arrived --
SELECT count(*) FROM intent
WHERE plan = :plan AND order_name = :order_name AND fire = :fire AND state NOT IN ('not_received', 'denied')

-- put_work --
INSERT INTO work (plan, order_name, fire, digest, snapshot, state)
VALUES (:plan, :order_name, :fire, :digest, :snapshot, :state)
ON CONFLICT (plan, order_name, fire) DO UPDATE SET digest = excluded.digest, snapshot = excluded.snapshot,
state = excluded.state, note = ''

-- open_works --
SELECT w.plan, w.order_name, w.fire, f.due, f.state, f.reason, w.digest, w.snapshot
FROM work w JOIN fire f USING (plan, order_name, fire) WHERE w.state = 'open' ORDER BY f.due, w.plan, w.order_name

-- is_worked --
SELECT 1 FROM work WHERE plan = :plan AND order_name = :order_name AND fire = :fire AND state = 'open'

-- is_busy --
SELECT 1 FROM work WHERE plan = :plan AND order_name = :order_name AND state = 'open' LIMIT 1

-- latest_filled --
SELECT max(i.rowid), i.state = 'filled', total(i.state IN ('planned', 'sent', 'working', 'held', 'cancel_pending',
'unknown')) = 0 FROM intent i WHERE i.plan = :plan AND i.order_name = :order_name
AND i.role NOT IN ('take_profit', 'stop_loss') AND i.fire = (
    SELECT max(f.fire) FROM fire f WHERE f.plan = :plan AND f.order_name = :order_name
    AND (f.state IS NULL OR f.state = 'sent'))

-- works_of --
SELECT w.plan, w.order_name, w.fire, f.due, f.state, f.reason, w.digest, w.snapshot
FROM work w JOIN fire f USING (plan, order_name, fire) WHERE w.plan = :plan ORDER BY f.due, w.order_name

-- all_works --
SELECT w.plan, w.order_name, w.fire, f.due, f.state, f.reason, w.digest, w.snapshot
FROM work w JOIN fire f USING (plan, order_name, fire)

-- finish_work --
UPDATE work SET state = 'done', note = :note WHERE plan = :plan AND order_name = :order_name AND fire = :fire

-- close_works --
UPDATE work SET state = 'done', note = :note WHERE state = 'open'

-- fills_after --
SELECT e.rowid, e.side, e.quantity FROM execution e JOIN intent i USING (order_ref)
WHERE e.rowid > :last AND e.contract = :contract AND i.plan = :plan AND (:run IS NULL OR i.run = :run)
ORDER BY e.rowid

-- has_execution --
SELECT 1 FROM execution WHERE root = :root

-- report_fires --
SELECT run, plan, order_name, fire, due, state, reason, claimed_at FROM fire
WHERE :run IS NULL OR run = :run ORDER BY due, plan, order_name

-- report_orders --
SELECT i.run, i.payload, i.state, i.filled, i.average_price, i.perm_id, i.closed_with_run, i.note, f.due
FROM intent i JOIN fire f USING (plan, order_name, fire)
WHERE :run IS NULL OR i.run = :run ORDER BY f.due, i.rowid

-- report_executions --
SELECT e.order_ref, i.plan, e.exec_id, e.contract, e.side, e.price, e.quantity, e.at, c.amount, c.currency,
CASE WHEN length(e.contract) > 7 THEN json_extract(i.payload, '$.contract.multiplier') END, i.run
FROM execution e JOIN intent i USING (order_ref) LEFT JOIN commission c USING (root)
WHERE :run IS NULL OR i.run = :run ORDER BY e.at, e.rowid

-- runs --
SELECT id, started FROM run ORDER BY id

-- report_arrivals --
SELECT plan, order_name, fire, attempt, at, bid, ask, quoted_at FROM arrival

-- report_rates --
SELECT at, currency, rate, account_currency FROM rate ORDER BY at, currency

-- contract_of --
SELECT answer, at FROM contract WHERE asked = :asked

-- put_contract --
INSERT INTO contract (asked, answer, at) VALUES (:asked, :answer, :at)
ON CONFLICT (asked) DO UPDATE SET answer = excluded.answer, at = excluded.at

-- all_contracts --
SELECT answer, at FROM contract
