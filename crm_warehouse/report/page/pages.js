// One function per page: from the state to elements. What a figure means is in docs/kpis.md and in the dictionary.
"use strict";

// ---- what several pages ask for -----------------------------------------------------------------------------------
const ofSegment = (name) => rows(name).filter((row) => row.segment === state.segment);
function period(isPrevious) {
  return rows("periods").find((row) => row.segment === state.segment && row.period === state.period && row.is_previous === isPrevious);
}
/** The trend of the chosen segment in the chosen period: weeks for short periods, months for long ones. */
function trend() {
  const grain = state.period === "30" || state.period === "90" ? "week" : "month";
  const own = Object.fromEntries(ofSegment("trend").filter((row) => row.grain === grain).map((row) => [row.starts_on, row]));
  const every = rows("trend").filter((row) => row.segment === "" && row.grain === grain);
  const nobody = { people: 0, order_count: 0, sales_amount: 0, new_customer_count: 0, people_refunded: 0, refund_amount: 0, people_asking: 0, ticket_count: 0 };
  return inPeriod(every.map((row) => own[row.starts_on] || { grain, starts_on: row.starts_on, ...nobody }), span()).map((row) => ({
    ...row,
    net_amount: less(row.sales_amount, row.refund_amount),
    returning_count: row.people === null ? null : row.people - row.new_customer_count,
    average_order_amount: ratio(row.sales_amount, row.order_count),
  }));
}
const less = (sales, refunds) => (sales === null || refunds === null ? null : sales - refunds);
function inPeriod(list, length) {
  const lastDay = new Date(DATA.as_of + "T00:00:00Z");
  const monthIsOver = new Date(lastDay.getTime() + 864e5).getUTCDate() === 1;
  return list
    .filter((row) => days(row.starts_on, DATA.as_of) < length)
    .map((row) => ({ ...row, is_partial: row.grain === "month" && row.starts_on.slice(0, 7) === DATA.as_of.slice(0, 7) && !monthIsOver }));
}
const span = () => (state.period === "all" ? Infinity : Number(state.period));
/** A figure with its change and course; `good` tells whether more is better (1), worse (-1) or neither (0). */
function kpi(name, format, now, before, course, good = 1) {
  let change = null;
  if (before !== undefined && now !== null && before !== null && before) {
    const part = now / before - 1;
    const word = Math.abs(part) < 0.005 ? "unchanged" : (part > 0 ? "▲ " : "▼ ") + fmt.share(Math.abs(part));
    const side = Math.abs(part) < 0.005 || !good ? "soft" : part * good > 0 ? "good" : "bad";
    change = h("span." + side, null, word, h("span.soft", null, " vs " + format(before)));
  }
  return h("div.kpi", null, h("span.name", null, name), h("span.value", null, now === null || now === undefined ? (format(null) || "–") : format(now)), h("span.change", null, change), course && course.length > 1 ? sparkline(course) : null);
}
const hiddenNote = "Too few people for this segment and period: figures of " + FEW + " people are not shown.";
const notConnected = (domain) => empty("No " + domain + " source is connected to this warehouse, so there is nothing to show here.");

// ---- overview -----------------------------------------------------------------------------------------------------
function overview() {
  const [now, before] = [period(false), period(true)];
  if (!now) return [empty("No orders of these customers in this period.")];
  if (now.people === null) return [empty(hiddenNote)];
  const course = trend();
  const of = (row, read) => (row && row.people !== null ? read(row) : row ? null : undefined);
  const both = (read) => [of(now, read), of(before, read)];
  const column = (name) => course.map((row) => row[name]);
  const members = state.segment ? SEGMENTS[state.segment].people : (DATA.tables.find((mart) => mart.name === "customers") || {}).rows;
  // Where the refunds of few people must not be told, sales are.
  const isNet = now.refund_amount !== null && course.filter((row) => row.net_amount === null && row.sales_amount !== null).length === 0;
  const [money, amount] = isNet ? ["Net revenue", "net_amount"] : ["Sales", "sales_amount"];
  const kpis = [
    kpi(money, fmt.bigMoney, ...both((row) => (isNet ? less(row.sales_amount, row.refund_amount) : row.sales_amount)), column(amount)),
    kpi("Orders", fmt.count, ...both((row) => row.order_count), column("order_count")),
    kpi("Average order", fmt.cents, ...both((row) => ratio(row.sales_amount, row.purchase_count)), column("average_order_amount")),
    kpi("Active customers", fmt.count, ...both((row) => row.people), column("people")),
    kpi("New customers", fmt.count, ...both((row) => row.new_customer_count), column("new_customer_count")),
    kpi("Bought again", fmt.share, ...both((row) => ratio(row.repeat_customer_count, row.people))),
    kpi("Refunds of sales", fmt.share, ...both((row) => ratio(row.refund_amount, row.sales_amount)), course.map((row) => ratio(row.refund_amount, row.sales_amount)), -1),
  ];
  if (DATA.connected.messaging) kpis.push(kpi("Sales from messages", fmt.share, ...both((row) => ratio(row.attributed_sales_amount, row.sales_amount))));
  if (DATA.connected.helpdesk) {
    kpis.push(kpi("Tickets per order", fmt.fine, ...both((row) => ratio(row.ticket_count, row.order_count)), course.map((row) => ratio(row.ticket_count, row.order_count)), -1));
    kpis.push(kpi("Good ratings", fmt.share, ...both((row) => ratio(row.satisfied_csat_count, row.csat_count))));
  }
  kpis.push(kpi("Customers in total", fmt.count, members));
  const stages = rows("segments").filter((row) => row.segment_type === "lifecycle" && row.people !== 0);
  return [
    h("div.cards", null, kpis),
    h("p.note.below", null, "Changes are against the same number of days before. ", state.segment ? "Figures are of the people who are in this segment today." : "Orders of unknown customers count in sums, not in customers."),
    h("div.grid", null,
      half(card(money, isNet ? "Sales after discounts, without tax and shipping, less refunds of the same time." : "After discounts, without tax and shipping, before refunds: too few people had some to show them.", columnsOverTime(money + " over time", course, [[money, amount, fmt.money]]))),
      half(card("Customers who bought", "New and returning, counted once per " + (course[0] && course[0].grain === "week" ? "week" : "month") + ".", columnsOverTime("New and returning customers over time", course, [["Returning", "returning_count", fmt.count], ["New", "new_customer_count", fmt.count]]))),
      half(card("Average order", "Sales per order.", linesOverTime("Average order over time", course, [["Average order", "average_order_amount", fmt.cents]], { zero: false }))),
      half(card("Where customers stand", "Everybody is at one stage.", bars("Customers and net revenue by stage", stages, "name", [["Share of customers", "member_share", fmt.share], ["Share of net revenue", "net_share", fmt.share]], { share: true })))),
  ];
}

