// What is drawn is not decoration: a service comes onto the canvas, gets a sidecar and calls, and goes again.
// Walked on the live demo mesh with a real pointer and keyboard; it leaves the mesh as it found it.
import type { Browser, Page } from "playwright/test";
import { boxOf, connect, expectSaved, lineOf, moveBox, placeOf } from "./canvas";
import { DEPLOYED_MS, deploy, outboundPort, statusOf } from "./deployment";
import { test } from "./journey";
import { expect, preparePage, signIn } from "./meshwright";
import { subject } from "./subject";

const storefront = "Service/production/storefront";
const first = "Service/production/retuns";
const key = "Service/production/returns";
const line = "Dependency/production/storefront-to-retuns";

test("a service is drawn, deployed, called, and taken away again", { tag: "@once" }, async ({ page, browser }) => {
  test.setTimeout(5 * DEPLOYED_MS);
  page.setDefaultTimeout(45_000);
  await signIn(page);
  await page.goto("/meshes/shop/topology");
  await expect(boxOf(page, storefront)).toBeVisible();

  await test.step("added by typing, with the echo app behind it", async () => {
    await expect(page.getByRole("button", { name: "Add", exact: true })).toBeEnabled();
    await page.keyboard.press("a");
    await page.getByLabel("What to add").fill("Retuns");
    await expect(page.getByText("Adds the service retuns.")).toBeVisible();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    await expect(boxOf(page, first)).toBeVisible();
    await chooseEcho(page);
    await expectSaved(page);
  });

  await test.step("connected by dragging", async () => {
    await page.keyboard.press("f");
    await connect(page, storefront, first);
    await expect(lineOf(page, line)).toHaveAttribute("data-line", "dashed");
    await expect(page.getByRole("heading", { name: "storefront → retuns" })).toBeVisible();
    await expectSaved(page);
  });

  await test.step("renamed: the line and the workload stay", async () => {
    await boxOf(page, first).click();
    await page.getByLabel("Name", { exact: true }).fill("returns");
    await page.keyboard.press("Enter");
    await expect(boxOf(page, key)).toBeVisible();
    await expect(lineOf(page, line)).toBeVisible();
    await expectSaved(page);
  });

  await test.step("moved, undone and done again, also after a reload", async () => {
    const before = await placeOf(page, key);
    await moveBox(page, key, { x: 30, y: 70 });
    const after = await placeOf(page, key);
    expect(after).not.toBe(before);
    await expectSaved(page);
    await page.keyboard.press("Control+z");
    await expect.poll(() => placeOf(page, key)).toBe(before);
    await page.keyboard.press("Control+Shift+z");
    await expect.poll(() => placeOf(page, key)).toBe(after);
    await expectSaved(page);
    await page.reload();
    await expect(boxOf(page, key)).toBeVisible();
    expect(await placeOf(page, key)).toBe(after);
    await expect(page.getByRole("button", { name: "Undo (Ctrl Z)" })).toBeEnabled();
    await page.keyboard.press("Control+z");
    await expect.poll(() => placeOf(page, key)).toBe(before);
    await page.keyboard.press("Control+Shift+z");
    await expect.poll(() => placeOf(page, key)).toBe(after);
  });

  await test.step("copied, pasted, deleted, said in numbers before", async () => {
    await boxOf(page, key).click();
    await page.keyboard.press("Control+c");
    await page.keyboard.press("Control+v");
    const copy = boxOf(page, `${key}-2`);
    await expect(copy).toBeVisible();
    await expect(page.getByRole("heading", { name: "returns-2" })).toBeVisible();
    await page.keyboard.press("Delete");
    await expect(page.getByRole("dialog").getByText("returns-2 goes, and with it 1 workload.")).toBeVisible();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await expect(copy).toHaveCount(0);
    await expectSaved(page);
  });

  await test.step("another person's edit merges, or is refused by name", () => secondPerson(page, browser));

  await test.step("deployed: a sidecar with a certificate of its own", async () => {
    await deploy(page, "Returns");
    await page.goto("/meshes/shop/proxies");
    const row = page.getByRole("row").filter({ hasText: "retuns-v1/0" });
    await expect(row.getByText("in sync")).toBeVisible({ timeout: DEPLOYED_MS });
    await row.getByRole("button", { name: "retuns-v1/0" }).click();
    await expect(page.getByRole("dialog")).toContainText("/ns/production/sa/returns");
  });

  await test.step("called: the dashed line becomes a live one, in mTLS", async () => {
    await page.goto("/meshes/shop/topology");
    await page.keyboard.press("f");
    const calling = keepCalling(await outboundPort(page, "storefront-v1"), "returns");
    try {
      await expect(lineOf(page, line)).toHaveAttribute("data-line", "solid", { timeout: 30_000 });
      await expect(lineOf(page, line)).toHaveAttribute("data-tone", "ok");
    } finally {
      await calling.stop();
    }
    expect(calling.statuses()).toEqual([200]);
  });

  await test.step("deleted and deployed: the sidecar drains and its identity ends", async () => {
    await boxOf(page, key).click();
    await page.keyboard.press("Delete");
    await expect(page.getByRole("dialog")).toContainText("returns goes, and with it");
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await expect(boxOf(page, key)).toHaveCount(0);
    await expectSaved(page);
    await deploy(page, "No returns");
    await page.goto("/meshes/shop/proxies");
    await expect(page.getByRole("row").filter({ hasText: "storefront" })).toBeVisible();
    await expect(page.getByRole("row").filter({ hasText: "retuns-v1/0" })).toHaveCount(0, { timeout: 60_000 });
    expect(await statusOf(await outboundPort(page, "storefront-v1"), "returns")).toBe(404);
  });
});

