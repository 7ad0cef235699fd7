-- The first schema. What prisma/schema.prisma can say comes first (as `prisma migrate diff` writes it);
-- what it cannot say (checks, partial uniqueness, append-only events, notifications) follows at the end.

-- CreateTable
CREATE TABLE "User" (
    "id" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "passwordHash" TEXT,
    "oidcSubject" TEXT,
    "disabledAt" TIMESTAMPTZ(3),
    "lastSignInAt" TIMESTAMPTZ(3),
    "sessionsValidFrom" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "User_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "RoleBinding" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "meshId" TEXT,
    "namespace" TEXT,
    "origin" TEXT NOT NULL DEFAULT 'manual',
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "RoleBinding_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Invite" (
    "id" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "meshId" TEXT,
    "tokenHash" TEXT NOT NULL,
    "invitedById" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "acceptedAt" TIMESTAMPTZ(3),
    "revokedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Invite_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "SignInLink" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "tokenHash" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "usedAt" TIMESTAMPTZ(3),

    CONSTRAINT "SignInLink_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "ApiToken" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "secretHash" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "meshId" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3),
    "revokedAt" TIMESTAMPTZ(3),
    "lastUsedAt" TIMESTAMPTZ(3),

    CONSTRAINT "ApiToken_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Throttle" (
    "key" TEXT NOT NULL,
    "hits" INTEGER NOT NULL,
    "windowEnd" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Throttle_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "Mesh" (
    "id" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Mesh_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Draft" (
    "meshId" TEXT NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "document" JSONB NOT NULL,
    "positions" JSONB NOT NULL,
    "digest" TEXT NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedById" TEXT,
    "updatedByName" TEXT,

    CONSTRAINT "Draft_pkey" PRIMARY KEY ("meshId")
);

-- CreateTable
CREATE TABLE "DraftCommand" (
    "seq" BIGSERIAL NOT NULL,
    "meshId" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "userId" TEXT,
    "userName" TEXT NOT NULL,
    "clientId" TEXT NOT NULL,
    "command" JSONB NOT NULL,
    "inverse" JSONB NOT NULL,
    "touched" JSONB NOT NULL,
    "kind" TEXT NOT NULL DEFAULT 'edit',
    "ofSeq" BIGINT,
    "undoneAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "DraftCommand_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "Revision" (
    "id" TEXT NOT NULL,
    "meshId" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "digest" TEXT NOT NULL,
    "document" JSONB NOT NULL,
    "positions" JSONB NOT NULL,
    "message" TEXT NOT NULL,
    "authorId" TEXT,
    "authorName" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Revision_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Environment" (
    "id" TEXT NOT NULL,
    "meshId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "binding" JSONB NOT NULL,
    "bindingVersion" INTEGER NOT NULL DEFAULT 1,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Environment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Deployment" (
    "id" TEXT NOT NULL,
    "environmentId" TEXT NOT NULL,
    "revisionId" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'queued',
    "waves" JSONB NOT NULL DEFAULT '[]',
    "plan" JSONB,
    "error" JSONB,
    "startedById" TEXT,
    "startedByName" TEXT NOT NULL,
    "rollbackOfId" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "startedAt" TIMESTAMPTZ(3),
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finishedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Deployment_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Proxy" (
    "id" TEXT NOT NULL,
    "environmentId" TEXT NOT NULL,
    "proxyKey" TEXT NOT NULL,
    "namespace" TEXT NOT NULL,
    "workload" TEXT NOT NULL,
    "service" TEXT,
    "serviceAccount" TEXT NOT NULL,
    "spiffeId" TEXT NOT NULL,
    "workloadVersion" TEXT,
    "agentId" TEXT,
    "appSpec" JSONB NOT NULL DEFAULT '{}',
    "desired" TEXT NOT NULL DEFAULT 'running',
    "deploymentId" TEXT,
    "host" TEXT NOT NULL DEFAULT '127.0.0.1',
    "inboundPort" INTEGER,
    "outboundPort" INTEGER,
    "adminPort" INTEGER,
    "appPort" INTEGER,
    "pid" INTEGER,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "ready" BOOLEAN NOT NULL DEFAULT false,
    "draining" BOOLEAN NOT NULL DEFAULT false,
    "desiredDigest" TEXT,
    "runningDigest" TEXT,
    "nack" JSONB,
    "proxyVersion" TEXT,
    "certSerial" TEXT,
    "certNotAfter" TIMESTAMPTZ(3),
    "resources" JSONB,
    "connectedAt" TIMESTAMPTZ(3),
    "lastSeenAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Proxy_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Agent" (
    "id" TEXT NOT NULL,
    "hostname" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "version" TEXT NOT NULL,
    "resources" JSONB,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lastSeenAt" TIMESTAMPTZ(3),

    CONSTRAINT "Agent_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "CaKey" (
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "slot" TEXT NOT NULL DEFAULT 'A',
    "certPem" TEXT NOT NULL,
    "encryptedKey" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'prepared',
    "notAfter" TIMESTAMPTZ(3) NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "CaKey_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Certificate" (
    "serial" TEXT NOT NULL,
    "spiffeId" TEXT NOT NULL,
    "proxyRowId" TEXT,
    "proxyKey" TEXT,
    "environmentId" TEXT,
    "notBefore" TIMESTAMPTZ(3) NOT NULL,
    "notAfter" TIMESTAMPTZ(3) NOT NULL,
    "revokedAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Certificate_pkey" PRIMARY KEY ("serial")
);

-- CreateTable
CREATE TABLE "JoinToken" (
    "hash" TEXT NOT NULL,
    "proxyRowId" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "usedAt" TIMESTAMPTZ(3),

    CONSTRAINT "JoinToken_pkey" PRIMARY KEY ("hash")
);

-- CreateTable
CREATE TABLE "Event" (
    "seq" BIGSERIAL NOT NULL,
    "meshId" TEXT,
    "environmentId" TEXT,
    "kind" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actorId" TEXT,
    "actorName" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "payload" JSONB NOT NULL DEFAULT '{}',
    "prevHash" TEXT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "Event_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "ObservedShape" (
    "environmentId" TEXT NOT NULL,
    "minute" TIMESTAMPTZ(3) NOT NULL,
    "caller" TEXT NOT NULL,
    "callee" TEXT NOT NULL,
    "method" TEXT NOT NULL,
    "pathPattern" TEXT NOT NULL,
    "code" INTEGER NOT NULL,
    "count" BIGINT NOT NULL,

    CONSTRAINT "ObservedShape_pkey" PRIMARY KEY ("environmentId","minute","caller","callee","method","pathPattern","code")
);

-- CreateTable
CREATE TABLE "RollupMinute" (
    "environmentId" TEXT NOT NULL,
    "minute" TIMESTAMPTZ(3) NOT NULL,
    "reporter" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "sourceVersion" TEXT NOT NULL,
    "destination" TEXT NOT NULL,
    "destinationVersion" TEXT NOT NULL,
    "security" TEXT NOT NULL,
    "requests" BIGINT NOT NULL,
    "errors" BIGINT NOT NULL,
    "codes" JSONB NOT NULL DEFAULT '{}',
    "bucketCounts" BIGINT[],
    "sumMs" DOUBLE PRECISION NOT NULL,
    "requestBytes" BIGINT NOT NULL DEFAULT 0,
    "responseBytes" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "RollupMinute_pkey" PRIMARY KEY ("environmentId","minute","reporter","source","sourceVersion","destination","destinationVersion","security")
);

-- CreateTable
CREATE TABLE "SaturationMinute" (
    "environmentId" TEXT NOT NULL,
    "minute" TIMESTAMPTZ(3) NOT NULL,
    "proxyKey" TEXT NOT NULL,
    "service" TEXT,
    "eventLoopDelayP99Ms" DOUBLE PRECISION,
    "cpuMillicores" DOUBLE PRECISION,
    "residentBytes" BIGINT,
    "privateBytes" BIGINT,
    "connectionsActive" INTEGER,
    "requestsActive" INTEGER,
    "requestsPending" INTEGER,
    "poolUse" DOUBLE PRECISION,
    "pendingUse" DOUBLE PRECISION,
    "requestsUse" DOUBLE PRECISION,
    "overflow" BIGINT NOT NULL DEFAULT 0,
    "ejectionsActive" INTEGER,

    CONSTRAINT "SaturationMinute_pkey" PRIMARY KEY ("environmentId","minute","proxyKey")
);

-- CreateTable
CREATE TABLE "ScrapeState" (
    "environmentId" TEXT NOT NULL,
    "lastScrapeAt" TIMESTAMPTZ(3) NOT NULL,
    "intervalMs" INTEGER NOT NULL,
    "proxiesTotal" INTEGER NOT NULL,
    "proxiesSeen" INTEGER NOT NULL,

    CONSTRAINT "ScrapeState_pkey" PRIMARY KEY ("environmentId")
);

-- CreateTable
CREATE TABLE "IdempotencyKey" (
    "principalId" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "requestHash" TEXT NOT NULL,
    "status" INTEGER,
    "headers" JSONB,
    "body" JSONB,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "IdempotencyKey_pkey" PRIMARY KEY ("principalId","key")
);

-- CreateTable
CREATE TABLE "Leader" (
    "name" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "address" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "Leader_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "Setting" (
    "key" TEXT NOT NULL,
    "value" JSONB NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Setting_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE UNIQUE INDEX "User_email_key" ON "User"("email");

-- CreateIndex
CREATE UNIQUE INDEX "User_oidcSubject_key" ON "User"("oidcSubject");

-- CreateIndex
CREATE INDEX "RoleBinding_userId_idx" ON "RoleBinding"("userId");

-- CreateIndex
CREATE INDEX "RoleBinding_meshId_idx" ON "RoleBinding"("meshId");

-- CreateIndex
CREATE UNIQUE INDEX "Invite_tokenHash_key" ON "Invite"("tokenHash");

-- CreateIndex
CREATE INDEX "Invite_meshId_idx" ON "Invite"("meshId");

-- CreateIndex
CREATE UNIQUE INDEX "SignInLink_tokenHash_key" ON "SignInLink"("tokenHash");

-- CreateIndex
CREATE INDEX "SignInLink_userId_idx" ON "SignInLink"("userId");

-- CreateIndex
CREATE INDEX "ApiToken_userId_idx" ON "ApiToken"("userId");

-- CreateIndex
CREATE INDEX "ApiToken_meshId_idx" ON "ApiToken"("meshId");

-- CreateIndex
CREATE INDEX "Throttle_windowEnd_idx" ON "Throttle"("windowEnd");

-- CreateIndex
CREATE UNIQUE INDEX "Mesh_slug_key" ON "Mesh"("slug");

-- CreateIndex
CREATE INDEX "DraftCommand_meshId_clientId_seq_idx" ON "DraftCommand"("meshId", "clientId", "seq");

-- CreateIndex
CREATE UNIQUE INDEX "DraftCommand_meshId_version_key" ON "DraftCommand"("meshId", "version");

-- CreateIndex
CREATE UNIQUE INDEX "Revision_meshId_number_key" ON "Revision"("meshId", "number");

-- CreateIndex
CREATE UNIQUE INDEX "Environment_meshId_name_key" ON "Environment"("meshId", "name");

-- CreateIndex
CREATE INDEX "Deployment_environmentId_createdAt_idx" ON "Deployment"("environmentId", "createdAt");

-- CreateIndex
CREATE INDEX "Deployment_revisionId_idx" ON "Deployment"("revisionId");

-- CreateIndex
CREATE INDEX "Deployment_state_idx" ON "Deployment"("state");

-- CreateIndex
CREATE INDEX "Proxy_agentId_idx" ON "Proxy"("agentId");

-- CreateIndex
CREATE UNIQUE INDEX "Proxy_environmentId_proxyKey_key" ON "Proxy"("environmentId", "proxyKey");

-- CreateIndex
CREATE INDEX "CaKey_kind_state_idx" ON "CaKey"("kind", "state");

-- CreateIndex
CREATE INDEX "Certificate_environmentId_proxyKey_idx" ON "Certificate"("environmentId", "proxyKey");

-- CreateIndex
CREATE INDEX "Certificate_notAfter_idx" ON "Certificate"("notAfter");

-- CreateIndex
CREATE INDEX "JoinToken_proxyRowId_idx" ON "JoinToken"("proxyRowId");

-- CreateIndex
CREATE UNIQUE INDEX "Event_hash_key" ON "Event"("hash");

-- CreateIndex
CREATE INDEX "Event_meshId_seq_idx" ON "Event"("meshId", "seq");

-- CreateIndex
CREATE INDEX "Event_environmentId_at_idx" ON "Event"("environmentId", "at");

-- CreateIndex
CREATE INDEX "ObservedShape_minute_idx" ON "ObservedShape"("minute");

-- CreateIndex
CREATE INDEX "RollupMinute_environmentId_destination_minute_idx" ON "RollupMinute"("environmentId", "destination", "minute");

-- CreateIndex
CREATE INDEX "RollupMinute_minute_idx" ON "RollupMinute"("minute");

-- CreateIndex
CREATE INDEX "SaturationMinute_minute_idx" ON "SaturationMinute"("minute");

-- CreateIndex
CREATE INDEX "IdempotencyKey_expiresAt_idx" ON "IdempotencyKey"("expiresAt");

-- AddForeignKey
ALTER TABLE "RoleBinding" ADD CONSTRAINT "RoleBinding_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "RoleBinding" ADD CONSTRAINT "RoleBinding_meshId_fkey" FOREIGN KEY ("meshId") REFERENCES "Mesh"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Invite" ADD CONSTRAINT "Invite_meshId_fkey" FOREIGN KEY ("meshId") REFERENCES "Mesh"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "SignInLink" ADD CONSTRAINT "SignInLink_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ApiToken" ADD CONSTRAINT "ApiToken_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "ApiToken" ADD CONSTRAINT "ApiToken_meshId_fkey" FOREIGN KEY ("meshId") REFERENCES "Mesh"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Draft" ADD CONSTRAINT "Draft_meshId_fkey" FOREIGN KEY ("meshId") REFERENCES "Mesh"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "DraftCommand" ADD CONSTRAINT "DraftCommand_meshId_fkey" FOREIGN KEY ("meshId") REFERENCES "Mesh"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Revision" ADD CONSTRAINT "Revision_meshId_fkey" FOREIGN KEY ("meshId") REFERENCES "Mesh"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Environment" ADD CONSTRAINT "Environment_meshId_fkey" FOREIGN KEY ("meshId") REFERENCES "Mesh"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Deployment" ADD CONSTRAINT "Deployment_environmentId_fkey" FOREIGN KEY ("environmentId") REFERENCES "Environment"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Deployment" ADD CONSTRAINT "Deployment_revisionId_fkey" FOREIGN KEY ("revisionId") REFERENCES "Revision"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "Proxy" ADD CONSTRAINT "Proxy_environmentId_fkey" FOREIGN KEY ("environmentId") REFERENCES "Environment"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "JoinToken" ADD CONSTRAINT "JoinToken_proxyRowId_fkey" FOREIGN KEY ("proxyRowId") REFERENCES "Proxy"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Checks -------------------------------------------------------------------------------------------------------

ALTER TABLE "User" ADD CONSTRAINT "User_email_lowercase" CHECK ("email" = lower("email"));
ALTER TABLE "RoleBinding" ADD CONSTRAINT "RoleBinding_role_known" CHECK ("role" IN ('viewer', 'author', 'reviewer', 'operator', 'administrator'));
ALTER TABLE "RoleBinding" ADD CONSTRAINT "RoleBinding_namespace_needs_mesh" CHECK ("namespace" IS NULL OR "meshId" IS NOT NULL);
ALTER TABLE "Invite" ADD CONSTRAINT "Invite_role_known" CHECK ("role" IN ('viewer', 'author', 'reviewer', 'operator', 'administrator'));
ALTER TABLE "ApiToken" ADD CONSTRAINT "ApiToken_role_known" CHECK ("role" IN ('viewer', 'author', 'reviewer', 'operator', 'administrator'));
ALTER TABLE "Mesh" ADD CONSTRAINT "Mesh_slug_form" CHECK ("slug" ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$');
ALTER TABLE "DraftCommand" ADD CONSTRAINT "DraftCommand_kind_known" CHECK ("kind" IN ('edit', 'undo', 'redo'));
ALTER TABLE "Deployment" ADD CONSTRAINT "Deployment_state_known" CHECK ("state" IN ('queued', 'planning', 'canary', 'rolling', 'done', 'failed', 'restoring', 'restored'));
ALTER TABLE "Proxy" ADD CONSTRAINT "Proxy_state_known" CHECK ("state" IN ('pending', 'ack', 'nack', 'disconnected'));
ALTER TABLE "Proxy" ADD CONSTRAINT "Proxy_desired_known" CHECK ("desired" IN ('running', 'draining', 'stopped'));
ALTER TABLE "CaKey" ADD CONSTRAINT "CaKey_kind_known" CHECK ("kind" IN ('root', 'issuer'));
ALTER TABLE "CaKey" ADD CONSTRAINT "CaKey_state_known" CHECK ("state" IN ('prepared', 'active', 'retired'));

-- A person has a role once: two requests that race make one.
CREATE UNIQUE INDEX "RoleBinding_once" ON "RoleBinding" ("userId", "role", "meshId", "namespace", "origin") NULLS NOT DISTINCT;

-- One deployment of an environment at a time is worked on; more may wait in the queue.
CREATE UNIQUE INDEX "Deployment_one_in_work" ON "Deployment" ("environmentId") WHERE "state" IN ('planning', 'canary', 'rolling', 'restoring');

-- Append-only ----------------------------------------------------------------------------------------------------

CREATE FUNCTION meshwright_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER "Event_append_only" BEFORE UPDATE OR DELETE ON "Event" FOR EACH ROW EXECUTE FUNCTION meshwright_refuse_change();
CREATE TRIGGER "Event_no_truncate" BEFORE TRUNCATE ON "Event" FOR EACH STATEMENT EXECUTE FUNCTION meshwright_refuse_change();

-- A revision is frozen: it may go with its mesh, it may not change.
CREATE TRIGGER "Revision_frozen" BEFORE UPDATE ON "Revision" FOR EACH ROW EXECUTE FUNCTION meshwright_refuse_change();

-- Notifications: the payload is an id, what happened is read from the table ---------------------------------------

CREATE FUNCTION meshwright_notify() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  channel text := TG_ARGV[0];
  field text := TG_ARGV[1];
  row_json jsonb := to_jsonb(COALESCE(NEW, OLD));
BEGIN
  PERFORM pg_notify(channel, row_json ->> field);
  RETURN NULL;
END $$;

CREATE TRIGGER "Draft_notify" AFTER INSERT OR UPDATE OF "version" ON "Draft"
  FOR EACH ROW EXECUTE FUNCTION meshwright_notify('meshwright_draft', 'meshId');
CREATE TRIGGER "Deployment_notify" AFTER INSERT OR UPDATE ON "Deployment"
  FOR EACH ROW EXECUTE FUNCTION meshwright_notify('meshwright_deployment', 'id');
CREATE TRIGGER "Environment_notify" AFTER INSERT OR DELETE OR UPDATE OF "binding", "bindingVersion" ON "Environment"
  FOR EACH ROW EXECUTE FUNCTION meshwright_notify('meshwright_binding', 'id');
CREATE TRIGGER "Event_notify" AFTER INSERT ON "Event"
  FOR EACH ROW EXECUTE FUNCTION meshwright_notify('meshwright_event', 'seq');
CREATE TRIGGER "Proxy_notify" AFTER INSERT OR DELETE ON "Proxy"
  FOR EACH ROW EXECUTE FUNCTION meshwright_notify('meshwright_proxy', 'environmentId');
-- Heartbeats and resource reports wake nobody.
CREATE TRIGGER "Proxy_notify_change" AFTER UPDATE ON "Proxy" FOR EACH ROW
  WHEN ((OLD."desired", OLD."deploymentId", OLD."state", OLD."ready", OLD."draining", OLD."desiredDigest", OLD."runningDigest",
         OLD."nack", OLD."pid", OLD."inboundPort", OLD."outboundPort", OLD."adminPort", OLD."appPort", OLD."appSpec", OLD."certSerial")
        IS DISTINCT FROM
        (NEW."desired", NEW."deploymentId", NEW."state", NEW."ready", NEW."draining", NEW."desiredDigest", NEW."runningDigest",
         NEW."nack", NEW."pid", NEW."inboundPort", NEW."outboundPort", NEW."adminPort", NEW."appPort", NEW."appSpec", NEW."certSerial"))
  EXECUTE FUNCTION meshwright_notify('meshwright_proxy', 'environmentId');
