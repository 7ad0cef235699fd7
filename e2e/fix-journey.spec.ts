// A finding is read, its fix looked at as a change of YAML, applied, and taken back on the topology.
import { expectSaved } from "./canvas";
import { test } from "./journey";
import { expect, signIn } from "./meshwright";

test("a fix is previewed, applied and undone", { tag: "@once" }, async ({ page }) => {
  test.setTimeout(120_000);
  await signIn(page);
  await page.goto("/meshes/shop/findings");
  const finding = page.getByRole("listitem").filter({ hasText: "checkout (criticality critical) runs once." });
  await finding.getByRole("button", { name: "Run checkout-v1 twice" }).click();
  await expect(finding.getByRole("list", { name: "What changes, as YAML" })).toContainText("replicas: 2");
  await finding.getByRole("button", { name: "Apply to the draft" }).click();
  await expect(finding).toHaveCount(0);
  await expect(page.getByText("Applied to the draft")).toBeVisible();

  await page.goto("/meshes/shop/topology");
  await page.getByRole("button", { name: "Undo (Ctrl Z)" }).click();
  await expectSaved(page);
  await page.goto("/meshes/shop/findings");
  await expect(finding).toBeVisible();
});
