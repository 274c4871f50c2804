// IBApiNext of @stoqey/ib against a simulated gateway: its promises and observables, and orders through it.
//
//     NODE_PATH=.../node_modules node stoqey_next_cases.cjs PORT [CASE ...]
"use strict";

const { IBApiNext, ConnectionState } = require("@stoqey/ib");
const assert = require("node:assert/strict");
const { Peer, NotHere, order, run, EURUSD, STOCK, HOST } = require("./stoqey_peer.cjs");
const { cases: events, use, tools, AAPL, ACCOUNT, limitOrder, resting } = require("./stoqey_cases.cjs");

const PORT = Number(process.argv[2]);
const logged = [];
const quiet = () => {};
const logger = { debug: quiet, info: quiet, warn: (...what) => logged.push(what.join()), error: quiet };

/** IBApiNext with the method names that the cases of IBApi use; what came is read off the events beneath it. */
class Face {
  constructor() {
    this.next = new IBApiNext({ host: HOST, port: PORT, logger });
    this.states = [];
    this.next.connectionState.subscribe((state) => this.states.push(state));
    this.next.errorSubject.subscribe(quiet);
  }
  on(name, told) {
    this.next.api.on(name, told);
  }
  get serverVersion() {
    return this.next.api.serverVersion;
  }
  connect(id) {
    this.next.connect(id);
  }
  disconnect() {
    this.next.disconnect();
  }
  placeOrder(...what) {
    this.next.placeOrder(...what);
  }
  cancelOrder(id) {
    this.next.cancelOrder(id);
  }
  reqGlobalCancel() {
    this.next.cancelAllOrders();
  }
  reqCurrentTime() {
    this.next.getCurrentTime();
  }
  reqOpenOrders() {
    this.next.getOpenOrders().subscribe(quiet);
  }
}

let face = new Face();
let peer = new Peer(face);
use(peer);
tools.quote = async () => {
  const ticks = await face.next.getMarketDataSnapshot(EURUSD, "", false);
  return [ticks.get(1).value, ticks.get(2).value];
};

/** Return the first value of an observable that test accepts, and end the subscription. */
function first(what, observable, test = () => true) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => end(reject, new Error(`never came: ${what}`)), 15000);
    const end = (done, told) => {
      clearTimeout(timer);
      done(told);
      setImmediate(() => subscription.unsubscribe());
    };
    const subscription = observable.subscribe({
      next: (told) => test(told) && end(resolve, told),
      error: (told) => end(reject, told),
    });
  });
}

/** Expect a promise to be refused with a code. */
async function refused(promise, ...codes) {
  const timer = new Promise((resolve) => setTimeout(resolve, 15000, { code: "never answered" }));
  const told = await Promise.race([promise.then(() => ({ code: "granted" }), (error) => error), timer]);
  assert(codes.length ? codes.includes(told.code) : Number.isInteger(told.code), `${told.code}`);
  peer.expected.add(told.code);
}

const notHere = (why) => async () => {
  throw new NotHere(why);
};
const held = (update) => (update.all.get(ACCOUNT) ?? []).find((one) => one.contract.localSymbol === "EUR.USD");

