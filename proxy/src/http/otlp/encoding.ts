// What spans and log records have in common as bytes. Rule: the numbers are those of contract/protos.

import { type BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** One KeyValue whose value is text; its tag is written already. */
export function textAttribute(to: BinaryWriter, key: string, value: string): void {
  to.fork().tag(1, WireType.LengthDelimited).string(key);
  to.tag(2, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).string(value).join();
  to.join();
}

export const nanoseconds = (ms: number): bigint => BigInt(Math.round(ms * 1000)) * 1000n;
