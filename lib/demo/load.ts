// The visitors of the demo shop: a steady number of requests a second through the gateway, three views for each order.
// The rule: visitors do not wait for each other (an open loop), but a shop that does not answer is not stormed.
import { Agent, request } from "node:http";
import type { Switches } from "./switches";

const TICK_MS = 100;
const MOST_IN_FLIGHT = 200;
const TIMEOUT_MS = 15_000;
/** After a failure to connect, the load rests: the gateway is probably restarting. */
const REST_MS = 500;

export class Load {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: MOST_IN_FLIGHT });
  private timer: NodeJS.Timeout | undefined;
  private owed = 0;
  private sent = 0;
  private inFlight = 0;
  private restUntil = 0;
  private lastTick = 0;

  constructor(
    private readonly gateway: { readonly host: string; readonly port: number },
    private readonly switches: Switches,
  ) {}

  get isRunning(): boolean {
    return this.timer !== undefined;
  }

  start(): void {
    this.lastTick = Date.now();
    this.timer ??= setInterval(() => this.tick(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.agent.destroy();
  }

  private tick(): void {
    const now = Date.now();
    const elapsedMs = Math.min(now - this.lastTick, 1_000);
    this.lastTick = now;
    if (now < this.restUntil) return;
    this.owed += (elapsedMs / 1000) * this.switches.load;
    for (; this.owed >= 1; this.owed -= 1) {
      // Spread inside the tick, so that requests do not come in bursts of two.
      setTimeout(() => this.send(), Math.random() * TICK_MS);
    }
  }

  private send(): void {
    if (!this.isRunning || this.inFlight >= MOST_IN_FLIGHT) return;
    const n = this.sent;
    this.sent += 1;
    const isOrder = n % 4 === 3;
    const isBeta = Math.random() < this.switches.betaShare;
    this.inFlight += 1;
    let isOver = false;
    const over = () => {
      if (!isOver) this.inFlight -= 1;
      isOver = true;
    };
    const visit = request(
      {
        agent: this.agent,
        ...this.gateway,
        method: isOrder ? "POST" : "GET",
        path: isOrder ? "/checkout" : n % 4 === 0 ? "/" : "/?cart",
        timeout: TIMEOUT_MS,
        headers: {
          host: "shop.localhost",
          accept: "application/json",
          "user-agent": "meshwright-demo-load",
          ...(isOrder ? { "content-length": 0 } : {}),
          ...(isBeta ? { "x-user-type": "beta-tester" } : {}),
        },
      },
      (response) => {
        response.resume();
        response.once("close", over);
      },
    );
    visit.once("timeout", () => visit.destroy());
    visit.once("error", () => {
      this.restUntil = Date.now() + REST_MS;
      over();
    });
    visit.end();
  }
}
