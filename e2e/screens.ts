// `npm run screens`: renders each screen in its four guises into docs/screens, for the README and for comparison.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { signIn, test } from "./meshwright";
import { SCREENS } from "./screen-list";

const folder = fileURLToPath(new URL("../docs/screens/", import.meta.url));
/** Long enough for the charts to have their first minutes of points. */
const SETTLE_MS = 4_000;

for (const screen of SCREENS) {
  test(`render ${screen.name}`, async ({ page }, info) => {
    await signIn(page);
    const response = await page.goto(`/meshes/shop/${screen.path}`);
    test.skip(response?.status() === 404, "no such screen yet");
    await page.getByRole("heading", { level: 1 }).first().waitFor();
    await page.waitForTimeout(SETTLE_MS);
    await page.screenshot({ path: path.join(folder, `${screen.name}-${info.project.name}.png`) });
  });
}
