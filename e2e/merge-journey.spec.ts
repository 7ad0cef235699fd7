// Two people change one service at once. The second one's change is not lost: it is put together with the first one's, place by place.
// Walked on the live demo mesh; it leaves the draft as it found it.
import type { Page } from "playwright/test";
import { expectSaved } from "./canvas";
import { GUISES, turn } from "./guises";
import { test } from "./journey";
import { expect, expectSoundScreen, preparePage, signIn } from "./meshwright";
import { subject } from "./subject";

const cart = "/meshes/shop/topology?sel=Service/production/cart";
const answer = (page: Page) => page.getByRole("heading", { level: 1 });

async function write(page: Page, label: string, value: string): Promise<void> {
  const field = page.getByLabel(label, { exact: true });
  await field.fill(value);
  await field.blur();
}

test("an overtaken change is brought up to date: conflicts chosen, saved as one step, undone", {
  tag: "@once",
}, async ({ page, browser }) => {
  test.setTimeout(240_000);
  page.setDefaultTimeout(45_000);
  await signIn(page);
  await page.goto(cart);
  await expect(page.getByLabel("Owner", { exact: true })).toHaveValue("orders");
  const context = await browser.newContext({ baseURL: subject().url, viewport: { width: 1440, height: 900 } });
  const other = await context.newPage();
  await preparePage(other);
  other.setDefaultTimeout(45_000);
  try {
    await test.step("both change the owner, one of them without a connection", async () => {
      await signIn(other, "author");
      await other.goto(cart);
      await expect(other.getByLabel("Owner", { exact: true })).toHaveValue("orders");
      await context.setOffline(true);
      await write(other, "Owner", "basket-team");
      await write(other, "Description", "What a customer has put aside.");
      await expect(other.getByText("Not saved, retrying")).toBeVisible();
      await write(page, "Owner", "checkout-team");
      await expectSaved(page);
      await context.setOffline(false);
    });

    await test.step("the refusal names it and leads to both sides", async () => {
      const note = other.getByRole("alert").filter({ hasText: "Somebody else changed the same thing" });
      await note.getByRole("link", { name: "Bring it up to date" }).click();
      await expect(answer(other)).toHaveText("1 conflict waits for your choice.");
      const conflict = other.getByRole("group", { name: /spec\.owner/ });
      await expect(conflict.getByText("orders", { exact: true })).toBeVisible();
      await expect(conflict.getByRole("radio", { name: /Mine basket-team/ })).not.toBeChecked();
      await expect(conflict.getByRole("radio", { name: /Theirs .*checkout-team/ })).not.toBeChecked();
      await expect(other.getByRole("button", { name: "Save to the draft" })).toBeDisabled();
      for (const guise of GUISES) {
        await turn(other, guise);
        await expectSoundScreen(other);
      }
      await turn(other, GUISES[0]);
    });

    await test.step("chosen by keyboard, then another value; a third change meanwhile asks again", async () => {
      const conflict = other.getByRole("group", { name: /spec\.owner/ });
      await other.getByRole("button", { name: "Next open one" }).click();
      await other.keyboard.press("Space");
      await expect(conflict.getByRole("radio", { name: /Mine/ })).toBeChecked();
      await expect(answer(other)).toHaveText("The conflict is decided: 2 changes are ready to save.");
      await write(page, "Owner", "orders-and-checkout");
      await expectSaved(page);
      await expect(other.getByText("1 choice of yours no longer holds")).toBeVisible();
      await expect(answer(other)).toHaveText("1 conflict waits for your choice.");
      await other.getByLabel("Another value for spec.owner").fill("basket-and-checkout");
      await other.keyboard.press("Enter");
      await expect(answer(other)).toHaveText("The conflict is decided: 2 changes are ready to save.");
    });

    await test.step("saved as one step, which one undo takes back", async () => {
      await other.getByRole("button", { name: "Save 2 changes to the draft" }).click();
      await expect(answer(other)).toHaveText("2 changes saved to the draft, as one step.");
      await other.getByRole("link", { name: "See it on the topology" }).click();
      await other.goto(cart);
      await expect(other.getByLabel("Owner", { exact: true })).toHaveValue("basket-and-checkout");
      await expect(other.getByLabel("Description", { exact: true })).toHaveValue("What a customer has put aside.");
      await other.getByRole("button", { name: "Undo (Ctrl Z)" }).click();
      await expect(other.getByLabel("Owner", { exact: true })).toHaveValue("orders-and-checkout");
      await expect(other.getByLabel("Description", { exact: true })).toHaveValue("What a customer is about to buy.");
      await expectSaved(other);
      await other.goto("/meshes/shop/merge");
      await expect(other.getByText("Nothing of yours was overtaken")).toBeVisible();
    });

    // What was saved and undone meanwhile has to be known here first: else this would be overtaken itself.
    await page.goto(cart);
    await expect(page.getByLabel("Description", { exact: true })).toHaveValue("What a customer is about to buy.");
    await write(page, "Owner", "orders");
    await expectSaved(page);
  } finally {
    await context.close();
  }
});
