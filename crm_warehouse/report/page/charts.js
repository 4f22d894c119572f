// Charts: Vega-Lite with one look, a text for screen readers, and the figures as a table below.
"use strict";

const views = [];
function dropCharts() {
  for (const view of views.splice(0)) view.finalize();
}
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
function look() {
  const [ink, soft, line, accent, second] = ["ink", "soft", "line", "accent", "second"].map(colour);
  const axis = { labelColor: soft, titleColor: soft, domainColor: line, tickColor: line, gridColor: line, labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal" };
  return {
    background: null, font: "system-ui, sans-serif", view: { stroke: null }, padding: { left: 2, top: 2, right: 12, bottom: 2 },
    axis, axisX: { grid: false, labelOverlap: true, labelSeparation: 6 }, axisY: { domain: false, ticks: false },
    legend: { labelColor: ink, titleColor: soft, orient: "top", labelFontSize: 12, title: null, symbolType: "square", offset: 4, labelLimit: 220, columns: innerWidth < 500 ? 1 : 0 },
    range: { category: [accent, second, soft, colour("good"), colour("bad")] },
    bar: { color: accent }, line: { color: accent, strokeWidth: 2 }, point: { color: accent }, area: { color: accent }, text: { color: ink },
  };
}
/** A chart of `values`; a `value` that is null is hidden. */
function chart(description, spec, values) {
  const place = h("div.chart", { role: "img", "aria-label": description });
  const known = values.filter((row) => row.value !== null && row.value !== undefined);
  if (!known.length) return empty(values.length ? "Too few people to show." : "Nothing to show in this period.");
  const full = { width: "container", height: 230, config: look(), data: { values }, ...spec };
  // The place has its width once it is on the page.
  requestAnimationFrame(() => {
    vegaEmbed(place, full, { actions: false, renderer: "svg", ast: true, mode: "vega-lite", tooltip: { theme: "custom" } })
      .then((result) => { views.push(result); place.setAttribute("data-drawn", "yes"); })
      .catch((error) => { place.replaceWith(empty("This chart could not be drawn: " + error.message)); });
  });
  return h("div", null, place);
}
const numberAxis = { labelExpr: "format(datum.value, '~s')" };
// A place per bucket, so that a column stands above its own name and a hidden one leaves a gap.
const timeAxis = (values) => ({ field: "label", type: "ordinal", sort: values.map(bucketName), axis: { title: null, labelAngle: 0, labelOverlap: "greedy", labelSeparation: 8 } });
const bucketName = (row) => (row.grain === "month" ? MONTHS[Number(row.starts_on.slice(5, 7)) - 1] + " " + row.starts_on.slice(2, 4) : Number(row.starts_on.slice(8)) + " " + MONTHS[Number(row.starts_on.slice(5, 7)) - 1]);
const when = (row) => (row.grain === "month" ? monthName(row.starts_on) : (row.grain === "week" ? "week from " : "") + row.starts_on) + (row.is_partial ? " (so far)" : "");

/** Columns over time; `series` is [title, column, format] each, stacked where there are several. */
function columnsOverTime(description, values, series) {
  const long = values.flatMap((row) => series.map(([title, column, format], at) => ({ label: bucketName(row), value: row[column], series: title, at, part: row.is_partial, When: when(row), shown: format(row[column]) })));
  const encoding = {
    x: timeAxis(values),
    y: { field: "value", type: "quantitative", axis: { title: null, tickCount: 5, ...numberAxis }, stack: series.length > 1 ? "zero" : null },
    opacity: { condition: { test: "datum.part", value: 0.45 }, value: 1 },
    tooltip: [{ field: "When", title: "When" }, { field: "series", title: "Figure" }, { field: "shown", title: "Value" }],
  };
  if (series.length > 1) encoding.color = { field: "series", type: "nominal", sort: series.map(([title]) => title), legend: {} };
  if (series.length > 1) encoding.order = { field: "at", type: "ordinal" };
  return withFigures(description, { mark: { type: "bar", cornerRadiusTopLeft: 2, cornerRadiusTopRight: 2 }, encoding }, long, values, series);
}
/** Lines over time; `share` draws per cents. */
function linesOverTime(description, values, series, { share = false, zero = true } = {}) {
  const long = values.flatMap((row) => series.map(([title, column, format]) => ({ label: bucketName(row), value: row[column], series: title, When: when(row), shown: format(row[column]) })));
  const encoding = {
    x: timeAxis(values),
    y: { field: "value", type: "quantitative", scale: { zero }, axis: { title: null, tickCount: 5, ...(share ? { format: "~%" } : numberAxis) } },
    tooltip: [{ field: "When", title: "When" }, { field: "series", title: "Figure" }, { field: "shown", title: "Value" }],
  };
  if (series.length > 1) {
    encoding.color = { field: "series", type: "nominal", sort: series.map(([title]) => title), legend: {} };
    encoding.strokeDash = { field: "series", type: "nominal", sort: series.map(([title]) => title), legend: null };
  }
  return withFigures(description, { mark: { type: "line", point: { size: 28, filled: true } }, encoding }, long, values, series);
}
function withFigures(description, spec, long, values, series) {
  const place = chart(description, spec, long);
  if (place.classList.contains("empty")) return place;
  place.append(figuresOf(["When", when], series, values));
  return place;
}
const figuresOf = (first, series, values) => h("details", null, h("summary", null, "Figures"), table([first, ...series.map(([title, column, format]) => [title, (row) => row[column], format])], values));
/** Horizontal bars of one or two measures: [title, column, format]. */
function bars(description, values, label, measures, { share = false } = {}) {
  const long = values.flatMap((row) => measures.map(([title, column, format]) => ({ label: row[label], value: row[column], series: title, shown: format(row[column]) })));
  const two = measures.length > 1;
  const encoding = {
    y: { field: "label", type: "nominal", sort: values.map((row) => row[label]), axis: { title: null, labelLimit: 150, ticks: false, domain: false, labelColor: colour("ink") } },
    x: { field: "value", type: "quantitative", axis: { title: null, grid: true, tickCount: 4, ...(share ? { format: "~%" } : numberAxis) } },
    tooltip: [{ field: "label", title: "What" }, { field: "series", title: "Figure" }, { field: "shown", title: "Value" }],
  };
  if (two) {
    encoding.yOffset = { field: "series", sort: measures.map(([title]) => title) };
    encoding.color = { field: "series", type: "nominal", sort: measures.map(([title]) => title), legend: {} };
  }
  const place = chart(description, { height: 30 + values.length * (two ? 30 : 24), mark: { type: "bar", cornerRadiusEnd: 2 }, encoding }, long);
  if (place.classList.contains("empty")) return place;
  place.append(figuresOf(["What", (row) => row[label]], measures, values));
  return place;
}
/** A histogram whose bins have names. */
function histogram(description, values, measure) {
  const [title, column, format] = measure;
  const list = values.map((row) => ({ bin: row.bin, value: row[column], shown: format(row[column]) }));
  const place = chart(description, {
    mark: { type: "bar", cornerRadiusTopLeft: 2, cornerRadiusTopRight: 2, width: { band: 0.85 } },
    encoding: {
      x: { field: "bin", type: "ordinal", sort: values.map((row) => row.bin), axis: { title: null, labelAngle: 0, labelOverlap: true } },
      y: { field: "value", type: "quantitative", axis: { title: null, tickCount: 5, ...numberAxis } },
      tooltip: [{ field: "bin", title: "Range" }, { field: "shown", title }],
    },
  }, list);
  if (place.classList.contains("empty")) return place;
  place.append(figuresOf(["From", (row) => row.bin], [measure], values));
  return place;
}
/** A line without axes, of numbers of which some may be hidden. */
function sparkline(values) {
  const known = values.map((value, at) => [at, value]).filter(([, value]) => value !== null && value !== undefined);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 100 24");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  if (known.length > 1) {
    const numbers = known.map(([, value]) => value);
    const [low, high] = [Math.min(...numbers, 0), Math.max(...numbers)];
    const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
    line.setAttribute("points", known.map(([at, value]) => (100 * at / (values.length - 1)).toFixed(1) + "," + (22 - 20 * (value - low) / (high - low || 1)).toFixed(1)).join(" "));
    line.setAttribute("fill", "none");
    line.setAttribute("stroke", "currentColor");
    line.setAttribute("stroke-width", "1.5");
    line.setAttribute("vector-effect", "non-scaling-stroke");
    svg.append(line);
  }
  return svg;
}
/** A cell whose background tells its share of the largest; its text says the same. */
function heatCell(value, strength, text, title) {
  const cell = h("td.n", { title }, text);
  if (value !== null && value !== undefined) {
    const part = Math.max(0, Math.min(1, strength));
    cell.style.background = "rgba(" + colour("heat") + "," + (0.06 + 0.5 * part).toFixed(3) + ")";
  }
  return cell;
}
