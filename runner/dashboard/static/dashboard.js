"use strict";
// The token comes in the fragment, which is sent nowhere, and leaves again in a header of this page's own requests.
const KEY = "fxrun-token";
const SILENT = 25000; // ms without a word after which the stream is opened anew
const SAID = 6000; // ms for which a message stands
const UNSEEN = 10000; // ms between two looks while nobody sees the page
const byId = (id) => document.getElementById(id);
const view = byId("view");
let token = sessionStorage.getItem(KEY) || "";
let shown = new Map(); // what each part of the page was made from
let route = "", words = "", busy = false, again = false;
let stream = null, pause = 1000, heard = 0, loaded = 0, saying = 0;
const seen = new Set();

function takeToken(text) {
  const found = /(?:^|#token=)([A-Za-z0-9_-]{20,})$/.exec(text.trim());
  if (!found) return false;
  token = found[1];
  sessionStorage.setItem(KEY, token);
  return true;
}

function lock() {
  token = "";
  sessionStorage.removeItem(KEY);
  if (stream) stream.abort();
  view.hidden = true;
  byId("halt-all").hidden = true;
  byId("locked").hidden = false;
  byId("token").focus();
}

function ask(path, more = {}) {
  const headers = { ...more.headers, Authorization: `Bearer ${token}` };
  return fetch(path, { ...more, headers, cache: "no-store", credentials: "omit", redirect: "error" });
}

// --- pages

function address() {
  const plan = /^#\/plan\/([^/]+)\/([^/]+)$/.exec(location.hash);
  if (plan) return `/view/${plan[1]}/${plan[2]}`;
  return `/view?span=${location.hash === "#/week" ? "week" : "day"}&words=${encodeURIComponent(words)}`;
}

async function load() {
  if (!token) return lock();
  if (busy) { again = true; return; }
  busy = true;
  loaded = Date.now();
  try {
    do {
      again = false;
      const path = address();
      const answer = await ask(path);
      if (answer.status === 403) return lock();
      const html = await answer.text();
      if (path === address()) show(html, path.split("?")[0]);
    } while (again);
  } catch { /* the stream says that the service is not there */ } finally { busy = false; }
}

function show(html, path) {
  const box = document.createElement("template");
  box.innerHTML = html;
  const parts = [...box.content.children];
  if (!parts.length || !parts[0].id) return;
  const isNew = path !== route;
  const ids = [...view.children].map((part) => part.id).join();
  byId("locked").hidden = true;
  view.hidden = false;
  if (isNew || ids !== parts.map((part) => part.id).join()) {
    shown = new Map(parts.map((part) => [part.id, part.outerHTML]));
    view.replaceChildren(...parts);
    if (isNew && route) { window.scrollTo(0, 0); view.focus({ preventScroll: true }); }
    route = path;
  } else for (const part of parts) swap(part);
  const head = view.firstElementChild;
  document.title = head.dataset.title || "fxrun";
  byId("halt-all").hidden = head.dataset.control !== "yes";
  markNew();
  tick();
}

function swap(part) {
  const text = part.outerHTML, old = byId(part.id);
  if (shown.get(part.id) === text) return;
  shown.set(part.id, text);
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const line = view.querySelector(".lit");
  old.replaceWith(part);
  if (line && byId(line.id)) byId(line.id).classList.add("lit");
  const next = focused && focused.id ? byId(focused.id) : null;
  if (!next) return;
  if (focused.matches("input")) next.value = focused.value;
  next.focus({ preventScroll: true });
  if (focused.matches("input")) next.setSelectionRange(focused.selectionStart, focused.selectionEnd);
}

function markNew() {
  const isFirst = seen.size === 0;
  for (const row of view.querySelectorAll("tr[data-key]")) {
    if (!isFirst && !seen.has(row.dataset.key)) row.classList.add("fresh");
    seen.add(row.dataset.key);
  }
}

// --- time

function distance(ms) {
  const s = Math.abs(ms) / 1000;
  const [n, unit] = s < 90 ? [s, "s"] : s < 5400 ? [s / 60, "min"] : s < 129600 ? [s / 3600, "h"] : [s / 86400, "d"];
  return ms < 0 ? `${Math.round(n)} ${unit} ago` : `in ${Math.round(n)} ${unit}`;
}

function tick() {
  const now = Date.now();
  byId("clock").textContent = new Date(now).toISOString().slice(11, 19);
  for (const one of view.querySelectorAll("[data-ago]")) one.textContent = distance(Date.parse(one.dataset.ago) - now);
}

// --- what happens

function state(name, text) {
  const sign = byId("stream");
  sign.dataset.state = name;
  if (sign.textContent !== text) sign.textContent = text;
}

function say(text) {
  byId("said").textContent = text;
  clearTimeout(saying);
  saying = setTimeout(() => { byId("said").textContent = ""; }, SAID);
}

function take(message) {
  const event = /^event: (.*)$/m.exec(message), data = /^data: (.*)$/m.exec(message);
  if (!event) return;
  if (event[1] === "fill") {
    const fill = JSON.parse(data[1]);
    const quantity = Number(fill.quantity).toLocaleString("en-US", { maximumFractionDigits: 9 });
    say(`${fill.lane} fill: ${fill.plan} ${fill.side} ${quantity} ${fill.contract} at ${fill.price}`);
  }
  if (!document.hidden || Date.now() - loaded > UNSEEN) load();
}

async function listen() {
  if (!token) return;
  stream = new AbortController();
  heard = Date.now();
  const watch = setInterval(() => { if (Date.now() - heard > SILENT) stream.abort(); }, 1000);
  try {
    const answer = await ask("/events", { signal: stream.signal });
    if (answer.status === 403) return lock();
    if (!answer.ok) throw new Error(String(answer.status));
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      heard = Date.now();
      pause = 1000;
      state("on", "connected");
      const messages = (rest + value).split("\n\n");
      rest = messages.pop();
      messages.forEach(take);
    }
  } catch { /* told below */ } finally { clearInterval(watch); }
  state("off", "not connected");
  if (token) setTimeout(listen, pause);
  pause = Math.min(2 * pause, 10000);
}

