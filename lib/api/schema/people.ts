// People: who I am, users, invites, API tokens, sign-in links.
import { z } from "zod";
import { role, slug, timestamp } from "./common";

export const roleBinding = z.object({
  role,
  mesh: z.string().nullable(),
  namespace: z.string().nullable(),
  origin: z.enum(["manual", "oidc"]),
});

export const me = z.object({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  roles: z.array(roleBinding),
  /** Actions allowed on everything; per mesh they are with each mesh. */
  permissions: z.array(z.string()),
  /** How this request proved who it is. */
  via: z.enum(["session", "token"]),
});
export type Me = z.infer<typeof me>;

export const user = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  roles: z.array(roleBinding),
  hasPassword: z.boolean(),
  isDisabled: z.boolean(),
  lastSignInAt: timestamp.nullable(),
  createdAt: timestamp,
});
export type User = z.infer<typeof user>;

/** Passwords by length only (NIST SP 800-63B section 3.1.1). */
export const password = z.string().min(12, "must have at least 12 characters").max(256);
export const emailAddress = z
  .email("must be an e-mail address")
  .max(254)
  .transform((text) => text.toLowerCase());

export const newRole = z.strictObject({ role, mesh: slug.nullish(), namespace: z.string().max(63).nullish() });
export const userPatch = z.strictObject({
  name: z.string().min(1).max(120).optional(),
  isDisabled: z.boolean().optional(),
  roles: z.array(newRole).max(200).optional(),
});
export const ownPatch = z.strictObject({
  name: z.string().min(1).max(120).optional(),
  password: z.strictObject({ current: z.string().max(256).optional(), next: password }).optional(),
  signOutEverywhere: z.boolean().optional(),
});

export const invite = z.object({
  id: z.string(),
  email: z.string(),
  role,
  mesh: z.string().nullable(),
  createdAt: timestamp,
  expiresAt: timestamp,
  state: z.enum(["open", "accepted", "expired", "revoked"]),
});
export type Invite = z.infer<typeof invite>;
export const newInvite = z.strictObject({ email: emailAddress, role, mesh: slug.nullish() });
/** The link is shown once. */
export const inviteMade = invite.extend({ url: z.string() });
export const acceptInvite = z.strictObject({
  token: z.string().min(20).max(200),
  name: z.string().min(1).max(120),
  password,
});

export const apiToken = z.object({
  id: z.string(),
  name: z.string(),
  role,
  mesh: z.string().nullable(),
  createdAt: timestamp,
  expiresAt: timestamp.nullable(),
  lastUsedAt: timestamp.nullable(),
  revokedAt: timestamp.nullable(),
});
export type ApiToken = z.infer<typeof apiToken>;
export const newToken = z.strictObject({
  name: z.string().min(1).max(120),
  role,
  mesh: slug.nullish(),
  expiresInDays: z.int().min(1).max(366).default(90),
});
/** The secret is shown once. */
export const tokenMade = apiToken.extend({ secret: z.string() });

export const signInLinkRequest = z.strictObject({ email: emailAddress });
export const signInLink = z.object({ email: z.string(), url: z.string(), expiresAt: timestamp });
