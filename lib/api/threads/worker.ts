// The entry of a thread (dist/threads.mjs): one job after the other, as they are asked.
import { runJob, type Task } from "./jobs";

export default function work({ name, input }: Task): unknown {
  return runJob(name, input as never);
}
