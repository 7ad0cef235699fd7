// How the same screen is looked at: wide and on a phone, by day and by night. Rule: one list, for the projects of Playwright and for
// the tests that turn one page from one guise into the next instead of loading it four times.
import type { Page } from "playwright/test";

export const WIDE = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

export const GUISES = [
  { name: "wide-light", viewport: WIDE, colorScheme: "light" },
  { name: "wide-dark", viewport: WIDE, colorScheme: "dark" },
  { name: "phone-light", viewport: PHONE, colorScheme: "light" },
  { name: "phone-dark", viewport: PHONE, colorScheme: "dark" },
] as const;
export type Guise = (typeof GUISES)[number];

/** The page as it stands, in another guise. */
export async function turn(page: Page, { viewport, colorScheme }: Guise): Promise<void> {
  await page.setViewportSize(viewport);
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
}
