// What the importers of single resources share: the resource, the design it lands in, and what came of it so far.
import {
  API_VERSION,
  type Gateway,
  isOfKind,
  type Kind,
  keyOf,
  type MeshIndex,
  type MeshObject,
  type ObjectKey,
  type ObjectOf,
  type Origin,
  objectKey,
  type Path,
  parseKey,
  pathText,
  type Service,
  type ServiceRef,
  type SpecOf,
} from "@/lib/mesh";
import type { DialectId } from "../catalogue";
import type { Sink } from "./fields";
import type { Verdict } from "./verdict";
import { isWholeResource } from "./whole";

export type Resource = {
  dialect: DialectId;
  apiVersion: string;
  kind: string;
  name: string;
  /** The resource that it belongs to, where its product says so. */
  parent?: string;
  namespace: string;
  namespaceDefaulted: boolean;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  /** When it was made, as the cluster says; the older of two routes wins. */
  createdAt?: string;
  line: number;
  lineOf(path: Path): number;
  columnOf(path: Path): number;
  file?: string;
  spec: unknown;
};

export type ImportWarning = {
  /** `VirtualService production/payment-service` */
  source: string;
  path: string;
  message: string;
  fix: string;
  line: number;
  column?: number;
  file?: string;
  verdict: Verdict;
  /** A call gets another answer here than in the product. */
  changesMeaning: boolean;
};

/** What became of one resource. */
export type Understood = { source: string; line: number; file?: string; objects: ObjectKey[]; sentences: string[] };

type Judgement = { verdict?: Verdict; changesMeaning?: boolean };

/** For a service of which nothing but the name is known. */
const ASSUMED_PORT = 80;

export const sourceText = (resource: { kind: string; namespace: string; name: string }) =>
  resource.namespace === ""
    ? `${resource.kind} ${resource.name}`
    : `${resource.kind} ${resource.namespace}/${resource.name}`;

export function understood(resource: Resource): Understood {
  return {
    source: sourceText(resource),
    line: resource.line,
    ...(resource.file === undefined ? {} : { file: resource.file }),
    objects: [],
    sentences: [],
  };
}

/** Objects in the order they came, and by kind: readers ask for all of one kind with every resource. */
class FreshObjects extends Map<ObjectKey, MeshObject> {
  private byKind?: Map<Kind, Map<ObjectKey, MeshObject>>;

  override set(key: ObjectKey, object: MeshObject): this {
    this.byKind ??= new Map();
    const kind = this.byKind.get(object.kind);
    if (kind) kind.set(key, object);
    else this.byKind.set(object.kind, new Map([[key, object]]));
    return super.set(key, object);
  }

  ofKind(kind: Kind): ReadonlyMap<ObjectKey, MeshObject> | undefined {
    return this.byKind?.get(kind);
  }
}

/** One import: objects are put here by key, and turned into commands at the end. */
export class ImportContext {
  private readonly fresh = new FreshObjects();
  /** Nothing is taken out again. */
  readonly objects: ReadonlyMap<ObjectKey, MeshObject> & Pick<FreshObjects, "set"> = this.fresh;
  readonly warnings: ImportWarning[] = [];
  /** Everything that was recognised, whatever its kind. */
  readonly resources: Resource[] = [];
  private readonly assumed = new Map<ObjectKey, { resource: Resource; path: Path; ports: number[] }>();

  constructor(readonly index: MeshIndex) {}

  /** What the design has, with what this import already added. */
  get(key: ObjectKey): MeshObject | undefined {
    return this.objects.get(key) ?? this.index.get(key);
  }

  /** As `get`, of this kind only. */
  find<K extends Kind>(kind: K, key: ObjectKey): ObjectOf<K> | undefined {
    const object = this.get(key);
    return object && isOfKind(kind, object) ? object : undefined;
  }

  all<K extends Kind>(kind: K): readonly ObjectOf<K>[] {
    const known = this.index.all(kind);
    const fresh = this.fresh.ofKind(kind);
    if (!fresh) return known;
    const own = [...fresh.values()] as unknown as ObjectOf<K>[];
    return known.length === 0 ? own : [...known.filter((object) => !fresh.has(objectKey(object))), ...own];
  }

  /** Puts an object, in place of `existing` where there is one: its name and identity stay. */
  put<K extends Kind>(
    kind: K,
    name: string,
    spec: SpecOf<K>,
    origin: { resource: Resource; sink?: Sink } | undefined,
    existing: ObjectOf<K> | undefined,
  ): ObjectKey {
    const resource = origin?.resource;
    const metadata = {
      ...(existing?.metadata ?? { name, ...(kind === "Namespace" ? {} : { namespace: resource?.namespace }) }),
      ...(resource?.labels ? { labels: resource.labels } : {}),
      ...(resource?.annotations ? { annotations: resource.annotations } : {}),
      ...(origin ? { origin: withWhole(originOf(origin.resource, origin.sink), existing) } : {}),
    };
    const object = { apiVersion: API_VERSION, kind, metadata, spec } as unknown as ObjectOf<K>;
    const key = objectKey(object);
    this.objects.set(key, object);
    return key;
  }

