// Timers that go on in a background tab: browsers slow a page's own timers to one a minute there, and a fan
// who asks once a minute would count as gone. A worker's timers are not slowed.

const waiting = new Map();
let last = 0, worker = null;
try {
  worker = new Worker(new URL("./ticker_worker.js", import.meta.url));
  worker.onmessage = ({ data }) => fire(data);
  worker.onerror = () => { worker = null; };
} catch { worker = null; }

function fire(id) {
  const work = waiting.get(id);
  waiting.delete(id);
  work?.();
}

// Calls `work` after so many milliseconds; answers with a function that calls it off.
export function after(ms, work) {
  const id = ++last;
  waiting.set(id, work);
  if (worker) worker.postMessage({ id, ms });
  else setTimeout(() => fire(id), ms);
  return () => waiting.delete(id);
}
