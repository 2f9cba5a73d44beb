// Records of a HAPI server (HAPI 3.3, binary), averaged to as many times as a picture has columns.
import { strings } from "./strings.mjs";
import { toJulian, writeTime } from "./times.mjs";
import { fromHertz, units } from "./units.mjs";

const MOST_BYTES = 200e6; // of one picture
const widths = { integer: 4, double: 8 }; // HAPI 3.3, section 3.7.6
const readers = {
  integer: (view, offset) => view.getInt32(offset, true),
  double: (view, offset) => view.getFloat64(offset, true),
};
const text = new TextDecoder("ascii");

// What a link to records asks for: { root, dataset, span }, or null if it leads elsewhere.
export function parseLink(address) {
  if (!URL.canParse(address)) return null;
  const url = new URL(address), get = (now, before) => url.searchParams.get(now) || url.searchParams.get(before);
  const [dataset, start, stop] = [get("dataset", "id"), get("start", "time.min"), get("stop", "time.max")];
  const span = [start, stop].map(toJulian);
  if (!/^https?:$/.test(url.protocol) || !url.pathname.endsWith("/hapi/data") || !dataset || !span.every(Number.isFinite)) return null;
  return { root: `${url.origin}${url.pathname.replace(/\/data$/, "")}`, dataset, span };
}

// The parameters that can be drawn: numbers, one of a time or with one axis; spectra first.
export async function listParameters(stream, signal) {
  const { parameters: found } = await askInfo(stream, "", signal);
  const drawn = found.filter((each) => widths[each.type] && (!each.size || (each.size.length === 1 && each.bins)));
  const axes = new Set(drawn.map(nameAxis).filter(Boolean));
  return drawn.filter((each) => !axes.has(each.name)).sort((a, b) => Boolean(b.size) - Boolean(a.size));
}

// Averages of a parameter: { span, columns, channels, means (a column after the other), whole }.
// limits are those of the axis in Hz, if it differs from record to record.
export async function readMeans(stream, parameter, span, columns, limits, signal) {
  const axis = nameAxis(parameter), asked = [axis, parameter.name].filter(Boolean).join(",");
  const info = await askInfo(stream, asked, signal), layout = layOut(info.parameters);
  const values = layout.find((each) => each.name === parameter.name), centers = layout.find((each) => each.name === axis);
  const sum = new Means(span, columns, centers ? spread(limits, parameter.bins[0].units) : parameter.bins?.[0].centers || [0]);
  const within = clip(span, info), done = (whole) => ({ span, columns, channels: sum.channels, means: sum.divide(Boolean(centers)), whole });
  if (!within) return done(true);
  const answer = await ask(stream, "data", { ...within, parameters: asked, format: "binary" }, signal);
  return done(await readRecords(answer, layout.at(-1).end, (view, at) => {
    const time = toJulian(text.decode(new Uint8Array(view.buffer, view.byteOffset + at, layout[0].width)).replace(/\0+$/, ""));
    const column = sum.findColumn(time);
    if (column >= 0) addRecord(sum, column, view, at, values, centers);
  }));
}

function addRecord(sum, column, view, at, values, centers) {
  const read = readers[values.type], fill = Number(values.fill);
  for (let k = 0; k < values.count; k++) {
    const value = read(view, at + values.offset + k * values.width);
    if (value === fill || !Number.isFinite(value)) continue;
    const channel = centers ? sum.findChannel(view.getFloat64(at + centers.offset + k * centers.width, true)) : k;
    if (channel >= 0) sum.add(column, channel, value);
  }
}

const nameAxis = (parameter) => (typeof parameter.bins?.[0].centers === "string" ? parameter.bins[0].centers : "");

// The part of a span in which there may be records: servers refuse what is without. Null if there is none.
function clip([start, stop], { startDate, stopDate }) {
  const [first, last] = [startDate, stopDate].map(toJulian);
  if (start >= last || stop <= first) return null;
  const write = (time) => `${writeTime(time, 23)}Z`;
  return { start: start <= first ? startDate : write(start), stop: stop >= last ? stopDate : write(stop) };
}

