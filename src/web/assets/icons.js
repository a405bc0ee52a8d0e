// Shapes. Each state has its own, so that colour is never the only sign.

import { h } from "./dom.js";

const bars = "M3 5h2v14H3zM7 5h1v14H7zM10 5h3v14h-3zM15 5h1v14h-1zM18 5h3v14h-3z";

const SHAPES = {
  badge: "M9 1h6v4h4a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2h4zm2 2v4h2V3z"
    + "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM6.5 20h11c0-2.5-2.5-4-5.5-4s-5.5 1.5-5.5 4z",
  barcode: bars,
  box: "M12 1 22 6v12l-10 5L2 18V6zm0 2.3L5.5 6.5 12 9.7l6.5-3.2zM4 8.2v8.6l7 3.5v-8.6zm9 "
    + "3.5v8.6l7-3.5V8.2z",
  scale: "M3 3h18v3h-7.5v2.2A7 7 0 0 1 19 15v6H5v-6a7 7 0 0 1 5.5-6.8V6H3zm9 7a5 5 0 0 0-5 5v4h10"
    + "v-4a5 5 0 0 0-5-5zm2.5 1.5 1 1-3 3.5-1.2-1z",
  printer: "M6 2h12v6H6zM3 9h18a1 1 0 0 1 1 1v8h-4v-4H6v4H2v-8a1 1 0 0 1 1-1zm5 7h8v6H8zm1.5 1.5"
    + "v1h5v-1zm0 2v1h5v-1z",
  label: "M3 2h18v20H3zm2 2v16h14V4zM7 6h6v1.5H7zm0 3h10v1H7zM7 12h1.5v6H7zm2.5 0h1v6h-1zm2 0h2v6"
    + "h-2zm3 0h1v6h-1zm2 0H18v6h-1.5z",
  truck: "M1 4h13v12H9.8a3 3 0 0 0-5.6 0H1zm14 4h4l4 4.5V16h-2.2a3 3 0 0 0-5.6 0H15zM7 15.5a2 2 0 "
    + "1 1 0 4 2 2 0 0 1 0-4zm11 0a2 2 0 1 1 0 4 2 2 0 0 1 0-4z",
  tick: "M9.5 20.5 1.5 12.5 4.8 9.2 9.5 13.9 19.2 4.2 22.5 7.5z",
  triangle: "M12 1.5 23.5 21.5H.5zM10.8 9v6.5h2.4V9zm0 8v2.4h2.4V17z",
  question: "M12 1a11 11 0 1 0 0 22 11 11 0 0 0 0-22zm-1.3 15.5h2.6V19h-2.6zm0-1.5c0-4 3.3-3.9 "
    + "3.3-6.1A2 2 0 0 0 12 7a2.2 2.2 0 0 0-2.2 2.2H7.2A4.7 4.7 0 0 1 12 4.5a4.5 4.5 0 0 1 "
    + "4.7 4.4c0 3.5-3.4 3.3-3.4 6.1z",
  arrow: "M2 9h11V3l9 9-9 9v-6H2z",
  steady: "M5 10V8a7 7 0 0 1 14 0v2h2v12H3V10zm3.5 0h7V8a3.5 3.5 0 0 0-7 0z",
  moving: "M1 13c2-6 4.5-6 6.5-2s3.5 4 5 0 4-6 6-1 2.5 4 4.5 2v4c-3 2.5-6 1.5-7.5-2-1-2.5-1.3-"
    + "2.5-2.3.2-2 4.6-5.5 4.6-7.7.5C4.2 11.8 3.7 12.5 2.5 16z",
  empty: "M2 16h20v3H2zM6 6h2v3H6zm5 0h2v3h-2zm5 0h2v3h-2zM5 9l2 3 2-3zm5 0 2 3 2-3zm5 0 2 3 2-3z",
  none: "M4 11h16v2H4z",
  unlink: "M7 7H5a5 5 0 0 0 0 10h2v-2.5H5a2.5 2.5 0 0 1 0-5h2zm10 0h2a5 5 0 0 1 0 10h-2v-2.5h2a2.5 "
    + "2.5 0 0 0 0-5h-2zM8 2l2.2 4 1.5-.8L9.5 1.2zm6.5 20 1.5-.8-2.2-4-1.5.8z",
};

/** A shape as a picture element, hidden from readers: the words beside it say the same. */
export function icon(name, size) {
  const path = h("path", { d: SHAPES[name], "fill-rule": "evenodd", fill: "currentColor" });
  return h("svg", { class: `icon ${size ?? ""}`, viewBox: "0 0 24 24", "aria-hidden": "true",
    "data-shape": name }, path);
}

/** The stop sign: a white octagon with a cross. */
export function octagon() {
  return h("svg", { class: "octagon", viewBox: "0 0 100 100", "aria-hidden": "true" },
    h("path", { class: "plate", d: "M29.5 1h41L99 29.5v41L70.5 99h-41L1 70.5v-41z" }),
    h("path", { class: "cross", d: "M20 33 33 20l17 17 17-17 13 13-17 17 17 17-13 13-17-17-17 17"
      + "-13-13 17-17z" }));
}
