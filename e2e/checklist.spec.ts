// "Would we pass, and can we prove it?": run the checks on the live demo, look at the proof, waive, compare, take it away.
import { expect } from "playwright/test";
import { expectSoundScreen, signIn, test } from "./meshwright";

test("an administrator runs the checks, opens the proof, waives what fails and takes the report away @once", async ({
  page,
}) => {
  test.setTimeout(180_000); // 133 probes, on a machine that may be busy
  await signIn(page);
  await page.goto("/meshes/shop/checklist");
  await expect(page.getByRole("heading", { level: 1 })).toContainText(/controls are proved/);

  await test.step("run, with progress per probe", async () => {
    await page.getByRole("button", { name: "Run the checks" }).click();
    await expect(page.getByRole("heading", { name: /probes done|queued/ })).toBeVisible();
    await expect(page.getByRole("button", { name: "Run the checks" })).toBeEnabled({ timeout: 90_000 });
    await expect(page.getByRole("heading", { name: /probes done|queued/ })).toBeHidden();
    await expect(page.getByText(/; measured .* for /)).toBeVisible();
  });

  await test.step("the demo is honestly not all right", async () => {
    await expect(page.getByRole("heading", { level: 1 })).toContainText(/^No: \d+ of 15 controls are proved, 3 fail/);
    for (const name of [
      "TLS-06 Live: fails",
      "RL-01 Live: fails",
      "RL-03 Live: fails",
      "TLS-03 Live: passes",
      "AZ-06 Live: passes",
    ]) {
      await expect(page.getByRole("button", { name })).toBeVisible();
    }
  });

  await test.step("open the evidence of a refusal and its twin", async () => {
    await page.getByRole("button", { name: "TLS-03 Live: passes" }).click();
    const drawer = page.getByRole("dialog");
    await drawer.getByRole("button", { name: "Evidence" }).first().click();
    await expect(drawer.getByText(/user-agent meshwright-probe\/1/).first()).toBeVisible();
    await expect(drawer.getByText("The call beside it that must succeed")).toBeVisible();
    await expect(page).toHaveURL(/control=TLS-03.*layer=live.*evidence=/);
    await page.keyboard.press("Escape");
  });

  await test.step("waive, and take it back", async () => {
    await page.getByRole("button", { name: "RL-03 Design: fails" }).click();
    const drawer = page.getByRole("dialog", { name: /^RL-03/ });
    await drawer.getByRole("button", { name: "Waive" }).click();
    await drawer.getByLabel("Reason").fill("Routes with timeouts are written next week.");
    await drawer.getByLabel("What protects in its place").fill("The apps have timeouts of their own.");
    await drawer.getByLabel("Owner").fill("orders");
    await drawer.getByRole("button", { name: /^Waive until/ }).click();
    await expect(drawer.getByText("in force")).toBeVisible();
    await expect(page.getByRole("heading", { level: 1, includeHidden: true })).toContainText("1 is waived");
    const withdraw = drawer.getByRole("button", { name: "Withdraw" });
    const question = page.getByRole("dialog", { name: "Withdraw the waiver of RL-03" });
    await withdraw.click();
    await expect(question.getByText(/RL-03 counts as measured again for every subject/)).toBeVisible();
    await expect(question.getByRole("button", { name: "Keep it" })).toBeFocused();
    await page.keyboard.press("Escape");
    await expect(question).toHaveCount(0);
    await expect(withdraw, "the drawer below stays").toBeFocused();
    await withdraw.click();
    await question.getByRole("button", { name: "Withdraw it" }).click();
    await expect(page.getByRole("heading", { level: 1, includeHidden: true })).toContainText("3 fail");
    await page.keyboard.press("Escape");
  });

  await test.step("read it for one framework, and take the report away", async () => {
    await page.goto("/meshes/shop/checklist?lens=pci-dss");
    await expect(page.getByText(/4\.2\.1 speaks of open, public networks/)).toBeVisible();
    await page.getByRole("button", { name: "Export" }).click();
    const download = page.waitForEvent("download");
    await page.getByRole("menuitem", { name: "OSCAL assessment results" }).click();
    expect((await download).suggestedFilename()).toBe("checklist-shop-local.oscal.json");
  });
});

test("the checklist and a control's drawer are sound in every guise", async ({ page }) => {
  test.setTimeout(120_000);
  await signIn(page, "reviewer");
  await page.goto("/meshes/shop/checklist");
  await expect(page.getByRole("heading", { name: "Transport" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Run the checks" })).toBeDisabled(); // reviewers waive, operators run
  await expectSoundScreen(page);
  await page.goto("/meshes/shop/checklist?control=RL-03&layer=design&waive=RL-03&lens=pci-dss");
  await expect(page.getByRole("dialog").getByLabel("Reason")).toBeVisible();
  await expectSoundScreen(page);
});
