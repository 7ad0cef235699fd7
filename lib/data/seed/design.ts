// The first mesh of an installation: the demo shop, or an empty one to draw in.
// The rule: seeding makes what is missing and changes nothing that a person could have changed, ports of the demo apart.
import type { EnvironmentBinding } from "@/lib/compile/types";
import { bindingForDocument, EMPTY_BINDING } from "@/lib/deploy";
import { demoMesh, demoPositions, digestOf, emptyMesh, type MeshDocument, type Positions } from "@/lib/mesh";
import type { Connection, Database } from "../client";
import { fromJson, toJson } from "../json";
import { isBeingDeleted } from "../mesh-deletion";
import { OPEN_STATES } from "../system/deployments";
import { appendEvent } from "../system/events";

export const DEMO_SLUG = "shop";
export const LOCAL_ENVIRONMENT = "local";

export interface DemoPorts {
  gatewayPort?: number | undefined;
  externalPort?: number | undefined;
}

/** Written with the demo: while it says so and there is no demo, somebody deleted it. */
const SEEDED = "demo:seeded";

/** Whether the demo is there afterwards. One that was deleted stays away, unless it is asked for again. */
export async function seedDemo(
  database: Database,
  ports: DemoPorts,
  { isAskedFor = false }: { isAskedFor?: boolean } = {},
): Promise<boolean> {
  const existing = await database.mesh.findUnique({ where: { slug: DEMO_SLUG }, include: { environments: true } });
  if (existing) {
    await markSeeded(database);
    if (await isBeingDeleted(database, existing.id)) return false;
    const environment = existing.environments.find(({ name }) => name === LOCAL_ENVIRONMENT);
    if (environment) {
      await refreshPorts(database, environment, ports);
      await tryAgain(database, environment);
    }
    return true;
  }
  if (!isAskedFor && (await database.setting.count({ where: { key: SEEDED } })) > 0) return false;
  const document = demoMesh();
  const demoApps = document.objects.filter(({ kind }) => kind === "Service").map(({ metadata }) => metadata.name);
  const binding = withPorts(bindingForDocument(document, EMPTY_BINDING, { demoApps }), document, ports);
  await database.$transaction(async (connection) => {
    await markSeeded(connection);
    const mesh = await createMesh(connection, {
      slug: DEMO_SLUG,
      name: "Demo shop",
      document,
      positions: demoPositions(),
    });
    const revision = await connection.revision.create({
      data: {
        meshId: mesh.id,
        number: 1,
        digest: digestOf(document),
        document: toJson(document),
        positions: toJson(demoPositions()),
        message: "The demo shop as it is shipped",
        authorName: "Meshwright",
      },
    });
    const environment = await connection.environment.create({
      data: { meshId: mesh.id, name: LOCAL_ENVIRONMENT, binding: toJson(binding) },
    });
    await connection.deployment.create({
      data: { environmentId: environment.id, revisionId: revision.id, startedByName: "Meshwright" },
    });
    await appendEvent(connection, {
      meshId: mesh.id,
      environmentId: environment.id,
      kind: "deployment.queued",
      actorName: "Meshwright",
      subject: "r1",
      payload: { revision: 1, environment: LOCAL_ENVIRONMENT },
    });
  });
  return true;
}

async function markSeeded(connection: Connection): Promise<void> {
  await connection.setting.createMany({ data: [{ key: SEEDED, value: true }], skipDuplicates: true });
}

/** A demo that never came up (a machine too busy at its first start) is deployed again; one that ran once is left alone. */
async function tryAgain(database: Database, { id, meshId }: { id: string; meshId: string }): Promise<void> {
  const alive = await database.deployment.count({
    where: { environmentId: id, state: { in: ["done", ...OPEN_STATES] } },
  });
  if (alive > 0) return;
  const revision = await database.revision.findFirst({ where: { meshId }, orderBy: { number: "asc" } });
  if (!revision) return;
  await database.deployment.create({
    data: { environmentId: id, revisionId: revision.id, startedByName: "Meshwright" },
  });
}

/** Without the demo: one empty mesh, so that the first screen has something to draw in. */
export async function seedEmpty(database: Database): Promise<void> {
  if ((await database.mesh.count()) > 0) return;
  await database.$transaction(async (connection) => {
    const document = emptyMesh("mesh");
    const mesh = await createMesh(connection, { slug: "mesh", name: "My mesh", document, positions: {} });
    await connection.environment.create({
      data: { meshId: mesh.id, name: LOCAL_ENVIRONMENT, binding: toJson(EMPTY_BINDING) },
    });
  });
}

interface NewMesh {
  slug: string;
  name: string;
  document: MeshDocument;
  positions: Positions;
}

async function createMesh(connection: Connection, { slug, name, document, positions }: NewMesh) {
  const mesh = await connection.mesh.create({
    data: {
      slug,
      name,
      draft: {
        create: {
          document: toJson(document),
          positions: toJson(positions),
          digest: digestOf(document),
          updatedByName: "Meshwright",
        },
      },
    },
  });
  await appendEvent(connection, { meshId: mesh.id, kind: "mesh.created", actorName: "Meshwright", subject: name });
  return mesh;
}

/** The supervisor chose the ports of the demo's gateway and of its external API; another home may have others. */
function withPorts(
  binding: EnvironmentBinding,
  document: MeshDocument,
  { gatewayPort, externalPort }: DemoPorts,
): EnvironmentBinding {
  const externals = document.objects.filter(({ kind }) => kind === "ExternalService");
  return {
    ...binding,
    gateways: binding.gateways.map((gateway) => (gatewayPort ? { ...gateway, publicPort: gatewayPort } : gateway)),
    externals: externalPort
      ? externals.map(({ metadata: { namespace = "", name } }) => ({
          namespace,
          name,
          endpoints: [{ host: "127.0.0.1", port: externalPort }],
        }))
      : binding.externals,
  };
}

const DEMO_GATEWAY = "shop-gateway";
const DEMO_EXTERNAL = "carrier-api";

async function refreshPorts(
  database: Database,
  environment: { id: string; binding: unknown },
  { gatewayPort, externalPort }: DemoPorts,
): Promise<void> {
  const binding = fromJson<EnvironmentBinding>(environment.binding);
  const next: EnvironmentBinding = {
    ...binding,
    gateways: binding.gateways.map((gateway) =>
      gatewayPort && gateway.name === DEMO_GATEWAY ? { ...gateway, publicPort: gatewayPort } : gateway,
    ),
    externals: binding.externals.map((external) =>
      externalPort && external.name === DEMO_EXTERNAL
        ? { ...external, endpoints: [{ host: "127.0.0.1", port: externalPort }] }
        : external,
    ),
  };
  if (JSON.stringify(next) === JSON.stringify(binding)) return;
  await database.environment.update({
    where: { id: environment.id },
    data: { binding: toJson(next), bindingVersion: { increment: 1 }, updatedAt: new Date() },
  });
}