// ---- segments -----------------------------------------------------------------------------------------------------
const TYPES = { lifecycle: "Lifecycle", rfm: "RFM", value: "Value", engagement: "Engagement", channel: "Channel", action: "Reasons to act" };
const typeName = (type) => TYPES[type] || capital(words(type));
function segments() {
  const list = rows("segments");
  if (!list.length) return [empty("No segment is active on this day.")];
  const types = [...new Set(list.map((row) => row.segment_type))];
  const place = h("div");
  let type = state.segment ? SEGMENTS[state.segment].segment_type : types[0];
  function show() {
    const own = list.filter((row) => row.segment_type === type && row.people !== 0);
    place.replaceChildren(
      h("div.tabs", { role: "group", "aria-label": "Type of segment" }, types.map((name) => h("button", { type: "button", "aria-pressed": String(name === type), onclick: () => { type = name; show(); } }, typeName(name)))),
      h("div.grid", null,
        half(card("Customers and revenue", type === "action" ? "These overlap: somebody can be in several." : "Everybody is in one at most.", bars("Share of customers and of net revenue by segment", own, "name", [["Share of customers", "member_share", fmt.share], ["Share of net revenue", "net_share", fmt.share]], { share: true }))),
        half(card("Movement since the last version", "Customers who moved from one segment of the type to another.", flows(type)))));
  }
  show();
  return [
    state.segment ? segmentDetail(SEGMENTS[state.segment]) : null,
    place,
    h("br"),
    card("All segments", "Predicted: revenue expected in the next " + DATA.horizons.clv + " days.", table([
      ["Segment", (row) => row.name], ["Customers", (row) => row.people, fmt.people], ["Share", (row) => row.member_share, fmt.share],
      ["Net revenue", (row) => row.net_amount, fmt.money], ["Share", (row) => row.net_share, fmt.share], ["Predicted", (row) => row.predicted_amount, fmt.money],
      ["Churn risk", (row) => row.average_churn_probability, fmt.share], ["Bought, 30 days", (row) => row.conversion_rate_30d, fmt.share],
      ["Can be e-mailed", (row) => row.email_contactable_count, fmt.count], ["Entered", (row) => row.entered_count, fmt.count], ["Left", (row) => row.left_count, fmt.count],
    ], list, { group: (row) => typeName(row.segment_type), onrow: (row) => address({ segment: row.segment }), chosen: (row) => row.segment === state.segment })),
  ];
}
function segmentDetail(segment) {
  const sizes = ofSegment("segment_sizes").map((row) => ({ ...row, starts_on: row.day, grain: "day" }));
  return h("div.grid", { style: "margin-bottom:1rem" },
    half(card(segment.name, segment.purpose, h("dl", null, h("div", null, h("dt", null, "Customers"), h("dd", null, fmt.people(segment.people))), h("div", null, h("dt", null, "Owner"), h("dd", null, segment.owner)), h("div", null, h("dt", null, "Key"), h("dd", null, h("code", null, segment.segment)))), h("h3", null, "Rule"), h("p", null, h("code", null, segment.rule)),
      sizes.length > 1 ? [h("h3", null, "Customers by day"), linesOverTime("Size of the segment by day", sizes, [["Customers", "people", fmt.people]])] : null)),
    half(card("Where its customers are as well", null, table([["Segment", (row) => segmentName(row.other_segment)], ["Customers", (row) => row.people, fmt.people], ["Share of this one", (row) => row.shared_share, fmt.share]], ofSegment("segment_overlaps"), { onrow: (row) => address({ segment: row.other_segment }) }))));
}
function flows(type) {
  const list = rows("segment_flows").filter((row) => row.segment_type === type);
  if (type === "action") return empty("Segments of this type overlap, so nobody moves from one to another. Who entered and left is in the table below.");
  if (!list.length) return empty(DATA.quality.compared_with ? "Nobody moved since version " + DATA.quality.compared_with + "." : "This is the first version: there is nothing to compare with yet.");
  return table([["From", (row) => (row.from_segment ? segmentName(row.from_segment) : "(new)")], ["To", (row) => (row.to_segment ? segmentName(row.to_segment) : "(gone)")], ["Customers", (row) => row.people, fmt.people]], list, { limit: 12 });
}