// --- halt and resume

const dialog = byId("control");
let wanted = null;

function open(button) {
  wanted = { act: button.dataset.act, lane: button.dataset.lane, plan: button.dataset.plan || null };
  const label = button.dataset.label, isHalt = wanted.act === "halt";
  byId("control-title").textContent = `${isHalt ? "Halt" : "Resume"} ${label}`;
  byId("control-text").textContent = isHalt
    ? "Nothing is sent any more from that moment on, until somebody resumes. Orders that work go on working; what a plan has with flatten: {on: halt} is done."
    : "It sends again what falls due from then on. What fell due meanwhile is not made up for.";
  byId("control-cancel-row").hidden = !isHalt;
  byId("control-cancel").checked = false;
  byId("control-wanted").textContent = wanted.act;
  byId("control-word").value = "";
  byId("control-problem").textContent = "";
  byId("control-do").textContent = isHalt ? "Halt" : "Resume";
  byId("control-do").disabled = true;
  dialog.showModal();
  byId("control-word").focus();
}

async function act(event) {
  event.preventDefault();
  byId("control-do").disabled = true;
  const body = JSON.stringify({ ...wanted, confirm: byId("control-word").value.trim(), cancel: byId("control-cancel").checked });
  try {
    const answer = await ask(`/control/${wanted.act}`, { method: "POST", body, headers: { "Content-Type": "application/json" } });
    if (!answer.ok) throw new Error((await answer.text()).trim());
    say((await answer.json()).done.join(", "));
    dialog.close();
    load();
  } catch (error) {
    byId("control-problem").textContent = error.message;
    byId("control-do").disabled = false;
  }
}

// --- begin

function light(number) {
  for (const one of view.querySelectorAll(".lit")) one.classList.remove("lit");
  const line = byId(`L${number}`);
  if (!line) return;
  line.classList.add("lit");
  line.scrollIntoView({ block: "nearest" });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]"), line = event.target.closest("a[data-line]"), copy = event.target.closest("[data-copy]");
  if (button) open(button);
  if (copy && navigator.clipboard) navigator.clipboard.writeText(copy.dataset.copy).then(() => say("Copied"));
  if (line) { event.preventDefault(); light(line.dataset.line); }
});
document.addEventListener("input", (event) => {
  if (event.target.id === "words") { words = event.target.value; load(); }
});
document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); view.focus(); });
byId("control-word").addEventListener("input", (event) => {
  byId("control-do").disabled = event.target.value.trim() !== wanted.act;
});
byId("control-form").addEventListener("submit", act);
byId("control-close").addEventListener("click", () => dialog.close());
byId("locked-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (takeToken(byId("token").value)) { byId("token").value = ""; begin(); }
  else byId("locked-why").textContent = "That is neither the address nor the token of a dashboard.";
});

function begin() {
  load();
  listen();
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden || !token) return;
  if (stream && Date.now() - heard > SILENT / 2) stream.abort(); // a phone that has slept
  load();
});

function takeHash() {
  if (!location.hash.startsWith("#token=")) return false;
  const is = takeToken(location.hash);
  history.replaceState(null, "", "/#/"); // not to be seen, nor kept by the history
  return is;
}

addEventListener("hashchange", () => {
  if (takeHash()) begin();
  else load();
});

takeHash();
setInterval(tick, 1000);
begin();
