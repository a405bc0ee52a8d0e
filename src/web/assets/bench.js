// Screens of a packing bench.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { fit, grams, grouped, mainHeight, tile } from "./parts.js";

/** `{icon, layout, main, keys}` for the view's mode. */
export function bench(view, env) {
  const screens = { login, ready, verifying, weighing, labelling: label, scan_back: label };
  return (screens[view.mode] ?? ready)(view, env);
}

function login(view) {
  return {
    icon: "badge",
    layout: "hero",
    main: [icon("badge", "huge"), h("h1", { key: "word" }, "Log in"), lastResult(view)],
    keys: [],
  };
}

function ready(view) {
  return {
    icon: "barcode",
    layout: "hero",
    main: [
      icon("barcode", "huge"),
      h("h1", { key: "word" }, "Ready"),
      lastResult(view),
      h("p", { key: "tally", class: "tally" },
        h("b", {}, view.finished),
        view.finished === 1 ? " parcel packed here" : " parcels packed here"),
    ],
    keys: [{ name: "RESUME", label: "Resume a parked parcel" }],
  };
}

function lastResult({ last }) {
  if (!last) return null;
  return h("p", { key: "last", class: `last ${last.ok ? "ok" : "bad"}` },
    icon(last.ok ? "tick" : "triangle"), last.text);
}

function verifying(view, env) {
  return {
    icon: "barcode",
    layout: "split",
    main: [lines(view, env), aside(view, env)],
    keys: [
      { name: "UNDO", label: "Undo" },
      { name: "NEXTBOX", label: "Next box" },
      { name: "PARK", label: "Park" },
      { name: "ABORT", label: "Abort", hold: true },
    ],
  };
}

/** A line with its gap: as low as it may get, and as high as looks well. */
const ROW_MM = { min: 24, max: 36 };
const MORE_MM = 11;

/** Wanted lines; finished ones sink. What has no room is counted, never scrolled to. */
function lines(view, env) {
  const all = view.order?.lines ?? [];
  const open = all.filter((line) => line.done < line.wanted);
  const done = all.filter((line) => line.done >= line.wanted);
  const sorted = [...open, ...done];
  const room = mainHeight(view, env);
  const whole = Math.floor((room + 2) / ROW_MM.min);
  const some = Math.max(1, Math.floor((room + 2 - MORE_MM) / ROW_MM.min));
  const fits = sorted.length <= whole ? sorted.length : some;
  const rest = sorted.slice(fits);
  const used = (room + 2 - (rest.length ? MORE_MM : 0)) / Math.max(1, fits);
  const rowMm = Math.min(ROW_MM.max, Math.max(ROW_MM.min, used)) - 2;
  const missing = rest.reduce((sum, line) => sum + Math.max(0, line.wanted - line.done), 0);
  return h("section", { key: "lines", class: "lines", "aria-label": "Wanted items",
    vars: { "--row": rowMm } },
    h("ol", {}, sorted.slice(0, fits).map(row)),
    rest.length ? h("p", { class: "more" },
      `+ ${rest.length} more line${rest.length === 1 ? "" : "s"}`,
      missing ? `, ${missing} to scan` : ", all done") : null);
}

function row(line) {
  const done = line.done >= line.wanted;
  return h("li", { key: line.sku, class: `line ${done ? "done" : line.done ? "begun" : ""}` },
    tile(line),
    h("span", { class: "what" }, h("b", {}, line.title), h("small", {}, line.sku)),
    h("span", { class: "count" }, done ? icon("tick") : null, `${line.done} / ${line.wanted}`));
}

function aside(view, env) {
  const { order, parcel } = view;
  const total = `${order?.done ?? 0} / ${order?.wanted ?? 0}`;
  const size = fit(total, Math.min(36, env.size.height * 0.15), env.size.width * 0.36 - 10, 0.6);
  const rows = (mainHeight(view, env) - size * 1.15 - (view.weight ? 28 : 2)) / FACT_MM;
  return h("aside", { key: "aside", class: "aside" },
    h("p", { class: "total", vars: { "--size": size },
      "aria-label": `${total} pieces` }, total),
    weightLine(view),
    facts(rows, [
      ["Order", order?.id],
      ["Parcel", parcel && [nth(parcel), parcel.box_type && `box ${parcel.box_type}`]
        .filter(Boolean).join(" · ")],
      ["Seller", order ? [order.seller, order.country].filter(Boolean).join(" · ") : null],
      ["Carrier", parcel?.carrier ? `${parcel.carrier} ${parcel.service ?? ""}` : null],
    ]));
}

