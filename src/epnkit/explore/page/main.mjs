// The page: a form, what it finds, and an address that holds both.
import { quoteText, writeQuery } from "./adql.mjs";
import { showDetails } from "./details.mjs";
import { FootprintMap } from "./map.mjs";
import { ResultTable, showGallery, writeCsv } from "./results.mjs";
import { sendTables } from "./sending.mjs";
import { fillIn, strings } from "./strings.mjs";
import { listMaps, listServices, run, votableAddress } from "./tap.mjs";
import { Timeline } from "./timeline.mjs";
import { parseTime, writeTime } from "./times.mjs";

const find = (selector) => document.querySelector(selector);

const wanted = [
  "granule_uid", "granule_gid", "obs_id", "dataproduct_type", "target_name", "time_min", "time_max",
  "spectral_range_min", "spectral_range_max", "c1min", "c1max", "c2min", "c2max", "s_region",
  "spatial_frame_type", "instrument_host_name", "instrument_name", "measurement_type", "processing_level",
  "access_url", "access_format", "file_name", "thumbnail_url", "datalink_url", "feature_name",
];
const units = { Hz: 1, kHz: 1e3, MHz: 1e6, GHz: 1e9, "nm": -1e-9, "Å": -1e-10, "µm": -1e-6, m: -1, keV: 2.417989242e17 };
// Colours that differ for any number of services: the golden angle around the wheel.
const colorOf = (index) => `hsl(${Math.round(index * 137.5 + 215) % 360} 62% ${index % 2 ? 38 : 50}%)`;
const LONGEST = 8000; // of an address: servers refuse longer ones
const AT_ONCE = 3; // one server: more only wait in its queue

const state = { services: [], maps: [], rows: [], shown: [], selected: [], asked: [], chosen: null, busy: null };
let map, timeline, table;

async function start() {
  fillIn(document);
  document.title = find("#title").textContent = strings.title;
  fillSelects();
  const ofRow = (row) => row.color;
  map = new FootprintMap(find("#map"), {
    colorOf: ofRow, onPick: pick, onBox: setBox,
    onPoint: (place, row) => { find("#under").textContent = [place, row && `${row.service} ${row.granule_uid}`].filter(Boolean).join(" — "); },
  });
  timeline = new Timeline(find("#timeline"), { colorOf: ofRow, onBrush: filterTimes });
  table = new ResultTable(find("#table"), { onChoose: choose, onSelect: select });
  showDetails(find("#details"), null);
  say(strings.loading);
  listen();
  state.maps = await listMaps();
  try {
    state.services = await listServices();
  } catch (error) {
    return say(`/tap ${strings.down}: ${error.message}`, true);
  }
  state.services.forEach((service, index) => { service.color = colorOf(index); });
  showServices();
  if (!state.services.length) return say(strings.noServices, true);
  readAddress();
  say("");
  if (location.hash.length > 1) await search();
}

function fillSelects() {
  const fill = (selector, pairs) => find(selector).replaceChildren(...pairs.map(([value, text]) => new Option(text, value, value === "MHz")));
  fill("#kind", [["", strings.anyKind], ...Object.entries(strings.kinds)]);
  fill("#unit", Object.keys(units).map((unit) => [unit, unit]));
  fill("#level", [["", strings.anyLevel], ...[1, 2, 3, 4, 5, 6].map((level) => [level, level])]);
  fill("#frame", Object.entries(strings.frames));
}

function showServices() {
  find("#services").replaceChildren(...state.services.map((service) => {
    const label = document.createElement("label"), box = document.createElement("input");
    const mark = document.createElementNS("http://www.w3.org/2000/svg", "svg"), dot = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    const count = document.createElement("output");
    Object.assign(box, { type: "checkbox", name: "service", value: service.name, checked: true });
    mark.setAttribute("viewBox", "0 0 10 10");
    for (const [name, value] of [["cx", 5], ["cy", 5], ["r", 5], ["fill", service.color]]) dot.setAttribute(name, value);
    mark.append(dot);
    label.title = service.title;
    label.append(box, mark, ` ${service.name} `, count);
    Object.assign(service, { label, count });
    return label;
  }));
}

