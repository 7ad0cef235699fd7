// Loaded before a process that is not ours (`node --import`): the web server. Gives it what our own processes do by themselves:
// it ends when its supervisor is gone, and a TERM ends it within two seconds even while a browser holds an event stream.
// And it believes no caller about its own address: Next writes the peer's into x-forwarded-for only where nothing stands.
import { subscribe } from "node:diagnostics_channel";
import { isAlive } from "./processes.mjs";

const pid = Number(process.env.MESHWRIGHT_SUPERVISOR_PID);
const supervisor = { pid, startTime: process.env.MESHWRIGHT_SUPERVISOR_START || null };
const GRACE_MS = 2_000;

function endSoon() {
  setTimeout(() => process.exit(0), GRACE_MS).unref();
}

if (!(Number(process.env.MESHWRIGHT_TRUSTED_PROXIES) > 0)) {
  subscribe("http.server.request.start", ({ request }) => {
    delete request.headers["x-forwarded-for"];
  });
}

process.once("SIGTERM", endSoon);
if (pid) {
  setInterval(() => {
    if (isAlive(supervisor)) return;
    process.kill(process.pid, "SIGTERM");
    endSoon();
  }, 1_000).unref();
}
