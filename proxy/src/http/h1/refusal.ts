// Why a message is not taken. Rule: one object per reason, so that refusing costs nothing.

/** Why a head was refused: a status for the peer and a detail for the log. */
export interface HeadRefusal {
  readonly status: number;
  readonly detail: string;
}

const refusals = new Map<string, HeadRefusal>();
/** One shared object per reason, so that a flood of bad requests allocates nothing. */
export function refusal(status: number, detail: string): HeadRefusal {
  const key = `${status} ${detail}`;
  let found = refusals.get(key);
  if (found === undefined) {
    found = { status, detail };
    refusals.set(key, found);
  }
  return found;
}
