// What a route is: one object that says path, access, shapes and what happens. Validation, authorisation, OpenAPI and the
// access table test all read the same object.
// The rule: a handler gets decoded input and a principal who may do this, and returns plain data.
import type { z } from "zod";
import type { GlobalAction, MeshAction, Principal } from "@/lib/auth/permissions";
import type { BaseVersion } from "@/lib/data/drafts";
import type { Runtime } from "./runtime";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/**
 * public: anybody. signed-in: any person or token. A global action: a role on everything.
 * on mesh: the action on the mesh that `{mesh}` in the path names.
 */
export type RouteAccess =
  | { kind: "public" }
  | { kind: "signed-in" }
  | { kind: "global"; action: GlobalAction }
  | { kind: "mesh"; action: MeshAction };

export interface RouteInput<Params, Query, Body> {
  runtime: Runtime;
  principal: Principal;
  params: Params;
  query: Query;
  body: Body;
  /** If-Match as it was sent. */
  ifMatch: string | null;
  /** If-Match as a version: `"v12"` is 12, `*` is null. */
  baseVersion(): BaseVersion;
  request: { id: string; address: string; signal: AbortSignal };
}

export interface RouteResult {
  status?: number;
  body?: unknown;
  etag?: string;
  headers?: Record<string, string>;
  /** Instead of a body: a stream of bytes. */
  stream?: ReadableStream<Uint8Array>;
}

export interface Route {
  id: string;
  method: Method;
  /** As `/meshes/{mesh}/draft`; a last `{name...}` takes the rest of the path. */
  path: string;
  tag: string;
  summary: string;
  access: RouteAccess;
  params: z.ZodType | null;
  query: z.ZodType | null;
  body: z.ZodType | null;
  answer: z.ZodType | null;
  status: number;
  ifMatch: "required" | "optional" | "none";
  maxBodyBytes: number;
  handle(input: RouteInput<never, never, never>): Promise<RouteResult> | RouteResult;
}

/** 1 MiB: a thousand commands have room. */
export const DEFAULT_BODY_BYTES = 1_048_576;
/** 4 MiB: a whole design as text has room, with what JSON adds to its line ends. */
export const DESIGN_BODY_BYTES = 4 * 1_048_576;

type Out<T> = T extends z.ZodType ? z.output<T> : undefined;
type PathParams<P extends string> = P extends `${string}{${infer Name}}${infer Rest}`
  ? { [K in Name extends `${infer Bare}...` ? Bare : Name]: string } & PathParams<Rest>
  : unknown;

interface Definition<P extends string, Q extends z.ZodType | undefined, B extends z.ZodType | undefined> {
  id: string;
  method: Method;
  path: P;
  tag: string;
  summary: string;
  access: RouteAccess;
  query?: Q;
  body?: B;
  answer?: z.ZodType;
  status?: number;
  ifMatch?: "required" | "optional";
  maxBodyBytes?: number;
  handle(input: RouteInput<PathParams<P>, Out<Q>, Out<B>>): Promise<RouteResult> | RouteResult;
}

export function defineRoute<
  const P extends string,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(definition: Definition<P, Q, B>): Route {
  return {
    params: null,
    query: null,
    body: null,
    answer: null,
    status: 200,
    ifMatch: "none",
    maxBodyBytes: DEFAULT_BODY_BYTES,
    ...definition,
  } as Route;
}

export const onMesh = (action: MeshAction): RouteAccess => ({ kind: "mesh", action });
export const onAll = (action: GlobalAction): RouteAccess => ({ kind: "global", action });
export const SIGNED_IN: RouteAccess = { kind: "signed-in" };
export const PUBLIC: RouteAccess = { kind: "public" };

/** Where a page ends: one more row than asked for says that there is a next page. */
export function page<Row, Item>(
  rows: readonly Row[],
  limit: number,
  cursorOf: (row: Row) => string,
  toItem: (row: Row) => Item,
): { items: Item[]; nextCursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(toItem), nextCursor: rows.length > limit && last ? cursorOf(last) : null };
}
