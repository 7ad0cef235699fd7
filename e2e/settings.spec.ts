// What the mesh tells and whom it asks, by form: saved, there again after a reload, and refused beside the field with the reason.
// They change the draft alone, and take back what they changed.
import type { Page } from "playwright/test";
import { expectSaved } from "./canvas";
import { test } from "./journey";
import { expect, expectSoundScreen, signIn } from "./meshwright";

async function choose(page: Page, label: string, option: string): Promise<void> {
  await page.getByRole("combobox", { name: label }).click();
  await page.getByRole("option", { name: option, exact: true }).click();
}

async function write(page: Page, label: string, value: string): Promise<void> {
  const field = page.getByRole("textbox", { name: label, exact: true });
  await field.fill(value);
  await field.blur();
}

const field = (page: Page, label: string) => page.getByRole("textbox", { name: label, exact: true });

test("telemetry: collector, sampling and access log are saved, and a wrong one is refused at its field", {
  tag: "@once",
}, async ({ page }) => {
  test.slow();
  await signIn(page, "author");
  await page.goto("/meshes/shop/settings?tab=telemetry");
  await expect(page.getByText("Nobody outside of this control plane is told of requests.")).toBeVisible();

  await test.step("saved and read again", async () => {
    await choose(page, "Spans go to", "an OpenTelemetry collector");
    await write(page, "Collector", "collector.observability");
    await write(page, "Sampling", "12.5");
    await choose(page, "Lines go to", "a file of each proxy");
    await choose(page, "Requests", "by status");
    await expectSaved(page);
    await page.reload();
    await expect(
      page.getByText("Every sidecar and gateway tells of its requests: spans and an access log."),
    ).toBeVisible();
    await expect(field(page, "Collector")).toHaveValue("collector.observability");
    await expect(field(page, "Sampling")).toHaveValue("12.5 %");
    await expect(field(page, "File")).toHaveValue("/var/log/meshwright/requests.log");
    await expect(field(page, "From status")).toHaveValue("500");
    await expectSoundScreen(page);
  });

  await test.step("refused with the reason, and the last good value stays", async () => {
    await write(page, "Sampling", "120");
    await expect(page.getByText(/must be from 0 to 100/)).toBeVisible();
    await expect(field(page, "Sampling")).toHaveAttribute("aria-invalid", "true");
    await write(page, "Collector", "collector:4317");
    await expect(page.getByText(/must be one host, without a port/)).toBeVisible();
    await expectSoundScreen(page);
    await page.reload();
    await expect(field(page, "Sampling")).toHaveValue("12.5 %");
    await expect(field(page, "Collector")).toHaveValue("collector.observability");
  });

  await test.step("taken back", async () => {
    await clear(page, "Lines go to");
    await clear(page, "Spans go to");
    await expectSaved(page);
    await page.reload();
    await expect(page.getByText("Nobody outside of this control plane is told of requests.")).toBeVisible();
    await expect(field(page, "Collector")).toHaveCount(0);
  });
});

