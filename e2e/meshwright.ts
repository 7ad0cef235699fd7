// What every browser test leans on: signing in by a fresh one-time link, and the expectations that hold on every screen.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import AxeBuilder from "@axe-core/playwright";
import { type BrowserContext, test as base, expect, type Page, type Route } from "playwright/test";
import { subject } from "./subject";

const run = promisify(execFile);
const startScript = fileURLToPath(new URL("../lib/start/start.mjs", import.meta.url));

export const PEOPLE = {
  administrator: "admin@meshwright.local",
  author: "author@meshwright.local",
  reviewer: "reviewer@meshwright.local",
  operator: "operator@meshwright.local",
} as const;
export type Person = keyof typeof PEOPLE;
type Cookies = Awaited<ReturnType<BrowserContext["cookies"]>>;

/** A one-time link, asked of the running Meshwright as a person would: npm start -- --sign-in-link EMAIL. */
export async function signInLink(email: string, of: { url: string; home: string } = subject()): Promise<string> {
  const { stdout } = await run(process.execPath, [startScript, "--json", "--home", of.home, "--sign-in-link", email]);
  const url = JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}").signInLinks?.[0]?.url;
  if (!url) throw new Error(`no sign-in link for ${email}: ${stdout}`);
  // The link names the port that npm start was given; the Meshwright under test may stand behind another one.
  const { pathname, search } = new URL(url);
  return new URL(pathname + search, of.url).href;
}

/** The page asks before it uses the link, so that a preview of the link in a chat does not burn it. */
export async function enterByLink(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.getByRole("button", { name: "Continue with this link" }).click();
}

const sessions = new Map<Person, Cookies>();

/** The first time by a link, afterwards with the session that the link gave: most tests are about what stands behind the door. */
export async function signIn(page: Page, person: Person = "administrator"): Promise<void> {
  const session = sessions.get(person);
  if (session) {
    await page.context().addCookies(session);
    await page.goto("/");
  } else {
    await enterByLink(page, await signInLink(PEOPLE[person]));
  }
  await page.waitForURL(/\/meshes\//);
  sessions.set(person, await page.context().cookies());
}

/** Problems that a person would see only in the developer tools: collected from the first navigation on. */
interface Watched {
  consoleErrors: string[];
}

/** React keeps a part of the page that was streamed in a hidden copy until it is shown: for a moment a label stands twice. */
const isWhole = () => document.querySelector('div[hidden][id^="S:"]') === null;
const WHOLE_LIMIT_MS = 2_000;

const LATE_MS = Number(process.env["MESHWRIGHT_E2E_LATE_MS"] ?? 0);

/** With MESHWRIGHT_E2E_LATE_MS each answer comes up to so much later, as on a machine that is busy. */
async function answerLate(route: Route): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, Math.random() * LATE_MS));
  await route.continue();
}

/** `goto` returns once the page stands as a whole. */
export async function preparePage(page: Page): Promise<void> {
  if (LATE_MS > 0) await page.route(/\/api\/v1\/(?!.*events)/, answerLate);
  const goto = page.goto.bind(page);
  page.goto = async (...where) => {
    const response = await goto(...where);
    await page.waitForFunction(isWhole, undefined, { timeout: WHOLE_LIMIT_MS }).catch(() => undefined);
    return response;
  };
}

/** A page that a test opens itself is watched when the test says so. */
export function watchConsole(page: Page, errors: string[]): void {
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(`${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => errors.push(`uncaught: ${error.message}`));
}

export const test = base.extend<Watched>({
  page: async ({ page }, use) => {
    await preparePage(page);
    await use(page);
  },
  consoleErrors: [
    async ({ page }, use) => {
      const errors: string[] = [];
      watchConsole(page, errors);
      await use(errors);
      expect(errors, "errors in the browser's console").toEqual([]);
    },
    { auto: true },
  ],
});

async function horizontalOverflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** Text that is cut off although nothing says so: no ellipsis, no way to scroll. */
async function clippedTexts(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("h1, h2, h3, p, button, a, label, th, td, dt, dd")]
      .filter((element) => {
        const style = getComputedStyle(element);
        const hides = style.overflowX === "hidden" || style.overflowX === "clip";
        const isVisible = element.offsetParent !== null && element.clientWidth > 1;
        return isVisible && hides && style.textOverflow !== "ellipsis" && element.scrollWidth > element.clientWidth + 1;
      })
      .map((element) => (element.textContent ?? "").slice(0, 60)),
  );
}

/** Holds on every screen: nothing sticks out, nothing is cut off, and nobody is locked out by how it is built. */
export async function expectSoundScreen(
  page: Page,
  { within, onlyColours = false }: { within?: string | undefined; onlyColours?: boolean } = {},
): Promise<void> {
  expect(await horizontalOverflow(page), "horizontal scroll in pixels").toBeLessThanOrEqual(0);
  expect(await clippedTexts(page), "clipped texts").toEqual([]);
  // There are no frames of other origins and no rules that read style sheets: looked at within the page, in half of the time.
  const axe = new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ["violations"], preload: false });
  if (within) axe.include(within);
  // By night the same page stands in other colours: how it is built was looked at by day.
  if (onlyColours) axe.withRules(["color-contrast", "link-in-text-block"]);
  const { violations } = await axe.analyze();
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(
    grave.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`),
    "axe findings of impact serious or critical",
  ).toEqual([]);
}

export { expect };
