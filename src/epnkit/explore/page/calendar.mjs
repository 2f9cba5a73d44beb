// On which days the found granules were: a year as weeks and weekdays, each day as dark as it has rows.
import { strings } from "./strings.mjs";
import { fromMilliseconds, writeTime } from "./times.mjs";

const LEVELS = 4;
const MOST_YEARS = 400; // of one granule: what lasts longer has no day
const steps = { ArrowLeft: -7, ArrowRight: 7, ArrowUp: -1, ArrowDown: 1 };

const toDay = (julian) => Math.floor(julian + 0.5); // Julian days begin at noon
const startOf = (day) => day - 0.5;
const writeDay = (day) => writeTime(startOf(day), 10);
const yearOf = (day) => Number(writeTime(startOf(day), 4));
const firstOf = (year, month = 0) => toDay(fromMilliseconds(Date.UTC(year, month, 1)));
const weekday = (day) => day % 7; // Julian day 0 was a Monday

export class Calendar {
  constructor(element, { onChoose }) {
    Object.assign(this, { element, onChoose });
    this.select = element.querySelector("select");
    this.grid = element.querySelector("table");
    this.spans = [];
    this.picked = null; // the year that the user wants; else that with most rows is shown
    this.chosen = null;
    this.select.addEventListener("change", () => this.#draw(this.picked = Number(this.select.value)));
    this.grid.addEventListener("click", (event) => this.#choose(event.target.closest("button")));
    this.grid.addEventListener("keydown", (event) => this.#move(event));
  }

  show(rows) {
    this.spans = rows.filter((row) => Number.isFinite(row.time_min))
      .map((row) => [toDay(row.time_min), toDay(Math.max(row.time_min, row.time_max ?? row.time_min))]);
    const years = this.#countYears();
    this.select.replaceChildren(...[...years].sort(([a], [b]) => a - b).map(([year, count]) => new Option(strings.year(year, count), year)));
    this.element.hidden = !years.size;
    if (!years.size) return;
    const fullest = [...years].reduce((a, b) => (b[1] > a[1] ? b : a))[0];
    this.#show(years.has(this.picked) ? this.picked : fullest);
  }

  // Marks the days within [start, end], or none; the year of the first is shown.
  setChosen(times) {
    this.chosen = times && [toDay(times[0]), toDay(times[1])];
    if (!this.spans.length) return;
    const year = times && yearOf(this.chosen[0]);
    if (times && year !== this.year && [...this.select.options].some((each) => Number(each.value) === year)) this.#show(year);
    for (const button of this.grid.querySelectorAll("button")) button.setAttribute("aria-pressed", this.#isChosen(Number(button.value)));
  }

  #isChosen(day) {
    return Boolean(this.chosen) && day >= this.chosen[0] && day <= this.chosen[1];
  }

  #countYears() {
    const years = new Map();
    for (const [first, last] of this.spans) {
      const [from, to] = [yearOf(first), yearOf(last)];
      if (to - from > MOST_YEARS) continue;
      for (let year = from; year <= to; year++) years.set(year, (years.get(year) || 0) + 1);
    }
    return years;
  }

  // How many granules each day of a year has, by what begins and ends.
  #countDays(first, length) {
    const changes = new Array(length + 1).fill(0);
    for (const [from, to] of this.spans) {
      if (to < first || from >= first + length) continue;
      changes[Math.max(from - first, 0)] += 1;
      changes[Math.min(to - first + 1, length)] -= 1;
    }
    let count = 0;
    return changes.slice(0, length).map((change) => (count += change));
  }

  #show(year) {
    this.select.value = year;
    this.#draw(year);
  }

  #draw(year) {
    this.year = year;
    const first = firstOf(year), length = firstOf(year + 1) - first, counts = this.#countDays(first, length);
    const most = Math.max(...counts), weeks = Math.ceil((length + weekday(first)) / 7);
    this.grid.replaceChildren(makeMonths(year, first, weeks), ...strings.weekdays.map((name, row) => {
      const line = document.createElement("tr"), head = document.createElement("th");
      head.scope = "row";
      head.textContent = name;
      line.append(head);
      for (let week = 0; week < weeks; week++) {
        const index = 7 * week + row - weekday(first);
        line.append(index < 0 || index >= length ? document.createElement("td") : this.#makeDay(first + index, counts[index], most));
      }
      return line;
    }));
    this.grid.querySelector("button")?.setAttribute("tabindex", 0);
  }

  #makeDay(day, count, most) {
    const cell = document.createElement("td"), words = strings.day(writeDay(day), count);
    cell.className = "day";
    cell.title = words;
    if (!count) return cell;
    const button = document.createElement("button");
    Object.assign(button, { type: "button", value: day, tabIndex: -1, className: `level-${Math.ceil(LEVELS * Math.sqrt(count / most))}` });
    button.setAttribute("aria-label", words);
    button.setAttribute("aria-pressed", this.#isChosen(day));
    cell.append(button);
    return cell;
  }

  // A day; once more gives all again.
  #choose(button) {
    if (!button) return;
    const day = Number(button.value), again = this.chosen?.every((each) => each === day);
    this.#focus(button);
    this.onChoose(again ? null : [startOf(day), startOf(day + 1) - 1e-8]);
  }

  #focus(button) {
    this.grid.querySelector("[tabindex='0']")?.setAttribute("tabindex", -1);
    button.tabIndex = 0;
    button.focus();
  }

  // Arrows go to the next day that has rows: by a week to the sides, by a day up and down.
  #move(event) {
    const buttons = [...this.grid.querySelectorAll("button")].sort((a, b) => a.value - b.value);
    const now = Number(event.target.value), step = steps[event.key], ends = { Home: buttons[0], End: buttons.at(-1) };
    const ahead = step < 0 ? buttons.reverse() : buttons;
    const next = ends[event.key] || (step && ahead.find((each) => (each.value - now) * step > 0 && (each.value - now) % Math.abs(step) === 0));
    if (!step && !next) return;
    event.preventDefault();
    if (next) this.#focus(next);
  }
}

function makeMonths(year, first, weeks) {
  const line = document.createElement("tr"), starts = strings.months.map((name, month) => {
    return [name, Math.ceil((firstOf(year, month) - first + weekday(first)) / 7)]; // the first week that begins in it
  });
  line.append(document.createElement("td"));
  if (starts[0][1] > 0) starts[0][1] = 0;
  starts.forEach(([name, from], month) => {
    const head = document.createElement("th");
    head.scope = "colgroup";
    head.colSpan = (starts[month + 1]?.[1] ?? weeks) - from;
    head.textContent = name;
    line.append(head);
  });
  return line;
}
