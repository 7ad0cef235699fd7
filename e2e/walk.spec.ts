// Every screen in four guises (wide and phone, light and dark): nothing in the console, nothing sticks out or is cut off, nobody
// is locked out. One sign-in per guise, because a person walks from screen to screen as well.
import { expect, expectSoundScreen, signIn, test } from "./meshwright";
import { SCREENS } from "./screen-list";

const PER_SCREEN_MS = 30_000;

test("every screen is sound", async ({ page }) => {
  test.setTimeout(SCREENS.length * PER_SCREEN_MS);
  await signIn(page);
  // One unsound screen does not hide the next.
  const unsound: string[] = [];
  for (const { name, path } of SCREENS) {
    try {
      await page.goto(`/meshes/shop/${path}`);
      await expect(page.getByRole("heading", { level: 1 }).first()).toBeVisible();
      await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
      await expectSoundScreen(page);
    } catch (error) {
      unsound.push(`${name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  expect(unsound).toEqual([]);
});
