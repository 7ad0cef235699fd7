// The two pages of the shop: what a newcomer sees at the gateway's URL. Plain HTML, no script.

export interface Product {
  id: string;
  name: string;
  price: number;
  stock?: number;
}

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (value: unknown) => String(value).replace(/[&<>"]/g, (character) => escapes[character] ?? "");

const STYLE = `
  :root { color-scheme: light dark; }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem; }
  table { width: 100%; border-collapse: collapse; margin: 1.5rem 0; }
  th, td { text-align: left; padding: .4rem 0; border-bottom: 1px solid #8884; }
  td:nth-child(n+2), th:nth-child(n+2) { text-align: right; font-variant-numeric: tabular-nums; }
  button { font: inherit; padding: .5rem 1.2rem; }
  p.how { opacity: .75; font-size: .9rem; }`;

function layout(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><style>${STYLE}</style></head><body><main><h1>${title}</h1>${body}</main></body></html>
`;
}

export function shopPage(products: Product[], itemsInCart: number): string {
  const rows = products.map(
    ({ name, price, stock }) =>
      `<tr><td>${escaped(name)}</td><td>${escaped(price)} €</td><td>${escaped(stock ?? 0)}</td></tr>`,
  );
  return layout(
    "Demo shop",
    `<p>${escaped(itemsInCart)} articles in the cart.</p>
<table><thead><tr><th>Article</th><th>Price</th><th>In stock</th></tr></thead><tbody>${rows.join("")}</tbody></table>
<form method="post" action="/checkout"><button>Order a desk lamp</button></form>
<p class="how">This page came through the gateway's sidecar to storefront, which asked catalog (which asked inventory) and cart,
each call in mutual TLS. Watch it in Meshwright's topology.</p>`,
  );
}

export function orderPage(order: Record<string, unknown>): string {
  return layout(
    "Thank you",
    `<p>Your order is placed. What the services behind it answered:</p>
<pre>${escaped(JSON.stringify(order, null, 2))}</pre><p><a href="/">Back to the shop</a></p>`,
  );
}
