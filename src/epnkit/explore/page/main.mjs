// The page: a form, what it finds, and an address that holds both.
import { quoteText, writeQuery } from "./adql.mjs";
import { Calendar } from "./calendar.mjs";
import { showDetails } from "./details.mjs";
import { fillSelects, followShape, readTerms, readWords, writePlaceField, writeWords } from "./form.mjs";
import { FootprintMap } from "./map.mjs";
import { ResultTable, showGallery } from "./results.mjs";
import { MOST_PICTURES, saveFile, writeCsv, zipPictures } from "./saving.mjs";
import { sendFile, sendTables } from "./sending.mjs";
import { fillIn, strings } from "./strings.mjs";
import { isWritable, listMaps, listServices, run, safeLink, votableAddress } from "./tap.mjs";
import { Timeline } from "./timeline.mjs";
import { toJulian, writeTime } from "./times.mjs";

const find = (selector) => document.querySelector(selector);

const wanted = [
  "granule_uid", "granule_gid", "obs_id", "dataproduct_type", "target_name", "time_min", "time_max",
  "spectral_range_min", "spectral_range_max", "c1min", "c1max", "c2min", "c2max", "s_region",
  "spatial_frame_type", "instrument_host_name", "instrument_name", "measurement_type", "processing_level",
  "access_url", "access_format", "file_name", "thumbnail_url", "datalink_url", "feature_name",
];
// Colours that differ for any number of services: the golden angle around the wheel.
const colorOf = (index) => `hsl(${Math.round(index * 137.5 + 215) % 360} 62% ${index % 2 ? 38 : 50}%)`;
const LONGEST = 8000; // of an address: servers refuse longer ones
const AT_ONCE = 2; // one server: more only wait in its queue, and the first rows with them

const state = { services: [], maps: [], rows: [], shown: [], selected: [], asked: [], chosen: null, busy: null, times: null };
let map, timeline, calendar, table;

