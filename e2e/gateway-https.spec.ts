// An operator gives a gateway its certificate: refused with the reason, taken from files, deployed, called by a client that checks it, renewed
// while it runs, and taken back. Walked on the live demo mesh; it leaves the mesh as it found it.
import { request } from "node:https";
import type { TLSSocket } from "node:tls";
import type { Page } from "playwright/test";
import { createPublicAuthority, type PublicCertificate } from "../lib/compile/testing/public-authority";
import { freePort } from "../lib/start/wait.mjs";
import { DEPLOYED_MS, deploy } from "./deployment";
import { test } from "./journey";
import { expect, expectSoundScreen, signIn } from "./meshwright";
import { subject } from "./subject";

const MESH = "/api/v1/meshes/shop";
const GATEWAY = "Gateway/production/shop-gateway";
const HOST = "shop.example.com";
const LISTENER = {
  ...{ name: "secure", port: 443, protocol: "https", hosts: [HOST] },
  tls: { certificate: "shop" },
};
const PHONE = { width: 390, height: 844 };

/** Status and certificate, by a client that knows the authority; null: refused. */
function call(port: number, ca: string): Promise<{ status: number; shown: string } | null> {
  return new Promise((resolve) => {
    const options = { host: "127.0.0.1", port, servername: HOST, headers: { host: HOST }, ca, agent: false as const };
    const asked = request(options, (answer) => {
      const shown = (answer.socket as TLSSocket).getPeerX509Certificate()?.fingerprint256 ?? "";
      answer.resume();
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, shown }));
    });
    asked.on("error", () => resolve(null));
    asked.end();
  });
}

const file = (name: string, text: string) => ({
  ...{ name, mimeType: "application/x-pem-file" },
  buffer: Buffer.from(text),
});

async function chooseFiles(page: Page, { chainPem, keyPem }: PublicCertificate): Promise<void> {
  await page.getByLabel("File of the certificate", { exact: true }).setInputFiles(file("shop.pem", chainPem));
  await expect(page.getByRole("textbox", { name: "Certificate" })).toHaveValue(/BEGIN CERTIFICATE/);
  await page.getByLabel("File of the private key", { exact: true }).setInputFiles(file("shop-key.pem", keyPem));
  await expect(page.getByRole("textbox", { name: "Private key" })).toHaveValue(/PRIVATE KEY/);
}

