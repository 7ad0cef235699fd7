// The fields of a form as a person fills them in: by their labels, left with Enter. Rule: what was set is asked of the draft itself.
import { expect, type Locator, type Page } from "playwright/test";

type Scope = Page | Locator;
const DRAFT = "/api/v1/meshes/shop/draft";

export const field = (scope: Scope, name: string): Locator => scope.getByRole("textbox", { name, exact: true });

export async function fill(scope: Scope, name: string, value: string | number): Promise<void> {
  await field(scope, name).fill(String(value));
  await field(scope, name).press("Enter");
}

/** What the model refuses stays as it was typed, with the reason at its field; Escape takes it back. */
export async function refuse(scope: Scope, name: string, value: string | number, reason: string): Promise<void> {
  const before = await field(scope, name).inputValue();
  await fill(scope, name, value);
  await expect(scope.getByText(reason)).toBeVisible();
  await expect(field(scope, name)).toHaveAttribute("aria-invalid", "true");
  await field(scope, name).press("Escape");
  await expect(field(scope, name)).toHaveValue(before);
  await expect(scope.getByText(reason)).toHaveCount(0);
}

export async function choose(page: Page, scope: Scope, name: string, option: string): Promise<void> {
  await scope.getByRole("combobox", { name, exact: true }).click();
  await page.getByRole("option", { name: option }).click();
}

/** Adds an entry to a list of texts. */
export async function write(scope: Scope, name: string, text: string): Promise<void> {
  const list = scope.getByRole("combobox", { name, exact: true });
  await list.fill(text);
  await list.press("Enter");
}

export async function unfold(scope: Scope, name: string | RegExp): Promise<void> {
  const opener = scope.getByRole("button", { name });
  if ((await opener.getAttribute("aria-expanded")) === "false") await opener.click();
}

export const turnOn = (scope: Scope, name: string): Promise<void> => scope.getByRole("switch", { name }).click();

/** Of the object as the draft has it; nothing where there is none. */
export async function drawn(page: Page, kind: string, name: string): Promise<Record<string, unknown> | undefined> {
  const { document } = await (await page.request.get(DRAFT)).json();
  const objects: { kind: string; metadata: { name: string }; spec: Record<string, unknown> }[] = document.objects;
  return objects.find((each) => each.kind === kind && each.metadata.name === name)?.spec;
}

/** The draft as it was; `text` is its export. */
export async function putBack(page: Page, text: string): Promise<void> {
  const headers = { origin: new URL(page.url()).origin, "if-match": "*" };
  expect((await page.request.put(DRAFT, { headers, data: { text } })).ok()).toBe(true);
}

export async function exported(page: Page): Promise<string> {
  return (await (await page.request.get("/api/v1/meshes/shop/export?at=draft&format=yaml")).json()).text;
}
