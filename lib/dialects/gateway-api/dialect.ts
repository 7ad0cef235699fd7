// Gateway API as a dialect.
import { CATALOGUE } from "../catalogue";
import type { Dialect } from "../shared/dialect";

export const gatewayApi: Dialect = {
  ...CATALOGUE["gateway-api"],
  recognises: () => false,
  reading: () => ({ importers: [] }),
  fields: [],
};
