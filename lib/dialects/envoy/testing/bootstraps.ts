// Whether exported bootstraps are what meshwright-proxy starts with: its own `--mode validate`, without the files they name.
import { decodeBootstrap, formatViolation } from "@meshwright/proxy/contract";
import { planBootstrap } from "@meshwright/proxy/plan";
import type { Manifest } from "../../shared/dialect";

/** Every reason why one of them would not start. */
export function bootstrapErrors(resources: readonly Manifest[]): string[] {
  return resources.flatMap(({ metadata, spec }) => {
    const decoded = decodeBootstrap(JSON.stringify(spec));
    const planned = decoded.ok ? planBootstrap(decoded.value) : decoded;
    return planned.ok ? [] : planned.violations.map((each) => `${metadata.name}: ${formatViolation(each)}`);
  });
}
