// The found rows as a table and as a gallery of pictures.
import { MOST_PICTURES } from "./saving.mjs";
import { safeLink } from "./tap.mjs";
import { strings } from "./strings.mjs";
import { writeTime } from "./times.mjs";
import { fromHertz } from "./units.mjs";

const shown = [
  ["service", "Service", 110], ["granule_uid", "granule_uid", 220], ["time_min", "From (UTC)", 158],
  ["time_max", "To (UTC)", 158], ["dataproduct_type", "Kind", 80], ["target_name", "Target", 90],
  ["instrument_name", "Instrument", 130], ["spectral", "Spectral range", 150], ["processing_level", "Level", 85],
  ["c1min", "c1min", 80], ["c1max", "c1max", 80], ["c2min", "c2min", 80], ["c2max", "c2max", 80],
  ["obs_id", "obs_id", 150],
];

// Frequencies in the unit that reads best.
export function writeSpectral(row) {
  const [low, high] = [row.spectral_range_min, row.spectral_range_max];
  if (!Number.isFinite(low) || !Number.isFinite(high) || low <= 0) return "";
  if (low >= 1e12) {
    const [unit, digits] = low >= 3e16 ? ["Å", 4] : ["nm", 5];
    return `${[high, low].map((each) => fromHertz(each, unit).toPrecision(digits)).join("–")} ${unit}`;
  }
  const unit = ["GHz", "MHz", "kHz"].find((each) => fromHertz(high, each) >= 1) || "Hz";
  return `${[low, high].map((each) => +fromHertz(each, unit).toPrecision(4)).join("–")} ${unit}`;
}

export class ResultTable {
  constructor(element, { onChoose, onSelect }) {
    this.ready = false;
    this.table = new Tabulator(element, {
      height: "100%", index: "key", layout: "fitDataStretch", placeholder: strings.emptyTable,
      selectableRows: true, selectableRowsRangeMode: "click", movableColumns: true, resizableColumns: true,
      columns: shown.map(([field, title, width]) => ({
        field, title, width, headerFilter: field.startsWith("c") ? undefined : "input",
        headerFilterParams: { elementAttributes: { "aria-label": strings.filterBy(title) } },
        formatter: formatters[field] || "plaintext", headerTooltip: () => this.#makeTooltip(field),
        headerFilterFunc: field.startsWith("time") ? (wanted, value) => writeTime(value).includes(wanted) : "like",
        hozAlign: /^c\d|level/.test(field) ? "right" : "left",
      })),
    });
    this.built = new Promise((done) => this.table.on("tableBuilt", done));
    this.table.on("rowClick", (event, row) => onChoose(row.getData().row));
    this.table.on("rowSelectionChanged", (data) => onSelect(data.map((each) => each.row)));
    this.explained = new Map();
  }

  async show(rows, columns) {
    await this.built;
    this.explained = columns;
    await this.table.setData(rows.map((row) => ({ ...row, key: row.key, row, spectral: writeSpectral(row) })));
  }

  async choose(row) {
    await this.built;
    this.table.deselectRow();
    if (!row) return;
    this.table.selectRow(row.key);
    await this.table.scrollToRow(row.key, "center", false).catch(() => {}); // filtered away
  }

  // A node: the library would take a text for markup.
  #makeTooltip(field) {
    const box = document.createElement("div");
    box.textContent = this.#explain(field);
    return box;
  }

  #explain(field) {
    const told = this.explained.get(field === "spectral" ? "spectral_range_min" : field);
    if (!told) return field;
    return [field, told.description, told.unit && `unit: ${told.unit}`, told.ucd && `UCD: ${told.ucd}`].filter(Boolean).join("\n");
  }
}

const asTime = (cell) => writeTime(cell.getValue()).replace("T", " ");
const asNumber = (cell) => (Number.isFinite(cell.getValue()) ? String(+cell.getValue().toFixed(3)) : "");
const formatters = { time_min: asTime, time_max: asTime, c1min: asNumber, c1max: asNumber, c2min: asNumber, c2max: asNumber };

// Pictures that rows have of themselves, fetched as they come into view.
export function showGallery(element, rows, onChoose) {
  const pictures = rows.filter((row) => safeLink(row.thumbnail_url)).slice(0, MOST_PICTURES);
  element.replaceChildren(...pictures.map((row) => {
    const button = document.createElement("button"), picture = document.createElement("img"), caption = document.createElement("span");
    button.type = "button";
    picture.loading = "lazy";
    picture.src = safeLink(row.thumbnail_url);
    picture.alt = "";
    caption.textContent = `${row.service} ${writeTime(row.time_min, 16).replace("T", " ")}`;
    button.append(picture, caption);
    button.addEventListener("click", () => onChoose(row));
    return button;
  }));
  if (!pictures.length) element.textContent = strings.noPictures;
}
