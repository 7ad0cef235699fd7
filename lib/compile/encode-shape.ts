// In which order the bytes of a message's fields go, worked out once for all values that say the same fields in the same order.
// The rule: there are no more shapes than ways in which the compiler writes a message, for only fields that the message has make one.
import type { Writes } from "./encode-values";
import type { JsonObject } from "./envoy-json";

export type Field = {
  key: string;
  number: number;
  oneof: string | undefined;
  /** A value of it comes to bytes even where it is empty or zero. */
  isAlwaysSeen: boolean;
  writes: Writes;
};

/** What shapes of one message have in common. */
export type Message = {
  name: string;
  fields: ReadonlyMap<string, Field>;
  /** A key that is no field and says something else. */
  beside: string | undefined;
};

export class Shape {
  private readonly next = new Map<string, Shape>();
  readonly isAlwaysSeen: boolean;

  /** `fields` by their numbers: that is the order of their bytes. */
  constructor(
    private readonly message: Message,
    readonly fields: readonly Field[] = [],
  ) {
    this.isAlwaysSeen = fields.some((field) => field.isAlwaysSeen);
  }

  /** Of a value of which this one, the empty shape, says nothing yet. */
  of(value: JsonObject): Shape {
    let shape: Shape = this;
    for (const key in value) shape = shape.next.get(key) ?? shape.and(key);
    return shape;
  }

  private and(key: string): Shape {
    const { name, fields, beside } = this.message;
    if (key === beside) return this;
    const field = fields.get(key);
    if (!field) throw new Error(`${name} has no field "${key}"`);
    const isSame = (each: Field) => each.number === field.number || (field.oneof && each.oneof === field.oneof);
    if (this.fields.some(isSame)) throw new Error(`${name}: "${key}" is said twice`);
    const shape = new Shape(
      this.message,
      [...this.fields, field].sort((a, b) => a.number - b.number),
    );
    this.next.set(key, shape);
    return shape;
  }
}
