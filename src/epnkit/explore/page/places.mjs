// A part of the body or of the sky: a box, a cone or a polygon, as text, for ADQL and for the map.

// What each kind is written as; the words are the client's: --box, --cone, --polygon.
export const shapes = ["box", "cone", "polygon"];

const isLatitude = (value) => Math.abs(value) <= 90;

const fits = {
  box: (n) => n.length === 4 && n[2] <= n[3] && isLatitude(n[2]) && isLatitude(n[3]),
  cone: (n) => n.length === 3 && isLatitude(n[1]) && n[2] > 0 && n[2] <= 180,
  polygon: (n) => n.length >= 6 && n.length % 2 === 0 && n.every((value, index) => index % 2 === 0 || isLatitude(value)),
};

// Reads west,east,south,north or longitude,latitude,radius or lon lat, lon lat…; null if it is none.
export function readPlace(shape, text) {
  const numbers = text.trim().split(/[,\s]+/).map(Number);
  return numbers.every(Number.isFinite) && fits[shape](numbers) ? { shape, numbers } : null;
}

export function writePlace({ shape, numbers }) {
  if (shape !== "polygon") return numbers.join(",");
  return pairUp(numbers).map((point) => point.join(" ")).join(", ");
}

export const pairUp = (numbers) => Array.from({ length: numbers.length / 2 }, (_, k) => [numbers[2 * k], numbers[2 * k + 1]]);

// The place as ADQL has it; boxes have none.
export function writeShape({ shape, numbers }, number) {
  const name = { cone: "CIRCLE", polygon: "POLYGON" }[shape];
  return name && `${name}('', ${numbers.map(number).join(", ")})`;
}

// Boxes around a place that do not cross the meridian 0: [west, east, south, north].
export function boundPlace(place) {
  const [west, east, south, north] = findLimits(place);
  if (east - west >= 360) return [[0, 360, south, north]];
  const [low, high] = [turn(west), turn(east)];
  return low <= high ? [[low, high, south, north]] : [[low, 360, south, north], [0, high, south, north]];
}

function turn(longitude) {
  const rest = longitude % 360;
  return rest < 0 ? rest + 360 : rest;
}

function findLimits({ shape, numbers }) {
  if (shape === "box") return numbers;
  if (shape === "cone") return findConeLimits(...numbers);
  const points = unwind(pairUp(numbers)), of = (k, least) => least(...points.map((point) => point[k]));
  return [of(0, Math.min), of(0, Math.max), of(1, Math.min), of(1, Math.max)];
}

function findConeLimits(longitude, latitude, radius) {
  const south = latitude - radius, north = latitude + radius, radian = Math.PI / 180, degree = 180 / Math.PI;
  if (south <= -90 || north >= 90) return [0, 360, Math.max(south, -90), Math.min(north, 90)];
  const half = Math.asin(Math.sin(radius * radian) / Math.cos(latitude * radian)) * degree;
  return [longitude - half, longitude + half, south, north];
}

// Longitudes that go on over the meridian 0, the short way round.
function unwind(points) {
  let last = null;
  return points.map(([longitude, latitude]) => {
    if (last !== null) longitude = last + turn(longitude - last + 180) - 180;
    last = longitude;
    return [longitude, latitude];
  });
}

// The outline for the map, as GeoJSON.
export function outlinePlace({ shape, numbers }) {
  if (shape === "cone") return { type: "LineString", coordinates: d3.geoCircle().center(numbers.slice(0, 2)).radius(numbers[2])().coordinates[0] };
  if (shape === "polygon") return { type: "LineString", coordinates: [...pairUp(numbers), numbers.slice(0, 2)] };
  const [west, east, south, north] = numbers, width = east >= west ? east - west : east - west + 360;
  const steps = Math.max(1, Math.ceil(width / 5));
  const along = (latitude) => Array.from({ length: steps + 1 }, (_, k) => [west + (width * k) / steps, latitude]);
  const ring = [...along(north), ...along(south).reverse()];
  return { type: "LineString", coordinates: [...ring, ring[0]] };
}
