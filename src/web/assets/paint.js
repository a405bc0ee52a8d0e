// The painter: what is on the screen is a function of the last view and of nothing remembered.
// `env` holds what the view cannot know: panel size, clock, marks on the label, the flash.

import { bench } from "./bench.js";
import { dock } from "./dock.js";
import { h } from "./dom.js";
import { icon, octagon } from "./icons.js";
import { duration, fit, issues, keys, ribbonText } from "./parts.js";

/** Elements of the whole screen. */
export function paint(view, env) {
  const parts = view.mode === "stop" ? stop(view, env) : calm(view, env);
  return [...parts, env.flash && view.last?.ok ? flash(view.last) : null,
    env.notice ? h("div", { key: "notice", class: "notice", role: "alert" },
      icon("triangle"), env.notice) : null].filter(Boolean);
}

/** What readers are told: `alarm` at once, `status` when there is time. */
export function spoken(view) {
  const { stop: cause } = view;
  if (view.mode === "stop" && cause) {
    return { alarm: `Stop. ${cause.word}. ${cause.text} ${cause.remedy}`, status: "" };
  }
  const last = view.last ? `${view.last.ok ? "Done" : "Refused"}: ${view.last.text}. ` : "";
  const changed = view.parcel?.changed ? `Changed: ${view.parcel.changed} ` : "";
  return { alarm: "", status: `${changed}${last}${view.prompt ?? view.next}` };
}

function calm(view, env) {
  const body = view.kind === "dock" ? dock(view, env) : bench(view, env);
  return [
    top(view, env),
    next(view, env, body.icon),
    issue(view),
    h("main", { key: "main", class: `main ${body.layout}` }, body.main),
    ribbon(view),
    keys(body.keys, env),
  ].filter(Boolean);
}

function top(view, env) {
  const { health } = view;
  const roles = view.kind === "dock" ? ["scanner", "printer"] : ["scanner", "scale", "printer"];
  const lamps = [...roles.map((role) => lamp(role, health[role])), syncLamp(health.sync)];
  if (health.numbers !== "ok") lamps.push(lamp("numbers", health.numbers, true));
  // A narrow panel has no room for what is well beside what is not.
  const troubles = lamps.filter(({ props }) => !props.class.endsWith("ok"));
  const narrow = env.size.width < 210 && troubles.length > 0;
  return h("header", { key: "top", class: "top" },
    h("span", { class: "title" }, view.title),
    h("span", { class: "who" }, view.operator?.name ?? ""),
    h("span", { class: "health" }, narrow ? troubles : lamps),
    h("span", { class: "clock" }, env.clock));
}

function syncLamp({ state, waiting, parked }) {
  const word = { ok: "ok", none: "none", "": "none" }[state] ?? `${waiting} waiting`;
  if (parked > 0) return lamp("sync", `${parked} refused`);
  return lamp("sync", word, state !== "paused");
}

/** One device: its name and a tick, or its name and what is wrong. */
function lamp(role, state, mild = false) {
  const word = state || "none";
  const kind = word === "ok" ? "ok" : word === "none" ? "none" : mild ? "mild" : "bad";
  const shape = { ok: "tick", none: "none", mild: "moving", bad: "triangle" }[kind];
  const label = role[0].toUpperCase() + role.slice(1);
  return h("span", { key: role, class: `lamp ${kind}`, "data-role": role }, icon(shape), label,
    kind === "ok" ? null : h("b", {}, ` ${word.replaceAll("_", " ")}`));
}

/** The one next action; a control code that waits for another scan asks in blue. */
function next(view, env, shape) {
  const asked = Boolean(view.prompt);
  const text = view.prompt ?? view.next;
  const size = fit(text, 12.4, env.size.width - 30);
  return h("div", { key: "next", class: `next ${asked ? "asked" : ""}` },
    icon(asked ? "question" : shape),
    h("p", { vars: { "--size": Math.max(size, 8.3) } }, text));
}

/** The first exception of the open parcel, or the first warning of its order; the rest counted. */
function issue(view) {
  const [first, ...more] = issues(view);
  if (!first) return null;
  return h("div", { key: "issue", class: "issue", role: "note" }, icon("triangle"),
    h("b", {}, first.word), h("span", {}, first.text),
    more.length ? h("b", { class: "rest" }, `+ ${more.length}`) : null);
}

/** Offline is a fact, not an alarm: grey-purple, and it says that work goes on. */
function ribbon(view) {
  const text = ribbonText(view);
  if (!text) return null;
  return h("div", { key: "ribbon", class: "ribbon", role: "note" }, icon("unlink"), text);
}

/** The red screen: shape, word, one sentence, what to do, how long. */
function stop(view, env) {
  const cause = view.stop ?? { word: "STOP", text: view.next, remedy: "", since_ms: env.nowMs };
  const room = env.size.width - 14;
  const signMm = Math.min(46, env.size.height * 0.3);
  // Two lines each leave no room for the sign on a low screen, unless both are smaller.
  const long = (text, width) => fit(text, 12.4, width) < 12.4;
  const both = long(cause.text, room - 10) && long(cause.remedy, room - 40);
  const textMm = both ? Math.min(12.4, env.size.height * 0.075) : 12.4;
  return [h("section", { key: "stop", class: "stop", "data-code": cause.code ?? "" },
    h("div", { class: "stop-head", vars: { "--sign": signMm } },
      octagon(),
      h("div", { class: "stop-word" },
        h("h1", { vars: { "--size": fit(cause.word, 25, room - signMm - 16, 0.72) } }, cause.word),
        cause.scanned
          ? h("p", { class: "scanned" }, "Scanned: ", h("b", {}, cause.scanned)) : null)),
    h("p", { class: "stop-text", vars: { "--size": fitLines(cause.text, textMm, room - 10, 2) } },
      cause.text),
    h("div", { class: "stop-remedy" }, icon("arrow"),
      h("p", { vars: { "--size": fitLines(cause.remedy, textMm, room - 40, 2) } }, cause.remedy)),
    h("div", { class: "stop-foot" },
      keys([
        { name: "OK", label: "OK", hold: true },
        view.kind === "bench" && view.parcel ? { name: "PARK", label: "Park" } : null,
      ], env),
      h("span", { class: "stop-where" }, view.title, view.order ? ` · ${view.order.id}` : ""),
      h("span", { class: "elapsed", "aria-hidden": "true" },
        duration(env.nowMs - cause.since_ms))))];
}

function fitLines(text, max, width, lines) {
  return Math.max(7, Math.min(max, fit(text, max, width * lines * 0.92)));
}

function flash(last) {
  return h("div", { key: "flash", class: "flash" }, icon("tick", "huge"), h("h1", {}, "Done"),
    h("p", {}, last.text));
}
