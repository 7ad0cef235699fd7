// An owner finds the service in the list, opens its page, and reads who calls it, what applies and what runs it.
import { expect, signIn, test } from "./meshwright";

test("an owner goes from the list to the page of a service", { tag: "@once" }, async ({ page }) => {
  test.setTimeout(120_000);
  await signIn(page);
  await page.goto("/meshes/shop/services");
  await page.getByRole("textbox", { name: "Search services" }).fill("pay");
  await expect(page.getByRole("row")).toHaveCount(2);
  await page.getByRole("button", { name: "Traffic" }).click();
  await expect(page).toHaveURL(/sort=-traffic/);
  await expect(page.getByRole("columnheader", { name: "Traffic" })).toHaveAttribute("aria-sort", "descending");
  await page.getByRole("link", { name: "payment-service" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("payment-service");
  const callers = page.getByRole("region", { name: "Who calls it" });
  await expect(callers.getByRole("link", { name: "checkout" })).toBeVisible();
  await expect(page.getByText("Takes mutual TLS only; plain text is refused.")).toBeVisible();
  await expect(page.getByText("spiffe://").first()).toBeVisible();
  await callers.getByRole("link", { name: "checkout" }).click();
  await expect(page).toHaveURL(/services\/production\/checkout/);
});
