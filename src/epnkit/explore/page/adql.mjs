// A search as ADQL of one table, as epnkit.client.adql writes it (a test compares them).

export const textColumns = [
  "granule_uid", "granule_gid", "obs_id", "target_name", "target_region", "feature_name",
  "instrument_host_name", "instrument_name", "measurement_type", "file_name", "species",
];

// terms: time [low, high] (JD), frequency [low, high] (Hz), target, instrument, kind, level,
// box [west, east, south, north], frame, text, where; what is missing does not matter.
export function writeQuery(table, known, terms, columns, order) {
  // TAP_SCHEMA writes names as ADQL wants them: in quotes where they are needed (TAP 1.1, section 4.3).
  const has = new Map(known.map((name) => [name.replaceAll('"', ""), name]));
  const conditions = writeConditions(terms, has);
  const used = conditions.filter((each) => each.needs.every((name) => has.has(name)));
  const leftOut = conditions.filter((each) => !used.includes(each)).map((each) => each.term);
  const wanted = columns.filter((name) => has.has(name));
  let text = `SELECT ${wanted.map((name) => has.get(name)).join(", ")} FROM ${table}`;
  if (used.length) text += ` WHERE ${used.map((each) => each.text).join(" AND ")}`;
  if (has.has(order)) text += ` ORDER BY ${has.get(order)}`;
  return { text, leftOut };
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
  if (terms.box) {
    const limits = boundBox(...terms.box).map((box) => within(...box));
    const text = limits.length > 1 ? `(${limits.join(" OR ")})` : limits[0];
    add("place", ["c1min", "c1max", "c2min", "c2max", "spatial_frame_type"],
      `spatial_frame_type = ${quoteText(terms.frame || "body")} AND ${text}`);
  }
  for (const word of (terms.text || "").split(/\s+/).filter(Boolean)) {
    const columns = textColumns.filter((name) => has.has(name));
    const pattern = quoteText(`%${word.toLowerCase()}%`);
    add("text", columns.length ? [] : textColumns,
      `(${columns.map((name) => `LOWER(${name}) LIKE ${pattern}`).join(" OR ")})`);
  }
  if ((terms.where || "").trim()) add("where", [], `(${terms.where.trim()})`);
  return found;
}

const overlap = (low, high, start, end) => `${high} >= ${number(start)} AND ${low} <= ${number(end)}`;

// A value, or one of a list joined by # (EPN-TAP 2.0, section 2.2), in any case.
const isInList = (name, value) =>
  `('#' || LOWER(${name}) || '#') LIKE ${quoteText(`%#${value.trim().toLowerCase()}#%`)}`;

function within(west, east, south, north) {
  const [w, e, s, n] = [west, east, south, north].map(number);
  return `(c2max >= ${s} AND c2min <= ${n} AND ((c1min <= ${e} AND c1max >= ${w})` +
    ` OR (c1min > c1max AND (c1min <= ${e} OR c1max >= ${w}))))`;
}

// Boxes that do not cross the meridian 0.
function boundBox(west, east, south, north) {
  if (east - west >= 360) return [[0, 360, south, north]];
  const turn = (longitude) => ((longitude % 360) + 360) % 360;
  const [low, high] = [turn(west), turn(east)];
  if (low <= high) return [[low, high, south, north]];
  return [[low, 360, south, north], [0, high, south, north]];
}

// As Python writes a float, so that both say the same.
function number(value) {
  const text = String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

export const quoteText = (text) => `'${text.replaceAll("'", "''")}'`;