test("authorizers: one is added, saved, and refused where a field does not fit", { tag: "@once" }, async ({ page }) => {
  test.slow();
  await signIn(page, "author");
  await page.goto("/meshes/shop/settings?tab=authorizers");
  await expect(page.getByText("Nobody outside is asked whether a request may go on.")).toBeVisible();

  await test.step("saved and read again", async () => {
    await page.getByRole("button", { name: "Add an authorizer" }).click();
    await expect(field(page, "Name")).toHaveValue("authorizer");
    await write(page, "Name", "staff-only");
    await expect(page.getByText("Authorization policies may ask staff-only.")).toBeVisible();
    await write(page, "Answer within", "250");
    await choose(page, "Without an answer", "requests go on");
    await write(page, "Path before the request's", "/check");
    await expectSaved(page);
    await page.reload();
    await expect(field(page, "Name")).toHaveValue("staff-only");
    await expect(field(page, "Answer within")).toHaveValue("250 ms");
    await expect(page.getByRole("combobox", { name: "Without an answer" })).toHaveValue("requests go on");
    await expect(field(page, "Path before the request's")).toHaveValue("/check");
    await expectSoundScreen(page);
  });

  await test.step("refused with the reason, and the last good value stays", async () => {
    await write(page, "Status without an answer", "200");
    await expect(page.getByText(/must be an error status that Envoy knows, from 400 to 511/)).toBeVisible();
    await write(page, "Path before the request's", "check");
    await expect(page.getByText(/must begin with a slash/)).toBeVisible();
    await write(page, "Name", "staff only");
    await expect(page.getByText(/must be letters, digits, dashes, dots and slashes/)).toBeVisible();
    await expectSoundScreen(page);
    await page.reload();
    await expect(field(page, "Name")).toHaveValue("staff-only");
    await expect(field(page, "Path before the request's")).toHaveValue("/check");
    await expect(field(page, "Status without an answer")).toHaveValue("");
  });

  await test.step("taken back", async () => {
    await page.getByRole("button", { name: "What to do with the authorizer staff-only" }).click();
    await page.getByRole("menuitem", { name: "Remove" }).click();
    await expect(page.getByText("Nobody outside is asked whether a request may go on.")).toBeVisible();
    await expectSaved(page);
  });
});

/** A choice that may be absent has a button for that beside it. */
async function clear(page: Page, label: string): Promise<void> {
  const root = page.locator(".mantine-Select-root").filter({ has: page.getByRole("combobox", { name: label }) });
  await root.locator("button").first().click();
}

test("an API token is revoked after its name was asked about, and not by looking", { tag: "@once" }, async ({
  page,
}) => {
  // A token stays in its owner's list for good: the administrator's is looked at while it is empty (state-list.ts).
  await signIn(page, "operator");
  await page.goto("/meshes/shop/settings?tab=tokens");
  const name = `nightly export ${Date.now()}`;
  await page.getByRole("button", { name: "New token" }).click();
  await page.getByLabel("What for").fill(name);
  await page.getByRole("button", { name: "Make the token" }).click();
  await page.getByRole("button", { name: "Done" }).click();

  const row = page.getByRole("row").filter({ hasText: name });
  const question = page.getByRole("dialog", { name: `Revoke ${name}` });
  await row.getByRole("button", { name: `Revoke ${name}` }).click();
  await expect(question.getByText("viewer on every mesh, last used never")).toBeVisible();
  await expectSoundScreen(page);
  await question.getByRole("button", { name: "Keep it" }).click();
  await expect(question).toHaveCount(0);
  await expect(row.getByText("revoked")).toHaveCount(0);

  await row.getByRole("button", { name: `Revoke ${name}` }).click();
  await question.getByRole("button", { name: `Revoke ${name}` }).click();
  await expect(row.getByText("revoked")).toBeVisible();
});

