// TCP between services: a port is drawn, its connections are sent to one of two versions by the form, and what passes is told as
// connections and bytes. Walked on the live demo mesh; it leaves the mesh as it found it.
import { connect as connectTo, type Socket } from "node:net";
import type { Page } from "playwright/test";
import { boxOf, connect, expectSaved, lineOf } from "./canvas";
import { DEPLOYED_MS, deploy, outboundPort } from "./deployment";
import { test } from "./journey";
import { expect, expectSoundScreen, signIn } from "./meshwright";

const storefront = "Service/production/storefront";
const ledger = "Service/production/ledger";
const line = "Dependency/production/storefront-to-ledger";
const PORT = 5432;

test("a TCP port is drawn, routed by the form, deployed, and told in connections and bytes", { tag: "@once" }, async ({
  page,
}) => {
  test.setTimeout(5 * DEPLOYED_MS);
  page.setDefaultTimeout(45_000);
  await signIn(page);
  await page.goto("/meshes/shop/topology");
  await expect(boxOf(page, storefront)).toBeVisible();

  await test.step("a service with a TCP port and two versions", async () => {
    await expect(page.getByRole("button", { name: "Add", exact: true })).toBeEnabled();
    await page.keyboard.press("a");
    await page.getByLabel("What to add").fill("Ledger");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    await expect(boxOf(page, ledger)).toBeVisible();
    await page.getByLabel("Port", { exact: true }).fill(String(PORT));
    await page.getByLabel("Port", { exact: true }).blur();
    await page.getByRole("combobox", { name: "Protocol" }).click();
    await page.getByRole("option", { name: "tcp", exact: true }).click();
    await page.getByRole("button", { name: "Version", exact: true }).click();
    await expect(page.getByLabel("Version", { exact: true })).toHaveCount(2);
    await expectSaved(page);
    await chooseEcho(page, 0);
    await chooseEcho(page, 1);
    await page.keyboard.press("f");
    await connect(page, storefront, ledger);
    await expect(lineOf(page, line)).toHaveAttribute("data-line", "dashed");
    await expectSaved(page);
  });

  await test.step("its connections go to one version, by the slider of the form", async () => {
    await page.goto(`/meshes/shop/policies/new?template=tcp-canary&to=${ledger}`);
    await page.getByRole("button", { name: "Put it into the draft" }).click();
    await expect(page).toHaveURL(/policies\/TcpRoute\/production\/ledger/);
    const text = page.getByRole("textbox", { name: "YAML of TcpRoute ledger" });
    await expect(text).toContainText("weight: 10");
    const slider = page.getByRole("slider", { name: "Share of ledger v2 in percent" });
    await slider.focus();
    await slider.press("End");
    await slider.blur();
    await expect(text).toContainText("weight: 100");
    // A condition that every connection of this port meets.
    await page.getByRole("button", { name: "Only some connections" }).click();
    await page.getByRole("textbox", { name: "To port" }).fill(String(PORT));
    await page.keyboard.press("Tab");
    await expect(text).toContainText(`port: ${PORT}`);
    await expect(page.getByText("Saved", { exact: true })).toBeVisible();
    await expectSoundScreen(page);
  });

  await test.step("deployed: every connection arrives at that version", async () => {
    await deploy(page, "Ledger");
    const port = await outboundPort(page, "storefront-v1");
    await expect.poll(() => askLedger(port), { timeout: 30_000 }).toBe("v2");
    for (let i = 0; i < 5; i++) expect(await askLedger(port)).toBe("v2");
  });

  await test.step("seen: a live line in mTLS, with connections and bytes", async () => {
    const talking = keepTalking(await outboundPort(page, "storefront-v1"));
    try {
      await page.goto(`/meshes/shop/topology?sel=${line}`);
      await expect(lineOf(page, line)).toHaveAttribute("data-line", "solid", { timeout: 30_000 });
      await expect(lineOf(page, line)).toHaveAttribute("data-tone", "ok");
      const fact = (name: string) => page.locator("dl > div").filter({ has: page.getByText(name, { exact: true }) });
      await expect(fact("TCP connections")).toContainText(/[1-9][\d.]*\/s/);
      await expect(fact("TCP bytes")).toContainText(/[1-9][\d.]* k?B\/s/);
      await expect(fact("Failed connections")).toContainText("none");
      await expect(fact("In mTLS")).toContainText("everything (100 %)");
      await expect(page.getByText("p50 · p95 · p99")).toHaveCount(0);
      await page.goto("/meshes/shop/topology?show=table");
      await expect(page.getByRole("row").filter({ hasText: "storefront → ledger" })).toContainText("conn/s");
      await page.goto("/meshes/shop/services/production/ledger");
      await expect(page.getByRole("heading", { level: 1 })).toContainText(
        /^ledger answers \([\d.]+ conn\/s, [\d.]+ k?B\/s\)/,
      );
      await expect(
        page.getByRole("region", { name: "Versions" }).getByRole("row").filter({ hasText: "v2" }),
      ).toContainText("100 %");
      await page.goto(`/meshes/shop/signals?scope=service&name=${ledger}`);
      for (const title of ["TCP connections", "TCP bytes", "Failed connections"])
        await expect(page.locator("figure").filter({ hasText: title })).toBeVisible();
      await expectSoundScreen(page);
    } finally {
      await talking.stop();
    }
    expect(talking.versions()).toEqual(["v2"]);
  });

  await test.step("deleted with its route, and deployed", async () => {
    await page.goto("/meshes/shop/topology");
    await page.keyboard.press("f");
    await boxOf(page, ledger).click();
    await page.keyboard.press("Delete");
    await expect(page.getByRole("dialog")).toContainText("ledger goes, and with it");
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await expect(boxOf(page, ledger)).toHaveCount(0);
    await expectSaved(page);
    await deploy(page, "No ledger");
    const { items } = await (await page.request.get("/api/v1/meshes/shop/environments/local/proxies?limit=100")).json();
    expect(items.filter((each: { workload: string }) => each.workload.startsWith("ledger"))).toEqual([]);
  });
});

