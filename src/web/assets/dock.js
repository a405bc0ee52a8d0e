// Screens of a dock: the carrier, how far the pickup is, and the verdict on the last parcel.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { button, fit, grouped, mainHeight } from "./parts.js";

/** `{icon, layout, main, keys}` for the view's mode. */
export function dock(view, env) {
  const screens = { login, dock_ready: ready, dock_scanning: scanning, dock_closing: closing,
    dock_closed: closed };
  return (screens[view.mode] ?? ready)(view, env);
}

const NONE = { scanned: 0, expected: 0, parcels: [], rejects: [], exceptions: [], missing: [],
  waiting: [] };

function login(view) {
  return { icon: "badge", layout: "hero", keys: [],
    main: [icon("badge", "huge"), h("h1", { key: "word" }, "Log in"), verdict(view)] };
}

function ready(view, env) {
  const { waiting } = view.dock ?? NONE;
  const shown = waiting.slice(0, 6);
  const main = shown.length
    ? [h("h2", { key: "head" }, "Which carrier is here?"),
      h("ul", { key: "carriers", class: "carriers" }, shown.map((carrier) =>
        h("li", { key: carrier.code },
          button({ name: "OPEN", label: carrier.carrier_name, code: carrier.code, primary: true,
            more: h("span", { key: "amount", class: "amount" }, h("b", {}, carrier.parcels),
              carrier.parcels === 1 ? " parcel" : " parcels") }, env)))),
      waiting.length > shown.length
        ? h("p", { key: "more", class: "more" },
          `+ ${waiting.length - shown.length} more: scan their code`)
        : null,
      verdict(view)]
    : [icon("truck", "huge"), h("h1", { key: "word" }, "No parcels wait"), verdict(view)];
  return { icon: "truck", layout: shown.length ? "choice" : "hero", main, keys: [] };
}

function scanning(view, env) {
  const state = view.dock ?? NONE;
  const room = rows(mainHeight(view, env) - HEAD_MM - 22 - 6 - 7.5);
  const narrow = env.size.width < 210;
  const recent = state.parcels.slice(-room).reverse();
  // An open exception takes two rows, a second heading one and a half.
  const settle = Math.min(state.exceptions.length, Math.max(1, Math.floor(room / 4)));
  const left = settle ? Math.floor(room - 2 * settle - 1.5) : room;
  const rejects = left > 0 ? state.rejects.slice(-left).reverse() : [];
  const refused = `Refused: ${state.rejects.length}`;
  return {
    icon: "barcode",
    layout: "dock",
    main: [
      headline(state, env, `${state.scanned} / ${state.expected}`),
      verdict(view, true),
      h("div", { key: "lists", class: "lists" },
        list("In this pickup", recent.map((parcel) => entry(parcel.parcel,
          narrow ? tail(parcel.tracking_number) : grouped(parcel.tracking_number),
          parcel.order)), "Nothing scanned yet"),
        h("div", { key: "troubles", class: "troubles" },
          openOnes(state.exceptions.slice(0, settle), room > 1,
            `To settle: ${state.exceptions.length}${left > 0 ? "" : ` · ${refused}`}`),
          left > 0 ? list(refused, rejects.map((reject, at) =>
            entry(`${state.rejects.length - at}`, tail(reject.code), reject.reason)), "None")
            : null)),
    ],
    keys: [{ name: "REMOVE", label: "Take one out" }, { name: "CLOSE", label: "Close" }],
  };
}

/** Height of the carrier's line, and of one entry of a list. */
const HEAD_MM = 27;
const ENTRY_MM = 8;
const COUNT_MM = 18;
const rows = (mm) => Math.max(1, Math.floor(mm / ENTRY_MM));

/** The end of a long code, which tells parcels apart. */
const tail = (code) => (code.length > 14 ? `…${code.slice(-10)}` : code);

