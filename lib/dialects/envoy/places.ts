// Where the proxies of an export listen, and where they find each other.
// The rule: one file for each workload. On hosts all instances share it, for callers resolve the workload's name to all of them.
import { type InstanceEndpoint, NO_ROLLOUT } from "@/lib/compile";
import type { CompileInput, GatewayBinding } from "@/lib/compile/types";
import { gatewayProxyKey, localPlaces, type Places } from "@/lib/deploy";
import { digestOf, type Gateway, isPlainListener, type MeshIndex, type Workload } from "@/lib/mesh";
import { identityFolder, type Layout } from "./identities";

/** Envoy's and Istio's usual ports, the same on every host. */
export const HOST_PORTS = { inbound: 15_006, outbound: 15_001, admin: 15_000 } as const;
const FIRST_PORT = 21_000;
const LOOPBACK = "127.0.0.1";
const ANY = "0.0.0.0";

/** The name that has to resolve to the machines of a workload. */
export const hostOf = (object: Workload | Gateway) => `${object.metadata.name}.${object.metadata.namespace}`;

export function inputOf(index: MeshIndex, layout: Layout): CompileInput {
  const { document } = index;
  const isLocal = layout === "one-machine";
  const places = isLocal ? localPlaces(document, FIRST_PORT) : hostPlaces(index);
  const overrides = isLocal ? {} : { listenHost: ANY, localHost: LOOPBACK };
  places.binding.gateways = places.binding.gateways.map((bound) => ({
    ...bound,
    ...certificatesOf(index, layout, bound),
  }));
  return { document, digest: digestOf(document), ...places, rollout: NO_ROLLOUT, overrides };
}

function hostPlaces(index: MeshIndex): Places {
  const workloads = index.all("Workload").filter(({ spec }) => spec.replicas !== 0);
  const gateways = index.all("Gateway");
  const instances = workloads.map((workload) => {
    const { namespace, name } = workload.metadata;
    const service = index.find("Service", `Service/${namespace}/${workload.spec.service}`);
    const host = service?.spec.optOut ? hostOf(workload) : LOOPBACK;
    const app = { kind: "address" as const, host, port: appPortOf(index, workload) };
    return { id: `${namespace}/${name}/0`, workload: { namespace, name }, app };
  });
  const withProxy = workloads.filter(
    ({ metadata, spec }) => !index.find("Service", `Service/${metadata.namespace}/${spec.service}`)?.spec.optOut,
  );
  return {
    binding: {
      instances,
      externals: [],
      gateways: gateways.map(({ metadata: { namespace, name }, spec }) => ({
        namespace,
        name,
        ...portsOf(spec.listeners),
      })),
    },
    endpoints: [...withProxy, ...gateways].map(
      (each): InstanceEndpoint => ({
        proxyId: gatewayProxyKey(each.metadata.namespace, each.metadata.name),
        namespace: each.metadata.namespace,
        workload: each.metadata.name,
        host: hostOf(each),
        inboundPort: HOST_PORTS.inbound,
        outboundPort: HOST_PORTS.outbound,
        adminPort: HOST_PORTS.admin,
        ready: true,
        draining: false,
      }),
    ),
  };
}

/** Of listeners of protocol https: beside the identity of the gateway's proxy, by their names. */
function certificatesOf(
  index: MeshIndex,
  layout: Layout,
  { namespace, name }: GatewayBinding,
): Pick<GatewayBinding, "certificates"> {
  const listeners = index.find("Gateway", `Gateway/${namespace}/${name}`)?.spec.listeners ?? [];
  const folder = identityFolder(layout, { id: gatewayProxyKey(namespace, name) });
  const isChecked = (certificate: string) =>
    listeners.some(({ tls }) => tls?.certificate === certificate && tls.clients?.checkRevocation);
  const files = listeners.flatMap(({ tls }) =>
    tls ? [[tls.certificate, certificateFiles(folder, tls.certificate, isChecked(tls.certificate))]] : [],
  );
  return files.length > 0 ? { certificates: Object.fromEntries(files) } : {};
}

/** Of a certificate by its name, with the authorities of clients that are asked for theirs, and what these revoked. */
export const certificateFiles = (folder: string, name: string, isRevocationChecked: boolean) => ({
  chain: `${folder}/${name}.pem`,
  key: `${folder}/${name}-key.pem`,
  ca: `${folder}/${name}-ca.pem`,
  ...(isRevocationChecked ? { crl: `${folder}/${name}-crl.pem` } : {}),
});

/** The port that the app beside a proxy is taken to listen on. */
export function appPortOf(index: MeshIndex, { metadata, spec }: Workload): number {
  const ports = index.find("Service", `Service/${metadata.namespace}/${spec.service}`)?.spec.ports ?? [];
  return (ports.find(({ protocol }) => protocol !== "tcp") ?? ports[0])?.port ?? 80;
}

/** Each listener for connections and in TLS where the design has it; plain HTTP where its first one is. */
function portsOf(listeners: Gateway["spec"]["listeners"]): Pick<GatewayBinding, "publicPort" | "listenerPorts"> {
  const http = listeners.find(isPlainListener);
  const others = listeners.filter((listener) => !isPlainListener(listener)).map(({ name, port }) => [name, port]);
  return {
    ...(http ? { publicPort: http.port } : {}),
    ...(others.length > 0 ? { listenerPorts: Object.fromEntries(others) } : {}),
  };
}
