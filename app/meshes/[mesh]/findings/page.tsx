import type { Metadata } from "next";
import { Findings } from "@/components/findings";

export const metadata: Metadata = { title: "Findings" };

export default function FindingsPage() {
  return <Findings />;
}
