// Shows one label template at its true size. The choice is kept in the address, so that a reload
// after a change of the template shows the same one again.

import { h, patch } from "./dom.js";

const by = (id) => document.getElementById(id);
const chosen = new URLSearchParams(location.hash.slice(1));
let templates = [];

function current() {
  return templates.find((t) => t.name === chosen.get("name")) ?? templates[0];
}

function mm(um) {
  return Math.round(um / 100) / 10;
}

function size(template) {
  return `${mm(template.width_um)} × ${mm(template.height_um)} mm`;
}

function show() {
  const template = current();
  if (!template) return;
  const dpi = by("dpi").value;
  const zoom = Number(by("zoom").value);
  chosen.set("name", template.name);
  chosen.set("dpi", dpi);
  chosen.set("zoom", String(zoom));
  history.replaceState(null, "", `#${chosen}`);
  const label = by("label");
  label.src = `/api/v1/templates/${encodeURIComponent(template.name)}/sample.png?dpi=${dpi}`;
  label.alt = `${template.title}, drawn with its sample values`;
  label.className = zoom === 0 ? "dots" : "";
  label.style.width = zoom === 0 ? "" : `${(template.width_um * zoom) / 1000}mm`;
  by("facts").textContent = `${template.title}, ${size(template)}, ${dpi} dpi`;
  patch(by("names"), templates.map((t) =>
    h("button", { key: t.name, type: "button", "data-name": t.name,
      "aria-current": String(t === template) },
      h("span", {}, t.name),
      t.problems.length ? h("small", { class: "bad" }, "faulty") : h("small", {}, size(t)))));
  patch(by("findings"), template.problems.length
    ? [h("p", {}, "This label would not be printed:"),
      h("ul", {}, template.problems.map((p) => h("li", { key: p }, p)))]
    : [h("p", { class: "ok" }, "Every code of this label was read back.")]);
}

by("names").addEventListener("click", (event) => {
  const name = event.target.closest("button")?.dataset.name;
  if (!name) return;
  chosen.set("name", name);
  show();
});
for (const id of ["dpi", "zoom"]) {
  if (chosen.has(id)) by(id).value = chosen.get(id);
  by(id).addEventListener("change", show);
}
by("label").addEventListener("error", () => {
  by("trouble").textContent = "The picture cannot be shown. Reload this page.";
});
try {
  const answer = await fetch("/api/v1/templates", { cache: "no-store" });
  if (!answer.ok) throw new Error(`the station answered ${answer.status}`);
  templates = (await answer.json()).templates;
  show();
} catch (error) {
  by("trouble").textContent = `The list cannot be shown: ${error.message}. Reload this page.`;
}
