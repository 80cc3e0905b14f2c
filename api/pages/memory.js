// What this browser remembers, by name: the place, pass, hold and orders of each sale, and how far the
// clocks are apart. Where the browser forbids storage the page remembers as long as it is open.

const here = new Map();
let store = null;
try {
  store = window.localStorage;
  store.getItem("usher");
} catch { store = null; }

const named = (scope, name) => `usher:${document.body.dataset.root}:${scope}:${name}`;

// Values are JSON; `write(name, null)` forgets.
export const memoryOf = scope => ({
  read(name) {
    const key = named(scope, name);
    try { return JSON.parse((store ? store.getItem(key) : here.get(key)) ?? "null"); } catch { return null; }
  },
  write(name, value) {
    const key = named(scope, name), text = JSON.stringify(value);
    try {
      if (!store) value == null ? here.delete(key) : here.set(key, text);
      else if (value == null) store.removeItem(key);
      else store.setItem(key, text);
    } catch { here.set(key, text); }
  },
  // Calls back when another tab of this browser changes the scope.
  watch(changed) {
    window.addEventListener("storage", event => { if (event.key?.startsWith(named(scope, ""))) changed(event.key.slice(named(scope, "").length)); });
  },
});

// Orders of all sales, the newest first: what the list of premieres shows again.
const ORDERS_MAX = 20;
export const orders = {
  all: () => memoryOf("all").read("orders") ?? [],
  keep(order) {
    const others = orders.all().filter(each => each.order !== order.order);
    memoryOf("all").write("orders", [order, ...others].slice(0, ORDERS_MAX));
  },
};
