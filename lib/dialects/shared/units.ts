// What a verdict is given to, where a whole object would say too little.
import { type ObjectKey, objectKey, type TrafficPolicy } from "@/lib/mesh";

/** Each field of each block; localities mean something as a whole only. */
export function policyUnits(policy: TrafficPolicy): { key: ObjectKey; path: string }[] {
  const whole = policy.spec.locality ? [{ key: objectKey(policy), path: "spec.locality" }] : [];
  const { connectionPool, outlierDetection, healthCheck, loadBalancing, retryBudget } = policy.spec;
  const fields = Object.entries({ connectionPool, outlierDetection, healthCheck, loadBalancing, retryBudget }).flatMap(
    ([block, value]) =>
      Object.keys(value ?? {}).map((field) => ({ key: objectKey(policy), path: `spec.${block}.${field}` })),
  );
  return [...fields, ...whole];
}
