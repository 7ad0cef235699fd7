// What was seen in traffic, as the simulator takes it: the browser's worker asks both designs with it.
import { z } from "zod";

export const observedQuery = z.strictObject({
  environment: z.string().min(1).max(63),
  range: z.enum(["1h", "6h", "24h", "7d"]).default("24h"),
});
export const observedAnswer = z.object({
  items: z.array(
    z.object({
      caller: z.string(),
      callee: z.string(),
      method: z.string(),
      path: z.string(),
      code: z.int().optional(),
      count: z.int(),
    }),
  ),
});
