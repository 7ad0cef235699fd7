// Every screen when there is nothing, while it reads, when reading fails, when what it shows is old, and to somebody who may only look:
// it says so in words, and is as sound as when all is well. MESHWRIGHT_E2E_GUISES=wide-light,phone-dark looks in more guises than one.
import { GUISES, turn } from "./guises";
import { expect, expectSoundScreen, test } from "./meshwright";
import { isWanted } from "./screen-list";
import { SCREEN_STATES } from "./state-list";
import { expectWords, openStage } from "./states";

const PER_STATE_MS = 30_000;
const SHOWN_IN = GUISES.filter(({ name }) =>
  (process.env["MESHWRIGHT_E2E_GUISES"] ?? "wide-light").split(",").includes(name),
);

test("every screen says what state it is in, and what to do", { tag: "@once" }, async ({ browser }) => {
  test.setTimeout(SCREEN_STATES.length * PER_STATE_MS);
  const stage = await openStage(browser);
  const framed = new Set<string>();
  const unsound: string[] = [];
  for (const state of SCREEN_STATES.filter(isWanted)) {
    try {
      const page = await stage.show(state);
      for (const guise of SHOWN_IN) {
        await turn(page, guise);
        await expectWords(page, state);
        // What stands around the screen is the same for all of them: it is looked at once for each way into a state.
        const frame = `${state.how} ${guise.name}`;
        await expectSoundScreen(page, { within: framed.has(frame) ? "#main" : undefined });
        framed.add(frame);
      }
    } catch (error) {
      unsound.push(`${state.name}: ${error instanceof Error ? error.message : error}`);
    }
  }
  await stage.close();
  expect(unsound).toEqual([]);
});
