// How the checks that lib/data keeps are computed in the web process: on a thread, because a large design is compiled for it.
import type { Evaluate } from "@/lib/data/checks";
import type { Runtime } from "../runtime";

export const evaluatedBy =
  ({ threads }: Pick<Runtime, "threads">): Evaluate =>
  (document, binding) =>
    threads.run("controls", { document, binding });
