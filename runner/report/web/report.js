"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const charts = [];
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const ROOM = 36; // pixels for an arrow and its number: more on one side are drawn as one, with how many they are
  const EDGE = 14; // pixels that are left free at both ends, so that nothing there is cut
  const NEAR = 6; // pixels from point to point, from which on an arrow stands at the very price
  const LINES = ["--blue", "--violet", "--note", "--good", "--bad", "--soft"];
  const when = (t) => new Date(t * 1000).toISOString().replace("T", " ").slice(0, data.seconds ? 19 : 16);
  const amount = (n, digits) => n.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });

  function looks() {
    return {
      layout: { background: { color: css("--back") }, textColor: css("--soft"), attributionLogo: false, panes: { separatorColor: css("--line") } },
      grid: { vertLines: { color: css("--field") }, horzLines: { color: css("--line") } },
      timeScale: { borderColor: css("--line") }, rightPriceScale: { borderColor: css("--line") },
    };
  }

  function button(text, label, act) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", act);
    return made;
  }

  function plot(place, label, count) {
    const before = charts.findIndex((made) => made.place === place);
    if (before >= 0) charts.splice(before, 1)[0].chart.remove(); // else it goes on listening and drawing
    place.replaceChildren();
    const [tools, canvas, read] = ["tools", "canvas", "read"].map((name) => {
      const part = document.createElement("div");
      part.className = name;
      place.append(part);
      return part;
    });
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "group"); // it holds a link, so it is no picture
    canvas.setAttribute("aria-label", label + ". Arrow keys move, plus and minus zoom, 0 shows all.");
    const chart = LightweightCharts.createChart(canvas, {
      autoSize: true, ...looks(), layout: { ...looks().layout, attributionLogo: !charts.length },
      timeScale: { ...looks().timeScale, timeVisible: data.timed, secondsVisible: data.seconds, minBarSpacing: 0.01 },
      crosshair: { mode: 0 }, handleScroll: { vertTouchDrag: false },
    });
    const scale = chart.timeScale();
    const fit = () => {
      const edge = (EDGE * count) / Math.max(scale.width() - 2 * EDGE, 1);
      scale.setVisibleLogicalRange({ from: -edge, to: count - 1 + edge });
    };
    const zoom = (by) => {
      const range = scale.getVisibleLogicalRange();
      if (!range) return;
      const middle = (range.from + range.to) / 2, half = ((range.to - range.from) / 2) * by;
      scale.setVisibleLogicalRange({ from: middle - half, to: middle + half });
    };
    const move = (by) => {
      const range = scale.getVisibleLogicalRange();
      if (!range) return;
      const step = (range.to - range.from) * by;
      scale.setVisibleLogicalRange({ from: range.from + step, to: range.to + step });
    };
    const keys = { "+": () => zoom(0.7), "=": () => zoom(0.7), "-": () => zoom(1.4), 0: fit,
      ArrowLeft: () => move(-0.2), ArrowRight: () => move(0.2) };
    canvas.addEventListener("keydown", (event) => {
      if (keys[event.key]) { keys[event.key](); event.preventDefault(); }
    });
    tools.append(button("+", "Zoom in", keys["+"]), button("−", "Zoom out", keys["-"]), button("All", "Show all", keys[0]));
    const made = { place, chart, canvas, read, fit, themed: [] };
    charts.push(made);
    place.chart = chart;
    return made;
  }

  function themed(made, series, options) {
    const apply = () => series.applyOptions(options());
    apply();
    made.themed.push(apply);
    return series;
  }

  function named(made, pane, name, color) {
    const lines = () => ({ horzAlign: "left", vertAlign: "top", lines: [{ text: name, color: css(color), fontSize: 12 }] });
    const text = LightweightCharts.createTextWatermark(made.chart.panes()[pane], lines());
    made.themed.push(() => text.applyOptions(lines()));
  }

  function equity(place) {
    const made = plot(place, "Equity and drawdown in " + data.currency, data.equity.length);
    const largest = Math.max(...data.equity.map(([, worth, below]) => Math.max(Math.abs(worth), Math.abs(below))));
    const money = { type: "custom", minMove: 0.01, formatter: (n) => amount(n, largest < 100 ? 2 : 0) };
    const worth = themed(made, made.chart.addSeries(LightweightCharts.BaselineSeries, { priceFormat: money }), () => ({
      baseValue: { type: "price", price: 0 }, topLineColor: css("--good"), bottomLineColor: css("--bad"), lineWidth: 2,
      topFillColor1: css("--good") + "33", topFillColor2: css("--good") + "08",
      bottomFillColor1: css("--bad") + "08", bottomFillColor2: css("--bad") + "33" }));
    const below = themed(made, made.chart.addSeries(LightweightCharts.AreaSeries, { priceFormat: money, invertFilledArea: true }, 1),
      () => ({ lineColor: css("--bad"), topColor: css("--bad") + "08", bottomColor: css("--bad") + "33", lineWidth: 1 }));
    worth.setData(data.equity.map(([time, value]) => ({ time, value })));
    below.setData(data.equity.map(([time, , value]) => ({ time, value })));
    made.chart.panes()[0].setStretchFactor(3);
    made.chart.panes()[1].setStretchFactor(1);
    named(made, 0, "Equity", "--soft");
    named(made, 1, "Drawdown", "--soft");
    const rows = new Map(data.equity.map((row) => [row[0], row]));
    const say = (row) => `${when(row[0])} UTC · equity ${amount(row[1], 2)} · drawdown ${amount(row[2], 2)} ${data.currency}`;
    follow(made, rows, say, data.equity.at(-1));
  }

  function follow(made, rows, say, last) {
    made.read.textContent = last ? say(last) : "";
    made.chart.subscribeCrosshairMove((at) => {
      const row = at.time === undefined ? last : rows.get(at.time);
      if (row) made.read.textContent = say(row);
    });
    made.fit();
  }

  function price(place, name) {
    const told = data.prices[name], made = plot(place, "Price of " + name + " with fills", told.points.length);
    const format = { type: "price", precision: told.precision, minMove: 10 ** -told.precision };
    const line = themed(made, made.chart.addSeries(LightweightCharts.LineSeries, { priceFormat: format, lineWidth: 1 }),
      () => ({ color: css("--soft"), priceLineColor: css("--soft") }));
    line.setData(told.points.map(([time, value]) => ({ time, value })));
    const scale = made.chart.timeScale();
    const groups = () => { // of each side one for as many pixels as an arrow needs, at its first fill
      const found = [], last = {};
      for (const [time, side, value, opens, , count] of told.fills) {
        const x = scale.timeToCoordinate(time), group = last[side];
        if (x === null || x < 0 || x > scale.width()) continue;
        if (group && x - group.x < ROOM) {
          group.count += count;
          group.kind = group.kind === opens ? opens : null;
        } else found.push((last[side] = { x, time, side, value, count, kind: opens }));
      }
      return found;
    };
    const marks = () => {
      const isNear = scale.options().barSpacing >= NEAR;
      return groups().map(({ time, side, value, kind, count }) => ({
        time, price: value, shape: side > 0 ? "arrowUp" : "arrowDown", size: 1, text: count > 1 ? String(count) : undefined,
        position: isNear ? (side > 0 ? "atPriceBottom" : "atPriceTop") : side > 0 ? "belowBar" : "aboveBar",
        color: css(kind === null ? "--ink" : kind ? "--blue" : "--violet") }));
    };
    const shown = LightweightCharts.createSeriesMarkers(line, []);
    place.arrows = shown;
    let waiting = 0;
    const draw = () => {
      cancelAnimationFrame(waiting);
      waiting = requestAnimationFrame(() => { if (place.chart === made.chart) shown.setMarkers(marks()); });
    };
    made.themed.push(draw);
    scale.subscribeVisibleTimeRangeChange(draw);
    const rows = new Map(told.points.map(([time, value]) => [time, { time, value, fills: [] }]));
    told.fills.forEach(([time, , , , words]) => rows.get(time).fills.push(words));
    const say = (row) => [`${when(row.time)} UTC · ${amount(row.value, told.precision)}`, ...row.fills].join("\n");
    follow(made, rows, say, rows.get(told.points.at(-1)[0]));
  }

  function exposure(place) {
    const names = Object.keys(data.exposure), rows = new Map();
    names.forEach((name) => data.exposure[name].forEach(([time, value]) => rows.set(time, { ...(rows.get(time) || { time }), [name]: value })));
    const made = plot(place, "Exposure of " + names.join(", "), rows.size);
    made.canvas.style.height = Math.max(names.length * 110, 190) + 30 + "px";
    const money = { type: "custom", minMove: 1, formatter: (n) => amount(n, 0) };
    names.forEach((name, place) => {
      const line = themed(made, made.chart.addSeries(LightweightCharts.LineSeries, { priceFormat: money, lineType: 1, lineWidth: 2 }, place), () => ({ color: css(LINES[place % LINES.length]) }));
      line.setData(data.exposure[name].map(([time, value]) => ({ time, value })));
      named(made, place, name, LINES[place % LINES.length]);
    });
    const say = (row) => [when(row.time) + " UTC", ...names.map((name) => `${name} ${amount(row[name] || 0, 0)}`)].join(" · ");
    follow(made, rows, say, [...rows.values()].at(-1));
  }

  function sortBy(head) {
    const table = head.closest("table"), body = table.tBodies[0], column = [...head.parentNode.children].indexOf(head);
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentNode.children) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const key = (row) => { const text = row.cells[column].textContent; const n = Number(text.replaceAll(",", "")); return text && !isNaN(n) ? n : text; };
    const order = (a, b) => (typeof a === typeof b ? (a < b ? -1 : a > b ? 1 : 0) : typeof a === "number" ? -1 : 1);
    body.append(...[...body.rows].sort((a, b) => (down ? -1 : 1) * order(key(a), key(b))));
  }

  document.querySelectorAll("th button").forEach((one) => one.addEventListener("click", () => sortBy(one.parentNode)));
  const at = (id) => document.getElementById(id);
  if (at("plot-equity")) equity(at("plot-equity"));
  if (at("plot-price")) {
    const choice = at("contract");
    price(at("plot-price"), choice ? choice.value : Object.keys(data.prices)[0]);
    if (choice) choice.addEventListener("change", () => price(at("plot-price"), choice.value));
  }
  if (at("plot-exposure")) exposure(at("plot-exposure"));
  const restyle = () => charts.forEach((made) => { made.chart.applyOptions(looks()); made.themed.forEach((apply) => apply()); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", restyle);
})();
