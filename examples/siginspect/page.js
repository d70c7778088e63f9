// The map, its legend and the chart. Names of strategies come from the stream:
// they reach the page by textContent alone.

const steps = [["< 1.05", "1"], ["< 1.5", "1"], ["< 2", "1"], ["< 3", "2"], ["< 5", "3"], ["< 10", "5"], ["10 and more", "+"]];
const limits = [1.05, 1.5, 2, 3, 5, 10];
const ratio = c => c.e ? c.r / c.e : 0;
const step = c => limits.filter(l => ratio(c) >= l).length;

// A way of looking at the cells: which group each belongs to, and how that looks.
const ways = {
  strategy: {
    group: c => c.s,
    face: g => data.strategies[g],
    letter: c => c.l === c.n ? data.strategies[c.s].letter.toLowerCase() : data.strategies[c.s].letter,
  },
  class: {
    group: c => c.c,
    face: g => g < 0 ? { name: "not looked at", letter: "?", kind: "none" } : data.classes[g],
    letter: c => ways.class.face(c.c).letter,
  },
  ratio: {
    group: step,
    face: g => ({ name: steps[g][0], letter: steps[g][1], kind: "r" + g }),
    letter: c => ratio(c) >= 10 ? "+" : String(Math.floor(ratio(c))),
  },
};

const cells = data.cells;
const map = document.getElementById("map"), legend = document.getElementById("legend");
const details = document.getElementById("details"), chart = document.getElementById("chart");
let way = ways.strategy, picked = new Set(), current = -1;

function make(tag, className, text) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  if (text !== undefined) e.textContent = text;
  return e;
}

const grouped = n => String(n).replace(/\B(?=(\d{3})+$)/g, "\u202f");
const shown = f => !f ? "–" : f < 9.995 ? f.toFixed(2) : f < 99.95 ? f.toFixed(1) : grouped(Math.round(f));
const chunks = c => c.n > 1 ? `Chunks ${c.f} to ${c.f + c.n - 1}` : `Chunk ${c.f}`;

// The map.
const boxes = cells.map((c, i) => {
  const e = make("span");
  e.setAttribute("role", "option");
  e.tabIndex = i ? -1 : 0;
  e.dataset.i = i;
  return e;
});
if (map) {
  map.style.setProperty("--cell", cells.length > 1200 ? "15px" : cells.length > 300 ? "19px" : "26px");
  map.classList.toggle("roomy", cells.length < 40);
  map.append(...boxes);
  const indexOf = e => e.target.dataset.i === undefined ? -1 : +e.target.dataset.i;
  map.addEventListener("mouseover", e => { if (indexOf(e) >= 0) show(indexOf(e)); });
  map.addEventListener("focusin", e => { if (indexOf(e) >= 0) show(indexOf(e)); });
  map.addEventListener("click", e => { if (indexOf(e) >= 0) boxes[indexOf(e)].focus(); });
  map.addEventListener("keydown", e => {
    const columns = getComputedStyle(map).gridTemplateColumns.split(" ").length;
    const move = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -cells.length, End: cells.length }[e.key];
    if (move === undefined) return;
    e.preventDefault();
    boxes[Math.max(0, Math.min(cells.length - 1, current + move))].focus();
  });
}

function paint() {
  cells.forEach((c, i) => {
    const group = way.group(c), face = way.face(group), e = boxes[i];
    e.className = face.kind + (c.u && c.n === 1 ? " flushed" : "") + (c.d ? " damaged" : "") +
      (picked.size && !picked.has(group) ? " off" : "") + (i === current ? " here" : "");
    e.textContent = c.d ? "!" : way.letter(c);
    e.setAttribute("aria-label", `${chunks(c)}, ${data.strategies[c.s].name}, ratio ${shown(ratio(c))}${c.d ? ", damaged" : ""}`);
  });
  draw();
}

function drawLegend() {
  const groups = new Map();
  for (const c of cells) groups.set(way.group(c), (groups.get(way.group(c)) || 0) + c.n);
  const order = [...groups.keys()].sort((a, b) => way === ways.ratio ? a - b : groups.get(b) - groups.get(a));
  legend.replaceChildren(...order.map(g => {
    const face = way.face(g), b = make("button");
    b.type = "button";
    b.setAttribute("aria-pressed", "false");
    b.append(make("span", "chip " + face.kind, face.letter), make("span", "label", face.name), make("small", "", grouped(groups.get(g))));
    b.addEventListener("click", () => {
      picked.has(g) ? picked.delete(g) : picked.add(g);
      b.setAttribute("aria-pressed", picked.has(g));
      paint();
    });
    return b;
  }));
}

