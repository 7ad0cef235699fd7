// Where in the configuration the planner is, so that each problem carries its path.
// One rule: planning goes on after a problem, to report all of them; the plan is thrown away when there is any.

import { joinPath, keyPath, type Violation } from "../contract/violations";

export interface ResourceId {
  readonly kind: string;
  readonly name: string;
}

export class Scope {
  constructor(
    readonly path: string,
    private readonly found: Violation[],
    private readonly resource?: ResourceId,
  ) {}

  field(name: string): Scope {
    return new Scope(joinPath(this.path, name), this.found, this.resource);
  }

  item(name: string, key: number | string): Scope {
    return new Scope(keyPath(joinPath(this.path, name), key), this.found, this.resource);
  }

  /** Reports a problem here: what is wrong and what to do. */
  fail(message: string): void {
    this.found.push({ path: this.path, message, ...(this.resource ? { resource: this.resource } : {}) });
  }

  add(violations: readonly Violation[]): void {
    for (const violation of violations) {
      this.found.push(this.resource ? { ...violation, resource: this.resource } : violation);
    }
  }

  /** A name for things made here that have none: unique within the plan. */
  get id(): string {
    return this.resource ? `${this.resource.name}/${this.path}` : this.path;
  }
}
