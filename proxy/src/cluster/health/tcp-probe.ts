// Health checks by TCP: a connection, and where something is to be said, what must come back. Rule: without anything to receive the connection is
// the answer; with it, a peer that hangs up has failed, whenever it does (as in Envoy).

import type { Socket } from "node:net";
import type { TcpCheckPlan } from "../../plan/types";
import { holdsInOrder } from "../../semantics";
import type { UpstreamHost } from "../host";
import { NETWORK, PASSED, type Probe, type ProbeOutcome } from "./probe";

/** A peer that says more without saying what is waited for has failed. */
const MAX_ANSWER_BYTES = 64 * 1024;

export class TcpProbe implements Probe {
  private socket: Socket | null = null;
  private isAsking = false;
  private received = Buffer.alloc(0);

  constructor(
    private readonly host: UpstreamHost,
    private readonly check: TcpCheckPlan,
    private readonly reuses: boolean,
    private readonly onDone: (outcome: ProbeOutcome) => void,
  ) {}

  ask(): void {
    this.isAsking = true;
    if (this.socket !== null) {
      this.say(this.socket);
      return;
    }
    const { host } = this;
    this.socket = host.cluster.dialer.dial(
      host,
      (socket) => this.onReady(socket),
      () => {
        // Given up: nobody asks any more.
        if (!this.isAsking) return;
        this.socket = null;
        this.finish(NETWORK);
      },
      { port: host.plan.check?.port || host.plan.port, timeoutMs: null },
    );
  }

  private onReady(socket: Socket): void {
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => this.onData(chunk));
    socket.on("close", () => this.onClose(socket));
    this.say(socket);
    if (this.check.receive.length > 0) return;
    this.drop();
    this.finish(PASSED);
  }

  private say(socket: Socket): void {
    this.received = Buffer.alloc(0);
    if (this.check.send.length > 0) socket.write(this.check.send);
  }

  private onData(chunk: Buffer): void {
    if (!this.isAsking) return;
    this.received = Buffer.concat([this.received, chunk]);
    if (holdsInOrder(this.received, this.check.receive)) {
      if (!this.reuses) this.drop();
      this.finish(PASSED);
    } else if (this.received.length > MAX_ANSWER_BYTES) {
      this.drop();
      this.finish(NETWORK);
    }
  }

  private onClose(socket: Socket): void {
    if (socket !== this.socket) return;
    this.socket = null;
    this.finish(NETWORK);
  }

  private finish(outcome: ProbeOutcome): void {
    this.isAsking = false;
    this.received = Buffer.alloc(0);
    this.onDone(outcome);
  }

  abort(): void {
    this.isAsking = false;
    this.drop();
  }

  retire(): void {
    if (!this.isAsking) this.drop();
  }

  close(): void {
    this.abort();
  }

  private drop(): void {
    const { socket } = this;
    this.socket = null;
    socket?.destroy();
  }
}
