// MW1015: an object that names what does not exist, or that cannot work as written. Such a design makes no revision.
import { KINDS, objectKey, violationsOfObject } from "@/lib/mesh";
import type { FindingBody, KindsAnalyzer } from "../finding";

export const mw1015DoesNotFit: KindsAnalyzer = {
  code: "MW1015",
  title: "Does not fit the rest of the design",
  area: "broken",
  scope: "object",
  kinds: KINDS,
  run(index, object) {
    const key = objectKey(object);
    return violationsOfObject(object, index).map((violation): FindingBody => {
      const path = violation.path.split("#")[1];
      return {
        code: "MW1015",
        severity: "error",
        message: `${object.kind} ${object.metadata.name} ${violation.message}.`,
        cause: `${violation.fix} Until then no revision can be made of the draft.`,
        refs: [key],
        ...(path === undefined ? {} : { path }),
        ...(object.kind === "Mesh"
          ? {}
          : {
              fixes: [
                { title: `Remove ${object.kind} ${object.metadata.name}`, command: { type: "removeObject", key } },
              ],
            }),
      };
    });
  },
};
