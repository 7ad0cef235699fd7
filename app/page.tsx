import { Home } from "@/components/shell";

export default function HomePage() {
  return <Home />;
}
