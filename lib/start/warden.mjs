// The warden: a small detached process that holds the other end of a pipe to the supervisor.
// When the pipe closes without a goodbye the supervisor was killed; the warden then ends what it left behind.
//   node warden.mjs HOME
import fs from "node:fs";
import path from "node:path";
import { endLeftovers } from "./processes.mjs";
import { sleep } from "./wait.mjs";

const home = process.argv[2];
let said = "";

process.on("SIGINT", () => {});
process.on("SIGHUP", () => {});
process.stdin.setEncoding("utf8");
process.stdin.on("data", (text) => {
  said += text;
});
process.stdin.on("error", () => {});
process.stdin.on("close", async () => {
  if (said.includes("goodbye")) process.exit(0);
  // Every process notices by itself within a second and ends in order; only then is anything forced.
  await sleep(1_500);
  const ended = await endLeftovers(home);
  const lock = path.join(home, "lock.json");
  try {
    if (JSON.parse(fs.readFileSync(lock, "utf8")).pid === Number(process.argv[3])) fs.rmSync(lock, { force: true });
  } catch {
    // no lock, nothing to release
  }
  fs.appendFileSync(
    path.join(home, "logs", "start.log"),
    `${new Date().toISOString()} the supervisor was killed; ended what was left: ${ended.join(", ") || "nothing"}\n`,
  );
  process.exit(0);
});