function headline(state, env, count) {
  const name = state.carrier_name ?? state.carrier ?? "";
  const countMm = COUNT_MM * count.length * 0.6;
  const room = env.size.width - countMm - 37;
  // A long name reads better on two lines than as small print.
  const twoLines = fit(name, 10.5, room * 1.8, 0.54);
  return h("div", { key: "head", class: "dock-head" }, icon("truck"),
    h("h1", { vars: { "--size": Math.max(fit(name, 22, room, 0.6), twoLines) } }, name),
    count ? h("p", { class: "total", vars: { "--size": COUNT_MM } }, count) : null);
}

function verdict({ last }, waits = false) {
  if (!last) return waits ? h("p", { key: "verdict", class: "verdict idle" }, icon("barcode"),
    h("span", {}, "Scan each parcel")) : null;
  return h("p", { key: "verdict", class: `verdict ${last.ok ? "ok" : "bad"}` },
    icon(last.ok ? "tick" : "triangle"), h("span", {}, last.text));
}

/** Exceptions nobody resolved yet; if there is room, each with what to do. */
function openOnes(shown, roomy, title) {
  if (shown.length === 0) return null;
  return list(title, shown.map(({ parcel, code, word, remedy }) =>
    h("li", { key: `${parcel} ${code}`, class: `open ${roomy ? "" : "low"}` },
      h("b", {}, `${word} · ${parcel}`), roomy ? h("span", {}, remedy) : null)), "");
}

function list(title, entries, none) {
  return h("section", { key: title.split(":")[0], class: "list" },
    title ? h("h2", {}, title) : null,
    entries.length ? h("ol", {}, entries) : h("p", { class: "nothing" }, none));
}

function entry(key, main, side) {
  return h("li", { key }, h("b", {}, main), h("span", {}, side));
}

function closing(view, env) {
  const state = view.dock ?? NONE;
  const room = rows(mainHeight(view, env) - HEAD_MM - 23 - 6);
  const rest = state.missing.length - room;
  const missing = rest > 0 ? state.missing.slice(0, room - 1) : state.missing;
  return {
    icon: "question",
    layout: "dock closing",
    main: [
      headline(state, env, ""),
      h("ul", { key: "counts", class: "counts" },
        figure("tick", "Scanned", state.scanned, "ok"),
        figure("question", "Missing", state.missing.length, state.missing.length ? "warn" : ""),
        figure("triangle", "Refused", state.rejects.length, state.rejects.length ? "warn" : "")),
      h("div", { key: "lists", class: "lists one" },
        list("", missing.map((parcel) => entry(parcel.parcel,
          grouped(parcel.tracking_number), `${parcel.order} · last seen ${parcel.place}`))
          .concat(rest > 0 ? [entry("rest", `+ ${rest + 1} more`, "")] : []),
        "Nothing is missing.")),
    ],
    keys: [{ name: "CONFIRM", label: "Confirm", primary: true }, { name: "BACK", label: "Back" }],
  };
}

function figure(shape, name, value, kind) {
  return h("li", { key: name, class: kind }, icon(shape), h("b", {}, value), h("span", {}, name));
}

function closed(view, env) {
  const state = view.dock ?? NONE;
  const order = `${state.scanned} parcel${state.scanned === 1 ? ". Load it." : "s. Load them."}`;
  return {
    icon: "truck",
    layout: "dock closed",
    main: [
      headline(state, env, ""),
      h("p", { key: "load", class: "load",
        vars: { "--size": fit(order, 17, env.size.width - 16) } }, order),
      h("p", { key: "paper", class: `paperwork ${state.manifest ? "ok" : ""}` },
        icon(state.manifest ? "tick" : "moving"),
        state.manifest ? "The manifest is ready for the driver" : "The manifest is being made",
        state.manifest
          ? h("a", { href: state.manifest, target: "_blank", rel: "noopener" }, "Open it")
          : null),
      h("p", { key: "id", class: "summary" }, state.handover ?? ""),
    ],
    keys: [{ name: "LOADED", label: "Loaded", primary: true }],
  };
}