const nth = ({ n, of }) => `${n}${of ? ` of ${of}` : ""}`;

const FACT_MM = 6.9;

/** Names and values, most important first; what has no room is left out. */
function facts(rows, list) {
  const known = list.filter(([, value]) => value).slice(0, Math.max(1, Math.floor(rows)));
  return h("dl", { key: "facts", class: "facts" }, known.map(([name, value]) =>
    [h("dt", { key: `${name} name` }, name), h("dd", { key: name }, value)]));
}

const WEIGHT_WORDS = {
  unknown: "No weight", empty: "Empty", moving: "Moving", stable: "Steady",
  over: "Too heavy", under: "Below zero", fault: "Scale fault",
};
const WEIGHT_SHAPES = {
  unknown: "none", empty: "empty", moving: "moving", stable: "steady",
  over: "triangle", under: "triangle", fault: "triangle",
};

function weightLine({ weight }) {
  if (!weight) return null;
  return h("div", { class: `weight-line ${weight.state}` },
    h("p", {}, icon(WEIGHT_SHAPES[weight.state]), h("b", {}, reading(weight))),
    weight.band?.expected_g > 0 ? bandBar(weight.band) : null);
}

function reading(weight) {
  return weight.text ? `${weight.text} ${weight.unit}` : WEIGHT_WORDS[weight.state];
}

/** The expected band as a bar with the pointer where the scale stands. */
function bandBar({ min_g: min, expected_g: expected, max_g: max, now_g: now }) {
  const margin = Math.max(1, max - min);
  const from = min - margin;
  const share = (value) => (value - from) / (max + margin - from) * 100;
  const percent = (value) => Math.min(98, Math.max(2, share(value)));
  const inside = now !== null && now >= min && now <= max;
  return h("div", { key: "band", class: `band ${now === null ? "" : inside ? "inside" : "outside"}`,
    vars: { "--lo": `${percent(min)}%`, "--hi": `${percent(max)}%`,
      "--at": `${percent(now ?? from)}%`, "--mid": `${percent(expected)}%` } },
    h("div", { class: "bar" }, h("i", { class: "zone" }), h("i", { class: "mid" }),
      now === null ? null : h("i", { class: "pin" })),
    h("p", {}, h("span", {}, grams(min)), h("b", {}, `expected ${grams(expected)}`),
      h("span", {}, grams(max))));
}

function weighing(view, env) {
  const weight = view.weight ?? { text: "", unit: "", state: "unknown", armed: true, band: null };
  const { band } = weight;
  const off = band && band.now_g !== null && weight.state === "stable"
    && (band.now_g < band.min_g || band.now_g > band.max_g);
  const value = weight.text || "–";
  const size = fit(`${value}${weight.unit}`, Math.min(64, env.size.height * 0.25),
    env.size.width - 24, 0.62);
  return {
    icon: "scale",
    layout: "weighing",
    main: [
      h("p", { key: "digits", class: `digits ${weight.state}`, vars: { "--size": size } },
        value, h("small", {}, weight.unit)),
      h("p", { key: "sign", class: `sign ${off ? "off" : weight.state}` },
        icon(off ? "triangle" : WEIGHT_SHAPES[weight.state]),
        off ? (band.now_g < band.min_g ? "Too light" : "Too heavy") : WEIGHT_WORDS[weight.state],
        weight.armed ? null : h("span", { class: "chip" }, icon("empty"), "Empty the scale first")),
      band ? bandBar(band) : h("p", { key: "band", class: "band-none" }, "No expected weight"),
      summary(view),
    ],
    keys: [
      { name: "REWEIGH", label: "Weigh again" },
      { name: "ZERO", label: "Zero" },
      { name: "PARK", label: "Park" },
    ],
  };
}