test("an invite is taken back, and a person disabled, after it was said what that does", { tag: "@once" }, async ({
  page,
}) => {
  await signIn(page);
  await page.goto("/meshes/shop/settings?tab=people");
  const invite = async (email: string) => {
    await page.getByRole("button", { name: "Invite", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Invite a person" });
    await dialog.getByLabel("Email").fill(email);
    await dialog.getByRole("button", { name: "Make the link" }).click();
    const link = (await dialog.getByText(/\/invite\?token=/).textContent()) ?? "";
    await dialog.getByRole("button", { name: "Done" }).click();
    return new URL(link.trim()).searchParams.get("token");
  };
  const stamp = Date.now();

  await test.step("the invite", async () => {
    const email = `not-this-one-${stamp}@example.org`;
    await invite(email);
    const takeBack = page.getByRole("button", { name: `Take back the invite of ${email}` });
    const question = page.getByRole("dialog", { name: `Take back the invite of ${email}` });
    await takeBack.click();
    await expect(question.getByText(/does not let .* in any more \(viewer on every mesh\)/)).toBeVisible();
    await expect(question.getByRole("button", { name: "Keep it" })).toBeFocused();
    await expectSoundScreen(page);
    await page.keyboard.press("Enter");
    await expect(question).toHaveCount(0);
    await expect(takeBack).toBeFocused();
    await takeBack.click();
    await question.getByRole("button", { name: "Take it back" }).click();
    await expect(page.getByText(email)).toHaveCount(0);
    await expect(page.locator("body"), "the focus stays on the screen").not.toBeFocused();
  });

  await test.step("the person", async () => {
    const email = `leaver-${stamp}@example.org`;
    const token = await invite(email);
    const name = `Leaver ${stamp}`;
    const accepted = await page.request.post("/api/v1/invites/accept", {
      headers: { origin: new URL(page.url()).origin },
      data: { token, name, password: `leaver-${crypto.randomUUID()}` },
    });
    expect(accepted.ok()).toBe(true);
    await page.reload();
    const row = page.getByRole("row").filter({ hasText: email });
    await row.getByRole("combobox").click();
    await page.getByRole("option", { name: "author", exact: true }).click();
    await expect(row.getByRole("combobox")).toHaveValue("author");
    await page.reload();
    await expect(row.getByRole("combobox")).toHaveValue("author");
    const question = page.getByRole("dialog", { name: `Disable ${name}` });
    await row.getByRole("button", { name: `Disable ${name}` }).click();
    await expect(question.getByText(/is signed out everywhere at once/)).toBeVisible();
    await question.getByRole("button", { name: "Cancel" }).click();
    await expect(row.getByText("disabled")).toHaveCount(0);
    await row.getByRole("button", { name: `Disable ${name}` }).click();
    await question.getByRole("button", { name: `Disable ${name}` }).click();
    await expect(row.getByText("disabled")).toBeVisible();
    await expect(row.getByRole("button", { name: `Enable ${name}` })).toBeFocused();
  });

  await test.step("one's own role", async () => {
    const own = page.getByRole("row").filter({ hasText: "admin@meshwright.local" });
    await own.getByRole("combobox").click();
    await page.getByRole("option", { name: "viewer", exact: true }).click();
    const question = page.getByRole("dialog", { name: "Change your own role to viewer" });
    await question.getByRole("button", { name: "Cancel" }).click();
    await expect(own.getByRole("combobox")).toHaveValue("administrator");
  });
});

test("one's own name is changed, and stays", { tag: "@once" }, async ({ page }) => {
  await signIn(page, "operator");
  await page.goto("/meshes/shop/settings");
  const shown = page.getByLabel("Shown to others as");
  const before = await shown.inputValue();
  for (const name of [`${before} the Second`, before]) {
    await shown.fill(name);
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.getByRole("button", { name: `${name}: theme, keys, sign out` })).toBeVisible();
    await page.reload();
    await expect(shown).toHaveValue(name);
  }
});

test("signing out everywhere asks first", { tag: "@once" }, async ({ page }) => {
  await signIn(page, "operator");
  await page.goto("/meshes/shop/settings");
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  const question = page.getByRole("dialog", { name: "Sign out everywhere" });
  await expect(question.getByText(/this one too. API tokens go on working./)).toBeVisible();
  await question.getByRole("button", { name: "Stay signed in" }).click();
  await page.reload();
  await expect(page.getByRole("button", { name: "Sign out everywhere" })).toBeVisible();
});

test("an authorizer that was removed by a slip comes back by Undo", { tag: "@once" }, async ({ page }) => {
  await signIn(page, "author");
  await page.goto("/meshes/shop/settings?tab=authorizers");
  await page.getByRole("button", { name: "Add an authorizer" }).click();
  await expect(field(page, "Name")).toHaveValue("authorizer");
  // What is saved together is undone together.
  await expectSaved(page);
  await page.getByRole("button", { name: "What to do with the authorizer authorizer" }).click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await expect(field(page, "Name")).toHaveCount(0);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(field(page, "Name")).toHaveValue("authorizer");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("Nobody outside is asked whether a request may go on.")).toBeVisible();
  await expectSaved(page);
});
