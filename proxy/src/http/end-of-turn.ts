// Who has something to write in this turn of the event loop, and the one call that writes it all when the turn is over.
// Rule: what was asked for in a turn leaves in that turn, after everything that could be read has been read.
//
// Measured (docs/decisions/http1-hop.md): a write in the middle of the turn wakes the peer, which wants the processor and
// the caches that the next request of the turn is about to use. Together at the end they save about a fifth of everything.

export interface TurnWriter {
  /** Called once for each `atEndOfTurn`. */
  writeOut(): void;
}

/** Kept at its size, with null behind `dueCount`: a list that is cut to nothing gives up its storage, and a turn would make a new one. */
const due: (TurnWriter | null)[] = [];
let dueCount = 0;

function writeDue(): void {
  for (let i = 0; i < dueCount; i++) {
    (due[i] as TurnWriter).writeOut();
    due[i] = null;
  }
  dueCount = 0;
}

/** The caller sees to it that it asks once per turn. */
export function atEndOfTurn(writer: TurnWriter): void {
  if (dueCount === 0) setImmediate(writeDue);
  due[dueCount++] = writer;
}
