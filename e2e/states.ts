// How each state of a screen is reached in a real Meshwright. Job: a fresh mesh, a person who may only look, and answers of the server
// that are held, refused or old. Rule: the page is never told what to show; only what reaches it differs.
import type { APIRequestContext, Browser, Page, Request, Route } from "playwright/test";
import { enterByLink, expect, signIn, signInLink } from "./meshwright";
import { ensureReview } from "./review-subject";
import { addressOf } from "./screen-list";
import type { ScreenState } from "./state-list";
import { subject } from "./subject";

const FRESH = "fresh-mesh";
const VIEWER = "viewer@meshwright.local";
/** As lib/errors.ts says it while the database is down. */
const PROBLEM = {
  status: 503,
  title: "The database does not answer",
  detail: "It restarts by itself; try again in some seconds.",
  code: "database-unavailable",
};
const SHOWN_MS = 15_000;
const TEN_MINUTES_MS = 600_000;

/** One page at a time, of an administrator or of somebody who may only look: a page that nobody looks at still costs the machine. */
export interface Lane {
  /** Brings a page into the state, where it stays until the next one; expectWords waits until it shows. */
  show(state: ScreenState): Promise<Page>;
  close(): Promise<void>;
}

interface Stage {
  openLane(): Promise<Lane>;
}

export async function openStage(browser: Browser): Promise<Stage> {
  const administrator = await browser.newContext();
  await signIn(await administrator.newPage());
  await makeFreshMesh(administrator.request);
  const review = await ensureReview(administrator.request);
  await makeViewer(administrator.request);
  const viewer = await browser.newContext();
  const door = await viewer.newPage();
  await enterByLink(door, await signInLink(VIEWER));
  await door.waitForURL(/\/meshes\//);
  const people = { administrator: await administrator.storageState(), viewer: await viewer.storageState() };
  for (const context of [administrator, viewer]) await context.close();

  return {
    async openLane() {
      let open: { page: Page; person: keyof typeof people } | undefined;
      const pageOf = async (person: keyof typeof people) => {
        if (open?.person === person) return open.page;
        await open?.page.context().close();
        const page = await (await browser.newContext({ storageState: people[person] })).newPage();
        page.setDefaultTimeout(30_000);
        countAnswers(page);
        open = { page, person };
        return page;
      };
      return {
        async show(state) {
          const page = await pageOf(state.how === "viewer" ? "viewer" : "administrator");
          await page.unrouteAll({ behavior: "ignoreErrors" });
          const mesh = state.how === "fresh mesh" ? FRESH : "shop";
          await prepare(page, state);
          await page.goto(addressOf(state, review, mesh));
          for (const name of state.presses) await page.getByRole("button", { name }).click();
          if (state.how === "lost connection") await loseConnection(page);
          return page;
        },
        async close() {
          await open?.page.context().close();
        },
      };
    },
  };
}

export async function expectWords(page: Page, state: ScreenState): Promise<void> {
  if (state.how === "viewer") await expect(page.getByRole("button", { name: /^View only/ })).toBeVisible();
  if (state.how === "fresh mesh" || state.how === "viewer" || state.how === "old measurements") await settled(page);
  for (const text of state.words)
    await expect(page.getByText(text).filter({ visible: true }).first()).toBeVisible({ timeout: SHOWN_MS });
}

async function prepare(page: Page, { how, reads }: ScreenState): Promise<void> {
  if (how === "held answers") await page.route(reads, () => undefined);
  if (how === "failing answers")
    await page.route(reads, (route) =>
      route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify(PROBLEM) }),
    );
  if (how === "old measurements") {
    await page.route(/\/api\/.*\/topology\?/, (route) => answerWith(route, agedTopology));
    await page.route(/\/api\/.*\/signals\?/, (route) => answerWith(route, agedSignals));
  }
}

async function answerWith(route: Route, change: (body: Record<string, unknown>) => object): Promise<void> {
  // The server closes an idle connection just when it is used again, now and then.
  const response = await route.fetch({ maxRetries: 3 });
  await route.fulfill({ response, json: change(await response.json()) });
}

const longAgo = () => new Date(Date.now() - TEN_MINUTES_MS).toISOString();
const aged = (list: unknown) =>
  (list as { state: string }[]).map((each) => ({ ...each, state: each.state === "no-data" ? each.state : "stale" }));

function agedTopology(body: Record<string, unknown>): object {
  const { services, dependencies } = body;
  return { ...body, measuredAt: longAgo(), services: aged(services), dependencies: aged(dependencies) };
}

function agedSignals(body: Record<string, unknown>): object {
  return { ...body, state: "stale", lastScrapeAt: longAgo() };
}

/** Questions to the API that wait for an answer; the stream of events never ends. */
const asked = new WeakMap<Page, Set<Request>>();

function countAnswers(page: Page): void {
  const open = new Set<Request>();
  asked.set(page, open);
  page.on("framenavigated", (frame) => frame === page.mainFrame() && open.clear());
  page.on("request", (request) => {
    if (/\/api\/v1\/(?!events\/stream)/.test(request.url())) open.add(request);
  });
  page.on("requestfinished", (request) => open.delete(request));
  page.on("requestfailed", (request) => open.delete(request));
}

/** Everything that was asked is answered and shown. */
async function settled(page: Page): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 }).first()).not.toHaveText(/^Reading |^Asking/);
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
  await expect.poll(() => asked.get(page)?.size, { timeout: SHOWN_MS }).toBe(0);
}

/** The page stands, then the server is gone: whoever comes back to the tab learns it at once. */
async function loseConnection(page: Page): Promise<void> {
  await settled(page);
  await page.route("**/api/v1/**", (route) => route.abort("connectionrefused"));
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
}

const headers = () => ({ origin: new URL(subject().url).origin });

async function makeFreshMesh(api: APIRequestContext): Promise<void> {
  if ((await api.get(`/api/v1/meshes/${FRESH}`)).ok()) return;
  const made = await api.post("/api/v1/meshes", { headers: headers(), data: { slug: FRESH, name: "A fresh mesh" } });
  if (!made.ok()) throw new Error(`the fresh mesh was not made: ${await made.text()}`);
}

async function makeViewer(api: APIRequestContext): Promise<void> {
  const invited = await api.post("/api/v1/invites", {
    headers: headers(),
    data: { email: VIEWER, role: "viewer", mesh: "shop" },
  });
  // Whoever was here in an earlier run is here still.
  if (invited.status() === 409) return;
  if (!invited.ok()) throw new Error(`the viewer was not invited: ${await invited.text()}`);
  const token = new URL((await invited.json()).url).searchParams.get("token");
  const accepted = await api.post("/api/v1/invites/accept", {
    headers: headers(),
    data: { token, name: "Vera Viewer", password: `walk-${crypto.randomUUID()}` },
  });
  if (!accepted.ok()) throw new Error(`the viewer was not made: ${await accepted.text()}`);
}
