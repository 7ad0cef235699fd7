// The sentence over a service's page. Rule: the worst first, in numbers; not measured is said, never called healthy.
import type { TopologyDto } from "@/components/api-client";
import { formatMs, formatPercent, plural } from "@/components/ui/format";
import type { Status } from "@/components/ui/status-words";
import { bytesPerSecond, failureRatio, formatByteRate, formatTraffic, isTcpOnly } from "@/components/ui/traffic";
import { stateOf } from "./rows";

export function serviceAnswer(
  name: string,
  live: TopologyDto["services"][number] | undefined,
  findings: number,
): { status: Status; text: string } {
  const { status } = stateOf(live);
  if (!live || live.state === "no-data")
    return { status: "unmeasured", text: `${name} was never measured: nobody called yet, or no proxy has reported.` };
  if (live.proxies.nack > 0)
    return {
      status,
      text: `${plural(live.proxies.nack, "proxy", "proxies")} of ${name} refused the configuration and run the last good one.`,
    };
  if (live.state === "stale") return { status, text: `${name}: what was measured is stale.` };
  if (live.state === "zero") return { status, text: `${name} runs and has no traffic right now.` };
  const { now } = live;
  const isTcp = isTcpOnly(now);
  const load = `${formatTraffic(now)}, ${isTcp ? formatByteRate(bytesPerSecond(now.tcp)) : `p99 ${formatMs(now.p99)}`}`;
  const failed = formatPercent(failureRatio(now));
  if (status === "failing" || status === "attention")
    return { status, text: `${name} fails ${failed} of its ${isTcp ? "connections" : "requests"} (${load}).` };
  if (findings > 0)
    return { status: "attention", text: `${name} answers (${load}); ${plural(findings, "finding")} in its design.` };
  return { status, text: `${name} answers: ${load}, ${failed} errors.` };
}
