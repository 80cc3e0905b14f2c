// The list of premieres: times and prices as the language writes them, and this device's orders.

import { orders } from "./memory.js";
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

dress();
mine();
