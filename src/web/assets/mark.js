// Finds the bars on a label's picture, so that the screen can mark what to scan, on our own labels
// and on those a carrier made. A cell is bars if it changes often along one axis and hardly along
// the other; the largest group of such cells is the code.

const CELLS_ACROSS = 28;
const WIDTH_PX_MAX = 1200;
const CELLS_MIN = 8;

/** The bars' place as fractions `{x, y, w, h}` of a loaded image, or null. */
export function findBars(image) {
  const shrink = Math.max(1, Math.ceil(image.naturalWidth / WIDTH_PX_MAX));
  const width = Math.floor(image.naturalWidth / shrink);
  const height = Math.floor(image.naturalHeight / shrink);
  const size = Math.floor(width / CELLS_ACROSS);
  if (size < 6 || height < size) return null;
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  pen.drawImage(image, 0, 0, width, height);
  const { data } = pen.getImageData(0, 0, width, height);
  const dark = (x, y) => data[(y * width + x) * 4 + 1] < 128;
  const columns = Math.floor(width / size);
  const rows = Math.floor(height / size);
  const kinds = [];
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      kinds.push(kindOf(dark, column * size, row * size, size));
    }
  }
  const best = largestGroup(kinds, columns, rows);
  if (!best || best.cells < CELLS_MIN) return null;
  const { left, top, right, bottom } = best;
  return { x: left / columns * (columns * size / width), y: top * size / height,
    w: (right - left + 1) * size / width, h: (bottom - top + 1) * size / height };
}

/** 1: upright bars, 2: lying bars, 0: anything else. */
function kindOf(dark, left, top, size) {
  let across = 0;
  let along = 0;
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const here = dark(left + x, top + y);
      if (x > 0 && here !== dark(left + x - 1, top + y)) across += 1;
      if (y > 0 && here !== dark(left + x, top + y - 1)) along += 1;
    }
  }
  if (across >= size * 2 && along * 6 < across) return 1;
  if (along >= size * 2 && across * 6 < along) return 2;
  return 0;
}

function largestGroup(kinds, columns, rows) {
  const seen = new Array(kinds.length).fill(false);
  let best = null;
  for (let start = 0; start < kinds.length; start += 1) {
    if (seen[start] || kinds[start] === 0) continue;
    const group = { cells: 0, left: columns, top: rows, right: 0, bottom: 0 };
    const open = [start];
    seen[start] = true;
    while (open.length > 0) {
      const at = open.pop();
      const column = at % columns;
      const row = (at - column) / columns;
      group.cells += 1;
      group.left = Math.min(group.left, column);
      group.right = Math.max(group.right, column);
      group.top = Math.min(group.top, row);
      group.bottom = Math.max(group.bottom, row);
      const near = [column > 0 && at - 1, column + 1 < columns && at + 1,
        row > 0 && at - columns, row + 1 < rows && at + columns];
      for (const next of near) {
        if (next === false || seen[next] || kinds[next] !== kinds[start]) continue;
        seen[next] = true;
        open.push(next);
      }
    }
    if (!best || group.cells > best.cells) best = group;
  }
  return best;
}
