// Envoy RBAC rules compiled to closures with a sentence each. One rule: what cannot be evaluated is reported as a
// violation, never as "matches nothing".

import type { CidrRange } from "../contract/gen/envoy/config/core/v3/address_pb";
import type { PathMatcher } from "../contract/gen/envoy/type/matcher/v3/path_pb";
import { type Permission, type Principal, type RBAC, RBAC_Action } from "../contract/messages";
import { cidrMatcher } from "./ip";
import { headerMatcher, stringMatcher } from "./matchers";
import { metadataMatcher } from "./metadata-matcher";
import type { Scope } from "./scope";
import type {
  PeerIdentity,
  RbacContext,
  RbacFilterPlan,
  RbacMatcher,
  RbacPlan,
  RbacPolicy,
  StringMatcher,
} from "./types";

const ACTIONS = { [RBAC_Action.ALLOW]: "allow", [RBAC_Action.DENY]: "deny", [RBAC_Action.LOG]: "log" } as const;
const NEVER: RbacMatcher = { text: "never", matches: () => false };
const ANYTHING: RbacMatcher = { text: "anything", matches: () => true };

export function rbacFilter(
  name: string,
  filter: {
    readonly rules?: RBAC | undefined;
    readonly shadowRules?: RBAC | undefined;
    readonly statPrefix?: string;
    readonly rulesStatPrefix?: string;
    readonly shadowRulesStatPrefix?: string;
  },
  scope: Scope,
): RbacFilterPlan {
  return {
    name,
    rules: filter.rules ? rbacRules(filter.rules, scope.field("rules")) : null,
    shadowRules: filter.shadowRules ? rbacRules(filter.shadowRules, scope.field("shadow_rules")) : null,
    statPrefix: filter.statPrefix ?? "",
    rulesPrefix: filter.rulesStatPrefix ?? "",
    shadowPrefix: filter.shadowRulesStatPrefix ?? "",
  };
}

function rbacRules(rules: RBAC, scope: Scope): RbacPlan {
  const names = Object.keys(rules.policies).sort(compareBytes);
  const policies = names.flatMap((name): RbacPolicy[] => {
    const policy = rules.policies[name];
    if (!policy) {
      return [];
    }
    const at = scope.item("policies", name);
    return [
      {
        name,
        permission: anyOf(policy.permissions.map((one, index) => permission(one, at.item("permissions", index)))),
        principal: anyOf(policy.principals.map((one, index) => principal(one, at.item("principals", index)))),
      },
    ];
  });
  return { action: ACTIONS[rules.action], policies };
}

