// Docker Compose as a dialect: the Compose Specification in. Nothing goes out to it: it has no word for what a mesh decides.
import { CATALOGUE } from "../catalogue";
import type { Dialect, Foreign } from "../shared/dialect";
import { isRecord } from "../shared/fields";
import { slug } from "../shared/names";
import { FIELDS } from "./field-verdicts";
import { interpolated } from "./interpolate";
import { importProject } from "./project";

/** After Kubernetes. */
const RANK = 300;
const GROUP = "compose";
const VERSION = "spec";

export const compose: Dialect = {
  ...CATALOGUE.compose,
  recognises: (apiVersion) => apiVersion === `${GROUP}/${VERSION}`,
  unwrap,
  reading: () => ({
    importers: [{ group: GROUP, kind: "Project", versions: [VERSION], rank: RANK, run: importProject }],
  }),
  fields: FIELDS,
};

/** Known by its services; resources of other products say their kind or type. */
function unwrap(value: unknown): Foreign | undefined {
  if (!isRecord(value) || ["apiVersion", "kind", "type"].some((each) => typeof value[each] === "string"))
    return undefined;
  if (!("services" in value) && !Array.isArray(value["include"])) return undefined;
  const name = interpolated(value["name"], ["name"], { told: [], broken: [] });
  const project = typeof name === "string" && name !== "" ? slug(name) : undefined;
  return {
    apiVersion: `${GROUP}/${VERSION}`,
    kind: "Project",
    name: project ?? "compose",
    ...(project === undefined ? {} : { namespace: project }),
    path: [],
    isBare: true,
    spec: value,
  };
}