/** Of the version that stands there; what was bound to it before is remembered, so that a second run finds it chosen. */
async function chooseEcho(page: Page, at: number): Promise<void> {
  const echo = "The echo app (built in)";
  const app = page.getByRole("combobox", { name: "Runs in local" }).nth(at);
  await expect(app).toBeEnabled();
  if ((await app.inputValue()) === echo) return;
  // What is said about the service comes in above the field; a list that opens before then is pushed out of sight.
  await expect(page.getByRole("heading", { name: /^Comments/ })).toBeVisible();
  await app.click();
  await page.getByRole("option", { name: echo }).last().click();
  await expect(app).toHaveValue(echo);
  await expect(page.getByText("Saved. It takes effect with the next deployment.").nth(at)).toBeVisible();
}

/** Which version answers on a connection of its own: what is said on it is HTTP, which no sidecar looks at here. */
function askLedger(port: number): Promise<string> {
  return new Promise((resolve) => {
    let heard = "";
    const socket: Socket = connectTo(port, "127.0.0.1", () =>
      socket.write(`CONNECT ledger:${PORT} HTTP/1.1\r\nhost: ledger:${PORT}\r\n\r\n`),
    );
    socket.on("error", (error) => resolve(error.message));
    socket.on("close", () => resolve(/"version":\s*"(\w+)"/.exec(heard)?.[1] ?? heard));
    socket.on("data", (chunk) => {
      const isFirst = heard === "";
      heard += chunk.toString();
      if (isFirst && heard.startsWith("HTTP/1.1 200"))
        socket.write("GET / HTTP/1.1\r\nhost: l\r\nconnection: close\r\n\r\n");
      else if (isFirst) socket.end();
    });
  });
}

function keepTalking(port: number) {
  const seen = new Set<string>();
  let isOn = true;
  const loop = (async () => {
    while (isOn) {
      seen.add(await askLedger(port));
      // The pace of a caller, not a wait.
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  return {
    versions: () => [...seen],
    stop() {
      isOn = false;
      return loop;
    },
  };
}
