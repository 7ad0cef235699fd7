// A workload that only calls, as jobs do: drawn, deployed with an identity of its own, let through where a line is drawn, and gone again.
// Walked on the live demo mesh; it leaves the mesh as it found it.
import type { Page } from "playwright/test";
import { boxOf, connect, expectSaved, lineOf } from "./canvas";
import { DEPLOYED_MS, deploy, outboundPort, statusOf } from "./deployment";
import { test } from "./journey";
import { expect, expectSoundScreen, signIn } from "./meshwright";

const job = "Workload/production/nightly-report";
const catalog = "Service/production/catalog";
const line = "Dependency/production/nightly-report-to-catalog";

test("a job is drawn, deployed with its own certificate, and may call what it is drawn to", { tag: "@once" }, async ({
  page,
}) => {
  test.setTimeout(4 * DEPLOYED_MS);
  page.setDefaultTimeout(45_000);
  await signIn(page);
  await page.goto("/meshes/shop/topology");
  await expect(boxOf(page, catalog)).toBeVisible();

  await test.step("added by typing: a box without a port, and the fields that a caller has", async () => {
    await expect(page.getByRole("button", { name: "Add", exact: true })).toBeEnabled();
    await page.keyboard.press("a");
    await page.getByLabel("What to add").fill("job: Nightly report");
    await expect(page.getByText("Adds the workload that only calls nightly-report.")).toBeVisible();
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    await expect(boxOf(page, job)).toContainText("nightly-report");
    await expect(page.getByText("Workload that only calls in production")).toBeVisible();
    await expect(page.getByLabel("Port", { exact: true })).toHaveCount(0);
    await page.getByLabel("Service account").fill("reports");
    await page.getByLabel("Service account").blur();
    await page.getByLabel("Replicas").fill("2");
    await page.getByLabel("Replicas").blur();
    await expectSaved(page);
    await giveSidecars(page);
  });

  await test.step("connected by dragging; nothing is drawn to it", async () => {
    await page.keyboard.press("f");
    await connect(page, job, catalog);
    await expect(lineOf(page, line)).toHaveCount(1);
    await expect(page.getByRole("heading", { name: "nightly-report → catalog" })).toBeVisible();
    await expectSaved(page);
    await connect(page, catalog, job);
    await expect(page.getByText("nightly-report serves nothing: draw lines from it, not to it.")).toBeVisible();
    await expectSoundScreen(page);
  });

  await test.step("it stands in the table too, and in no list of services", async () => {
    await page.goto("/meshes/shop/topology?show=table");
    await expect(page.getByRole("row").filter({ hasText: "nightly-report" }).first()).toBeVisible();
    await page.goto("/meshes/shop/services");
    await expect(page.getByRole("row").filter({ hasText: "catalog" }).first()).toBeVisible();
    await expect(page.getByRole("row").filter({ hasText: /^nightly-report/ })).toHaveCount(0);
  });

  await test.step("deployed: two sidecars with the certificate of its service account", async () => {
    await deploy(page, "Nightly report");
    await page.goto("/meshes/shop/proxies");
    for (const instance of ["nightly-report/0", "nightly-report/1"]) {
      const row = page.getByRole("row").filter({ hasText: instance });
      await expect(row.getByText("in sync")).toBeVisible({ timeout: DEPLOYED_MS });
    }
    await page.getByRole("button", { name: "nightly-report/0" }).click();
    await expect(page.getByRole("dialog")).toContainText("/ns/production/sa/reports");
    await expect(page.getByRole("dialog")).not.toContainText("gateway");
  });

  await test.step("it calls where a line is drawn, and nowhere else", async () => {
    const port = await outboundPort(page, "nightly-report");
    await expect.poll(() => statusOf(port, "catalog"), { timeout: 30_000 }).toBe(200);
    // Its sidecar knows no other callee.
    expect(await statusOf(port, "payment-service")).toBe(404);
    await page.goto("/meshes/shop/topology");
    await expect(boxOf(page, job)).toBeVisible();
  });

  await test.step("deleted and deployed: its sidecars end", async () => {
    await page.keyboard.press("f");
    await boxOf(page, job).click();
    await page.keyboard.press("Delete");
    await expect(page.getByRole("dialog")).toContainText("nightly-report goes");
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await expect(boxOf(page, job)).toHaveCount(0);
    await expectSaved(page);
    await deploy(page, "No nightly report");
    await page.goto("/meshes/shop/proxies");
    await expect(page.getByRole("row").filter({ hasText: "storefront" })).toBeVisible();
    await expect(page.getByRole("row").filter({ hasText: "nightly-report" })).toHaveCount(0, { timeout: 60_000 });
  });
});

/** What was bound to a workload of this name before is remembered, so that a second run finds it so. */
async function giveSidecars(page: Page): Promise<void> {
  const sidecars = page.getByRole("switch", { name: "A sidecar for each replica in local" });
  await expect(sidecars).toBeEnabled();
  if (await sidecars.isChecked()) return;
  await sidecars.click();
  await expect(page.getByText("Saved. It takes effect with the next deployment.")).toBeVisible();
  await expect(sidecars).toBeChecked();
}