  warn(resource: Resource, path: Path, message: string, fix: string, judgement: Judgement = {}): void {
    this.warnings.push({
      source: sourceText(resource),
      path: pathText(path),
      message,
      fix,
      line: resource.lineOf(path),
      column: resource.columnOf(path),
      ...(resource.file === undefined ? {} : { file: resource.file }),
      verdict: judgement.verdict ?? "approximate",
      changesMeaning: judgement.changesMeaning ?? false,
    });
  }

  /** The service of this name, added to the design when it is not there yet. */
  serviceNamed(resource: Resource, namespace: string, name: string, path: Path, port?: number): Service {
    const key = keyOf("Service", namespace, name);
    const existing = this.get(key);
    const isAssumed = this.assumed.has(key);
    if (existing?.kind === "Service" && !(isAssumed && port !== undefined)) return existing;
    return this.assumeService(resource, { namespace, name }, path, port);
  }

  /** A service that the design lacks, with the ports that the text names; 80 when it names none. */
  private assumeService(
    resource: Resource,
    found: { namespace: string; name: string },
    path: Path,
    port: number | undefined,
  ): Service {
    this.assumeNamespace(found.namespace);
    const key = keyOf("Service", found.namespace, found.name);
    const assumption = this.assumed.get(key) ?? { resource, path, ports: [] };
    if (port !== undefined && !assumption.ports.includes(port)) assumption.ports.push(port);
    this.assumed.set(key, assumption);
    const ports = assumption.ports.length > 0 ? assumption.ports : [ASSUMED_PORT];
    const service: Service = {
      apiVersion: API_VERSION,
      kind: "Service",
      metadata: { name: found.name, namespace: found.namespace },
      spec: {
        ports: ports.map((each, i) => ({ name: i === 0 ? "http" : `http-${each}`, port: each, protocol: "http" })),
      },
    };
    this.objects.set(key, service);
    return service;
  }

  /** Says which services were assumed; call it when everything is read. */
  finish(): void {
    for (const [key, { resource, path, ports }] of this.assumed) {
      const text = ports.length > 0 ? `port ${ports.join(", ")}` : `port ${ASSUMED_PORT}`;
      const message = `service ${parseKey(key)?.name} is not in the design; it is added with ${text}`;
      this.warn(resource, path, message, "Check its ports, and add its workloads.");
    }
  }

  assumeNamespace(namespace: string): void {
    const key = keyOf("Namespace", undefined, namespace);
    if (!this.get(key)) {
      this.objects.set(key, { apiVersion: API_VERSION, kind: "Namespace", metadata: { name: namespace }, spec: {} });
    }
  }
}

/** A reference as the model writes it from within `namespace`. */
export function refFrom(service: Service | Gateway, namespace: string): ServiceRef {
  const { metadata } = service;
  return metadata.namespace === namespace
    ? { name: metadata.name }
    : { namespace: metadata.namespace, name: metadata.name };
}

function originOf(resource: Resource, sink: Sink | undefined): Origin {
  const kept = sink?.kept.map(({ path, value }) => ({ path: pathText(path), value: value as never })) ?? [];
  return {
    dialect: resource.dialect,
    apiVersion: resource.apiVersion,
    kind: resource.kind,
    name: sourceName(resource.name),
    ...(resource.namespace === "" ? {} : { namespace: resource.namespace }),
    ...(resource.namespaceDefaulted ? { namespaceDefaulted: true } : {}),
    ...(resource.file === undefined ? {} : { file: resource.file.split(/[\\/]/).at(-1)?.slice(-256) ?? "" }),
    ...(kept.length === 0 ? {} : { kept }),
  };
}

/** Resources that were kept whole beside the object stay when the object itself is read again. */
function withWhole(origin: Origin, existing: MeshObject | undefined): Origin {
  const whole = (existing?.metadata.origin?.kept ?? []).filter((each) => isWholeResource(each.path));
  return whole.length === 0 ? origin : { ...origin, kept: [...(origin.kept ?? []), ...whole] };
}

/** Names of other products may hold what the model's do not. */
const sourceName = (name: string) =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, "-")
    .replace(/^[-.]+/, "")
    .slice(0, 253)
    .replace(/[-.]+$/, "") || "unnamed";
