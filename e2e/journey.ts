// For tests that change the demo mesh: one that fails in the middle does not leave its change to the next.
// Rule: whoever passes leaves the mesh as it was; only after a failure is it put back here, by the API.
import type { APIRequestContext } from "playwright/test";
import { test as base, signIn } from "./meshwright";
import { subject } from "./subject";

const MESH = "/api/v1/meshes/shop";
const LOCAL = `${MESH}/environments/local`;
const RESTORE_LIMIT_MS = 180_000;

export const test = base.extend<{ restored: undefined }>({
  restored: [
    async ({ browser }, use, info) => {
      const context = await browser.newContext();
      const page = await context.newPage();
      await signIn(page);
      const api = context.request;
      const { text } = await (await api.get(`${MESH}/export?at=draft&format=yaml`)).json();
      await page.close();
      await use(undefined);
      if (info.status !== info.expectedStatus) await restore(api, text);
      await context.close();
    },
    { auto: true, timeout: RESTORE_LIMIT_MS },
  ],
});

async function restore(api: APIRequestContext, text: string): Promise<void> {
  const headers = { origin: new URL(subject().url).origin, "if-match": "*" };
  const ask = (method: "POST" | "PUT", path: string, data: object) => api.fetch(path, { method, headers, data });
  await ask("PUT", `${LOCAL}/approval-rule`, { kind: "none" });
  const open: { items: { number: number }[] } = await (await api.get(`${MESH}/reviews?state=open`)).json();
  for (const { number } of open.items) await ask("POST", `${MESH}/reviews/${number}/withdraw`, {});
  await ask("PUT", `${MESH}/draft`, { text });
  const frozen = await ask("POST", `${MESH}/revisions`, { message: "As it was" });
  // Nothing to freeze: the draft was not changed, or never deployed.
  const revision = frozen.status() === 201 ? (await frozen.json()).number : undefined;
  if (revision === undefined) return;
  await base.expect
    .poll(async () => (await ask("POST", `${LOCAL}/deployments`, { revision })).status(), { timeout: 90_000 })
    .toBe(201);
  await base.expect
    .poll(async () => (await (await api.get(`${LOCAL}/deployments?limit=1`)).json()).items[0]?.state, {
      timeout: 90_000,
    })
    .toBe("done");
}
