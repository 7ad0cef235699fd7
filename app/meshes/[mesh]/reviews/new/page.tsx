import type { Metadata } from "next";
import { NewReview } from "@/components/review";

export const metadata: Metadata = { title: "New review" };

export default function NewReviewPage() {
  return <NewReview />;
}
