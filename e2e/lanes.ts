// Many small looks side by side: a look mostly waits for the server and the browser. Rule: one that fails does not hide the next.

/** As many as two cores take before each of them waits for the others. */
const LANES = 3;

/** Takes the list in order, `LANES` at a time; `open` prepares a lane. What failed, by name: ["overview-error: expect(…) failed"]. */
export async function inLanes<T extends { name: string }>(
  list: readonly T[],
  open: () => Promise<{ look(one: T): Promise<void>; close(): Promise<void> }>,
): Promise<string[]> {
  const left = [...list];
  const failed: string[] = [];
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
  return failed;
}
