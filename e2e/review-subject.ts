// A review to look at. Job: the newest one of the demo mesh, or one that is made here of a change worth a walk.
// Rule: the draft is as before when it returns.
import type { APIRequestContext } from "playwright/test";
import { subject } from "./subject";

const BASE = "/api/v1/meshes/shop";
const CHANGE = [
  { type: "patchSpec", key: "Route/production/payment-service", path: ["rules", 0, "timeoutMs"], value: 2_000 },
  {
    type: "addObject",
    object: {
      apiVersion: "meshwright.dev/v1",
      kind: "AuthorizationPolicy",
      metadata: { name: "inventory-for-checkout", namespace: "production" },
      spec: {
        target: { service: "inventory" },
        action: "deny",
        rules: [{ from: [{ services: [{ kind: "Service", name: "catalog" }] }] }],
      },
    },
  },
];

export async function ensureReview(api: APIRequestContext): Promise<number> {
  const { items } = await (await api.get(`${BASE}/reviews?state=all`)).json();
  return items[0]?.number ?? makeReview(api);
}

async function makeReview(api: APIRequestContext): Promise<number> {
  const ask = async (method: "POST" | "PUT", path: string, data: object, ifMatch: string) => {
    const headers = { origin: new URL(subject().url).origin, "if-match": ifMatch };
    const answer = await api.fetch(`${BASE}${path}`, { method, headers, data });
    if (!answer.ok()) throw new Error(`${path}: ${(await answer.text()).slice(0, 400)}`);
    return answer.json();
  };
  const { text } = await (await api.get(`${BASE}/export?at=draft&format=yaml`)).json();
  await ask("POST", "/draft/commands", { commands: CHANGE, clientId: "review-subject" }, "*");
  const { version } = await (await api.get(`${BASE}/draft`)).json();
  const review = await ask(
    "POST",
    "/reviews",
    {
      title: "Payments answer within two seconds, and only checkout asks inventory",
      what: "A timeout on the route to payment, and a denial for catalog on inventory.",
      why: "Checkout waited for seconds on a slow payment; catalog keeps its own count of what is in stock.",
    },
    `"v${version}"`,
  );
  await ask("PUT", "/draft", { text }, "*");
  return review.number;
}
