// What an intention allows and refuses, in the model's terms: operations that are let in, and those that are not.
// The rule: permissions are tried in order in Consul, denials win here; where that differs the call is refused, and told.
import type { AuthorizationOperation } from "@/lib/mesh";
import type { Permission, Source } from "./state";

/** `isNarrower`: some calls are refused that Consul lets in. */
export type Said = { allow: AuthorizationOperation[]; deny: AuthorizationOperation[]; isNarrower?: boolean };
type Ground = { isHttp: boolean; mode: "allow" | "deny"; needsToken: boolean };

export function said(decision: Source["decision"], { isHttp, mode, needsToken }: Ground): Said {
  if (needsToken || decision === "deny") return { allow: [], deny: [] };
  if (decision === "allow") return { allow: [{}], deny: [] };
  // on connections Consul takes permissions for a denial
  return isHttp ? ofPermissions(decision, mode) : { allow: [], deny: [] };
}

function ofPermissions(permissions: readonly Permission[], mode: Ground["mode"]): Said {
  const allow: AuthorizationOperation[] = [];
  const deny: AuthorizationOperation[] = [];
  let isNarrower = false;
  let rest = mode;
  for (const { action, condition } of permissions) {
    if ("reason" in condition) {
      // what cannot be asked is refused
      if (action === "deny") return { allow: [], deny: [] };
      continue;
    }
    const { operations } = condition;
    if (operations.some((each) => Object.keys(each).length === 0)) {
      rest = action;
      break;
    }
    if (action === "allow") allow.push(...operations);
    else {
      isNarrower ||= operations.some((one) => allow.some((other) => !areApart(one, other)));
      deny.push(...operations);
    }
  }
  if (rest === "allow") return { allow: [{}], deny, ...(isNarrower ? { isNarrower } : {}) };
  // where nothing else is let in, a denial that meets no allowance says nothing
  const meant = deny.filter((one) => allow.some((other) => !areApart(one, other)));
  return { allow, deny: meant, ...(isNarrower ? { isNarrower } : {}) };
}

/** Whether no call is both. */
function areApart(a: AuthorizationOperation, b: AuthorizationOperation): boolean {
  if (a.methods && b.methods && !a.methods.some((each) => b.methods?.includes(each))) return true;
  if (!a.paths || !b.paths) return false;
  return a.paths.every((one) => b.paths?.every((other) => pathsApart(one, other)));
}

function pathsApart(a: string, b: string): boolean {
  if (a.startsWith("*") || b.startsWith("*")) return false;
  const [one, other] = [a, b].map((each) => ({ text: each.replace(/\*$/, ""), isPrefix: each.endsWith("*") }));
  if (!one || !other) return false;
  if (one.isPrefix && other.text.startsWith(one.text)) return false;
  if (other.isPrefix && one.text.startsWith(other.text)) return false;
  return one.text !== other.text;
}
