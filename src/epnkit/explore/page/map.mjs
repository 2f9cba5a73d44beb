// The map: footprints of thousands of granules on a body or on the sky, moved and zoomed.
import { Pen } from "./drawing.mjs";
import { outlinePlace } from "./places.mjs";
import { findShape } from "./shapes.mjs";
import { strings } from "./strings.mjs";

// The map's own units: one a degree, longitude 0 to 360, latitude +90 at the top.
const WIDTH = 360, HEIGHT = 180, MARGIN = 34, MOST = 60;
const SETTLED = 120; // milliseconds after which a movement has ended

export class FootprintMap {
  constructor(figure, { onPick, onPlace, onPoint, colorOf }) {
    Object.assign(this, { figure, onPick, onPlace, onPoint, colorOf });
    this.canvas = figure.querySelector("canvas");
    this.context = this.canvas.getContext("2d");
    this.#setFrame("body");
    this.view = { x: 0, y: 0, zoom: 1 };
    this.rows = [];
    this.marks = [];
    this.selected = new Set();
    this.place = null; // that of the search
    this.draft = null; // what the pen draws at the moment
    this.pen = null;
    this.#listen();
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  // Shows rows of one frame; the sky is seen from inside, so that its longitudes grow to the left.
  show(rows, frame) {
    this.rows = rows;
    this.#setFrame(frame);
    this.marks = rows.map((row) => this.#makeMark(row)).filter(Boolean);
    this.whole = new Map();
    for (const mark of this.marks) {
      const color = this.colorOf(mark.row);
      if (!this.whole.has(color)) this.whole.set(color, new Path2D());
      this.whole.get(color).addPath(mark.path);
    }
    this.draw();
  }

  #setFrame(frame) {
    this.frame = frame;
    this.projection = d3.geoEquirectangular().rotate([-180, 0]).scale(180 / Math.PI)
      .translate([180, 90]).precision(0.3).reflectX(frame === "celestial");
  }

  select(rows) {
    this.selected = new Set(rows);
    this.draw();
  }

  setPlace(place) {
    this.place = place;
    this.draw();
  }

  // Draws a box, a cone or a polygon from now on; null ends that.
  setDrawing(shape) {
    this.pen = shape ? new Pen(shape) : null;
    this.canvas.classList.toggle("drawing", Boolean(shape));
    this.#setDraft(null);
  }

  #setDraft(place) {
    this.draft = place;
    this.draw();
  }

