import { redirect } from "next/navigation";

export default async function ReviewPage(props: { params: Promise<{ mesh: string; review: string }> }) {
  const { mesh, review } = await props.params;
  redirect(`/meshes/${mesh}/reviews/${review}/purpose`);
}
