// The page's one connection: views and heartbeats. A stale screen is worse than none, so silence
// is reported, and a connection that stays silent is thrown away and made anew.

/** After this much silence the page covers itself. */
export const SILENCE_MS = 5000;
const RETRY_MS = 2000;

/**
 * Listens to a place. `on.view(view)`, `on.beat(beat)`, `on.silent(isSilent)` are called as they
 * happen; `on.refused()` when the station no longer accepts this page.
 */
export function listen(place, on) {
  const url = `/api/v1/places/${encodeURIComponent(place)}`;
  let source = null;
  let heard = performance.now();
  let opened = 0;
  let silent = false;

  const alive = () => {
    heard = performance.now();
  };
  const open = () => {
    source?.close();
    opened = performance.now();
    source = new EventSource(`${url}/stream`);
    source.addEventListener("view", (event) => {
      alive();
      on.view(JSON.parse(event.data));
      if (silent) on.silent(silent = false);
    });
    source.addEventListener("heartbeat", (event) => {
      // Only a view ends a silence: what is on the screen may be old.
      if (!silent) alive();
      on.beat(JSON.parse(event.data));
    });
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) ask(url, on);
    });
  };
  setInterval(() => {
    const now = performance.now();
    if (!silent && now - heard >= SILENCE_MS) on.silent(silent = true);
    if (now - heard >= RETRY_MS * 1.5 && now - opened >= RETRY_MS) open();
  }, 200);
  open();
}

/** The stream was refused outright: find out whether the page must be loaded again. */
async function ask(url, on) {
  try {
    const answer = await fetch(`${url}/view`, { cache: "no-store" });
    if (answer.status === 401 || answer.status === 404) on.refused();
  } catch {
    // Nobody answers: the timer goes on trying.
  }
}
