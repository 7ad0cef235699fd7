import type { ReactNode } from "react";
import { MeshShell } from "@/components/shell";

export default async function MeshLayout({
  children,
  params,
}: {
  children: ReactNode;
  params: Promise<{ mesh: string }>;
}) {
  const { mesh } = await params;
  return <MeshShell mesh={mesh}>{children}</MeshShell>;
}
