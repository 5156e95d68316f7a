"use strict";
// Line plots that fit the available width and are read with the pointer or the keyboard.

const HEIGHT = 330;
const MARGIN = { top: 14, right: 14, bottom: 40, left: 48 };
const LABELS = 128; // pixels to the right of the lines for their names, if there is room
const ROOMY = 500; // pixels: the least width with such room
const GAP = 14; // between names
const REACH = 28; // pixels within which a mark is read
const SHAPES = [
  (x, y, r) => ["circle", { cx: x, cy: y, r }],
  (x, y, r) => ["rect", { x: x - r, y: y - r, width: 2 * r, height: 2 * r }],
  (x, y, r) => ["path", { d: `M${x},${y - 1.3 * r}l${1.3 * r},${2.3 * r}h${-2.6 * r}z` }],
  (x, y, r) => ["path", { d: `M${x},${y - 1.4 * r}l${1.4 * r},${1.4 * r}l${-1.4 * r},${1.4 * r}l${-1.4 * r},${-1.4 * r}z` }],
  (x, y, r) => ["path", { d: `M${x},${y + 1.3 * r}l${1.3 * r},${-2.3 * r}h${-2.6 * r}z` }],
];

function svg(tag, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

const published = (line) => line.colour === null;
const colour = (line) => (published(line) ? "var(--faint)" : `var(--line-${line.colour})`);
const shape = (line, x, y, r) => {
  const [tag, attributes] = SHAPES[line.mark % SHAPES.length](x, y, r);
  if (published(line)) return svg(tag, { ...attributes, class: "mark published" });
  return svg(tag, { ...attributes, class: "mark", fill: colour(line) });
};

function linearTicks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((k) => k * power).find((k) => k >= rough);
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) ticks.push(k * step);
  return ticks;
}

function logarithmicTicks(low, high, count) {
  const decades = Math.log10(high / low);
  const parts = [[1, 2, 5], [1, 3], [1]].find((each) => each.length * decades <= count) ?? [1];
  const stride = Math.max(1, Math.ceil(decades / count));
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += stride) {
    for (const k of parts) {
      const tick = k * 10 ** power;
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  }
  return ticks.length > 1 ? ticks : linearTicks(low, high, count);
}

const written = (value) => String(Number(value.toPrecision(6)));

class Drawing {
  constructor(place, plot) {
    this.place = place;
    this.plot = plot;
    this.logarithmic = plot.log;
    this.off = new Set(); // names of hidden lines
    this.at = null; // [line, point] whose values are shown
    this.drawing = place.querySelector(".drawing");
    this.readout = place.querySelector("output");
    this.width = 0;
    new ResizeObserver(() => {
      if (this.drawing.clientWidth !== this.width) this.draw();
    }).observe(this.drawing);
  }

  setLogarithmic(logarithmic) {
    this.logarithmic = logarithmic;
    this.draw();
  }

  show(name, on) {
    if (on) this.off.delete(name);
    else this.off.add(name);
    this.at = null;
    this.draw();
  }

  get lines() {
    return this.plot.lines.filter((line) => !this.off.has(line.name) && line.points.length);
  }

  axes() {
    const points = this.plot.lines.flatMap((line) => line.points);
    const xs = points.map((p) => p[0]);
    const log = this.logarithmic && Math.min(...xs) > 0;
    const ys = this.lines.flatMap((line) => line.points).map((p) => p[1]);
    const pad = (Math.max(...ys) - Math.min(...ys)) * 0.04 || 0.5;
    const x = [Math.min(...xs), Math.max(...xs)];
    if (x[0] === x[1]) x[1] = log ? 2 * x[0] : x[0] + 1;
    return { log, x: log || x[0] > 0.25 * x[1] || x[0] < 0 ? x : [0, x[1]], y: [Math.min(...ys) - pad, Math.max(...ys) + pad] };
  }

  draw() {
    this.width = this.drawing.clientWidth;
    this.drawing.replaceChildren();
    this.readout.textContent = "";
    if (!this.width || !this.lines.length) return;
    const roomy = this.width >= ROOMY;
    const right = this.width - (roomy ? MARGIN.right + LABELS : MARGIN.right);
    const { log, x, y } = this.axes();
    const share = (v) => (log ? Math.log(v / x[0]) / Math.log(x[1] / x[0]) : (v - x[0]) / (x[1] - x[0]));
    this.toX = (v) => MARGIN.left + share(v) * (right - MARGIN.left);
    this.toY = (v) => HEIGHT - MARGIN.bottom - ((v - y[0]) / (y[1] - y[0])) * (HEIGHT - MARGIN.bottom - MARGIN.top);
    const names = this.lines.map((line) => line.name).join(", ");
    this.canvas = svg("svg", {
      viewBox: `0 0 ${this.width} ${HEIGHT}`, height: HEIGHT, tabindex: 0, role: "application",
      "aria-label": `${this.plot.title} over ${this.plot.x}. Lines: ${names}. Arrow keys read the marks.`,
    });
    this.drawAxes(log, x, y, right);
    this.lines.forEach((line) => this.drawLine(line));
    if (roomy) this.drawLabels(right + 8);
    this.listen();
    this.drawing.append(this.canvas);
  }

