// Many small looks side by side: a look mostly waits for the server and the browser. Rule: one that fails does not hide the next.
import { subject } from "./subject";

/** As many as two cores take before each of them waits for the others. */
const LANES = 3;
/** Visits a second of the demo shop meanwhile: enough to be measured, and most of the machine is left to the browser. */
const FEW_VISITS = 4;

/** Takes the list in order, `LANES` at a time; `open` prepares a lane. What failed, by name: ["overview-error: expect(…) failed"]. */
export async function inLanes<T extends { name: string }>(
  list: readonly T[],
  open: () => Promise<{ look(one: T): Promise<void>; close(): Promise<void> }>,
): Promise<string[]> {
  const left = [...list];
  const failed: string[] = [];
  const visits = await setVisits(FEW_VISITS);
  await Promise.all(
    Array.from({ length: LANES }, async () => {
      const lane = await open();
      for (let one = left.shift(); one; one = left.shift()) {
        const { name } = one;
        await lane
          .look(one)
          .catch((error: unknown) => failed.push(`${name}: ${error instanceof Error ? error.message : error}`));
      }
      await lane.close();
    }),
  );
  await setVisits(visits);
  return failed;
}

/** What it was before; a Meshwright without the demo has no visits. */
async function setVisits(load: number): Promise<number> {
  const { switchesPort } = subject();
  if (switchesPort === undefined) return load;
  const address = `http://127.0.0.1:${switchesPort}/switches`;
  const before = await (await fetch(address)).json();
  await fetch(address, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ load }),
  });
  return before.load;
}
