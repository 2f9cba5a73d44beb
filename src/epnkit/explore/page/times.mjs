// Times as Julian dates and as people write them, always UTC.

const EPOCH = 2440587.5; // 1970-01-01T00:00 as a Julian date
const DAY = 86400000; // milliseconds
const FORM = /^(\d{4})-(\d{2})(?:-(\d{2})(?:[T ](\d{2})(?::(\d{2})(?::(\d{2}(?:\.\d+)?))?)?)?)?Z?$/;

// Milliseconds since 1970, as Date has them, as a Julian date.
export const fromMilliseconds = (time) => time / DAY + EPOCH;

// Reads 2005-04, 2005-04-01 or 2005-04-01T12:30; gives the first or the last instant of it.
export function parseTime(text, last) {
  const found = FORM.exec(text.trim());
  if (!found) return NaN;
  const [, year, month, day, hour, minute, second] = found;
  const start = Date.UTC(+year, +month - 1, +(day || 1), +(hour || 0), +(minute || 0), 0) + 1000 * (second || 0);
  const check = new Date(start);
  if (check.getUTCMonth() !== +month - 1 || +month < 1) return NaN;
  if (!last || hour) return fromMilliseconds(start);
  const end = day ? start + DAY : Date.UTC(+year, +month, 1);
  return fromMilliseconds(end) - 1e-9; // not the instant at which the next begins
}

// Reads a time as servers write it: a date, or one with a time of day (ISO 8601).
export const toJulian = (text) => fromMilliseconds(Date.parse(/T.*[^Z]$/.test(text) ? `${text}Z` : text));

// Up to whole seconds, or to milliseconds if more digits are wanted.
export function writeTime(julian, digits = 19) {
  if (julian === null || !Number.isFinite(julian)) return "";
  const unit = digits > 19 ? 1 : 1000, date = new Date(Math.round(((julian - EPOCH) * DAY) / unit) * unit);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString().slice(0, digits);
}
