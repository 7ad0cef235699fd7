// A team's Istio document comes in, goes live and is taken back: import, apply, deploy, one step back.
import { readFileSync } from "node:fs";
import { test } from "./journey";
import { expect, expectSoundScreen, signIn } from "./meshwright";

const seed = readFileSync(new URL("../lib/dialects/istio/fixtures/seed.yaml", import.meta.url), "utf8");
/** Eleven sidecars in two waves; generous, because the machine also runs the browser. */
const DEPLOYED_MS = 90_000;

test("a document of Istio is imported, deployed and rolled back", { tag: "@once" }, async ({ page }) => {
  test.setTimeout(4 * DEPLOYED_MS);
  await signIn(page);
  await page.goto("/meshes/shop/import");
  await page.getByLabel("YAML or JSON").fill(seed);
  await page.getByRole("button", { name: "Show what it would do" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("2 documents understood");
  await expect(page.getByText("everything goes to v1 (90 %), v2 (10 %).")).toBeVisible();
  await page.getByRole("button", { name: /^Apply \d+ changes? to the draft$/ }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Applied to the draft.");

  await page.getByRole("link", { name: "Deploy it" }).click();
  await page.getByLabel("In a few words").fill("10 % of checkout's calls to payment v2");
  await page.getByRole("button", { name: "Freeze and plan" }).click();
  const go = page.getByRole("button", { name: /^Deploy r\d+ to local$/ });
  const frozen = revisionIn(await go.textContent());
  await go.click();
  const answer = page.getByRole("heading", { level: 1 });
  await expect(answer).toHaveText(`local runs revision ${frozen}, on 11 proxies.`, { timeout: DEPLOYED_MS });

  const back = page.getByRole("button", { name: /^Roll back to r\d+$/ });
  const before = revisionIn(await back.textContent());
  expect(before).not.toBe(frozen);
  await back.click();
  await page.getByRole("dialog").getByRole("button", { name: "Roll back" }).click();
  await expect(answer).toHaveText(`local runs revision ${before}, on 11 proxies.`, { timeout: DEPLOYED_MS });

  await page.goto("/meshes/shop/import");
  const past = page.getByRole("listitem").filter({ hasText: new RegExp(`in ${frozen}$|in ${frozen}\\D`) });
  await past.getByRole("button", { name: /^Open the report of version \d+$/ }).click();
  await expect(page.getByRole("heading", { name: /^The import that made version \d+ of the draft$/ })).toBeVisible();
  const href = await page.getByRole("link", { name: "As JSON" }).getAttribute("href");
  const report = await (await page.request.get(href ?? "")).json();
  expect(report).toMatchObject({ revision: Number(frozen.slice(1)), understood: 2, isUndone: false });
  expect(report.warnings).toHaveLength(report.warningsTotal);
  await expectSoundScreen(page);
});

/** "r7" of "Deploy r7 to local": journeys before this one have frozen revisions of their own. */
const revisionIn = (text: string | null): string => /r\d+/.exec(text ?? "")?.[0] ?? "no revision";