// ---- CLV ----------------------------------------------------------------------------------------------------------
function clv() {
  const order = { high: 0, mid: 1, low: 2 };
  const all = ofSegment("clv_tiers").find((row) => !row.value_tier);
  if (all && all.people === null) return [empty(hiddenNote)];
  const tiers = ofSegment("clv_tiers").filter((row) => row.value_tier).sort((one, other) => order[one.value_tier] - order[other.value_tier]);
  if (!tiers.length) return [empty("Nobody here has bought yet, so there is no value to predict.")];
  const known = tiers.filter((row) => row.people !== null);
  const total = { people: all.people, predicted: all.predicted_amount, historic: all.historic_amount };
  const shown = known.map((row) => ({ ...row, name: capital(row.value_tier), people_share: ratio(row.people, total.people), predicted_share: ratio(row.predicted_amount, total.predicted), average: ratio(row.predicted_amount, row.people) }));
  const bins = ofSegment("clv_bins");
  const named = bins.map((row, at) => ({ ...row, bin: fmt.bigMoney(row.starts_at) + (at === bins.length - 1 ? "+" : "") }));
  const curve = rows("clv_concentration").filter((row) => row.people !== null);
  const points = [{ people_share: 0, predicted_share: 0, historic_share: 0 }, ...curve].flatMap((row) => [["Predicted", "predicted_share"], ["So far", "historic_share"]].map(([series, name]) => ({ x: row.people_share, value: row[name], series, people: fmt.share(row.people_share), shown: fmt.share(row[name]) })));
  const top = curve.find((row) => row.people_share >= 0.2);
  return [
    h("div.cards", null,
      kpi("Buyers", fmt.count, total.people), kpi("Predicted revenue", fmt.bigMoney, total.predicted), kpi("Predicted per buyer", fmt.cents, ratio(total.predicted, total.people)),
      kpi("Net revenue so far", fmt.bigMoney, total.historic), kpi("So far per buyer", fmt.cents, ratio(total.historic, total.people))),
    known.length < tiers.length ? h("p.note.below", null, "Tiers of " + FEW + " people are not shown on their own.") : h("p.below"),
    h("div.grid", null,
      half(card("Buyers by predicted revenue", "Of the next " + DATA.horizons.clv + " days; each bar starts at the amount below it.", histogram("Buyers by predicted revenue", named, ["Buyers", "people", fmt.people]))),
      half(card("Value tiers", "High: the best fifth of all buyers by prediction. Mid: the next three tenths.", bars("Share of buyers and of predicted revenue by tier", shown, "name", [["Share of buyers", "people_share", fmt.share], ["Share of predicted revenue", "predicted_share", fmt.share]], { share: true }),
        table([["Tier", (row) => row.name], ["Buyers", (row) => row.people, fmt.people], ["So far", (row) => row.historic_amount, fmt.money], ["Predicted", (row) => row.predicted_amount, fmt.money], ["Per buyer", (row) => row.average, fmt.cents]], shown))),
      card("How concentrated the value is", top ? "The best fifth of all buyers hold " + fmt.share(top.predicted_share) + " of predicted revenue and held " + fmt.share(top.historic_share) + " of revenue so far." : "Of all buyers, best first.", chart("Share of value held by the best share of buyers", {
        height: 260, mark: { type: "line", point: { size: 18, filled: true } },
        encoding: {
          x: { field: "x", type: "quantitative", scale: { domain: [0, 1] }, axis: { title: "share of buyers, best first", format: "~%", tickCount: 5 } },
          y: { field: "value", type: "quantitative", axis: { title: null, format: "~%", tickCount: 5 } },
          color: { field: "series", type: "nominal", sort: ["Predicted", "So far"], legend: {} }, strokeDash: { field: "series", type: "nominal", sort: ["Predicted", "So far"], legend: null },
          tooltip: [{ field: "people", title: "Best buyers" }, { field: "series", title: "Figure" }, { field: "shown", title: "Hold" }],
        },
      }, curve.length ? points : []), curve.length ? h("details", null, h("summary", null, "Figures"), table([["Best buyers", (row) => row.people_share, fmt.share], ["Predicted", (row) => row.predicted_share, fmt.share], ["So far", (row) => row.historic_share, fmt.share]], curve)) : null),
      card("Can the prediction be trusted?", "What the same method would have predicted at an earlier day, and what came.", trust())),
  ];
}
function trust() {
  const list = rows("clv_quality").filter((row) => row.people !== null);
  if (!list.length) return empty("The shop's history is too short to look back one horizon and compare.");
  return [table([
    ["Horizon", (row) => row.horizon_days + " days from " + row.origin_date], ["Method", (row) => row.candidate],
    ["Orders predicted", (row) => row.predicted_orders, fmt.count], ["came", (row) => row.actual_orders, fmt.count],
    ["Revenue predicted", (row) => row.predicted_revenue, fmt.money], ["came", (row) => row.actual_revenue, fmt.money],
    ["Held by the best tenth", (row) => row.top_decile_capture, fmt.share], ["Gate", (row) => words(row.release_gate)],
  ], list), h("p.note.below", null, "Sums over many people are far more reliable than single customers.")];
}

