// IBApi of @stoqey/ib against a simulated gateway.
//
//     NODE_PATH=.../node_modules node stoqey_cases.cjs PORT [CASE ...]
//
// One JSON line a case; exit 1 if one failed. What the gateway has to be like: see ibapi_cases.py.
"use strict";

const { TimeCondition, PriceCondition, ConjunctionConnection } = require("@stoqey/ib");
const assert = require("node:assert/strict");
const { Peer, NotHere, order, run, EURUSD, STOCK } = require("./stoqey_peer.cjs");

const PORT = Number(process.argv[2]);
const ACCOUNT = "DU1234567";
const AAPL = { symbol: "AAPL", ...STOCK };
let peer = Peer.make(PORT);
const use = (other) => (peer = other);

const sum = (numbers) => numbers.reduce((total, one) => total + Number(one), 0);
const limitOrder = (lmtPrice, fields = {}) => order("BUY", "LMT", { lmtPrice, ...fields });

async function resting(price = 0.5, fields = {}) {
  const id = peer.place(EURUSD, limitOrder(price, fields));
  await peer.status(id, "Submitted");
  return id;
}

async function details(contract) {
  const id = peer.id();
  peer.api.reqContractDetails(id, contract);
  await peer.first("contractDetailsEnd", (at) => at === id);
  return peer.all("contractDetails", (at) => at === id).map(([, found]) => found);
}

/** Let one order wait for its trigger, and another one find it met. */
async function armed(waiting, electing) {
  const id = peer.place(EURUSD, waiting);
  assert.equal((await peer.status(id, "PreSubmitted")).whyHeld, "trigger");
  await peer.cancel(id);
  await peer.filled(peer.place(EURUSD, electing));
}

async function atOnce(tif) {
  await peer.filled(peer.place(EURUSD, limitOrder(5, { tif })));
  await peer.cancelled(peer.place(EURUSD, limitOrder(0.5, { tif })));
}

/** Place a bracket whose parent rests, then let the parent be filled. */
async function bracket() {
  const parent = peer.place(EURUSD, limitOrder(0.5, { transmit: false }));
  const child = { parentId: parent };
  const profit = peer.place(EURUSD, order("SELL", "LMT", { lmtPrice: 5, transmit: false, ...child }));
  const loss = peer.place(EURUSD, order("SELL", "STP", { auxPrice: 0.4, ...child }));
  await peer.status(parent, "Submitted");
  for (const one of [profit, loss]) assert.match((await peer.status(one, "PreSubmitted")).whyHeld, /^child/);
  peer.api.placeOrder(parent, EURUSD, limitOrder(5));
  await peer.filled(parent);
  await peer.status(profit, "Submitted");
  await peer.told(loss, (one) => one.whyHeld === "trigger", "armed");
  const ids = new Set(peer.all("orderStatus", (at) => [parent, profit, loss].includes(at)).map((one) => one[5]));
  assert.equal(ids.size, 3);
  return { parent, profit, loss };
}

async function oca(ocaType) {
  const group = { ocaGroup: `group ${ocaType} of ${peer.nextId}`, ocaType };
  const one = await resting(0.5, group);
  const other = await resting(0.51, group);
  peer.api.placeOrder(one, EURUSD, limitOrder(5, group));
  await peer.filled(one);
  await peer.cancelled(other);
  peer.api.cancelOrder(other);
  assert.match(await peer.refused(other, 10148), /state: Cancelled/);
}

async function bars(duration, size, what, { keep = false, format = 2 } = {}) {
  const id = peer.id();
  peer.api.reqHistoricalData(id, EURUSD, "", duration, size, what, false, format, keep);
  await peer.first("historicalData", (at, date) => at === id && date.startsWith("finished"));
  return [id, peer.all("historicalData", (at, date) => at === id && !date.startsWith("finished"))];
}

const tools = { quote };

async function quote() {
  const id = peer.id();
  peer.api.reqMktData(id, EURUSD, "", true, false);
  await peer.first("tickSnapshotEnd", (at) => at === id);
  const prices = Object.fromEntries(peer.all("tickPrice", (at) => at === id).map(([, kind, price]) => [kind, price]));
  return [prices[1], prices[2]];
}

const CONDITION = {
  time: (at) => new TimeCondition(at, true, ConjunctionConnection.AND),
  price: (level) => new PriceCondition(level, 0, 12087792, "IDEALPRO", true, ConjunctionConnection.AND),
};

