// From a raw path to a route and its parameters.
// The rule: a path is taken apart before it is decoded, and no decoded part may hold a slash, a dot-dot or a control character,
// except where a route asks for the rest of the path, whose parts are checked one by one.
import { AppError } from "@/lib/errors";
import type { Route } from "./route";

export const API_PREFIX = "/api/v1";

export interface Matched {
  /** Routes at this path, by method. */
  routes: ReadonlyMap<string, Route>;
  params: Record<string, string>;
}

interface Entry {
  parts: readonly string[];
  routes: Map<string, Route>;
}

export class PathTable {
  private readonly entries: Entry[] = [];

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const parts = route.path.split("/").slice(1);
      const entry = this.entries.find((each) => each.parts.join("/") === parts.join("/"));
      if (entry?.routes.has(route.method)) throw new Error(`Two routes for ${route.method} ${route.path}.`);
      if (entry) entry.routes.set(route.method, route);
      else this.entries.push({ parts, routes: new Map([[route.method, route]]) });
    }
    // Fixed words before parameters, so that /users/me is not a user called "me".
    this.entries.sort((a, b) => specificity(b.parts) - specificity(a.parts));
  }

  match(rawPath: string): Matched {
    if (!rawPath.startsWith(`${API_PREFIX}/`)) throw new AppError("not-found");
    const segments = rawPath
      .slice(API_PREFIX.length + 1)
      .split("/")
      .map(decodeSegment);
    for (const { parts, routes } of this.entries) {
      const params = matchParts(parts, segments);
      if (params) return { routes, params };
    }
    throw new AppError("not-found", {
      detail: "There is nothing at this path. /api/v1/openapi.json lists what there is.",
    });
  }
}

const isParameter = (part: string) => part.startsWith("{");
const isRest = (part: string) => part.endsWith("...}");

function specificity(parts: readonly string[]): number {
  return parts.reduce((sum, part, i) => sum + (isRest(part) ? -1_000 : isParameter(part) ? 0 : 100 - i), 0);
}

function matchParts(parts: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [i, part] of parts.entries()) {
    const segment = segments[i];
    if (segment === undefined || segment === "") return undefined;
    if (isRest(part)) {
      const rest = segments.slice(i);
      if (rest.includes("")) return undefined;
      params[part.slice(1, -4)] = rest.join("/");
      return params;
    }
    if (isParameter(part)) params[part.slice(1, -1)] = segment;
    else if (part !== segment) return undefined;
  }
  return parts.length === segments.length ? params : undefined;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses
const FORBIDDEN = /[\u0000-\u001f\u007f\\]/;

function decodeSegment(raw: string): string {
  let text: string;
  try {
    text = decodeURIComponent(raw);
  } catch (cause) {
    throw new AppError("invalid-path", { cause });
  }
  // An encoded slash splits here, so that it can only ever mean what a plain one means.
  if (FORBIDDEN.test(text) || text.length > 512) throw new AppError("invalid-path");
  if (text.split("/").some((part) => part === "." || part === "..")) throw new AppError("invalid-path");
  return text;
}
