// What `npm start` says: steps with their time for people, one JSON object per line with --json.
// The rule: a closed terminal must not end the program before it has ended its children, so write errors are swallowed.
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

export function createProgress({ json }) {
  const line = (event, text) => process.stdout.write(`${json ? JSON.stringify(event) : text}\n`);
  return {
    say: (text) => line({ event: "message", text }, text),
    /** Runs one step and shows its name while it runs, its outcome and its time. */
    async step(name, work) {
      const startedAt = Date.now();
      const live = !json && process.stdout.isTTY;
      if (live) process.stdout.write(`  … ${name}`);
      else if (json) line({ event: "step", name, state: "started" });
      const clear = live ? "\r\x1b[2K" : "";
      try {
        const { note, value } = (await work()) ?? {};
        const ms = Date.now() - startedAt;
        line(
          { event: "step", name, state: "done", note, ms },
          `${clear}  ✓ ${name}${note ? ` (${note})` : ""}  ${seconds(ms)}`,
        );
        return value;
      } catch (error) {
        line({ event: "step", name, state: "failed", error: error.message }, `${clear}  ✗ ${name}`);
        throw error;
      }
    },
    ready: (facts, text) => line({ event: "ready", ...facts }, text),
    fail(error) {
      if (json) line({ event: "failed", error: error.message });
      else process.stderr.write(`\n${error.message}\n`);
    },
  };
}
