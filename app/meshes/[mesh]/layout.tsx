import type { ReactNode } from "react";
import { MeshShell } from "@/components/shell";
import { requireMeshAccess } from "@/lib/auth/page-access";

export default async function MeshLayout(props: { children: ReactNode; params: Promise<{ mesh: string }> }) {
  const { mesh } = await props.params;
  await requireMeshAccess(mesh);
  return <MeshShell mesh={mesh}>{props.children}</MeshShell>;
}