// ---- the search

function readTerms() {
  const form = new FormData(find("#form")), value = (name) => String(form.get(name) || "").trim();
  const terms = { target: value("target"), kind: value("kind"), instrument: value("instrument"), level: value("level"), text: value("text"), where: value("where"), frame: value("frame") };
  if (value("from") || value("to")) terms.time = [readTime(value("from") || value("to"), false), readTime(value("to") || value("from"), true)];
  if (value("low") || value("high")) {
    const unit = units[value("unit")], given = [value("low") || value("high"), value("high") || value("low")].map(readNumber);
    terms.frequency = given.map((each) => (unit > 0 ? each * unit : 299792458 / (each * -unit))).sort((a, b) => a - b);
  }
  if (value("box")) terms.box = readBox(value("box"));
  return terms;
}

function readTime(text, last) {
  const time = parseTime(text, last);
  if (!Number.isFinite(time)) throw new Error(strings.notATime(text));
  return time;
}

function readNumber(text) {
  const number = Number(text);
  if (!Number.isFinite(number)) throw new Error(strings.notANumber(text));
  return number;
}

function readBox(text) {
  const box = text.split(/[,\s]+/).map(Number);
  const [, , south, north] = box;
  if (box.length !== 4 || !box.every(Number.isFinite) || south > north || Math.abs(south) > 90 || Math.abs(north) > 90) throw new Error(strings.notABox(text));
  return box;
}

