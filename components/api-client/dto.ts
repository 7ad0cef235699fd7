// Names of the API's answers as screens use them.
import type { Command, MeshDocument, Positions } from "@/lib/mesh";
export interface PageOf<T> {
  items: T[];
  nextCursor?: string | null;
}
export interface MeshSummary {
  id: string;
  slug: string;
  name: string;
}
export interface Me {
  id: string;
  name: string | null;
  email: string;
  roles: { role: string; mesh: string | null }[];
}
export interface EnvironmentSummary {
  id: string;
  name: string;
  running?: { revision: number | null; digest: string | null } | null;
}
export interface RevisionSummary {
  number: number;
  digest: string;
  message: string | null;
  createdAt: string;
  author?: string | null;
}
export interface DraftState {
  version: number;
  document: { objects: { kind: string; metadata: { name: string; namespace?: string } }[] };
}
export interface LiveNumbersDto {
  requestsPerSecond: number | null;
  errorRatio: number | null;
  p50: number | null;
  p95: number | null;
  p99: number | null;
  mtlsRatio: number | null;
}
export type LiveStateDto = "live" | "zero" | "stale" | "no-data";
export interface TopologyDto {
  document: MeshDocument;
  positions: Positions;
  measuredAt: string | null;
  dependencies: {
    key: string | null;
    source: string;
    target: string;
    drawn: boolean;
    granted: boolean | null;
    seen: boolean;
    now: LiveNumbersDto;
    state: LiveStateDto;
  }[];
  services: {
    key: string;
    now: LiveNumbersDto;
    state: LiveStateDto;
    versions: { version: string; share: number | null }[];
    proxies: { total: number; ready: number; pending: number; nack: number; disconnected: number };
  }[];
}
export interface FindingDto {
  code: string;
  severity: "error" | "warning" | "info";
  message: string;
  cause: string;
  refs: string[];
  path?: string;
  fixes?: { title: string; command: Command }[];
}
export type AppSpecDto =
  | { kind: "echo" }
  | { kind: "demo"; name: string }
  | { kind: "address"; host: string; port: number }
  | { kind: "none" };
export interface BindingDto {
  instances: { id: string; workload: { namespace: string; name: string }; app: AppSpecDto }[];
  externals: { namespace: string; name: string; endpoints: { host: string; port: number }[] }[];
  gateways: { namespace: string; name: string; publicPort?: number }[];
}
