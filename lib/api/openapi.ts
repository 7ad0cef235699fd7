// OpenAPI 3.1 from the same routes that answer: what is listed here is what is checked there.
import { z } from "zod";
import type { Route } from "./route";
import { problem } from "./schema/common";

type Json = Record<string, unknown>;

const ERROR_WORDS: Readonly<Record<number, string>> = {
  400: "Not valid; `violations` lists every problem with its path",
  401: "Nobody is signed in, or the token is not accepted",
  403: "Not allowed",
  404: "Not there, or not visible",
  409: "Conflict; the draft names objects and who changed them",
  412: "Changed since it was read",
  413: "Body too large",
  422: "The model does not allow it",
  428: "If-Match is missing",
  429: "Too many requests",
};

function toSchema(schema: z.ZodType, io: "input" | "output"): Json {
  return z.toJSONSchema(schema, { target: "draft-2020-12", io, unrepresentable: "any", reused: "inline" }) as Json;
}

function parametersOf(route: Route): Json[] {
  const inPath = [...route.path.matchAll(/\{([a-zA-Z]+)(\.\.\.)?\}/g)].map(([, name, rest]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
    ...(rest ? { description: "Takes the rest of the path, slashes included." } : {}),
  }));
  const query = route.query ? toSchema(route.query, "input") : {};
  const properties = (query["properties"] ?? {}) as Record<string, Json>;
  const required = new Set((query["required"] ?? []) as string[]);
  const inQuery = Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.has(name) && schema["default"] === undefined,
    schema,
  }));
  const headers: Json[] = [];
  if (route.ifMatch !== "none") {
    const description = "ETag of what was read.";
    headers.push({
      name: "If-Match",
      in: "header",
      required: route.ifMatch === "required",
      schema: { type: "string" },
      description,
    });
  }
  if (route.method !== "GET") {
    const description = "Repeating a request with the same key returns the first answer.";
    headers.push({
      name: "Idempotency-Key",
      in: "header",
      required: false,
      schema: { type: "string", maxLength: 128 },
      description,
    });
  }
  return [...inPath, ...inQuery, ...headers];
}

function errorsOf(route: Route): number[] {
  const codes = [429];
  if (route.query || route.body) codes.push(400);
  if (route.access.kind !== "public") codes.push(401);
  if (route.access.kind === "global" || route.access.kind === "mesh") codes.push(403);
  if (route.path.includes("{")) codes.push(404);
  if (route.ifMatch !== "none") codes.push(409, 412);
  if (route.ifMatch === "required") codes.push(428);
  if (route.body) codes.push(413);
  if (route.path.includes("/draft") || route.path.includes("/import")) codes.push(422);
  return codes.sort((a, b) => a - b);
}

function operationOf(route: Route): Json {
  const content = route.answer ? { "application/json": { schema: toSchema(route.answer, "output") } } : undefined;
  const responses: Json = { [route.status]: { description: route.summary, ...(content ? { content } : {}) } };
  for (const code of errorsOf(route)) {
    responses[code] = {
      description: ERROR_WORDS[code],
      content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
    };
  }
  const { access } = route;
  return {
    operationId: route.id,
    summary: route.summary,
    tags: [route.tag],
    parameters: parametersOf(route),
    ...(route.body
      ? { requestBody: { required: true, content: { "application/json": { schema: toSchema(route.body, "input") } } } }
      : {}),
    responses,
    security: access.kind === "public" ? [] : [{ token: [] }, { session: [] }],
    "x-permission": access.kind === "global" || access.kind === "mesh" ? access.action : access.kind,
  };
}

let made: { from: readonly Route[]; url: string; document: Json } | undefined;

export function openApiDocument(routes: readonly Route[], webUrl: string): Json {
  if (made?.from === routes && made.url === webUrl) return made.document;
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replace("...}", "}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  const document: Json = {
    openapi: "3.1.0",
    info: {
      title: "Meshwright",
      version: "1",
      description:
        "Design, review, enforce and watch a service mesh. Writes to what exists need If-Match; errors are RFC 9457.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: `${webUrl}/api/v1` }],
    paths,
    components: {
      schemas: { Problem: toSchema(problem, "output") },
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "An API token, mw_…" },
        session: { type: "apiKey", in: "cookie", name: "session", description: "The cookie of a signed-in browser" },
      },
    },
  };
  made = { from: routes, url: webUrl, document };
  return document;
}
