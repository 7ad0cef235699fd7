-- The issuer that signed a certificate tells whether it is of the root that signs now.
ALTER TABLE "Certificate" ADD COLUMN "issuerSerial" TEXT;

CREATE TABLE "RootRotation" (
    "id" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'preparing',
    "oldRootId" TEXT,
    "newRootId" TEXT,
    "progress" JSONB NOT NULL DEFAULT '{}',
    "requestedById" TEXT,
    "requestedByName" TEXT NOT NULL,
    "cancelledByName" TEXT,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finishedAt" TIMESTAMPTZ(3),

    CONSTRAINT "RootRotation_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "RootRotation_createdAt_idx" ON "RootRotation"("createdAt");

-- One at a time: two would wait for each other's certificates.
CREATE UNIQUE INDEX "RootRotation_one_open" ON "RootRotation" ((true)) WHERE "finishedAt" IS NULL;

CREATE TRIGGER "CaKey_notify" AFTER INSERT OR UPDATE ON "CaKey"
  FOR EACH ROW EXECUTE FUNCTION meshwright_notify('meshwright_ca', 'id');
CREATE TRIGGER "RootRotation_notify" AFTER INSERT OR UPDATE OF "cancelledByName" ON "RootRotation"
  FOR EACH ROW EXECUTE FUNCTION meshwright_notify('meshwright_ca', 'id');

ALTER TABLE "CaKey" DROP CONSTRAINT "CaKey_state_known";
ALTER TABLE "CaKey" ADD CONSTRAINT "CaKey_state_known" CHECK ("state" IN ('prepared', 'active', 'tainted', 'retired'));
ALTER TABLE "RootRotation" ADD CONSTRAINT "RootRotation_state_known"
  CHECK ("state" IN ('preparing', 'distributing', 'renewing', 'retiring', 'done', 'cancelled'));
