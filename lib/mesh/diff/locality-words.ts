// What a traffic policy makes of localities, in words: in the sentences of diffs and of effects.
import { PLACE_LABELS } from "../locality";
import type { TrafficLocality } from "../types";

/** `callers in eu send 80 % to eu/a, 20 % to eu/b`; `the nearest hosts are called first` */
export function preferenceText(locality: TrafficLocality): string {
  const { enabled, distribute, failover = [], failoverPriority } = locality;
  if (enabled === false) return "localities make no difference";
  if (distribute) {
    const each = distribute.map(({ from, to }) => {
      const shares = Object.entries(to).map(([place, percent]) => `${percent} % to ${place}`);
      return `callers in ${from === "*" ? "any place" : from} send ${shares.join(", ")}`;
    });
    return each.join("; ");
  }
  const first = failoverPriority
    ? `hosts with the same ${failoverPriority.map(labelText).join(", then ")} as the caller are called first`
    : "the nearest hosts are called first, by subzone, zone and region";
  const after = failover.map(({ from, to }) => `after ${from} comes ${to}`);
  return [first, ...after].join("; ");
}

const PLACE_WORDS: Readonly<Record<string, string>> = {
  [PLACE_LABELS.region]: "region",
  [PLACE_LABELS.zone]: "zone",
  [PLACE_LABELS.subzone]: "subzone",
};

/** `zone`, `version`, `track (stable)` */
function labelText(entry: string): string {
  const [name = "", ...value] = entry.split("=");
  const word = PLACE_WORDS[name] ?? name;
  return value.length === 0 ? word : `${word} (${value.join("=")})`;
}
