// The part of a request body that can be sent again. Rule: bounded; past the limit the request is no longer retried.

/** Linkerd's limit for bodies that can be sent again. */
const limitBytes = 64 * 1024;

export class ReplayBuffer {
  pieces: Buffer[] = [];
  /** False: more came than is kept. */
  isWhole = true;
  private bytes = 0;
  /** Of this request. */
  private ownLimit = limitBytes;
  private limit = limitBytes;

  begin(): void {
    this.drop();
    this.isWhole = true;
    this.ownLimit = limitBytes;
    this.limit = limitBytes;
  }

  /** Another limit than the usual one. */
  limitTo(bytes: number): void {
    this.ownLimit = bytes;
    this.release();
  }

  /** More than that is kept for somebody who looks at it first, until it is let go. */
  hold(bytes: number): void {
    this.limit = Math.max(this.ownLimit, bytes);
  }

  release(): void {
    this.limit = this.ownLimit;
    if (this.bytes > this.ownLimit) this.isWhole = false;
  }

  /** Keeps a copy; false when this was too much. */
  keep(chunk: Buffer, start: number, end: number): boolean {
    this.pieces.push(Buffer.from(chunk.subarray(start, end)));
    this.bytes += end - start;
    if (this.bytes > this.limit) this.isWhole = false;
    return this.isWhole;
  }

  /** What was kept of a whole body goes on with another request. */
  take(): Buffer[] {
    const { pieces } = this;
    this.pieces = [];
    this.bytes = 0;
    return pieces;
  }

  put(pieces: Buffer[]): void {
    this.pieces = pieces;
    this.bytes = pieces.reduce((sum, { length }) => sum + length, 0);
  }

  drop(): void {
    if (this.pieces.length > 0) this.pieces = [];
    this.bytes = 0;
  }
}