test("a gateway gets its certificate on the screen, serves HTTPS with it, and takes a renewed one while it runs", {
  tag: "@once",
}, async ({ page, consoleErrors }) => {
  test.setTimeout(5 * DEPLOYED_MS);
  page.setDefaultTimeout(45_000);
  await signIn(page);
  const headers = { origin: new URL(subject().url).origin, "if-match": "*" };
  const { text } = await (await page.request.get(`${MESH}/export?at=draft&format=yaml`)).json();
  const commands = [{ type: "patchSpec", key: GATEWAY, path: ["listeners", 1], value: LISTENER }];
  await page.request.post(`${MESH}/draft/commands`, { headers, data: { commands, clientId: "gateway-https" } });
  const authority = await createPublicAuthority();
  const port = await freePort();
  const bound = page.getByRole("article", { name: "Certificate shop" });
  const savePort = async (value: string) => {
    await page.getByRole("textbox", { name: "Port of listener secure" }).fill(value);
    await page.getByRole("button", { name: "Save the ports" }).click();
    await expect(page.getByText("Saved. It takes effect with the next deployment.")).toBeVisible();
  };

  await test.step("nothing is bound, and what is wrong is told at its field", async () => {
    await page.goto(`/meshes/shop/topology?sel=${GATEWAY}`);
    await savePort(String(port));
    await expect(bound).toContainText("missing");
    await expect(bound).toContainText(`Shown by secure for ${HOST}. Without it nothing is served there.`);
    await bound.getByRole("button", { name: "Give the certificate" }).click();
    const [own, other] = await Promise.all([authority.issue([HOST]), authority.issue(["other.example.org"])]);
    const save = bound.getByRole("button", { name: "Save the certificate" });
    await expect(save).toBeDisabled();
    await bound.getByRole("textbox", { name: "Certificate" }).fill(own.chainPem);
    await bound.getByRole("textbox", { name: "Private key" }).fill(other.keyPem);
    await save.click();
    await expect(bound.getByText(`This is not the key of the certificate of ${HOST}.`)).toBeVisible();
    await expect(bound.getByRole("textbox", { name: "Private key" })).toHaveAttribute("aria-invalid", "true");
    await expectSoundScreen(page);
    await bound.getByRole("textbox", { name: "Certificate" }).fill(other.chainPem);
    await save.click();
    await expect(bound.getByText(`clients of ${HOST} would refuse it`)).toBeVisible();
    await expect(bound.getByRole("checkbox")).toBeVisible();
    await expect(save).toBeDisabled();
    // On a phone the details are a sheet from below; what was typed comes along, and back.
    await page.setViewportSize(PHONE);
    await page.emulateMedia({ colorScheme: "dark" });
    await expect(bound.getByRole("textbox", { name: "Certificate" })).toHaveValue(other.chainPem);
    await expect(bound.getByText(`clients of ${HOST} would refuse it`)).toBeVisible();
    await expectSoundScreen(page);
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.emulateMedia({ colorScheme: "light" });
    await expect(bound.getByRole("textbox", { name: "Private key" })).toHaveValue(other.keyPem);
    expect(consoleErrors.splice(0)).toEqual([expect.stringContaining("422"), expect.stringContaining("422")]);
  });

  await test.step("from files it is taken, and told in its own words without its key", async () => {
    const certificate = await authority.issue([HOST]);
    await chooseFiles(page, certificate);
    await bound.getByRole("button", { name: "Save the certificate" }).click();
    await expect(bound.getByText("Kept. A gateway that runs takes it at once; open connections stay.")).toBeVisible();
    await expect(bound).toContainText("Meshwright issuer 1");
    await expect(bound).toContainText(HOST);
    await page.reload();
    await expect(bound).toContainText("Meshwright issuer 1");
    await expectSoundScreen(page);
    const told = await (await page.request.get(`${MESH}/environments/local/gateway-certificates`)).text();
    expect(told).not.toContain("PRIVATE KEY");
  });

  await test.step("deployed, a client that checks it is answered, and its calls are in the golden signals", async () => {
    await deploy(page, "HTTPS at the gateway");
    await expect.poll(async () => (await call(port, authority.rootPem))?.status, { timeout: 30_000 }).toBe(200);
    for (let i = 0; i < 20; i++) await call(port, authority.rootPem);
    await page.goto(`/meshes/shop/signals?scope=service&name=${GATEWAY}`);
    await expect(page.getByRole("heading", { level: 1 })).toContainText(/shop-gateway/);
    for (const title of ["Latency", "Traffic", "Errors"])
      await expect(page.locator("figure").filter({ hasText: title }).first()).toBeVisible();
  });

  await test.step("a renewed one is shown without another deployment", async () => {
    const before = await call(port, authority.rootPem);
    await page.goto(`/meshes/shop/topology?sel=${GATEWAY}`);
    await bound.getByRole("button", { name: "Replace" }).click();
    await chooseFiles(page, await authority.issue([HOST, "www.example.com"]));
    await bound.getByRole("button", { name: "Save the certificate" }).click();
    await expect(bound).toContainText("www.example.com");
    await expect
      .poll(async () => (await call(port, authority.rootPem))?.shown ?? before?.shown, { timeout: 30_000 })
      .not.toBe(before?.shown);
  });

  await test.step("removed, nobody is served with it any more", async () => {
    await bound.getByRole("button", { name: "Remove", exact: true }).click();
    await expect(bound).toContainText("secure will not be served there any more. Its key is deleted.");
    await bound.getByRole("button", { name: "Remove it" }).click();
    await expect(bound).toContainText("missing");
    await expect.poll(() => call(port, authority.rootPem), { timeout: 30_000 }).toBeNull();
    await savePort("");
    await page.request.put(`${MESH}/draft`, { headers, data: { text } });
    await deploy(page, "Plain HTTP at the gateway");
  });
});