async function start() {
  fillIn(document);
  document.title = find("#title").textContent = strings.title;
  find("#zip").title = strings.zipTitle(MOST_PICTURES);
  fillSelects(find("#form"));
  const ofRow = (row) => row.color;
  map = new FootprintMap(find("#map"), {
    colorOf: ofRow, onPick: pick, onPlace: setPlace,
    onPoint: (place, row) => { find("#under").textContent = [place, row && `${row.service} ${row.granule_uid}`].filter(Boolean).join(" — "); },
  });
  timeline = new Timeline(find("#timeline"), { colorOf: ofRow, onBrush: filterTimes });
  calendar = new Calendar(find("#calendar"), { onChoose: filterTimes });
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
  const times = readAddress();
  say("");
  if (location.hash.length > 1) await search(times);
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

// Asks the services; times are those that are seen of what is found, or all.
async function search(times = null) {
  if (!state.services.length) return; // the address is not read yet
  state.busy?.abort();
  const busy = (state.busy = new AbortController()), started = performance.now();
  let terms;
  try {
    terms = readTerms(find("#form"));
  } catch (error) {
    return say(error.message, true);
  }
  state.times = times;
  writeAddress();
  map.setPlace(terms.place);
  const limit = Math.max(1, Number(find("[name=limit]").value) || 2000);
  const chosen = state.services.filter((service) => service.label.querySelector("input").checked);
  Object.assign(state, { rows: [], shown: [], selected: [], chosen: null });
  for (const service of state.services) service.count.textContent = "";
  state.asked = chosen.map((service) => ({ service, ...writeQuery(service.table, [...service.columns.keys()], terms, limit, wanted, "time_min", isWritable(service)), limit }));
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
    const more = found.rows.length > limit, names = found.columns.map((column) => column.name);
    const places = asked.columns.map((name) => [name, names.indexOf(name)]).filter(([, place]) => place >= 0);
    const rows = found.rows.slice(0, limit).map((values) => {
      const row = Object.fromEntries(places.map(([name, place]) => [name, values[place]]));
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
    calendar.show(state.rows);
    filterTimes(state.times);
  }, 30);
}

// Shows what overlaps the times alone; null for all.
function filterTimes(times) {
  if (times !== state.times) {
    state.times = times;
    writeAddress(true);
  }
  timeline.setBrush(times);
  calendar.setChosen(times);
  const within = (row) => row.time_min <= times[1] && (row.time_max ?? row.time_min) >= times[0];
  state.shown = times ? state.rows.filter(within) : state.rows;
  const brushed = find("#brushed");
  brushed.replaceChildren();
  if (times) {
    const clear = document.createElement("button");
    clear.type = "button";
    clear.textContent = strings.clearTimes;
    clear.addEventListener("click", () => filterTimes(null));
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
  showDetails(find("#details"), row, row && state.services.find((service) => service.name === row.service), { around, send: (...file) => report(sendFile(...file)) });
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

// What was drawn; null if it was given up.
function setPlace(place) {
  setDrawing(false);
  if (!place) return;
  writePlaceField(find("#form"), place);
  find("#frame").value = map.frame;
  search();
}

function setDrawing(drawing) {
  map.setDrawing(drawing ? find("#shape").value : null);
  find("#draw").setAttribute("aria-pressed", drawing);
  if (drawing) find("#map canvas").focus();
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
    return { name: service.name, url, tooLong: url.length > LONGEST, regions: service.columns.has("s_region") };
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

function sendRows() {
  const tables = listTables();
  if (!tables.length) return say(strings.noRows, true);
  if (tables.some((each) => each.tooLong)) return say(strings.tooManySelected, true);
  return report(sendTables(tables, chosenRows()));
}

async function report(sending) {
  try {
    await sending;
    say(strings.sent);
  } catch (error) {
    say(error.message, true);
  }
}

const chosenRows = () => (state.selected.length ? state.selected : state.shown);

function saveCsv() {
  const columns = ["service", ...wanted.filter((name) => name !== "s_region")];
  saveFile([writeCsv(chosenRows(), columns)], "text/csv", "explore.csv");
}

async function saveZip() {
  const rows = chosenRows().filter((row) => safeLink(row.thumbnail_url));
  if (!rows.length) return say(strings.noPictures, true);
  find("#zip").disabled = true;
  try {
    const { bytes, read } = await zipPictures(rows, (done, of) => say(strings.zipping(done, of)));
    saveFile([bytes], "application/zip", "pictures.zip");
    say(strings.zipped(read, rows.length), read < rows.length);
  } finally {
    find("#zip").disabled = false;
  }
}

// ---- the address, which holds the whole search, and what is seen of it

// What is seen of the times is there too, but is no step of its own for the way back.
function writeAddress(sameStep = false) {
  const words = writeWords(find("#form"));
  const chosen = state.services.filter((service) => service.label.querySelector("input").checked);
  if (chosen.length < state.services.length) words.set("services", chosen.map((service) => service.name).join(","));
  if (state.times) words.set("seen", state.times.map((time) => writeTime(time, 23)).join("/"));
  const text = words.toString() || "all";
  if (sameStep) history.replaceState(null, "", `#${text}`);
  else if (location.hash.slice(1) !== text) history.pushState(null, "", `#${text}`);
  state.address = location.hash;
}

// Gives the times that are seen of what is found.
function readAddress() {
  const words = new URLSearchParams(location.hash.slice(1));
  readWords(find("#form"), words);
  find("#expert").open = words.has("where");
  const only = words.get("services")?.split(",");
  for (const service of state.services) service.label.querySelector("input").checked = !only || only.includes(service.name);
  find("#every").checked = !only;
  const seen = words.get("seen")?.split("/").map(toJulian);
  return seen?.length === 2 && seen.every(Number.isFinite) ? seen : null;
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
  find("#form").addEventListener("submit", (event) => { event.preventDefault(); search(); });
  find("#form").addEventListener("reset", () => { showEvery(true); map.setPlace(null); setTimeout(() => followShape(find("#form"))); });
  find("#shape").addEventListener("change", () => followShape(find("#form")));
  find("#every").addEventListener("change", (event) => showEvery(event.target.checked));
  find("#services").addEventListener("change", () => { find("#every").checked = state.services.every((service) => service.label.querySelector("input").checked); });
  find("#draw").addEventListener("click", () => setDrawing(!map.pen));
  find("#fit").addEventListener("click", () => map.fit());
  find("#background").addEventListener("change", (event) => {
    state.background = event.target.value;
    map.setBackground(state.background || null);
  });
  find("#send").addEventListener("click", sendRows);
  find("#csv").addEventListener("click", saveCsv);
  find("#zip").addEventListener("click", saveZip);
  find("#link").addEventListener("click", async () => { await navigator.clipboard.writeText(location.href); say(strings.copied); });
  window.addEventListener("popstate", () => {
    if (location.hash === state.address) return; // it is what was searched last
    const times = readAddress();
    if (location.hash.length > 1) search(times);
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
