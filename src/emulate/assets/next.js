// What a packer does next, read from the screens: a sentence and the thing to click. Both are only
// a guide; whatever can be done at a real station can be done here at any time.

const quoted = (text) => CSS.escape(text);
const code = (text) => `[data-scan="${quoted(text)}"]`;

/** `{text, target}`; `target` is a selector, null while there is nothing to click. */
export function benchStep(state, setup) {
  const view = state.screens.bench;
  const scale = state.places[0].scale;
  if (!view) return step("The station is starting. Wait.");
  const laden = scale.grams > 0;
  const take = step("Take the box off the scale", "#take-box");
  switch (view.mode) {
    case "login":
      return step("Click a badge to log in", "#badges .badge");
    case "ready": {
      if (laden) return take;
      const next = setup.orders.find((o) => state.screens.orders[o.id] === "waiting");
      if (!next) return step("All orders are packed. Go on at the dock.");
      return step("Click an order card", `#orders .card-head${code(next.code)}`);
    }
    case "verifying": {
      const item = wanted(view, setup);
      if (!item) return step("Click NEXT BOX or OK", `#bench-codes ${code("XCTLOKXI")}`);
      return step("Click an article to scan it", `#orders .open .item${code(item.barcode)}`);
    }
    case "weighing":
      if (!view.weight?.armed && laden) return take;
      return laden
        ? step("The weight settles. Wait.")
        : step("Put the box on the scale", "#put-box");
    case "labelling":
      return step("The label is printed. Wait.");
    case "scan_back":
      return stick(view, state);
    case "stop":
      return clear(view, setup, laden);
    default:
      return step(view.next);
  }
}

const step = (text, target = null) => ({ text, target });

function wanted(view, setup) {
  const order = setup.orders.find((o) => o.id === view.order?.id);
  const line = view.order?.lines.find((l) => l.done < l.wanted);
  return order?.items.find((i) => i.title === line?.title);
}

function stick(view, state) {
  if (view.prompt) return step(view.prompt, "#extra-codes .code");
  if (state.places[0].printer.untaken > 0) {
    return step("Take the label from the printer", "#take-label");
  }
  const number = view.parcel?.tracking_number ?? "";
  const held = state.labels[0]?.codes.find((c) => c.text === number) ?? state.labels[0]?.codes[0];
  if (!held) return step("The label is printed. Wait.");
  return step("Scan the label: click its bars", `#hand-labels ${code(held.text)}`);
}

function clear(view, setup, laden) {
  const what = view.stop?.code ?? "";
  if (what === "no_operator") return step("Click a badge to log in", "#badges .badge");
  if (what.startsWith("weight") || what.startsWith("scale") || what === "unstable_weight") {
    return laden
      ? step("Stopped: take the box off the scale", "#take-box")
      : step("Put the box on the scale again", "#put-box");
  }
  const item = what === "wrong_item" && wanted(view, setup);
  if (item) {
    return step("Stopped: scan a wanted article", `#orders .open .item${code(item.barcode)}`);
  }
  return step("Stopped: read the screen, then click OK", `#bench-codes ${code("XCTLOKXI")}`);
}

/** As `benchStep`, for the dock. */
export function dockStep(state) {
  const view = state.screens.dock;
  if (!view) return step("The station is starting. Wait.");
  const { dock } = view;
  const control = (text) => `#dock-codes ${code(text)}`;
  const packed = Object.values(state.screens.orders).includes("packed");
  switch (view.mode) {
    case "login":
      return packed
        ? step("Click a badge to log in here", "#dock-badges .badge")
        : step("Nothing to hand over yet");
    case "dock_ready": {
      const [first] = dock.waiting;
      return first
        ? step(`Click ${first.carrier_name}: its driver is here`, `#carriers ${code(first.code)}`)
        : step("Nothing to hand over yet");
    }
    case "dock_scanning": {
      const [first] = dock.missing;
      return first
        ? step("Scan the parcel: click its label", `#dock-labels ${code(first.tracking_number)}`)
        : step("All are scanned: click CLOSE", control("XCTLCLOU"));
    }
    case "dock_closing":
      return step("Click CONFIRM", control("XCTLCONV"));
    case "dock_closed":
      if (!dock.manifest) return step("The manifest is made. Wait.");
      return view.prompt
        ? step("Scan the manifest", `#manifest ${code(dock.handover)}`)
        : step("Loaded? Click LOADED", control("XCTLLODB"));
    case "stop":
      return step("Stopped: read the screen, then click OK", control("XCTLOKXI"));
    default:
      return step(view.next);
  }
}
