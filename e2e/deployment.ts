// From a draft to what runs, in the browser; and calls through a sidecar, as the app beside it makes them.
import { type Page, request } from "playwright/test";
import { expect } from "./meshwright";

export const DEPLOYED_MS = 90_000;

/** Freezes the draft, deploys it to local and waits until it runs. */
export async function deploy(page: Page, message: string): Promise<void> {
  await page.goto("/meshes/shop/rollouts");
  await page.getByLabel("In a few words").fill(message);
  await page.getByRole("button", { name: "Freeze and plan" }).click();
  const go = page.getByRole("button", { name: /^Deploy r\d+ to local$/ });
  const number = /r\d+/.exec((await go.textContent()) ?? "")?.[0];
  await go.click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(
    new RegExp(`^local runs revision ${number}, on \\d+ proxies\\.$`),
    { timeout: DEPLOYED_MS },
  );
}

/** Where the sidecar of a workload takes outgoing calls. */
export async function outboundPort(page: Page, workload: string): Promise<number> {
  const answer = await page.request.get("/api/v1/meshes/shop/environments/local/proxies?limit=100");
  const { items } = await answer.json();
  return items.find((each: { workload: string }) => each.workload === workload).ports.outbound;
}

/** What a call through a sidecar is answered with. */
export async function statusOf(port: number, host: string): Promise<number> {
  const context = await request.newContext();
  try {
    return (await context.get(`http://127.0.0.1:${port}/`, { headers: { host } })).status();
  } finally {
    await context.dispose();
  }
}
