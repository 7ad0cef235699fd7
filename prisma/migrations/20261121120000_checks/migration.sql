-- Runs of the checklist, what they found, the evidence it rests on, and waivers.

CREATE TABLE "CheckRun" (
    "id" TEXT NOT NULL,
    "environmentId" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'queued',
    "requestedById" TEXT,
    "requestedByName" TEXT NOT NULL,
    "deploymentId" TEXT,
    "revision" INTEGER,
    "digest" TEXT,
    "progress" JSONB NOT NULL DEFAULT '[]',
    "error" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "startedAt" TIMESTAMPTZ(3),
    "finishedAt" TIMESTAMPTZ(3),
    CONSTRAINT "CheckRun_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "CheckRun_environmentId_createdAt_idx" ON "CheckRun"("environmentId", "createdAt");
CREATE INDEX "CheckRun_state_idx" ON "CheckRun"("state");
ALTER TABLE "CheckRun" ADD CONSTRAINT "CheckRun_environmentId_fkey" FOREIGN KEY ("environmentId") REFERENCES "Environment"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "CheckRun" ADD CONSTRAINT "CheckRun_state_known" CHECK ("state" IN ('queued', 'running', 'done', 'failed'));
-- One run of an environment at a time is open: a second one would measure the same listeners at the same time.
CREATE UNIQUE INDEX "CheckRun_one_open" ON "CheckRun" ("environmentId") WHERE "state" IN ('queued', 'running');

CREATE TABLE "CheckResult" (
    "runId" TEXT NOT NULL,
    "control" TEXT NOT NULL,
    "layer" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "summary" TEXT NOT NULL,
    "subjects" JSONB NOT NULL DEFAULT '[]',
    CONSTRAINT "CheckResult_pkey" PRIMARY KEY ("runId", "control", "layer")
);
ALTER TABLE "CheckResult" ADD CONSTRAINT "CheckResult_runId_fkey" FOREIGN KEY ("runId") REFERENCES "CheckRun"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "CheckResult" ADD CONSTRAINT "CheckResult_layer_known" CHECK ("layer" IN ('design', 'compiled', 'live'));

CREATE TABLE "CheckEvidence" (
    "id" TEXT NOT NULL,
    "runId" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "proxyKey" TEXT,
    "digest" TEXT,
    "outcome" TEXT NOT NULL,
    "sentence" TEXT NOT NULL,
    "transcript" JSONB NOT NULL DEFAULT '[]',
    "twin" TEXT,
    "facts" JSONB NOT NULL DEFAULT '{}',
    "startedAt" TIMESTAMPTZ(3) NOT NULL,
    "finishedAt" TIMESTAMPTZ(3) NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "CheckEvidence_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "CheckEvidence_runId_idx" ON "CheckEvidence"("runId");
ALTER TABLE "CheckEvidence" ADD CONSTRAINT "CheckEvidence_runId_fkey" FOREIGN KEY ("runId") REFERENCES "CheckRun"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "CheckEvidence" ADD CONSTRAINT "CheckEvidence_outcome_known" CHECK ("outcome" IN ('as-expected', 'not-as-expected', 'not-measured'));

CREATE TABLE "Waiver" (
    "id" TEXT NOT NULL,
    "meshId" TEXT NOT NULL,
    "control" TEXT NOT NULL,
    "subject" TEXT,
    "reason" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "compensatingControl" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "grantedById" TEXT,
    "grantedByName" TEXT NOT NULL,
    "grantedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "withdrawnByName" TEXT,
    "withdrawnAt" TIMESTAMPTZ(3),
    CONSTRAINT "Waiver_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "Waiver_meshId_control_idx" ON "Waiver"("meshId", "control");
ALTER TABLE "Waiver" ADD CONSTRAINT "Waiver_meshId_fkey" FOREIGN KEY ("meshId") REFERENCES "Mesh"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What was measured does not change; it goes with its run, or with its mesh.
CREATE TRIGGER "CheckEvidence_frozen" BEFORE UPDATE ON "CheckEvidence" FOR EACH ROW EXECUTE FUNCTION meshwright_refuse_change();
CREATE TRIGGER "CheckResult_frozen" BEFORE UPDATE ON "CheckResult" FOR EACH ROW EXECUTE FUNCTION meshwright_refuse_change();

CREATE TRIGGER "CheckRun_notify" AFTER INSERT OR UPDATE ON "CheckRun"
  FOR EACH ROW EXECUTE FUNCTION meshwright_notify('meshwright_check', 'environmentId');
