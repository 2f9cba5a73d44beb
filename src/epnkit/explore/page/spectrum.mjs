// A stream of a granule drawn in the page: a dynamic spectrum or a curve, with axes, moved and zoomed.
import { listParameters, readMeans } from "./hapi.mjs";
import { strings } from "./strings.mjs";
import { writeTime } from "./times.mjs";

const LEFT = 52, BOTTOM = 30, TOP = 6, RIGHT = 8;
const OUTLIERS = [0.02, 0.997]; // the part of values that is darker or brighter than the colours show
const LOGARITHMIC = 20; // the ratio from which an axis is logarithmic
const PAUSE = 250; // milliseconds after a movement until data are asked for
const SHORTEST = 1 / 86400; // days
const LONGEST = 31;
const RAMP = [[8, 8, 32], [72, 24, 110], [170, 48, 96], [236, 118, 42], [252, 214, 90], [255, 255, 225]];

export class SpectrumView {
  constructor(stream, row) {
    Object.assign(this, { stream, span: stream.span, parameters: [], found: null, busy: null });
    this.limits = [row.spectral_range_min, row.spectral_range_max];
    this.element = document.createElement("section");
    this.canvas = document.createElement("canvas");
    this.select = document.createElement("select");
    this.under = document.createElement("p");
    this.element.className = "spectrum";
    this.under.className = "under";
    this.under.setAttribute("role", "status");
    this.canvas.tabIndex = 0;
    this.canvas.setAttribute("role", "img");
    this.select.setAttribute("aria-label", strings.parameter);
    this.element.append(this.select, ...this.#makeButtons(), this.canvas, this.under);
    this.context = this.canvas.getContext("2d");
    this.#listen();
    new ResizeObserver(() => this.#paint()).observe(this.canvas);
  }

  async start() {
    const { signal } = (this.busy = new AbortController());
    try {
      const found = await listParameters(this.stream, signal);
      if (signal.aborted) return;
      if (!found.length) return this.#refuse();
      this.parameters = found;
      this.select.replaceChildren(...found.map((each) => new Option(each.label || each.name, each.name)));
    } catch (error) {
      if (!signal.aborted) this.#say(`${this.stream.root}: ${error.message}`, true);
      return;
    }
    await this.#read();
  }

  // Reads no more: nobody looks.
  stop() {
    clearTimeout(this.settling);
    this.busy?.abort();
  }

  #refuse() {
    this.element.replaceChildren(this.under);
    this.#say(strings.noParameters);
  }

  get parameter() {
    return this.parameters.find((each) => each.name === this.select.value);
  }

  #makeButtons() {
    const actions = [
      [strings.zoomIn, () => this.#zoom(0.5)], [strings.zoomOut, () => this.#zoom(2)],
      [strings.wholeSpan, () => this.#show(this.stream.span)],
    ];
    return actions.map(([name, act]) => {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", textContent: name });
      button.addEventListener("click", act);
      return button;
    });
  }

  // Reads what is shown; the picture stays until it is there.
  async #read() {
    if (!this.parameter) return; // they are not known yet
    this.busy?.abort();
    const busy = (this.busy = new AbortController());
    this.#say(strings.reading);
    try {
      const columns = Math.max(50, Math.round(this.canvas.clientWidth - LEFT - RIGHT));
      const found = await readMeans(this.stream, this.parameter, this.span, columns, this.limits, busy.signal);
      if (busy.signal.aborted) return;
      this.found = { ...found, parameter: this.parameter, picture: null };
      this.#describe();
      this.#paint();
    } catch (error) {
      if (!busy.signal.aborted) this.#say(error.message, true);
    }
  }

  #describe() {
    const { parameter, span, whole } = this.found, [low, high] = this.#findRange();
    const unit = parameter.units ? ` ${parameter.units}` : "", times = span.map((time) => writeTime(time).replace("T", " ")).join(" – ");
    const words = Number.isFinite(low) ? strings.drawn(parameter.description || parameter.name, `${low.toPrecision(3)} – ${high.toPrecision(3)}${unit}`) : strings.noRecords;
    this.canvas.setAttribute("aria-label", `${words} ${times}`);
    this.#say([words, whole ? "" : strings.tooMuch].filter(Boolean).join(" "));
  }

