// Which services a control looks at, and the sentence-sized names it uses for them.
import { type MeshIndex, type ObjectKey, objectKey, type Service } from "@/lib/mesh";

/** Runs somewhere and is not out of the mesh on purpose. */
export function inMesh(index: MeshIndex, service: Service): boolean {
  return !service.spec.optOut && index.workloadsOf(objectKey(service)).length > 0;
}

export function meshServices(index: MeshIndex): Service[] {
  return index.all("Service").filter((service) => inMesh(index, service));
}

/** The last part of a key: `Service/production/cart` is cart. */
export const nameOf = (key: ObjectKey) => key.split("/").at(-1) ?? key;
