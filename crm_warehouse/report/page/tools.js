// What all pages share: the data, the state that is in the address, elements, numbers, tables.
"use strict";

const DATA = JSON.parse(document.getElementById("data").textContent);
const FEW = "fewer than " + DATA.min_people;

// ---- data ---------------------------------------------------------------------------------------------------------
const cache = {};
/** Rows of a figure as objects; in a hidden one the count of people is null. */
function rows(name) {
  if (!cache[name]) {
    const figure = DATA.figures[name] || { columns: [], rows: [] };
    cache[name] = figure.rows.map((row) => Object.fromEntries(figure.columns.map((column, at) => [column, row[at]])));
  }
  return cache[name];
}
const sum = (list, column) => list.reduce((total, row) => total + (row[column] || 0), 0);
const ratio = (part, whole) => (whole && part !== null ? part / whole : null);
const days = (from, to) => Math.round((Date.parse(to) - Date.parse(from)) / 864e5);
const SEGMENTS = Object.fromEntries(rows("segments").map((segment) => [segment.segment, segment]));
const segmentName = (key) => (key === "" ? "Everybody" : SEGMENTS[key] ? SEGMENTS[key].name : key);
const words = (key) => key.replaceAll("_", " ");
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

// ---- state --------------------------------------------------------------------------------------------------------
const PERIODS = { 30: "Last 30 days", 90: "Last 90 days", 365: "Last 12 months", all: "All time" };
const state = { page: "overview", segment: "", period: "365" };
function readState() {
  const [, page, query] = /^#\/?([a-z]*)\??(.*)$/.exec(location.hash) || [];
  const asked = new URLSearchParams(query || "");
  state.page = page || "overview";
  state.segment = SEGMENTS[asked.get("segment")] ? asked.get("segment") : "";
  state.period = PERIODS[asked.get("period")] ? asked.get("period") : "365";
  state.asked = asked;
}
function address(changes) {
  const next = { page: state.page, segment: state.segment, period: state.period, ...changes };
  const query = new URLSearchParams();
  if (next.segment) query.set("segment", next.segment);
  if (next.period !== "365") query.set("period", next.period);
  for (const name of ["customer", "q"]) if (next[name]) query.set(name, next[name]);
  return "#/" + next.page + (query.size ? "?" + query : "");
}

// ---- elements -----------------------------------------------------------------------------------------------------
/** An element; texts are always texts, whatever a shop calls its campaigns. */
function h(tag, attributes, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}
const empty = (text) => h("p.empty", null, text);
function card(title, note, ...children) {
  return h("section.card", null, h("h2", null, title), note ? h("p.note", null, note) : null, ...children);
}
const day = (text) => (text ? h("span.day", null, text) : "–");
const half = (element) => (element.classList.add("half"), element);

// ---- numbers ------------------------------------------------------------------------------------------------------
function formatter(options) {
  const format = new Intl.NumberFormat("en", options);
  return (value) => (value === null || value === undefined ? "–" : format.format(value));
}
function moneyFormat(options) {
  try {
    return formatter({ style: "currency", currency: DATA.currency || "", currencyDisplay: "narrowSymbol", ...options });
  } catch {
    return formatter(options);
  }
}
const fmt = {
  count: formatter({ maximumFractionDigits: 0 }),
  short: formatter({ notation: "compact", maximumFractionDigits: 1 }),
  decimal: formatter({ maximumFractionDigits: 1 }),
  share: formatter({ style: "percent", maximumFractionDigits: 1 }),
  fine: formatter({ style: "percent", maximumFractionDigits: 2 }),
  money: moneyFormat({ maximumFractionDigits: 0 }),
  cents: moneyFormat({ minimumFractionDigits: 2, maximumFractionDigits: 2 }),
  bigMoney: moneyFormat({ notation: "compact", maximumFractionDigits: 1 }),
  minutes: (value) =>
    value === null || value === undefined ? "–"
      : value < 90 ? fmt.count(value) + " min"
        : value < 2880 ? fmt.decimal(value / 60) + " h" : fmt.decimal(value / 1440) + " days",
  text: (value) => (value === null || value === undefined || value === "" ? "–" : String(value)),
  people: (value) => (value === null ? "< " + DATA.min_people : fmt.count(value)),
};
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const monthName = (day) => MONTHS[Number(day.slice(5, 7)) - 1] + " " + day.slice(0, 4);

// ---- tables -------------------------------------------------------------------------------------------------------
/** A table whose columns are [title, how to read a row, format]; a format but `text` aligns right. A click sorts it. */
function table(columns, list, options = {}) {
  const { sort = null, group = null, limit = 0, onrow = null, chosen = null } = options;
  const order = { at: sort === null ? -1 : Math.abs(sort) - 1, down: (sort || 0) < 0 };
  const body = h("tbody");
  const heads = columns.map(([title, , format], at) =>
    h(format && format !== fmt.text ? "th.n" : "th", { scope: "col" },
      group ? title : h("button", { type: "button", onclick: () => { order.down = order.at === at ? !order.down : format !== undefined && format !== fmt.text; order.at = at; fill(); } }, title)));
  function line(row) {
    return h("tr" + (chosen && chosen(row) ? ".chosen" : ""), null, columns.map(([, read, format], at) => {
      const value = read(row);
      const content = value instanceof Node ? value : (format || fmt.text)(value);
      const shown = at === 0 && onrow ? h("a", { href: onrow(row) }, content) : content;
      return h((at === 0 ? "th" : "td") + (format && format !== fmt.text ? ".n" : ""), at === 0 ? { scope: "row" } : null, shown);
    }));
  }
  function fill(all = false) {
    const read = order.at >= 0 ? columns[order.at][1] : null;
    const value = (row) => { const found = read(row); return found instanceof Node ? found.textContent : found; };
    const ordered = !read ? list : [...list].sort((one, other) => {
      const [a, b] = [value(one), value(other)];
      if (a === b) return 0;
      if (a === null || a === undefined) return 1;
      if (b === null || b === undefined) return -1;
      return (a < b ? -1 : 1) * (order.down ? -1 : 1);
    });
    const shown = limit && !all ? ordered.slice(0, limit) : ordered;
    let last = null;
    body.replaceChildren(...shown.flatMap((row) => {
      const title = group ? group(row) : null;
      const head = title !== last ? [h("tr.group", null, h("th", { colspan: columns.length, scope: "rowgroup" }, title))] : [];
      last = title;
      return [...head, line(row)];
    }));
    heads.forEach((head, at) => at === order.at ? head.setAttribute("aria-sort", order.down ? "descending" : "ascending") : head.removeAttribute("aria-sort"));
    more.hidden = shown.length === ordered.length;
  }
  const more = h("p.note", { hidden: true }, h("a", { href: "#", onclick: (event) => { event.preventDefault(); fill(true); } }, "Show all " + list.length));
  fill();
  return h("div", null, h("div.scroll", { tabindex: "0", role: "group" }, h("table", null, h("thead", null, h("tr", null, heads)), body)), more);
}
