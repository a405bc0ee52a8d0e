// The shell of a place's page: connection, cover, touch, sound. What is shown is `paint(view, env)`
// and nothing else.

import { h, patch } from "./dom.js";
import { icon } from "./icons.js";
import { findBars } from "./mark.js";
import { paint, spoken } from "./paint.js";
import { fitPanel } from "./panel.js";
import { play, STOP_REPEAT_MS, wake } from "./sound.js";
import { listen } from "./stream.js";

/** Contacts this soon after a screen change were meant for the screen before. */
const TOUCH_GUARD_MS = 300;
/** Shorter contacts of a finger are a sleeve or a drop of water. */
const CONTACT_MS_MIN = 30;
const HOLD_MS = 800;
const FLASH_MS = 1500;
const NOTICE_MS = 3000;

const [, , encodedPlace] = location.pathname.split("/");
const place = decodeURIComponent(encodedPlace);
const build = document.querySelector("meta[name=build]").content;
const screen = document.getElementById("screen");
const cover = document.getElementById("cover");
const marks = new Map();

let view = null;
let size = fitPanel();
let skewMs = 0;
let changedAt = -Infinity;
let lastCue = null;
let flashUntil = 0;
let notice = null;
let pressed = null;
let silentSince = null;
let stopSounded = 0;
let contactAt = 0;

listen(place, { view: take, beat, silent: show, refused: () => location.reload() });
setInterval(tick, 250);
addEventListener("resize", () => {
  size = fitPanel();
  repaint();
});

function take(next) {
  const before = view;
  view = next;
  if (!before || screenOf(before) !== screenOf(next)) {
    changedAt = performance.now();
    flashUntil = 0;
    release();
  }
  sound(before);
  repaint();
}

/** Two views with the same text here are the same screen for a finger. */
function screenOf({ mode, stop, prompt, order, parcel }) {
  return JSON.stringify([mode, stop?.code, stop?.since_ms, prompt, order?.id, parcel?.id]);
}

function sound(before) {
  const { cue, mode } = view;
  const fresh = cue && lastCue !== null && cue.id > lastCue;
  lastCue = cue ? cue.id : lastCue ?? 0;
  if (fresh) play(cue.cue);
  if (fresh && cue.cue === "parcel_done" && mode === "ready") {
    flashUntil = performance.now() + FLASH_MS;
  }
  const stopped = mode === "stop" && before?.mode !== "stop";
  if (stopped && !(fresh && cue.cue === "stop")) play("stop");
  if (stopped || (fresh && cue.cue === "stop")) stopSounded = performance.now();
}

function beat({ now_ms: now, build: served }) {
  skewMs = now - Date.now();
  if (served !== build) location.reload();
}

function tick() {
  const now = performance.now();
  if (notice && now > notice.until) notice = null;
  if (silentSince === null && view?.mode === "stop" && now - stopSounded >= STOP_REPEAT_MS) {
    stopSounded = now;
    play("stop");
  }
  if (silentSince !== null) paintCover();
  repaint();
}

function repaint() {
  const root = document.documentElement;
  if (!view) return;
  const env = {
    size,
    marks,
    nowMs: Date.now() + skewMs,
    clock: new Date().toTimeString().slice(0, 5),
    flash: performance.now() < flashUntil,
    notice: notice?.text ?? null,
    pressed: pressed?.code ?? null,
  };
  root.dataset.mode = view.mode;
  root.dataset.version = view.version;
  document.title = `${view.title} · ${view.station}`;
  patch(screen, paint(view, env));
  const { alarm, status } = spoken(view);
  say("alarm", alarm);
  say("live", status);
}

/** Readers speak a region when its text changes, so only a change may touch it. */
function say(id, text) {
  const region = document.getElementById(id);
  if (region.textContent !== text) region.textContent = text;
}

function show(silent) {
  silentSince = silent ? performance.now() : null;
  if (silent) release();
  document.documentElement.toggleAttribute("data-covered", silent);
  cover.hidden = !silent;
  screen.inert = silent;
  if (silent) paintCover();
}

function paintCover() {
  const seconds = Math.floor((performance.now() - silentSince) / 1000) + 5;
  patch(cover, [
    icon("unlink", "huge"),
    h("h1", {}, "Screen lost the station."),
    h("p", {}, "Do not continue."),
    h("p", { class: "small" },
      `Silent for ${seconds} s. It comes back by itself, or call for help.`),
  ]);
}

// Touch: on release, with the version the finger saw, and only if the screen stood still.

const keyOf = (event) => event.target.closest?.("button[data-code]");

function ready(button) {
  const calm = performance.now() - changedAt >= TOUCH_GUARD_MS;
  return calm && silentSince === null && pressed === null && !button.disabled;
}

screen.addEventListener("pointerdown", (event) => {
  wake();
  contactAt = performance.now();
  const button = keyOf(event);
  if (button?.dataset.hold !== undefined && ready(button)) hold(button);
});
for (const name of ["pointerup", "pointerleave", "pointercancel", "blur"]) {
  screen.addEventListener(name, release, true);
}
screen.addEventListener("keydown", (event) => {
  const button = keyOf(event);
  const pushes = event.key === "Enter" || event.key === " ";
  if (!pushes || button?.dataset.hold === undefined) return;
  event.preventDefault();
  if (!event.repeat && ready(button)) hold(button);
});
screen.addEventListener("keyup", release);
screen.addEventListener("click", (event) => {
  const button = keyOf(event);
  if (!button || !ready(button)) return;
  // A hold key answers to its timer; only assistive tools click it without a contact.
  if (button.dataset.hold !== undefined && event.detail !== 0) return;
  const brief = performance.now() - contactAt < CONTACT_MS_MIN;
  if (event.pointerType === "touch" && brief) return;
  touch(button.dataset.code);
});
screen.addEventListener("contextmenu", (event) => event.preventDefault());

function hold(button) {
  const { code } = button.dataset;
  const timer = setTimeout(() => {
    pressed = null;
    touch(code);
  }, HOLD_MS);
  pressed = { code, timer };
  repaint();
}

function release() {
  if (!pressed?.timer) return;
  clearTimeout(pressed.timer);
  pressed = null;
  repaint();
}

async function touch(code) {
  const seen = view.version;
  pressed = { code, timer: null };
  repaint();
  try {
    const answer = await fetch(`/api/v1/places/${encodeURIComponent(place)}/touch`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ code, seen }),
      signal: AbortSignal.timeout(3000),
    });
    if (answer.status === 401) location.reload();
    else if (answer.status === 409) tellNotice("The screen has changed. Look again.");
    else if (!answer.ok) tellNotice("Not taken. Scan the code instead.");
  } catch {
    tellNotice("Not sent. Scan the code instead.");
  }
  pressed = null;
  repaint();
}

function tellNotice(text) {
  notice = { text, until: performance.now() + NOTICE_MS };
}

// Pictures: a missing one leaves its tile, a label's gets its bars marked.

screen.addEventListener("error", (event) => {
  if (event.target.localName === "img") event.target.hidden = true;
}, true);
screen.addEventListener("load", (event) => {
  const image = event.target;
  if (!image.classList?.contains("label-picture")) return;
  marks.clear();
  marks.set(image.getAttribute("src"), findBars(image));
  repaint();
}, true);
