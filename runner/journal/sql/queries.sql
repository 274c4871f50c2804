-- open_run --
INSERT INTO run (started) VALUES (:started)

-- get_meta --
SELECT value FROM meta WHERE key = :key

-- set_meta --
INSERT INTO meta (key, value) VALUES (:key, :value) ON CONFLICT (key) DO UPDATE SET value = excluded.value

-- claim_fire --
INSERT INTO fire (plan, order_name, fire, due, state, reason, run)
VALUES (:plan, :order_name, :fire, :due, :state, :reason, :run)
ON CONFLICT DO NOTHING

-- reclaim_fire --
UPDATE fire SET due = :due, state = :state, reason = :reason, run = :run
WHERE plan = :plan AND order_name = :order_name AND fire = :fire

-- set_fire --
UPDATE fire SET state = :state
WHERE plan = :plan AND order_name = :order_name AND fire = :fire

-- last_attempt --
SELECT max(attempt) FROM intent WHERE plan = :plan AND order_name = :order_name AND fire = :fire

-- add_intent --
INSERT INTO intent (order_ref, plan, order_name, fire, role, attempt, payload, state, run)
VALUES (:order_ref, :plan, :order_name, :fire, :role, :attempt, :payload, :state, :run)

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

-- fires --
SELECT plan, order_name, fire, due, state, reason FROM fire WHERE run = :run ORDER BY due, plan, order_name

-- orders --
SELECT payload, state, filled, average_price, perm_id, closed_with_run, note FROM intent
WHERE run = :run ORDER BY rowid

-- executions --
SELECT e.order_ref, i.plan, e.exec_id, e.contract, e.side, e.price, e.quantity, e.at, c.amount, c.currency
FROM execution e JOIN intent i USING (order_ref) LEFT JOIN commission c USING (root)
WHERE i.run = :run ORDER BY e.at, e.rowid

-- executions_of --
SELECT e.order_ref, i.plan, e.exec_id, e.contract, e.side, e.price, e.quantity, e.at, c.amount, c.currency
FROM execution e JOIN intent i USING (order_ref) LEFT JOIN commission c USING (root)
WHERE e.order_ref = :order_ref ORDER BY e.at, e.rowid
