-- What the policy tests of the mesh said of a round's revision when it was submitted.

ALTER TABLE "ReviewRound" ADD COLUMN "tests" JSONB;
ALTER TABLE "ReviewRound" ADD COLUMN "testResults" JSONB;
