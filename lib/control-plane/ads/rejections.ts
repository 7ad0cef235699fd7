// What one proxy has refused, over all of its streams. A version that was NACKed is parked until its bytes change or somebody deploys again
// (docs/decisions/refused-configurations.md).
// One rule: if the NACK names resources of the response, those are parked; otherwise the whole set sent is.

import { type EncodedResource, shortHash, type TypeUrl } from "./snapshot";

export interface Rejection {
  typeUrl: TypeUrl;
  message: string;
  /** `name@version` of what was refused. */
  resources: string[];
  /** True when the message named them; false when any of the set may be the cause. */
  isNamed: boolean;
  at: number;
}

function keyOf(resource: { name: string; version: string }): string {
  return `${resource.name}@${resource.version}`;
}

function setHash(typeUrl: TypeUrl, keys: readonly string[]): string {
  return shortHash(`${typeUrl}\n${[...keys].sort().join("\n")}`);
}

export class Rejections {
  private readonly named = new Set<string>();
  private readonly sets = new Set<string>();
  last: Rejection | null = null;

  /** Takes back what was stored, after a restart of the control plane. */
  restore(rejection: Rejection): void {
    this.last = rejection;
    if (rejection.isNamed) {
      for (const key of rejection.resources) {
        this.named.add(`${rejection.typeUrl} ${key}`);
      }
    } else {
      this.sets.add(setHash(rejection.typeUrl, rejection.resources));
    }
  }

  /** Somebody deploys: what was in the way (a port that another process held) may be gone, so it is tried once more. */
  forget(): void {
    this.named.clear();
    this.sets.clear();
    this.last = null;
  }

  reject(typeUrl: TypeUrl, sent: readonly EncodedResource[], message: string, at: number): Rejection {
    const guilty = sent.length === 1 ? sent : sent.filter((resource) => message.includes(`"${resource.name}"`));
    const isNamed = guilty.length > 0;
    const rejection = { typeUrl, message, resources: (isNamed ? guilty : sent).map(keyOf), isNamed, at };
    this.restore(rejection);
    return rejection;
  }

  /** True when sending these now would repeat what was refused. */
  forbids(typeUrl: TypeUrl, resources: readonly EncodedResource[]): boolean {
    return (
      resources.some((resource) => this.named.has(`${typeUrl} ${keyOf(resource)}`)) ||
      (resources.length > 0 && this.sets.has(setHash(typeUrl, resources.map(keyOf))))
    );
  }
}
