import type { Metadata } from "next";
import { Simulate } from "@/components/simulate";

export const metadata: Metadata = { title: "Simulate" };

export default function SimulatePage() {
  return <Simulate />;
}
