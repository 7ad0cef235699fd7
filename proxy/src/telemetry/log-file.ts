// A log file that never blocks a request: lines collect in memory and leave in batches.
// Rule: what waits is bounded; when the disk cannot follow, lines are dropped and counted, requests go on.
//
// A line becomes bytes at once. Measured: kept as text until the batch left, the lines of a busy proxy were copied by every collection
// of the young generation, and a batch was put together from ten thousand pieces: a third of what a line cost.

import { closeSync, open, openSync, write, writeSync } from "node:fs";

const blockBytes = 64 * 1024;
const maxSpare = 8;
const flushMs = 100;
const maxWaitingBytes = 8 * 1024 * 1024;
/** UTF-8 of one character of a JavaScript string. */
const maxCharacterBytes = 3;

const none = Buffer.alloc(0);

export class LogFile {
  private fd = -1;
  private block: Buffer = none;
  private at = 0;
  /** Written, and taken for the next blocks: one that lives for a while is freed late, and so are those before it. */
  private readonly spare: Buffer[] = [];
  /** Full blocks behind the one that is being written. */
  private readonly full: Buffer[] = [];
  private fullBytes = 0;
  private timer: NodeJS.Timeout | null = null;
  private isWriting = false;
  dropped = 0;

  constructor(private readonly path: string) {
    this.fd = path === "/dev/stdout" ? 1 : path === "/dev/stderr" ? 2 : openSync(path, "a", 0o600);
  }

  /** `line` ends with "\n". */
  append(line: string): void {
    const room = maxCharacterBytes * line.length;
    if (this.at + room > this.block.length) {
      if (this.fullBytes > maxWaitingBytes) {
        this.dropped++;
        return;
      }
      this.endBlock();
      const spare = room <= blockBytes ? this.spare.pop() : undefined;
      this.block = spare ?? Buffer.allocUnsafeSlow(Math.max(blockBytes, room));
      this.flush();
    }
    this.at += this.block.write(line, this.at, "utf8");
    // While a batch is being written the next one collects, so that a busy proxy writes in large pieces.
    if (!this.isWriting) this.timer ??= setTimeout(this.onTime, flushMs).unref();
  }

  private endBlock(): void {
    if (this.at > 0) this.full.push(this.block.subarray(0, this.at));
    this.fullBytes += this.at;
    this.block = none;
    this.at = 0;
  }

  private readonly onTime = (): void => {
    this.timer = null;
    this.endBlock();
    this.flush();
  };

  private flush(): void {
    if (this.isWriting || this.fd < 0) return;
    const batch = this.full.shift();
    if (batch === undefined) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.fullBytes -= batch.length;
    this.isWriting = true;
    this.writeAll(batch, 0);
  }

  private writeAll(batch: Buffer, from: number): void {
    write(this.fd, batch, from, batch.length - from, null, (error, written) => {
      // A closed pipe or a full disk loses lines, never the process.
      if (error === null && from + written < batch.length) return this.writeAll(batch, from + written);
      this.isWriting = false;
      const isUsual = batch.buffer.byteLength === blockBytes;
      if (isUsual && this.spare.length < maxSpare) this.spare.push(Buffer.from(batch.buffer));
      this.flush();
      if (!this.isWriting && this.at > 0) this.timer ??= setTimeout(this.onTime, flushMs).unref();
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
    this.endBlock();
    if (this.fd < 0) return;
    try {
      for (const block of this.full) writeSync(this.fd, block);
    } catch {
      // Exit goes on: there is nobody left to tell.
    }
    this.full.length = 0;
    this.fullBytes = 0;
  }
}
