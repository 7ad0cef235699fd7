import { Home } from "@/components/shell";
import { requirePerson } from "@/lib/auth/page-access";

export default async function HomePage() {
  await requirePerson();
  return <Home />;
}