  #preview(event) {
    this.#setDraft(this.pen.preview(this.#toLonLat(this.#point(event))));
  }

  // A picture of the whole body, longitude 0 to 360 from left to right, or none.
  setBackground(address) {
    if (address === this.address) return;
    this.address = address;
    this.background = null;
    if (!address) return this.draw();
    const picture = new Image();
    picture.addEventListener("load", () => {
      if (this.address !== address) return;
      this.background = picture;
      this.draw();
    });
    picture.src = address;
  }

  fit() {
    this.view = { x: 0, y: 0, zoom: 1 };
    this.draw();
  }

  #makeMark(row) {
    const shape = findShape(row);
    if (!shape) return null;
    const path = new Path2D();
    if (shape.type === "Point") {
      const [x, y] = this.projection(shape.coordinates);
      path.moveTo(x + 0.6, y);
      path.arc(x, y, 0.6, 0, 2 * Math.PI);
      return { row, path, bounds: [[x - 1, y - 1], [x + 1, y + 1]], area: 0 };
    }
    const writer = d3.geoPath(this.projection, path);
    writer(shape);
    const bounds = d3.geoPath(this.projection).bounds(shape);
    return { row, path, bounds, area: (bounds[1][0] - bounds[0][0]) * (bounds[1][1] - bounds[0][1]) };
  }

  #scale() {
    const width = this.canvas.clientWidth - 1.2 * MARGIN, height = this.canvas.clientHeight - MARGIN;
    return Math.max(0.1, Math.min(width / WIDTH, height / HEIGHT)) * this.view.zoom;
  }

  #origin() {
    const scale = this.#scale();
    const width = this.canvas.clientWidth, height = this.canvas.clientHeight;
    return [
      MARGIN + (width - MARGIN - WIDTH * scale) / 2 + this.view.x,
      (height - MARGIN * 0.7 - HEIGHT * scale) / 2 + this.view.y,
    ];
  }

  draw() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      this.#paint();
    });
  }

  // Follows a movement by the last picture, and paints again when it has ended: 10,000 footprints
  // take longer than a picture may.
  move() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.draw(), SETTLED);
    if (!this.picture) return this.draw();
    this.following ||= requestAnimationFrame(() => {
      this.following = 0;
      this.#follow();
    });
  }

  #follow() {
    const { canvas, context, picture } = this, pixels = window.devicePixelRatio || 1;
    const scale = this.#scale(), [x, y] = this.#origin(), ratio = scale / picture.scale;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(ratio, 0, 0, ratio, (x - picture.x * ratio) * pixels, (y - picture.y * ratio) * pixels);
    context.drawImage(picture.canvas, 0, 0);
  }

  #keepPicture(scale, x, y) {
    const kept = this.picture?.canvas || document.createElement("canvas");
    kept.width = this.canvas.width;
    kept.height = this.canvas.height;
    kept.getContext("2d").drawImage(this.canvas, 0, 0);
    this.picture = { canvas: kept, scale, x, y };
  }

  #paint() {
    const { canvas, context } = this;
    const pixels = window.devicePixelRatio || 1;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (canvas.width !== Math.round(width * pixels)) canvas.width = Math.round(width * pixels);
    if (canvas.height !== Math.round(height * pixels)) canvas.height = Math.round(height * pixels);
    const style = getComputedStyle(this.figure);
    const scale = this.#scale(), [x, y] = this.#origin();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setTransform(scale * pixels, 0, 0, scale * pixels, x * pixels, y * pixels);
    context.fillStyle = style.getPropertyValue("--sphere");
    context.fillRect(0, 0, WIDTH, HEIGHT);
    if (this.background) context.drawImage(this.background, 0, 0, WIDTH, HEIGHT);
    this.#paintGrid(style, scale);
    // Over a picture, lines need an edge to be seen.
    if (this.background) this.#paintEdges(scale);
    context.lineWidth = 1.2 / scale;
    for (const [color, path] of this.whole || []) {
      context.strokeStyle = color;
      context.stroke(path);
    }
    for (const mark of this.marks) {
      if (!this.selected.has(mark.row)) continue;
      context.fillStyle = style.getPropertyValue("--chosen");
      context.globalAlpha = 0.35;
      context.fill(mark.path);
      context.globalAlpha = 1;
      context.lineWidth = 2.5 / scale;
      context.strokeStyle = style.getPropertyValue("--chosen");
      context.stroke(mark.path);
    }
    if (this.draft || this.place) this.#paintPlace(this.draft || this.place, style, scale);
    context.setTransform(pixels, 0, 0, pixels, 0, 0);
    this.#paintLabels(style, scale, x, y);
    this.#keepPicture(scale, x, y);
  }

  #paintEdges(scale) {
    const { context } = this;
    context.lineWidth = 3 / scale;
    context.strokeStyle = "rgb(255 255 255 / 75%)";
    for (const path of (this.whole || new Map()).values()) context.stroke(path);
  }

  #gridStep(scale) {
    return [45, 30, 15, 10, 5, 2, 1].filter((step) => step * scale >= 42).pop() || 90;
  }

  #paintGrid(style, scale) {
    const { context } = this, step = this.#gridStep(scale);
    context.strokeStyle = style.getPropertyValue("--grid");
    context.lineWidth = 0.7 / scale;
    context.beginPath();
    for (let lon = 0; lon <= 360; lon += step) { context.moveTo(lon, 0); context.lineTo(lon, HEIGHT); }
    for (let lat = 0; lat <= 180; lat += step) { context.moveTo(0, lat); context.lineTo(WIDTH, lat); }
    context.stroke();
    context.lineWidth = 1.4 / scale;
    context.strokeRect(0, 90, WIDTH, 0);
  }

  #paintLabels(style, scale, x, y) {
    const { context, canvas } = this, step = this.#gridStep(scale);
    context.fillStyle = style.getPropertyValue("--quiet");
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "center";
    const base = Math.min(y + HEIGHT * scale + 14, canvas.clientHeight - 5);
    for (let lon = 0; lon <= 360; lon += step) {
      const at = x + (this.frame === "celestial" ? 360 - lon : lon) * scale;
      if (at > MARGIN - 8 && at < canvas.clientWidth - 6) context.fillText(`${lon}°`, at, base);
    }
    context.textAlign = "right";
    const edge = Math.max(x - 4, MARGIN - 6);
    for (let lat = -90; lat <= 90; lat += step) {
      const at = y + (90 - lat) * scale + 4;
      if (at > 6 && at < base - 8) context.fillText(`${lat > 0 ? "+" : ""}${lat}°`, edge, at);
    }
  }

  #paintPlace(place, style, scale) {
    const { context } = this;
    context.strokeStyle = style.getPropertyValue("--accent");
    context.setLineDash([5 / scale, 3 / scale]);
    context.lineWidth = 2 / scale;
    context.beginPath();
    d3.geoPath(this.projection, context)(outlinePlace(place));
    context.stroke();
    context.setLineDash([]);
  }

  // Where the pointer is, in the map's units.
  #point(event) {
    const area = this.canvas.getBoundingClientRect(), [x, y] = this.#origin(), scale = this.#scale();
    return [(event.clientX - area.left - x) / scale, (event.clientY - area.top - y) / scale];
  }

  #toLonLat([x, y]) {
    const longitude = this.frame === "celestial" ? 360 - x : x;
    return [longitude, 90 - y];
  }

  // The smallest footprint under a point: large ones would hide it.
  #find([x, y]) {
    const slack = 3 / this.#scale();
    let best = null;
    for (const mark of this.marks) {
      const [[left, top], [right, bottom]] = mark.bounds;
      if (x < left - slack || x > right + slack || y < top - slack || y > bottom + slack) continue;
      if (best && best.area <= mark.area) continue;
      this.context.setTransform(1, 0, 0, 1, 0, 0);
      this.context.lineWidth = 2 * slack;
      if (this.context.isPointInPath(mark.path, x, y) || this.context.isPointInStroke(mark.path, x, y)) best = mark;
    }
    return best && best.row;
  }

  #zoom(factor, at) {
    const before = this.#scale(), [x, y] = this.#origin();
    const old = this.view.zoom;
    this.view.zoom = Math.min(MOST, Math.max(1, old * factor));
    const after = this.#scale();
    const [px, py] = at || [this.canvas.clientWidth / 2, this.canvas.clientHeight / 2];
    const [nx, ny] = this.#origin();
    this.view.x += px - ((px - x) * after) / before - nx;
    this.view.y += py - ((py - y) * after) / before - ny;
    if (this.view.zoom === 1) this.view = { x: 0, y: 0, zoom: 1 };
    this.move();
  }

  #listen() {
    const { canvas } = this;
    let held = null;
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const area = canvas.getBoundingClientRect();
      this.#zoom(event.deltaY < 0 ? 1.25 : 0.8, [event.clientX - area.left, event.clientY - area.top]);
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      held = { x: event.clientX, y: event.clientY, view: { ...this.view }, moved: false };
      this.pen?.press(this.#toLonLat(this.#point(event)));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!held && this.pen?.shape === "polygon") this.#preview(event);
      if (!held) return this.#hover(event);
      const dx = event.clientX - held.x, dy = event.clientY - held.y;
      held.moved ||= Math.abs(dx) + Math.abs(dy) > 4;
      if (!held.moved) return;
      if (this.pen) this.#preview(event);
      else { this.view = { ...held.view, x: held.view.x + dx, y: held.view.y + dy }; this.move(); }
    });
    canvas.addEventListener("pointerup", (event) => {
      const was = held;
      held = null;
      if (this.pen && was) this.#finish(this.pen.release(this.#toLonLat(this.#point(event)), was.moved));
      else if (was && !was.moved) this.onPick(this.#find(this.#point(event)), event.ctrlKey || event.shiftKey);
    });
    canvas.addEventListener("dblclick", () => this.pen && this.#finish(this.pen.close()));
    canvas.addEventListener("keydown", (event) => {
      const step = 40, moves = { ArrowLeft: [step, 0], ArrowRight: [-step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] };
      if (event.key === "+" || event.key === "=") this.#zoom(1.25);
      else if (event.key === "-") this.#zoom(0.8);
      else if (event.key === "Enter" && this.pen) this.#finish(this.pen.close());
      else if (event.key === "Escape" && this.pen) this.onPlace(null);
      else if (moves[event.key]) { this.view.x += moves[event.key][0]; this.view.y += moves[event.key][1]; this.move(); }
      else return;
      event.preventDefault();
    });
  }

  #hover(event) {
    const at = this.#point(event), row = this.#find(at);
    const [longitude, latitude] = this.#toLonLat(at);
    const inside = longitude >= 0 && longitude <= 360 && Math.abs(latitude) <= 90;
    this.canvas.classList.toggle("over", Boolean(row));
    this.onPoint(inside ? strings.degrees(longitude, latitude) : "", row);
  }

  #finish(place) {
    if (place) this.onPlace(place);
  }
}
