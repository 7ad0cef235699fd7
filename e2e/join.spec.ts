// A machine joins the live demo with the command that the screen gave, is seen among the proxies, and is put out again.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../lib/start/wait.mjs";
import { expect, expectSoundScreen, signIn, test } from "./meshwright";

const program = fileURLToPath(new URL("../proxy/bin/meshwright-proxy.mjs", import.meta.url));
const EXIT_REVOKED = 77;

test("a join token is withdrawn after the workload was named, and not by a slip", { tag: "@once" }, async ({
  page,
}) => {
  await signIn(page);
  await page.goto("/meshes/shop/proxies?join=production/inventory-v1");
  const making = page.getByRole("dialog", { name: "Let a machine join" });
  await making.getByRole("button", { name: "Make the token" }).click();
  await making.getByRole("button", { name: "Done" }).click();

  const row = page.getByRole("row").filter({ hasText: "production/inventory-v1" }).filter({ hasText: "waits" });
  const withdraw = row.getByRole("button", { name: "Withdraw the token for inventory-v1" });
  const question = page.getByRole("dialog", { name: "Withdraw the token for production/inventory-v1" });
  await withdraw.click();
  await expect(question.getByText(/lets no machine in any more. Machines that joined already stay./)).toBeVisible();
  await expect(question.getByRole("button", { name: "Keep it" })).toBeFocused();
  await expectSoundScreen(page);
  await page.keyboard.press("Escape");
  await expect(question).toHaveCount(0);
  await expect(withdraw).toBeFocused();

  await page.keyboard.press("Enter");
  await question.getByRole("button", { name: "Withdraw it" }).click();
  await expect(question).toHaveCount(0);
  await expect(withdraw).toHaveCount(0);
  await expect(page.getByRole("region", { name: "Join tokens" })).toBeFocused();
});

test("a machine joins as an instance of the cart, and leaves when its identity is revoked", { tag: "@once" }, async ({
  page,
}) => {
  test.setTimeout(180_000);
  const app = createServer((_request, response) => response.end("{}"));
  await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
  const state = mkdtempSync(join(tmpdir(), "meshwright-joined-"));
  let machine: ChildProcess | undefined;
  try {
    await signIn(page);
    await page.goto("/meshes/shop/proxies");
    await page.getByRole("button", { name: "Let a machine join" }).click();
    const dialog = page.getByRole("dialog", { name: "Let a machine join" });
    await dialog.getByLabel("Workload").fill("production/cart-v1");
    await dialog.getByRole("button", { name: "Make the token" }).click();
    const command =
      (await dialog.getByText("package/bin/meshwright-proxy.mjs join --control-plane").textContent()) ?? "";
    await expectSoundScreen(page);
    await dialog.getByRole("button", { name: "Done" }).click();

    const [, ...words] = command
      .trim()
      .replace("PORT", String((app.address() as AddressInfo).port))
      .split(/\s+/);
    const ports = { inbound: await freePort(), outbound: await freePort(), admin: await freePort() };
    const options = Object.entries(ports).flatMap(([name, port]) => [`--${name}-port`, String(port)]);
    machine = spawn(process.execPath, [program, ...words, ...options, "--state", state], { stdio: "ignore" });
    const ended = new Promise((resolve) => machine?.once("exit", resolve));

    const row = page.getByRole("row").filter({ hasText: "joined from 127.0.0.1" });
    await expect(row.getByText("in sync")).toBeVisible({ timeout: 60_000 });
    await expect(
      page.getByRole("row").filter({ hasText: "production/cart-v1" }).getByText("used").first(),
    ).toBeVisible();
    await expectSoundScreen(page);

    await row.getByRole("button").click();
    const drawer = page.getByRole("dialog", { name: /^production\/cart-v1\// });
    await expect(drawer.getByText("joined: its machine reports to the control plane")).toBeVisible();
    await drawer.getByRole("button", { name: "Revoke the identity" }).click();
    await drawer.getByLabel("Why").fill("drill: this machine is gone");
    await drawer.getByRole("button", { name: "Revoke", exact: true }).click();
    await expect(row).toHaveCount(0, { timeout: 30_000 });
    expect(await ended).toBe(EXIT_REVOKED);
  } finally {
    machine?.kill("SIGKILL");
    app.close();
    rmSync(state, { recursive: true, force: true });
  }
});
