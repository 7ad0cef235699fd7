// A made-up mesh of any size, the same for the same seed: namespaces of services with a workload each, calls mostly within
// the namespace, some across; two policies for each service, where they are asked for. It comes in through the API as anybody's would.
import type { APIRequestContext } from "playwright/test";
import { API_VERSION, type Command, type MeshObject } from "../lib/mesh";
import { subject } from "./subject";

const COLUMNS = 8;
const MOST_COMMANDS = 600;

function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function largeMesh(services: number, perNamespace: number, seed: number): Command[] {
  const draw = mulberry(seed);
  const name = (index: number) => `svc-${String(index).padStart(4, "0")}`;
  const namespaceOf = (index: number) => `team-${String(Math.floor(index / perNamespace)).padStart(2, "0")}`;
  const base = { apiVersion: API_VERSION } as const;
  const commands: Command[] = [];
  const add = (object: MeshObject, position?: { x: number; y: number }) =>
    commands.push(position ? { type: "addObject", object, position } : { type: "addObject", object });
  for (let index = 0; index < services; index += perNamespace)
    add({ ...base, kind: "Namespace", metadata: { name: namespaceOf(index) }, spec: {} });
  for (let index = 0; index < services; index += 1) {
    const namespace = namespaceOf(index);
    const area = Math.floor(index / perNamespace);
    const inArea = index % perNamespace;
    add(
      {
        ...base,
        kind: "Service",
        metadata: { name: name(index), namespace },
        spec: { ports: [{ name: "http", port: 8080, protocol: "http" }], owner: namespace },
      },
      {
        x: (area % 5) * (COLUMNS + 1) * 300 + (inArea % COLUMNS) * 300,
        y: Math.floor(area / 5) * (Math.ceil(perNamespace / COLUMNS) + 1) * 150 + Math.floor(inArea / COLUMNS) * 150,
      },
    );
    add({
      ...base,
      kind: "Workload",
      metadata: { name: `${name(index)}-v1`, namespace },
      spec: { service: name(index), version: "v1", replicas: 1 },
    });
  }
  for (let index = 0; index < services; index += 1) {
    for (const callee of calleesOf(index, services, perNamespace, draw)) {
      const to = { kind: "Service" as const, namespace: namespaceOf(callee), name: name(callee) };
      add({
        ...base,
        kind: "Dependency",
        metadata: { name: `${name(index)}-to-${name(callee)}`, namespace: namespaceOf(index) },
        spec: { from: { kind: "Service", name: name(index) }, to },
      });
    }
  }
  return commands;
}

/** Two for each service: what it takes at most, and a path that nobody may ask for. */
export function policiesFor(services: readonly Command[]): Command[] {
  return services.flatMap((command): Command[] => {
    if (command.type !== "addObject" || command.object.kind !== "Service") return [];
    const { name, namespace } = command.object.metadata;
    const named = { apiVersion: API_VERSION, metadata: { name, namespace } } as const;
    return [
      {
        type: "addObject",
        object: {
          ...named,
          kind: "TrafficPolicy",
          spec: { service: { name }, connectionPool: { maxConnections: 100, maxPendingRequests: 50 } },
        },
      },
      {
        type: "addObject",
        object: {
          ...named,
          kind: "AuthorizationPolicy",
          spec: { target: { service: name }, action: "deny", rules: [{ to: [{ paths: ["/admin"] }] }] },
        },
      },
    ];
  });
}

/** Nine of ten calls stay in the namespace; nobody calls itself or twice. */
function calleesOf(index: number, services: number, perNamespace: number, draw: () => number): Set<number> {
  const first = index - (index % perNamespace);
  const out = new Set<number>();
  const wanted = 1 + Math.floor(draw() * 3);
  while (out.size < wanted) {
    const callee =
      draw() < 0.9
        ? first + Math.floor(draw() * Math.min(perNamespace, services - first))
        : Math.floor(draw() * services);
    if (callee !== index) out.add(callee);
  }
  return out;
}

/** Makes the mesh, or takes the one that an earlier run left. */
export async function createMesh(
  api: APIRequestContext,
  slug: string,
  name: string,
  commands: readonly Command[],
): Promise<void> {
  const base = "/api/v1/meshes";
  const headers = { origin: new URL(subject().url).origin };
  if ((await api.get(`${base}/${slug}`)).ok()) return;
  const made = await api.post(base, { headers, data: { slug, name } });
  if (!made.ok()) throw new Error(`the mesh was not made: ${await made.text()}`);
  for (let from = 0; from < commands.length; from += MOST_COMMANDS) {
    const { version } = await (await api.get(`${base}/${slug}/draft`)).json();
    const answer = await api.post(`${base}/${slug}/draft/commands`, {
      headers: { ...headers, "if-match": `"v${version}"` },
      data: { commands: commands.slice(from, from + MOST_COMMANDS), clientId: "large-mesh" },
    });
    if (!answer.ok()) throw new Error(`the mesh was not filled: ${(await answer.text()).slice(0, 600)}`);
  }
}