// ---- churn --------------------------------------------------------------------------------------------------------
const BANDS = ["high", "medium", "low"];
const TIERS = ["high", "mid", "low"];
function churn() {
  const all = ofSegment("churn_matrix").find((row) => !row.value_tier);
  const cells = ofSegment("churn_matrix").filter((row) => row.value_tier);
  if (!cells.length) return [empty("Nobody here has bought yet, so there is nobody to lose.")];
  if (all.people === null) return [empty(hiddenNote)];
  const known = cells.filter((row) => row.people !== null);
  const high = (tier) => {
    const row = cell("high", tier);
    return row ? row.value_at_risk : 0;
  };
  const most = Math.max(...known.map((row) => row.value_at_risk), 0);
  const cell = (band, tier) => cells.find((row) => row.churn_risk_band === band && row.value_tier === tier);
  const heat = (row) => {
    if (!row) return h("td.n.soft", null, "–");
    if (row.people === null) return h("td.n.soft", null, fmt.people(null));
    const content = heatCell(row.value_at_risk, most ? row.value_at_risk / most : 0, "");
    content.append(h("b", null, fmt.bigMoney(row.value_at_risk)), h("span", { title: "Predicted " + fmt.money(row.predicted_amount) }, fmt.count(row.people) + " people"));
    return content;
  };
  const bySegment = rows("segments").filter((segment) => segment.segment_type === "action" || segment.segment_type === "rfm").map((segment) => {
    const own = rows("churn_matrix").find((row) => row.segment === segment.segment && !row.value_tier);
    return { name: segment.name, value: own ? own.value_at_risk : null };
  }).filter((row) => row.value > 0).sort((one, other) => other.value - one.value).slice(0, 12);
  const bins = ofSegment("churn_bins").map((row) => ({ ...row, bin: fmt.share(row.starts_at) }));
  const drivers = ofSegment("churn_drivers").filter((row) => row.people !== null).slice(0, 8).map((row) => ({ ...row, driver: capital(row.driver) }));
  return [
    h("div.cards", null,
      kpi("Buyers", fmt.count, all.people), kpi("Value at risk", fmt.bigMoney, all.value_at_risk), kpi("Of predicted revenue", fmt.share, ratio(all.value_at_risk, all.predicted_amount)),
      kpi("High risk, high value", (value) => (value === null ? "< " + DATA.min_people + " people" : fmt.bigMoney(value)), high("high"))),
    h("p.note.below", null, "Risk: the probability that no order comes within " + DATA.horizons.churn + " days; low below 33 %, high above 66 %. Value at risk: that probability times the revenue predicted for " + DATA.horizons.clv + " days. Who buys once a year is not lost at high risk."),
    h("div.grid", null,
      half(card("Risk and value", "Value at risk by risk of churn and tier of predicted value: a win-back is worth most in the darkest cell.",
        h("div.scroll", null, h("table.matrix", null, h("thead", null, h("tr", null, h("th", null, "Risk"), TIERS.map((tier) => h("th.n", { scope: "col" }, capital(tier) + " value")))), h("tbody", null, BANDS.map((band) => h("tr", null, h("th", { scope: "row" }, capital(band)), TIERS.map((tier) => heat(cell(band, tier)))))))))),
      half(card("Buyers by risk", "Each bar starts at the probability below it.", histogram("Buyers by churn probability", bins, ["Buyers", "people", fmt.people]))),
      half(card("What to talk about", "Drivers explain, they do not cause; somebody can have several.", drivers.length ? table([["Driver", (row) => row.driver], ["Customers", (row) => row.people, fmt.people], ["Value at risk", (row) => row.value_at_risk, fmt.money]], drivers) : empty("No driver stands out."))),
      half(card("Value at risk by segment", "The segments of RFM and reasons to act that have most of it.", bars("Value at risk by segment", bySegment, "name", [["Value at risk", "value", fmt.money]])))),
  ];
}

