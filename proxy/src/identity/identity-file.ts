// The identity section that the agent writes beside the bootstrap (meshwright.json). Checked once, whole.

import { readFileSync } from "node:fs";
import type { Violation } from "../contract/violations";
import { parseSpiffeId } from "./spiffe-id";

export interface IdentityFile {
  readonly proxyId: string;
  readonly home: string;
  readonly enrollUrl: string;
  readonly joinToken: string | null;
  readonly spiffeId: string;
  readonly controlPlaneSpiffeId: string;
  readonly trustBundlePem: string;
  readonly supervisorPid: number | null;
  readonly supervisorStart: string | null;
  readonly accessLogPath: string | null;
  readonly adminNonce: string;
  /** Nobody can ask its admin interface: it reports to the control plane itself. */
  readonly reports: boolean;
}

export function readIdentityFile(
  path: string,
): { ok: true; identity: IdentityFile } | { ok: false; violations: Violation[] } {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    return {
      ok: false,
      violations: [
        { path, message: `cannot be read: ${(error as Error).message}; give --identity the agent's meshwright.json` },
      ],
    };
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return { ok: false, violations: [{ path, message: "must be a JSON object" }] };
  }
  const record = json as Record<string, unknown>;
  const violations: Violation[] = [];
  const text = (name: string, isRequired: boolean): string => {
    const value = record[name] ?? "";
    if (typeof value !== "string" || (isRequired && value === "")) {
      violations.push({ path: `${path}: ${name}`, message: "must be a text that is not empty" });
      return "";
    }
    return value;
  };
  const spiffeId = text("spiffeId", true);
  const parsed = parseSpiffeId(spiffeId);
  if (!parsed?.path) {
    violations.push({ path: `${path}: spiffeId`, message: "must be a SPIFFE ID with a path" });
  }
  const pid = record["supervisorPid"];
  const start = record["supervisorStart"];
  const identity: IdentityFile = {
    proxyId: text("proxyId", true),
    home: text("home", true),
    enrollUrl: text("enrollUrl", true),
    joinToken: text("joinToken", false) || null,
    spiffeId,
    controlPlaneSpiffeId:
      text("controlPlaneSpiffeId", false) || `spiffe://${parsed?.trustDomain}/meshwright/control-plane`,
    trustBundlePem: text("trustBundlePem", true),
    supervisorPid: typeof pid === "number" ? pid : null,
    supervisorStart: start === undefined || start === null ? null : String(start),
    accessLogPath: text("accessLogPath", false) || null,
    adminNonce: text("adminNonce", false),
    reports: record["reports"] === true,
  };
  return violations.length > 0 ? { ok: false, violations } : { ok: true, identity };
}
