// What is known of a sale's past: samples by the second for the last hour, by the minute before that.

const SECONDS_MAX = 3600;
const GAP_S = 5, MINUTE_GAP_S = 180;
const CALLS = ["poll", "join", "hold", "order", "pay"];
const PLAIN = ["at_s", "state", "waiting", "invited", "inside", "held", "sold", "free", "orders_per_s", "writer_lag", "failures", "workers"];

// Every column beside each other, latencies as `pay.p50` and `pay.p99`.
function flat(curves) {
  const columns = Object.fromEntries(PLAIN.map(name => [name, curves[name]]));
  for (const call of CALLS) {
    columns[`${call}.p50`] = curves.latencies[call].p50_ms;
    columns[`${call}.p99`] = curves.latencies[call].p99_ms;
  }
  return columns;
}

const cut = (columns, from, to) => Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column.slice(from, to)]));
const joined = (a, b) => Object.fromEntries(Object.entries(a).map(([name, column]) => [name, column.concat(b[name])]));

export class Night {
  constructor() {
    this.seconds = null;
    this.minutes = null;
    this.now_s = 0;
  }

  // The second from which on more is wanted.
  get since_s() { return this.seconds?.at_s.length ? this.seconds.at_s.at(-1) + 1 : 0; }

  takeSeconds(answer) {
    const found = flat(answer.curves);
    this.now_s = answer.now_s;
    const all = this.seconds ? joined(this.seconds, cut(found, found.at_s.findIndex(at => at >= this.since_s) >>> 0)) : found;
    this.seconds = cut(all, Math.max(0, all.at_s.length - SECONDS_MAX));
  }

  takeMinutes(answer) { this.minutes = flat(answer.curves); }

  // The columns of the last `range_s` seconds, 0 for all that is kept; null while nothing is.
  view(range_s) {
    if (!this.seconds) return null;
    let columns = this.seconds, fine_s = -Infinity;
    if (!range_s && this.minutes) {
      fine_s = this.seconds.at_s[0] ?? Infinity;
      const older = this.minutes.at_s.filter(at => at < fine_s).length;
      columns = joined(cut(this.minutes, 0, older), this.seconds);
    }
    // A sale younger than the range is shown from its first sample on, but never less than a minute.
    const to_s = this.now_s, first_s = Math.min(columns.at_s[0] ?? to_s, to_s - 60);
    const from_s = range_s ? Math.max(to_s - range_s, first_s) : first_s;
    return { columns, from_s, to_s, isGap: (before, after) => after - before > (before < fine_s ? MINUTE_GAP_S : GAP_S) };
  }
}
