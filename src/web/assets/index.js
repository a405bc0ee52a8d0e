// Lists the places of this station as large links.

import { h, patch } from "./dom.js";
import { fitPanel } from "./panel.js";

fitPanel();
addEventListener("resize", fitPanel);

const trouble = document.getElementById("trouble");
try {
  const answer = await fetch("/api/v1/places", { cache: "no-store" });
  if (!answer.ok) throw new Error(`the station answered ${answer.status}`);
  const { places } = await answer.json();
  patch(document.getElementById("places"), places.map((place) =>
    h("li", { key: place.id },
      h("a", { href: `/${place.kind}/${encodeURIComponent(place.id)}` },
        place.title, h("small", {}, place.kind === "dock" ? "handover" : "packing")))));
  if (places.length === 0) trouble.textContent = "No place is configured. Add one and restart.";
} catch (error) {
  trouble.textContent = `The list cannot be shown: ${error.message}. Reload this page.`;
}
