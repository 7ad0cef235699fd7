// Text of header values. Rule: bytes beyond ASCII are UTF-8 or marked, as in Envoy.

const ASCII = /^[\0-\x7f]*$/;

/** Latin1 that holds UTF-8, as text. */
export function utf8Of(latin1: string): string {
  return ASCII.test(latin1) ? latin1 : Buffer.from(latin1, "latin1").toString("utf8").replaceAll("\ufffd", "!");
}
