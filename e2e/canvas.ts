// The canvas as a hand meets it: boxes by their key, lines by theirs, dragging with a real pointer.
import { expect, type Locator, type Page } from "playwright/test";

export const boxOf = (page: Page, key: string): Locator => page.locator(`.react-flow__node[data-id="${key}"]`);
export const lineOf = (page: Page, key: string): Locator => page.locator(`.react-flow__edge[data-id="${key}"] > g`);

async function centreOf(locator: Locator): Promise<{ x: number; y: number }> {
  const box = await locator.boundingBox();
  if (!box) throw new Error("nothing to grab: the element is not visible");
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

/** Presses, moves in steps as a hand does, lets go. */
async function drag(page: Page, from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 8 });
  await page.mouse.move(to.x, to.y, { steps: 8 });
  await page.mouse.up();
}

/** Draws a line: from the dot at the right of one box onto the other box. */
export async function connect(page: Page, from: string, to: string): Promise<void> {
  await boxOf(page, from).hover();
  const dot = boxOf(page, from).locator(".react-flow__handle.source");
  await drag(page, await centreOf(dot), await centreOf(boxOf(page, to)));
}

export async function moveBox(page: Page, key: string, by: { x: number; y: number }): Promise<void> {
  const from = await centreOf(boxOf(page, key));
  await drag(page, from, { x: from.x + by.x, y: from.y + by.y });
}

/** Where a box stands in the picture, in its own units: what is saved, whatever the zoom. */
export async function placeOf(page: Page, key: string): Promise<string> {
  return boxOf(page, key).evaluate((element) => element.style.transform);
}

export async function expectSaved(page: Page): Promise<void> {
  await expect(page.getByRole("status").filter({ hasText: /^Saved$/ })).toBeVisible();
}
