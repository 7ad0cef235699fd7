// For pages: who is looking, or away to the sign-in. The API checks again; a page that forgets this shows an empty shell, not data.
import { headers } from "next/headers";
import { notFound, redirect } from "next/navigation";
import { personOfCookie } from "@/lib/api/authenticate";
import { getRuntime } from "@/lib/api/runtime";
import { accessMesh, type MeshRef } from "@/lib/data/access";
import { AppError } from "@/lib/errors";
import type { Principal } from "./permissions";
import { PATH_HEADER } from "./security-headers";

/** The signed-in person. Redirects to the sign-in, and back here afterwards. */
export async function requirePerson(): Promise<Principal> {
  const sent = await headers();
  const person = await personOfCookie(sent.get("cookie"), getRuntime());
  if (person) return person;
  const here = sent.get(PATH_HEADER) ?? "/";
  redirect(`/sign-in?callbackUrl=${encodeURIComponent(here)}`);
}

/** The mesh of the page, for somebody who may read it; else "not found", which also says nothing about meshes of others. */
export async function requireMeshAccess(slug: string): Promise<{ person: Principal; mesh: MeshRef }> {
  const person = await requirePerson();
  try {
    return { person, mesh: await accessMesh(getRuntime().database, person, slug, "mesh.read") };
  } catch (error) {
    if (error instanceof AppError && error.code === "not-found") notFound();
    throw error;
  }
}
