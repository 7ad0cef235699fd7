// A thread's entry for tests: what the text of a job says, it does first: waits until the test lets it go on, or takes all memory.
import { BroadcastChannel } from "node:worker_threads";
import type { Task } from "../threads/jobs";
import work from "../threads/worker";
import { GATE, HELD, HOARDING } from "./held";

const gate = new BroadcastChannel(GATE);

export default async function held(task: Task): Promise<unknown> {
  const text = JSON.stringify(task.input);
  if (text.includes(HELD)) await letGo();
  if (text.includes(HOARDING)) hoard();
  return work(task);
}

function letGo(): Promise<void> {
  return new Promise((resolve) => {
    gate.onmessage = ({ data }: { data?: unknown }) => {
      if (data === "go") resolve();
    };
    gate.postMessage("here");
  });
}

function hoard(): never {
  const all: number[][] = [];
  for (;;) all.push(new Array<number>(10_000).fill(all.length + 0.5));
}
