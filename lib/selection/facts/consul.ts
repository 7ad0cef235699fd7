import type { Fact } from "../types";

export const CONSUL: readonly Fact[] = [];
