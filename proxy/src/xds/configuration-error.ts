import { formatViolation, type Violation } from "../contract/violations";

/** The configuration cannot be used; `violations` says where and why. */
export class ConfigurationError extends Error {
  constructor(readonly violations: readonly Violation[]) {
    super(violations.map(formatViolation).join("\n"));
    this.name = "ConfigurationError";
  }
}