  drawAxes(log, x, y, right) {
    const bottom = HEIGHT - MARGIN.bottom;
    const count = Math.max(2, Math.floor((right - MARGIN.left) / 55));
    const ticks = (log ? logarithmicTicks : linearTicks)(x[0], x[1], count);
    for (const tick of ticks) {
      const at = this.toX(tick);
      this.canvas.append(
        svg("line", { class: "grid", x1: at, x2: at, y1: MARGIN.top, y2: bottom }),
        svg("text", { x: at, y: bottom + 17, "text-anchor": "middle" }, written(tick)),
      );
    }
    for (const tick of linearTicks(y[0], y[1], 6)) {
      const at = this.toY(tick);
      this.canvas.append(
        svg("line", { class: "grid", x1: MARGIN.left, x2: right, y1: at, y2: at }),
        svg("text", { x: MARGIN.left - 7, y: at + 4, "text-anchor": "end" }, written(tick)),
      );
    }
    const middle = (MARGIN.left + right) / 2;
    this.canvas.append(svg("text", { x: middle, y: HEIGHT - 4, "text-anchor": "middle" }, this.plot.x));
  }

  drawLine(line) {
    const d = line.points.map(([x, y]) => `${this.toX(x)},${this.toY(y)}`).join("L");
    const kinds = ["line", published(line) && "published", line.dashed && "dashed", line.colour === 0 && "first"];
    const path = svg("path", { class: kinds.filter(Boolean).join(" "), d: `M${d}` });
    if (!published(line)) path.setAttribute("stroke", colour(line));
    this.canvas.append(path);
    for (const [x, y] of line.points) this.canvas.append(shape(line, this.toX(x), this.toY(y), line.colour === 0 ? 4 : 3));
  }

  // Names at the ends of lines, moved apart where they would overlap.
  drawLabels(left) {
    const labels = this.lines.filter((line) => !published(line)).map((line) => ({ line, y: this.toY(line.points[line.points.length - 1][1]) + 4 }));
    labels.sort((a, b) => a.y - b.y);
    labels.forEach((label, i) => {
      if (i) label.y = Math.max(label.y, labels[i - 1].y + GAP);
    });
    let most = HEIGHT - MARGIN.bottom;
    for (const label of labels.reverse()) {
      label.y = Math.min(label.y, most);
      most = label.y - GAP;
    }
    for (const { line, y } of labels) {
      const name = line.name.length > 20 ? `${line.name.slice(0, 19)}…` : line.name;
      this.canvas.append(svg("text", { class: "label", x: left, y, style: `fill:${colour(line)}` }, name));
    }
  }

  listen() {
    this.canvas.addEventListener("pointermove", (event) => this.point(event));
    this.canvas.addEventListener("pointerdown", (event) => this.point(event));
    this.canvas.addEventListener("keydown", (event) => this.key(event));
  }

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    const [px, py] = [event.clientX - box.left, event.clientY - box.top];
    let best = REACH;
    let found = null;
    this.lines.forEach((line, i) =>
      line.points.forEach(([x, y], j) => {
        const away = Math.hypot(this.toX(x) - px, this.toY(y) - py);
        if (away < best) [best, found] = [away, [i, j]];
      }),
    );
    if (found) this.read(...found);
  }

  key(event) {
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const [line, point] = this.at ?? [0, -move[1]];
    const i = (line + move[0] + this.lines.length) % this.lines.length;
    const last = this.lines[i].points.length - 1;
    this.read(i, Math.max(0, Math.min(last, point + move[1])));
  }

  read(i, j) {
    this.at = [i, j];
    const line = this.lines[i];
    const [x, y] = line.points[j];
    this.canvas.querySelector(".cursor")?.remove();
    this.canvas.append(svg("circle", { class: "cursor", cx: this.toX(x), cy: this.toY(y), r: 8 }));
    const how = published(line) ? `, published (${line.source})` : "";
    this.readout.textContent = `${line.name}: ${this.plot.y} ${written(y)} at ${this.plot.x} ${written(x)}${how}`;
  }
}

function swatch(line) {
  const made = svg("svg", { class: "swatch", viewBox: "0 0 26 12", "aria-hidden": "true" });
  const dash = published(line) ? "2 4" : line.dashed ? "6 3" : "none";
  made.append(
    svg("line", { x1: 0, x2: 26, y1: 6, y2: 6, stroke: colour(line), "stroke-width": line.colour === 0 ? 3 : 2, "stroke-dasharray": dash }),
    shape(line, 13, 6, 4),
  );
  return made;
}

// The names of a plot's lines, beneath it.
function addKey(drawing) {
  const key = document.createElement("div");
  key.className = "plot-key";
  drawing.plot.lines.forEach((line) => {
    const part = document.createElement("span");
    part.append(swatch(line), line.name);
    key.append(part);
  });
  drawing.drawing.after(key);
}

// A common legend of several plots, whose boxes show and hide lines in all of them.
function addLegend(measured, others, drawings) {
  const known = new Set();
  for (const drawing of drawings) {
    drawing.plot.lines.forEach((line) => {
      if (known.has(line.name)) return;
      known.add(line.name);
      const label = document.createElement("label");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.checked = true;
      box.value = line.name;
      box.addEventListener("change", () => drawings.forEach((each) => each.show(line.name, box.checked)));
      label.append(box, swatch(line), line.name);
      (published(line) ? others : measured).append(label);
    });
  }
}
