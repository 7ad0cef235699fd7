// Ports for sidecars: chosen once for a proxy, kept for ever, since others hold them in their configuration.
// They lie below the range that systems take outgoing ports from, so that a restart finds them free.

import { createServer } from "node:net";

const FIRST = 20_000;
const LAST = 32_000; // Linux takes outgoing ports from 32768 up

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

export class PortAllocator {
  private readonly taken = new Set<number>();
  private reserved: ReadonlySet<number> = new Set();

  constructor(
    private readonly host: string,
    private readonly random: () => number = Math.random,
  ) {}

  keep(port: number): void {
    this.taken.add(port);
  }

  /** Instead of those before: never chosen, whoever listens there. */
  reserve(ports: readonly number[]): void {
    this.reserved = new Set(ports);
  }

  async next(): Promise<number> {
    for (let attempt = 0; attempt < 1000; attempt += 1) {
      const port = FIRST + Math.floor(this.random() * (LAST - FIRST));
      if (!this.taken.has(port) && !this.reserved.has(port) && (await isFree(port, this.host))) {
        this.taken.add(port);
        return port;
      }
    }
    throw new Error(
      `No free port between ${FIRST} and ${LAST} on ${this.host}. Stop other programs that listen there.`,
    );
  }
}
