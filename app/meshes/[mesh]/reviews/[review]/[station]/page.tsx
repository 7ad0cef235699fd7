import type { Metadata } from "next";
import { Station } from "@/components/review";
import { isStation, STATIONS } from "@/lib/review";

export async function generateMetadata(props: {
  params: Promise<{ review: string; station: string }>;
}): Promise<Metadata> {
  const { review, station } = await props.params;
  const title = isStation(station) ? STATIONS.find(({ id }) => id === station)?.title : "Review";
  return { title: `#${review} ${title}` };
}

export default function StationPage() {
  return <Station />;
}
