// Where proxies would run when no environment says it: one instance per workload and gateway, at made-up loopback addresses.
// The rule: an address depends on the proxy's name alone, so that a change elsewhere changes no configuration.
import type { EnvironmentBinding, GatewayBinding, InstanceEndpoint } from "@/lib/compile/types";
import { type Gateway, isPlainListener, keyOf, type MeshDocument, workloadOwnerKey } from "@/lib/mesh";

export type World = { binding: EnvironmentBinding; endpoints: InstanceEndpoint[] };

const ECHO = { kind: "echo" } as const;
const PORTS = { inboundPort: 15_006, outboundPort: 15_001, adminPort: 15_000, appPort: 8080 };

const EXTERNAL_FILES = {
  ca: "/certificates/external-ca.pem",
  chain: "/certificates/external.pem",
  key: "/certificates/external-key.pem",
};

/** Places of every proxy of `document`; a workload with no replicas runs nowhere, a service without sidecars is called at its app. */
export function madeUpWorld(document: MeshDocument): World {
  const withoutSidecar = new Set(
    document.objects.flatMap((object) =>
      object.kind === "Service" && object.spec.optOut
        ? [keyOf("Service", object.metadata.namespace, object.metadata.name)]
        : [],
    ),
  );
  const world: World = { binding: { instances: [], externals: [], gateways: [] }, endpoints: [] };
  for (const object of document.objects) {
    if (object.kind === "ExternalService" && object.spec.tls) {
      const { namespace, name } = object.metadata;
      world.binding.externals.push({ namespace, name, endpoints: [], tls: EXTERNAL_FILES });
    }
    if (object.kind !== "Workload" && object.kind !== "Gateway") continue;
    const { namespace, name } = object.metadata;
    const id = `${namespace}/${name}/0`;
    const isBare = object.kind === "Workload" && withoutSidecar.has(workloadOwnerKey(object));
    if (object.kind === "Gateway") world.binding.gateways.push({ namespace, name, ...ownPlaces(object) });
    else if (object.spec.replicas === 0) continue;
    else {
      const app = isBare ? ({ kind: "address", host: addressOf(id), port: PORTS.appPort } as const) : ECHO;
      world.binding.instances.push({ id, workload: { namespace, name }, app });
    }
    if (isBare) continue;
    const host = addressOf(id);
    world.endpoints.push({ proxyId: id, namespace, workload: name, host, ...PORTS, ready: true, draining: false });
  }
  return world;
}

/** Listeners for connections and in TLS are where the design has them, and certificates somewhere. */
function ownPlaces({ spec: { listeners } }: Gateway): Pick<GatewayBinding, "listenerPorts" | "certificates"> {
  const own = listeners.filter((each) => !isPlainListener(each)).map(({ name, port }) => [name, port]);
  const files = listeners.flatMap(({ tls }) => {
    const name = tls?.certificate;
    const folder = "/certificates";
    const [chain, key, ca] = [`${folder}/${name}.pem`, `${folder}/${name}-key.pem`, `${folder}/${name}-ca.pem`];
    const file = { chain, key, ca, crl: `${folder}/${name}-crl.pem` };
    return name === undefined ? [] : [[name, file]];
  });
  return {
    ...(own.length > 0 ? { listenerPorts: Object.fromEntries(own) } : {}),
    ...(files.length > 0 ? { certificates: Object.fromEntries(files) } : {}),
  };
}

/** The part of an environment that the workloads and gateways of `document` need. */
export function worldWithin(world: World, document: MeshDocument): World {
  const names = new Set(
    document.objects.flatMap(({ kind, metadata }) =>
      kind === "Workload" || kind === "Gateway" ? [`${metadata.namespace}/${metadata.name}`] : [],
    ),
  );
  return {
    binding: {
      ...world.binding,
      instances: world.binding.instances.filter(({ workload }) => names.has(`${workload.namespace}/${workload.name}`)),
    },
    endpoints: world.endpoints.filter(({ namespace, workload }) => names.has(`${namespace}/${workload}`)),
  };
}

/** FNV-1a, 24 bits: 127.x.y.z. */
function addressOf(id: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return `127.${(hash >>> 16) & 0xff}.${(hash >>> 8) & 0xff}.${hash & 0xff || 1}`;
}
