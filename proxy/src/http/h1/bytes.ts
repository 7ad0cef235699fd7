// Bytes to latin1 text and back without the bounds checks and the encoding switch of Buffer.toString.

interface Latin1Buffer extends Buffer {
  latin1Slice(start: number, end: number): string;
  latin1Write(text: string, at: number, size: number): number;
}

export function latin1(bytes: Buffer, start: number, end: number): string {
  return (bytes as Latin1Buffer).latin1Slice(start, end);
}

/** Returns the number of bytes written, which is the length of the text. */
export function writeLatin1(bytes: Buffer, text: string, at: number): number {
  return (bytes as Latin1Buffer).latin1Write(text, at, text.length);
}