// ---- retention ----------------------------------------------------------------------------------------------------
function retention() {
  const list = rows("cohorts");
  if (!list.length) return [empty("No customer has ordered yet.")];
  const course = inPeriod(rows("retention").filter((row) => row.is_complete_month).map((row) => ({ ...row, starts_on: row.activity_month, grain: "month" })), span());
  const place = h("div");
  let measure = "retention_rate";
  const show = () => place.replaceChildren(
    h("div.tabs", { role: "group", "aria-label": "Figure" }, [["retention_rate", "Who orders"], ["ltv_amount", "Revenue per customer"]].map(([name, title]) => h("button", { type: "button", "aria-pressed": String(name === measure), onclick: () => { measure = name; show(); } }, title))),
    heatMap(list.filter((row) => days(row.cohort_month, DATA.as_of) < Math.max(span(), 365)), measure));
  show();
  return [
    card("Cohorts", "Customers by the month of their first order. A column per month since: the share that ordered in it, or net revenue per customer up to its end. Pale months are not over yet.", place),
    h("br"),
    h("div.grid", null,
      half(card("Retention by month", "Of the customers active at its start, the share still active at its end; new ones do not count, returned ones do.", linesOverTime("Retention by month", course, [["Retention", "retention_rate", fmt.share]], { share: true, zero: false }))),
      half(card("Coming back and lapsing", "Customers per month.", linesOverTime("Customers who came back and who lapsed by month", course, [["Lapsed", "lapsed_count", fmt.count], ["Came back", "returned_count", fmt.count]])))),
  ];
}
function heatMap(list, measure) {
  const shown = list.filter((row) => row.people !== null);
  if (!shown.length) return empty("Every cohort of this time has " + FEW + " customers, so none is shown.");
  const format = measure === "ltv_amount" ? fmt.bigMoney : formatter({ style: "percent", maximumFractionDigits: 0 });
  const cohorts = [...new Set(list.map((row) => row.cohort_month))];
  const last = Math.max(...shown.map((row) => row.month_number));
  const first = measure === "ltv_amount" ? 0 : 1;
  const most = Math.max(...shown.filter((row) => row.month_number >= first).map((row) => row[measure] || 0)) || 1;
  const numbers = Array.from({ length: last - first + 1 }, (_, at) => at + first);
  const body = cohorts.map((month) => {
    const own = Object.fromEntries(list.filter((row) => row.cohort_month === month).map((row) => [row.month_number, row]));
    const start = Object.values(own)[0];
    return h("tr", null, h("th", { scope: "row" }, monthName(month)), h("td.n", { style: "border:0" }, fmt.people(start.people)),
      start.people === null ? h("td.soft", { colspan: numbers.length }, "not shown") : numbers.map((number) => {
        const row = own[number];
        if (!row || row[measure] === null) return h("td.n");
        const cell = heatCell(row[measure], row[measure] / most, format(row[measure]), monthName(month) + ", month " + number);
        if (!row.is_complete_month) cell.style.opacity = 0.5;
        return cell;
      }));
  });
  return h("div.scroll", { tabindex: "0", role: "group", "aria-label": "Cohorts" }, h("table.heat", null, h("thead", null, h("tr", null, h("th", { scope: "col" }, "First order"), h("th.n", { scope: "col" }, "Customers"), numbers.map((number) => h("th.n", { scope: "col" }, "+" + number)))), h("tbody", null, body)));
}

// ---- campaigns ----------------------------------------------------------------------------------------------------
function campaigns() {
  if (!DATA.connected.messaging) return [notConnected("messaging")];
  const list = rows("campaigns").filter((row) => row.period === state.period);
  const known = list.filter((row) => row.people !== null).map((row) => ({ ...row, open_rate: ratio(row.opener_count, row.delivered_count), click_rate: ratio(row.clicker_count, row.delivered_count), unsubscribe_rate: ratio(row.unsubscribed_count, row.delivered_count) }));
  const total = (name) => sum(known, name);
  const shop = rows("periods").find((row) => row.segment === "" && row.period === state.period && !row.is_previous);
  const best = [...known].filter((row) => row.attributed_sales_amount > 0).sort((one, other) => other.attributed_sales_amount - one.attributed_sales_amount).slice(0, 10).map((row) => ({ ...row, name: row.name || "(no name)" }));
  const course = inPeriod(rows("messaging").map((row) => ({ ...row, grain: "month" })), Math.max(span(), 365));
  const engagement = rows("engagement").filter((row) => row.segment !== "").map((row) => ({ ...row, name: segmentName(row.segment), open_rate: ratio(row.opened_count, row.delivered_count), click_rate: ratio(row.clicked_count, row.delivered_count), sales: row.people_bought === null ? null : ratio(row.attributed_sales_amount, row.people) }));
  return [
    known.length ? h("div.cards", null,
      kpi("Delivered", fmt.count, total("delivered_count")), kpi("Opened by a person", fmt.share, ratio(total("opener_count"), total("delivered_count"))), kpi("Clicked", fmt.share, ratio(total("clicker_count"), total("delivered_count"))),
      kpi("Unsubscribed", fmt.fine, ratio(total("unsubscribed_count"), total("delivered_count"))), kpi("Attributed sales", fmt.bigMoney, shop ? shop.attributed_sales_amount : null))
      : empty("No message reached enough people in this period."),
    h("p.note.below", null, "An order counts for the last message clicked within " + DATA.attribution_window_days + " days before it. Rates are of the messages listed; orders of " + FEW + " buyers of a message are not shown."),
    h("div.grid", null,
      half(card("Rates by month", "Of e-mails delivered; opens by machines do not count.", linesOverTime("E-mail rates by month", course, [["Opened", "email_open_rate", fmt.share], ["Clicked", "email_click_rate", fmt.share]], { share: true }))),
      half(card("Attributed sales", "The messages with most of them.", best.length ? bars("Attributed sales by message", best, "name", [["Attributed sales", "attributed_sales_amount", fmt.money]]) : empty("No message has attributed orders of enough people in this period."))),
      card("Messages", null, list.length ? table([
        ["Message", (row) => row.name || "(no name)"], ["Kind", (row) => row.message_type], ["Channel", (row) => row.channel], ["Sent", (row) => day(row.sent_date)],
        ["Delivered", (row) => row.delivered_count, fmt.people], ["Opened", (row) => row.open_rate, fmt.share], ["Clicked", (row) => row.click_rate, fmt.share], ["Unsubscribed", (row) => row.unsubscribe_rate, fmt.fine],
        ["Orders", (row) => row.attributed_order_count, fmt.count], ["Sales", (row) => row.attributed_sales_amount, fmt.money],
      ], [...known, ...list.filter((row) => row.people === null)], { limit: 15 }) : empty("Nothing was sent in this period.")),
      card("A/B tests", "A difference is called significant when chance alone would show one as large in fewer than one case of twenty (or as the project says).", tests()),
      card("How segments respond", "Over all time, people who are in the segment today.", table([
        ["Segment", (row) => row.name], ["Mailed", (row) => row.people, fmt.people], ["Opened", (row) => row.open_rate, fmt.share], ["Clicked", (row) => row.click_rate, fmt.share],
        ["Bought after a click", (row) => row.people_bought, fmt.people], ["Sales per person", (row) => row.sales, fmt.cents],
      ], engagement.filter((row) => row.people !== 0), { chosen: (row) => row.segment === state.segment, limit: 15, sort: -2 }))),
  ];
}
function tests() {
  const list = rows("campaign_tests");
  if (!list.length) return empty("No campaign was sent in several variations.");
  const verdict = (is, p) => (is === null ? "–" : (is ? "significant" : "not significant") + (p === null ? "" : " (p " + p.toFixed(3) + ")"));
  return table([["Campaign", (row) => row.name || "(no name)"], ["Variation", (row) => row.variation_id], ["Delivered", (row) => row.people, fmt.people], ["Clicked", (row) => row.click_rate, fmt.share], ["Difference", (row) => verdict(row.is_click_significant, row.click_p_value)], ["Bought", (row) => row.buyer_rate, fmt.fine], ["Difference", (row) => verdict(row.is_buyer_significant, row.buyer_p_value)]], list);
}

