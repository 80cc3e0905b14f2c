// Calls to Usher: JSON in, JSON out; a problem document becomes an error that carries it.

const root = document.body.dataset.root;

export class Problem extends Error {
  constructor(document) {
    super(`${document.title}. ${document.detail} ${document.next}`);
    this.document = document;
    this.slug = String(document.type).split("/").pop();
  }
}

export async function ask(method, path, { token, body, key } = {}) {
  const headers = {};
  if (token) headers.Authorization = `Bearer ${token}`;
  if (key) headers["Idempotency-Key"] = key;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(root + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const document = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Problem(document);
  return document;
}

// One intention, one key: the same request again after a lost answer has one effect.
export const newKey = () => crypto.randomUUID ? crypto.randomUUID() : Array.from(crypto.getRandomValues(new Uint8Array(16)), b => b.toString(16)).join("");

export const money = (amount, currency) => {
  const digits = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
  return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(amount / 10 ** digits);
};

// What this browser remembers: the place and the pass of each sale.
export const memory = {
  read: name => localStorage.getItem(`usher:${name}`),
  write: (name, value) => value == null ? localStorage.removeItem(`usher:${name}`) : localStorage.setItem(`usher:${name}`, value),
};
