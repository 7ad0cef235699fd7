// How a service is protected, asked of an index. The answer itself is the compiler's: this only brings it what it looks at.
import { type Protection, protectionOf } from "@/lib/compile/modes";
import { type MeshIndex, objectKey, type Service } from "@/lib/mesh";

const DEFAULTS = { mutualTls: "strict", authorization: "drawn" } as const;

export function protectionIn(index: MeshIndex, service: Service, port?: number): Protection {
  const root = index.mesh;
  const facts = { mutualTls: index.mutualTlsOn(objectKey(service)), root, defaults: root?.spec.defaults ?? DEFAULTS };
  return protectionOf(facts, service, port);
}

/** May a call to this port arrive without TLS? */
export function takesPlaintext(index: MeshIndex, service: Service, port: number | undefined): boolean {
  if (service.spec.optOut) return true;
  const ports = port === undefined ? service.spec.ports.map((each) => each.port) : [port];
  return ports.some((each) => protectionIn(index, service, each).tls !== "strict");
}

export const isSensitive = (service: Service | undefined) =>
  service?.spec.dataClass === "restricted" || service?.spec.dataClass === "confidential";
