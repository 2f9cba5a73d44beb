// The form: its choices, what is asked for in it, and how an address holds it.
import { readPlace, shapes, writePlace } from "./places.mjs";
import { strings } from "./strings.mjs";
import { parseTime } from "./times.mjs";
import { toHertz, units } from "./units.mjs";

export function fillSelects(form) {
  const fill = (selector, pairs) => form.querySelector(selector).replaceChildren(
    ...pairs.map(([value, text]) => new Option(text, value, value === "MHz", value === "MHz")),
  );
  fill("#kind", [["", strings.anyKind], ...Object.entries(strings.kinds)]);
  fill("#unit", units.map((unit) => [unit, unit]));
  fill("#level", [["", strings.anyLevel], ...[1, 2, 3, 4, 5, 6].map((level) => [level, level])]);
  fill("#shape", shapes.map((shape) => [shape, strings.shapes[shape]]));
  fill("#frame", Object.entries(strings.frames));
  followShape(form);
  for (const field of form.elements) if (field.name) field.dataset.usual = field.value;
}

// The field of the place is named as what it holds, in the address too.
export function followShape(form) {
  const shape = form.querySelector("#shape").value;
  form.querySelector("#place").name = shape;
  form.querySelector("#place-form").textContent = strings.placeForms[shape];
}

export function writePlaceField(form, place) {
  form.querySelector("#shape").value = place.shape;
  followShape(form);
  form.querySelector("#place").value = writePlace(place);
}

// What is asked for (adql.mjs); throws an error for people.
export function readTerms(form) {
  const given = new FormData(form), value = (name) => String(given.get(name) || "").trim();
  const terms = Object.fromEntries(["target", "kind", "instrument", "level", "text", "where", "frame"].map((name) => [name, value(name)]));
  if (value("from") || value("to")) terms.time = [readTime(value("from") || value("to"), false), readTime(value("to") || value("from"), true)];
  if (value("low") || value("high")) terms.frequency = readFrequencies([value("low") || value("high"), value("high") || value("low")], value("unit"));
  const shape = shapes.find(value);
  terms.place = shape ? requirePlace(shape, value(shape)) : null;
  return terms;
}

function readTime(text, last) {
  const time = parseTime(text, last);
  if (!Number.isFinite(time)) throw new Error(strings.notATime(text));
  return time;
}

function readFrequencies(texts, unit) {
  return texts.map((text) => {
    const number = Number(text);
    if (!Number.isFinite(number)) throw new Error(strings.notANumber(text));
    return toHertz(number, unit);
  }).sort((a, b) => a - b);
}

function requirePlace(shape, text) {
  const place = readPlace(shape, text);
  if (!place) throw new Error(strings.notAPlace(shape, text));
  return place;
}

// The words of an address: what is not as usual.
export function writeWords(form) {
  const words = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (name !== "service" && value !== "" && value !== form.elements.namedItem(name).dataset.usual) words.set(name, value);
  }
  return words;
}

export function readWords(form, words) {
  form.reset();
  form.querySelector("#shape").value = shapes.find((shape) => words.has(shape)) || shapes[0];
  followShape(form);
  for (const [name, value] of words) {
    const field = form.elements.namedItem(name);
    if (field && name !== "service") field.value = value;
  }
}