function show(i) {
  if (current >= 0) { boxes[current].classList.remove("here"); boxes[current].tabIndex = -1; boxes[current].setAttribute("aria-selected", "false"); }
  current = i;
  boxes[i].classList.add("here");
  boxes[i].tabIndex = 0;
  boxes[i].setAttribute("aria-selected", "true");
  const c = cells[i], facts = [
    ["Chunk", c.n > 1 ? `${c.f} to ${c.f + c.n - 1}` : c.f], ["Strategy", data.strategies[c.s].name], ["Ratio", shown(ratio(c))],
    ["Content", grouped(c.r) + " B"], ["Payload", grouped(c.e) + " B"], ["Content offset", grouped(c.a)],
    ["Stream", c.t], ["Class", c.c < 0 ? "not looked at" : data.classes[c.c].name + (c.n > 1 ? "" : ", " + c.q + "\u00a0%\u00a0sure")],
    ["Form", c.n > 1 ? `${c.l} light, ${c.u} flushed` : c.l ? "light, flushed" : c.u ? "positioned, flushed" : "positioned"],
    ["Header offset", grouped(c.o)],
  ];
  if (c.d) facts.push(["Reason", "damaged: the content does not pass its check", "all"]);
  else if (c.w >= 0) facts.push(["Reason", data.reasons[c.w], "all"]);
  if (c.m) facts.push(["Mixture", c.m.join(", "), "all"]);
  details.replaceChildren(...facts.map(([name, value, wide]) => {
    const d = make("div", wide || "");
    d.append(make("dt", "", name), make("dd", "", value));
    return d;
  }));
  moveCursor();
}

// The chart: a bar for each cell, as wide as its content.
let place = null; // of the chart: left, right, of its plane; from offset to x
const end = cells.length ? cells[cells.length - 1].a + cells[cells.length - 1].r : 0;
const start = cells.length ? cells[0].a : 0;

function svg(tag, attributes, text) {
  const e = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  if (text !== undefined) e.textContent = text;
  return e;
}

function draw() {
  if (!chart) return;
  const w = chart.clientWidth, h = chart.clientHeight, left = 38, right = w - 4, top = 8, bottom = h - 26;
  const sound = cells.filter(c => !c.d && c.e);
  // Runs reach ratios of many thousands, beside which nothing else would show.
  const most = sound.reduce((m, c) => Math.max(m, ratio(c)), 2), high = Math.min(most * 1.1, 50), low = 0.8;
  const x = a => left + (a - start) / Math.max(1, end - start) * (right - left);
  const y = r => bottom - Math.log(Math.min(Math.max(r, low), high) / low) / Math.log(high / low) * (bottom - top);
  const s = svg("svg", { "aria-hidden": "true" });
  let last = Infinity;
  for (let power = 1; power < high; power *= 10) for (const m of [1, 2, 5]) {
    const r = m * power;
    if (r > high || (most > high && y(r) - top < 16) || (r > 1 && last - y(r) < 22)) continue;
    last = y(r);
    s.append(svg("line", { class: r === 1 ? "one" : "grid", x1: left, x2: right, y1: last, y2: last }),
      svg("text", { x: left - 8, y: last + 4, "text-anchor": "end" }, grouped(r)));
  }
  if (most > high) s.append(svg("text", { x: left - 8, y: top + 4, "text-anchor": "end" }, high + "+"));
  ticks(end - start, (right - left) / 90).forEach(t =>
    s.append(svg("text", { x: x(start + t.at), y: h - 6, "text-anchor": t.at ? "middle" : "start" }, t.text)));
  const paths = new Map();
  for (const c of sound) {
    const g = way.group(c), from = x(c.a), to = Math.max(from + 0.5, x(c.a + c.r)), gap = to - from > 4 ? 1 : 0;
    paths.set(g, (paths.get(g) || "") + `M${from.toFixed(2)} ${bottom}V${y(ratio(c)).toFixed(1)}H${(to - gap).toFixed(2)}V${bottom}z`);
  }
  for (const [g, d] of paths) s.append(svg("path", { d, class: way.face(g).kind + (picked.size && !picked.has(g) ? " off" : "") }));
  s.append(svg("line", { class: "cursor", y1: top, y2: bottom, visibility: "hidden" }));
  chart.replaceChildren(s);
  place = { left, right, x };
  moveCursor();
}

// ticks are at most n round offsets in bytes, in binary units.
function ticks(span, n) {
  if (span <= 0) return [];
  let unit = 0, size = 1;
  while (span / size >= 1024 && unit < 5) { size *= 1024; unit++; }
  let each = size / 1024 * 128 < 1 ? 1 : size / 1024 * 128;
  for (const m of [1, 2, 4, 8, 16, 32, 64, 128, 256, 512]) if (span / each > n) each = size * m / 4;
  const all = [], name = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"][unit];
  for (let at = 0; at <= span * 0.97; at += each) all.push({ at, text: at ? +(at / size).toFixed(2) + " " + name : "0" });
  return all;
}

function moveCursor() {
  const line = chart && chart.querySelector(".cursor");
  if (!line || current < 0) return;
  const c = cells[current], at = place.x(c.a + c.r / 2);
  line.setAttribute("x1", at);
  line.setAttribute("x2", at);
  line.setAttribute("visibility", "visible");
}

if (cells.length) {
  chart.addEventListener("pointermove", e => {
    const at = e.clientX - chart.getBoundingClientRect().left;
    const offset = start + (at - place.left) / (place.right - place.left) * (end - start);
    let low = 0, high = cells.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (cells[middle].a <= offset) low = middle; else high = middle - 1;
    }
    show(low);
  });
  for (const b of document.querySelectorAll("#by button")) b.addEventListener("click", () => {
    for (const o of document.querySelectorAll("#by button")) o.setAttribute("aria-pressed", o === b);
    way = ways[b.dataset.by];
    picked = new Set();
    drawLegend();
    paint();
  });
  drawLegend();
  paint();
  show(0);
  new ResizeObserver(draw).observe(chart);
}
