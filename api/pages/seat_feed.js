// What is taken in one showtime, asked for about once a second while somebody looks.

const EVERY_MS = 1000;
const LONGEST_MS = 5000;

// `onAll(names)`, then `onChange(taken, free)`; `onStale(since_ms)` while no answer comes, null once one does.
export function followSeats(doors, showtime, { onAll, onChange, onStale }) {
  const stop = new AbortController();
  let version, timer = 0, failed = 0, heard_ms = Date.now();
  const path = `/v1/showtimes/${encodeURIComponent(showtime)}/seats`;

  async function ask() {
    clearTimeout(timer);
    if (!document.hidden) {
      try {
        hear(await doors.get(version === undefined ? path : `${path}?since=${version}`, { tries: 1, signal: stop.signal }));
      } catch {
        if (stop.signal.aborted) return;
        failed++;
        if (failed > 1) onStale(heard_ms);
      }
    }
    if (!stop.signal.aborted) timer = setTimeout(ask, Math.min(LONGEST_MS, EVERY_MS * 2 ** Math.max(0, failed - 2)));
  }

  function hear(seats) {
    if (stop.signal.aborted) return;
    if (failed > 1) onStale(null);
    failed = 0;
    heard_ms = Date.now();
    version = seats.version;
    if (seats.free === undefined) onAll(seats.taken);
    else if (seats.taken.length || seats.free.length) onChange(seats.taken, seats.free);
  }

  const soon = () => { if (!document.hidden) ask(); };
  document.addEventListener("visibilitychange", soon, { signal: stop.signal });
  window.addEventListener("online", soon, { signal: stop.signal });
  ask();
  return { stop: () => { stop.abort(); clearTimeout(timer); }, again: () => { version = undefined; ask(); } };
}
