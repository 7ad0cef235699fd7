// Reads an object of a dialect field by field and keeps what nobody asked for.
// The rule: a field is either taken, or kept verbatim with its path, or named as a problem. Nothing is dropped in silence.
import type { Path } from "@/lib/mesh";

export type Kept = { path: Path; value: unknown };
export type Problem = { path: Path; message: string; fix: string };
/** Where reading puts what it could not give to the model. */
export type Sink = { kept: Kept[]; problems: Problem[] };

export class Fields {
  private readonly left: Map<string, unknown>;

  constructor(
    value: Record<string, unknown>,
    readonly path: Path,
    private readonly sink: Sink,
  ) {
    this.left = new Map(Object.entries(value).filter(([, each]) => each !== null && each !== undefined));
  }

  static of(value: unknown, path: Path, sink: Sink): Fields | undefined {
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      return new Fields(value as Record<string, unknown>, path, sink);
    }
    sink.problems.push({ path, message: "must be an object", fix: "Write fields below it." });
    return undefined;
  }

  has(name: string): boolean {
    return this.left.has(name);
  }

  names(): string[] {
    return [...this.left.keys()];
  }

  /** What nobody took yet, as an object. */
  everything(): Record<string, unknown> {
    return Object.fromEntries(this.left);
  }

  peek(name: string): unknown {
    return this.left.get(name);
  }

  take(name: string): unknown {
    const value = this.left.get(name);
    this.left.delete(name);
    return value;
  }

  text(name: string): string | undefined {
    return this.typed(name, "a text", (value) => (typeof value === "string" ? value : undefined));
  }

  number(name: string): number | undefined {
    return this.typed(name, "a number", (value) => (typeof value === "number" ? value : undefined));
  }

  /** As number; outside of what the model takes it is kept. */
  within(name: string, least: number, most: number): number | undefined {
    const value = this.number(name);
    if (value === undefined || (value >= least && value <= most)) return value;
    this.keep(name, value);
    return undefined;
  }

  flag(name: string): boolean | undefined {
    return this.typed(name, "true or false", (value) => (typeof value === "boolean" ? value : undefined));
  }

  /** A Go or protobuf duration in milliseconds; `0s` is 0. */
  duration(name: string): number | undefined {
    return this.typed(name, 'a duration like "30s"', (value) =>
      typeof value === "string" ? durationToMs(value) : undefined,
    );
  }

  texts(name: string): string[] | undefined {
    return this.typed(name, "a list of texts", (value) =>
      Array.isArray(value) && value.every((each) => typeof each === "string") ? (value as string[]) : undefined,
    );
  }

  /** A map of texts, as labels are. */
  textMap(name: string): Record<string, string> | undefined {
    return this.typed(name, "a map of texts", (value) =>
      isRecord(value) && Object.values(value).every((each) => typeof each === "string")
        ? (value as Record<string, string>)
        : undefined,
    );
  }

  object(name: string): Fields | undefined {
    const path = [...this.path, name];
    const value = this.take(name);
    return value === undefined ? undefined : Fields.of(value, path, this.sink);
  }

  list(name: string): Fields[] {
    const path = [...this.path, name];
    const value = this.take(name);
    if (value === undefined) return [];
    if (!Array.isArray(value)) {
      this.sink.problems.push({ path, message: "must be a list", fix: 'Begin each entry with "- ".' });
      return [];
    }
    return value.flatMap((each, i) => Fields.of(each, [...path, i], this.sink) ?? []);
  }

  /** A map whose values are objects: `[key, fields]`. */
  map(name: string): [string, Fields][] {
    const path = [...this.path, name];
    const value = this.take(name);
    if (value === undefined) return [];
    if (!isRecord(value)) {
      this.sink.problems.push({ path, message: "must be a map", fix: "Write name: value lines below it." });
      return [];
    }
    return Object.entries(value).flatMap(([key, each]) => {
      const fields = Fields.of(each ?? {}, [...path, key], this.sink);
      return fields ? [[key, fields] as [string, Fields]] : [];
    });
  }

  problem(name: string | undefined, message: string, fix: string): void {
    this.sink.problems.push({ path: name === undefined ? this.path : [...this.path, name], message, fix });
  }

  /** Keeps a value that was taken after all. */
  keep(name: string, value: unknown): void {
    this.sink.kept.push({ path: [...this.path, name], value });
  }

  /** Everything that nobody took is kept. Call it last. */
  keepRest(): void {
    for (const [name, value] of this.left) this.keep(name, value);
    this.left.clear();
  }

  private typed<T>(name: string, what: string, read: (value: unknown) => T | undefined): T | undefined {
    const value = this.take(name);
    if (value === undefined) return undefined;
    const result = read(value);
    if (result === undefined) {
      const isScalar = what === "a text" && (typeof value === "boolean" || typeof value === "number");
      const fix = isScalar ? `Put it in quotes: YAML reads it as ${value}.` : `Write ${what}.`;
      this.sink.problems.push({ path: [...this.path, name], message: `must be ${what}`, fix });
    }
    return result;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

const UNIT_MS: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 0.001, µs: 0.001, ns: 0.000001 };

/** Go's duration text; parts below a millisecond are rounded up, as Istio refuses them. */
export function durationToMs(text: string): number | undefined {
  if (!/^(\d+(\.\d+)?(h|ms|m|s|us|µs|ns))+$/.test(text)) return text === "0" ? 0 : undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g)) {
    total += Number(amount) * (UNIT_MS[unit ?? ""] ?? 0);
  }
  return Math.ceil(Math.round(total * 1e6) / 1e6);
}

/** Milliseconds as Istio writes them: whole seconds where possible. */
export function msToDuration(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}

/** Without what is undefined. */
export function defined<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}
