// The technical design document over HTTP.
import { toMarkdown } from "@/lib/document";
import { documentOf, printPdf } from "../document";
import { defineRoute, onMesh } from "../route";
import * as schema from "../schema";

export const documentRoute = defineRoute({
  id: "getDocument",
  method: "GET",
  path: "/meshes/{mesh}/document",
  tag: "meshes",
  summary: "The technical design document of a revision as Markdown, PDF, or blocks; its digest stands on each page",
  access: onMesh("mesh.read"),
  query: schema.documentQuery,
  async handle({ runtime, principal, params, query: { at, format } }) {
    const document = await documentOf(runtime, principal, { slug: params.mesh, at });
    if (format === "json") return { body: document };
    const isPdf = format === "pdf";
    const bytes = isPdf ? await printPdf(document) : Buffer.from(toMarkdown(document), "utf8");
    return {
      stream: new Blob([new Uint8Array(bytes)]).stream(),
      headers: {
        "content-type": isPdf ? "application/pdf" : "text/markdown; charset=utf-8",
        "content-disposition": `attachment; filename="${params.mesh}-${at}.${isPdf ? "pdf" : "md"}"`,
        "content-length": String(bytes.length),
      },
    };
  },
});
