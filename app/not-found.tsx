import { NotFoundScreen } from "@/components/shell";

export default function NotFound() {
  return <NotFoundScreen />;
}
