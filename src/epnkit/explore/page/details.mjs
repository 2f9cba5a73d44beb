// A granule: its pictures, its links, its values.
import { parseLink } from "./hapi.mjs";
import { findMessage } from "./sending.mjs";
import { SpectrumView } from "./spectrum.mjs";
import { readLinks, safeLink } from "./tap.mjs";
import { strings } from "./strings.mjs";
import { writeTime } from "./times.mjs";

let current = 0;
const views = []; // those that may be reading

export async function showDetails(element, row, service, acts) {
  const mine = ++current;
  for (const view of views.splice(0)) view.stop();
  if (!row) {
    element.replaceChildren(make("p", strings.choose, "under"));
    return;
  }
  const links = make("div"), around = make("button", strings.around);
  around.type = "button";
  around.addEventListener("click", () => acts.around(row));
  element.replaceChildren(make("h2", row.granule_uid), make("p", service?.title || row.service, "under"), links, around, properties(row, service));
  element.scrollTop = 0;
  if (safeLink(row.thumbnail_url)) links.append(picture(row.thumbnail_url));
  if (!row.datalink_url) {
    links.append(...[row.access_url].filter(safeLink).map((url) => anchor(url, row.file_name || url)));
    return;
  }
  try {
    const found = await readLinks(row.datalink_url);
    if (mine === current) listLinks(links, found, row, acts);
  } catch (error) {
    if (mine === current) links.append(make("p", `${strings.links}: ${error.message}`, "fault"));
  }
}

function listLinks(element, links, row, acts) {
  const list = make("ul");
  for (const link of links) {
    const item = make("li");
    const name = link.description || link.semantics;
    if (link.url) item.append(anchor(link.url, name));
    else if (link.service) item.append(anchor(row.datalink_url, name)); // DaCHS's page has a form for it
    else item.append(make("span", `${name}: ${link.error || strings.noLinks}`, "fault"));
    item.append(make("span", [link.semantics, link.type, link.size && `${(link.size / 1024).toFixed(0)} kB`].filter(Boolean).join(" · "), "under"));
    list.append(item);
    const stream = parseLink(link.url), message = findMessage(link);
    if (message) item.append(sendButton(() => acts.send(message, link.url, row.granule_uid)));
    if (stream) item.append(drawButton(stream, row));
    if (!link.semantics.startsWith("#preview") || !link.url || link.url === row.thumbnail_url) continue;
    if (link.type.startsWith("image/")) item.append(picture(link.url));
    if (link.type.startsWith("video/")) item.append(movie(link.url));
  }
  element.append(make("h3", strings.links), links.length ? list : make("p", strings.noLinks, "under"));
}

function sendButton(act) {
  const button = make("button", strings.sendFile);
  button.type = "button";
  button.addEventListener("click", act);
  return button;
}

// In its place comes what it draws.
function drawButton(stream, row) {
  const button = make("button", strings.drawStream);
  button.type = "button";
  button.addEventListener("click", () => {
    const view = new SpectrumView(stream, row), larger = make("button", strings.larger);
    larger.type = "button";
    larger.setAttribute("aria-pressed", document.body.classList.contains("wide"));
    larger.addEventListener("click", () => larger.setAttribute("aria-pressed", document.body.classList.toggle("wide")));
    view.element.prepend(larger);
    button.replaceWith(view.element);
    view.element.scrollIntoView({ block: "nearest" });
    views.push(view);
    view.start();
  });
  return button;
}

function properties(row, service) {
  const list = make("dl");
  for (const [name, value] of Object.entries(row)) {
    if (value === null || value === "" || ["key", "service", "s_region", "color"].includes(name)) continue;
    const told = service?.columns.get(name), term = make("dt", name), unit = told?.unit && told.unit !== "d" ? ` ${told.unit}` : "";
    term.title = [told?.description, told?.ucd && `UCD: ${told.ucd}`].filter(Boolean).join("\n");
    const text = /^time_(min|max)$/.test(name) ? `${writeTime(value)} (JD ${value})` : `${value}${unit}`;
    const url = /_url$/.test(name) ? safeLink(value) : "", shown = make("dd");
    shown.append(url ? anchor(url, text) : text);
    list.append(term, shown);
  }
  const whole = make("details");
  whole.open = true;
  whole.append(make("summary", strings.properties), list);
  return whole;
}

function make(name, text = "", style = "") {
  const node = document.createElement(name);
  node.textContent = text;
  if (style) node.className = style;
  return node;
}

function anchor(url, text) {
  const node = make("a", text);
  node.href = safeLink(url);
  node.rel = "noopener noreferrer";
  node.target = "_blank";
  return node;
}

function picture(url) {
  const node = document.createElement("img");
  node.src = safeLink(url);
  node.loading = "lazy";
  node.alt = "";
  node.addEventListener("error", () => node.remove());
  return node;
}

function movie(url) {
  const node = document.createElement("video");
  node.src = safeLink(url);
  node.controls = true;
  node.preload = "none";
  return node;
}