function summary({ order, parcel }) {
  const parts = [order?.id, order?.seller, parcel && `parcel ${nth(parcel)}`,
    parcel?.box_type && `box ${parcel.box_type}`,
    order && `${order.done} / ${order.wanted} pieces`];
  return h("p", { key: "summary", class: "summary" }, parts.filter(Boolean).join("  ·  "));
}

const JOB_WORDS = {
  rendering: "Drawing", queued: "Waiting for the printer", sending: "Printing", sent: "Printing",
  in_doubt: "Not sure", verified: "Verified", wasted: "Wasted", expired: "Too late",
  cancelled: "Cancelled", failed: "Failed",
};
const EVIDENCE = [["sent", "Sent"], ["drained", "Drained"], ["counted", "Counted"],
  ["verified", "Scanned"]];

/** Label under way, and label to be scanned back: the picture left, what is known right. */
function label(view, env) {
  const { parcel, mode } = view;
  const job = parcel?.job;
  const back = mode === "scan_back";
  const doubt = job && ["in_doubt", "failed", "expired", "wasted"].includes(job.state);
  const going = JOB_WORDS[job?.state] ?? "Label";
  const word = back && !doubt ? "Scan label" : going;
  const room = env.size.width * 0.58 - 24;
  // What weight or size changed is said while the label is made and until it is on the parcel.
  const notice = parcel?.changed;
  const noticeMm = notice ? Math.ceil(notice.length * 5.8 * 0.56 / (room - 14)) * 7 + 6 : 0;
  return {
    icon: back ? "label" : "printer",
    layout: "label",
    main: [
      picture(job, back, env),
      h("section", { key: "about", class: "about" },
        h("h1", { class: doubt ? "doubt" : "", vars: { "--size": fit(word, 21, room - 20, 0.6) } },
          icon(doubt ? "triangle" : back ? "barcode" : "printer"), word),
        parcel?.tracking_number ? h("p", { key: "number", class: "number",
          vars: { "--size": fit(parcel.tracking_number, 8.3, room, 0.68) } },
          grouped(parcel.tracking_number)) : null,
        notice ? h("p", { key: "changed", class: "changed", role: "status" },
          icon("triangle"), h("span", {}, h("b", {}, "Changed. "), notice)) : null,
        job ? h("ul", { key: "proof", class: "proof", "aria-label": "Proof of this label" },
          EVIDENCE.map(([name, text]) => proof(name, text, job.evidence.includes(name)))) : null,
        facts((mainHeight(view, env) - (doubt ? 58 : 52) - noticeMm) / FACT_MM, [
          ["Copy", job?.copy ? String(job.copy + 1) : null],
          ["Carrier", parcel?.carrier ? `${parcel.carrier} ${parcel.service ?? ""}` : null],
          ["Order", view.order?.id],
          ["Weight", parcel?.weight],
          ["Extra", parcel?.surcharges?.join(", ")],
          ["Cost", parcel?.cost],
          ["Why", parcel?.reason],
        ])),
    ],
    keys: back || doubt
      ? [{ name: "NOLABEL", label: "No label came" }, { name: "REPRINT", label: "Print again" }]
      : [],
  };
}

function proof(name, text, known) {
  return h("li", { key: name, class: known ? "known" : "" }, icon(known ? "tick" : "none"), text);
}

function picture(job, back, env) {
  const mark = back && job?.picture ? env.marks.get(job.picture) : null;
  const percent = (value) => `${(value * 100).toFixed(2)}%`;
  return h("figure", { key: "picture", class: `paper ${back ? "" : "coming"}` },
    h("span", { class: "sheet" },
      job?.picture
        ? h("img", { class: "label-picture", src: job.picture, alt: "Picture of the label" })
        : icon("label", "huge"),
      mark ? h("i", { key: "mark", class: "mark", vars: { "--x": percent(mark.x),
        "--y": percent(mark.y), "--w": percent(mark.w), "--h": percent(mark.h) } },
        h("b", {}, "Scan here")) : null));
}
