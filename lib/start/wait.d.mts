export function sleep(ms: number): Promise<void>;
export function until<T>(check: () => T | Promise<T>, timeoutMs: number, everyMs?: number): Promise<T | undefined>;
export function freePort(wanted?: number): Promise<number>;
