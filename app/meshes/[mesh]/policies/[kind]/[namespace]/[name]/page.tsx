import type { Metadata } from "next";
import { PolicyEditor } from "@/components/policies";

type Place = { params: Promise<{ kind: string; namespace: string; name: string }> };

export async function generateMetadata({ params }: Place): Promise<Metadata> {
  return { title: decodeURIComponent((await params).name) };
}

export default async function PolicyPage({ params }: Place) {
  const { kind, namespace, name } = await params;
  return (
    <PolicyEditor
      kind={decodeURIComponent(kind)}
      namespace={decodeURIComponent(namespace)}
      name={decodeURIComponent(name)}
    />
  );
}
