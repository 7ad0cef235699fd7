// The API's shapes under the names that screens use. Rule: types only; lib/api/schema is the source.
import type { z } from "zod";
import type * as schema from "@/lib/api/schema";

export type {
  ApiToken,
  CreatedJoinTokenDto,
  DeploymentDto,
  DeploymentPlanDto,
  Draft as DraftDto,
  DraftAnswer,
  EnvironmentDto,
  EventDto,
  FindingDto,
  GatewayCertificateDto,
  Invite,
  JoinTokenDto,
  Me,
  MeshSummary,
  ProxyDto,
  ReviewSummaryDto,
  Revision as RevisionDto,
  Role,
  Saturation,
  SignalNow,
  SignalState,
  Signals as SignalsDto,
  Topology as TopologyDto,
  User,
} from "@/lib/api/schema";

export interface PageOf<T> {
  items: T[];
  nextCursor?: string | null;
}
export type BindingDto = z.infer<typeof schema.binding>;
export type AppSpecDto = BindingDto["instances"][number]["app"];
export type FindingsDto = z.infer<typeof schema.findings>;
export type ImportAnswerDto = z.infer<typeof schema.importAnswer>;
export type ExportAnswerDto = z.infer<typeof schema.exportAnswer>;
export type ReportEntryDto = ExportAnswerDto["report"][number];
export type DecisionDto = z.infer<typeof schema.decision>;
export type DiffDto = z.infer<typeof schema.diff>;
export type DraftConflictDto = z.infer<typeof schema.draftConflict>;
export type InviteMadeDto = z.infer<typeof schema.inviteMade>;
export type TokenMadeDto = z.infer<typeof schema.tokenMade>;
export type HistoryEntryDto = z.infer<typeof schema.historyEntry>;
