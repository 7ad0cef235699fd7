// How often a service of a cluster said what. Rule: clusters and outcomes are of the configuration and of the code, so that there are few.

export class Outcomes<Outcome extends string> {
  private readonly counts = new Map<string, Map<Outcome, number>>();

  add(cluster: string, outcome: Outcome): void {
    let counts = this.counts.get(cluster);
    if (counts === undefined) {
      counts = new Map();
      this.counts.set(cluster, counts);
    }
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  }

  *all(): Iterable<readonly [cluster: string, outcome: Outcome, count: number]> {
    for (const [cluster, counts] of this.counts)
      for (const [outcome, count] of counts) yield [cluster, outcome, count] as const;
  }
}
