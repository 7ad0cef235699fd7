// Every screen when there is nothing, while it reads, when reading fails, when what it shows is old, and to somebody who may only look:
// it says so in words, and is as sound as when all is well. MESHWRIGHT_E2E_GUISES=wide-light,phone-dark looks in more guises than one.
import { GUISES, turn } from "./guises";
import { inLanes } from "./lanes";
import { expect, expectSoundScreen, test } from "./meshwright";
import { isWanted } from "./screen-list";
import { SCREEN_STATES, type ScreenState } from "./state-list";
import { expectWords, openStage } from "./states";

const PER_STATE_MS = 30_000;
const SHOWN_IN = GUISES.filter(({ name }) =>
  (process.env["MESHWRIGHT_E2E_GUISES"] ?? "wide-light").split(",").includes(name),
);

test("every screen says what state it is in, and what to do", { tag: "@once" }, async ({ browser }) => {
  // Who looks changes once, not with every state: another person needs a page of their own.
  const states = SCREEN_STATES.filter(isWanted).sort((a, b) => Number(a.how === "viewer") - Number(b.how === "viewer"));
  test.setTimeout((1 + states.length) * SHOWN_IN.length * PER_STATE_MS);
  const stage = await openStage(browser);
  const framed = new Set<string>();
  const unsound = await inLanes(states, async () => {
    const lane = await stage.openLane();
    const look = async (state: ScreenState) => {
      const page = await lane.show(state);
      for (const guise of SHOWN_IN) {
        await turn(page, guise);
        await expectWords(page, state);
        // What stands around the screen is the same for all of them: it is looked at once for each way into a state.
        const frame = `${state.how} ${guise.name}`;
        const within = framed.has(frame) ? "#main" : undefined;
        framed.add(frame);
        await expectSoundScreen(page, { within });
      }
    };
    return { look, close: lane.close };
  });
  expect(unsound).toEqual([]);
});
