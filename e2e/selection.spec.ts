// "Which mesh product fits, how sure is that, and what decides it?": weigh, demand, answer back, decide, and take the record away.
// What is saved is taken back at the end, so that the next run finds the shop as it was.
import { readFileSync } from "node:fs";
import type { Page } from "playwright/test";
import { expect, expectSoundScreen, signIn, test } from "./meshwright";

const ROUTE = "/api/v1/meshes/shop/selection";
const NOTHING = { weights: {}, constraints: {}, overrides: [], notes: "", decision: null };

/** As on a first visit, whatever a run before left. */
async function takeBack(page: Page): Promise<void> {
  const { version } = await (await page.request.get(ROUTE)).json();
  const answer = await page.request.put(ROUTE, {
    data: NOTHING,
    headers: { "if-match": `"v${version}"`, origin: new URL(page.url()).origin },
  });
  expect(answer.status(), await answer.text()).toBe(200);
}

const ranking = (page: Page) => page.getByRole("list", { name: "Ranking", exact: true });
const places = (page: Page) => ranking(page).getByRole("listitem");

/** Names in the order of the ranking, without figures. */
async function order(page: Page): Promise<string[]> {
  const texts = await places(page).allInnerTexts();
  return texts.map((text) => text.split("\n")[0]?.replace(/^\d+\. /, "") ?? "");
}

test("a team weighs, excludes, answers back with a reason, decides, and takes the record away", {
  tag: "@once",
}, async ({ page }) => {
  test.slow();
  await signIn(page, "author");
  await takeBack(page);
  await page.goto("/meshes/shop/selection");
  await expect(page.getByRole("list", { name: "What becomes of this design" })).toBeVisible();
  await expect(places(page)).toHaveCount(7);
  const before = await order(page);

  await test.step("a weight changes the order at once, and giving it back brings the order back", async () => {
    // What only some of them bring without a setting: those that do go up.
    await page.getByRole("combobox", { name: "Weight of Mutual TLS from the start", exact: true }).selectOption("5");
    await expect.poll(() => order(page)).not.toEqual(before);
    await page.getByRole("button", { name: "Discard" }).click();
    await expect.poll(() => order(page)).toEqual(before);
  });

  await test.step("a constraint excludes, with the fact that excludes", async () => {
    await page.getByRole("combobox", { name: "Constraint on Without Kubernetes", exact: true }).selectOption("yes");
    const excluded = page.getByRole("list", { name: "Excluded by a constraint" });
    await expect(excluded.getByRole("listitem").filter({ hasText: "Linkerd" })).toContainText(
      /Without Kubernetes has to be yes and is (no|partly): \S/,
    );
    await expect(
      ranking(page)
        .getByRole("listitem")
        .filter({ hasText: /^\d+\. Linkerd/ }),
    ).toHaveCount(0);
  });

  await test.step("an own verdict asks for its reason, counts, and stands beside the fact", async () => {
    await page.getByRole("button", { name: /^Linkerd, Without Kubernetes: / }).click();
    const drawer = page.getByRole("dialog", { name: "Linkerd: Without Kubernetes" });
    await expect(page).toHaveURL(/fact=linkerd\.without-kubernetes/);
    await expect(drawer.getByRole("link", { name: "Source" })).toHaveAttribute("href", /^https:\/\//);
    await drawer.getByRole("button", { name: "Let it count" }).click();
    await expect(drawer.getByText("Say why it counts in place of the fact.")).toBeVisible();
    await drawer.getByRole("textbox", { name: "Reason" }).fill("Our machines run it by mesh expansion.");
    await drawer.getByRole("button", { name: "Let it count" }).click();
    await expect(drawer.getByText("Our machines run it by mesh expansion.")).toBeVisible();
    await expectSoundScreen(page);
    await page.keyboard.press("Escape");
    await expect(page.getByRole("button", { name: "Linkerd, Without Kubernetes: yes, own verdict" })).toBeVisible();
    await expect(
      ranking(page)
        .getByRole("listitem")
        .filter({ hasText: /^\d+\. Linkerd/ }),
    ).toHaveCount(1);
  });

  await test.step("our own facts name their page in the repository", async () => {
    await page.getByRole("button", { name: /^Meshwright, Own certificate authority: / }).click();
    const drawer = page.getByRole("dialog", { name: "Meshwright: Own certificate authority" });
    await expect(drawer.getByText("Source: docs/reference/identity.md in Meshwright's repository")).toBeVisible();
    await expect(drawer.getByText("Homepage: README.md in Meshwright's repository")).toBeVisible();
    await page.keyboard.press("Escape");
  });

  await test.step("no decision without its reason; then it is saved, and there after a reload", async () => {
    const save = page.getByRole("button", { name: "Save", exact: true });
    await page.getByRole("combobox", { name: "Chosen product" }).selectOption({ label: "Consul" });
    await expect(page.getByText("Say why: it is what is read later.")).toBeVisible();
    await expect(save).toBeDisabled();
    await page.getByRole("textbox", { name: "Reason of the decision" }).fill("Our machines run it already.");
    await save.click();
    await expect(page.getByText(/^Decided by .+, \d{4}-\d\d-\d\d\.$/)).toBeVisible();
    await page.reload();
    await expect(page.getByRole("combobox", { name: "Chosen product" })).toHaveValue("consul");
    await expect(page.getByRole("textbox", { name: "Reason of the decision" })).toHaveValue(
      "Our machines run it already.",
    );
    await expect(page.getByRole("button", { name: "Linkerd, Without Kubernetes: yes, own verdict" })).toBeVisible();
    await expect(save).toBeDisabled();
  });

  await test.step("the record in Markdown says all of it", async () => {
    await expect(page.getByRole("list", { name: "What becomes of this design" })).toBeVisible();
    await page.getByRole("button", { name: "Export" }).click();
    const download = page.waitForEvent("download");
    await page.getByRole("menuitem", { name: "Decision record (Markdown)" }).click();
    const file = await download;
    expect(file.suggestedFilename()).toBe("shop-mesh-product.md");
    const text = readFileSync(await file.path(), "utf8");
    expect(text).toContain("# Mesh product of shop: Consul");
    expect(text).toContain("Our machines run it already.");
    expect(text).toContain("Without Kubernetes: yes");
    expect(text).toContain("Our machines run it by mesh expansion.");
    expect(text).toContain("favours Meshwright's own data plane");
  });

  await takeBack(page);
});
