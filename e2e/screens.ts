// `npm run screens`: renders each screen in its four guises, and each of its states, into docs/screens, for the README and for
// comparison. MESHWRIGHT_SCREENS=overview,signals-stale renders only what its name begins with one of these.
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright/test";
import { GUISES, turn } from "./guises";
import { expect, signIn, test } from "./meshwright";
import { ensureReview } from "./review-subject";
import { addressOf, isWanted, SCREENS } from "./screen-list";
import { SCREEN_STATES } from "./state-list";
import { expectWords, openStage } from "./states";

const folder = fileURLToPath(new URL("../docs/screens/", import.meta.url));
const PER_PICTURE_MS = 60_000;
/** The last animation and the last label of a chart. */
const SETTLE_MS = 500;

async function render(page: Page, ...name: string[]): Promise<void> {
  await page.waitForTimeout(SETTLE_MS);
  await page.screenshot({ path: path.join(folder, ...name) });
}

test("render every screen", async ({ page }) => {
  const screens = SCREENS.filter(isWanted);
  test.setTimeout((1 + screens.length) * GUISES.length * PER_PICTURE_MS);
  await signIn(page);
  const review = await ensureReview(page.request);
  const missed = await each(screens, async (screen) => {
    let loaded: number | undefined;
    for (const guise of GUISES) {
      await turn(page, guise);
      if (guise.viewport.width !== loaded) await page.goto(addressOf(screen, review));
      loaded = guise.viewport.width;
      await page.getByRole("heading", { level: 1 }).first().waitFor();
      await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
      await render(page, `${screen.name}-${guise.name}.png`);
    }
  });
  expect(missed).toEqual([]);
});

test("render every state", async ({ browser }) => {
  const states = SCREEN_STATES.filter(isWanted);
  test.setTimeout((1 + states.length) * PER_PICTURE_MS);
  const stage = await openStage(browser);
  const lane = await stage.openLane();
  const missed = await each(states, async (state) => {
    const page = await lane.show(state);
    // A picture of what is there instead shows best what is wrong.
    await expectWords(page, state).finally(() => render(page, "states", `${state.name}.png`));
  });
  await lane.close();
  expect(missed).toEqual([]);
});

/** One that cannot be rendered does not hide the next. */
async function each<T extends { name: string }>(list: readonly T[], work: (one: T) => Promise<void>) {
  const missed: string[] = [];
  for (const one of list)
    await work(one).catch((error: unknown) => missed.push(`${one.name}: ${String(error).slice(0, 400)}`));
  return missed;
}
