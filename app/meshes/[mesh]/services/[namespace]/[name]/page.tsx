import type { Metadata } from "next";
import { ServicePage } from "@/components/services";

interface Props {
  params: Promise<{ namespace: string; name: string }>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: (await params).name };
}

export default async function ServiceRoute({ params }: Props) {
  const { namespace, name } = await params;
  return <ServicePage namespace={namespace} name={name} />;
}
