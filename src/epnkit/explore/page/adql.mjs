// A search as ADQL of one table, as epnkit.client.adql writes it (a test compares them).
import { boundPlace, writeShape } from "./places.mjs";

export const textColumns = [
  "granule_uid", "granule_gid", "obs_id", "target_name", "target_region", "feature_name",
  "instrument_host_name", "instrument_name", "measurement_type", "file_name", "species",
];

const VALUES_A_NAME = 4000; // as in epnkit.client.adql

// terms: time [low, high] (JD), frequency [low, high] (Hz), target, instrument, kind, level,
// place { shape, numbers } (places.mjs), frame, text, where; what is missing does not matter.
// every: whether all columns may be asked for, if that is quicker than to name those that are wanted.
export function writeQuery(table, known, terms, limit, columns, order, every = true) {
  // TAP_SCHEMA writes names as ADQL wants them: in quotes where they are needed (TAP 1.1, section 4.3).
  const has = new Map(known.map((name) => [name.replaceAll('"', ""), name]));
  const conditions = writeConditions(terms, has);
  const used = conditions.filter((each) => each.needs.every((name) => has.has(name)));
  const leftOut = conditions.filter((each) => !used.includes(each)).map((each) => each.term);
  const wanted = columns.filter((name) => has.has(name));
  const all = every && (known.length - wanted.length) * limit <= VALUES_A_NAME * wanted.length;
  let text = `SELECT ${all ? "*" : wanted.map((name) => has.get(name)).join(", ")} FROM ${table}`;
  if (used.length) text += ` WHERE ${used.map((each) => each.text).join(" AND ")}`;
  if (has.has(order)) text += ` ORDER BY ${has.get(order)}`;
  return { text, leftOut, columns: wanted };
}

function writeConditions(terms, has) {
  const found = [];
  const add = (term, needs, text) => found.push({ term, needs, text });
  for (const [term, low, high] of [
    ["time", "time_min", "time_max"], ["frequency", "spectral_range_min", "spectral_range_max"],
  ]) if (terms[term]) add(term, [low, high], overlap(low, high, ...terms[term]));
  for (const [term, name] of [
    ["target", "target_name"], ["instrument", "instrument_name"], ["kind", "dataproduct_type"],
  ]) if (terms[term]) add(term, [name], isInList(name, terms[term]));
  if (terms.level) add("level", ["processing_level"], `processing_level = ${Number(terms.level)}`);
  if (terms.place) found.push(writePlace(terms.place, terms.frame || "body", has));
  for (const word of (terms.text || "").split(/\s+/).filter(Boolean)) {
    const columns = textColumns.filter((name) => has.has(name));
    const pattern = quoteText(`%${word.toLowerCase()}%`);
    add("text", columns.length ? [] : textColumns,
      `(${columns.map((name) => `LOWER(${name}) LIKE ${pattern}`).join(" OR ")})`);
  }
  if ((terms.where || "").trim()) add("where", [], `(${terms.where.trim()})`);
  return found;
}

// A footprint that overlaps; rows without one, by the limits of their coordinates.
function writePlace(place, frame, has) {
  const boxes = boundPlace(place).map((box) => within(...box)), shape = writeShape(place, number);
  const limits = boxes.length > 1 ? `(${boxes.join(" OR ")})` : boxes[0];
  const text = has.has("s_region") && shape ? `(1 = INTERSECTS(s_region, ${shape}) OR (s_region IS NULL AND ${limits}))` : limits;
  return {
    term: "place", needs: ["c1min", "c1max", "c2min", "c2max", "spatial_frame_type"],
    text: `spatial_frame_type = ${quoteText(frame)} AND ${text}`,
  };
}

const overlap = (low, high, start, end) => `${high} >= ${number(start)} AND ${low} <= ${number(end)}`;

// A value, or one of a list joined by # (EPN-TAP 2.0, section 2.2), in any case.
const isInList = (name, value) =>
  `'#' || LOWER(${name}) || '#' LIKE ${quoteText(`%#${value.trim().toLowerCase()}#%`)}`;

function within(west, east, south, north) {
  const [w, e, s, n] = [west, east, south, north].map(number);
  return `(c2max >= ${s} AND c2min <= ${n} AND ((c1min <= ${e} AND c1max >= ${w})` +
    ` OR (c1min > c1max AND (c1min <= ${e} OR c1max >= ${w}))))`;
}

// As Python writes a float, so that both say the same.
function number(value) {
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

export const quoteText = (text) => `'${text.replaceAll("'", "''")}'`;
