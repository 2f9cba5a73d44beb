// The server's own TAP service: which tables of EPN-TAP it has, and their rows.

const SYNC = "/tap/sync";

// Runs a query; gives columns and rows. An error carries the server's own words.
export async function run(adql, limit, signal) {
  const body = new URLSearchParams({
    REQUEST: "doQuery", LANG: "ADQL", FORMAT: "json", QUERY: adql, MAXREC: String(limit),
  });
  const answer = await fetch(SYNC, { method: "POST", body, signal });
  const text = await answer.text();
  if (!answer.ok || !text.startsWith("{")) throw new Error(findMessage(text) || `HTTP ${answer.status}`);
  const found = JSON.parse(text);
  return { columns: found.columns, rows: found.data };
}

// Maps of bodies that lie beside the page (epnkit hips); on most servers the list is empty.
export async function listMaps() {
  try {
    const answer = await fetch("hips/maps.json");
    const found = answer.ok ? await answer.json() : [];
    return found.filter((each) => /^hips\/[A-Za-z0-9_-]+\/map\.png$/.test(each.picture));
  } catch {
    return [];
  }
}

// The address of a query's answer as VOTable.
export function votableAddress(adql, limit) {
  const words = new URLSearchParams({
    REQUEST: "doQuery", LANG: "ADQL", FORMAT: "votable", QUERY: adql, MAXREC: String(limit),
  });
  return `${location.origin}${SYNC}?${words}`;
}

function findMessage(text) {
  const document = new DOMParser().parseFromString(text, "text/xml");
  const info = [...document.getElementsByTagName("INFO")].find((each) => each.getAttribute("value") === "ERROR");
  return info ? info.textContent.trim().slice(0, 300) : "";
}

// Whether DaCHS can write all columns of a table as JSON: it refuses MOCs.
export const isWritable = (service) => ![...service.columns.values()].some((column) => column.xtype === "moc");

// Gives [{ name, title, columns: Map of name -> { unit, ucd, description, xtype } }].
export async function listServices(signal) {
  const tables = await run(
    "SELECT table_name, description FROM tap_schema.tables WHERE table_name LIKE '%.epn_core' ORDER BY table_name",
    10000, signal,
  );
  const columns = await run(
    "SELECT table_name, column_name, unit, ucd, description, xtype FROM tap_schema.columns WHERE table_name LIKE '%.epn_core'",
    100000, signal,
  );
  const found = new Map(tables.rows.map(([table, description]) => [table, {
    name: table.replace(/\.epn_core$/, ""), table, title: firstSentence(description), columns: new Map(),
  }]));
  for (const [table, column, unit, ucd, description, xtype] of columns.rows) {
    found.get(table)?.columns.set(column, { unit, ucd, description, xtype });
  }
  return [...found.values()];
}

// Descriptions are in reStructuredText, and long.
const firstSentence = (text) => (/^[^]*?[.](?=\s|$)/.exec(text || "")?.[0] || text || "").replaceAll("``", "").replace(/\s+/g, " ");

// Reads a datalink document: [{ url, semantics, type, size, description, error }].
export async function readLinks(address, signal) {
  const answer = await fetch(toSameOrigin(address), { signal });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return text.includes("<VOTABLE") ? readVotable(text) : readPage(text);
}

function readVotable(text) {
  const document = new DOMParser().parseFromString(text, "text/xml");
  const results = [...document.getElementsByTagName("RESOURCE")].find((each) => each.getAttribute("type") === "results");
  if (!results) throw new Error("no links");
  const names = [...results.getElementsByTagName("FIELD")].map((each) => each.getAttribute("name"));
  return [...results.getElementsByTagName("TR")].map((row) => {
    const cells = [...row.getElementsByTagName("TD")].map((cell) => cell.textContent);
    const value = Object.fromEntries(names.map((name, index) => [name, cells[index] || ""]));
    return {
      url: safeLink(value.access_url), semantics: value.semantics, type: value.content_type,
      size: Number(value.content_length) > 0 ? Number(value.content_length) : null,
      description: value.description, error: value.error_message, service: value.service_def,
    };
  });
}

// DaCHS gives a browser a page in place of the VOTable, whatever it accepts.
function readPage(text) {
  const inert = text.replace(/\s(style|on\w+)="[^"]*"/g, "").replace(/<(style|script)\b[\s\S]*?<\/\1>/g, "");
  const document = new DOMParser().parseFromString(inert, "text/html");
  return [...document.querySelectorAll("table.links tbody tr")].map((row) => {
    const target = row.querySelector("a")?.getAttribute("href") || "", url = safeLink(target);
    return {
      url, semantics: row.querySelector(".semantics")?.textContent || "", type: guessType(url), size: null,
      description: row.querySelector(".description")?.textContent || "", service: target.startsWith("#") ? target : "",
      error: url || target.startsWith("#") ? "" : row.textContent.trim().slice(0, 200),
    };
  });
}

const types = { png: "image/png", jpg: "image/jpeg", jpeg: "image/jpeg", gif: "image/gif", mp4: "video/mp4", webm: "video/webm" };
const guessType = (url) => types[/\.(\w+)(?:\?.*)?$/.exec(url)?.[1].toLowerCase()] || (/\/plot\?/.test(url) ? "image/png" : "");

// A server may call itself by another name than the one it was asked by.
function toSameOrigin(address) {
  const url = new URL(address, location.href);
  return location.origin + url.pathname + url.search;
}

// A link that is safe to follow; empty for javascript:, data: and what is no link.
export function safeLink(text) {
  try {
    const url = new URL(text);
    return ["http:", "https:", "ftp:"].includes(url.protocol) ? url.href : "";
  } catch {
    return "";
  }
}
