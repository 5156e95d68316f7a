// A picture on which a region is painted with brush, eraser and box.

const LEAST = 8; // side of a box in pixels, at least
const VEIL = 0.45; // opacity of the tint over the region

export class Painting {
  // place: element that contains the canvases #base and #over. changed: called when the region changes.
  constructor(place, changed) {
    this.place = place;
    this.base = place.querySelector("#base");
    this.over = place.querySelector("#over");
    this.strokes = document.createElement("canvas"); // opaque inside the region, without the box
    this.box = null; // x, y, width, height; null if there is none
    this.tool = "brush";
    this.brush = 8; // hundredths of the picture's longer side
    this.changed = changed;
    this.last = null; // previous position of the pointer while it is pressed
    this.over.addEventListener("pointerdown", (event) => this.#down(event));
    this.over.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) {
      this.over.addEventListener(name, () => this.#up());
    }
    place.addEventListener("keydown", (event) => this.#key(event));
  }

  get width() { return this.base.width; }
  get height() { return this.base.height; }

  // Shows another picture, a canvas, without a region.
  take(picture) {
    for (const canvas of [this.base, this.over, this.strokes]) {
      canvas.width = picture.width;
      canvas.height = picture.height;
    }
    this.base.getContext("2d").drawImage(picture, 0, 0);
    this.place.style.aspectRatio = `${picture.width}/${picture.height}`;
    this.place.style.maxWidth = `min(100%, ${picture.width}px, ${70 * picture.width / picture.height}vh)`;
    this.clear();
  }

  clear() {
    this.box = null;
    this.strokes.getContext("2d").clearRect(0, 0, this.width, this.height);
    this.#draw();
    this.changed();
  }

  // Returns the region as a canvas, white on black; null if it is empty.
  mask() {
    const mask = document.createElement("canvas");
    [mask.width, mask.height] = [this.width, this.height];
    const pen = mask.getContext("2d", { willReadFrequently: true });
    pen.drawImage(this.strokes, 0, 0);
    pen.fillStyle = "#fff";
    if (this.box) pen.fillRect(...this.box);
    const alpha = pen.getImageData(0, 0, this.width, this.height).data;
    let any = false;
    for (let i = 3; i < alpha.length && !any; i += 4) any = alpha[i] > 127;
    pen.globalCompositeOperation = "destination-over";
    pen.fillStyle = "#000";
    pen.fillRect(0, 0, this.width, this.height);
    return any ? mask : null;
  }

  #at(event) {
    const shown = this.over.getBoundingClientRect();
    return [
      (event.clientX - shown.left) * this.width / shown.width,
      (event.clientY - shown.top) * this.height / shown.height,
    ];
  }

  #down(event) {
    if (event.button !== 0) return;
    this.over.setPointerCapture(event.pointerId);
    this.#settle();
    this.last = this.#at(event);
    if (this.tool === "box") this.corner = this.last;
    this.#move(event);
  }

  #move(event) {
    if (!this.last) return;
    const now = this.#at(event);
    if (this.tool === "box") this.box = this.#between(this.corner, now);
    else this.#stroke(this.last, now);
    this.last = now;
    this.#draw();
  }

  #up() {
    if (!this.last) return;
    this.last = null;
    this.changed();
  }

  #between([x0, y0], [x1, y1]) {
    const inside = (value, most) => Math.round(Math.min(Math.max(value, 0), most));
    const [left, right] = [inside(Math.min(x0, x1), this.width), inside(Math.max(x0, x1), this.width)];
    const [top, low] = [inside(Math.min(y0, y1), this.height), inside(Math.max(y0, y1), this.height)];
    return right > left && low > top ? [left, top, right - left, low - top] : null;
  }

  #stroke(from, to) {
    const pen = this.strokes.getContext("2d");
    pen.globalCompositeOperation = this.tool === "erase" ? "destination-out" : "source-over";
    pen.strokeStyle = "#fff";
    pen.lineWidth = Math.max(2, this.brush / 100 * Math.max(this.width, this.height));
    pen.lineCap = "round";
    pen.beginPath();
    pen.moveTo(...from);
    pen.lineTo(...to);
    pen.stroke();
  }

  // Merges the box into the painted strokes.
  #settle() {
    const pen = this.strokes.getContext("2d");
    pen.globalCompositeOperation = "source-over";
    pen.fillStyle = "#fff";
    if (this.box) pen.fillRect(...this.box);
    this.box = null;
  }

  #key(event) {
    if (!this.width || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = Math.max(1, Math.round(Math.max(this.width, this.height) / (event.shiftKey ? 10 : 40)));
    const moves = {
      ArrowLeft: [-step, 0, 0], ArrowRight: [step, 0, 0], ArrowUp: [0, -step, 0], ArrowDown: [0, step, 0],
      "+": [0, 0, step], "=": [0, 0, step], "-": [0, 0, -step],
    };
    if (event.key === "Delete" || event.key === "Backspace") this.clear();
    else if (event.key in moves) this.#shift(...moves[event.key]);
    else return;
    event.preventDefault();
  }

  // Moves and grows the box; makes one in the middle if there is none.
  #shift(right, down, growth) {
    const { width, height } = this;
    const side = Math.round(Math.min(width, height) / 3);
    if (!this.box) this.box = [Math.round((width - side) / 2), Math.round((height - side) / 2), side, side];
    else {
      const within = (value, least, most) => Math.min(Math.max(value, least), most);
      let [x, y, w, h] = this.box;
      const wide = within(w + growth, Math.min(LEAST, width), width);
      const high = within(h + growth, Math.min(LEAST, height), height);
      x = within(Math.round(x + right - (wide - w) / 2), 0, width - wide);
      y = within(Math.round(y + down - (high - h) / 2), 0, height - high);
      this.box = [x, y, wide, high];
    }
    this.#draw();
    this.changed();
  }

  #draw() {
    const pen = this.over.getContext("2d");
    pen.globalCompositeOperation = "source-over";
    pen.clearRect(0, 0, this.width, this.height);
    pen.drawImage(this.strokes, 0, 0);
    pen.fillStyle = "#fff";
    if (this.box) pen.fillRect(...this.box);
    pen.globalCompositeOperation = "source-in";
    pen.fillStyle = `rgb(255 150 0 / ${VEIL})`;
    pen.fillRect(0, 0, this.width, this.height);
    pen.globalCompositeOperation = "source-over";
    if (!this.box) return;
    const line = Math.max(2, this.width / 300);
    pen.lineWidth = line;
    pen.strokeStyle = "#fff";
    pen.setLineDash([3 * line, 2 * line]);
    pen.strokeRect(...this.box);
  }
}
