// From an empty mesh to one protected, measured call between two processes of one's own, by the start list alone.
// The rule: the test knows what it started itself and what the screen says, nothing else; it has a Meshwright of its own
// (`npm start -- --no-demo`), or the running one that MESHWRIGHT_E2E_EMPTY names as {"url","home"}.
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Route } from "playwright/test";
import { startForTests } from "../lib/start/e2e.mjs";
import { enterByLink, expect, expectSoundScreen, signInLink, test } from "./meshwright";

interface Empty {
  url: string;
  home: string;
  stop(): Promise<void>;
}

const TEN_MINUTES_MS = 600_000;
const START_MS = 300_000;
const LATE_MS = 8000;
const DEPLOYED_MS = 90_000;

async function emptyMeshwright(): Promise<Empty> {
  const given = process.env.MESHWRIGHT_E2E_EMPTY;
  return given ? { ...JSON.parse(given), stop: async () => {} } : startForTests({ demo: false });
}

function listen(answer: string): Promise<Server> {
  const server = createServer((_, response) => response.end(answer));
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

/** Does what `curl -i -H 'Host: NAME' http://127.0.0.1:PORT/` does. */
function runCurl(command: string): Promise<string> {
  const words = /^curl -i -H 'Host: ([^']+)' (http:\S+)$/.exec(command);
  if (!words?.[1] || !words[2]) throw new Error(`the screen shows a command that the test cannot read: ${command}`);
  const [, host, url] = words;
  return new Promise((resolve, reject) => {
    const call = request(url, { headers: { host } }, (response: IncomingMessage) => {
      let text = `${response.statusCode} `;
      response.on("data", (data) => {
        text += data;
      });
      response.on("end", () => resolve(text));
    });
    call.once("error", reject);
    call.end();
  });
}

test("an empty mesh reaches its first protected, measured call", { tag: "@once" }, async ({ page }) => {
  test.setTimeout(START_MS + TEN_MINUTES_MS);
  page.setDefaultTimeout(30_000);
  const caller = await listen("till\n");
  const callee = await listen("the ledger answers\n");
  const empty = await emptyMeshwright();
  try {
    // A machine that is busy answers late: no step may hang on an answer that comes after the person.
    const answerLate = async (route: Route) => {
      await new Promise((resolve) => setTimeout(resolve, LATE_MS));
      await route.continue();
    };
    await page.route("**/binding?*", answerLate, { times: 1 });
    await enterByLink(page, await signInLink("admin@meshwright.local", empty));
    const startedAt = Date.now();
    await page.waitForURL(/\/overview/);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(
      "This mesh is empty. One protected call is four steps away.",
    );
    await expectSoundScreen(page);

    await page.getByRole("textbox", { name: "Caller", exact: true }).fill("till");
    await page.getByRole("textbox", { name: "Caller port", exact: true }).fill(String(portOf(caller)));
    await page.getByRole("textbox", { name: "Callee", exact: true }).fill("ledger");
    await page.getByRole("textbox", { name: "Callee port", exact: true }).fill(String(portOf(callee)));
    await page.getByRole("button", { name: "Draw and connect them" }).click();
    await expect(page.getByText("till calls ledger.")).toBeVisible();

    await page.getByRole("button", { name: "Deploy to local" }).click();
    await expect(page.getByText("Both proxies run, with a certificate of their own.")).toBeVisible({
      timeout: DEPLOYED_MS,
    });

    const command = (await page.locator("code").filter({ hasText: "Host: ledger" }).textContent()) ?? "";
    expect(await runCurl(command.trim())).toBe("200 the ledger answers\n");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(
      "Your first call went through the mesh, encrypted and measured.",
      { timeout: 60_000 },
    );
    await expect(page.getByText("all in mTLS")).toBeVisible();
    await expect(page.getByText(/^Measured: p99 [\d.]+ ms\./)).toBeVisible();
    expect(Date.now() - startedAt).toBeLessThan(TEN_MINUTES_MS);
    await expectSoundScreen(page);

    await page.getByRole("link", { name: "See it on the topology" }).click();
    await expect(page.locator('.react-flow__edge[data-id="Dependency/default/till-to-ledger"] > g')).toHaveAttribute(
      "data-line",
      "solid",
    );
  } finally {
    caller.close();
    callee.close();
    // The screens ask on until they are left; what is being ended answers nothing.
    await page.goto("about:blank");
    await empty.stop();
  }
});
