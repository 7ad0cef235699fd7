// A log file that never blocks a request: lines collect in memory and leave in batches.
// Rule: the queue is bounded; when the disk cannot follow, lines are dropped and counted, requests go on.

import { closeSync, open, openSync, write, writeSync } from "node:fs";

const flushBytes = 64 * 1024;
const flushMs = 100;
const maxQueuedBytes = 8 * 1024 * 1024;

export class LogFile {
  private fd = -1;
  private text = "";
  private timer: NodeJS.Timeout | null = null;
  private isWriting = false;
  dropped = 0;

  constructor(private readonly path: string) {
    this.fd = path === "/dev/stdout" ? 1 : path === "/dev/stderr" ? 2 : openSync(path, "a", 0o600);
  }

  /** `line` ends with "\n". */
  append(line: string): void {
    if (this.text.length > maxQueuedBytes) {
      this.dropped++;
      return;
    }
    this.text += line;
    // While a batch is being written the next one collects, so that a busy proxy writes in large pieces.
    if (this.isWriting) return;
    if (this.text.length >= flushBytes) this.flush();
    else this.timer ??= setTimeout(this.flush, flushMs).unref();
  }

  private readonly flush = (): void => {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    if (this.isWriting || this.text === "" || this.fd < 0) return;
    const batch = Buffer.from(this.text, "utf8");
    this.text = "";
    this.isWriting = true;
    this.writeAll(batch, 0);
  };

  private writeAll(batch: Buffer, from: number): void {
    write(this.fd, batch, from, batch.length - from, null, (error, written) => {
      // A closed pipe or a full disk loses lines, never the process.
      if (error === null && from + written < batch.length) return this.writeAll(batch, from + written);
      this.isWriting = false;
      if (this.text.length >= flushBytes) this.flush();
      else if (this.text !== "") this.timer ??= setTimeout(this.flush, flushMs).unref();
    });
  }

  /** After log rotation (SIGUSR1). */
  reopen(): void {
    if (this.fd <= 2) return;
    open(this.path, "a", 0o600, (error, fd) => {
      if (error !== null) return;
      const old = this.fd;
      this.fd = fd;
      setTimeout(() => closeSync(old), 1000).unref();
    });
  }

  /** Last batch, at exit. */
  closeSync(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    if (this.text === "" || this.fd < 0) return;
    try {
      writeSync(this.fd, this.text);
    } catch {
      // Exit goes on: there is nobody left to tell.
    }
    this.text = "";
  }
}
