// Runs variants on one side, many in one process, and gives back what was observed. Rule: each variant has upstreams, a log and
// names of its own; only the process is shared.

import { join } from "node:path";
import { observeAlone } from "./alone";
import { comparable } from "./comparable";
import { countsOf, inWords } from "./counts";
import type { Material } from "./material";
import { bootstrapOf, refusalOf, type Side, type SideName, startSide } from "./sides";
import { type Config, REFUSED, type Variant } from "./types";
import { startUpstreams, type Upstreams } from "./upstreams";
import { isRefused, listenerName, placed } from "./variants";
import { Wire } from "./wire";

export type Observations = ReadonlyMap<string, unknown>;

export interface Place {
  readonly folder: string;
  readonly material: Material;
  /** Scripts at the same time. */
  readonly atOnce: number;
  readonly say: (text: string) => void;
}

interface Prepared {
  readonly variant: Variant;
  readonly config: Config;
  readonly index: number;
  readonly upstreams: Upstreams;
  readonly log: string;
}

let batches = 0;

export async function observe(name: SideName, variants: readonly Variant[], place: Place): Promise<Observations> {
  const found = new Map<string, unknown>();
  const prepared: Prepared[] = [];
  batches++;
  try {
    const alone = variants.filter(({ resources }) => resources !== undefined);
    await inTurns(4, [...alone.entries()], async ([index, variant]) => {
      found.set(variant.key, await observeAlone(name, variant, place, index));
    });
    const shared = variants.filter(({ resources }) => resources === undefined);
    for (const [index, variant] of shared.entries()) prepared.push(await prepare(variant, index, name, place));
    await inTurns(
      place.atOnce,
      prepared.filter(({ variant }) => isRefused(variant)),
      async (one) => {
        const why = await refusalOf(name, bootstrapOf(one.config), place.folder, one.index);
        found.set(one.variant.key, why === null ? "taken" : REFUSED);
      },
    );
    await runAll(
      name,
      prepared.filter(({ variant }) => !isRefused(variant)),
      place,
      found,
    );
  } finally {
    for (const { upstreams } of prepared) upstreams.close();
  }
  return found;
}

async function prepare(variant: Variant, index: number, name: SideName, place: Place): Promise<Prepared> {
  const upstreams = await startUpstreams(variant.of.upstreams ?? { app: "http" }, place.material);
  const log = join(place.folder, `${name}-${batches}-${index}.log`);
  const fill = (placeholder: string): unknown => {
    if (placeholder === "log") return log;
    const [kind = "", rest = ""] = placeholder.split(":");
    if (kind === "pem") return place.material.pem(rest);
    if (kind === "file") return place.material.file(rest);
    const port = upstreams.ports[placeholder];
    if (port === undefined) throw new Error(`${variant.key}: there is no upstream ${placeholder}`);
    return port;
  };
  return { variant, index, upstreams, log, config: counted(placed(variant.config, index, fill)) };
}

/** Its listeners have all the same address: by its own name each is told apart in the statistics. */
function counted(config: Config): Config {
  const listeners = ((config["listeners"] ?? []) as Config[]).map((each) => ({ stat_prefix: each["name"], ...each }));
  return { ...config, listeners };
}

async function runAll(
  name: SideName,
  list: readonly Prepared[],
  place: Place,
  found: Map<string, unknown>,
): Promise<void> {
  if (list.length === 0) return;
  const { side, taken } = await startTogether(name, list, place, found);
  try {
    const seen = new Map<Prepared, Seen>();
    await inTurns(place.atOnce, taken, async (one) => {
      seen.set(one, await runOne(one, side, place));
    });
    const counts = countsOf(await side.stats());
    for (const [{ variant, index }, { answer, isChance }] of seen) {
      const own = counts.get(index) ?? {};
      found.set(variant.key, comparable({ answer, counts: isChance ? inWords(own) : own }, { ports: new Map() }));
    }
  } finally {
    await side.stop();
  }
}

/** One process for all; what it does not take is told and left out. */
async function startTogether(
  name: SideName,
  list: readonly Prepared[],
  place: Place,
  found: Map<string, unknown>,
): Promise<{ side: Side; taken: readonly Prepared[] }> {
  try {
    return { side: await startSide(name, bootstrapOf(together(list)), place.folder), taken: list };
  } catch (error) {
    const taken: Prepared[] = [];
    await inTurns(4, list, async (one) => {
      const why = await refusalOf(name, bootstrapOf(one.config), place.folder, one.index);
      if (why === null) taken.push(one);
      else place.say(`${name} refuses ${one.variant.key}: ${why}`);
      if (why !== null) found.set(one.variant.key, REFUSED);
    });
    if (taken.length === list.length) throw error;
    return { side: await startSide(name, bootstrapOf(together(taken)), place.folder), taken };
  }
}

const together = (list: readonly Prepared[]): Config => {
  const all = (kind: string): unknown[] => list.flatMap(({ config }) => (config[kind] ?? []) as unknown[]);
  return { listeners: all("listeners"), clusters: all("clusters"), secrets: all("secrets") };
};

interface Seen {
  readonly answer: unknown;
  /** Chance or time decided how often something was done. */
  readonly isChance: boolean;
}

async function runOne({ variant, index, upstreams, log }: Prepared, side: Side, place: Place): Promise<Seen> {
  const mark = `~${index}~`;
  const own = [...side.ports].filter(([listener]) => listener.endsWith(mark));
  const ports = Object.fromEntries(own.map(([listener, port]) => [listenerName(listener), port]));
  const wire = new Wire(ports, upstreams, place.material, log);
  const names = [...Object.entries(ports), ...Object.entries(upstreams.ports)];
  try {
    const seen = await variant.of.run(wire);
    const answer = comparable(seen, { ports: new Map(names.map(([each, port]) => [port, each])) });
    return { answer, isChance: wire.isChance || variant.of.isChance === true };
  } finally {
    wire.close();
  }
}

async function inTurns<T>(atOnce: number, items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let item = items[next++]; item !== undefined; item = items[next++]) await work(item);
  };
  await Promise.all(Array.from({ length: Math.max(1, atOnce) }, worker));
}
