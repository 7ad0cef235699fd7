// Every route of /api/v1. What is not in this list does not exist: dispatch, OpenAPI and the access table test read it.
import type { Route } from "./route";
import { approvalRoutes } from "./routes/approval";
import { checkRoutes } from "./routes/checks";
import { deploymentRoutes } from "./routes/deployments";
import { documentRoute } from "./routes/document";
import { draftRoutes } from "./routes/drafts";
import { environmentRoutes } from "./routes/environments";
import { eventRoutes } from "./routes/events";
import { exchangeRoutes } from "./routes/exchange";
import { findingRoutes } from "./routes/findings";
import { gatewayCertificateRoutes } from "./routes/gateway-certificates";
import { metaRoutes } from "./routes/health";
import { joinTokenRoutes } from "./routes/join-tokens";
import { meshRoutes } from "./routes/meshes";
import { observedRoute } from "./routes/observed";
import { peopleRoutes } from "./routes/people";
import { presenceRoutes } from "./routes/presence";
import { proxyRoutes } from "./routes/proxies";
import { reviewRoutes } from "./routes/reviews";
import { revisionRoutes } from "./routes/revisions";
import { selectionRoutes } from "./routes/selection";
import { signalsRoute } from "./routes/signals";
import { simulateRoutes } from "./routes/simulate";
import { topologyRoute } from "./routes/topology";
import { trustRoutes } from "./routes/trust";
import { waiverRoutes } from "./routes/waivers";

export const routes: readonly Route[] = [
  ...metaRoutes(() => routes),
  ...peopleRoutes,
  ...meshRoutes,
  ...draftRoutes,
  ...exchangeRoutes,
  ...revisionRoutes,
  ...findingRoutes,
  ...environmentRoutes,
  ...gatewayCertificateRoutes,
  ...deploymentRoutes,
  ...proxyRoutes,
  ...joinTokenRoutes,
  ...reviewRoutes,
  documentRoute,
  ...approvalRoutes,
  ...simulateRoutes,
  observedRoute,
  ...checkRoutes,
  ...waiverRoutes,
  ...selectionRoutes,
  signalsRoute,
  topologyRoute,
  ...trustRoutes,
  ...eventRoutes,
  ...presenceRoutes,
];