// ---- support ------------------------------------------------------------------------------------------------------
function support() {
  if (!DATA.connected.helpdesk) return [notConnected("helpdesk")];
  const own = ofSegment("support").filter((row) => row.period === state.period);
  const all = own.find((row) => row.kind === "all");
  if (!all) return [empty("No tickets of these customers in this period.")];
  if (all.people === null) return [empty("Tickets of " + FEW + " people in this period, so they are not shown.")];
  const read = (row) => ({ ...row, reply: ratio(row.first_reply_minutes, row.replied_ticket_count), resolution: ratio(row.resolution_minutes, row.resolved_ticket_count), csat: ratio(row.satisfied_csat_count, row.csat_count), reopened: ratio(row.reopened_ticket_count, row.ticket_count) });
  const now = read(all);
  const course = trend();
  const parts = (kind) => table([[capital(kind), (row) => capital(words(row.value))], ["Tickets", (row) => row.ticket_count, fmt.people], ["First reply", (row) => row.reply, fmt.minutes], ["Resolved in", (row) => row.resolution, fmt.minutes], ["Reopened", (row) => row.reopened, fmt.share], ["Good ratings", (row) => row.csat, fmt.share], ["Ratings", (row) => row.csat_count, fmt.count]], own.filter((row) => row.kind === kind).map(read).sort((one, other) => (other.ticket_count || 0) - (one.ticket_count || 0)));
  const orders = period(false);
  return [
    h("div.cards", null,
      kpi("Tickets", fmt.count, now.ticket_count, undefined, course.map((row) => row.ticket_count)), kpi("Tickets per order", fmt.fine, orders && orders.people !== null ? ratio(now.ticket_count, orders.order_count) : null),
      kpi("First reply, on average", fmt.minutes, now.reply), kpi("Resolved in, on average", fmt.minutes, now.resolution), kpi("Good ratings", fmt.share, now.csat), kpi("Reopened", fmt.share, now.reopened), kpi("Still open", fmt.count, now.open_ticket_count)),
    h("p.note.below", null, "Times run round the clock, and count on the day the ticket was opened: recent periods look fast until slow tickets are done. Averages are sums over tickets, never averages of averages."),
    h("div.grid", null,
      card("Tickets", "By the day they were opened, of customers who are known.", columnsOverTime("Tickets over time", course, [["Tickets", "ticket_count", fmt.count]])),
      card("By channel", null, parts("channel")), card("By topic", null, parts("topic"))),
  ];
}

