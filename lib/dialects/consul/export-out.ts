// What the parts of an export to Consul share: names, the entries that are written, what was kept of them.
// The rule: a name is one service in Consul; of two services of one name the first is written, and the other is told.
import {
  type MeshObject,
  type ObjectKey,
  objectKey,
  type Protocol,
  type Route,
  refKey,
  type Service,
} from "@/lib/mesh";
import type { Manifest } from "../shared/dialect";
import type { ExportContext } from "../shared/export-context";
import { defined } from "../shared/fields";
import { API } from "./documents";
import { withRest } from "./remainder";

/** Where entries of the whole mesh go. */
export const SYSTEM_NAMESPACE = "consul";

type Home = { name: string; namespace: string };
type Spec = Record<string, unknown>;

export class ConsulExport {
  private readonly owners = new Map<string, ObjectKey>();
  /** ServiceDefaults come from several parts: they are written last. */
  private readonly defaults = new Map<string, { home: Home; spec: Spec; of: MeshObject | undefined }>();

  constructor(readonly context: ExportContext) {
    const { index } = context;
    for (const object of [...index.all("Service"), ...index.all("Gateway"), ...index.all("ExternalService")]) {
      const { name } = object.metadata;
      if (!this.owners.has(name)) this.owners.set(name, objectKey(object));
    }
  }

  get index() {
    return this.context.index;
  }

  /** Whether its name means it. */
  isOwner(object: MeshObject): boolean {
    return this.owners.get(object.metadata.name) === objectKey(object);
  }

  /** Services of another protocol than the route's own, or than the first. */
  strangers(route: Route, legs: readonly { service: string }[]): string[] {
    const target = this.index.find("Service", refKey(route.spec.target, route));
    const services = legs.flatMap(({ service }) => this.serviceCalled(service) ?? []);
    const first = target ?? services[0];
    const wanted = first && portOf(first).protocol;
    return services.filter((each) => portOf(each).protocol !== wanted).map(({ metadata }) => metadata.name);
  }

  serviceCalled(name: string): Service | undefined {
    return this.index.find("Service", this.owners.get(name) ?? "");
  }

  isFree(name: string): boolean {
    return !this.owners.has(name);
  }

  /** A name for a service that only routes: nothing runs it. */
  claim(wanted: string, of: MeshObject): string {
    const base = wanted.slice(0, 58).replace(/-+$/, "");
    for (let i = 1; ; i++) {
      const name = i === 1 ? base : `${base}-${i}`;
      if (!this.isFree(name)) continue;
      this.owners.set(name, objectKey(of));
      return name;
    }
  }

  add(kind: string, { name, namespace }: Home, spec: Spec, of?: MeshObject): void {
    const { resources } = this.context;
    const at = resources.findIndex(
      (each) => each.apiVersion === API && each.kind === kind && each.metadata.name === name,
    );
    const kept = resources[at];
    if (kept) resources.splice(at, 1);
    const metadata = {
      name,
      namespace: kept?.metadata.namespace ?? namespace,
      ...(kept?.metadata.labels ? { labels: kept.metadata.labels } : {}),
      ...(kept?.metadata.annotations ? { annotations: kept.metadata.annotations } : {}),
    };
    const whole = kept ? (withRest(spec, kept.spec) as Spec) : spec;
    if (kept && kind === "ServiceIntentions") this.tellIntentions(name, kept.spec);
    const manifest: Manifest = { apiVersion: API, kind, metadata, spec: whole };
    const isSource = of?.metadata.origin?.kind === kind;
    this.context.add(manifest, isSource ? of : undefined);
  }

  /** What import could not say was refused in the design, and is allowed again where it goes back to. */
  private tellIntentions(name: string, kept: Spec): void {
    if (!JSON.stringify(kept).includes('"action":"allow"')) return;
    const { context } = this;
    const holder = context.index.get(this.owners.get(name) ?? "") ?? context.index.mesh;
    const reason = `what import kept of the ServiceIntentions of ${name} is written back, and allows calls that the design refuses`;
    if (holder) context.lose(holder, ["metadata", "origin", "kept"], "approximate", reason, { changesMeaning: true });
  }

  /** Adds to what the ServiceDefaults of a service say. */
  say(home: Home, spec: Spec, of?: MeshObject): void {
    const there = this.defaults.get(home.name);
    this.defaults.set(home.name, { home: there?.home ?? home, spec: { ...there?.spec, ...spec }, of: there?.of ?? of });
  }

  finish(): void {
    for (const { home, spec, of } of this.defaults.values()) this.add("ServiceDefaults", home, spec, of);
  }
}

/** Consul has one protocol for a service; of several ports the first that carries HTTP is the one that it knows. */
export function portOf({ spec }: Service): { port: number; protocol: Protocol } {
  const [first] = spec.ports;
  return spec.ports.find(({ protocol }) => protocol !== "tcp") ?? first ?? { port: 80, protocol: "tcp" };
}

export const isHttp = (service: Service) => portOf(service).protocol !== "tcp";

/** Without what is undefined and without empty objects. */
export function filled(value: Record<string, unknown>): Spec {
  return Object.fromEntries(
    Object.entries(defined<Record<string, unknown>>(value)).filter(
      ([, each]) => !(each !== null && typeof each === "object" && Object.keys(each).length === 0),
    ),
  );
}
