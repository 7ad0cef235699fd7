// How long each question took inside the worker, as performance.measure: seen in the browser's own profiler, and read by the test
// that holds the bar. Rule: one entry per method, the last one, so that a day of typing does not fill the buffer; and what changes nothing,
// as a draft that was only saved, does not pass for an edit that took no time.
import type { Brain } from "./brain";
import type { DesignDelta } from "./delta";

export const measureName = (method: keyof Brain) => `design ${method}`;

export function measured(brain: Brain): Brain {
  const sync = timed("sync", brain.sync);
  const findings = timed("findings", brain.findings);
  let isChanged = false;
  return {
    sync(slot, delta, options) {
      if (slot !== "draft" || isEmpty(delta)) return brain.sync(slot, delta, options);
      isChanged = true;
      return sync(slot, delta, options);
    },
    findings() {
      if (!isChanged) return brain.findings();
      isChanged = false;
      return findings();
    },
    ask: timed("ask", brain.ask),
    consequences: timed("consequences", brain.consequences),
  };
}

const isEmpty = ({ from, put, remove }: DesignDelta): boolean =>
  from !== null && put.length === 0 && remove.length === 0;

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
