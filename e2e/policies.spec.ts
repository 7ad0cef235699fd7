// A canary from intent to consequence: 25 % by the slider, the YAML follows, the consequence is told, undo takes it back.
import { expect, expectSoundScreen, signIn, test } from "./meshwright";

const editor = "/meshes/shop/policies/Route/production/payment-service";

test("the list says what every policy does", async ({ page }) => {
  await signIn(page, "author");
  await page.goto("/meshes/shop/policies");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("polic");
  const catalog = page.getByRole("row", { name: /^catalog traffic policy/ });
  await expect(catalog.getByText("Ejects a host after 5 errors in a row for 30 s", { exact: false })).toBeVisible();
  await page.getByLabel("Search policies").fill("carrier");
  await expect(page).toHaveURL(/q=carrier/);
  await expect(page.getByRole("link", { name: "carrier-api" })).toBeVisible();
  await expect(page.getByRole("link", { name: "catalog" })).toHaveCount(0);
  await expectSoundScreen(page);
});

test("an intent shows what it changes before it does", async ({ page }) => {
  await signIn(page, "author");
  await page.goto(
    "/meshes/shop/policies/new?template=deny-caller&from=Service/production/catalog&to=Service/production/payment-service",
  );
  await expect(page.getByRole("heading", { level: 1 })).toContainText("from catalog to payment-service");
  await expect(page.getByText(/Authorization policy .* is added/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Put it into the draft" })).toBeEnabled();
  await expectSoundScreen(page);
});

test("a canary to 25 % by the slider: the YAML follows, the consequence is told, undo takes it back", {
  tag: "@once",
}, async ({ page }) => {
  test.slow();
  await signIn(page, "author");
  await page.goto(editor);
  const heading = page.getByRole("heading", { level: 1 });
  await expect(heading).toContainText("to payment-service");
  const atFirst = (await heading.textContent()) ?? "";
  await page.goto("/meshes/shop/policies/new?template=canary&to=Service/production/payment-service");
  await page.getByRole("button", { name: "Put it into the draft" }).click();
  await expect(page).toHaveURL(new RegExp(editor));
  const text = page.getByRole("textbox", { name: "YAML of Route payment-service" });
  await expect(text).toContainText("weight: 10");

  const slider = page.getByRole("slider", { name: "Share of payment-service v2 in percent" });
  await slider.focus();
  for (let percent = 10; percent < 25; percent += 1) await slider.press("ArrowRight");
  await slider.blur();
  await expect(text).toContainText("weight: 25");
  await expect(text).toContainText("weight: 75");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("75 % to v1, 25 % to v2");
  await expect(page.getByRole("list", { name: "Consequences", exact: true })).toContainText(/25 %/, {
    timeout: 60_000,
  });
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  await expectSoundScreen(page);

  const undo = page.getByRole("button", { name: "Undo" });
  for (let step = 0; step < 20 && (await heading.textContent())?.includes("v2"); step += 1) {
    const before = await heading.textContent();
    await expect(undo).toBeEnabled();
    await undo.click();
    await expect(heading).not.toHaveText(before ?? "");
  }
  await expect(heading).toHaveText(atFirst);
  await expect(text).not.toContainText("subset");
});

test("a text that cannot be read keeps the last good form and says where", { tag: "@once" }, async ({ page }) => {
  await signIn(page, "author");
  await page.goto(editor);
  const text = page.getByRole("textbox", { name: "YAML of Route payment-service" });
  await text.click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("  rules: [");
  await expect(page.getByRole("alert").filter({ hasText: "The last good form" })).toContainText(/line \d+, column \d+/);
  await expect(page.getByRole("textbox", { name: "Timeout" }).first()).toBeDisabled();
  await page.getByRole("button", { name: "Discard the text" }).click();
  const question = page.getByRole("dialog", { name: "Discard the text" });
  await expect(question.getByText(/is lost; the text is written anew from the form/)).toBeVisible();
  await question.getByRole("button", { name: "Keep it" }).click();
  await expect(text).toContainText("rules: [");
  await page.getByRole("button", { name: "Discard the text" }).click();
  await question.getByRole("button", { name: "Discard it" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "The last good form" })).toHaveCount(0);
  await expect(page.getByRole("textbox", { name: "Timeout" }).first()).toBeEnabled();
});

test("copies of requests and a health check are set by form, and the text and the findings follow", {
  tag: "@once",
}, async ({ page }) => {
  test.slow();
  await signIn(page, "author");
  const undo = page.getByRole("button", { name: "Undo" });
  const saved = page.getByText("Saved", { exact: true });

  await page.goto("/meshes/shop/policies/Route/production/catalog");
  const route = page.getByRole("textbox", { name: "YAML of Route catalog" });
  await page.getByRole("button", { name: "Copy requests elsewhere" }).first().click();
  await expect(route).toContainText("mirrors:");
  await expect(route).toContainText("percent: 10");
  await expect(page.getByText("copies 10 % to catalog, where the requests go already")).toBeVisible();
  await expect(page.getByRole("button", { name: "Make no copy" })).toBeVisible();
  await expect(saved).toBeVisible();
  await expectSoundScreen(page);
  await undo.click();
  await expect(route).not.toContainText("mirrors:");
  await expect(saved).toBeVisible();

  await page.goto("/meshes/shop/policies/TrafficPolicy/production/catalog");
  const traffic = page.getByRole("textbox", { name: "YAML of TrafficPolicy catalog" });
  await page.getByRole("combobox", { name: "Hosts are asked" }).click();
  await page.getByRole("option", { name: "a path, by HTTP" }).click();
  await expect(traffic).toContainText("healthCheck:");
  await page.getByRole("textbox", { name: "Path", exact: true }).first().fill("/ready");
  await page.keyboard.press("Tab");
  await expect(traffic).toContainText("path: /ready");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("/ready");
  await expect(saved).toBeVisible();
  await expectSoundScreen(page);
  while (await traffic.getByText("healthCheck").count()) {
    const before = await traffic.textContent();
    await undo.click();
    await expect(traffic).not.toHaveText(before ?? "");
  }
  await expect(saved).toBeVisible();
});

test("whom callers prefer by place is set by form, and the text, the effect and the findings follow", {
  tag: "@once",
}, async ({ page }) => {
  test.slow();
  await signIn(page, "author");
  await page.goto("/meshes/shop/policies/TrafficPolicy/production/catalog");
  const undo = page.getByRole("button", { name: "Undo" });
  const saved = page.getByText("Saved", { exact: true });
  const traffic = page.getByRole("textbox", { name: "YAML of TrafficPolicy catalog" });
  const choose = async (way: string) => {
    await page.getByRole("combobox", { name: "Callers prefer" }).click();
    await page.getByRole("option", { name: way }).click();
  };
  await choose("the nearest hosts");
  await expect(traffic).toContainText("locality:");
  await expect(page.getByRole("heading", { level: 1 })).toContainText("nearest hosts are called first");
  await expect(page.getByText("No workload of catalog says where it runs", { exact: false })).toBeVisible();
  await page.getByRole("button", { name: "Region that comes next" }).click();
  await expect(traffic).toContainText("failover:");
  await expect(saved).toBeVisible();
  await expectSoundScreen(page);
  await choose("fixed shares by locality");
  await expect(traffic).toContainText("distribute:");
  await expect(traffic).not.toContainText("failover:");
  await expect(saved).toBeVisible();
  await expectSoundScreen(page);
  while (await traffic.getByText("locality").count()) {
    const before = await traffic.textContent();
    await undo.click();
    await expect(traffic).not.toHaveText(before ?? "");
  }
  await expect(saved).toBeVisible();
});
