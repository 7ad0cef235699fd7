// Envoy as a dialect: a design out as static files, for proxies that no control plane serves.
// The rule: nothing comes in. A bootstrap says what one proxy does; what it was made from cannot be told from it.
import { CATALOGUE } from "../catalogue";
import type { Dialect } from "../shared/dialect";
import { exportEnvoy } from "./export";

export const envoy: Dialect = {
  ...CATALOGUE.envoy,
  recognises: () => false,
  reading: () => ({ importers: [] }),
  exportDocument: exportEnvoy,
  fields: [],
};
