// An App Mesh under construction: its resources as the "create" calls took them, and what they are called.
// The rule: a name that came from App Mesh goes back as it came; one that two objects would share also says its namespace.
import {
  type Gateway,
  type MeshIndex,
  type ObjectKey,
  objectKey,
  type Service,
  type ServicePort,
  type Workload,
  workloadLabels,
} from "@/lib/mesh";
import type { ExportContext } from "../shared/export-context";
import { API } from "./documents";

export type RouteType = "httpRoute" | "http2Route" | "grpcRoute";
type Named = Workload | Gateway | Service;

const MAX_NAME = 255;
/** Of a time: nothing ends a request. */
export const NO_LIMIT = { unit: "ms", value: 0 };

export class AppMeshExport {
  readonly meshName: string;
  private readonly shared: ReadonlySet<string>;
  private readonly assumed = new Map<ObjectKey, Workload[]>();

  constructor(readonly context: ExportContext) {
    const { index } = context;
    this.meshName = index.mesh?.metadata.name ?? "mesh";
    const names = (["Workload", "Gateway", "Service"] as const).flatMap((kind) =>
      index.all(kind).map(({ metadata }) => `${kind} ${metadata.name}`),
    );
    this.shared = new Set(names.filter((name, i) => names.indexOf(name) !== i));
  }

  get index(): MeshIndex {
    return this.context.index;
  }

  add(kind: string, names: Record<string, string>, spec: object): void {
    const name = Object.values(names).at(-1) ?? "";
    this.context.resources.push({
      apiVersion: API,
      kind,
      metadata: { name },
      spec: { meshName: this.meshName, ...names, spec },
    });
  }

  /** Of virtual nodes, routers and gateways. */
  nameOf(object: Named): string {
    const { name, namespace } = object.metadata;
    const own = this.shared.has(`${object.kind} ${name}`) ? `${name}_${namespace}` : name;
    return own.replaceAll(".", "-").slice(0, MAX_NAME);
  }

  /** What callers say. */
  virtualServiceOf(service: Service): string {
    const { name, namespace, origin } = service.metadata;
    const isOwn = origin?.dialect === "app-mesh" && origin.kind === "VirtualService";
    return isOwn ? origin.name : `${name}.${namespace}.svc.cluster.local`;
  }

  /** Workloads of a service or subset; made up of its subsets where the design has none. */
  nodesOf(service: Service, subset?: string): Workload[] {
    const key = objectKey(service);
    const own = this.index.workloadsOf(key);
    const all = own.length > 0 ? own : this.madeUp(service);
    const labels = subset === undefined ? {} : (this.index.subset(key, subset)?.spec.labels ?? {});
    return all.filter((each) => Object.entries(labels).every(([name, value]) => workloadLabels(each)[name] === value));
  }

  private madeUp(service: Service): Workload[] {
    const key = objectKey(service);
    const known = this.assumed.get(key);
    if (known) return known;
    const { name, namespace } = service.metadata;
    const nodeOf = (own: string, version: string, labels: Record<string, string>): Workload => ({
      apiVersion: service.apiVersion,
      kind: "Workload",
      metadata: { name: own, namespace },
      spec: { service: name, version, labels },
    });
    const subsets = this.index.subsetsOf(key).map(({ spec }) => {
      const { version = spec.name, ...labels } = spec.labels;
      return nodeOf(`${name}-${spec.name}`, version, labels);
    });
    const made = subsets.length > 0 ? subsets : [nodeOf(name, "v1", {})];
    this.assumed.set(key, made);
    return made;
  }
}

const TYPES: Record<ServicePort["protocol"], RouteType | undefined> = {
  http: "httpRoute",
  http2: "http2Route",
  grpc: "grpcRoute",
  tcp: undefined,
};

/** The kinds of routes that calls of a service need. */
export const routeTypesOf = (service: Service): RouteType[] => [
  ...new Set(service.spec.ports.flatMap(({ protocol }) => TYPES[protocol] ?? [])),
];

/** App Mesh's way to write a time. */
export const durationOf = (ms: number) =>
  ms % 1000 === 0 ? { unit: "s", value: ms / 1000 } : { unit: "ms", value: ms };

/** With room for a number behind it. */
export const resourceName = (wanted: string) => wanted.replaceAll(/[^A-Za-z0-9_-]+/g, "-").slice(0, 240) || "rule";
