// Whose death ends us. npm passes no signals on: TERM or KILL of npm leaves its shell and us alive, so we watch every process
// from our parent up to npm. With --detach nobody is watched: the person asked for exactly that.
import { describe, isAlive, referTo } from "./processes.mjs";

const LOOK_EVERY_MS = 500;

/** Our parent, and when npm is further up, everybody up to it. */
function watched() {
  const parents = [];
  let pid = process.ppid;
  for (let depth = 0; depth < 5 && pid > 1; depth += 1) {
    const facts = describe(pid);
    if (!facts) break;
    parents.push(referTo(pid));
    if (/(^|\/|\s)npm(-cli\.js)?(\s|$)/.test(facts.command)) return parents;
    pid = facts.parent;
  }
  return parents.slice(0, 1);
}

/** Calls `onGone` once when one of them is gone. */
export function watchAncestors(onGone) {
  const parents = watched();
  const firstParent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === firstParent && parents.every((parent) => isAlive(parent))) return;
    clearInterval(timer);
    onGone();
  }, LOOK_EVERY_MS);
  timer.unref();
}
