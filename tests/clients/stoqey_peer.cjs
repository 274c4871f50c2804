// @stoqey/ib, event by event: what its cases share. Found by NODE_PATH, since it is installed beside the checkout.
"use strict";

const { IBApi, EventName } = require("@stoqey/ib");
const assert = require("node:assert/strict");

const GREETING = new Set([2104, 2106, 2158]);
const HOST = "127.0.0.1";
const EURUSD = { symbol: "EUR", currency: "USD", secType: "CASH", exchange: "IDEALPRO" };
const STOCK = { secType: "STK", exchange: "SMART", currency: "USD" };

/** The client, or the version it speaks, has no way to say this. */
class NotHere extends Error {}

/** A connection that writes down every event. */
class Peer {
  constructor(api) {
    this.api = api;
    this.events = [];
    this.mark = 0;
    this.expected = new Set();
    this.waiting = new Set();
    this.requestId = 5000;
    this.nextId = 0;
    api.on(EventName.all, (name, args) => this.note(name, args));
    for (const name of [EventName.connected, EventName.disconnected]) api.on(name, () => this.note(name, []));
    api.on(EventName.error, () => {}); // it is in `all`; without a listener it would be thrown
  }

  static make(port) {
    return new Peer(new IBApi({ host: HOST, port }));
  }

  /** Connect and wait for the first messages. */
  async join(clientId) {
    this.api.connect(clientId);
    this.nextId = (await this.first(EventName.nextValidId))[0];
    await this.first(EventName.managedAccounts, (accounts) => accounts);
    return this;
  }

  note(name, args) {
    this.events.push([name, args]);
    for (const wake of this.waiting) wake();
  }

  /** Return the errors and warnings that this case did not expect, and begin with the next case. */
  verdict() {
    const left = this.complaints()
      .filter(([, code]) => !GREETING.has(code) && !this.expected.has(code))
      .map(([about, code, text]) => `${about}: ${code} ${text}`);
    this.mark = this.events.length;
    this.expected = new Set();
    return left;
  }

  /** Return what came during this case as error, or as info, where the library puts what has no id. */
  complaints() {
    return this.events.slice(this.mark).flatMap(([name, args]) => {
      if (name === EventName.error) return [[args[2], args[1], args[0].message]];
      return name === EventName.info ? [[-1, args[1], args[0]]] : [];
    });
  }

  /** Return all events of a name that came during this case. */
  all(name, test = () => true) {
    return this.events.slice(this.mark).filter(([one, args]) => one === name && test(...args)).map(([, args]) => args);
  }

  /** Wait until told() returns something true. */
  async until(what, told, seconds = 15) {
    let wake = () => {};
    const timer = setTimeout(() => wake(), seconds * 1000);
    const deadline = Date.now() + seconds * 1000;
    const hear = () => wake();
    this.waiting.add(hear);
    try {
      for (;;) {
        const found = told();
        if (found) return found;
        const states = this.all("orderStatus").slice(-3).map((one) => one.slice(0, 4).join(" "));
        assert(Date.now() < deadline - 2, `never came: ${what}; ${states} ${this.complaints().slice(-3).join("; ")}`);
        await new Promise((resolve) => (wake = resolve));
      }
    } finally {
      clearTimeout(timer);
      this.waiting.delete(hear);
    }
  }

  /** Return the first event of this case that test accepts. */
  async first(name, test = () => true, what = name) {
    return this.until(what, () => this.all(name, test)[0]);
  }

  /** Wait for an error about an id, and expect it. */
  async refused(about, ...codes) {
    const fits = ([at, code]) => at === about && (!codes.length || codes.includes(code));
    const found = await this.until(`${codes} of ${about}`, () => this.complaints().find(fits));
    this.expected.add(found[1]);
    return found[2];
  }

  // --- orders

  place(contract, order) {
    const id = this.nextId++;
    this.api.placeOrder(id, contract, order);
    return id;
  }

  /** Wait for a status of an order. */
  async status(id, ...statuses) {
    return this.told(id, (one) => statuses.includes(one.status), statuses);
  }

