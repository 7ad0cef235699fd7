import type { ChildProcess } from "node:child_process";

export function preparePostgres(): {
  programs: string;
  version: string;
  runAs: { name: string; uid: number; gid: number } | undefined;
};
export function dataFolder(home: string): string;
export function createCluster(folder: string, password: string): boolean;
export function spawnServer(options: {
  folder: string;
  port: number;
  log: string;
  settings?: Record<string, string>;
}): { child: ChildProcess; ready: Promise<void> };
export function stopServer(child: ChildProcess, timeoutMs?: number): Promise<void>;
export function databaseUrl(options: { port: number; password: string; database?: string }): string;
