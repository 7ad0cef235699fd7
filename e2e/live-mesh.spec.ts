// The newcomer's first minutes: sign in by the link that npm start printed, look at the overview, see the demo mesh live.
import { enterByLink, expect, expectSoundScreen, PEOPLE, signIn, signInLink, test } from "./meshwright";
import { subject } from "./subject";

test("a stranger is asked to sign in", async ({ page }) => {
  await page.goto("/meshes/shop/overview");
  await expect(page).toHaveURL(/sign-in/);
  await expectSoundScreen(page);
});

test("a sign-in link works once and leads to the overview", { tag: "@once" }, async ({ page, browser }) => {
  const link = await signInLink(PEOPLE.author);
  await enterByLink(page, link);
  await expect(page).toHaveURL(/\/meshes\/shop\/overview/);
  const stranger = await browser.newPage();
  await enterByLink(stranger, link);
  await expect(stranger.getByRole("alert")).toBeVisible();
  await expect(stranger).toHaveURL(/sign-in/);
  await stranger.close();
});

test("the overview answers how the mesh is", async ({ page }) => {
  await signIn(page);
  await page.goto("/meshes/shop/overview");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  for (const signal of ["Latency", "Traffic", "Errors", "Saturation"]) {
    await expect(page.getByText(signal, { exact: false }).first()).toBeVisible();
  }
  await expectSoundScreen(page);
});

test("the topology shows every service of the demo mesh, live", async ({ page }) => {
  await signIn(page);
  await page.goto("/meshes/shop/topology");
  for (const name of ["storefront", "catalog", "cart", "checkout", "inventory", "payment-service", "shipping"]) {
    await expect(page.getByText(name, { exact: true }).first()).toBeAttached();
  }
  await expectSoundScreen(page);
});

test("the demo shop opens at the gateway and an order goes through", { tag: "@once" }, async ({ page }) => {
  await page.goto(subject().demoUrl ?? "");
  await expect(page.getByRole("heading", { name: "Demo shop" })).toBeVisible();
  await page.getByRole("button", { name: "Order a desk lamp" }).click();
  await expect(page.getByRole("heading", { name: "Thank you" })).toBeVisible();
  await expect(page.getByText('"authorised": true')).toBeVisible();
});
