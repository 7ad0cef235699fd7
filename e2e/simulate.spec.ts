// A question is asked of the draft, its answer kept as a policy test, run, opened again and removed. It leaves the mesh as it found it.
import { expect, expectSoundScreen, signIn, test } from "./meshwright";

const NAME = "storefront reads carts (journey)";

test("a question, its answer hop by hop, and the answer as a policy test", { tag: "@once" }, async ({ page }) => {
  test.setTimeout(300_000);
  await signIn(page, "author");
  await page.goto("/meshes/shop/simulate?from=Workload/production/storefront-v1&host=cart.production&path=/cart");

  await test.step("it reaches the app, and each hop says what decided", async () => {
    await expect(page.getByRole("heading", { level: 1 })).toContainText("storefront reaches cart in mutual TLS", {
      timeout: 60_000,
    });
    const hops = page.getByRole("list", { name: "Hop by hop" });
    await expect(hops.getByRole("heading", { level: 3 })).toHaveText([
      "leaves through production/storefront-v1/0",
      "arrives at production/cart-v1/0",
    ]);
    await expect(hops.getByText("Allowed by")).toBeVisible();
    await expectSoundScreen(page);
  });

  await test.step("another host is asked as it is typed, and the address holds the question", async () => {
    await page.getByRole("combobox", { name: "to host" }).fill("nowhere.example");
    await expect(page.getByRole("heading", { level: 1 })).toContainText(
      'nothing in this design is called "nowhere.example"',
    );
    await expect(page).toHaveURL(/host=nowhere\.example/);
    await page.getByRole("combobox", { name: "to host" }).fill("cart.production");
    await page.keyboard.press("Escape");
    await expect(page.getByRole("heading", { level: 1 })).toContainText("storefront reaches cart");
  });

  await test.step("saved as a test, run with all others, opened, removed", async () => {
    await page.getByLabel("Name of the test").fill(NAME);
    await page.getByRole("button", { name: "Save as policy test" }).click();
    await page.getByRole("tab", { name: "Tests" }).click();
    const row = page.getByRole("listitem").filter({ hasText: NAME });
    await expect(row.getByText("holds", { exact: true })).toBeVisible();
    await row.getByRole("button", { name: "Open" }).click();
    await expect(page.getByRole("textbox", { name: "path" })).toHaveValue("/cart");
    await page.getByRole("tab", { name: "Tests" }).click();
    await row.getByRole("button", { name: `Remove ${NAME}` }).click();
    const question = page.getByRole("dialog", { name: `Remove the test ${NAME}` });
    await expect(question.getByText(/asked no more of any version/)).toBeVisible();
    await question.getByRole("button", { name: "Remove it" }).click();
    await expect(row).toHaveCount(0);
  });
});
