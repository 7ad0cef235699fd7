// How long each question took inside the worker, as performance.measure: seen in the browser's own profiler, and read by the test
// that holds the bar. Rule: one entry per method, the last one, so that a day of typing does not fill the buffer.
import type { Brain } from "./brain";

export const measureName = (method: keyof Brain) => `design ${method}`;

export function measured(brain: Brain): Brain {
  return {
    sync: timed("sync", brain.sync),
    findings: timed("findings", brain.findings),
    ask: timed("ask", brain.ask),
    consequences: timed("consequences", brain.consequences),
  };
}

function timed<A extends unknown[], R>(method: keyof Brain, run: (...args: A) => R): (...args: A) => R {
  const name = measureName(method);
  return (...args) => {
    const start = performance.now();
    try {
      return run(...args);
    } finally {
      performance.clearMeasures(name);
      performance.measure(name, { start });
    }
  };
}
