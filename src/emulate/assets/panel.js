// The demo's page: paints the physical world and turns clicks into moves (POST /panel/act).
import { paintSetup, paintState } from "./paint.js";

const POLL_MS = 300;
const byId = (id) => document.getElementById(id);
const told = (text, bad = false) => {
  byId("told").textContent = text;
  byId("told").classList.toggle("bad", bad);
};

let setup = null;
let state = null;

async function getJson(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

async function act(move, said) {
  try {
    const response = await fetch("/panel/act", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(move),
    });
    if (!response.ok) {
      told(await response.text(), true);
      return;
    }
    if (said) told(said);
    state = await response.json();
    paintState(setup, state);
  } catch {
    told("The demo does not answer: is it still running?", true);
  }
}

const scan = (place, text, name) => act({ do: "scan", place, text }, `Scanned: ${name ?? text}`);

// Every scannable thing carries data-scan, and data-place unless it is at the bench.
document.addEventListener("click", (event) => {
  const code = event.target.closest("[data-scan]");
  if (code) scan(code.dataset.place ?? setup.bench, code.dataset.scan, code.dataset.name);
});

const at = (index) => state?.places[index];
const press = (id, move, said) => byId(id).addEventListener("click", () => {
  if (state) act(move(), said);
});
const cable = (id, place, device, plugged) => press(id, () =>
  ({ do: "cable", place: setup[place], device, plugged: !plugged() }));
const printer = (id, on, off, isOn) => press(id, () =>
  ({ do: "printer", place: setup.bench, change: isOn() ? off : on }));

press("put-box", () => ({ do: "put_box", grams: state.box_grams }), "The box is on the scale");
press("take-box", () => ({ do: "take_box" }), "The scale is empty");
press("put-grams", () => ({ do: "put_box", grams: Number(byId("grams").value) }));
press("shake", () => ({ do: "shake", shaking: !at(0).scale.shaking }));
press("lift", () => ({ do: "lift_platform", lifted: !at(0).scale.lifted }));
press("take-label", () => ({ do: "take_label", place: setup.bench }), "The label is taken");
printer("paper", "paper_out", "paper_in", () => at(0).printer.paper_out);
printer("head", "head_open", "head_closed", () => at(0).printer.head_open);
printer("silent", "silent", "answering", () => at(0).printer.silent);
printer("power", "power_cycle", "power_cycle", () => false);
cable("cut-scale", "bench", "scale", () => at(0).scale.cable.plugged);
cable("cut-printer", "bench", "printer", () => at(0).printer.cable.plugged);
cable("cut-gun", "bench", "scanner", () => at(0).scanner.plugged);
cable("cut-dock", "dock", "scanner", () => at(1).scanner.plugged);

for (const button of byId("network").children) {
  button.addEventListener("click", () => act({ do: "upstream", mode: button.dataset.mode }));
}
byId("grams-range").addEventListener("input", (e) => { byId("grams").value = e.target.value; });
byId("grams").addEventListener("input", (e) => { byId("grams-range").value = e.target.value; });
const free = (form, field, place) => byId(form).addEventListener("submit", (event) => {
  event.preventDefault();
  const text = byId(field).value;
  if (text) scan(setup[place], text);
  byId(field).select();
});
free("free-scan", "free-text", "bench");
free("dock-free", "dock-text", "dock");

// The daemon's pages are made for a bench monitor: scaled down, they keep their shape.
function fitFrames() {
  for (const screen of document.querySelectorAll(".screen")) {
    const zoom = screen.clientWidth / 1280;
    screen.style.setProperty("--zoom", zoom.toFixed(4));
  }
}
const resized = new ResizeObserver(fitFrames);
document.querySelectorAll(".screen").forEach((screen) => resized.observe(screen));

async function poll() {
  try {
    state = await getJson("/panel/state");
    paintState(setup, state);
    document.body.classList.remove("stale");
  } catch {
    document.body.classList.add("stale");
    told("The demo does not answer: is it still running?", true);
  }
  setTimeout(poll, POLL_MS);
}

setup = await getJson("/panel/setup");
paintSetup(setup);
byId("bench-frame").src = setup.bench_url;
byId("dock-frame").src = setup.dock_url;
fitFrames();
poll();
