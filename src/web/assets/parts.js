// Pieces that several screens share. All sizes are millimetres.

import { CONTROLS } from "./controls.js";
import { h } from "./dom.js";

/** Mean width of a letter, as a share of the font size. */
const LETTER = 0.56;

/** The font size at which `text` fits into `width` on one line, at most `max`. */
export function fit(text, max, width, letter = LETTER) {
  return Math.min(max, width / Math.max(1, String(text).length * letter));
}

/**
 * The row of touch keys. Each shows its control code's name, so that scanning is learnt. A `hold`
 * key must be held; `code` overrides the payload of the name.
 */
export function keys(list, env) {
  const shown = list.filter(Boolean);
  if (shown.length === 0) return h("nav", { key: "keys", class: "keys none" });
  return h("nav", { key: "keys", class: "keys", "aria-label": "Control codes" },
    shown.map((key) => button(key, env)));
}

/** One touch key. */
export function button({ name, label, hold, primary, code, more }, env) {
  const payload = code ?? CONTROLS[name];
  const down = env.pressed === payload;
  return h("button", { key: payload, type: "button", "data-code": payload,
    "data-hold": hold ? "" : null, class: `${primary ? "primary" : ""} ${down ? "down" : ""}`,
    "aria-label": `${label}, control code ${name}${hold ? ", hold" : ""}` },
    h("span", { class: "word" }, label),
    more ?? null,
    h("span", { class: "name" }, hold ? `${name} · hold` : name));
}

/** Why the offline ribbon is shown; empty if there is nothing to say. */
export function ribbonText({ health: { sync } }) {
  const count = (n) => `${n} event${n === 1 ? "" : "s"}`;
  const texts = [];
  if (sync.state === "offline") {
    const since = sync.last_ack_ms ? ` since ${timeOfDay(sync.last_ack_ms)}` : "";
    texts.push(`Working offline${since}. ${count(sync.waiting)} waiting. You can continue.`);
  } else if (sync.state === "paused") {
    texts.push(`Sending is paused, ${count(sync.waiting)} waiting. Continue, tell the office.`);
  }
  if (sync.parked > 0) texts.push(`${count(sync.parked)} refused upstream: tell the office.`);
  return texts.join(" ");
}

/** What the packer must know of the open parcel beside the next step: exceptions, then warnings. */
export function issues({ parcel, order }) {
  const open = (parcel?.exceptions ?? []).map(({ code, word, text, remedy }) =>
    ({ key: code, word, text: `${text} ${remedy}` }));
  const doubts = (order?.warnings ?? []).map((text) => ({ key: text, word: "Check", text }));
  return [...open, ...doubts];
}

/** Millimetres of the line that tells them. */
const ISSUE_MM = 15;

/** Height left for a screen's own part, between top lines and touch keys. */
export function mainHeight(view, { size }) {
  const text = ribbonText(view);
  const ribbonLines = text ? Math.ceil(text.length * 5.8 * LETTER / (size.width - 20)) : 0;
  const next = (view.prompt ?? view.next).length * 8.3 * LETTER > size.width - 30 ? 26 : 20;
  const ribbon = text ? 5.3 + ribbonLines * 6.7 : 0;
  const issue = issues(view).length > 0 ? ISSUE_MM : 0;
  return size.height - 11 - next - 6 - 23 - ribbon - issue;
}

/** `0:07`, `12:30`, `1:02:03`. */
export function duration(ms) {
  const all = Math.max(0, Math.floor(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** Local time of day, `09:12`. */
export function timeOfDay(unixMs) {
  return new Date(unixMs).toTimeString().slice(0, 5);
}

/** Groups of four, so that people can compare them. */
export function grouped(number) {
  return number.replace(/(.{4})(?=.)/g, "$1\u2009");
}

/** Grams for people: `850 g`, `1.24 kg`. */
export function grams(value) {
  if (value < 1000) return `${value} g`;
  const kilos = String(Math.floor(value / 1000));
  return `${kilos}.${String(Math.floor(value % 1000 / 10)).padStart(2, "0")} kg`;
}

/** A picture on a tile with initials; the tile stays if the picture is missing. */
export function tile(line) {
  const words = line.title.split(/\s+/).filter(Boolean);
  const initials = words.slice(0, 2).map((word) => [...word][0] ?? "").join("");
  const letters = initials || line.sku.slice(0, 2);
  let hue = 0;
  for (const letter of line.sku) hue = (hue * 31 + letter.codePointAt(0)) % 9973;
  return h("span", { class: `tile tone${hue % 6}`, "aria-hidden": "true" }, letters,
    line.picture ? h("img", { src: line.picture, alt: "" }) : null);
}
