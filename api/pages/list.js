// The list of premieres: times and prices as the language writes them, and this device's orders.

import { orders } from "./memory.js";
import { keepPage, languages } from "./offline.js";
import { dress, moment, t } from "./words.js";

const root = document.body.dataset.root;

function mine() {
  const kept = orders.all();
  document.getElementById("mine").hidden = kept.length === 0;
  document.getElementById("mine-list").replaceChildren(...kept.map(order => {
    const line = document.createElement("li"), link = document.createElement("a");
    link.href = `${root}/orders/${order.order}`;
    link.textContent = [order.film, order.starts_at ? moment(Date.parse(order.starts_at), order.zone) : "", t(`order.${order.state}`)].filter(Boolean).join(" · ");
    line.append(link);
    return line;
  }));
}

// Kept for who has orders, so that tickets are found without a network too: for others it would be out of date soon
// and of no use.
function tellNetwork() {
  const told = document.getElementById("offline");
  told.hidden = navigator.onLine;
  told.textContent = navigator.onLine ? "" : t("list.offline");
  if (navigator.onLine && orders.all().length) keepPage(`${root}/`, [...document.querySelectorAll("[data-state]")].map(each => each.dataset.state).join("."), languages);
}

dress();
mine();
window.addEventListener("online", tellNetwork);
window.addEventListener("offline", tellNetwork);
tellNetwork();