async function search() {
  state.busy?.abort();
  const busy = (state.busy = new AbortController()), started = performance.now();
  let terms;
  try {
    terms = readTerms();
  } catch (error) {
    return say(error.message, true);
  }
  writeAddress();
  map.setBox(terms.box || null);
  const limit = Math.max(1, Number(find("[name=limit]").value) || 2000);
  const chosen = state.services.filter((service) => service.label.querySelector("input").checked);
  Object.assign(state, { rows: [], shown: [], selected: [], chosen: null });
  for (const service of state.services) service.count.textContent = "";
  state.asked = chosen.map((service) => ({ service, ...writeQuery(service.table, [...service.columns.keys()], terms, wanted, "time_min"), limit }));
  showAsked();
  say(strings.searching);
  const waiting = [...state.asked], faults = [];
  const work = async () => {
    for (let asked; (asked = waiting.shift());) {
      await askOne(asked, busy.signal, faults);
      if (busy.signal.aborted) return;
      refresh();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (busy.signal.aborted) return;
  refresh();
  const notes = state.asked.filter((each) => each.leftOut.length).map((each) => `${each.service.name}: ${strings.notAsked} ${each.leftOut.join(", ")}`);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  say([strings.found(state.rows.length, chosen.length - faults.length, seconds), ...faults, ...notes].join(" · "), faults.length > 0);
}

async function askOne(asked, signal, faults) {
  const { service, limit } = asked;
  try {
    const found = await run(asked.text, limit + 1, signal);
    const names = found.columns.map((column) => column.name), more = found.rows.length > limit;
    const rows = found.rows.slice(0, limit).map((values) => {
      const row = Object.fromEntries(names.map((name, index) => [name, values[index]]));
      return Object.assign(row, { service: service.name, key: `${service.name}/${row.granule_uid}`, color: service.color });
    });
    state.rows.push(...rows);
    asked.rows = rows.length;
    service.count.textContent = more ? `${limit}+` : String(rows.length);
    service.count.title = more ? strings.more : "";
    service.label.classList.remove("down");
  } catch (error) {
    if (signal.aborted) return;
    service.count.textContent = "!";
    service.count.title = error.message;
    service.label.classList.add("down");
    faults.push(`${service.name}: ${error.message}`);
  }
}

// ---- what is shown

let refreshing = 0;
function refresh() {
  clearTimeout(refreshing);
  refreshing = setTimeout(() => {
    timeline.show(state.rows);
    filterTimes(null);
  }, 30);
}

function filterTimes(times) {
  const within = (row) => row.time_min <= times[1] && (row.time_max ?? row.time_min) >= times[0];
  state.shown = times ? state.rows.filter(within) : state.rows;
  const brushed = find("#brushed");
  brushed.replaceChildren();
  if (times) {
    const clear = document.createElement("button");
    clear.type = "button";
    clear.textContent = strings.clearTimes;
    clear.addEventListener("click", () => { timeline.setBrush(null); filterTimes(null); });
    brushed.append(times.map((time) => writeTime(time, 16).replace("T", " ")).join(" – "), " ", clear);
  }
  showRows();
}

// Offers the maps of the body that the rows are of; the first is shown unless another was chosen.
function showBackgrounds(frame, targets) {
  const bodies = new Set(targets.map((name) => String(name).toLowerCase()));
  const maps = frame === "body" ? state.maps.filter((each) => bodies.has(String(each.body).toLowerCase())) : [];
  const chosen = state.background ?? maps[0]?.picture ?? "";
  find("#backgrounds").hidden = !maps.length;
  find("#background").replaceChildren(
    ...[["", strings.noBackground], ...maps.map((each) => [each.picture, each.title])].map(([value, text]) => new Option(text, value, value === chosen, value === chosen)),
  );
  map.setBackground(maps.some((each) => each.picture === chosen) ? chosen : null);
}

function showRows() {
  const frame = state.shown.some((row) => row.spatial_frame_type === "body") ? "body" : state.shown.find((row) => row.spatial_frame_type)?.spatial_frame_type || find("#frame").value;
  const drawn = frame === "celestial" ? "celestial" : "body";
  map.show(state.shown.filter((row) => (row.spatial_frame_type || "body") === drawn), drawn);
  const targets = [...new Set(state.shown.filter((row) => row.spatial_frame_type === drawn).map((row) => row.target_name))];
  showBackgrounds(drawn, targets);
  find("#map-title").textContent = [strings.mapOf(drawn), targets.slice(0, 4).join(", ")].filter(Boolean).join(": ");
  const columns = new Map(state.services.flatMap((service) => [...service.columns]));
  table.show(state.shown, columns);
  if (!find("#gallery").hidden) showGallery(find("#gallery"), state.shown, choose);
  find("#count").textContent = strings.rows(state.shown.length, state.rows.length);
  showVotables();
}

function choose(row) {
  state.chosen = row;
  map.select(row ? [row, ...state.selected] : state.selected);
  showDetails(find("#details"), row, row && state.services.find((service) => service.name === row.service), around);
}

function select(rows) {
  state.selected = rows;
  map.select(state.chosen ? [state.chosen, ...rows] : rows);
  showVotables();
}

async function pick(row) {
  await table.choose(row);
  choose(row);
}

function setBox(box) {
  find("[name=box]").value = box.join(",");
  find("#frame").value = map.frame;
  setDrawing(false);
  search();
}

function setDrawing(drawing) {
  map.setDrawing(drawing);
  find("#draw").setAttribute("aria-pressed", drawing);
}

// Everything that overlaps the time of a row, of all services.
function around(row) {
  find("#form").reset();
  showEvery(true);
  find("[name=from]").value = writeTime(row.time_min - 1 / 86400);
  find("[name=to]").value = writeTime((row.time_max ?? row.time_min) + 1 / 86400);
  search();
}

function showAsked() {
  find("#queries").replaceChildren(...state.asked.map(({ text }) => {
    const box = document.createElement("div"), code = document.createElement("code"), copy = document.createElement("button");
    code.textContent = text;
    copy.type = "button";
    copy.textContent = strings.copy;
    copy.addEventListener("click", () => navigator.clipboard.writeText(text));
    box.append(code, copy);
    return box;
  }));
}

// ---- taking it away

// Tables of the selected rows, or else of all, one for each service.
function listTables() {
  const some = state.selected.length > 0;
  return state.asked.filter((asked) => asked.rows).map((asked) => {
    const { service, text, limit } = asked;
    const mine = state.selected.filter((row) => row.service === service.name);
    if (some && !mine.length) return null;
    const whole = text.replace(/^SELECT .*? FROM /, "SELECT * FROM ");
    const uids = mine.map((row) => quoteText(row.granule_uid)).join(", ");
    const query = some ? whole.replace(/ FROM (\S+).*$/, ` FROM $1 WHERE granule_uid IN (${uids.replaceAll("$", "$$$$")})`) : whole;
    const url = votableAddress(query, limit);
    return { name: service.name, url, tooLong: url.length > LONGEST };
  }).filter(Boolean);
}

function showVotables() {
  find("#votables").replaceChildren(...listTables().map(({ name, url, tooLong }) => {
    if (tooLong) return document.createTextNode(strings.tooManySelected);
    const link = document.createElement("a");
    Object.assign(link, { href: url, download: `${name}.vot`, textContent: `${name}.vot` });
    return link;
  }));
}

async function send() {
  try {
    const tables = listTables();
    if (tables.some((each) => each.tooLong)) return say(strings.tooManySelected, true);
    await sendTables(tables);
    say(strings.sent);
  } catch (error) {
    say(error.message === "no hub" ? strings.noHub : error.message, true);
  }
}

function saveCsv() {
  const rows = state.selected.length ? state.selected : state.shown;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([writeCsv(rows, ["service", ...wanted.filter((name) => name !== "s_region")])], { type: "text/csv" }));
  link.download = "explore.csv";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// ---- the address, which holds the whole search

function writeAddress() {
  const words = new URLSearchParams();
  for (const [name, value] of new FormData(find("#form"))) {
    if (name !== "service" && value !== "" && value !== find(`[name=${name}]`).dataset.usual) words.set(name, value);
  }
  const chosen = state.services.filter((service) => service.label.querySelector("input").checked);
  if (chosen.length < state.services.length) words.set("services", chosen.map((service) => service.name).join(","));
  const text = words.toString() || "all";
  if (location.hash.slice(1) !== text) history.pushState(null, "", `#${text}`);
  state.address = location.hash;
}

function readAddress() {
  const words = new URLSearchParams(location.hash.slice(1));
  find("#form").reset();
  for (const [name, value] of words) {
    const field = find("#form").elements.namedItem(name);
    if (field && name !== "service") field.value = value;
  }
  find("#expert").open = words.has("where");
  const only = words.get("services")?.split(",");
  for (const service of state.services) service.label.querySelector("input").checked = !only || only.includes(service.name);
  find("#every").checked = !only;
}

function showEvery(checked) {
  find("#every").checked = checked;
  for (const service of state.services) service.label.querySelector("input").checked = checked;
}

function say(text, fault = false) {
  find("#status").textContent = text;
  find("#status").classList.toggle("fault", fault);
}

function listen() {
  for (const field of find("#form").elements) if (field.name) field.dataset.usual = field.value;
  find("#form").addEventListener("submit", (event) => { event.preventDefault(); search(); });
  find("#form").addEventListener("reset", () => { showEvery(true); map.setBox(null); });
  find("#every").addEventListener("change", (event) => showEvery(event.target.checked));
  find("#services").addEventListener("change", () => { find("#every").checked = state.services.every((service) => service.label.querySelector("input").checked); });
  find("#draw").addEventListener("click", () => setDrawing(!map.drawing));
  find("#fit").addEventListener("click", () => map.fit());
  find("#background").addEventListener("change", (event) => {
    state.background = event.target.value;
    map.setBackground(state.background || null);
  });
  find("#send").addEventListener("click", send);
  find("#csv").addEventListener("click", saveCsv);
  find("#link").addEventListener("click", async () => { await navigator.clipboard.writeText(location.href); say(strings.copied); });
  window.addEventListener("popstate", () => {
    if (location.hash === state.address) return; // it is what was searched last
    readAddress();
    if (location.hash.length > 1) search();
  });
  for (const [tab, panel] of [["#as-table", "#table"], ["#as-gallery", "#gallery"]]) {
    find(tab).addEventListener("click", () => {
      for (const [each, shown] of [["#as-table", "#table"], ["#as-gallery", "#gallery"]]) {
        find(each).setAttribute("aria-selected", each === tab);
        find(shown).hidden = shown !== panel;
      }
      if (panel === "#gallery") showGallery(find("#gallery"), state.shown, choose);
    });
  }
}

start();
