// Health and the description of this API: what anybody may ask.
import { z } from "zod";
import { openApiDocument } from "../openapi";
import { defineRoute, PUBLIC, type Route } from "../route";

export function metaRoutes(allRoutes: () => readonly Route[]): Route[] {
  return [
    defineRoute({
      id: "getHealth",
      method: "GET",
      path: "/health",
      tag: "meta",
      summary: "Whether this process and its database answer",
      access: PUBLIC,
      answer: z.object({ status: z.literal("ok") }),
      async handle({ runtime }) {
        await runtime.database.$queryRaw`SELECT 1`;
        return { body: { status: "ok" } };
      },
    }),
    defineRoute({
      id: "getOpenApi",
      method: "GET",
      path: "/openapi.json",
      tag: "meta",
      summary: "This API in OpenAPI 3.1",
      access: PUBLIC,
      handle({ runtime }) {
        return {
          body: openApiDocument(allRoutes(), runtime.webUrl),
          headers: { "cache-control": "public, max-age=300" },
        };
      },
    }),
  ];
}
