// Drawing a place on the map: a box by its corners, a cone from its middle, a polygon corner by corner.

const round = (value) => Math.round(10 * value) / 10;
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
const keepOnMap = ([longitude, latitude]) => [clamp(longitude, 0, 360), clamp(latitude, -90, 90)];

export class Pen {
  constructor(shape) {
    this.shape = shape;
    this.points = [];
  }

  press(at) {
    if (this.shape !== "polygon") this.points = [keepOnMap(at)];
  }

  // The place as it would be if the pointer ended here; null as long as it is none.
  preview(at) {
    return this.points.length ? makers[this.shape](this.points, keepOnMap(at)) : null;
  }

  // Gives the place if it is drawn now; a polygon gets another corner.
  release(at, dragged) {
    if (this.shape !== "polygon") return dragged ? this.preview(at) : null;
    const corner = keepOnMap(at).map(round);
    if (String(corner) !== String(this.points.at(-1))) this.points.push(corner);
    return null;
  }

  // Gives the polygon of all corners so far, if they are enough.
  close() {
    return this.points.length > 2 ? { shape: "polygon", numbers: this.points.flat() } : null;
  }
}

const makers = {
  box: ([[lonA, latA]], [lonB, latB]) => ({
    shape: "box",
    numbers: [Math.min(lonA, lonB), Math.max(lonA, lonB), Math.min(latA, latB), Math.max(latA, latB)].map(round),
  }),
  cone: ([middle], at) => ({
    shape: "cone", numbers: [...middle.map(round), Math.max(0.1, round((d3.geoDistance(middle, at) * 180) / Math.PI))],
  }),
  polygon: (points, at) => ({ shape: "polygon", numbers: [...points, at].flat() }),
};