/** Envoy keeps policies in a std::map: byte order. */
function compareBytes(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function permission(rule: Permission, scope: Scope): RbacMatcher {
  const { rule: one } = rule;
  switch (one.case) {
    case "any":
      return ANYTHING;
    case "andRules":
      return allOf(
        one.value.rules.map((inner, index) => permission(inner, scope.field("and_rules").item("rules", index))),
      );
    case "orRules":
      return anyOf(
        one.value.rules.map((inner, index) => permission(inner, scope.field("or_rules").item("rules", index))),
      );
    case "notRule":
      return not(permission(one.value, scope.field("not_rule")));
    case "header":
      return header(one.value, scope.field("header"));
    case "urlPath":
      return urlPath(one.value, scope.field("url_path"));
    case "destinationIp":
      return cidr(
        "destination address",
        one.value,
        ({ destinationAddress }) => destinationAddress,
        scope.field("destination_ip"),
      );
    case "destinationPort": {
      const port = one.value;
      return { text: `port ${port}`, matches: (context) => context.destinationPort === port };
    }
    case "destinationPortRange": {
      const { start, end } = one.value;
      if (start >= end || start < 0 || end > 65536) {
        scope.field("destination_port_range").fail("needs 0 <= start < end <= 65536");
      }
      return {
        text: `port in [${start}, ${end})`,
        matches: ({ destinationPort }) => destinationPort >= start && destinationPort < end,
      };
    }
    case "requestedServerName": {
      const matcher = stringMatcher(one.value, scope.field("requested_server_name"));
      return {
        text: `server name ${matcher.text}`,
        matches: (context) => matcher.matches(context.requestedServerName),
      };
    }
    case "metadata":
      return metadataMatcher(one.value, scope.field("metadata"));
    default:
      scope.fail("needs a permission rule that this proxy supports");
      return NEVER;
  }
}

function principal(rule: Principal, scope: Scope): RbacMatcher {
  const { identifier: one } = rule;
  switch (one.case) {
    case "any":
      return ANYTHING;
    case "andIds":
      return allOf(one.value.ids.map((inner, index) => principal(inner, scope.field("and_ids").item("ids", index))));
    case "orIds":
      return anyOf(one.value.ids.map((inner, index) => principal(inner, scope.field("or_ids").item("ids", index))));
    case "notId":
      return not(principal(one.value, scope.field("not_id")));
    case "authenticated":
      return one.value.principalName
        ? authenticated(stringMatcher(one.value.principalName, scope.field("authenticated").field("principal_name")))
        : { text: "any TLS peer", matches: ({ peer }) => peer !== null };
    case "sourceIp":
      return cidr(
        "source address",
        one.value,
        ({ sourceAddress, directRemoteAddress }) => sourceAddress ?? directRemoteAddress,
        scope.field("source_ip"),
      );
    case "directRemoteIp":
      return cidr(
        "peer address",
        one.value,
        ({ directRemoteAddress }) => directRemoteAddress,
        scope.field("direct_remote_ip"),
      );
    case "remoteIp":
      return cidr("remote address", one.value, ({ remoteAddress }) => remoteAddress, scope.field("remote_ip"));
    case "header":
      return header(one.value, scope.field("header"));
    case "urlPath":
      return urlPath(one.value, scope.field("url_path"));
    case "metadata":
      return metadataMatcher(one.value, scope.field("metadata"));
    default:
      scope.fail("needs a principal that this proxy supports");
      return NEVER;
  }
}

/** URI SANs, then DNS SANs, then the subject: any that matches (Envoy AuthenticatedMatcher). */
function authenticated(name: StringMatcher): RbacMatcher {
  const holds = (peer: PeerIdentity): boolean =>
    peer.uriSans.some(name.matches) || peer.dnsSans.some(name.matches) || name.matches(peer.subject);
  return { text: `principal ${name.text}`, matches: ({ peer }) => peer !== null && holds(peer) };
}

function header(matcher: Parameters<typeof headerMatcher>[0], scope: Scope): RbacMatcher {
  const { text, matches } = headerMatcher(matcher, scope);
  return { text: `header ${text}`, matches: ({ request }) => request !== null && matches(request) };
}

function urlPath(matcher: PathMatcher, scope: Scope): RbacMatcher {
  const path = stringMatcher(matcher.rule.case === "path" ? matcher.rule.value : undefined, scope.field("path"));
  return {
    text: `path ${path.text}`,
    matches: ({ request }) => request !== null && path.matches(request.path.replace(/[?#].*$/s, "")),
  };
}

function cidr(what: string, range: CidrRange, read: (context: RbacContext) => string, scope: Scope): RbacMatcher {
  const length = range.prefixLen ?? 0;
  const matches = cidrMatcher(range.addressPrefix, length);
  if (!matches) {
    scope.fail(`${range.addressPrefix}/${length} is not an address range`);
    return NEVER;
  }
  return { text: `${what} in ${range.addressPrefix}/${length}`, matches: (context) => matches(read(context)) };
}

function anyOf(matchers: readonly RbacMatcher[]): RbacMatcher {
  const [first] = matchers;
  return matchers.length === 1 && first
    ? first
    : {
        text: matchers.map(({ text }) => text).join(" or "),
        matches: (context) => matchers.some(({ matches }) => matches(context)),
      };
}

function allOf(matchers: readonly RbacMatcher[]): RbacMatcher {
  return {
    text: matchers.map(({ text }) => text).join(" and "),
    matches: (context) => matchers.every(({ matches }) => matches(context)),
  };
}

function not({ text, matches }: RbacMatcher): RbacMatcher {
  return { text: `not (${text})`, matches: (context) => !matches(context) };
}