const cases = {
  connect: async () => {
    const began = Date.now();
    await peer.join(71);
    assert(Date.now() - began < 4000);
  },

  // --- what is traded

  details: async () => {
    const [found, ...more] = await details(EURUSD);
    assert.equal(more.length, 0);
    assert.deepEqual([found.contract.conId, found.contract.localSymbol], [12087792, "EUR.USD"]);
    assert.deepEqual([found.minTick, found.marketRuleIds], [0.00005, "239"]);
    assert(found.tradingHours && found.timeZoneId);
    assert.equal((await details({ conId: 12087792 }))[0].contract.symbol, "EUR");
  },
  ambiguous: async () => {
    assert((await details({ symbol: "EUR", secType: "CASH", exchange: "IDEALPRO" })).length > 3);
  },
  unknown: async () => {
    peer.api.reqContractDetails(peer.id(), { symbol: "QQQQX", ...STOCK });
    assert.match(await peer.refused(peer.requestId, 200), /No security definition/);
    await peer.refused(peer.place({ symbol: "QQQQX", ...STOCK }, order("BUY", "MKT", { totalQuantity: 1 })), 200);
  },
  "no exchange": async () => {
    assert.match(await peer.refused(peer.place({ conId: 12087792 }, order("BUY", "MKT")), 321), /exchange/);
  },
  stock: async () => {
    for (const [symbol, conId] of [["AAPL", 265598], ["SPY", 756733]])
      assert.equal((await details({ symbol, ...STOCK }))[0].contract.conId, conId);
    const id = peer.place(AAPL, limitOrder(1, { totalQuantity: 10, outsideRth: true }));
    await peer.status(id, "Submitted");
    await peer.cancel(id);
  },
  future: async () => {
    const found = await details({ symbol: "EUR", secType: "FUT", exchange: "CME", currency: "USD" });
    assert(found.length > 1);
    const dated = (one) => String(one.contract.lastTradeDateOrContractMonth ?? one.contract.lastTradeDate);
    const near = found.sort((one, other) => dated(one).localeCompare(dated(other)))[0].contract;
    assert.equal(Number(near.multiplier), 125000);
    await peer.filled(peer.place({ conId: near.conId, exchange: "CME" }, order("BUY", "MKT", { totalQuantity: 1 })), 1);
  },
  gold: async () => {
    const contract = { symbol: "XAUUSD", secType: "CMDTY", exchange: "SMART", currency: "USD" };
    await peer.filled(peer.place(contract, order("BUY", "MKT", { totalQuantity: 10 })), 10);
  },

  // --- kinds of orders

  market: async () => {
    const id = peer.place(EURUSD, order("BUY", "MKT", { orderRef: "a reference" }));
    assert((await peer.filled(id)).permId > 0);
    assert.equal(peer.executions(id)[0].side, "BOT");
    assert.equal(peer.executions(id)[0].orderRef, "a reference");
  },
  limit: async () => {
    await peer.filled(peer.place(EURUSD, limitOrder(5)));
    const id = peer.place(EURUSD, order("SELL", "LMT", { lmtPrice: 0.5 }));
    assert((await peer.filled(id)).average > 0.9);
    assert.equal(peer.executions(id)[0].side, "SLD");
  },
  stop: async () => armed(order("BUY", "STP", { auxPrice: 5 }), order("BUY", "STP", { auxPrice: 0.5 })),
  "stop limit": async () =>
    armed(
      order("SELL", "STP LMT", { auxPrice: 0.5, lmtPrice: 0.4 }),
      order("SELL", "STP LMT", { auxPrice: 5, lmtPrice: 0.5 }),
    ),
  trail: async () => {
    await armed(order("SELL", "TRAIL", { auxPrice: 0.2 }), order("SELL", "TRAIL", { auxPrice: 0.0001 }));
    const id = peer.place(EURUSD, order("BUY", "TRAIL", { trailingPercent: 10 }));
    await peer.status(id, "PreSubmitted");
    await peer.cancel(id);
  },
  "trail limit": async () => {
    const bid = Math.round((await tools.quote())[0] / 0.00005) * 0.00005;
    const at = (price) => ({ trailStopPrice: Number(price.toFixed(5)), lmtPriceOffset: 0.01 });
    await armed(
      order("SELL", "TRAIL LIMIT", { auxPrice: 0.2, ...at(bid - 0.2) }),
      order("SELL", "TRAIL LIMIT", { auxPrice: 0.0001, ...at(bid - 0.0001) }),
    );
  },
  "market if touched": async () =>
    armed(order("BUY", "MIT", { auxPrice: 0.5 }), order("BUY", "MIT", { auxPrice: 5 })),
  "limit if touched": async () =>
    armed(
      order("SELL", "LIT", { auxPrice: 5, lmtPrice: 5 }),
      order("SELL", "LIT", { auxPrice: 0.5, lmtPrice: 0.5 }),
    ),

  // --- how long they are good

  "good till cancelled": async () => {
    const id = await resting(0.5, { tif: "GTC" });
    assert.equal((await peer.opened(id)).tif, "GTC");
    await peer.cancel(id);
  },
  "immediate or cancel": async () => atOnce("IOC"),
  "fill or kill": async () => atOnce("FOK"),
  "good till date": async () => {
    const goodTillDate = (await peer.later(90)).replace("-", " ") + " UTC";
    const id = await resting(0.5, { tif: "GTD", goodTillDate });
    assert.equal(Number((await peer.status(id, "Cancelled")).remaining), 25000);
    peer.expected.add(202);
  },
  "good after time": async () => {
    const id = peer.place(EURUSD, order("BUY", "MKT", { goodAfterTime: await peer.later(90) }));
    await peer.status(id, "PreSubmitted");
    assert.equal(peer.executions(id).length, 0);
    await peer.filled(id);
  },
  "outside hours": async () => {
    peer.expected.add(399);
    const terms = { totalQuantity: 10 };
    const held = peer.place(AAPL, limitOrder(2000, terms));
    await peer.status(held, "PreSubmitted");
    await peer.filled(peer.place(AAPL, limitOrder(2000, { ...terms, outsideRth: true })), 10);
    assert.equal(peer.executions(held).length, 0);
    await peer.cancel(held);
  },

  // --- quantities

  "cash quantity": async () => {
    const id = peer.place(EURUSD, order("BUY", "MKT", { totalQuantity: 0, cashQty: 50000 }));
    await peer.status(id, "Filled");
    await peer.until("the execution", () => peer.executions(id).length);
    const [{ price }] = peer.executions(id);
    const units = sum(peer.executions(id).map((one) => one.shares));
    assert(Math.abs(units * price - 50000) < 2 * price, `${units} at ${price}`);
  },
  "all or none": async () => {
    const id = peer.place(EURUSD, limitOrder(5, { totalQuantity: 40000, allOrNone: true }));
    await peer.filled(id, 40000);
    assert.equal(peer.executions(id).length, 1);
    assert.equal((await peer.opened(id)).allOrNone, true);
  },
  "minimum quantity": async () => {
    const id = peer.place(EURUSD, limitOrder(5, { totalQuantity: 40000, minQty: 20000 }));
    await peer.filled(id, 40000);
    assert(Math.min(...peer.executions(id).map((one) => Number(one.shares))) >= 20000);
  },
  "part fills": async () => {
    const id = peer.place(EURUSD, limitOrder(5, { totalQuantity: 12_000_000 }));
    await peer.filled(id, 12_000_000);
    assert(peer.executions(id).length > 1);
    await peer.filled(peer.place(EURUSD, order("SELL", "MKT", { totalQuantity: 12_000_000 })), 12_000_000);
  },
  "odd lot": async () => {
    const id = peer.place(EURUSD, order("BUY", "MKT", { totalQuantity: 5000 }));
    assert.match(await peer.refused(id, 399), /odd lot/);
    await peer.filled(id, 5000);
  },

  // --- orders that belong together

  "bracket, profit": async () => {
    const { parent, profit, loss } = await bracket();
    peer.api.placeOrder(profit, EURUSD, order("SELL", "LMT", { lmtPrice: 0.5, parentId: parent }));
    await peer.filled(profit);
    await peer.cancelled(loss);
  },
  "bracket, loss": async () => {
    const { parent, profit, loss } = await bracket();
    peer.api.placeOrder(loss, EURUSD, order("SELL", "STP", { auxPrice: 5, parentId: parent }));
    await peer.filled(loss);
    await peer.cancelled(profit);
  },
  "oca 1": async () => oca(1),
  "oca 2": async () => oca(2),
  "oca 3": async () => oca(3),
  modify: async () => {
    const id = await resting();
    const { permId } = await peer.status(id, "Submitted");
    peer.api.placeOrder(id, EURUSD, limitOrder(0.51, { totalQuantity: 30000 }));
    assert.equal(Number((await peer.opened(id, (one) => one.lmtPrice === 0.51)).totalQuantity), 30000);
    peer.api.placeOrder(id, EURUSD, limitOrder(5, { totalQuantity: 30000 }));
    assert.equal((await peer.filled(id, 30000)).permId, permId);
  },
  "condition: time": async () => {
    const at = await peer.later(90);
    const id = peer.place(EURUSD, order("BUY", "MKT", { conditions: [CONDITION.time(at)] }));
    await peer.status(id, "PreSubmitted");
    assert.equal(peer.executions(id).length, 0);
    await peer.filled(id);
    assert.equal((await peer.opened(id)).conditions[0].time, at);
  },
  "condition: price": async () => {
    const id = peer.place(EURUSD, order("BUY", "MKT", { conditions: [CONDITION.price(5)] }));
    await peer.status(id, "PreSubmitted");
    peer.api.placeOrder(id, EURUSD, order("BUY", "MKT", { conditions: [CONDITION.price(0.5)] }));
    await peer.filled(id);
  },

  // --- ends and refusals

  cancel: async () => {
    const id = await resting();
    assert.equal(Number((await peer.cancel(id)).remaining), 25000);
    const held = peer.place(EURUSD, limitOrder(0.5, { transmit: false }));
    peer.api.cancelOrder(held);
    await peer.status(held, "ApiCancelled");
    peer.expected.add(202);
  },
  "cancel unknown": async () => {
    peer.api.cancelOrder(peer.nextId + 1000);
    assert.match(await peer.refused(peer.nextId + 1000, 10147), /is not found/);
  },
  "cancel filled": async () => {
    const id = peer.place(EURUSD, order("BUY", "MKT"));
    await peer.filled(id);
    peer.api.cancelOrder(id);
    assert.match(await peer.refused(id, 10148), /state: Filled/);
  },
  "cancel twice": async () => {
    const id = await resting();
    peer.api.cancelOrder(id);
    peer.api.cancelOrder(id);
    await peer.refused(id, 10148);
    await peer.cancelled(id);
    assert.equal(peer.complaints().filter(([at, code]) => at === id && code === 202).length, 1);
  },
  "duplicate id": async () => {
    const id = peer.place(EURUSD, order("BUY", "MKT"));
    await peer.filled(id);
    peer.api.placeOrder(id, EURUSD, limitOrder(0.5));
    await peer.refused(id, 104);
    const ended = await resting();
    await peer.cancel(ended);
    peer.api.placeOrder(ended, EURUSD, limitOrder(0.5));
    await peer.refused(ended, 103);
  },
  "price off the tick": async () => {
    const id = peer.place(EURUSD, limitOrder(0.500013));
    await peer.refused(id, 110);
    assert.equal(peer.all("orderStatus", (at) => at === id).length, 0);
  },
  margin: async () => {
    const id = peer.place(EURUSD, limitOrder(0.5, { totalQuantity: 900_000_000 }));
    await peer.status(id, "Inactive");
    assert.match(await peer.refused(id, 201), /margin/i);
  },
  "what if": async () => {
    const id = peer.place(EURUSD, order("BUY", "MKT", { whatIf: true }));
    const state = (await peer.first("openOrder", (at) => at === id))[3];
    assert(Number(state.initMarginChange) > 0);
    assert.equal(state.commission, 2);
    peer.api.reqOpenOrders();
    await peer.first("openOrderEnd");
    assert.equal(peer.all("orderStatus", (at) => at === id).length, 0);
  },
  "global cancel": async () => {
    const ids = [await resting(0.5), await resting(0.51), await resting(0.52)];
    peer.api.reqGlobalCancel();
    for (const id of ids) await peer.cancelled(id);
    const ends = peer.complaints().filter(([, code]) => code === 202).map(([at]) => at);
    assert.equal(new Set(ends).size, ends.length);
    await peer.filled(peer.place(EURUSD, order("BUY", "MKT")));
  },
  "kind refused": async () => {
    await peer.refused(peer.place(EURUSD, order("BUY", "PASSV REL", { lmtPrice: 0.5 })), 387);
  },

  // --- other clients

  "two clients": async () => {
    const other = await Peer.make(PORT).join(72);
    const id = other.place(EURUSD, limitOrder(0.5, { orderRef: "the other's" }));
    await other.status(id, "Submitted");
    peer.api.reqOpenOrders();
    await peer.first("openOrderEnd");
    assert.equal(peer.all("openOrder", (_, __, one) => one.orderRef === "the other's").length, 0);
    peer.api.reqAllOpenOrders();
    await peer.first("openOrder", (_, __, one) => one.orderRef === "the other's" && one.clientId === 72);
    await other.filled(other.place(EURUSD, order("BUY", "MKT")));
    await peer.now();
    assert.equal(peer.all("execDetails").length, 0, "executions of others came unasked");
    await other.cancel(id);
    assert.deepEqual(other.verdict(), []);
    other.api.disconnect();
  },
  "id in use": async () => {
    const other = Peer.make(PORT);
    other.api.connect(71);
    assert.match(await other.refused(-1, 326), /already in use/);
    await other.first("disconnected");
    assert(await peer.now());
  },

  "client 0": async () => {
    const other = await Peer.make(PORT).join(0);
    other.api.reqAutoOpenOrders(true);
    await other.filled(other.place(EURUSD, order("BUY", "MKT")));
    assert.deepEqual(other.verdict(), []);
    other.api.disconnect();
    peer.api.reqAutoOpenOrders(true);
    await peer.refused(-1, 321);
  },

  // --- data

  streaming: async () => {
    const id = peer.id();
    peer.api.reqMktData(id, EURUSD, "", false, false);
    for (const kind of [1, 2]) await peer.first("tickPrice", (at, one, price) => at === id && one === kind && price > 0);
    for (const kind of [0, 3]) await peer.first("tickSize", (at, one, size) => at === id && one === kind && size > 0);
    await peer.until("more ticks", () => peer.all("tickPrice").length > 6);
    peer.api.cancelMktData(id);
    await peer.now();
    const count = peer.all("tickPrice").length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(peer.all("tickPrice").length, count);
  },
  snapshot: async () => {
    const [bid, ask] = await tools.quote();
    assert(0 < bid && bid < ask, `${bid} ${ask}`);
  },
  "quotes of a stock": async () => {
    const id = peer.id();
    peer.api.reqMktData(id, AAPL, "", false, false);
    // bid, ask, last, close of the day before; volume
    for (const kind of [1, 2, 4, 9]) await peer.first("tickPrice", (at, one, price) => at === id && one === kind && price > 10);
    await peer.first("tickSize", (at, one, size) => at === id && one === 8 && size >= 0);
    peer.api.cancelMktData(id);
  },
  "no subscription": async () => {
    const ibm = { symbol: "IBM", ...STOCK };
    peer.api.reqMktData(peer.id(), ibm, "", false, false);
    await peer.refused(peer.requestId, 10089);
    peer.api.reqMarketDataType(3);
    const id = peer.id();
    peer.api.reqMktData(id, ibm, "", false, false);
    await peer.refused(id, 10167);
    await peer.first("tickPrice", (at, kind) => at === id && kind === 66);
    peer.api.cancelMktData(id);
    peer.api.reqMarketDataType(1);
  },
  "duplicate ticker": async () => {
    const id = peer.id();
    peer.api.reqMktData(id, EURUSD, "", false, false);
    peer.api.reqMktData(id, EURUSD, "", false, false);
    await peer.refused(id, 102);
    peer.api.cancelMktData(id);
  },
  "unknown ticker": async () => {
    peer.api.cancelMktData(99999);
    await peer.refused(99999, 300);
  },
  history: async () => {
    const [, found] = await bars("3600 S", "5 mins", "MIDPOINT");
    assert([12, 13].includes(found.length), String(found.length));
    const times = found.slice(1).map((one) => Number(one[1]));
    times.slice(1).forEach((time, place) => assert.equal(time - times[place], 300));
    for (const [, , open, high, low, close] of found) assert(0 < low && low <= open && close <= high);
    const [, days] = await bars("1 M", "1 day", "BID", { format: 1 });
    assert(days.length >= 18 && days.length <= 24, String(days.length));
  },
  "history, kept up": async () => {
    const [id] = await bars("3600 S", "5 mins", "MIDPOINT", { keep: true });
    await peer.first("historicalDataUpdate", (at) => at === id);
    peer.api.cancelHistoricalData(id);
  },
  "head timestamp": async () => {
    const id = peer.id();
    peer.api.reqHeadTimestamp(id, EURUSD, "MIDPOINT", false, 1);
    const [, told] = await peer.first("headTimestamp", (at) => at === id);
    assert("1990" < told && told < "2025", told);
    peer.api.cancelHeadTimestamp(id);
  },
  "no trades bars": async () => {
    peer.api.reqHistoricalData(peer.id(), EURUSD, "", "1 D", "1 hour", "TRADES", false, 1, false);
    await peer.refused(peer.requestId, 162);
  },
  "matching symbols": async () => {
    const id = peer.id();
    peer.api.reqMatchingSymbols(id, "AAP");
    const [, found] = await peer.first("symbolSamples", (at) => at === id);
    assert(found.some((one) => one.contract.conId === 265598));
  },
  "market rule": async () => {
    peer.api.reqMarketRule(239);
    const [, increments] = await peer.first("marketRule", (rule) => rule === 239);
    assert.deepEqual(increments.map((one) => [one.lowEdge, one.increment]), [[0, 0.00005]]);
  },

  // --- account

  summary: async () => {
    const id = peer.id();
    const tags = ["AccountType", "AvailableFunds", "BuyingPower", "Cushion", "FullInitMarginReq", "NetLiquidation"];
    peer.api.reqAccountSummary(id, "All", tags.join());
    await peer.first("accountSummaryEnd", (at) => at === id);
    const told = peer.all("accountSummary", (at) => at === id).map(([, , tag]) => tag);
    assert.deepEqual([...told].sort(), tags);
    peer.api.cancelAccountSummary(id);
  },
  ledger: async () => {
    const id = peer.id();
    peer.api.reqAccountSummary(id, "All", "$LEDGER:ALL");
    await peer.first("accountSummaryEnd", (at) => at === id);
    const found = peer.all("accountSummary", (_, __, tag) => tag.endsWith("TotalCashBalance")).map((one) => one[4]);
    for (const one of ["BASE", "EUR", "USD"]) assert(found.includes(one), String(found));
    peer.api.cancelAccountSummary(id);
  },
  updates: async () => {
    peer.api.reqAccountUpdates(true, ACCOUNT);
    await peer.first("accountDownloadEnd");
    assert(peer.all("updateAccountValue", (key, _, unit) => key === "NetLiquidation" && unit === "USD").length);
    assert(peer.all("updatePortfolio", (what) => what.localSymbol === "EUR.USD").length);
    peer.api.reqAccountUpdates(false, ACCOUNT);
    assert.match(await peer.refused(-1, 2100), /unsubscribed/);
  },
  "updates multi": async () => {
    const id = peer.id();
    peer.api.reqAccountUpdatesMulti(id, ACCOUNT, "", false);
    await peer.first("accountUpdateMultiEnd", (at) => Number(at) === id);
    assert(peer.all("accountUpdateMulti", (at, _, __, key) => at === id && key === "NetLiquidation").length);
    peer.api.cancelAccountUpdatesMulti(id);
  },
  positions: async () => {
    peer.api.reqPositions();
    await peer.first("positionEnd");
    const held = peer.all("position", (_, what) => what.localSymbol === "EUR.USD").map((one) => Number(one[2]))[0] ?? 0;
    await peer.filled(peer.place(EURUSD, order("BUY", "MKT")));
    await peer.first("position", (_, what, units) => what.localSymbol === "EUR.USD" && Number(units) === held + 25000);
    peer.api.cancelPositions();
  },
  "positions multi": async () => {
    const id = peer.id();
    peer.api.reqPositionsMulti(id, ACCOUNT, "");
    await peer.first("positionMultiEnd", (at) => at === id);
    assert(peer.all("positionMulti", (at, _, __, what) => at === id && what.localSymbol === "EUR.USD").length);
    peer.api.cancelPositionsMulti(id);
  },
  profit: async () => {
    const id = peer.id();
    peer.api.reqPnL(id, ACCOUNT, "");
    await peer.first("pnl", (at) => at === id);
    peer.api.cancelPnL(id);
  },
  "profit of one": async () => {
    const id = peer.id();
    peer.api.reqPnLSingle(id, ACCOUNT, "", 12087792);
    await peer.first("pnlSingle", (at, units) => at === id && Number(units) > 0);
    peer.api.cancelPnLSingle(id);
  },
  executions: async () => {
    await peer.filled(peer.place(EURUSD, order("SELL", "MKT")));
    await peer.filled(peer.place(EURUSD, order("BUY", "MKT")));
    const sides = async (filter) => {
      const id = peer.id();
      peer.api.reqExecutions(id, filter);
      await peer.first("execDetailsEnd", (at) => at === id);
      return [...new Set(peer.all("execDetails", (at) => at === id).map((one) => one[2].side))].sort();
    };
    assert.deepEqual(await sides({}), ["BOT", "SLD"]);
    assert.deepEqual(await sides({ side: "SELL", symbol: "EUR", secType: "CASH" }), ["SLD"]);
    assert.deepEqual(await sides({ symbol: "GBP" }), []);
  },
  "completed orders": async () => {
    if (peer.api.serverVersion < 177) throw new NotHere("the library misreads completed orders below 177: no faProfile");
    await peer.filled(peer.place(EURUSD, order("BUY", "MKT", { orderRef: "done" })));
    peer.api.reqCompletedOrders(true);
    await peer.first("completedOrdersEnd");
    assert(peer.all("completedOrder", (_, one, state) => one.orderRef === "done" && state.status === "Filled").length);
  },
  "family codes": async () => {
    peer.api.reqFamilyCodes();
    assert.equal((await peer.first("familyCodes"))[0][0].accountID, ACCOUNT);
  },
  "user info": async () => {
    if (peer.api.serverVersion < 165) throw new NotHere("reqUserInfo needs version 165");
    peer.api.reqUserInfo(peer.id());
    await peer.first("userInfo", (at) => at === peer.requestId);
  },
  times: async () => assert((await peer.now()) > 1_700_000_000),

  // --- the rest

  "not offered": async () => {
    const ask = async (send) => {
      send(peer.id());
      await peer.refused(peer.requestId);
    };
    const scan = { numberOfRows: 5, instrument: "STK", locationCode: "STK.US", scanCode: "TOP_PERC_GAIN" };
    await ask((id) => peer.api.reqScannerSubscription(id, scan, [], []));
    await ask((id) => peer.api.reqMktDepth(id, EURUSD, 5, false));
    await ask((id) => peer.api.reqTickByTickData(id, EURUSD, "BidAsk", 0, false));
    await ask((id) => peer.api.reqRealTimeBars(id, EURUSD, 5, "MIDPOINT", false));
    await ask((id) => peer.api.reqHistoricalTicks(id, EURUSD, "", "20250304-12:00:00", 10, "MIDPOINT", 0, false));
    await ask((id) => peer.api.reqFundamentalData(id, AAPL, "ReportSnapshot"));
    peer.api.reqSecDefOptParams(peer.id(), "AAPL", "", "STK", 265598);
    await peer.first("securityDefinitionOptionParameterEnd", (at) => at === peer.requestId);
    peer.api.reqNewsProviders();
    await peer.first("newsProviders");
    peer.api.reqMktDepthExchanges();
    await peer.first("mktDepthExchanges");
    peer.api.reqScannerParameters();
    await peer.first("scannerParameters");
    assert(await peer.now());
  },
  reconnect: async () => {
    const kept = await resting(0.55, { tif: "GTC", orderRef: "stays" });
    const { permId } = await peer.status(kept, "Submitted");
    const done = peer.place(EURUSD, order("BUY", "MKT"));
    await peer.filled(done);
    const [{ execId }] = peer.executions(done);
    peer.api.disconnect();
    await peer.first("disconnected");
    assert.deepEqual(peer.verdict(), []);
    const { nextId } = peer;
    peer = await Peer.make(PORT).join(71);
    assert(peer.nextId >= nextId);
    peer.api.reqOpenOrders();
    await peer.first("openOrderEnd");
    const back = await peer.opened(kept);
    assert.deepEqual([back.permId, back.lmtPrice, back.orderRef, back.tif], [permId, 0.55, "stays", "GTC"]);
    peer.api.reqExecutions(peer.id(), {});
    await peer.first("execDetails", (_, __, one) => one.execId === execId);
    await peer.first("commissionReport", (one) => one.execId === execId);
    await peer.cancel(kept);
    await peer.filled(peer.place(EURUSD, order("BUY", "MKT")));
  },
};

module.exports = { cases, use, tools, AAPL, ACCOUNT, limitOrder, resting };

if (require.main === module) {
  run(cases, () => peer.api.serverVersion ?? 0, () => peer.verdict()).then((code) => process.exit(code));
}
