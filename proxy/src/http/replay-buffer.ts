// The part of a request body that can be sent again. Rule: bounded; past the limit the request is no longer retried.

/** Linkerd's limit for bodies that can be sent again. */
const limitBytes = 64 * 1024;

export class ReplayBuffer {
  pieces: Buffer[] = [];
  /** False: more came than is kept. */
  isWhole = true;
  private bytes = 0;

  begin(): void {
    this.drop();
    this.isWhole = true;
  }

  /** Keeps a copy; false when this was too much. */
  keep(chunk: Buffer, start: number, end: number): boolean {
    this.pieces.push(Buffer.from(chunk.subarray(start, end)));
    this.bytes += end - start;
    if (this.bytes > limitBytes) this.isWhole = false;
    return this.isWhole;
  }

  drop(): void {
    if (this.pieces.length > 0) this.pieces = [];
    this.bytes = 0;
  }
}
