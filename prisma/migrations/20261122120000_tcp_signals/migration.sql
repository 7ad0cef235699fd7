-- Connections are no requests: they have signals of their own.
ALTER TABLE "RollupMinute"
  ADD COLUMN "connections" BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN "failedConnections" BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN "receivedBytes" BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN "sentBytes" BIGINT NOT NULL DEFAULT 0;
