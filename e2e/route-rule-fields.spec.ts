// What a rule of a route can ask for and do is filled in, saved and found again. It leaves the draft as it found it.
import { choose, drawn, exported, field, fill, putBack, refuse, turnOn, unfold } from "./form-fields";
import { test } from "./journey";
import { expect, expectSoundScreen, signIn } from "./meshwright";

const EDITOR = "/meshes/shop/policies/Route/production/catalog";
const CALLED = "Host, scheme and port that are called";
const RETRIES = "When and where it is tried again";
const REWRITE = "New path or host on the way";

test("the fields of a rule are filled in, saved and found again", { tag: "@once" }, async ({ page }) => {
  test.slow();
  page.setDefaultTimeout(15_000);
  await signIn(page);
  const text = await exported(page);
  const rules = async () => (await drawn(page, "Route", "catalog"))?.["rules"] as unknown[];
  await page.goto(EDITOR);
  const read = page.getByRole("article", { name: "Rule read", exact: true });
  const rest = page.getByRole("article", { name: "Rule default", exact: true });

  await test.step("requests are told apart by host, scheme and port", async () => {
    await unfold(read, CALLED);
    await choose(page, read, "Host as called", "ends with");
    await fill(read, "Host", ".shop.example.com");
    await choose(page, read, "Scheme", "https");
    await refuse(read, "To port", 70_000, "must be a port from 1 to 65535");
    await fill(read, "To port", 8080);
    await expect
      .poll(async () => (await rules())[0])
      .toMatchObject({
        matches: [{ authority: { type: "suffix", value: ".shop.example.com" }, scheme: "https", port: 8080 }],
      });
    await expectSoundScreen(page);
  });

  await test.step("idle time, and when and where it is tried again", async () => {
    await fill(read, "Idle timeout", 30_000);
    await fill(read, "Retries", 3);
    await unfold(read, RETRIES);
    await fill(read, "First wait, up to", 50);
    await refuse(read, "No wait longer than", 10, "must not be less than baseMs");
    await fill(read, "No wait longer than", 2000);
    await choose(page, read, "Hosts that were tried already", "chosen as any other");
    await turnOn(read, "Other localities after every two tries");
    await expect
      .poll(async () => (await rules())[0])
      .toMatchObject({
        idleTimeoutMs: 30_000,
        retries: {
          ...{ attempts: 3, backoff: { baseMs: 50, maxMs: 2000 } },
          ...{ ignorePreviousHosts: false, remoteLocalities: true },
        },
      });
    await expectSoundScreen(page);
  });

  await test.step("parts of the path are replaced on the way", async () => {
    await unfold(read, REWRITE);
    await read.getByRole("button", { name: "Replace parts of the path" }).click();
    await fill(read, "Parts of the path", "^/v([0-9]+)/");
    await fill(read, "Become", "/api/\\1/");
    const pathRegex = { match: "^/v([0-9]+)/", substitution: "/api/\\1/" };
    await expect.poll(async () => (await rules())[0]).toMatchObject({ rewrite: { pathRegex } });
  });

  await test.step("a redirect has scheme, host, port and status", async () => {
    await rest.getByText("Redirect", { exact: true }).click();
    await choose(page, rest, "Scheme", "https");
    await fill(rest, "Host", "shop.example.com");
    await fill(rest, "Port", 8443);
    await fill(rest, "Status", 308);
    await expect
      .poll(async () => (await rules())[1])
      .toMatchObject({
        action: { type: "redirect", scheme: "https", host: "shop.example.com", port: 8443, code: 308 },
      });
  });

  await test.step("two new paths at once are marked at the field that is too much", async () => {
    await fill(rest, "Path becomes", "/new");
    await fill(rest, "Prefix becomes", "/old");
    await expect(field(rest, "Prefix becomes")).toHaveAttribute("aria-invalid", "true");
    await expect(rest.getByText("is not for a redirect that has a path as well", { exact: false })).toBeVisible();
    const consequence = page.getByRole("region", { name: "Consequence", exact: true });
    await expect(consequence.getByText(/^spec\.rules\[1\]\.action\.prefixRewrite is not for a redirect/)).toBeVisible();
    await expectSoundScreen(page);
    await fill(rest, "Prefix becomes", "");
    await expect(field(rest, "Prefix becomes")).not.toHaveAttribute("aria-invalid", "true");
    await expect(consequence.getByText(/prefixRewrite is not for a redirect/)).toHaveCount(0);
  });

  await test.step("all of it is there after a reload, in the form and in the YAML", async () => {
    await page.goto(EDITOR);
    for (const [name, value] of [
      ["Host", ".shop.example.com"],
      ["To port", "8080"],
      ["Idle timeout", "30000 ms"],
      ["No wait longer than", "2000 ms"],
      ["Parts of the path", "^/v([0-9]+)/"],
      ["Become", "/api/\\1/"],
    ] as const)
      await expect(field(read, name)).toHaveValue(value);
    await expect(read.getByRole("combobox", { name: "Hosts that were tried already" })).toHaveValue(
      "chosen as any other",
    );
    await expect(field(rest, "Port")).toHaveValue("8443");
    await expectSoundScreen(page);
    await page.goto(`${EDITOR}?pane=yaml`);
    const yaml = page.getByRole("textbox", { name: "YAML of Route catalog" });
    // the editor draws the lines that are in sight
    for (const line of ["scheme: https", "value: .shop.example.com", "port: 8080"])
      await expect(yaml).toContainText(line);
  });

  await putBack(page, text);
});
