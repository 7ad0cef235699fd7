// Every screen in four guises (wide and phone, light and dark): nothing in the console, nothing sticks out or is cut off, nobody
// is locked out. Each screen is loaded wide and loaded on a phone, and turned from light to dark as it stands, as the system does
// at night. One sign-in, because a person walks from screen to screen as well.
import { GUISES, turn } from "./guises";
import { expect, expectSoundScreen, signIn, test } from "./meshwright";
import { ensureReview } from "./review-subject";
import { addressOf, isWanted, SCREENS } from "./screen-list";

const PER_SCREEN_MS = 60_000;

test("every screen is sound in every guise", { tag: "@once" }, async ({ page }) => {
  test.setTimeout(SCREENS.length * PER_SCREEN_MS);
  await signIn(page);
  const review = await ensureReview(page.request);
  // One unsound screen does not hide the next.
  const unsound: string[] = [];
  for (const screen of SCREENS.filter(isWanted)) {
    let loaded: number | undefined;
    for (const guise of GUISES) {
      try {
        await turn(page, guise);
        if (guise.viewport.width !== loaded) {
          await page.goto(addressOf(screen, review));
          loaded = guise.viewport.width;
        }
        await expect(page.getByRole("heading", { level: 1 }).first()).toBeVisible();
        await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
        await expectSoundScreen(page, { onlyColours: guise.colorScheme === "dark" });
      } catch (error) {
        unsound.push(`${screen.name}, ${guise.name}: ${error instanceof Error ? error.message : error}`);
      }
    }
  }
  expect(unsound).toEqual([]);
});
