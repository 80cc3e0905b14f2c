// Timers that go on in a background tab: browsers slow a page's own timers to one a minute there, and a fan
// who asks once a minute would count as gone. A worker's timers are not slowed.

const waiting = new Map();
let last = 0, worker = null;
try {
  worker = new Worker(new URL("./ticker_worker.js", import.meta.url));
  worker.onmessage = ({ data }) => fire(data);
  // A worker that could not be loaded leaves all that was asked of it to the page.
  worker.onerror = () => {
    worker = null;
    for (const [id, { ms }] of waiting) setTimeout(() => fire(id), ms);
  };
} catch { worker = null; }

function fire(id) {
  const found = waiting.get(id);
  waiting.delete(id);
  found?.work();
}

// Calls `work` after so many milliseconds; answers with a function that calls it off.
export function after(ms, work) {
  const id = ++last;
  waiting.set(id, { work, ms });
  if (worker) worker.postMessage({ id, ms });
  else setTimeout(() => fire(id), ms);
  return () => waiting.delete(id);
}
