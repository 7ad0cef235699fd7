// Manifests draw nothing: in the products everybody may call everybody until a policy says otherwise. Here that is drawn, so that calls can be asked.
// The rule: drawn for questions only (simulate, test, diff, compile); findings and exports are about what the files say.
import { type MeshDocument, type MeshObject, type ObjectKey, objectKey, type Ref } from "@/lib/mesh";

/** Above it, one service of each namespace stands for all callers there: a policy by service account may be missed. */
const MAX_PAIRS = 4096;
type Place = { kind: "Service" | "ExternalService"; namespace: string; name: string };

/** `callers`: services whose calls are asked; absent: all. */
export function withOpenCalls(document: MeshDocument, callers?: ReadonlySet<ObjectKey>): MeshDocument {
  const services = placesOf(document, "Service");
  const callees = [...services, ...placesOf(document, "ExternalService")];
  const asked = callers
    ? services.filter(({ namespace, name }) => callers.has(`Service/${namespace}/${name}`))
    : services.length * callees.length <= MAX_PAIRS
      ? services
      : onePerNamespace(services);
  const drawn = new Set(document.objects.map(objectKey));
  const added: MeshObject[] = [];
  const add = (object: MeshObject) => {
    const key = objectKey(object);
    if (!drawn.has(key)) added.push(object);
    drawn.add(key);
  };
  for (const from of asked) {
    for (const to of callees) {
      if (from === to) continue;
      const metadata = { namespace: from.namespace, name: nameOf(from, to) };
      const spec = { from: refOf(from), to: refOf(to) };
      add({ apiVersion: "meshwright.dev/v1", kind: "Dependency", metadata, spec });
      if (to.kind === "ExternalService") {
        const way = { namespace: from.namespace, name: `open-${to.namespace}-${to.name}` };
        add({ apiVersion: "meshwright.dev/v1", kind: "Egress", metadata: way, spec: { to: refOf(to) } });
      }
    }
  }
  return added.length === 0 ? document : { objects: [...document.objects, ...added] };
}

function placesOf({ objects }: MeshDocument, kind: Place["kind"]): Place[] {
  return objects.flatMap((object) =>
    object.kind === kind ? [{ kind, namespace: object.metadata.namespace, name: object.metadata.name }] : [],
  );
}

function onePerNamespace(services: readonly Place[]): Place[] {
  return [...new Map([...services].reverse().map((each) => [each.namespace, each])).values()];
}

const refOf = ({ kind, namespace, name }: Place): Ref => ({ kind, namespace, name });
const nameOf = (from: Place, to: Place) => `open-${from.name}-to-${to.namespace}-${to.name}`.slice(0, 253);
