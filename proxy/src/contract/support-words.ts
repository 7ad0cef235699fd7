// How the support table speaks of a field. Rule: words only; which fields there are is said in support.ts and its parts.

export interface FieldSupport {
  /** Only these values (enum value names, booleans, numbers) are taken. */
  readonly only?: readonly (string | number | boolean)[];
  /** For google.protobuf.Any: the message types that may be inside. */
  readonly types?: readonly string[];
  /** For maps of Any: the only keys. */
  readonly keys?: readonly string[];
  /** Accepted without effect, because... */
  readonly inert?: string;
  /** For readers of the reference. */
  readonly note?: string;
}

export type MessageSupport = Readonly<Record<string, FieldSupport>>;

export const yes: FieldSupport = {};
export const inert = (why: string): FieldSupport => ({ inert: why });
export const only = (...values: (string | number | boolean)[]): FieldSupport => ({ only: values });
export const types = (...names: string[]): FieldSupport => ({ types: names });
export const fields = (names: string): MessageSupport =>
  Object.fromEntries(names.split(/\s+/).map((name) => [name, yes]));
export const NO_RUNTIME = inert("there is no runtime layer to override the default");
