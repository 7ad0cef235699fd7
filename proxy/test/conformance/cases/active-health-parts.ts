// What cases of active health checks share. Rule: checks begin with the process and not with the script, so a script says how an upstream is
// from now on, and looks at who answers then.

import { chosen } from "../answers";
import { endpoint, web } from "../config";
import type { Case, Config, UpstreamKind } from "../types";
import type { Wire } from "../wire";

export const CHECK = "core.v3.HealthCheck.";
export const HTTP = `${CHECK}HttpHealthCheck.`;
const LIMIT_MS = 3000;
export const hex = (text: string): Config => ({ text: Buffer.from(text).toString("hex") });

/** Asked often, with and without traffic, so that a script does not wait long. */
export const OFTEN: Config = {
  timeout: "1s",
  interval: "0.3s",
  no_traffic_interval: "0.3s",
  unhealthy_threshold: 1,
  healthy_threshold: 1,
};
export const http = (over: Config = {}): Config => ({ http_health_check: { path: "/hc", ...over } });
export const cluster = (
  check: Config,
  over: Config = {},
  list: readonly Config[] = [endpoint("@app"), endpoint("@b")],
): Config => ({
  name: "app",
  load_assignment: { cluster_name: "app", endpoints: [{ lb_endpoints: list }] },
  health_checks: [{ ...OFTEN, ...check }],
  common_lb_config: { healthy_panic_threshold: { value: 0 }, update_merge_window: "0s" },
  ...over,
});

export async function answering(wire: Wire): Promise<string> {
  const seen = new Set<string>();
  for (let index = 0; index < 8; index++) seen.add(chosen(await wire.call()));
  return [...seen].sort().join(" ");
}
/** Who answers, once it is as wanted or was not for long. */
export async function until(wire: Wire, wanted: string): Promise<string> {
  const end = performance.now() + LIMIT_MS;
  for (;;) {
    const now = await answering(wire);
    if (now === wanted || performance.now() > end) return now;
    await wire.wait(50);
  }
}
export const checks = (wire: Wire, name = "app"): readonly unknown[] => wire.upstreams.checks.seen[name] ?? [];
export const say = (wire: Wire, name: string, answer: string): void => {
  wire.upstreams.checks.answers[name] = answer;
};
/** Whoever is told to be ill goes, and comes back. */
export const outAndBack =
  (ill = "503", well = "200") =>
  async (wire: Wire): Promise<unknown> => {
    const before = await until(wire, "app b");
    say(wire, "app", ill);
    const during = await until(wire, "b");
    say(wire, "app", well);
    return [before, during, await until(wire, "app b")];
  };
/** After many checks, and some more: is it still asked? */
export const isAsked = async (wire: Wire, name = "app"): Promise<string> => {
  const before = checks(wire, name).length;
  const end = performance.now() + LIMIT_MS;
  while (checks(wire, name).length < before + 2 && performance.now() < end) await wire.wait(50);
  return checks(wire, name).length >= before + 2 ? "asked again" : "left alone";
};

export const checked = (
  id: string,
  check: Config,
  run: Case["run"],
  more: Partial<Case> & { over?: Config } = {},
): Case => {
  const { over = {}, ...rest } = more;
  return {
    id: `active health ${id}`,
    isChance: true,
    config: web({ clusters: [cluster(check, over)] }),
    upstreams: { app: "http", b: "http" } satisfies Record<string, UpstreamKind>,
    run,
    ...rest,
  };
};
export const outlierWithout = (over: Config): Config => ({
  outlier_detection: {
    consecutive_5xx: 2,
    max_ejection_percent: 100,
    interval: "600s",
    base_ejection_time: "600s",
    ...over,
  },
});