// ---- data quality -------------------------------------------------------------------------------------------------
function quality() {
  const { gates, freshness, sources, history, compared_with: base } = DATA.quality;
  const verdict = (gate) => {
    const failed = gate.counts.failed || 0;
    const noted = Object.entries(gate.counts).filter(([status]) => status !== "passed").map(([status, count]) => count + " " + words(status)).join(", ");
    return h("div.kpi", null, h("span.name", null, capital(gate.name) + " gate"), h("span.value", null, gate.counts.passed || failed ? h("span." + (failed ? "bad" : "good"), null, failed ? failed + " failed" : "passed") : gate.rules ? h("span.soft", null, "nothing to compare") : h("span.soft", null, "no record")), h("span.change", null, gate.rules ? fmt.count(gate.counts.passed || 0) + " of " + gate.rules + " rules hold" + (noted ? ", " + noted : "") : ""));
  };
  const noted = gates.flatMap((gate) => gate.noted.map((rule) => ({ ...rule, gate: gate.name })));
  const fresh = Object.entries(freshness).map(([name, found]) => ({ name, ...found }));
  const lines = history.length > 1 ? Object.keys(history[history.length - 1].rows).map((name) => ({ name, values: history.map((line) => line.rows[name] || 0) })) : [];
  return [
    h("div.cards", null, gates.map(verdict), kpi("Rows in quarantine", fmt.count, sum(sources, "quarantined_count"))),
    h("p.note.below", null, base ? "Compared with version " + base + ". " : "The first version: nothing to compare with. ", DATA.documents.quality ? h("a", { href: DATA.documents.quality }, "Every rule and finding") : null),
    h("div.grid", null,
      noted.length ? card("Rules that did not simply pass", null, table([["Rule", (row) => row.rule], ["Gate", (row) => row.gate], ["Outcome", (row) => words(row.status)], ["Why it matters", (row) => row.why]], noted)) : null,
      half(card("How fresh the sources are", "Newest fact, and how long before the as-of moment it lies.", fresh.length ? table([["Source", (row) => row.name], ["Newest fact (UTC)", (row) => day(row.newest_at.replace("T", " ").slice(0, 16))], ["Age", (row) => row.age_hours * 60, fmt.minutes]], fresh) : empty("No source has facts with a time."))),
      half(card("The last versions", null, lines.length ? table([["Figure", (row) => capital(words(row.name))], ["Now", (row) => row.values[row.values.length - 1], fmt.count], ["Course of " + history.length + " versions", (row) => { const line = sparkline(row.values); line.style.cssText = "width:9rem;height:1.4rem;color:" + colour("accent"); return line; }]], lines) : empty("This is the first version."))),
      card("What arrived", null, table([["Source", (row) => row.source_name], ["Table", (row) => row.table_name], ["Status", (row) => words(row.status)], ["Rows", (row) => row.row_count, fmt.count], ["In quarantine", (row) => row.quarantined_count, fmt.count], ["Newest (UTC)", (row) => day((row.newest_at || "").replace("T", " "))]], sources, { limit: 20 }))),
  ];
}

// ---- customers ----------------------------------------------------------------------------------------------------
function customers() {
  const list = rows("customers");
  if (!list.length) return [empty("This report holds no single customers (var report_customers).")];
  const name = (row) => [row.first_name, row.last_name].filter(Boolean).join(" ");
  const label = (row) => name(row) || row.email || row.customer_key;
  const found = (text) => list.filter((row) => [row.customer_key, name(row), row.email, row.phone, row.lifecycle_stage, row.rfm_group, row.value_tier].some((value) => value && words(String(value)).toLowerCase().includes(words(text.trim().toLowerCase()))));
  const people = h("div.people", { role: "group", "aria-label": "Customers found" });
  const detail = h("div", { "aria-live": "polite" });
  const search = h("input", { type: "search", id: "search", placeholder: DATA.is_personal ? "Name, e-mail, key or stage" : "Key or stage, such as at risk", oninput: () => fill(), autocomplete: "off", spellcheck: "false" });
  let chosen = list.find((row) => row.customer_key === state.asked.get("customer")) || list[0];
  function fill() {
    const hits = found(search.value);
    people.replaceChildren(...(hits.length ? hits.map((row) => h("button", { type: "button", "aria-pressed": String(row === chosen), onclick: () => { chosen = row; history.replaceState(null, "", address({ customer: row.customer_key })); fill(); show(); } }, label(row), h("small", null, [words(row.lifecycle_stage || ""), row.order_count + " orders", fmt.money(row.net_amount)].filter(Boolean).join(" · ")))) : [empty("Nobody among the " + list.length + " customers of this report.")]));
  }
  function show() { detail.replaceChildren(customer(chosen, label(chosen))); }
  fill();
  show();
  return [
    h("p.note", null, list.length + " customers out of every stage, to see what the warehouse knows of one. " + (DATA.is_personal ? "This report was built with personal data: treat the file accordingly." : "Names and addresses are left out; customer_360 in marts.duckdb has everybody, for those who may see it.")),
    h("div.grid", null,
      h("div.third", null, h("label", { for: "search" }, "Find a customer"), search, h("br"), people),
      h("div.wide", null, detail)),
  ];
}
function customer(row, label) {
  const fact = (title, value) => (value === "–" ? null : h("div", null, h("dt", null, title), h("dd", null, value)));
  const events = rows("customer_timelines").filter((event) => event.customer_number === row.customer_number);
  const kinds = [...new Set(events.map((event) => event.event_type.split("_")[0]))];
  const off = new Set();
  const line = h("div");
  function show() {
    const shown = events.filter((event) => !off.has(event.event_type.split("_")[0]));
    const years = [...new Set(shown.map((event) => monthName(event.occurred_at)))];
    line.replaceChildren(
      h("div.tabs", { role: "group", "aria-label": "Kinds of events" }, kinds.map((kind) => h("button", { type: "button", "aria-pressed": String(!off.has(kind)), onclick: () => { off.has(kind) ? off.delete(kind) : off.add(kind); show(); } }, capital(kind === "site" ? "visits" : kind + "s")))),
      ...(shown.length ? years.map((month) => [h("h3", null, month), h("ul.timeline", null, shown.filter((event) => monthName(event.occurred_at) === month).map((event) => h("li." + event.event_type.split("_")[0] + (event.event_type === "order_refunded" ? ".refund" : event.event_type === "order_cancelled" ? ".cancel" : ""), null, h("time", { datetime: event.occurred_at.replace(" ", "T") }, event.occurred_at.slice(8, 10) + " " + event.occurred_at.slice(11)), capital(words(event.event_type).replace(/^site /, "")), event.channel && !["shop", "site", "support"].includes(event.channel) ? " (" + words(event.channel) + ")" : "", event.amount ? h("strong", null, " " + fmt.cents(event.amount)) : null)))]).flat() : [empty("Nothing of these kinds.")]));
  }
  show();
  return h("div.grid", null,
    card(label, row.customer_key === label ? "Customer key" : null,
      h("dl", null,
        label === row.customer_key ? null : fact("Key", h("code", null, row.customer_key)), fact("E-mail", fmt.text(row.email)), fact("Phone", fmt.text(row.phone)), fact("City", fmt.text(row.city)), fact("Country", fmt.text(row.country_code)),
        fact("Stage", capital(words(fmt.text(row.lifecycle_stage)))), fact("RFM group", capital(words(fmt.text(row.rfm_group)))), fact("Value tier", capital(fmt.text(row.value_tier))),
        fact("Orders", fmt.count(row.order_count)), fact("Net revenue", fmt.cents(row.net_amount)), fact("Average order", fmt.cents(row.average_order_amount)), fact("Predicted, " + DATA.horizons.clv + " days", fmt.cents(row.predicted_revenue)),
        fact("Churn probability", fmt.share(row.churn_probability)), fact("First purchase", fmt.text(row.first_purchase_date)), fact("Last purchase", fmt.text(row.last_purchase_date)),
        fact("May be e-mailed", row.is_email_contactable ? "yes" : "no"), fact("Messages opened, clicked", fmt.count(row.email_message_opened_count) + ", " + fmt.count(row.email_message_clicked_count)), fact("Tickets", fmt.count(row.ticket_count)), fact("Good ratings", fmt.share(row.csat_rate))),
      row.churn_drivers ? [h("h3", null, "What to talk about"), h("p", null, capital(row.churn_drivers))] : null,
      row.segment_keys ? [h("h3", null, "Segments"), h("p", null, row.segment_keys.split(",").map((key) => [h("a.tag", { href: address({ page: "segments", segment: key }) }, segmentName(key)), " "]))] : null),
    card("Timeline", events.length >= 150 ? "The newest 150 events; times are UTC." : "Newest first; times are UTC.", events.length ? line : empty("Nothing happened yet that has a time.")));
}

