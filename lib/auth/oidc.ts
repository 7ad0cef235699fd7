// Single sign-on by environment: the provider for next-auth, and what its claims mean here.
import type { OAuthConfig } from "next-auth/providers/oauth";
import { z } from "zod";
import { type Role, role } from "@/lib/api/schema/common";
import type { OidcPerson } from "@/lib/data/sign-in";
import type { Env } from "@/lib/env";

const profileShape = z.looseObject({
  sub: z.string().min(1),
  email: z.email().optional(),
  email_verified: z.union([z.boolean(), z.string()]).optional(),
  name: z.string().optional(),
  preferred_username: z.string().optional(),
});
export type OidcProfile = z.infer<typeof profileShape>;

const groupRoles = z.record(z.string(), z.union([role, z.strictObject({ role, mesh: z.string().optional() })]));

export function oidcProvider(env: Env): OAuthConfig<OidcProfile> | null {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: clientSecret } = env;
  if (!issuer || !clientId || !clientSecret) return null;
  return {
    id: "oidc",
    name: env.OIDC_NAME,
    type: "oauth",
    wellKnown: `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`,
    issuer,
    clientId,
    clientSecret,
    idToken: true,
    checks: ["pkce", "state", "nonce"],
    authorization: { params: { scope: "openid email profile" } },
    profile: (profile) => ({ id: profile.sub, email: profile.email ?? null, name: profile.name ?? null }),
  };
}

/** Null when the claims lack what an account needs. */
export function personOfProfile(profile: unknown, env: Env): OidcPerson | null {
  const known = profileShape.safeParse(profile);
  if (!known.success || !known.data.email || !env.OIDC_ISSUER) return null;
  const { sub, email, name, preferred_username, email_verified } = known.data;
  return {
    subject: `${env.OIDC_ISSUER}|${sub}`,
    email,
    isEmailVerified: email_verified === true || email_verified === "true",
    name: name ?? preferred_username ?? email,
    roles: rolesOfGroups(known.data[env.OIDC_GROUPS_CLAIM], env.OIDC_GROUP_ROLES),
  };
}

/** Groups to roles by OIDC_GROUP_ROLES; a group that it does not name gives nothing. */
export function rolesOfGroups(claim: unknown, mapping: string | undefined): { role: Role; mesh: string | null }[] {
  const groups = z.array(z.string()).safeParse(typeof claim === "string" ? [claim] : claim);
  if (!mapping || !groups.success) return [];
  const roles = groupRoles.parse(JSON.parse(mapping));
  return groups.data.flatMap((group) => {
    const given = Object.hasOwn(roles, group) ? roles[group] : undefined;
    if (!given) return [];
    return [typeof given === "string" ? { role: given, mesh: null } : { role: given.role, mesh: given.mesh ?? null }];
  });
}