async function askInfo(stream, parameters, signal) {
  const answer = await ask(stream, "info", { resolve_references: "true", ...(parameters && { parameters }) }, signal);
  return answer.json();
}

async function ask(stream, endpoint, words, signal) {
  const answer = await fetch(`${stream.root}/${endpoint}?${new URLSearchParams({ dataset: stream.dataset, ...words })}`, { signal });
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => null);
  throw new Error(said?.status?.message || `HTTP ${answer.status}`);
}

// Where each parameter is in a record.
function layOut(parameters) {
  let end = 0;
  return parameters.map((each) => {
    const offset = end, width = widths[each.type] || each.length, count = (each.size || [1]).reduce((a, b) => a * b, 1);
    end += count * width;
    return { ...each, offset, width, count, end };
  });
}

// Gives whether all came: what is too much ends it.
async function readRecords(answer, size, take) {
  const reader = answer.body.getReader();
  let rest = new Uint8Array(0), total = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    total += part.value.length;
    const bytes = new Uint8Array(rest.length + part.value.length), view = new DataView(bytes.buffer);
    bytes.set(rest);
    bytes.set(part.value, rest.length);
    let at = 0;
    for (; at + size <= bytes.length; at += size) take(view, at);
    rest = bytes.subarray(at);
    if (total <= MOST_BYTES) continue;
    await reader.cancel();
    return false;
  }
  if (rest.length) throw new Error(strings.cutOff);
  return true;
}

// Channels between limits, evenly by their ratio, for an axis that differs from record to record.
function spread(limits, unit) {
  if (!limits.every((each) => Number.isFinite(each) && each > 0)) throw new Error(strings.noLimits);
  const [low, high] = units.includes(unit) ? limits.map((each) => fromHertz(each, unit)).sort((a, b) => a - b) : limits;
  return Array.from({ length: 128 }, (_, k) => low * (high / low) ** (k / 127));
}

class Means {
  constructor(span, columns, channels) {
    Object.assign(this, { span, columns, channels });
    this.sums = new Float64Array(columns * channels.length);
    this.counts = new Uint32Array(columns * channels.length);
    this.step = Math.log(channels.at(-1) / channels[0]) / (channels.length - 1);
  }

  findColumn(time) {
    const [start, stop] = this.span, column = Math.floor(((time - start) / (stop - start)) * this.columns);
    return column >= 0 && column < this.columns ? column : -1;
  }

  findChannel(value) {
    const channel = value > 0 ? Math.round(Math.log(value / this.channels[0]) / this.step) : -1;
    return channel < this.channels.length ? channel : -1;
  }

  add(column, channel, value) {
    const index = column * this.channels.length + channel;
    this.sums[index] += value;
    this.counts[index] += 1;
  }

  // The means; between records, and between frequencies that differ, that of the nearest.
  divide(varies) {
    const means = Float64Array.from(this.sums, (sum, index) => (this.counts[index] ? sum / this.counts[index] : NaN));
    const { columns, channels } = this, width = channels.length;
    if (varies) for (let column = 0; column < columns; column++) fillGaps(means, column * width, 1, width);
    for (let channel = 0; channel < width; channel++) fillGaps(means, channel, width, columns);
    return means;
  }
}

// Fills a line of values whose neighbours are as far apart as most are; longer gaps stay.
function fillGaps(values, first, step, length) {
  const there = [];
  for (let k = 0; k < length; k++) if (Number.isFinite(values[first + k * step])) there.push(k);
  if (there.length < 2 || there.length === length) return;
  const distances = there.slice(1).map((k, index) => k - there[index]).sort((a, b) => a - b);
  const reach = 0.75 * distances[distances.length >> 1] + 0.5, known = new Set(there);
  let next = 0;
  for (let k = 0; k < length; k++) {
    while (next < there.length - 1 && there[next] < k) next++;
    const before = there[Math.max(0, next - 1)], after = there[next];
    const nearest = Math.abs(k - before) <= Math.abs(after - k) ? before : after;
    if (!known.has(k) && Math.abs(k - nearest) <= reach) values[first + k * step] = values[first + nearest * step];
  }
}
