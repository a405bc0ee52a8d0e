// Sizes are millimetres. `--mm` is one millimetre in CSS pixels: of the panel if it is known
// (?mm=5.9, remembered), else of a 15.6 inch Full HD panel; never so large that the smallest
// layout, 180 x 130 mm, would not fit.

const KEY = "firstscan.px_per_mm";
const DEFAULT_PX_PER_MM = 1920 / 345.4;
const LAYOUT_MM = { width: 180, height: 130 };

const sane = (value) => (value >= 2 && value <= 20 ? value : null);

function wanted() {
  const asked = sane(Number(new URLSearchParams(location.search).get("mm")));
  try {
    if (asked) localStorage.setItem(KEY, String(asked));
    return asked ?? sane(Number(localStorage.getItem(KEY))) ?? DEFAULT_PX_PER_MM;
  } catch {
    return asked ?? DEFAULT_PX_PER_MM; // storage switched off: nothing to remember
  }
}

/** Sets `--mm` and returns the screen's size in millimetres. */
export function fitPanel() {
  const px = Math.min(wanted(), innerWidth / LAYOUT_MM.width, innerHeight / LAYOUT_MM.height);
  document.documentElement.style.setProperty("--mm", `${px}px`);
  return { width: innerWidth / px, height: innerHeight / px };
}
