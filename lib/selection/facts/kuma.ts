import type { Fact } from "../types";

export const KUMA: readonly Fact[] = [];
