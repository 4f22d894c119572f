// The frame around the pages: navigation, filters, and drawing what the address says.
"use strict";

const PAGES = {
  overview: ["Overview", "How the shop and its customers are doing.", overview, ["segment", "period"]],
  segments: ["Segments", "Who the customers are, by rules that people keep.", segments, ["segment"]],
  clv: ["Customer value", "What customers have brought, and what they are expected to bring.", clv, ["segment"]],
  churn: ["Churn", "Who may stay away, and what that would cost.", churn, ["segment"]],
  retention: ["Retention", "Who comes back, month by month after the first order.", retention, ["period"]],
  campaigns: ["Campaigns", "What messages did.", campaigns, ["period"]],
  support: ["Support", "What customers asked for, and how well they were helped.", support, ["segment", "period"]],
  customers: ["Customers", "The story of one customer.", customers, []],
  quality: ["Data quality", "What was checked before this version was published.", quality, []],
  dictionary: ["Dictionary", "What every table and column means.", dictionary, []],
};
const byId = (id) => document.getElementById(id);

function navigation() {
  const link = (name) => h("a", { href: address({ page: name }), "aria-current": name === state.page ? "page" : null }, PAGES[name][0]);
  const names = Object.keys(PAGES);
  byId("nav").replaceChildren(...names.slice(0, 8).map(link), h("hr"), ...names.slice(8).map(link), ...(DATA.documents.dbt ? [h("a", { href: DATA.documents.dbt }, "dbt docs")] : []));
  const current = byId("nav").querySelector("[aria-current]");
  if (current) current.parentElement.scrollLeft = current.offsetLeft - innerWidth / 3;
}
function filters(wanted) {
  const go = (name) => (event) => { location.hash = address({ [name]: event.target.value }); };
  const parts = [];
  if (wanted.includes("segment")) {
    const types = [...new Set(rows("segments").map((segment) => segment.segment_type))];
    const option = (key, text) => h("option", { value: key, selected: key === state.segment }, text);
    parts.push(h("label", null, "Segment", h("select", { id: "segment", onchange: go("segment") }, option("", "Everybody"), types.map((type) => h("optgroup", { label: typeName(type) }, rows("segments").filter((segment) => segment.segment_type === type && segment.people !== 0).map((segment) => option(segment.segment, segment.name)))))));
  }
  if (wanted.includes("period")) {
    parts.push(h("label", null, "Period", h("select", { id: "period", onchange: go("period") }, ["30", "90", "365", "all"].map((key) => h("option", { value: key, selected: key === state.period }, PERIODS[key])))));
  }
  byId("filters").replaceChildren(...parts);
}
function draw() {
  readState();
  if (!PAGES[state.page]) state.page = "overview";
  const [title, lead, page, wanted] = PAGES[state.page];
  dropCharts();
  document.title = title + ", customers as of " + DATA.as_of;
  byId("title").textContent = title;
  byId("lead").textContent = lead;
  navigation();
  filters(wanted);
  let content;
  try {
    content = page();
  } catch (error) {
    content = [empty("This page could not be drawn: " + error.message)];
    console.error(error);
  }
  byId("content").replaceChildren(...content.flat().filter(Boolean));
  document.body.dataset.page = state.page;
}
addEventListener("hashchange", () => { draw(); scrollTo(0, 0); });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
draw();
