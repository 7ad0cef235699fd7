-- What control planes counted in windows of shared rate limits. Lost with a crash of the database: windows are short.
CREATE UNLOGGED TABLE "RateLimitCount" (
    "key" TEXT NOT NULL,
    "windowEnd" TIMESTAMPTZ(3) NOT NULL,
    "count" INTEGER NOT NULL,

    CONSTRAINT "RateLimitCount_pkey" PRIMARY KEY ("key", "windowEnd")
);
CREATE INDEX "RateLimitCount_windowEnd_idx" ON "RateLimitCount"("windowEnd");
