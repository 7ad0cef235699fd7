// How the two versions name things: by name and namespace in 2.x, by labels in 3.x.
// The rule: calls of everybody are spoken for by the service's own namespace in 2.x, and by the system's in 3.x, where only that one speaks for all callers.
import type { Fault, MeshObject, ObjectKey, Service } from "@/lib/mesh";
import { labelsAt } from "../kubernetes/selectors";
import type { Manifest } from "../shared/dialect";
import type { ExportContext } from "../shared/export-context";
import {
  API,
  DEFAULT_MESH,
  DISPLAY_NAME,
  MESH_LABEL,
  NAMESPACE_LABEL,
  SYSTEM_NAMESPACE,
  serviceTag,
} from "./documents";
import { commonFaults } from "./fault-senders";

export const CHANNELS = ["2.x", "3.x"] as const;
export type Channel = (typeof CHANNELS)[number];
export type Ref = Record<string, unknown>;

/** `isWhole`: the object came of one resource of this kind, so what was kept of that goes back to its place. */
type Source = { of?: MeshObject | undefined; isWhole?: boolean; labels?: Record<string, string> };

export class KumaExport {
  readonly mesh: string;
  /** What MeshFaultInjection says at callees. */
  readonly faults: ReadonlyMap<ObjectKey, Fault>;
  private readonly names = new Set<string>();

  constructor(
    readonly context: ExportContext,
    readonly channel: Channel,
  ) {
    this.faults = commonFaults(context.index);
    const origin = context.index.mesh?.metadata.origin;
    this.mesh = origin?.dialect === "kuma" && origin.kind === "Mesh" ? origin.name : DEFAULT_MESH;
  }

  get isThree(): boolean {
    return this.channel === "3.x";
  }

  named(kind: string, name: string, namespace: string): Ref {
    return this.isThree
      ? { kind, labels: { [DISPLAY_NAME]: name, [NAMESPACE_LABEL]: namespace } }
      : { kind, name, namespace };
  }

  service(name: string, namespace: string): Ref {
    return this.named("MeshService", name, namespace);
  }

  /** Where policies on calls of a service are written. */
  homeOf(namespace: string): string {
    return this.isThree ? SYSTEM_NAMESPACE : namespace;
  }

  /** The pods of a service, as far as its source said which they are. */
  pods(service: Service): { ref: Ref; isAssumed: boolean } {
    const { origin, name } = service.metadata;
    const known = labelsAt(origin?.kept?.find((each) => each.path === "spec.selector")?.value);
    return { ref: { kind: "Dataplane", labels: known ?? { app: name } }, isAssumed: known === undefined };
  }

  /** The tag of a service's inbound: its first port stands for all, since a workload has the tags of each. */
  tagOf(service: Service): string {
    const { name, namespace } = service.metadata;
    return serviceTag(name, namespace, service.spec.ports[0]?.port ?? 80);
  }

  /** A policy, named and labelled like the object it is of; of two with one name in one namespace the later gets a number. */
  add(
    kind: string,
    home: { name: string; namespace: string },
    spec: Manifest["spec"],
    { of, isWhole, labels }: Source = {},
  ): string {
    const name = this.free(kind, home);
    const { annotations } = of?.metadata ?? {};
    const manifest: Manifest = {
      apiVersion: API,
      kind,
      metadata: {
        name,
        namespace: home.namespace,
        labels: { ...of?.metadata.labels, ...labels, [MESH_LABEL]: this.mesh },
        ...(annotations ? { annotations } : {}),
      },
      spec,
    };
    this.context.add(manifest, isWhole ? of : undefined);
    return name;
  }

  private free(kind: string, { name, namespace }: { name: string; namespace: string }): string {
    for (let i = 1; ; i++) {
      const own = i === 1 ? name : `${name.slice(0, 240)}-${i}`;
      const key = `${kind} ${namespace}/${own}`;
      if (this.names.has(key)) continue;
      this.names.add(key);
      return own;
    }
  }
}
