import type { Fact } from "../types";

export const CILIUM: readonly Fact[] = [];
