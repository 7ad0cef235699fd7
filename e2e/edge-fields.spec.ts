// What stands at the edge of a mesh is filled in on the topology, saved and found again: listeners that know their clients, TLS to an
// external service, and where things run. It leaves the draft as it found it.
import type { Page } from "playwright/test";
import { expectSaved } from "./canvas";
import { choose, drawn, exported, field, fill, putBack, refuse, turnOn, unfold, write } from "./form-fields";
import { test } from "./journey";
import { expect, expectSoundScreen, signIn } from "./meshwright";

const KEY = "NvyDJFVAnSThlhhhVR4u3sjBcP5cJr9LXhhcBBuUMkA=";
const CERTIFICATE = "a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90";

test("listeners, TLS to an external service and localities are filled in, saved and found again", {
  tag: "@once",
}, async ({ page }) => {
  test.slow();
  page.setDefaultTimeout(15_000);
  await signIn(page);
  const text = await exported(page);
  const listeners = async () => (await drawn(page, "Gateway", "shop-gateway"))?.["listeners"] as unknown[];
  await select(page, "Gateway/production/shop-gateway");
  const secure = page.getByRole("article", { name: "Listener https", exact: true });

  await test.step("a listener pins its clients, reads the PROXY protocol and has a limit", async () => {
    await page.getByRole("button", { name: "Add a listener" }).click();
    await page.getByRole("menuitem", { name: "https: TLS ends here" }).click();
    await choose(page, secure, "Certificates of clients", "required");
    await write(secure, "Pinned keys", "short");
    await expect(secure.getByText("Must be", { exact: false }).first()).toBeVisible();
    await secure.getByRole("combobox", { name: "Pinned keys", exact: true }).press("Backspace");
    await write(secure, "Pinned keys", KEY);
    await write(secure, "Pinned certificates", CERTIFICATE);
    await turnOn(secure, "Refuse revoked certificates");
    await choose(page, secure, "PROXY protocol", "required");
    await refuse(secure, "Most connections at once", 0, "Must be 1 or more");
    await fill(secure, "Most connections at once", 10_000);
    await expect
      .poll(async () => (await listeners()).at(-1))
      .toMatchObject({
        proxyProtocol: "required",
        connectionLimit: { maxConnections: 10_000 },
        tls: {
          clients: {
            mode: "required",
            pinnedKeys: [KEY],
            pinnedCertificates: [CERTIFICATE],
            checkRevocation: true,
          },
        },
      });
    await expectSoundScreen(page);
  });

  await test.step("a gateway says where it runs", async () => {
    await refuse(page, "Locality", "eu west", "Must be region, region/zone or region/zone/subzone");
    await fill(page, "Locality", "eu-west/eu-west-1a");
    await expect.poll(() => drawn(page, "Gateway", "shop-gateway")).toMatchObject({ locality: "eu-west/eu-west-1a" });
  });

  await test.step("the callers' proxies make TLS to an external service", async () => {
    await expectSaved(page);
    await select(page, "ExternalService/production/carrier-api");
    await choose(page, page, "TLS to it", "mutual");
    await refuse(page, "Server name", "*.carrier.example", "Must be one name, without a wildcard");
    await fill(page, "Server name", "api.carrier.example");
    await write(page, "Names of its certificate", "api.carrier.example");
    await choose(page, page, "Authorities that count", "those given in the environment");
    await expect
      .poll(() => drawn(page, "ExternalService", "carrier-api"))
      .toMatchObject({
        tls: {
          mode: "mutual",
          sni: "api.carrier.example",
          subjectAltNames: ["api.carrier.example"],
          authorities: "environment",
        },
      });
    await expectSoundScreen(page);
  });

  await test.step("a workload says where it runs", async () => {
    await select(page, "Service/production/inventory");
    await fill(page, "Locality", "eu-west/eu-west-1b");
    await expect.poll(async () => (await exported(page)).includes("locality: eu-west/eu-west-1b")).toBe(true);
  });

  await test.step("all of it is there after a reload", async () => {
    await select(page, "Gateway/production/shop-gateway");
    await expect(field(page, "Locality")).toHaveValue("eu-west/eu-west-1a");
    await unfold(secure, /^https/);
    await expect(secure.getByText(KEY)).toBeVisible();
    await expect(secure.getByText(CERTIFICATE)).toBeVisible();
    await expect(secure.getByRole("switch", { name: "Refuse revoked certificates" })).toBeChecked();
    await expect(field(secure, "Most connections at once")).toHaveValue("10000");
    await expectSoundScreen(page);
    await select(page, "ExternalService/production/carrier-api");
    await expect(field(page, "Server name")).toHaveValue("api.carrier.example");
    await select(page, "Service/production/inventory");
    await expect(field(page, "Locality")).toHaveValue("eu-west/eu-west-1b");
  });

  await putBack(page, text);
});

async function select(page: Page, key: string): Promise<void> {
  await page.goto(`/meshes/shop/topology?sel=${key}`);
  await expect(page.getByRole("complementary", { name: "Details of the selection" })).toBeVisible();
  await expectSaved(page);
}
