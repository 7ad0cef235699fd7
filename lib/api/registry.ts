// Every route of /api/v1. What is not in this list does not exist: dispatch, OpenAPI and the access table test read it.
import type { Route } from "./route";
import { approvalRoutes } from "./routes/approval";
import { checkRoutes } from "./routes/checks";
import { designRoutes } from "./routes/design";
import { documentRoute } from "./routes/document";
import { eventRoutes } from "./routes/events";
import { findingRoutes } from "./routes/findings";
import { metaRoutes } from "./routes/health";
import { observedRoute } from "./routes/observed";
import { peopleRoutes } from "./routes/people";
import { presenceRoutes } from "./routes/presence";
import { reviewRoutes } from "./routes/reviews";
import { runningRoutes } from "./routes/running";
import { signalsRoute } from "./routes/signals";
import { simulateRoutes } from "./routes/simulate";
import { topologyRoute } from "./routes/topology";
import { waiverRoutes } from "./routes/waivers";

export const routes: readonly Route[] = [
  ...metaRoutes(() => routes),
  ...peopleRoutes,
  ...designRoutes,
  ...findingRoutes,
  ...runningRoutes,
  ...reviewRoutes,
  documentRoute,
  ...approvalRoutes,
  ...simulateRoutes,
  observedRoute,
  ...checkRoutes,
  ...waiverRoutes,
  signalsRoute,
  topologyRoute,
  ...eventRoutes,
  ...presenceRoutes,
];
