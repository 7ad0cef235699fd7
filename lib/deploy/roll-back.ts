// Which revision one step back is. Pure; read by the server and by the screen.
// The rule: a step back takes away what it goes back from, so that the next one goes further back, and never forward to what was left.
type Done = { revision: number; isRollBack: boolean };

/** @param done deployments that reached their environment, oldest first; @returns what ran before the last of them, null without one */
export function revisionBefore(done: readonly Done[]): number | null {
  const ran: number[] = [];
  for (const { revision, isRollBack } of done) {
    const at = isRollBack ? ran.lastIndexOf(revision) : -1;
    if (at >= 0) ran.length = at + 1;
    else if (ran.at(-1) !== revision) ran.push(revision);
  }
  return ran.at(-2) ?? null;
}