// ---- dictionary ---------------------------------------------------------------------------------------------------
function dictionary() {
  const result = h("div", { "aria-live": "polite" });
  const search = h("input", { type: "search", id: "search", placeholder: "A word of a table, a column or a description", oninput: () => show(), autocomplete: "off", spellcheck: "false", value: state.asked.get("q") || "" });
  const has = (text, parts) => parts.every((part) => text.toLowerCase().includes(part));
  function marked(text, parts) {
    if (!parts.length) return [text];
    const safe = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    return text.split(new RegExp("(" + safe.join("|") + ")", "gi")).map((piece) => (parts.includes(piece.toLowerCase()) ? h("mark", null, piece) : piece));
  }
  function show() {
    const parts = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = DATA.tables.map((mart) => {
      const columns = parts.length ? mart.columns.filter(([name, type, description, personal]) => has(name + " " + type + " " + description + (personal ? " personal" : ""), parts)) : mart.columns;
      const itself = parts.length && has(mart.name + " " + mart.description + " " + (mart.owner || ""), parts);
      return { mart, columns: itself && !columns.length ? mart.columns : columns, itself };
    }).filter(({ columns, itself }) => columns.length || itself);
    const total = found.reduce((count, { columns }) => count + columns.length, 0);
    result.replaceChildren(
      h("p.note", null, fmt.count(found.length) + " tables, " + fmt.count(total) + " columns"),
      ...(found.length ? found.map(({ mart, columns }) => h("details.card", { open: parts.length > 0 && total <= 80, id: "table-" + mart.name, style: "margin:0 0 .6rem" },
        h("summary", { style: "color:var(--ink);width:auto" }, h("strong", null, marked(mart.name, parts)), h("span.soft", null, " · " + fmt.count(mart.rows) + " rows · " + mart.columns.length + " columns" + (mart.owner ? " · " + mart.owner : ""))),
        h("p", null, marked(mart.description, parts)),
        mart.key.length ? h("p.note", null, "Key: ", h("code", null, mart.key.join(", "))) : null,
        h("div.scroll", null, h("table", null, h("thead", null, h("tr", null, h("th", { scope: "col" }, "Column"), h("th", { scope: "col" }, "Type"), h("th", { scope: "col" }, "Meaning"))),
          h("tbody", null, columns.map(([name, type, description, personal]) => h("tr", null, h("th", { scope: "row" }, h("code", null, marked(name, parts)), personal ? [" ", h("span.tag.personal", null, "personal")] : null), h("td", null, h("code", null, type.toLowerCase())), h("td", null, marked(description, parts)))))))))
        : [empty("No table or column says that.")]));
  }
  show();
  return [
    h("p.note", null, "Every table and column of ", h("code", null, "marts.duckdb"), "; the same texts are comments in the file. Columns marked personal are missing in ", h("code", null, "marts_no_personal_data.duckdb"), ". ", DATA.documents.dbt ? [h("a", { href: DATA.documents.dbt }, "dbt docs"), " shows how each is made, with its lineage."] : null),
    h("label", { for: "search" }, "Search"), search, h("br"), result,
  ];
}
