// The demo shop: who calls whom and how long it takes. The same arrows as in lib/mesh/samples/demo.ts.
// The rule: what an app needs and does not get is a 502 that names it, so that an injected error shows where it came from.
import { type AppAnswer, type AppContext, type AppHandler, type CallAnswer, json } from "./app-kinds";
import { orderPage, type Product, shopPage } from "./pages";

const PRODUCTS: Product[] = [
  { id: "lamp", name: "Desk lamp", price: 49 },
  { id: "mug", name: "Mug", price: 12 },
  { id: "chair", name: "Chair", price: 189 },
  { id: "plant", name: "Fern", price: 24 },
];

class UpstreamFailure extends Error {}

function read<T>(answer: CallAnswer, host: string): T {
  if (answer.status >= 400) throw new UpstreamFailure(`${host} answered ${answer.status}`);
  return JSON.parse(answer.body) as T;
}

async function need<T>(context: AppContext, host: string, path: string, body?: unknown): Promise<T> {
  try {
    return read<T>(await context.call(host, path, body === undefined ? {} : { body }), host);
  } catch (error) {
    if (error instanceof UpstreamFailure) throw error;
    throw new UpstreamFailure(
      `${host} could not be reached: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Turns a failed need into the 502 of this app. */
function upstreamFailuresAnswered(handler: AppHandler): AppHandler {
  return (request, context) =>
    handler(request, context).catch((error: unknown) => {
      if (error instanceof UpstreamFailure) return json(502, { app: context.entry.name, error: error.message });
      throw error;
    });
}

const storefront: AppHandler = async (request, context) => {
  if (request.path === "/favicon.ico") return { status: 204, body: "" };
  await context.work(3);
  const asPage = request.headers.accept?.includes("text/html") ?? false;
  const products = await need<Product[]>(context, "catalog:8080", "/products");
  if (request.path === "/checkout") {
    const order = await need<Record<string, unknown>>(context, "checkout:8080", "/orders", { product: "lamp" });
    return asPage ? page(orderPage(order)) : json(200, order);
  }
  if (request.path !== "/") return json(404, { error: `the shop has no page ${request.path}` });
  const wantsCart = asPage || request.query.has("cart");
  const cart = wantsCart ? await need<{ items: number }>(context, "cart:8080", "/cart") : null;
  return asPage ? page(shopPage(products, cart?.items ?? 0)) : json(200, { products, cart });
};

const page = (body: string): AppAnswer => ({ status: 200, body, contentType: "text/html; charset=utf-8" });

const catalog: AppHandler = async (_request, context) => {
  const [stock] = await Promise.all([
    need<Record<string, number>>(context, "inventory:8080", "/stock"),
    context.work(6),
  ]);
  return json(
    200,
    PRODUCTS.map((product) => ({ ...product, stock: stock[product.id] ?? 0 })),
  );
};

const cart: AppHandler = async (_request, context) => {
  await context.work(5);
  return json(200, { items: 2 });
};

const checkout: AppHandler = async (_request, context) => {
  await context.work(8);
  await need(context, "inventory:8080", "/reservations", { product: "lamp" });
  const [payment, parcel] = await Promise.all([
    need<Record<string, unknown>>(context, "payment-service:8080", "/payments", { amount: 49 }),
    need<Record<string, unknown>>(context, "shipping:8080", "/parcels", { product: "lamp" }),
  ]);
  return json(200, { order: "placed", payment, parcel });
};

const inventory: AppHandler = async (request, context) => {
  await context.work(4);
  return request.path === "/stock"
    ? json(200, { lamp: 12, mug: 140, chair: 3, plant: 31 })
    : json(201, { reserved: true });
};

/** Version 2 asks a faster processor and adds a risk score: enough to tell the two apart in a chart and in an answer. */
const payment: AppHandler = async (_request, context) => {
  const isSecond = context.entry.version === "v2";
  await context.work(isSecond ? 26 : 38);
  return json(200, {
    app: context.entry.name,
    version: context.entry.version ?? "v1",
    instance: context.entry.proxyKey,
    authorised: true,
    ...(isSecond ? { risk: "low" } : {}),
  });
};

const shipping: AppHandler = async (_request, context) => {
  await context.work(7);
  const offer = await need<{ price: number }>(context, "api.carrier.example", "/rates");
  return json(201, { label: "made", price: offer.price });
};

/** The carrier is not in the mesh: an ordinary server that shipping reaches by the egress rule. */
export const carrier: AppHandler = async (_request, context) => {
  await context.work(45);
  return json(200, { carrier: "Example Parcels", price: 4.9, days: 2 });
};

export const SHOP_APPS: Record<string, AppHandler> = Object.fromEntries(
  Object.entries({ storefront, catalog, cart, checkout, inventory, "payment-service": payment, shipping }).map(
    ([name, handler]) => [name, upstreamFailuresAnswered(handler)],
  ),
);
