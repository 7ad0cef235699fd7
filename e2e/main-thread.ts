// How long the page's main thread was busy in one piece, in CPU time, so that other work on the machine does not count.
// Job: Chrome's own trace of a stretch of work, its tasks on the renderer's main thread with their thread time.
import type { Browser, Page } from "playwright/test";

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  dur?: number;
  tdur?: number;
  args?: { name?: string };
}

export interface Busiest {
  what: string;
  /** CPU time of the longest task. */
  cpuMs: number;
  /** The same task by the clock on the wall: more on a busy machine. */
  wallMs: number;
  tasksOver50: number;
}

const TASKS = new Set(["RunTask", "ThreadControllerImpl::RunTask"]);

export async function busiest(browser: Browser, page: Page, what: string, work: () => Promise<void>): Promise<Busiest> {
  await browser.startTracing(page, { categories: ["toplevel", "disabled-by-default-devtools.timeline", "__metadata"] });
  await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  const main = new Set(
    traceEvents
      .filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain")
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = traceEvents.filter(
    ({ name, pid, tid, ph }) => ph === "X" && TASKS.has(name) && main.has(`${pid} ${tid}`),
  );
  if (tasks.length === 0) throw new Error(`${what}: the trace holds no task of the page's main thread`);
  const longest = tasks.reduce((a, b) => ((b.tdur ?? 0) > (a.tdur ?? 0) ? b : a));
  return {
    what,
    cpuMs: Math.round((longest.tdur ?? 0) / 1000),
    wallMs: Math.round((longest.dur ?? 0) / 1000),
    tasksOver50: tasks.filter(({ tdur }) => (tdur ?? 0) > 50_000).length,
  };
}
