// On a phone a row of a table folds into lines: nothing scrolls sideways, and to a screen reader it is the same table. What Chromium
// tells a screen reader is looked at, not what stands in the markup: a browser may drop the role of what is laid out otherwise.
import type { Page } from "playwright/test";
import { PHONE, WIDE } from "./guises";
import { expect, signIn, test } from "./meshwright";

const TABLES = [
  { path: "signals", label: "Services, worst first", about: /^checkout/ },
  { path: "proxies", label: "Proxies", about: /cart-v1/ },
  { path: "rollouts", label: "Deployments", about: /^r\d+/ },
  { path: "services", label: "Services", about: /^checkout/ },
  { path: "topology?show=table", label: "Dependencies", about: /→/ },
  { path: "settings?tab=people", label: "People", about: /@meshwright\.local/ },
  { path: "settings?tab=tokens", label: "API tokens", about: /folding/ },
];

interface Told {
  titles: string[];
  rows: { about: string; cells: number }[];
}

test("a folded table stays a table, and does not scroll sideways", { tag: "@once" }, async ({ page }) => {
  test.slow();
  // Not the administrator: that list of tokens is looked at while it is empty (state-list.ts).
  await signIn(page);
  for (const { path, label, about } of TABLES) {
    if (path.endsWith("tokens")) {
      await page.context().clearCookies();
      await signIn(page, "operator");
      await makeToken(page);
    }
    await page.setViewportSize(WIDE);
    await page.goto(`/meshes/shop/${path}`);
    const region = page.getByRole("region", { name: label, exact: true });
    await expect(region.getByRole("rowheader").filter({ hasText: about }).first()).toBeVisible();
    const wide = await toldOf(page, label);
    await page.setViewportSize(PHONE);
    const folded = await toldOf(page, label);
    expect(folded.titles, `titles of ${path}`).toEqual(wide.titles);
    expect(folded.titles.length).toBeGreaterThan(3);
    expect(folded.rows.length, `rows of ${path}`).toBeGreaterThan(0);
    for (const row of folded.rows) {
      expect(row.about, `what a row of ${path} is about`).not.toBe("");
      expect(row.cells, `cells of ${row.about} in ${path}`).toBe(folded.titles.length);
    }
    const outside = await region.evaluate((element) => element.scrollWidth - element.clientWidth);
    expect(outside, `${path} scrolls sideways by so many pixels`).toBeLessThanOrEqual(0);
  }
});

async function makeToken(page: Page): Promise<void> {
  const made = await page.request.post("/api/v1/tokens", {
    headers: { origin: new URL(page.url()).origin },
    data: { name: `folding ${Date.now()}`, role: "viewer", mesh: null, expiresInDays: 1 },
  });
  expect(made.ok()).toBe(true);
}

/** The table of a region as Chromium's accessibility tree has it. */
async function toldOf(page: Page, label: string): Promise<Told> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send("Accessibility.getFullAXTree");
  await session.detach();
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  const kept = (id: string): typeof nodes => {
    const node = byId.get(id);
    if (!node) return [];
    return node.ignored ? (node.childIds ?? []).flatMap(kept) : [node];
  };
  const below = (node: (typeof nodes)[number], role: string): typeof nodes =>
    (node.childIds ?? []).flatMap(kept).flatMap((child) => (child.role?.value === role ? [child] : below(child, role)));
  const region = nodes.find(({ role, name }) => role?.value === "region" && name?.value === label);
  const table = region ? below(region, "table")[0] : undefined;
  if (!table) throw new Error(`Chromium tells of no table in ${label}`);
  const nameOf = (node: (typeof nodes)[number]) => String(node.name?.value ?? "");
  const rows = below(table, "row");
  const titles = rows.flatMap((row) => below(row, "columnheader")).map(nameOf);
  const body = rows.filter((row) => below(row, "columnheader").length === 0);
  return {
    titles,
    rows: body.map((row) => {
      const [head] = below(row, "rowheader");
      return {
        about: head ? nameOf(head) : "",
        cells: below(row, "rowheader").length + below(row, "cell").length + below(row, "gridcell").length,
      };
    }),
  };
}
