// backendRefs of a rule -> destinations.
// The rule: a backend that is no Service has no place, and a share of nothing is an answer of 500, as the standard says.
import { type Destination, keyOf, type RouteAction, type RouteDestination } from "@/lib/mesh";
import { type ImportContext, type Resource, refFrom } from "../shared/context";
import { withHeaders } from "../shared/destination-headers";
import { type Fields, isRecord } from "../shared/fields";
import { keptResources } from "../shared/verbatim";
import { headerChangesOf } from "./header-filters";
import { GROUP, NO_BACKEND } from "./state";

export type Backends = { action?: RouteAction; refusal?: string };

export function importBackends(context: ImportContext, resource: Resource, rule: Fields): Backends {
  const destinations: RouteDestination[] = [];
  let refusal: string | undefined;
  for (const fields of rule.list("backendRefs")) {
    const group = fields.text("group") ?? "";
    const kind = fields.text("kind") ?? "Service";
    const name = fields.text("name");
    const namespace = fields.text("namespace") ?? resource.namespace;
    const port = fields.number("port");
    const weight = fields.number("weight") ?? 1;
    const headers = backendHeaders(fields);
    if (fields.has("filters")) {
      const message =
        "filters of a single backend other than changes of headers have no counterpart in the model: they are kept, without effect here";
      const judgement = { verdict: "lost", changesMeaning: true } as const;
      context.warn(
        resource,
        [...fields.path, "filters"],
        message,
        "Put them on the rule, if all backends may have them.",
        judgement,
      );
    }
    fields.keepRest();
    if (name === NO_BACKEND) continue;
    if (name === undefined) {
      fields.problem("name", "is missing", "Name the service.");
    } else if ((group !== "" && group !== "core") || kind !== "Service") {
      refusal = `its backend ${kind} ${name} is no Service`;
    } else {
      if (namespace !== resource.namespace) checkGrant(context, resource, fields, { namespace, name });
      const place = destinationOf(context, resource, fields, { namespace, name, port });
      destinations.push({ ...place, weight, ...withHeaders(headers) });
    }
  }
  if (refusal !== undefined) return { refusal };
  const isNothing = destinations.every(({ weight }) => weight === 0);
  return { action: isNothing ? { type: "respond", status: 500 } : { type: "forward", destinations } };
}

/** Filters that a destination of the model has; others leave the whole list where it is. */
export const areHeaderChanges = (filters: unknown): boolean =>
  Array.isArray(filters) &&
  filters.every(
    (each) => isRecord(each) && (each["type"] === "RequestHeaderModifier" || each["type"] === "ResponseHeaderModifier"),
  );

function backendHeaders(fields: Fields): RouteDestination["headers"] {
  if (!areHeaderChanges(fields.peek("filters"))) return undefined;
  let headers: RouteDestination["headers"];
  for (const filter of fields.list("filters")) {
    headers = { ...headers, ...headerChangesOf(filter) };
    filter.keepRest();
  }
  return headers;
}

type Backend = { namespace: string; name: string; port: number | undefined };

/** A service that is a version of another one is a subset of that. */
export function destinationOf(
  context: ImportContext,
  resource: Resource,
  fields: Fields,
  { namespace, name, port }: Backend,
): Omit<Destination, "weight"> {
  const ported = port === undefined ? {} : { port };
  if (context.get(keyOf("Service", namespace, name))?.kind !== "Service") {
    const subset = context
      .all("Subset")
      .find(
        ({ metadata: { origin } }) =>
          origin?.kind === "Service" && origin.name === name && origin.namespace === namespace,
      );
    if (subset) {
      const { service, name: version } = subset.spec;
      const home = service.namespace ?? subset.metadata.namespace;
      const ref = home === resource.namespace ? { name: service.name } : { namespace: home, name: service.name };
      return { service: ref, subset: version, ...ported };
    }
  }
  const service = context.serviceNamed(resource, namespace, name, [...fields.path, "name"], port);
  return { service: refFrom(service, resource.namespace), ...ported };
}

/** Across namespaces a backend of a gateway needs a grant of its own side; routes in the mesh need none (GEP-1426). */
export function checkGrant(
  context: ImportContext,
  resource: Resource,
  fields: Fields,
  backend: { namespace: string; name: string },
): void {
  if (isInMesh(resource.spec)) return;
  const kept = keptResources(context.index.document, "gateway-api").map(({ manifest }) => ({
    kind: manifest.kind,
    namespace: manifest.metadata.namespace ?? "",
    spec: manifest.spec as unknown,
  }));
  const grants = [...context.resources, ...kept].filter(
    (each) => each.kind === "ReferenceGrant" && each.namespace === backend.namespace,
  );
  if (grants.some((grant) => isGranted(grant.spec, resource, backend.name))) return;
  const message = `service ${backend.namespace}/${backend.name} has no ReferenceGrant for it: the product answers its share with 500, here it is called`;
  const fix = `Add a ReferenceGrant in ${backend.namespace}; an export writes it.`;
  context.warn(resource, fields.path, message, fix, { changesMeaning: true });
}

function isInMesh(spec: unknown): boolean {
  const parents = isRecord(spec) && Array.isArray(spec["parentRefs"]) ? spec["parentRefs"].filter(isRecord) : [];
  return parents.length > 0 && parents.every(({ kind }) => kind === "Service");
}

function isGranted(spec: unknown, resource: Resource, name: string): boolean {
  if (!isRecord(spec)) return false;
  const list = (value: unknown) => (Array.isArray(value) ? value.filter(isRecord) : []);
  const isFrom = list(spec["from"]).some(
    (each) => each["group"] === GROUP && each["kind"] === resource.kind && each["namespace"] === resource.namespace,
  );
  const isTo = list(spec["to"]).some(
    (each) =>
      (each["group"] === "" || each["group"] === "core") &&
      each["kind"] === "Service" &&
      (each["name"] === undefined || each["name"] === name),
  );
  return isFrom && isTo;
}
