// A description of elements, and the one function that makes the page equal to it. Elements are
// kept by key, so a running transition, a loaded picture or a pressed button survives a repaint.

const SVG = "http://www.w3.org/2000/svg";
const KEY = Symbol("key");

/** Describes an element. `vars` are CSS variables; a false, null or missing value removes. */
export function h(tag, props, ...children) {
  return { tag, props: props ?? {}, children: children.flat(Infinity).filter(present) };
}

const present = (child) => child !== null && child !== undefined && child !== false;

/** Makes the children of `parent` equal to `wanted`. */
export function patch(parent, wanted) {
  const old = new Map();
  for (const node of parent.childNodes) old.set(node[KEY], node);
  const counts = new Map();
  let cursor = parent.firstChild;
  for (const child of wanted) {
    const text = typeof child !== "object";
    const tag = text ? "#text" : child.tag;
    const nth = counts.get(tag) ?? 0;
    const key = `${tag} ${child.props?.key ?? `#${nth}`}`;
    if (child.props?.key === undefined) counts.set(tag, nth + 1);
    let node = old.get(key);
    old.delete(key);
    if (!node) {
      node = text ? document.createTextNode("") : create(tag, parent);
      node[KEY] = key;
    }
    if (text) {
      if (node.data !== String(child)) node.data = String(child);
    } else {
      attributes(node, child.props);
      patch(node, child.children);
    }
    if (node === cursor) cursor = cursor.nextSibling;
    else parent.insertBefore(node, cursor);
  }
  for (const node of old.values()) node.remove();
}

function create(tag, parent) {
  const inSvg = tag === "svg" || parent.namespaceURI === SVG;
  return inSvg ? document.createElementNS(SVG, tag) : document.createElement(tag);
}

function attributes(node, props) {
  const gone = new Set(node.getAttributeNames());
  for (const [name, value] of Object.entries(props)) {
    if (name === "key" || name === "vars" || value === false || !present(value)) continue;
    const text = value === true ? "" : String(value);
    gone.delete(name);
    if (node.getAttribute(name) === text) continue;
    node.setAttribute(name, text);
    if (name === "src") node.hidden = false; // it was hidden if the picture before was missing
  }
  gone.delete("style");
  if (node.localName === "img") gone.delete("hidden");
  for (const name of gone) node.removeAttribute(name);
  const vars = props.vars ?? {};
  for (const name of [...node.style]) if (!(name in vars)) node.style.removeProperty(name);
  for (const [name, value] of Object.entries(vars)) {
    if (node.style.getPropertyValue(name) !== String(value)) node.style.setProperty(name, value);
  }
}