  #say(words, fault = false) {
    this.under.textContent = words;
    this.under.classList.toggle("fault", fault);
  }

  #show(span) {
    this.span = span;
    this.#paint();
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.#read(), PAUSE);
  }

  #zoom(factor, part = 0.5) {
    const [start, stop] = this.span, length = Math.min(LONGEST, Math.max(SHORTEST, (stop - start) * factor));
    const at = start + part * (stop - start);
    this.#show([at - part * length, at + (1 - part) * length]);
  }

  #listen() {
    const { canvas } = this;
    let held = null;
    const part = (event) => (event.clientX - canvas.getBoundingClientRect().left - LEFT) / (canvas.clientWidth - LEFT - RIGHT);
    this.select.addEventListener("change", () => this.#read());
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.#zoom(event.deltaY < 0 ? 0.8 : 1.25, Math.min(1, Math.max(0, part(event))));
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      held = { at: part(event), span: this.span };
    });
    canvas.addEventListener("pointermove", (event) => {
      if (held) this.#move(held.span, held.at - part(event));
    });
    canvas.addEventListener("pointerup", () => { held = null; });
    canvas.addEventListener("keydown", (event) => {
      const keys = { "+": () => this.#zoom(0.5), "=": () => this.#zoom(0.5), "-": () => this.#zoom(2), ArrowLeft: () => this.#move(this.span, -0.2), ArrowRight: () => this.#move(this.span, 0.2) };
      if (!keys[event.key]) return;
      event.preventDefault();
      keys[event.key]();
    });
  }

  #move([start, stop], part) {
    const length = stop - start;
    this.#show([start + part * length, stop + part * length]);
  }

  // The values that the colours, or the axis of a curve, go from and to.
  #findRange() {
    return OUTLIERS.map((part) => d3.quantile(this.found.means, part));
  }

  #paint() {
    const { canvas, context } = this, pixels = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    if (!this.found || width < 2 * LEFT) return;
    canvas.width = Math.round(width * pixels);
    canvas.height = Math.round(height * pixels);
    context.setTransform(pixels, 0, 0, pixels, 0, 0);
    context.save();
    context.beginPath();
    context.rect(LEFT, TOP, width - LEFT - RIGHT, height - TOP - BOTTOM);
    context.clip();
    if (this.found.channels.length > 1) this.#paintSpectrum(width, height);
    else this.#paintCurve(width, height);
    context.restore();
    this.#paintAxes(width, height);
  }

  #toX(time, width) {
    const [start, stop] = this.span;
    return LEFT + ((time - start) / (stop - start)) * (width - LEFT - RIGHT);
  }

  #paintSpectrum(width, height) {
    const [from, to] = this.found.span.map((time) => this.#toX(time, width));
    this.found.picture ||= this.#makePicture();
    this.context.imageSmoothingEnabled = false;
    this.context.drawImage(this.found.picture, from, TOP, to - from, height - TOP - BOTTOM);
  }

  // A pixel a column, and as many lines as the axis needs to be even.
  #makePicture() {
    const { columns, channels, means } = this.found, lines = 256, picture = document.createElement("canvas");
    Object.assign(picture, { width: columns, height: lines });
    const context = picture.getContext("2d"), image = context.createImageData(columns, lines), toColor = makeColors(this.#findRange());
    const axis = this.#axis(), nearest = Array.from({ length: lines }, (_, line) => findNearest(channels, axis.toValue(1 - (line + 0.5) / lines)));
    for (let line = 0; line < lines; line++) for (let column = 0; column < columns; column++) {
      const value = means[column * channels.length + nearest[line]];
      if (Number.isFinite(value)) image.data.set([...toColor(value), 255], 4 * (line * columns + column));
    }
    context.putImageData(image, 0, 0);
    return picture;
  }

  #paintCurve(width, height) {
    const { context } = this, { columns, means, span } = this.found, axis = this.#axis(), tall = height - TOP - BOTTOM;
    context.strokeStyle = getComputedStyle(this.element).getPropertyValue("--accent");
    context.beginPath();
    for (let column = 0; column < columns; column++) {
      if (!Number.isFinite(means[column])) continue;
      const time = span[0] + ((column + 0.5) / columns) * (span[1] - span[0]);
      context.lineTo(this.#toX(time, width), TOP + tall * (1 - axis.toPart(means[column])));
    }
    context.stroke();
  }

  // The upright axis: frequencies, or the values of a curve.
  #axis() {
    const { channels, parameter } = this.found, spectrum = channels.length > 1;
    const [low, high] = spectrum ? d3.extent(channels) : this.#findRange();
    const bins = parameter.bins?.[0], words = spectrum ? [bins.label || bins.name, bins.units] : [parameter.label || parameter.name, parameter.units];
    const log = spectrum && low > 0 && high / low > LOGARITHMIC, [from, to] = log ? [Math.log(low), Math.log(high)] : [low, high];
    return {
      low, high, log, title: words[0] + (words[1] ? ` (${words[1]})` : ""),
      toPart: (value) => ((log ? Math.log(value) : value) - from) / (to - from || 1),
      toValue: (part) => (log ? Math.exp(from + part * (to - from)) : from + part * (to - from)),
    };
  }

  #paintAxes(width, height) {
    const { context } = this, style = getComputedStyle(this.element), axis = this.#axis(), tall = height - TOP - BOTTOM;
    context.strokeStyle = style.getPropertyValue("--line");
    context.strokeRect(LEFT + 0.5, TOP + 0.5, width - LEFT - RIGHT - 1, tall - 1);
    context.fillStyle = style.getPropertyValue("--quiet");
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "right";
    for (const value of axis.log ? listPowers(axis.low, axis.high) : d3.ticks(axis.low, axis.high, 5)) {
      const y = TOP + tall * (1 - axis.toPart(value));
      context.fillText(writeNumber(value), LEFT - 4, Math.min(height - BOTTOM, Math.max(TOP + 8, y + 4)));
    }
    context.save();
    context.translate(10, TOP + tall / 2);
    context.rotate(-Math.PI / 2);
    context.textAlign = "center";
    context.fillText(axis.title, 0, 0);
    context.restore();
    this.#paintTimes(width, height);
  }

  #paintTimes(width, height) {
    const { context } = this, [start, stop] = this.span, days = stop - start;
    const [first, last] = days > 3 ? [5, 10] : days > 0.02 ? [11, 16] : [11, 19], number = Math.max(2, Math.floor((width - LEFT) / 70));
    context.textAlign = "center";
    for (let k = 0; k < number; k++) {
      const time = start + ((k + 0.5) / number) * days;
      context.fillText(writeTime(time, last).slice(first), this.#toX(time, width), height - BOTTOM + 12);
    }
    context.fillText(`${this.span.map((time) => writeTime(time, 16).replace("T", " ")).join(" – ")} (UTC)`, LEFT + (width - LEFT - RIGHT) / 2, height - 4);
  }
}

const writeNumber = (value) => (value !== 0 && (Math.abs(value) >= 1e5 || Math.abs(value) < 1e-3) ? value.toExponential(0) : String(+value.toPrecision(4)));

function listPowers(low, high) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) {
    found.push(...[1, 3].map((digit) => digit * 10 ** power).filter((value) => value >= low && value <= high));
  }
  return found;
}

const findNearest = (channels, value) => d3.minIndex(channels, (channel) => Math.abs(channel - value));

// Colours from dark to bright; by the ratio of values if all are above zero and far apart.
function makeColors([low, high]) {
  const log = low > 0 && high / low > LOGARITHMIC, scale = log ? Math.log : (value) => value;
  const from = scale(low), width = scale(high) - from || 1;
  return (value) => {
    const part = Math.min(1, Math.max(0, (log && value <= 0 ? -Infinity : scale(value) - from) / width)) * (RAMP.length - 1);
    const index = Math.min(RAMP.length - 2, Math.floor(part)), rest = part - index;
    return RAMP[index].map((dark, k) => Math.round(dark + rest * (RAMP[index + 1][k] - dark)));
  };
}
