// Findings: seen while typing, a risk accepted and taken back, the adoption of a service.
import { expect, expectSoundScreen, signIn, test } from "./meshwright";

test("a finding is understood, its risk accepted and ended again, and adoption says where each service stands", async ({
  page,
}) => {
  test.setTimeout(180_000);
  await signIn(page, "author");
  await page.goto("/meshes/shop/findings?code=MW1025");
  const item = page.getByRole("listitem").filter({ hasText: "MW1025" });
  await expect(item).toBeVisible({ timeout: 60_000 });
  await item.getByRole("button", { name: "Accept the risk" }).click();
  await item.getByLabel("Reason").fill("The line to the carrier is private.");
  await item.getByLabel("Owner").fill("shipping");
  await item.getByRole("button", { name: "Accept the risk" }).last().click();
  await expect(page.getByText("Nothing like that")).toBeVisible();

  await page.getByText("1 accepted").click();
  await expect(item).toContainText("shipping answers for it");
  await item.getByRole("button", { name: "End it now" }).click();
  const question = page.getByRole("dialog", { name: "End the accepted risk" });
  await expect(question.getByText("“The line to the carrier is private.”")).toBeVisible();
  await question.getByRole("button", { name: "End it now" }).click();
  await expect(page.getByText("Nothing like that")).toBeVisible();

  await expectSoundScreen(page);
  await page.goto("/meshes/shop/findings?tab=adoption&service=Service/production/catalog");
  await expect(page.getByRole("table")).toContainText("catalog", { timeout: 60_000 });
  await expect(page.getByRole("list", { name: "Steps of adoption" })).toBeVisible();
  await expectSoundScreen(page);
});
