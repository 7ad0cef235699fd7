// Which answers a design may call errors.
import { expect, test } from "vitest";
import { outlierDetection } from "./traffic";

test.each<[number[], string | null]>([
  [[429, 503], null],
  [[100, 599], null],
  [Array.from({ length: 500 }, (_, index) => 100 + index), null],
  [[], "must have a status"],
  [[99], "must be from 100 to 599"],
  [[600], "must be from 100 to 599"],
  [[429, 429], "must not have a status twice"],
])("statuses that are errors: %j", (errorStatuses, message) => {
  const { error } = outlierDetection.safeParse({ errorStatuses });
  expect(error?.issues.map((issue) => [issue.path[0], issue.message]) ?? null).toEqual(
    message === null ? null : [["errorStatuses", message]],
  );
});
