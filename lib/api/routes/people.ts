// Who I am, people, invitations, tokens, one-time links.

import { z } from "zod";
import { globalActions, type Principal } from "@/lib/auth/permissions";
import {
  acceptInvite,
  changePerson,
  changeSelf,
  createInvite,
  createSignInLink,
  type InviteRow,
  listInvites,
  listPeople,
  type PersonRow,
  readPerson,
  revokeInvite,
} from "@/lib/data/people";
import { createToken, listTokens, revokeToken, type TokenRow } from "@/lib/data/tokens";
import { dateCursor, readDateCursor } from "../cursor";
import { contentTag, requireTag } from "../etag";
import { defineRoute, onAll, PUBLIC, page, SIGNED_IN } from "../route";
import * as schema from "../schema";

const iso = (date: Date | null) => date?.toISOString() ?? null;

function rolesOf(row: PersonRow) {
  return row.roleBindings.map(({ role, mesh, namespace, origin }) => ({
    role: role as schema.Role,
    mesh: mesh?.slug ?? null,
    namespace,
    origin: origin === "oidc" ? ("oidc" as const) : ("manual" as const),
  }));
}

export function toMe(row: PersonRow, principal: Principal): schema.Me {
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    roles: rolesOf(row),
    permissions: globalActions(principal),
    via: principal.kind === "token" ? "token" : "session",
  };
}

function toUser(row: PersonRow): schema.User {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    roles: rolesOf(row),
    hasPassword: row.passwordHash !== null,
    isDisabled: row.disabledAt !== null,
    lastSignInAt: iso(row.lastSignInAt),
    createdAt: row.createdAt.toISOString(),
  };
}

/** Of what an administrator changes; a sign-in in between is no conflict. */
const userTag = (row: PersonRow) => contentTag([row.name, row.disabledAt, rolesOf(row)]);

function toInvite(row: InviteRow): schema.Invite {
  const state = row.acceptedAt
    ? "accepted"
    : row.revokedAt
      ? "revoked"
      : row.expiresAt < new Date()
        ? "expired"
        : "open";
  return {
    id: row.id,
    email: row.email,
    role: row.role as schema.Role,
    mesh: row.mesh?.slug ?? null,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    state,
  };
}

function toToken(row: TokenRow): schema.ApiToken {
  return {
    id: row.id,
    name: row.name,
    role: row.role as schema.Role,
    mesh: row.mesh?.slug ?? null,
    createdAt: row.createdAt.toISOString(),
    expiresAt: iso(row.expiresAt),
    lastUsedAt: iso(row.lastUsedAt),
    revokedAt: iso(row.revokedAt),
  };
}

const tag = "people";

