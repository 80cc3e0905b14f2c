// What is held: the seats, their prices, the sum.

import { moment, money, seatName, t } from "./words.js";

const row = (what, amount) => {
  const line = document.createElement("tr"), head = document.createElement("th"), cell = document.createElement("td");
  head.scope = "row";
  head.textContent = what;
  cell.textContent = amount;
  line.append(head, cell);
  return line;
};

let shown = "";

export function showHeld(hold) {
  const now = hold.hold + Boolean(hold.labels);
  if (shown === now) return;
  shown = now;
  const table = document.createElement("table"), body = document.createElement("tbody"), foot = document.createElement("tfoot");
  table.className = "bill";
  const caption = document.createElement("caption");
  caption.className = "unseen";
  caption.textContent = t("held.bill");
  body.append(...hold.seats.map(seat => row(`${seatName(seat.seat)} · ${hold.labels?.[seat.category] ?? seat.category}`, money(seat.price, hold.currency))));
  if (hold.fees) body.append(row(t("held.fees"), money(hold.fees, hold.currency)));
  foot.append(row(t("held.sum"), money(hold.amount, hold.currency)));
  table.append(caption, body, foot);
  const what = document.getElementById("held-what"), show = document.createElement("p");
  if (hold.show) show.textContent = [hold.show.film, hold.show.cinema, hold.show.auditorium, moment(Date.parse(hold.show.starts_at), hold.show.zone)].join(" · ");
  what.replaceChildren(show, table);
  if (hold.seats.length > 1 && hold.together === false) {
    const apart = document.createElement("p");
    apart.className = "quiet";
    apart.textContent = t("held.apart");
    what.append(apart);
  }
}
