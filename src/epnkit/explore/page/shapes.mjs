// Where a granule is: a footprint, a box of longitude and latitude, or a point.

const STEP = 5; // degrees between the points of a parallel

// Gives a GeoJSON geometry whose inside is the smaller part of the sphere, or null.
export function findShape(row) {
  const corners = parseRegion(row.s_region);
  if (corners) return orient(corners);
  const limits = [row.c1min, row.c1max, row.c2min, row.c2max];
  if (limits.some((value) => value === null || value === undefined || !Number.isFinite(value))) return null;
  const [west, east, south, north] = limits;
  if (west === east && south === north) return { type: "Point", coordinates: [west, south] };
  return boxShape(west, east, south, north);
}

// Corners of a polygon: DaCHS writes it as numbers, or as text of DALI or STC-S.
function parseRegion(region) {
  if (region === null || region === undefined) return null;
  if (typeof region === "string" && /circle|union|not|intersection/i.test(region)) return null;
  const numbers = Array.isArray(region) ? region.flat(2).map(Number)
    : (String(region).match(/[-+]?\d*\.?\d+(?:[eE][-+]?\d+)?/g) || []).map(Number);
  if (numbers.length < 6 || numbers.length % 2 || !numbers.every(Number.isFinite)) return null;
  return Array.from({ length: numbers.length / 2 }, (_, index) => numbers.slice(2 * index, 2 * index + 2));
}

function orient(corners) {
  const ring = [...corners, corners[0]];
  const shape = { type: "Polygon", coordinates: [ring] };
  if (d3.geoArea(shape) > 2 * Math.PI) ring.reverse();
  return shape;
}

// Edges are meridians and parallels: great circles would bend.
function boxShape(west, east, south, north) {
  const width = east >= west ? east - west : east - west + 360;
  if (width >= 359.99 && north - south >= 179.99) return { type: "Sphere" };
  if (width >= 359.99) return bandShape(south, north);
  const steps = Math.max(1, Math.ceil(width / STEP));
  const along = (latitude) => Array.from({ length: steps + 1 }, (_, k) => [west + (width * k) / steps, latitude]);
  const ring = [...along(north), ...along(south).reverse()];
  ring.push(ring[0]);
  // A box wider than a hemisphere is not the smaller part.
  return width < 180 ? orient(ring.slice(0, -1)) : { type: "Polygon", coordinates: [ring] };
}

function bandShape(south, north) {
  const parallel = (latitude) => Array.from({ length: 73 }, (_, k) => [k * STEP, latitude]);
  return { type: "MultiLineString", coordinates: [parallel(south), parallel(north)] };
}
