// Auto-layout. Job: ask the worker and wait. Rule: the worker is started at first use and ends when idle for a minute.
import { nodeHeight, nodeWidth, type Point } from "./types";

export interface LayoutQuestion {
  id: number;
  nodes: string[];
  edges: { from: string; to: string }[];
  width: number;
  height: number;
}

export type LayoutAnswer = { id: number; positions: Record<string, Point> } | { id: number; error: string };

const idleMs = 60_000;
let worker: Worker | null = null;
let idle: ReturnType<typeof setTimeout> | undefined;
let lastId = 0;

export function layOut(
  nodes: readonly string[],
  edges: readonly { from: string; to: string }[],
): Promise<Record<string, Point>> {
  clearTimeout(idle);
  worker ??= new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
  const asked = worker;
  lastId += 1;
  const id = lastId;
  const known = new Set(nodes);
  const question: LayoutQuestion = {
    id,
    nodes: [...nodes],
    edges: edges.filter(({ from, to }) => from !== to && known.has(from) && known.has(to)),
    width: nodeWidth,
    height: nodeHeight,
  };
  return new Promise((resolve, reject) => {
    const finish = () => {
      asked.removeEventListener("message", receive);
      asked.removeEventListener("error", fail);
      idle = setTimeout(() => {
        worker?.terminate();
        worker = null;
      }, idleMs);
    };
    const receive = (message: MessageEvent<LayoutAnswer>) => {
      if (message.data.id !== id) return;
      finish();
      if ("error" in message.data) reject(new Error(`The layout failed: ${message.data.error}`));
      else resolve(message.data.positions);
    };
    const fail = () => {
      finish();
      worker = null;
      reject(new Error("The layout could not start. Reload the page and try again."));
    };
    asked.addEventListener("message", receive);
    asked.addEventListener("error", fail);
    asked.postMessage(question);
  });
}
