// Taking found rows away as files: CSV, and their pictures as a ZIP.
import { zipSync } from "./lib/fflate.mjs";
import { safeLink } from "./tap.mjs";
import { strings } from "./strings.mjs";

export const MOST_PICTURES = 500;
const MOST_BYTES = 200e6; // of all, which are in memory until they are saved
const LARGEST = 10e6; // of one
const LONGEST = 30000; // milliseconds for one
const AT_ONCE = 4;

// CSV as RFC 4180 has it; what a spreadsheet would calculate is made a text.
export function writeCsv(rows, columns) {
  const cell = (value) => {
    let text = value === null || value === undefined ? "" : String(value);
    if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns.join(","), ...rows.map((row) => columns.map((name) => cell(row[name])).join(","))].join("\r\n");
}

export function saveFile(parts, type, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(parts, { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// The pictures of rows that have one and a list of them, as the bytes of a ZIP; what cannot be read is in the list.
export async function zipPictures(rows, report) {
  const files = {}, list = [], waiting = rows.slice(0, MOST_PICTURES);
  let total = 0;
  const work = async () => {
    for (let row; (row = waiting.shift());) {
      const entry = { ...pickNames(row), file: "", problem: "" };
      list.push(entry);
      try {
        if (total > MOST_BYTES) throw new Error(strings.tooManyBytes);
        const { bytes, type } = await readPicture(row);
        total += bytes.length;
        entry.file = nameFile(row, type, files);
        files[entry.file] = [bytes, { level: 0 }]; // pictures are compressed
      } catch (error) {
        entry.problem = error.message;
      }
      report(list.length, Math.min(rows.length, MOST_PICTURES));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  list.push(...rows.slice(MOST_PICTURES).map((row) => ({ ...pickNames(row), file: "", problem: strings.tooMany(MOST_PICTURES) })));
  const columns = ["service", "granule_uid", "file", "problem", "address"];
  files["list.csv"] = new TextEncoder().encode(writeCsv(list, columns));
  return { bytes: zipSync(files), read: list.filter((each) => each.file).length };
}

const pickNames = (row) => ({ service: row.service, granule_uid: row.granule_uid, address: row.thumbnail_url });

async function readPicture(row) {
  const address = findOwn(row);
  if (!address) throw new Error(strings.elsewhere);
  const answer = await fetch(address, { signal: AbortSignal.timeout(LONGEST) });
  const type = answer.headers.get("Content-Type") || "";
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  if (!type.startsWith("image/")) throw new Error(strings.notAPicture(type));
  const parts = [];
  let size = 0;
  for (const reader = answer.body.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) return { bytes: new Uint8Array(await new Blob(parts).arrayBuffer()), type };
    parts.push(value);
    if ((size += value.length) <= LARGEST) continue;
    await reader.cancel();
    throw new Error(strings.tooManyBytes);
  }
}

// The address at this server, which its rows may call by another name; a page may read no other.
function findOwn(row) {
  const url = new URL(row.thumbnail_url), names = [location.origin];
  if (safeLink(row.datalink_url)) names.push(new URL(row.datalink_url).origin);
  return names.includes(url.origin) ? location.origin + url.pathname + url.search : "";
}

const endings = { "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp", "image/svg+xml": "svg" };

function nameFile(row, type, taken) {
  const plain = (text) => String(text).replace(/[^\w.-]/g, "_").replace(/^\.|\.{2,}/g, "_").slice(0, 120);
  const base = `${plain(row.service)}/${plain(row.granule_uid)}`, ending = endings[type.split(";")[0]] || "img";
  for (let count = 1; ; count++) {
    const name = `${base}${count > 1 ? `-${count}` : ""}.${ending}`;
    if (!(name in taken)) return name;
  }
}