export const peopleRoutes = [
  defineRoute({
    id: "getMe",
    method: "GET",
    path: "/me",
    tag,
    summary: "Who I am and what I may do",
    access: SIGNED_IN,
    answer: schema.me,
    async handle({ runtime, principal }) {
      const row = await readPerson(runtime.database, principal, principal.userId);
      return { body: toMe(row, principal), etag: userTag(row) };
    },
  }),
  defineRoute({
    id: "changeMe",
    method: "PATCH",
    path: "/me",
    tag,
    summary: "Change my name or password, or end my other sessions",
    access: SIGNED_IN,
    body: schema.ownPatch,
    answer: schema.me,
    ifMatch: "required",
    async handle({ runtime, principal, body, ifMatch }) {
      requireTag(ifMatch, userTag(await readPerson(runtime.database, principal, principal.userId)));
      const row = await changeSelf(runtime.database, principal, body);
      return { body: toMe(row, principal), etag: userTag(row) };
    },
  }),
  defineRoute({
    id: "listUsers",
    method: "GET",
    path: "/users",
    tag,
    summary: "People and their roles",
    access: onAll("people.manage"),
    query: schema.pageQuery,
    answer: schema.pageOf(schema.user),
    async handle({ runtime, principal, query: { cursor, limit } }) {
      const rows = await listPeople(runtime.database, principal, { after: cursor, limit: limit + 1 });
      return { body: page(rows, limit, (row) => row.email, toUser) };
    },
  }),
  defineRoute({
    id: "getUser",
    method: "GET",
    path: "/users/{user}",
    tag,
    summary: "One person",
    access: onAll("people.manage"),
    answer: schema.user,
    async handle({ runtime, principal, params }) {
      const row = await readPerson(runtime.database, principal, params.user);
      return { body: toUser(row), etag: userTag(row) };
    },
  }),
  defineRoute({
    id: "changeUser",
    method: "PATCH",
    path: "/users/{user}",
    tag,
    summary: "Change a person's name, roles, or whether they may sign in",
    access: onAll("people.manage"),
    body: schema.userPatch,
    answer: schema.user,
    ifMatch: "required",
    async handle({ runtime, principal, params, body, ifMatch }) {
      const row = await changePerson(runtime.database, principal, {
        userId: params.user,
        patch: body,
        check: (before) => requireTag(ifMatch, userTag(before)),
      });
      return { body: toUser(row), etag: userTag(row) };
    },
  }),
  defineRoute({
    id: "listInvites",
    method: "GET",
    path: "/invites",
    tag,
    summary: "Invitations",
    access: onAll("people.manage"),
    query: schema.pageQuery,
    answer: schema.pageOf(schema.invite),
    async handle({ runtime, principal, query: { cursor, limit } }) {
      const rows = await listInvites(runtime.database, principal, { before: readDateCursor(cursor), limit: limit + 1 });
      return { body: page(rows, limit, (row) => dateCursor(row.createdAt), toInvite) };
    },
  }),
  defineRoute({
    id: "createInvite",
    method: "POST",
    path: "/invites",
    tag,
    summary: "Invite somebody; the link is shown once",
    access: onAll("people.manage"),
    body: schema.newInvite,
    answer: schema.inviteMade,
    status: 201,
    async handle({ runtime, principal, body }) {
      const { row, token } = await createInvite(runtime.database, principal, body);
      return { body: { ...toInvite(row), url: `${runtime.webUrl}/invite?token=${token}` } };
    },
  }),
  defineRoute({
    id: "acceptInvite",
    method: "POST",
    path: "/invites/accept",
    tag,
    summary: "Accept an invitation with the token of its link",
    access: PUBLIC,
    body: schema.acceptInvite,
    answer: z.object({ email: z.string() }),
    status: 201,
    async handle({ runtime, body }) {
      return { body: await acceptInvite(runtime.database, body) };
    },
  }),
  defineRoute({
    id: "revokeInvite",
    method: "DELETE",
    path: "/invites/{invite}",
    tag,
    summary: "Take an invitation back",
    access: onAll("people.manage"),
    status: 204,
    async handle({ runtime, principal, params }) {
      await revokeInvite(runtime.database, principal, params.invite);
      return {};
    },
  }),
  defineRoute({
    id: "listTokens",
    method: "GET",
    path: "/tokens",
    tag,
    summary: "My API tokens",
    access: SIGNED_IN,
    query: schema.pageQuery,
    answer: schema.pageOf(schema.apiToken),
    async handle({ runtime, principal, query: { cursor, limit } }) {
      const rows = await listTokens(runtime.database, principal, { before: readDateCursor(cursor), limit: limit + 1 });
      return { body: page(rows, limit, (row) => dateCursor(row.createdAt), toToken) };
    },
  }),
  defineRoute({
    id: "createToken",
    method: "POST",
    path: "/tokens",
    tag,
    summary: "Make an API token; its secret is shown once",
    access: SIGNED_IN,
    body: schema.newToken,
    answer: schema.tokenMade,
    status: 201,
    async handle({ runtime, principal, body }) {
      const { row, token } = await createToken(runtime.database, principal, body);
      return { body: { ...toToken(row), secret: token } };
    },
  }),
  defineRoute({
    id: "revokeToken",
    method: "DELETE",
    path: "/tokens/{token}",
    tag,
    summary: "Revoke one of my API tokens",
    access: SIGNED_IN,
    status: 204,
    async handle({ runtime, principal, params }) {
      await revokeToken(runtime.database, principal, params.token);
      return {};
    },
  }),
  defineRoute({
    id: "createSignInLink",
    method: "POST",
    path: "/session/sign-in-link",
    tag,
    summary: "Make a one-time sign-in link for somebody; earlier unused ones end",
    access: onAll("people.manage"),
    body: schema.signInLinkRequest,
    answer: schema.signInLink,
    status: 201,
    async handle({ runtime, principal, body }) {
      const { token, expiresAt } = await createSignInLink(runtime.database, principal, body.email);
      return {
        body: {
          email: body.email,
          url: `${runtime.webUrl}/sign-in?token=${token}`,
          expiresAt: expiresAt.toISOString(),
        },
      };
    },
  }),
];
