// Every screen in four guises (wide and phone, light and dark): nothing in the console, nothing sticks out or is cut off, nobody
// is locked out. Each screen is loaded wide and loaded on a phone, and turned from light to dark as it stands, as the system does
// at night.
import { GUISES, turn } from "./guises";
import { inLanes } from "./lanes";
import { expect, expectSoundScreen, preparePage, signIn, test, watchConsole } from "./meshwright";
import { ensureReview } from "./review-subject";
import { addressOf, isWanted, SCREENS, type Screen } from "./screen-list";

const PER_SCREEN_MS = 60_000;

test("every screen is sound in every guise", { tag: "@once" }, async ({ page, browser, consoleErrors }) => {
  const screens = SCREENS.filter(isWanted);
  test.setTimeout((1 + screens.length) * PER_SCREEN_MS);
  await signIn(page);
  const review = await ensureReview(page.request);
  const unsound = await inLanes(screens, async () => {
    const context = await browser.newContext();
    const lane = await context.newPage();
    await preparePage(lane);
    watchConsole(lane, consoleErrors);
    await signIn(lane);
    const look = async (screen: Screen) => {
      const missed: string[] = [];
      let loaded: number | undefined;
      for (const guise of GUISES) {
        try {
          await turn(lane, guise);
          if (guise.viewport.width !== loaded) {
            await lane.goto(addressOf(screen, review));
            loaded = guise.viewport.width;
          }
          await expect(lane.getByRole("heading", { level: 1 }).first()).toBeVisible();
          await expect(lane.locator("[aria-busy=true]")).toHaveCount(0);
          await expectSoundScreen(lane, { onlyColours: guise.colorScheme === "dark" });
        } catch (error) {
          missed.push(`${guise.name}: ${error instanceof Error ? error.message : error}`);
        }
      }
      if (missed.length > 0) throw new Error(missed.join("\n"));
    };
    return { look, close: () => context.close() };
  });
  expect(unsound).toEqual([]);
});
