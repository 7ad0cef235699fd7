import { redirect } from "next/navigation";

export default async function MeshPage({ params }: { params: Promise<{ mesh: string }> }) {
  const { mesh } = await params;
  redirect(`/meshes/${mesh}/overview`);
}
