// What the proxies of one environment were given last, what each compile had asked, and so which of them has to be compiled again.
// One rule: what is kept is used only where a whole compile would give the same; a compile that noted nothing is never kept.

import { comparedWith, type IsAnsweredAlike, keepPieces, Reads, settledEndpoints, takeOver } from "@/lib/compile";
import type {
  CompileInput,
  CompileResult,
  CompileWarning,
  EncodedResources,
  EnvironmentBinding,
  InstanceEndpoint,
} from "@/lib/compile/types";
import { NO_ROLLOUT } from "@/lib/compile/types";
import { isSameJson } from "@/lib/mesh";
import { ResourcePool, type Snapshot } from "../ads/snapshot";
import type { Design } from "./designs";
import { type EncodedSecrets, encodeSnapshot, type SharedSecrets } from "./encode-snapshot";

/** `reads`, named after the proxy, is noted what was asked of the input; see lib/compile/touched.ts. */
export type Compile = (input: CompileInput, proxyId: string, reads?: Reads) => CompileResult<EncodedResources>;

export type Compiled = { ok: true; snapshot: Snapshot; warnings: CompileWarning[] } | { ok: false; problems: string[] };

/** What everybody is compiled from, beside the design. */
export interface Surroundings {
  binding: EnvironmentBinding;
  endpoints: InstanceEndpoint[];
  secrets: SharedSecrets;
  ownSecrets: OwnSecrets;
}

/** Of gateways, by the key of their proxy. The same map as long as nothing in it changed. */
export type OwnSecrets = ReadonlyMap<string, EncodedSecrets>;

interface Kept {
  input: CompileInput;
  secrets: SharedSecrets;
  own: EncodedSecrets | undefined;
  reads: Reads;
  compiled: Compiled;
}

/** An input of this round, and whose compile it would tell the same as before. */
interface Current {
  input: CompileInput;
  isAnsweredAlike: IsAnsweredAlike;
}

/** Every so many rounds it is looked whether pieces are left over. */
const ROUNDS_UNTIL_TIDY = 50;

export class KeptConfigurations {
  private readonly pool = new ResourcePool();
  private kept = new Map<string, Kept>();
  private surroundings: Surroundings | null = null;
  private inputs = new Map<Design["document"], CompileInput>();
  private rounds = 0;

  constructor(private readonly compile: Compile) {}

  /** Compiles whom the change concerns. A proxy that is not asked for in a round is forgotten. */
  round(now: Surroundings): { configurationOf(design: Design, proxyKey: string): Compiled; end(): void } {
    const surroundings = settled(this.surroundings, now);
    const before = this.kept;
    const current = new Map<Design["document"], Current>();
    const kept = new Map<string, Kept>();
    return {
      configurationOf: (design, proxyKey) => {
        const { document } = design;
        const { input, isAnsweredAlike } = current.get(document) ?? this.next(design, surroundings);
        if (!current.has(document)) {
          current.set(document, { input, isAnsweredAlike });
        }
        const known = before.get(proxyKey);
        const next = this.stillRight(known, isAnsweredAlike, surroundings, proxyKey)
          ? known
          : this.make(input, proxyKey, surroundings, this.pool);
        next.input = input;
        kept.set(proxyKey, next);
        return next.compiled;
      },
      end: () => {
        this.surroundings = surroundings;
        this.kept = kept;
        this.inputs = new Map([...current].map(([document, { input }]) => [document, input]));
        this.pool.endRound(() => snapshotsOf(kept.values()));
        this.tidy();
      },
    };
  }

  /** What proxies would get of a design, without keeping it. */
  preview(design: Pick<Design, "document" | "digest">, now: Surroundings): (proxyKey: string) => Compiled {
    const surroundings = settled(this.surroundings, now);
    const { input, isAnsweredAlike } = this.next(design, surroundings);
    const pool = new ResourcePool();
    return (proxyKey) => {
      const known = this.kept.get(proxyKey);
      const isRight = this.stillRight(known, isAnsweredAlike, surroundings, proxyKey);
      return (isRight ? known : this.make(input, proxyKey, surroundings, pool)).compiled;
    };
  }

  /** The input of the round before where nothing is different; else one that takes over what was made of that, or of the last other design. */
  private next({ document, digest }: Pick<Design, "document" | "digest">, surroundings: Surroundings): Current {
    const near = this.inputs.get(document) ?? [...this.inputs.values()].at(-1);
    const isSame = surroundings === this.surroundings && near?.document === document;
    const input = near && isSame ? near : inputOf(document, digest, surroundings);
    return { input, isAnsweredAlike: near && input !== near ? takeOver(near, input) : comparedWith(input) };
  }

  private stillRight(
    kept: Kept | undefined,
    isAnsweredAlike: IsAnsweredAlike,
    { secrets, ownSecrets }: Surroundings,
    proxyKey: string,
  ): kept is Kept {
    const hasSameSecrets = kept?.secrets === secrets && kept.own === ownSecrets.get(proxyKey);
    return hasSameSecrets && kept.reads.asked > 0 && isAnsweredAlike(kept.reads, kept.input);
  }

  private make(input: CompileInput, proxyKey: string, { secrets, ownSecrets }: Surroundings, pool: ResourcePool): Kept {
    const own = ownSecrets.get(proxyKey);
    const reads = new Reads(proxyKey);
    const result = this.compile(input, proxyKey, reads);
    const compiled: Compiled = result.ok
      ? { ok: true, snapshot: encodeSnapshot(result.resources, secrets, pool, own), warnings: result.warnings }
      : { ok: false, problems: result.violations.map((violation) => `${violation.path}: ${violation.message}`) };
    return { input, secrets, own, reads, compiled };
  }

  private tidy(): void {
    this.rounds += 1;
    if (this.rounds % ROUNDS_UNTIL_TIDY !== 0) {
      return;
    }
    const used = [...this.kept.values()].map(({ reads }) => reads);
    keepPieces(this.inputs.values(), used);
  }
}

function inputOf(document: Design["document"], digest: string, { binding, endpoints }: Surroundings): CompileInput {
  return { document, digest, binding, endpoints, rollout: NO_ROLLOUT, overrides: {} };
}

/** What is equal stays the same value, so that comparing it again costs nothing. */
function settled(before: Surroundings | null, now: Surroundings): Surroundings {
  if (!before) {
    return now;
  }
  const keep = <T>(old: T, next: T): T => (isSameJson(old, next) ? old : next);
  const binding = keep(before.binding, now.binding);
  const endpoints = settledEndpoints(before.endpoints, now.endpoints);
  const secrets = keep(before.secrets, now.secrets);
  const { ownSecrets } = now;
  const isSame =
    binding === before.binding &&
    endpoints === before.endpoints &&
    secrets === before.secrets &&
    ownSecrets === before.ownSecrets;
  return isSame ? before : { binding, endpoints, secrets, ownSecrets };
}

function* snapshotsOf(all: Iterable<Kept>): Iterable<Snapshot> {
  for (const { compiled } of all) {
    if (compiled.ok) {
      yield compiled.snapshot;
    }
  }
}
