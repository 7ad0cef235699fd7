// Identities are changed in the browser on the live demo: the root of trust is rotated by its steps, and one identity is revoked.
import { expect, signIn, test } from "./meshwright";

test("the root is rotated step by step, and a revoked proxy comes back with a new key", { tag: "@once" }, async ({
  page,
}) => {
  test.setTimeout(240_000);
  await signIn(page);
  await page.goto("/meshes/shop/proxies");
  const first = await page.getByText(/^CN=Meshwright root/).textContent();
  await page.getByRole("button", { name: "Rotate the root" }).click();
  const question = page.getByRole("dialog", { name: "Rotate the root of trust" });
  await expect(question.getByText(/Every proxy of every mesh gets a certificate of a new root/)).toBeVisible();
  await question.getByRole("button", { name: "Rotate the root" }).click();
  await expect(page.getByRole("list", { name: "Steps of the rotation" })).toBeVisible();
  await expect(page.getByText("The last rotation was done")).toBeVisible({ timeout: 120_000 });
  await expect(page.getByText(/^CN=Meshwright root/)).toHaveCount(1);
  expect(await page.getByText(/^CN=Meshwright root/).textContent()).not.toBe(first);

  await page.getByRole("button", { name: "cart-v1/0" }).click();
  const drawer = page.getByRole("dialog", { name: "production/cart-v1/0" });
  const serial = drawer.locator("dt", { hasText: "Certificate serial" }).locator("xpath=following-sibling::dd");
  const before = (await serial.textContent()) ?? "";
  await drawer.getByRole("button", { name: "Revoke the identity" }).click();
  await drawer.getByLabel("Why").fill("drill: who has this key may be somebody else");
  await drawer.getByRole("button", { name: "Revoke", exact: true }).click();
  await expect(drawer.getByRole("status")).toContainText("Revoked");
  await expect(serial).not.toHaveText(before, { timeout: 60_000 });
  await expect(drawer.getByText("in sync")).toBeVisible({ timeout: 60_000 });
});
