// What JHelioviewer takes of rows, as epnkit.client.jhelioviewer has it (a test compares them).
import { findShape } from "./shapes.mjs";
import { writeTime } from "./times.mjs";

export const LOAD_IMAGES = "jhv.load.image", LOAD_FOOTPRINTS = "jhv.load.sunjson";
const MOST_IMAGES = 50, MOST_TIMES = 200;
const RADIUS = 1.001; // solar radii: at 1 the Sun would hide what is drawn
const STEP = 2; // degrees: longer lines would go through the Sun
const COLORS = [[255, 180, 0, 255]], THICKNESS = 0.004;

const split = (names) => (names || "").toLowerCase().split("#");
const isOfSun = (row) => split(row.target_name).includes("sun");

// The addresses of the images of the Sun, in FITS.
export function listImages(rows) {
  const found = rows.filter((row) => isOfSun(row) && split(row.dataproduct_type).some((kind) => ["im", "ma"].includes(kind))
    && /^(image|application)\/fits$/.test(row.access_format || "") && row.access_url);
  return [...new Set(found.map((row) => row.access_url))].slice(0, MOST_IMAGES);
}

// The footprints on the Sun as SunJSON, a document for each time of observation.
export function writeFootprints(rows) {
  const shapes = new Map();
  for (const row of rows) {
    const shape = isOfSun(row) && row.spatial_frame_type === "body" && Number.isFinite(row.time_min) ? draw(row) : null;
    if (!shape) continue;
    const time = writeTime(row.time_min);
    shapes.set(time, [...(shapes.get(time) || []), shape]);
  }
  return [...shapes.keys()].sort().slice(0, MOST_TIMES)
    .map((time) => JSON.stringify({ type: "SunJSON", time, geometry: shapes.get(time) }));
}

// A polygon, or a point of one longitude and latitude.
function draw(row) {
  const shape = findShape(row);
  if (shape?.type === "Point") return write("point", [shape.coordinates]);
  return shape?.type === "Polygon" && row.s_region ? write("line", follow(shape.coordinates[0])) : null;
}

const write = (type, places) => ({
  type, coordinates: places.map(([lon, lat]) => [RADIUS, Number(lon.toFixed(4)), Number(lat.toFixed(4))]), colors: COLORS, thickness: THICKNESS,
});

// Follows the great circles of a closed ring, in short steps.
function follow(ring) {
  const edges = d3.pairs(ring).flatMap(([start, end]) => {
    const steps = Math.max(1, Math.ceil((d3.geoDistance(start, end) * 180) / Math.PI / STEP)), between = d3.geoInterpolate(start, end);
    return Array.from({ length: steps }, (_, k) => between(k / steps));
  });
  return [...edges, ring[0]];
}
