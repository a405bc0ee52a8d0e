// Paints setup and state. A part is rebuilt only when its data changed, so that focus stays.
import { benchStep, dockStep } from "./next.js";

const byId = (id) => document.getElementById(id);
const painted = new Map();

/** Builds an element: el("button", { class: "x", "data-scan": "y" }, "text", child). */
function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

/** Replaces the children of an element if `data` is not what was painted last. */
function part(id, data, build) {
  const text = JSON.stringify(data);
  if (painted.get(id) === text) return;
  painted.set(id, text);
  const active = document.activeElement?.dataset?.scan;
  byId(id).replaceChildren(...build(data));
  const again = active && byId(id).querySelector(`[data-scan="${CSS.escape(active)}"]`);
  again?.focus();
}

const grams = (g) => (g >= 1000 ? `${(g / 1000).toFixed(3)} kg` : `${g} g`);

function code(item, place, kind = "code") {
  return el("button", {
    type: "button", class: kind, "data-scan": item.payload, "data-name": item.name,
    ...(place ? { "data-place": place } : {}),
  }, item.name);
}

export function paintSetup(setup) {
  byId("badges").replaceChildren(...setup.badges.map((b) => code(b, null, "badge")));
  byId("dock-badges").replaceChildren(...setup.badges.map((b) => code(b, setup.dock, "badge")));
  byId("bench-codes").replaceChildren(...setup.bench_codes.map((c) => code(c)));
  byId("extra-codes").replaceChildren(...setup.extra_codes.map((c) => code(c)));
  byId("carriers").replaceChildren(...setup.carriers.map((c) => code(c, setup.dock, "code wide")));
  byId("dock-codes").replaceChildren(...setup.dock_codes.map((c) => code(c, setup.dock)));
}

export function paintState(setup, state) {
  const [bench, dock] = state.places;
  const { screens } = state;
  const open = screens.bench?.order ?? null;
  part("orders", [open, screens.orders], () =>
    setup.orders.map((order) => orderCard(order, open, screens.orders[order.id])));
  paintScale(bench.scale, state);
  paintPrinter(bench.printer, setup);
  part("hand-labels", state.labels.slice(0, 6), (list) => labelList(list));
  part("dock-labels", state.labels, (list) => labelList(list, setup.dock));
  part("manifest", screens.dock?.dock?.manifest && screens.dock.dock, (dock) => (dock ? [
    code({ payload: dock.handover, name: `Manifest ${dock.handover}` }, setup.dock, "code wide"),
  ] : []));
  part("events", state.received, eventList);
  cable("gun-cable", bench.scanner);
  cable("dock-cable", dock.scanner);
  toggle("cut-gun", !bench.scanner.plugged);
  toggle("cut-dock", !dock.scanner.plugged);
  guide(setup, state);
  for (const button of byId("network").children) {
    button.setAttribute("aria-pressed", String(button.dataset.mode === state.upstream));
  }
}

/** What becomes of an order, for its card. */
const STATUS_WORDS = {
  packed: "packed ✓", cancelled: "cancelled", parked: "parked", handed_over: "handed over ✓",
};

function orderCard(order, shown, status) {
  const open = order.id === shown?.id;
  const head = el("button", {
    type: "button", class: "card-head", "data-scan": order.code, "data-name": `order ${order.id}`,
  }, el("strong", {}, order.id), el("span", {}, el("bdi", {}, order.title)),
  el("i", { class: "bars" }));
  const look = open ? "open" : STATUS_WORDS[status] ? `settled ${status}` : "";
  const card = el("article", { class: `card ${look}` }, head);
  const note = (!open && STATUS_WORDS[status]) || order.note;
  if (note) card.append(el("p", { class: "note" }, note));
  const items = el("ul", {});
  for (const item of order.items) {
    const line = open && shown.lines.find((l) => l.title === item.title);
    const count = line ? `${line.done} of ${line.wanted}` : `${item.quantity} ×`;
    const done = line && line.done >= line.wanted;
    items.append(el("li", {}, el("button", {
      type: "button", class: done ? "item done" : "item", "data-scan": item.barcode,
      "data-name": item.title, title: `${item.title}, ${item.barcode}`,
    }, el("b", {}, count), el("span", {}, item.title), el("small", {}, grams(item.grams)))));
  }
  card.append(items);
  return card;
}

const guided = new Map();
addEventListener("resize", () => guided.clear());

