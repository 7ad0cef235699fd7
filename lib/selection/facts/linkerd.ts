import type { Fact } from "../types";

export const LINKERD: readonly Fact[] = [];