const cases = {
  ...events,
  connect: async () => {
    await peer.join(71);
    assert.equal(face.states.at(-1), ConnectionState.Connected);
    assert.deepEqual((await face.next.getManagedAccounts()).filter(Boolean), [ACCOUNT]);
  },
  details: async () => {
    const [found] = await face.next.getContractDetails(EURUSD);
    assert.deepEqual([found.contract.conId, found.minTick, found.marketRuleIds], [12087792, 0.00005, "239"]);
  },
  ambiguous: async () => {
    const found = await face.next.getContractDetails({ symbol: "EUR", secType: "CASH", exchange: "IDEALPRO" });
    assert(found.length > 3);
  },
  unknown: async () => refused(face.next.getContractDetails({ symbol: "QQQQX", ...STOCK }), 200),
  stock: async () => {
    const [found] = await face.next.getContractDetails(AAPL);
    assert.equal(found.contract.conId, 265598);
    const id = await face.next.placeNewOrder(AAPL, limitOrder(1, { totalQuantity: 10, outsideRth: true }));
    peer.nextId = id + 1;
    await peer.status(id, "Submitted");
    await peer.cancel(id);
  },
  future: async () => {
    const found = await face.next.getContractDetails({ symbol: "EUR", secType: "FUT", exchange: "CME" });
    assert(found.length > 1);
    const { conId } = found[0].contract;
    await peer.filled(peer.place({ conId, exchange: "CME" }, order("BUY", "MKT", { totalQuantity: 1 })), 1);
  },
  "two clients": async () => {
    const other = await new Peer(new Face()).join(72);
    const id = other.place(EURUSD, limitOrder(0.5, { orderRef: "the other's" }));
    await other.status(id, "Submitted");
    const all = await face.next.getAllOpenOrders();
    assert(all.some((one) => one.order.orderRef === "the other's" && one.order.clientId === 72));
    const own = await first("own orders", face.next.getOpenOrders());
    assert(!own.all.some((one) => one.order.orderRef === "the other's"));
    await other.cancel(id);
    assert.deepEqual(other.verdict(), []);
    other.api.disconnect();
  },
  "id in use": async () => {
    const other = new Peer(new Face());
    other.api.connect(71);
    assert.match(await other.refused(-1, 326), /already in use/);
    await other.until("the end", () => other.api.states.at(-1) === ConnectionState.Disconnected);
    assert(await face.next.getCurrentTime());
  },
  "client 0": async () => {
    const other = await new Peer(new Face()).join(0);
    const seen = first("own orders", other.api.next.getAutoOpenOrders(true));
    const id = other.place(EURUSD, limitOrder(0.5));
    await other.status(id, "Submitted");
    await seen;
    await other.cancel(id);
    assert.deepEqual(other.verdict(), []);
    other.api.disconnect();
  },
  streaming: async () => {
    const complete = (update) => [0, 1, 2, 3].every((kind) => update.all.get(kind)?.value > 0);
    const update = await first("all four ticks", face.next.getMarketData(EURUSD, "", false, false), complete);
    assert(update.all.get(1).value < update.all.get(2).value);
    let changes = 0;
    await first("changes", face.next.getMarketData(EURUSD, "", false, false), () => ++changes > 6);
  },
  "quotes of a stock": async () => {
    const complete = (update) => [1, 2, 4, 9].every((kind) => update.all.get(kind)?.value > 10);
    await first("the ticks", face.next.getMarketData(AAPL, "", false, false), complete);
  },
  "no subscription": async () => {
    const ibm = { symbol: "IBM", ...STOCK };
    await refused(first("quotes", face.next.getMarketData(ibm, "", false, false)), 10089);
    face.next.setMarketDataType(3);
    await first("delayed quotes", face.next.getMarketData(ibm, "", false, false), (update) => update.all.has(66));
    face.next.setMarketDataType(1);
    assert(await face.next.getCurrentTime());
    for (const code of [300, 10167]) peer.expected.add(code); // the library cancels what was refused
  },
  "duplicate ticker": notHere("IBApiNext numbers its own requests"),
  "unknown ticker": notHere("IBApiNext numbers its own requests"),
  history: async () => {
    const bars = await face.next.getHistoricalData(EURUSD, "", "3600 S", "5 mins", "MIDPOINT", false, 2);
    assert([12, 13].includes(bars.length), String(bars.length));
    assert(bars.every((bar) => 0 < bar.low && bar.low <= bar.open && bar.close <= bar.high));
  },
  "history, kept up": async () => {
    const bar = await first("a bar", face.next.getHistoricalDataUpdates(EURUSD, "5 mins", "MIDPOINT", 2));
    assert(bar.close > 0);
  },
  "head timestamp": async () => {
    const told = await face.next.getHeadTimestamp(EURUSD, "MIDPOINT", false, 1);
    assert("1990" < told && told < "2025", told);
  },
  "no trades bars": async () =>
    refused(face.next.getHistoricalData(EURUSD, "", "1 D", "1 hour", "TRADES", false, 1), 162),
  "matching symbols": async () => {
    const found = await face.next.getMatchingSymbols("AAP");
    assert(found.some((one) => one.contract.conId === 265598));
  },
  "market rule": async () => {
    const found = await face.next.getMarketRule(239);
    assert.deepEqual(found.map((one) => [one.lowEdge, one.increment]), [[0, 0.00005]]);
  },
  summary: async () => {
    const { all } = await first("the summary", face.next.getAccountSummary("All", "NetLiquidation,BuyingPower"));
    assert(Number(all.get(ACCOUNT).get("NetLiquidation").get("USD").value) > 0);
    assert(all.get(ACCOUNT).has("BuyingPower"));
  },
  ledger: async () => {
    const { all } = await first("the ledger", face.next.getAccountSummary("All", "$LEDGER:ALL"));
    const tag = [...all.get(ACCOUNT).keys()].find((one) => one.endsWith("TotalCashBalance"));
    for (const one of ["BASE", "EUR", "USD"]) assert(all.get(ACCOUNT).get(tag).has(one), one);
  },
  updates: async () => {
    const complete = ({ all }) => all.value?.get(ACCOUNT)?.has("NetLiquidation") && all.portfolio?.get(ACCOUNT)?.length;
    await first("the account", face.next.getAccountUpdates(ACCOUNT), complete);
    assert.match(await peer.refused(-1, 2100), /unsubscribed/);
  },
  "updates multi": notHere("IBApiNext has no such request"),
  positions: async () => {
    const before = held(await first("positions", face.next.getPositions()))?.pos ?? 0;
    const after = first("the change", face.next.getPositions(), (update) => held(update)?.pos === before + 25000);
    await peer.filled(peer.place(EURUSD, order("BUY", "MKT")));
    await after;
  },
  "positions multi": notHere("IBApiNext has no such request"),
  profit: async () => {
    assert(Number.isFinite((await first("profit", face.next.getPnL(ACCOUNT, ""))).dailyPnL));
  },
  "profit of one": async () => {
    assert((await first("profit", face.next.getPnLSingle(ACCOUNT, "", 12087792))).position > 0);
  },
  executions: async () => {
    await peer.filled(peer.place(EURUSD, order("SELL", "MKT")));
    await peer.filled(peer.place(EURUSD, order("BUY", "MKT")));
    const sides = async (filter) => [
      ...new Set((await face.next.getExecutionDetails(filter)).map((one) => one.execution.side)),
    ];
    assert.deepEqual((await sides({})).sort(), ["BOT", "SLD"]);
    assert.deepEqual(await sides({ side: "SELL", symbol: "EUR" }), ["SLD"]);
    assert((await face.next.getCommissionReport({})).every((one) => one.commission > 0));
  },
  "completed orders": notHere("IBApiNext has no such request"),
  "family codes": notHere("IBApiNext has no such request"),
  "user info": async () => {
    if (face.serverVersion < 165) throw new NotHere("getUserInfo needs version 165");
    assert.equal(await face.next.getUserInfo(), "");
  },
  times: async () => assert((await face.next.getCurrentTime()) > 1_700_000_000),
  "not offered": async () => {
    const scan = { numberOfRows: 5, instrument: "STK", locationCode: "STK.US", scanCode: "TOP_PERC_GAIN" };
    await refused(first("a scan", face.next.getMarketScanner(scan, [], [])));
    await refused(first("depth", face.next.getMarketDepth(EURUSD, 5, false)));
    await refused(first("ticks", face.next.getTickByTickAllLastDataUpdates(EURUSD, 0, false)));
    await refused(first("bars", face.next.getRealTimeBars(EURUSD, "MIDPOINT", false)));
    await refused(face.next.getFundamentalData(AAPL, "ReportSnapshot"));
    assert.deepEqual(await face.next.getSecDefOptParams("AAPL", "", "STK", 265598), []);
    assert.deepEqual(await face.next.getMarketDepthExchanges(), []);
    assert(await face.next.getScannerParameters());
    assert(await face.next.getCurrentTime());
    for (const code of [300, 310, 365]) peer.expected.add(code); // the library cancels what was refused
  },
  reconnect: async () => {
    const kept = await resting(0.55, { tif: "GTC", orderRef: "stays" });
    const { permId } = await peer.status(kept, "Submitted");
    const done = peer.place(EURUSD, order("BUY", "MKT"));
    await peer.filled(done);
    const [{ execId }] = peer.executions(done);
    face.next.disconnect();
    await peer.until("the end", () => face.states.at(-1) === ConnectionState.Disconnected);
    assert.deepEqual(peer.verdict(), []);
    face = new Face();
    use((peer = await new Peer(face).join(71)));
    assert(peer.nextId > done);
    const { all } = await first("own orders", face.next.getOpenOrders());
    const back = all.find((one) => one.orderId === kept);
    assert.deepEqual([back.order.permId, back.order.lmtPrice, back.order.orderRef], [permId, 0.55, "stays"]);
    const executions = await face.next.getExecutionDetails({});
    assert(executions.some((one) => one.execution.execId === execId));
    await peer.cancel(kept);
    await peer.filled(peer.place(EURUSD, order("BUY", "MKT")));
  },
};

const verdict = () => [...peer.verdict(), ...logged.splice(0)];

run(cases, () => face.serverVersion ?? 0, verdict).then((code) => process.exit(code));