/** Says at both places what to do next, and rings the thing to click. */
function guide(setup, state) {
  const steps = [["bench-next", benchStep(state, setup)], ["dock-next", dockStep(state)]];
  for (const ringed of document.querySelectorAll(".ring")) ringed.classList.remove("ring");
  for (const [id, { text, target }] of steps) {
    const line = byId(id);
    if (line.textContent !== text) line.textContent = text;
    line.classList.toggle("idle", !target);
    const node = target && document.querySelector(target);
    node?.classList.add("ring");
    // Brought into sight once, so that a person who looks around stays where they are.
    const fresh = guided.get(id) !== target;
    guided.set(id, target);
    if (node && fresh && id === "bench-next") {
      const whole = node.closest(".card") ?? node;
      whole.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "smooth" });
    }
  }
}

function paintScale(scale, state) {
  const laden = scale.grams > 0;
  const packed = state.box_grams > 0 && !!state.screens.bench?.order && !laden;
  byId("put-box").disabled = !packed;
  byId("put-box").textContent = packed
    ? `Put the box on (${grams(state.box_grams)})` : "Put the box on";
  byId("carton").hidden = !laden;
  byId("carton-text").textContent = grams(scale.grams);
  const out = scale.lifted ? "below zero" : grams(scale.grams);
  byId("scale-out").textContent = out;
  byId("platform").classList.toggle("moving", !scale.resting);
  byId("platform").classList.toggle("lifted", scale.lifted);
  toggle("shake", scale.shaking);
  toggle("lift", scale.lifted);
  toggle("cut-scale", !scale.cable.plugged);
  cable("scale-cable", scale.cable);
}

function paintPrinter(printer, setup) {
  const words = [
    [!printer.cable.plugged, "cable out", "bad"], [!printer.on, "starting", "busy"],
    [printer.paper_out, "paper out", "bad"], [printer.head_open, "head open", "bad"],
    [printer.busy, "printing", "busy"], [true, "ready", "good"],
  ];
  const [, word, look] = words.find(([is]) => is);
  byId("printer-word").textContent = printer.silent ? `${word}, silent` : word;
  byId("lamp").className = `lamp ${look}`;
  byId("odometer").textContent =
    `${printer.odometer} label${printer.odometer === 1 ? "" : "s"}`;
  toggle("paper", printer.paper_out);
  toggle("head", printer.head_open);
  toggle("silent", printer.silent);
  toggle("cut-printer", !printer.cable.plugged);
  cable("printer-cable", printer.cable);
  const take = byId("take-label");
  take.disabled = printer.untaken === 0;
  take.textContent = printer.untaken > 1 ? `Take the label (${printer.untaken})` : "Take the label";
  const picture = byId("last-label");
  byId("no-label").hidden = printer.last !== null;
  picture.hidden = printer.last === null;
  const source = `/panel/label/${setup.bench}/${printer.last}`;
  if (printer.last !== null && picture.getAttribute("src") !== source) {
    picture.src = source;
    picture.alt = `label ${printer.last}, as printed`;
  }
  picture.classList.toggle("waiting", printer.untaken > 0);
}

function labelList(list, place) {
  if (!list.length) return [el("p", { class: "empty" }, "none yet")];
  return list.map((label) => el("div", { class: "label" },
    el("b", {}, `#${label.sequence}`),
    ...label.codes.map((c) => el("button", {
      type: "button", class: `code ${c.symbology}`, "data-scan": c.text, title: c.symbology,
      "data-name": `label #${label.sequence}`, ...(place ? { "data-place": place } : {}),
    }, c.text)),
    ...(label.codes.length ? [] : [el("em", {}, "no readable code")])));
}

function eventList(list) {
  if (!list.length) return [el("li", { class: "empty" }, "nothing yet")];
  return list.map((event) => el("li", { class: event.verdict },
    el("time", {}, event.at), el("b", {}, event.kind), el("span", {}, event.subject),
    el("em", {}, event.verdict)));
}

function toggle(id, on) {
  byId(id).setAttribute("aria-pressed", String(on));
}

function cable(id, cable) {
  const node = byId(id);
  const look = !cable.plugged ? "out" : cable.open ? "in" : "idle";
  const words = { out: "cable out", in: "connected", idle: "nobody listens" };
  node.className = `cable ${look}`;
  node.textContent = words[look];
}
