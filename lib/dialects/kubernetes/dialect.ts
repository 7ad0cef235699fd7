// Kubernetes as a dialect: what a mesh stands on. Read together with the resources of any mesh in the same text.
import { CATALOGUE } from "../catalogue";
import type { Dialect } from "../shared/dialect";

export const kubernetes: Dialect = {
  ...CATALOGUE.kubernetes,
  recognises: () => false,
  reading: () => ({ importers: [] }),
  fields: [],
};