/** What was bound to a workload of this name before is remembered, so that a second run finds it chosen. */
async function chooseEcho(page: Page): Promise<void> {
  const echo = "The echo app (built in)";
  const app = page.getByRole("combobox", { name: "Runs in local" });
  await expect(app).toBeEnabled();
  if ((await app.inputValue()) === echo) return;
  // What is said about the service comes in above the field; a list that opens before then is pushed out of sight.
  await expect(page.getByText("Nobody answers for retuns.")).toBeVisible();
  await expect(page.getByRole("heading", { name: /^Comments/ })).toBeVisible();
  await app.click();
  await page.getByRole("option", { name: echo }).click();
  await expect(page.getByText("Saved. It takes effect with the next deployment.")).toBeVisible();
}

async function secondPerson(page: Page, browser: Browser): Promise<void> {
  const context = await browser.newContext({ baseURL: subject().url, viewport: { width: 1440, height: 900 } });
  const other = await context.newPage();
  await preparePage(other);
  other.setDefaultTimeout(45_000);
  try {
    await signIn(other, "author");
    await other.goto(`/meshes/shop/topology?sel=${key}`);
    await other.getByLabel("Owner", { exact: true }).fill("aftersales");
    await other.getByLabel("Owner", { exact: true }).blur();
    await expectSaved(other);
    await page.keyboard.press("f");
    await boxOf(page, storefront).click();
    await page.getByLabel("Description").fill("What a visitor sees first.");
    await page.getByLabel("Description").blur();
    await expectSaved(page);
    await boxOf(page, key).click();
    await expect(page.getByLabel("Owner", { exact: true })).toHaveValue("aftersales");

    await context.setOffline(true);
    await other.getByLabel("Owner", { exact: true }).fill("customer-care");
    await other.getByLabel("Owner", { exact: true }).blur();
    await expect(other.getByText("Not saved, retrying")).toBeVisible();
    await page.getByLabel("Owner", { exact: true }).fill("web");
    await page.getByLabel("Owner", { exact: true }).blur();
    await expectSaved(page);
    await context.setOffline(false);
    await expect(other.getByRole("alert").filter({ hasText: "Somebody else changed the same thing" })).toContainText(
      "changed returns meanwhile",
    );
    await expect(other.getByLabel("Owner", { exact: true })).toHaveValue("web");
  } finally {
    await context.close();
  }
}

function keepCalling(port: number, host: string) {
  const seen = new Set<number>();
  let isOn = true;
  const loop = (async () => {
    while (isOn) {
      seen.add(await statusOf(port, host));
      // The pace of a caller, not a wait: calls without end would load the machine that has to show them.
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  return {
    statuses: () => [...seen],
    stop() {
      isOn = false;
      return loop;
    },
  };
}
