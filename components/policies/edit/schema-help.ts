// What the editor may offer in the text of a policy: fields and values of the model, and names that exist in this design.
// Rule: names are those of the draft, so that what is offered also fits.
import type { HelpValue, SchemaHelp } from "@/components/editor";
import { type Kind, keyOf, type MeshIndex, type Path, RETRY_CONDITIONS, valueAt } from "@/lib/mesh";
import { fieldAt, fieldsAt, type PolicyObject, valuesAt } from "@/lib/mesh/policies";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

export function schemaHelpFor(object: PolicyObject, index: MeshIndex): SchemaHelp {
  return {
    fieldsAt: (path) => fieldsAt(object.kind, path, object),
    fieldAt: (path) => fieldAt(object.kind, path, object),
    valuesAt: (path) => [
      ...valuesAt(object.kind, path, object).map((label) => ({ label })),
      ...namesAt(path, object, index),
    ],
    presentAt: (path) => {
      const value = valueAt(object, path);
      return value !== null && typeof value === "object" && !Array.isArray(value) ? Object.keys(value) : [];
    },
  };
}

function namesAt(path: Path, object: PolicyObject, index: MeshIndex): HelpValue[] {
  const [last, before] = [path.at(-1), path.at(-2)];
  const own = object.metadata.namespace;
  if (last === "namespace" || before === "namespaces")
    return index.namespaces.map((label) => ({ label, detail: "namespace" }));
  if (before === "methods") return METHODS.map((label) => ({ label }));
  if (before === "on") return RETRY_CONDITIONS.map((label) => ({ label }));
  if (last === "subset") return subsetsAt(path, object, index);
  if (last === "version" && before === "labels") {
    return [...new Set(index.all("Workload").map((each) => each.spec.version))].map((label) => ({
      label,
      detail: "version",
    }));
  }
  const isServiceName = last === "service" || (last === "name" && (before === "service" || before === "target"));
  const isRefName = last === "name" && (before === "to" || before === "target" || typeof before === "number");
  if (!isServiceName && !isRefName) return [];
  const kind = valueAt(object, [...path.slice(0, -1), "kind"]);
  const kinds: Kind[] = kind === "Gateway" || kind === "ExternalService" || kind === "Workload" ? [kind] : ["Service"];
  return kinds.flatMap((each) =>
    index.all(each).map((found) => ({
      label: found.metadata.name,
      detail:
        found.metadata.namespace === own ? each.toLowerCase() : `${each.toLowerCase()} in ${found.metadata.namespace}`,
    })),
  );
}

function subsetsAt(path: Path, object: PolicyObject, index: MeshIndex): HelpValue[] {
  const service = valueAt(object, [...path.slice(0, -1), "service"]) as
    | { name?: string; namespace?: string }
    | undefined;
  if (!service?.name) return [];
  const key = keyOf("Service", service.namespace ?? object.metadata.namespace, service.name);
  return index.subsetsOf(key).map((each) => ({ label: each.spec.name, detail: `subset of ${service.name}` }));
}
