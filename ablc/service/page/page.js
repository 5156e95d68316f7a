// Reads a file as a picture of at most the page's size, and sends it with the chosen options.

import { Painting } from "./paint.js";
import { show } from "./result.js";

const PAUSE = 350; // ms without a change before a request is sent
const BPP_LEAST = 0.05, BPP_MOST = 4;

const find = (id) => document.getElementById(id);
const pixelsMost = Number(document.querySelector("main").dataset.pixels);
const painting = new Painting(find("paint"), later);
let upload = null; // the picture as PNG
let name = "picture";
let timer = 0;
let asking = null; // AbortController of the request in progress

function canvasOf(width, height) {
  return Object.assign(document.createElement("canvas"), { width, height });
}

const toBlob = (canvas) => new Promise((done) => canvas.toBlob(done, "image/png"));
const checked = (group) => document.querySelector(`input[name=${group}]:checked`).value;

async function take(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    find("note").textContent = `${file.name}: this browser cannot read it as a picture.`;
    return;
  }
  const shrink = Math.min(1, Math.sqrt(pixelsMost / (bitmap.width * bitmap.height)));
  const side = (length) => Math.max(1, Math.floor(shrink * length));
  const canvas = canvasOf(side(bitmap.width), side(bitmap.height));
  const pen = canvas.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const size = `${canvas.width} × ${canvas.height} pixels`;
  const reduced = `, reduced from ${bitmap.width} × ${bitmap.height}: the page works with up to ` +
    `${(pixelsMost / 1e6).toPrecision(2)} megapixels`;
  await use(canvas, file.name, `${file.name}: ${size}${shrink < 1 ? reduced : ""}.`);
}

async function use(canvas, file, note) {
  asking?.abort();
  upload = await toBlob(canvas);
  name = file.replace(/\.[^.]*$/, "") || "picture";
  find("note").textContent = note;
  find("encode").disabled = false;
  painting.take(canvas);
}

// A picture that needs no file, with smooth and busy areas, edges and fine lines.
function sample() {
  const canvas = canvasOf(640, 400);
  const pen = canvas.getContext("2d");
  const sky = pen.createLinearGradient(0, 0, 0, 400);
  [[0, "#2b5a94"], [0.55, "#e9b98c"], [1, "#6d4a52"]].forEach((stop) => sky.addColorStop(...stop));
  pen.fillStyle = sky;
  pen.fillRect(0, 0, 640, 400);
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  for (let ridge = 0; ridge < 4; ridge++) {
    pen.fillStyle = `hsl(${215 - 25 * ridge} ${18 + 6 * ridge}% ${44 - 9 * ridge}%)`;
    pen.beginPath();
    pen.moveTo(0, 400);
    for (let x = 0, y = 190 + 48 * ridge; x <= 640; x += 8) {
      y += (random() - 0.5) * (14 - 2 * ridge);
      pen.lineTo(x, y);
    }
    pen.lineTo(640, 400);
    pen.fill();
  }
  for (let blade = 0; blade < 1500; blade++) {
    const [x, y] = [640 * random(), 340 + 60 * random()];
    pen.strokeStyle = `hsl(${70 + 50 * random()} 35% ${18 + 30 * random()}%)`;
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(x + 8 * (random() - 0.5), y - 6 - 12 * random());
    pen.stroke();
  }
  pen.fillStyle = "#f4ead8";
  pen.fillRect(250, 215, 170, 90);
  pen.fillStyle = "#8c2f2b";
  pen.fillRect(250, 215, 170, 7);
  pen.fillStyle = "#22262e";
  pen.font = "600 30px sans-serif";
  pen.fillText("ablc 42", 272, 258);
  pen.font = "14px sans-serif";
  pen.fillText("what matters stays", 274, 285);
  return canvas;
}

// Sends a request after PAUSE without a further change.
function later() {
  clearTimeout(timer);
  if (upload) timer = setTimeout(encode, PAUSE);
}

function rate() {
  const value = Number(find("rate").value);
  if (checked("goal") === "quality") return String(Math.max(1, value));
  return (BPP_LEAST * (BPP_MOST / BPP_LEAST) ** (value / 100)).toPrecision(2);
}

function tellRate() {
  const text = checked("goal") === "quality" ? "quality" : "bits per pixel";
  find("rate-name").textContent = text;
  find("rate-value").textContent = rate();
  find("rate").setAttribute("aria-valuetext", `${rate()} ${text}`);
}

async function encode() {
  clearTimeout(timer);
  asking?.abort();
  const current = (asking = new AbortController());
  find("status").className = "";
  find("status").textContent = "encoding …";
  try {
    const [mask, file] = [painting.mask(), name];
    const answer = await ask(mask, current.signal);
    if (current.signal.aborted) return;
    show(find("result"), answer, painting.base, mask, file);
    find("status").textContent = `${answer.bytes.toLocaleString("en")} bytes`;
  } catch (problem) {
    if (current.signal.aborted) return;
    find("status").className = "failed";
    find("status").textContent = problem.message;
  }
}

// Returns the response of the service. Throws an Error with the reason if the service refuses.
async function ask(mask, signal) {
  const form = new FormData();
  form.append("picture", upload);
  if (mask) form.append("roi", await toBlob(mask));
  const query = new URLSearchParams({ [checked("goal")]: rate(), roi_weight: find("weight").value });
  const painter = find("painter").value;
  if (painter) query.set("paint", `${painter}:${Number(find("strength").value) / 100}`);
  const token = find("token").value;
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const response = await fetch(`compare?${query}`, { method: "POST", body: form, headers, signal });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail);
  return answer;
}

function listen() {
  const drop = find("drop");
  find("file").addEventListener("change", ({ target }) => target.files[0] && take(target.files[0]));
  find("sample").addEventListener("click", () => use(sample(), "sample", "Sample: 640 × 400 pixels."));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  document.addEventListener("dragleave", () => drop.classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  });
  document.querySelectorAll("input[name=tool]").forEach((tool) =>
    tool.addEventListener("change", () => (painting.tool = tool.value)));
  find("brush").addEventListener("input", ({ target }) => (painting.brush = Number(target.value)));
  find("clear").addEventListener("click", () => painting.clear());
  find("rate").addEventListener("input", tellRate);
  find("painter").addEventListener("change", ({ target }) => (find("strength").disabled = !target.value));
  ["rate", "weight", "painter", "strength"].forEach((id) => find(id).addEventListener("change", later));
  document.querySelectorAll("input[name=goal]").forEach((goal) => goal.addEventListener("change", () => {
    tellRate();
    later();
  }));
  find("encode").addEventListener("click", encode);
}

listen();
tellRate();
