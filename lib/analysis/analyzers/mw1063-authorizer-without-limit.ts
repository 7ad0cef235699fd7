// MW1063: a request waits for its authorizer for up to ten minutes, because nobody said how long.
import { objectKey } from "@/lib/mesh";
import { policiesAsking } from "../authorizers";
import type { KindsAnalyzer } from "../finding";

/** More than a decision takes, and less than callers wait. */
const SENSIBLE_MS = 1000;

export const mw1063AuthorizerWithoutLimit: KindsAnalyzer = {
  code: "MW1063",
  title: "No time limit for an authorizer",
  area: "resilience",
  scope: "object",
  kinds: ["Mesh"],
  looksWide: true,
  run(index, mesh) {
    if (mesh.kind !== "Mesh") return [];
    const key = objectKey(mesh);
    return (mesh.spec.authorizers ?? []).flatMap(({ name, address, timeoutMs }, i) => {
      const asking = address && timeoutMs === undefined ? policiesAsking(index, name) : [];
      if (asking.length === 0) return [];
      return [
        {
          code: "MW1063",
          severity: "warning" as const,
          message: `Requests wait up to ten minutes for authorizer ${name}.`,
          cause:
            "Without a limit Istio's default holds. A slow authorizer then holds every request that it is asked about, with its connection.",
          refs: [key, ...asking.slice(0, 8).map(objectKey)],
          path: `spec.authorizers[${i}]`,
          fixes: [
            {
              title: "Wait at most 1 s",
              command: { type: "patchSpec" as const, key, path: ["authorizers", i, "timeoutMs"], value: SENSIBLE_MS },
            },
          ],
        },
      ];
    });
  },
};
