// When the found granules were: a histogram of their times; a drag chooses a part of it.
import { writeTime } from "./times.mjs";

const LEFT = 40, BOTTOM = 18, TOP = 6, RIGHT = 12;

export class Timeline {
  constructor(figure, { colorOf, onBrush }) {
    Object.assign(this, { figure, colorOf, onBrush });
    this.canvas = figure.querySelector("canvas");
    this.context = this.canvas.getContext("2d");
    this.rows = [];
    this.brush = null;
    this.#listen();
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  // Takes the rows; setBrush, which follows, draws them.
  show(rows) {
    this.rows = rows.filter((row) => Number.isFinite(row.time_min));
    const [low, high] = d3.extent(this.rows.flatMap((row) => [row.time_min, row.time_max]).filter(Number.isFinite));
    const margin = Math.max((high - low) * 0.01, 1 / 1440);
    this.range = this.rows.length ? [low - margin, high + margin] : null;
  }

  setBrush(brush) {
    this.brush = brush;
    this.draw();
  }

  #toX(time) {
    const [low, high] = this.range;
    return LEFT + ((time - low) / (high - low)) * (this.canvas.clientWidth - LEFT - RIGHT);
  }

  #toTime(x) {
    const [low, high] = this.range;
    const part = (x - LEFT) / (this.canvas.clientWidth - LEFT - RIGHT);
    return low + Math.min(1, Math.max(0, part)) * (high - low);
  }

  draw() {
    const { canvas, context } = this, pixels = window.devicePixelRatio || 1;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    canvas.width = Math.round(width * pixels);
    canvas.height = Math.round(height * pixels);
    context.setTransform(pixels, 0, 0, pixels, 0, 0);
    context.clearRect(0, 0, width, height);
    if (!this.range || width < 80) return;
    const style = getComputedStyle(this.figure);
    const bins = this.#count(Math.max(10, Math.floor((width - LEFT - RIGHT) / 5)));
    const most = Math.max(1, ...bins.map((bin) => [...bin.values()].reduce((a, b) => a + b, 0)));
    const tall = height - BOTTOM - TOP, wide = (width - LEFT - RIGHT) / bins.length;
    bins.forEach((bin, index) => {
      let base = height - BOTTOM;
      for (const [color, count] of bin) {
        const size = (count / most) * tall;
        context.fillStyle = color;
        context.fillRect(LEFT + index * wide, base - size, Math.max(1, wide - 1), size);
        base -= size;
      }
    });
    this.#paintAxes(style, most, width, height);
    if (this.brush) {
      const [from, to] = this.brush.map((time) => this.#toX(time));
      context.fillStyle = style.getPropertyValue("--accent");
      context.globalAlpha = 0.2;
      context.fillRect(from, 0, to - from, height - BOTTOM);
      context.globalAlpha = 1;
    }
  }

  // How many granules of each colour overlap each bin.
  #count(number) {
    const [low, high] = this.range, bins = Array.from({ length: number }, () => new Map());
    const toBin = (time) => Math.min(number - 1, Math.max(0, Math.floor(((time - low) / (high - low)) * number)));
    for (const row of this.rows) {
      const last = toBin(Number.isFinite(row.time_max) ? row.time_max : row.time_min), color = this.colorOf(row);
      for (let bin = toBin(row.time_min); bin <= last; bin++) bins[bin].set(color, (bins[bin].get(color) || 0) + 1);
    }
    return bins;
  }

  #paintAxes(style, most, width, height) {
    const { context } = this, [low, high] = this.range;
    context.strokeStyle = style.getPropertyValue("--grid");
    context.beginPath();
    context.moveTo(LEFT, height - BOTTOM + 0.5);
    context.lineTo(width - RIGHT, height - BOTTOM + 0.5);
    context.stroke();
    context.fillStyle = style.getPropertyValue("--quiet");
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "right";
    context.fillText(String(most), LEFT - 4, TOP + 8);
    context.fillText("0", LEFT - 4, height - BOTTOM);
    const days = high - low, digits = days > 3 * 365 ? 4 : days > 90 ? 7 : days > 4 ? 10 : 16;
    const room = digits * 6.6 + 26, number = Math.max(1, Math.floor((width - LEFT - RIGHT) / room));
    let last = "";
    for (let k = 0; k < number; k++) {
      const time = low + ((k + 0.5) / number) * days, x = this.#toX(time), text = writeTime(time, digits).replace("T", " ");
      if (text === last) continue;
      last = text;
      context.textAlign = "center";
      context.fillText(text, x, height - 4);
    }
  }

  #listen() {
    let from = null;
    const at = (event) => event.clientX - this.canvas.getBoundingClientRect().left;
    this.canvas.addEventListener("pointerdown", (event) => {
      if (!this.range) return;
      this.canvas.setPointerCapture(event.pointerId);
      from = at(event);
    });
    this.canvas.addEventListener("pointermove", (event) => {
      if (from !== null) this.setBrush([from, at(event)].sort((a, b) => a - b).map((x) => this.#toTime(x)));
    });
    this.canvas.addEventListener("pointerup", (event) => {
      if (from === null) return;
      const moved = Math.abs(at(event) - from) > 4;
      from = null;
      if (!moved) this.setBrush(null);
      this.onBrush(this.brush);
    });
  }
}