  /** Wait for an orderStatus that test accepts. */
  async told(id, test, what = "a status") {
    const names = ["id", "status", "filled", "remaining", "average", "permId", "parentId", "last", "clientId", "whyHeld"];
    const read = (args) => Object.fromEntries(names.map((name, place) => [name, args[place]]));
    const args = await this.first("orderStatus", (...one) => one[0] === id && test(read(one)), `${what} of ${id}`);
    return read(args);
  }

  /** Return the executions of an order that came unasked. */
  executions(id) {
    return this.events
      .filter(([name, args]) => name === "execDetails" && args[0] === -1 && args[2].orderId === id)
      .map(([, args]) => args[2]);
  }

  /** Wait until an order is filled; each of its executions has a commission, which follows it. */
  async filled(id, quantity = 25000) {
    const told = await this.status(id, "Filled");
    const total = () => this.executions(id).reduce((sum, one) => sum + Number(one.shares), 0);
    await this.until(`${quantity} in executions, not ${JSON.stringify(this.executions(id))}`, () => total() >= quantity);
    for (const { execId } of this.executions(id)) {
      await this.first("commissionReport", (report) => report.execId === execId);
      const order = this.events
        .filter(([name, args]) => (name === "execDetails" ? args[2].execId : args[0]?.execId) === execId)
        .map(([name]) => name);
      assert(order.indexOf("execDetails") < order.indexOf("commissionReport"), "the execution comes first");
    }
    assert.deepEqual([total(), Number(told.filled), Number(told.remaining)], [quantity, quantity, 0]);
    return told;
  }

  /** Wait for the end of an order and the 202 that follows it. */
  async cancelled(id) {
    const told = await this.status(id, "Cancelled");
    await this.refused(id, 202);
    return told;
  }

  async cancel(id) {
    this.api.cancelOrder(id);
    return this.cancelled(id);
  }

  /** Wait for an openOrder whose order test accepts. */
  async opened(id, test = () => true) {
    return (await this.first("openOrder", (at, _, order) => at === id && test(order)))[2];
  }

  /** Return the gateway's time. */
  async now() {
    const count = this.all("currentTime").length;
    this.api.reqCurrentTime();
    return (await this.until("currentTime", () => this.all("currentTime")[count]))[0];
  }

  /** Return a gateway's instant to come, as UTC. */
  async later(seconds) {
    const text = new Date((await this.now()) * 1000 + seconds * 1000).toISOString();
    return `${text.slice(0, 10).replaceAll("-", "")}-${text.slice(11, 19)}`;
  }

  id() {
    return ++this.requestId;
  }
}

/** Return an order of 25,000 euros, or of `totalQuantity`. */
function order(action, orderType, fields = {}) {
  return { action, orderType, totalQuantity: 25000, transmit: true, ...fields };
}

/** Run the cases, those named on the command line only if any are; one JSON line each. */
async function run(cases, version, verdict) {
  const wanted = process.argv.length > 3 ? process.argv.slice(3) : Object.keys(cases);
  let failed = false;
  for (const name of wanted) {
    const began = Date.now();
    const [ok, detail] = await outcome(cases[name], verdict);
    failed ||= ok === false;
    const said = { case: name, ok, version: version(), detail, seconds: (Date.now() - began) / 1000 };
    process.stdout.write(JSON.stringify(said) + "\n");
  }
  return failed ? 1 : 0;
}

async function outcome(made, verdict) {
  if (!made) return [false, "the script has no such case"];
  try {
    await made();
  } catch (error) {
    const left = verdict();
    if (error instanceof NotHere) return [null, error.message];
    const where = String(error.stack).split("\n").filter((line) => line.includes("_cases")).join(" <");
    return [false, `${error.message ?? error.error?.message} (${where}); ${left}`];
  }
  const left = verdict();
  return [!left.length, left.join("; ")];
}

module.exports = { Peer, NotHere, order, run, EURUSD, STOCK, HOST };
