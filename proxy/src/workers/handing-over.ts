// Connections on their way to a worker. Node's cluster module gives each to one worker and forgets it when that one dies before it has said
// that it took it: its caller would wait until its own limit. Rule: what was not taken when the channel was read to its end was not read by
// anybody, so that another worker may have it; what Node does not tell in the way that it is known here is left to Node.

import type { ChildProcess } from "node:child_process";

/** What node:cluster says to a worker, and a worker to it (lib/internal/cluster in Node 20 to 24). */
interface ClusterMessage {
  readonly act?: string;
  readonly seq?: number;
  readonly ack?: number;
}

interface Handle {
  close(): void;
}

/** A connection that is to be given to somebody else. */
export interface Untaken {
  readonly message: ClusterMessage;
  readonly handle: Handle;
}

type Send = (message: ClusterMessage, handle?: Handle, ...rest: unknown[]) => boolean;

/** Notes what is handed to this process; the function given back tells what it has not taken, and forgets it. */
export function watchHandingOver(child: ChildProcess): () => Untaken[] {
  const underWay = new Map<number, Untaken>();
  const send = child.send.bind(child) as Send;
  const noting: Send = (message, handle, ...rest) => {
    if (message.act === "newconn" && message.seq !== undefined && handle !== undefined)
      underWay.set(message.seq, { message, handle });
    return send(message, handle, ...rest);
  };
  child.send = noting as typeof child.send;
  child.on("internalMessage", ({ ack }: ClusterMessage) => {
    if (ack !== undefined) underWay.delete(ack);
  });
  return () => {
    const untaken = [...underWay.values()];
    underWay.clear();
    return untaken;
  };
}

/** Node hears of it as if it had been given to that one at first. */
export const giveTo = (child: ChildProcess, { message, handle }: Untaken): boolean =>
  (child.send as Send)(message, handle);
