// Sending tables and files to programs by SAMP's web profile.
import { LOAD_FOOTPRINTS, LOAD_IMAGES, listImages, writeFootprints } from "./jhelioviewer.mjs";
import { strings } from "./strings.mjs";

const LOAD_VOTABLE = "table.load.votable", SCRIPT = "script.aladin.send";
const ORDER = 9; // of the MOC of footprints: 7 minutes of arc
let shared = null;

// Sends [{ name, url, regions }], each the address of a VOTable. Aladin is also given a script that draws
// the footprints of those with regions: it hides them else. JHelioviewer gets what it can show of the rows.
export const sendTables = (tables, rows) => send([...tables.flatMap(writeMessages), ...writeForSun(rows)]);

// How programs are told of a file, by its type or else the end of its name (SAMP's list of MTypes).
const kinds = [
  ["image.load.fits", /^(image|application)\/fits/, /\.(fits?|fts)(\.gz|\.fz)?$/i],
  ["table.load.cdf", /^application\/x-cdf/, /\.cdf$/i],
  ["table.load.votable", /^application\/x-votable\+xml(?!.*content=datalink)/, /\.vot$/i],
];

// The message for a file that programs load; null if it is of no such kind.
export function findMessage({ url, type }) {
  const path = URL.canParse(url) ? new URL(url).pathname : "";
  return kinds.find(([, types, names]) => types.test(type || "") || names.test(path))?.[0] || null;
}

// Sends one file, such as an image or a spectrum.
export const sendFile = (message, url, name) => send([new samp.Message(message, { url, name })]);

// Rejects if there is no hub, or nobody takes what is sent.
function send(messages) {
  const connector = shared ||= new samp.Connector("epnkit explore", {
    "samp.description.text": "Rows found on a page of epnkit", "samp.documentation.url": location.origin,
  });
  return new Promise((done, failed) => {
    samp.ping((runs) => {
      if (!runs) return failed(new Error(strings.noHub));
      connector.runWithConnection((connection) => sendNext(connection, messages, done, failed), (error) => failed(new Error(String(error))));
    });
  });
}

// One after the other: the script is about the table. That nobody takes a script does not matter.
function sendNext(connection, messages, done, failed, taken = false) {
  const [message, ...rest] = messages;
  if (!message) return taken ? done() : failed(new Error(strings.noPrograms));
  const kind = message["samp.mtype"];
  const next = (takers) => sendNext(connection, rest, done, failed, taken || (kind !== SCRIPT && takers.length > 0));
  const notify = (takers) => {
    for (const taker of takers) connection.notify([taker, message]);
    next(takers);
  };
  listTakers(connection, kind, notify, () => next([]));
}

// JHelioviewer subscribes to tables, and drops ours.
function listTakers(connection, kind, done, failed) {
  connection.getSubscribedClients([kind], (takers) => {
    const all = Object.keys(takers);
    if (kind !== LOAD_VOTABLE || !all.length) return done(all);
    connection.getSubscribedClients([LOAD_IMAGES], (others) => done(all.filter((each) => !(each in others))), failed);
  }, failed);
}

function writeForSun(rows) {
  const images = listImages(rows);
  const shown = images.length ? [new samp.Message(LOAD_IMAGES, { url: images.length > 1 ? images : images[0] })] : [];
  return [...shown, ...writeFootprints(rows).map((value) => new samp.Message(LOAD_FOOTPRINTS, { value }))];
}

// No two tables have one name: Aladin's script would take the one that was sent before.
function writeMessages({ name, url, regions }) {
  const label = `${name}_${new Date().toISOString().slice(11, 19).replaceAll(":", "")}`;
  const table = new samp.Message(LOAD_VOTABLE, { url, name: label, "table-id": url });
  if (!regions || !/^\w+$/.test(label)) return [table];
  const script = `sync;${label}_footprints=cmoc -order=${ORDER} -fov ${label}`;
  return [table, new samp.Message(SCRIPT, { script })];
}
