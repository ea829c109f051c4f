// Shows samples as they come: figures as text, charts of the last minutes, and each chart's data as a table.
(function () {
  "use strict";
  const SVG = "http://www.w3.org/2000/svg";
  const SPAN_S = 300, LEAST_S = 60, ROWS = 30, KEPT = 600;
  const WORDS = { unsent: "shed", rejected: "refused", lost: "lost", duplicated: "duplicated", redelivered: "redelivered", unexpected: "unexpected" };
  const at = (id) => document.getElementById(id);
  const make = (tag, name, text) => {
    const node = document.createElement(tag);
    if (name) node.className = name;
    if (text !== undefined) node.textContent = text;
    return node;
  };
  // Text of a page that is read aloud changes only where it says something else.
  const say = (node, text) => { if (node.textContent !== text) node.textContent = text; };

  // Figures as the report prints them.
  const grouped = (whole) => String(whole).replace(/\B(?=(\d{3})+$)/g, "\u00a0");
  const digits = (value) => (value >= 99.95 || value === 0 ? grouped(Math.round(value)) : value.toPrecision(3));
  const scaled = (value, units, step) => {
    let unit = 0;
    while (unit + 1 < units.length && value >= step * 0.9995) { value /= step; unit += 1; }
    return digits(value) + "\u00a0" + units[unit];
  };
  const known = (format) => (value) => (value === null || value === undefined ? "–" : format(value));
  const perS = known((value) => digits(value) + "/s");
  const time = known((ns) => scaled(ns, ["ns", "µs", "ms", "s"], 1000));
  const count = known((value) => (Number.isInteger(value) ? grouped(value) : digits(value)));
  const bytes = known((value) => scaled(value, ["B", "KiB", "MiB", "GiB"], 1024));
  const bytesPerS = known((value) => bytes(value) + "/s");
  const cores = known((value) => (value === 0 ? "0" : value.toPrecision(2)) + "\u00a0cores");
  const seconds = (value) => Math.round(value) + "\u00a0s";
  const named = (column) => column.replace(/_/g, " ");
  const ofColumn = (column, value) => (/bytes$/.test(column) ? bytes : /_ns$/.test(column) ? time : count)(value);

  // Of a server that somebody else runs, what it says itself where it does.
  const cpuOf = (broker) => broker.cpu_cores ?? broker.shown.cpu_cores;
  const memoryOf = (broker) => broker.shown.rss_bytes ?? broker.shown.memory_bytes;

  let samples = [], ended = false, held = false;

  // What a trial is told apart by: lines don't go on from one to the next.
  const trialOf = ({ trial }) => (trial ? [trial.scenario, trial.path, trial.point, trial.order].join("\n") : "");
  const place = (trial) => trial.path + " in " + trial.scenario + (trial.point ? " at " + trial.point : "");

  const state = () => {
    const last = samples[samples.length - 1];
    if (!last) return "No figures have come yet.";
    const { trial, totals } = last;
    if (trial) return "Trial " + trial.order + (trial.trials ? " of " + trial.trials : "") + ": " + place(trial) + ".";
    return totals.valid + totals.invalid ? "Between two trials." : "Nothing is sent yet.";
  };
  const elapsed = ({ trial }) => {
    if (!trial) return "";
    const left = trial.planned_s - trial.elapsed_s;
    return left > 0 ? seconds(trial.elapsed_s) + " of " + seconds(trial.planned_s) : "draining";
  };

  // Figures as text: sheets that are made once and filled again and again.
  const sheets = new Map();
  const sheet = (title, rows) => {
    let made = sheets.get(title);
    if (!made) {
      made = { box: make("div", "now"), list: make("dl"), cells: new Map() };
      made.box.append(make("h3", "", title), made.list);
      at("figures").append(made.box);
      sheets.set(title, made);
    }
    made.filled = true;
    rows.forEach(([name, text]) => {
      let cell = made.cells.get(name);
      if (!cell) {
        const row = make("div");
        cell = make("dd");
        row.append(make("dt", "", name), cell);
        made.list.append(row);
        made.cells.set(name, cell);
      }
      say(cell, text);
    });
  };
  const showFigures = ({ trial, totals, brokers }) => {
    sheets.forEach((made) => { made.filled = false; });
    sheet("Requests", [
      ["due", perS(trial && trial.due_per_s)], ["completed", perS(trial && trial.completed_per_s)],
      ["turnaround p50", time(trial && trial.p50_ns)], ["turnaround p99", time(trial && trial.p99_ns)],
      ["in flight", count(trial && trial.in_flight)], ["outcome unknown", count(trial && trial.unknown)],
    ]);
    const requests = totals.requests;
    sheet("The run so far", [["completed", count(requests.completed)]]
      .concat(Object.keys(WORDS).map((name) => [WORDS[name], count(requests[name])]))
      .concat([["valid trials", count(totals.valid)], ["invalid trials", count(totals.invalid)]]));
    brokers.forEach((broker) => {
      const { rss_bytes: _memory, memory_bytes: _said, cpu_cores: _cores, ...others } = broker.shown;
      sheet(broker.node, [
        ["CPU", cores(cpuOf(broker))], ["memory", bytes(memoryOf(broker))],
        ["in", bytesPerS(broker.in_bytes_per_s)], ["out", bytesPerS(broker.out_bytes_per_s)],
      ].concat(Object.keys(others).map((column) => [named(column), ofColumn(column, others[column])])));
    });
    if (trial && trial.faults.length) {
      sheet("Faults of this trial", trial.faults.map((fault) => [
        fault.words + " at " + fault.at_s.toFixed(1) + "\u00a0s", trial.elapsed_s >= fault.at_s ? "begun" : "to come",
      ]));
    }
    // What no longer is there is not shown as if it were.
    sheets.forEach((made, title) => { if (!made.filled) { made.box.remove(); sheets.delete(title); } });
  };

  // Charts: what each draws of a sample, by the name of the line.
  const line = (name, value, look) => ({ name, value, look });
  const ofTrial = (lines) => ({ trial }) => (trial ? lines(trial, "s-" + trial.path) : []);
  const ofBrokers = (lines) => ({ trial, brokers }) =>
    brokers.flatMap((broker, index) => lines(broker, "line " + (index ? "second " : "") + "s-" + trial.path));
  const CHARTS = [
    { id: "rate", title: "Rate", format: perS, lines: ofTrial((trial, s) => [
      line("due", trial.due_per_s, "reference"), line("completed", trial.completed_per_s, "line " + s)]) },
    { id: "turnaround", title: "Turnaround", format: time, lines: ofTrial((trial, s) => [
      line("p50", trial.p50_ns, "line second " + s), line("p99", trial.p99_ns, "line " + s)]) },
    { id: "in-flight", title: "In flight", format: count, lines: ofTrial((trial, s) => [
      line("in flight", trial.in_flight, "line " + s), line("outcome unknown", trial.unknown, "line second " + s)]) },
    { id: "cpu", title: "Broker CPU", format: cores, lines: ofBrokers((broker, look) => [line(broker.node, cpuOf(broker), look)]) },
    { id: "memory", title: "Broker memory", format: bytes, unit: 1048576, lines: ofBrokers((broker, look) => [line(broker.node, memoryOf(broker), look)]) },
    { id: "backlog", title: "Broker backlog", format: count, lines: ofBrokers((broker, look) =>
      Object.keys(broker.shown).filter((column) => /messages|pending|backlog/.test(column))
        .map((column) => line(broker.node + ": " + named(column), broker.shown[column], look))) },
  ];
  const charts = new Map();
  const chart = ({ id, title }) => {
    if (charts.has(id)) return charts.get(id);
    const made = { box: make("article", "chart"), takeaway: make("p", "takeaway"), legend: make("ul", "legend"), plot: make("figure", "plot") };
    made.box.id = id;
    const heading = make("h2", "", title), keys = make("div", "keys"), data = make("details", "data"), scroll = make("div", "scroll");
    heading.id = id + "-title";
    made.takeaway.id = id + "-takeaway";
    made.plot.setAttribute("role", "img");
    made.plot.setAttribute("aria-labelledby", heading.id + " " + made.takeaway.id);
    made.table = make("table");
    keys.append(made.legend);
    scroll.append(made.table);
    data.append(make("summary", "", "Data of the last seconds"), scroll);
    made.box.append(heading, made.takeaway, keys, made.plot, data);
    charts.set(id, made);
    const after = CHARTS.slice(CHARTS.findIndex((other) => other.id === id) + 1).map((other) => charts.get(other.id)).find(Boolean);
    at("charts").insertBefore(made.box, after ? after.box : null);
    return made;
  };

  const draw = (tag, attributes, text) => {
    const node = document.createElementNS(SVG, tag);
    Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
    if (text !== undefined) node.textContent = text;
    return node;
  };
  // The next of 1, 2 and 5 times a power of ten.
  const round = (value, unit) => {
    if (!(value > 0)) return unit;
    const power = Math.pow(10, Math.floor(Math.log10(value / unit)));
    return unit * power * ([1, 2, 5].find((step) => step * power * unit >= value) || 10);
  };
  const ago = (s) => (s === 0 ? "now" : (s < 120 ? Math.round(s) + "\u00a0s" : Math.round(s / 60) + "\u00a0min") + " ago");

  // Lines by name and by trial: [time, value] of each sample that has one.
  const strands = (told) => {
    const found = new Map();
    told.forEach(({ sample, lines }) => lines.forEach(({ name, value, look }) => {
      const key = name + "\n" + trialOf(sample);
      if (!found.has(key)) found.set(key, { look, points: [] });
      if (value !== null && value !== undefined) found.get(key).points.push([sample.at_s, value]);
    }));
    return found;
  };
  const plot = (made, spec, told) => {
    const width = Math.max(made.plot.clientWidth, 280) * 2, height = 440;
    const left = 190, right = width - 24, top = 24, bottom = height - 56;
    const last = told[told.length - 1].sample.at_s;
    const span = Math.min(SPAN_S, Math.max(LEAST_S, last - told[0].sample.at_s));
    const lines = Array.from(strands(told).values());
    const most = round(Math.max(0, ...lines.flatMap(({ points }) => points.map(([, value]) => value))), spec.unit || 1);
    const x = (s) => right - (right - left) * (last - s) / span, y = (value) => bottom - (bottom - top) * value / most;
    const svg = draw("svg", { viewBox: "0 0 " + width + " " + height, "aria-hidden": "true" });
    [0, 0.5, 1].forEach((part) => {
      const level = y(most * part).toFixed(1);
      svg.append(draw("path", { class: part ? "grid" : "axis", d: "M" + left + " " + level + "H" + right }));
      svg.append(draw("text", { class: "tick", x: left - 16, y: Number(level) + 8, "text-anchor": "end" }, spec.format(most * part)));
    });
    [[span, "start"], [span / 2, "middle"], [0, "end"]].forEach(([s, anchor]) =>
      svg.append(draw("text", { class: "tick", x: x(last - s), y: height - 14, "text-anchor": anchor }, ago(s))));
    lines.forEach(({ look, points }) => {
      const steps = points.map(([s, value]) => x(s).toFixed(1) + " " + y(value).toFixed(1));
      // One alone is a dot.
      if (steps.length) svg.append(draw("path", { class: look, d: "M" + steps.join("L") + (steps.length < 2 ? "h1" : "") }));
    });
    made.plot.replaceChildren(svg);
  };
  const table = (made, spec, told, names) => {
    const head = make("tr"), body = make("tbody"), heads = make("thead");
    const th = (text, name) => { const cell = make("th", name, text); cell.scope = "col"; head.append(cell); };
    th("time", "");
    names.forEach((name) => th(name, "n"));
    told.slice(-ROWS).reverse().forEach(({ sample, lines }) => {
      const row = make("tr");
      row.append(make("td", "", sample.at_s.toFixed(1) + "\u00a0s"));
      names.forEach((name) => row.append(make("td", "n", spec.format((lines.find((other) => other.name === name) || {}).value))));
      body.append(row);
    });
    heads.append(head);
    made.table.replaceChildren(make("caption", "", spec.title + ", by the time since the run began to be served, newest first"), heads, body);
  };
  const legend = (made, lines) => {
    const items = lines.map(({ name, look }) => {
      const item = make("li", "kind"), svg = draw("svg", { viewBox: "0 0 60 24", "aria-hidden": "true" });
      svg.append(draw("path", { class: look, d: "M0 12H60" }));
      item.append(svg, name);
      return item;
    });
    made.legend.replaceChildren(...items);
  };
  const showCharts = () => {
    const last = samples[samples.length - 1].at_s;
    const recent = samples.filter((sample) => last - sample.at_s <= SPAN_S);
    CHARTS.forEach((spec) => {
      const told = recent.map((sample) => ({ sample, lines: spec.lines(sample) }));
      const latest = new Map(told.flatMap(({ lines }) => lines).map((one) => [one.name, one]));
      if (!Array.from(told).some(({ lines }) => lines.some(({ value }) => value !== null && value !== undefined))) return;
      const made = chart(spec), lines = Array.from(latest.values());
      const now = told[told.length - 1].lines;
      say(made.takeaway, now.length ? now.map(({ name, value }) => name + " " + spec.format(value)).join(", ") + "." : "No trial is under way.");
      legend(made, lines);
      plot(made, spec, told);
      table(made, spec, told, Array.from(latest.keys()));
    });
  };

  const show = () => {
    const last = samples[samples.length - 1];
    if (!ended) say(at("state"), state());
    if (!last) return;
    say(at("elapsed"), ended ? "" : elapsed(last));
    showFigures(last);
    showCharts();
  };
  const take = (sample) => {
    const last = samples[samples.length - 1];
    if (last && sample.at_s <= last.at_s) return;
    samples.push(sample);
    if (samples.length > KEPT) samples.shift();
  };
  const end = ({ reports }) => {
    ended = true;
    const words = ["The run has ended.", reports.length ? (reports.length > 1 ? "Its reports:" : "Its report:") : "It has no report."];
    at("state").replaceChildren(words.join(" "));
    reports.forEach((path, index) => at("state").append(index ? ", " : " ", make("code", "", path)));
    document.title = "A run that has ended · Weighbridge";
    show();
  };

  const hold = at("hold");
  hold.hidden = false;
  hold.addEventListener("click", () => {
    held = !held;
    hold.setAttribute("aria-pressed", String(held));
    if (!held) show();
  });
  let width = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    if (samples.length) showCharts();
  });
  JSON.parse(at("history").textContent).forEach(take);
  show();

  // A page that was saved has nobody to ask.
  if (!window.location.protocol.startsWith("http")) return;
  const events = new EventSource("events");
  events.addEventListener("history", (event) => { samples = JSON.parse(event.data); if (!held) show(); });
  events.addEventListener("sample", (event) => { take(JSON.parse(event.data)); if (!held) show(); });
  events.addEventListener("end", (event) => { events.close(); end(JSON.parse(event.data)); });
  events.addEventListener("error", () => {
    if (ended) return;
    say(at("state"), "The run does not answer: it was stopped, or it has failed.");
    say(at("elapsed"), "");
  });
})();
