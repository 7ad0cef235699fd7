// Environments and their bindings. The rule: a binding says how a design runs, never what it is; a change names the version it read.
import { z } from "zod";
import type { EnvironmentBinding } from "@/lib/compile/types";
import { bindingFor, listEnvironments, readEnvironment, writeBinding } from "@/lib/data/environments";
import { readDesign } from "@/lib/data/meshes";
import { versionTag } from "../etag";
import { defineRoute, onMesh } from "../route";
import * as schema from "../schema";

const tag = "environments";
const environmentPath = "/meshes/{mesh}/environments/{environment}";

export const environmentRoutes = [
  defineRoute({
    id: "listEnvironments",
    method: "GET",
    path: "/meshes/{mesh}/environments",
    tag,
    summary: "Environments and what they run",
    access: onMesh("mesh.read"),
    answer: schema.pageOf(schema.environment),
    async handle({ runtime, principal, params }) {
      const rows = await listEnvironments(runtime.database, principal, params.mesh);
      const items = rows.map(({ binding: _large, ...row }) => ({ ...row, target: "local" as const }));
      return { body: { items, nextCursor: null } };
    },
  }),
  defineRoute({
    id: "getBinding",
    method: "GET",
    path: `${environmentPath}/binding`,
    tag,
    summary: "How the environment runs the design; with `at` completed for that design's workloads",
    access: onMesh("mesh.read"),
    query: z.strictObject({ at: schema.at.optional() }),
    answer: schema.bindingAnswer,
    async handle({ runtime, principal, params, query: { at } }) {
      const asked = { slug: params.mesh, environment: params.environment };
      const { binding, bindingVersion } = await readEnvironment(runtime.database, principal, asked);
      const completed = at
        ? bindingFor((await readDesign(runtime.database, principal, { slug: params.mesh, at })).document, binding)
        : binding;
      return { body: { version: bindingVersion, binding: completed }, etag: versionTag(bindingVersion) };
    },
  }),
  defineRoute({
    id: "writeBinding",
    method: "PUT",
    path: `${environmentPath}/binding`,
    tag,
    summary: "Set instances, apps, addresses and public ports; running proxies follow at once",
    access: onMesh("binding.write"),
    body: schema.bindingRequest,
    answer: schema.bindingAnswer,
    ifMatch: "required",
    async handle({ runtime, principal, params, body, baseVersion }) {
      const row = await writeBinding(runtime.database, principal, {
        slug: params.mesh,
        environment: params.environment,
        binding: plainBinding(body.binding),
        version: baseVersion(),
      });
      return { body: { version: row.bindingVersion, binding: row.binding }, etag: versionTag(row.bindingVersion) };
    },
  }),
];

/** Without keys that are there but undefined. */
function plainBinding(binding: z.output<typeof schema.binding>): EnvironmentBinding {
  return {
    ...binding,
    gateways: binding.gateways.map(({ publicPort, listenerPorts, certificates, ...gateway }) => ({
      ...gateway,
      ...(publicPort === undefined ? {} : { publicPort }),
      ...(listenerPorts ? { listenerPorts } : {}),
      ...(certificates ? { certificates } : {}),
    })),
  };
}
